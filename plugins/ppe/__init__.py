"""Preference Proxy Evaluations (arXiv 2410.14872): how well a reward model or judge predicts the outcome of RLHF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.ppe"


@hookimpl
def register_tasks(register: Register) -> None:
    """Register arena battles, and best of k with pairs."""
    register("arena-battles", f"{_HERE}.battles:ArenaBattles", description="predict who wins battles, and the ratings")
    register(
        "sampled-best-of-k",
        f"{_HERE}.sampled:SampledBestOfK",
        description="pick correct responses among k samples, by scores or by comparing pairs",
    )


@hookimpl
def register_metrics(register: Register) -> None:
    """Register the twelve metrics, in their right and published forms, and further metrics of the exact forms."""
    for module, names in _METRICS.items():
        for name, (attribute, description) in names.items():
            register(name, f"{_HERE}.{module}:{attribute}", description=description)


@hookimpl
def register_importers(register: Register) -> None:
    """Register the importers of the authors' tables and of their per-response results."""
    register(
        "ppe-published",
        f"{_HERE}.importers:published",
        description="PPE's published tables, all models and domains: a file for harness leaderboard ppe --published",
        writes="published",
        together=True,
        benchmark="ppe",
    )
    register(
        "ppe-scores",
        f"{_HERE}.score_files:scores",
        description="PPE's stored scores and decisions (data.zip); model=NAME picks one, benchmark=SET a set",
        folders=True,
    )


_METRICS = {
    "battle_metrics": {
        "battle_accuracy": ("BattleAccuracy", "share of battles with a winner predicted rightly; a tie counts half"),
        "battle_accuracy@compat": (
            "BattleAccuracyCompat",
            "as published: one order, a tie goes to the second model",
        ),
        "elo_spearman": ("EloSpearman", "rank correlation of predicted ratings with people's"),
        "elo_kendall": ("EloKendall", "Kendall's tau-b of predicted ratings with people's"),
        "separability": ("Separability", "share of pairs of models whose predicted rating intervals do not overlap"),
        "separability_pairwise": ("SeparabilityByTest", "share of pairs whose predicted ratings differ by a z-test"),
        "confidence_agreement": (
            "ConfidenceAgreement",
            "over pairs people separate: +1 separated alike, -1 the other way",
        ),
        "elo_brier": ("EloBrier", "squared error of the predicted order of two models, mean over pairs"),
        "row_wise_pearson": ("RowWisePearson", "correlation of predicted and true win rates, mean over models"),
    },
    "battle_compat": {
        "elo_spearman@compat": ("EloSpearmanCompat", "as published: against the ratings over all battles"),
        "elo_kendall@compat": ("EloKendallCompat", "as published: against the ratings over all battles"),
        "separability@compat": ("SeparabilityCompat", "as published: bootstrap percentiles"),
        "confidence_agreement@compat": (
            "ConfidenceAgreementCompat",
            "as published: bootstrap percentiles, all battles",
        ),
        "elo_brier@compat": ("EloBrierCompat", "as published: bootstrap variances, against all battles"),
        "row_wise_pearson@compat": ("RowWisePearsonCompat", "as published: against the win rates over all battles"),
    },
    "sampled_metrics": {
        "conflict_pair_accuracy": (
            "ConflictPairAccuracy",
            "share of a prompt's pairs judged rightly; a tie counts half",
        ),
        "pair_unparsed_rate": ("PairUnparsedRate", "share of verdicts on pairs that are missing or unreadable"),
        "pooled_auroc": ("PooledAuroc", "ROC area over all responses, scores scaled within each prompt"),
        "best_of_k_max": ("Max", "highest point of the exact best-of-K curve"),
        "best_of_k_loss": ("Loss", "expected squared shortfall behind the best of the K (the paper's formula)"),
        "best_of_k_squared_gap": ("SquaredGap", "squared gap between the oracle's and the model's mean curve, exact"),
    },
    "sampled_compat": {
        "conflict_pair_accuracy@compat": (
            "ConflictPairAccuracyCompat",
            "as published: equal scores count as the second",
        ),
        "pooled_auroc@compat": ("PooledAurocCompat", "as published: undefined where a prompt's scores are all equal"),
        "best_of_k_max@compat": ("MaxCompat", "as published: mean of the highest points of shared permutations"),
        "best_of_k_accuracy@compat": ("EndCompat", "as published (end score): best of all k, ties at random"),
        "best_of_k_loss@compat": ("LossCompat", "as published: squared gap of means, over shared permutations"),
    },
}
