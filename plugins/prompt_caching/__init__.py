"""Prompt caching by the similarity of embeddings: which prompts share a response, within an error budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.prompt_caching"


@hookimpl
def register_capabilities(register: Register) -> None:
    """Register what verifiers, and embedders that know their probability, are asked."""
    register("reuse", f"{_HERE}.reuse:REUSE", description="probability that a cached response serves another prompt")


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kinds of pairs and of streams."""
    register(
        "same-answer",
        f"{_HERE}.same_answer:SameAnswer",
        description="does one response serve both of two prompts",
    )
    register("cache-stream", f"{_HERE}.stream_task:CacheStream", description="what caches make of a stream of prompts")


@hookimpl
def register_task_sources(register: Register) -> None:
    """Register the library of hard pairs."""
    register(
        "hard",
        f"{_HERE}.hard_source:HardTasks",
        description="pairs on which an embedder's cosine is at chance: hard:TASK:embedder=MODEL,how=histogram",
    )


@hookimpl
def register_metrics(register: Register) -> None:
    """Register the metrics of pairs and of streams; each class describes itself."""
    for module, names in _METRICS.items():
        for name, attribute in names.items():
            register(name, f"{_HERE}.{module}:{attribute}")


_METRICS = {
    "pair_metrics": {
        "reuse_brier": "ReuseBrier",
        "reuse_log_loss": "ReuseLogLoss",
        "reuse_calibration_error": "ReuseCalibrationError",
        "hit_precision": "HitPrecision",
        "false_hit_rate": "FalseHitRate",
        "true_hit_rate": "TrueHitRate",
        "pair_efficiency": "PairEfficiency",
    },
    "trace_metrics": {
        "match_auroc": "MatchAuroc",
        "match_average_precision": "MatchAveragePrecision",
        "precision_hit_area": "PrecisionHitArea",
        "precision_at_hit_ratio": "PrecisionAtHitRatio",
        "hit_rate_at_error": "HitRateAtError",
    },
    "policy_metrics": {
        "cache_hit_rate": "CacheHitRate",
        "cache_error_rate": "CacheErrorRate",
        "cache_precision": "CachePrecision",
        "cache_efficiency": "CacheEfficiency",
        "cache_cost_saved": "CacheCostSaved",
        "cache_money_saved": "CacheMoneySaved",
        "cache_tokens_saved": "CacheTokensSaved",
        "cache_seconds_saved": "CacheSecondsSaved",
        "cache_error_growth": "CacheErrorGrowth",
        "cache_gain_over_static": "CacheGainOverStatic",
    },
    "repeats": {"cache_gain_over_identical": "CacheGainOverIdentical"},
}


@hookimpl
def register_adapters(register: Register) -> None:
    """Register the ways to ask embedders, scorers and judges whether a cached response serves a new prompt."""
    for name, (attribute, needs, cost, description) in _ADAPTERS.items():
        register(name, f"{_HERE}.verifiers:{attribute}", gives="reuse", needs=needs, cost=cost, description=description)


_ADAPTERS = {
    "embed-to-reuse": (
        "EmbedToReuse",
        "embed",
        2.0,
        "sigma(cosine / temperature - offset) of both prompts; the numbers belong to an embedder",
    ),
    "score-to-reuse": (
        "ScoreToReuse",
        "score",
        1.0,
        "sigma(score / temperature - offset) of the cached response as a reply to the new prompt",
    ),
    "compare-to-reuse": (
        "CompareToReuse",
        "compare",
        2.5,
        "how much the cached response is preferred to a refusal, in both orders",
    ),
}


@hookimpl
def register_models(register: Register) -> None:
    """Register the embedders that know their probability, and two that know nothing, to hold others against."""
    register(
        "identical-prompts",
        f"{_HERE}.plain_embedders:IdenticalPrompts",
        offers=("embed",),
        description="no similarity but 1 of identical prompts and about 0 of others",
    )
    register(
        "equal-length",
        f"{_HERE}.plain_embedders:EqualLength",
        offers=("embed",),
        description="prompts of equally many characters are the same to it, others are not",
    )
    register(
        "cache-head",
        f"{_HERE}.head:CacheHead",
        offers=("embed", "reuse"),
        description="a linear map over an embedder that knows how likely two prompts share a response (path=)",
    )
    register(
        "calibrated-embedder",
        f"{_HERE}.calibrated:CalibratedEmbedder",
        offers=("embed", "reuse"),
        description="an embedder with the temperature and offset of its probability (base=[MODEL])",
    )
    register(
        "gated-reuse",
        f"{_HERE}.gated:GatedReuse",
        offers=("reuse",),
        description="another verifier's probability, 0 where prompts differ in number, name, negation (base=[MODEL])",
    )
    register(
        "cache-gates",
        f"{_HERE}.gated:CacheGates",
        offers=("reuse",),
        description="another verifier's probability weighed with gates and words in common (path=)",
    )

    register(
        "reuse-judge",
        f"{_HERE}.judges:ReuseJudge",
        offers=("reuse",),
        description="asks a language model whether one response serves both prompts (base=[MODEL])",
    )
    register(
        "scripted-reuse",
        f"{_HERE}.judges:ScriptedReuse",
        offers=("reuse",),
        description="no judge: looks at the groups of prompts, and is wrong as often as it is told",
    )


@hookimpl
def register_commands(register: Register) -> None:
    """Register ``harness cache``, ``harness distil`` and ``harness threshold``."""
    register(
        "cache",
        f"{_HERE}.cache_command:command",
        description="Say what a cache would save on a stream of prompts, and how often it would be wrong.",
    )
    register(
        "distil",
        f"{_HERE}.distil_command:command",
        description="Let a judge say which neighbouring prompts share a response, and write that as data.",
    )
    register(
        "threshold",
        f"{_HERE}.threshold_command:command",
        description="Turn a threshold of similarity into the units of other caches, and show a calibration card.",
    )


@hookimpl
def register_trainers(register: Register) -> None:
    """Register what learns which prompts share a response."""
    register(
        "cache-head",
        f"{_HERE}.head_trainer:CacheHeadTrainer",
        model="cache-head",
        description="learns a linear map over an embedder, with temperature and offset of its probability",
    )
    register(
        "cache-encoder",
        f"{_HERE}.encoder_trainer:CacheEncoderTrainer",
        model="cache-head",
        description="fine-tunes a sentence encoder end to end, for the probability of a shared response",
    )
    register(
        "cache-gates",
        f"{_HERE}.gate_trainer:CacheGatesTrainer",
        model="cache-gates",
        description="weighs gates and words in common beside a verifier's probability",
    )
