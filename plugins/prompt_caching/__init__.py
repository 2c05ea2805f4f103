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
    """Register the kinds of task."""
    register("cache-stream", f"{_HERE}.stream_task:CacheStream", description="what caches make of a stream of prompts")


@hookimpl
def register_metrics(register: Register) -> None:
    """Register the metrics of streams."""
    for module, names in _METRICS.items():
        for name, attribute in names.items():
            register(name, f"{_HERE}.{module}:{attribute}")


_METRICS = {
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
        "cache_seconds_saved": "CacheSecondsSaved",
        "cache_error_growth": "CacheErrorGrowth",
        "cache_gain_over_static": "CacheGainOverStatic",
    },
}


@hookimpl
def register_commands(register: Register) -> None:
    """Register ``harness cache``."""
    register(
        "cache",
        f"{_HERE}.cache_command:command",
        description="Say what a cache would save on a stream of prompts, and how often it would be wrong.",
    )
