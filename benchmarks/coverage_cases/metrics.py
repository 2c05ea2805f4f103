"""Which rows of the table stand for which registered metric."""

from __future__ import annotations

from harness.metric import MeanMetric, Metric

_SAME_FORMULA = {
    "auprc_trapezoid@compat": "average precision",
    "auroc": "AUROC",
    "average_precision": "average precision",
    "balanced_accuracy": "balanced accuracy",
    "battle_accuracy@compat": "battle_accuracy",
    "best_constant": "mean of bounded figures",
    "best_of_category": "mean of bounded figures",
    "conflict_pair_accuracy@compat": "conflict_pair_accuracy",
    "expected_calibration_error": "expected calibration error",
    "f1": "F1",
    "guess_corrected_oracle": "mean of bounded figures",
    "label_kappa@compat": "label_kappa",
    "label_kappa_first_order@compat": "order_kappa",
    "label_kappa_second_order@compat": "order_kappa",
    "log_loss": "mean without bounds",
    "mean_cost": "mean without bounds",
    "optimal_accuracy@compat": "optimal_accuracy",
    "oracle": "mean of bounded figures",
    "order_kappa@compat": "order_kappa",
    "pair_unparsed_rate": "conflict_pair_accuracy",
    "pairwise_accuracy_strict": "pairwise_accuracy",
    "partial_auroc": "partial AUROC",
    "pooled_auroc@compat": "pooled_auroc",
    "prediction_entropy": "mean without bounds",
    "quality_lost": "mean of bounded figures",
    "route_accuracy": "mean of bounded figures",
    "route_gain": "mean without bounds",
    "route_gain_over_category": "mean without bounds",
    "route_robustness": "mean of bounded figures",
    "similarity_auroc": "AUROC",
    "similarity_average_precision": "average precision",
    "tpr_at_fpr": "TPR at a false positive rate",
    "tpr_at_fpr_interpolated": "TPR at a false positive rate",
    "uniform_router": "mean of bounded figures",
}
"""Metrics whose rows have another name: a plainer one, or that of a metric with the same interval."""
WITHOUT_INTERVAL = frozenset(
    {
        "best_of_k_accuracy@compat",
        "best_of_k_loss@compat",
        "best_of_k_max@compat",
        "confidence_agreement@compat",
        "elo_brier@compat",
        "elo_kendall@compat",
        "elo_spearman@compat",
        "row_wise_pearson@compat",
        "separability@compat",
    }
)
"""Printed without one, as they were published."""

NOT_SIMULATED = frozenset(
    {
        "aiq",
        "aiq@compat",
        "apgr",
        "apgr@compat",
        "best_constant_on_test",
        "best_of_category_on_test",
        "best_single_ratio",
        "cache_cost_saved",
        "cache_efficiency",
        "cache_error_growth",
        "cache_gain_over_static",
        "cache_precision",
        "cascade_aiq",
        "cascade_cost_saved",
        "cost_saved",
        "cpt",
        "cpt@compat",
        "forecast_accuracy",
        "forecast_accuracy_by_model",
        "forecast_auroc",
        "forecast_brier",
        "forecast_calibration_error",
        "forecast_log_loss",
        "gain_at_best",
        "gap_at_oracle",
        "hit_rate_at_error",
        "match_auroc",
        "match_average_precision",
        "perf_gain",
        "precision_at_hit_ratio",
        "precision_hit_area",
        "quality_at_budget",
        "reference_ratio",
        "router_arena_score",
        "scored_cascade_aiq",
        "scored_cascade_cost_saved",
        "scorer_error",
        "usage_entropy",
        "weighted_router",
        "zero_router_aiq",
    }
)
"""Of routers and caches: tests hold their influences to derivatives or to data drawn anew; how often their intervals
hold is not simulated yet."""


def row_of(name: str, metric: Metric) -> str:
    """What the rows are called that simulate a metric's interval, which need not exist."""
    if isinstance(metric, MeanMetric) and metric.is_plain and _untouched(metric):
        return "mean of bounded figures" if metric.bounds == (0.0, 1.0) else "mean without bounds"
    return _SAME_FORMULA.get(name, name)


def _untouched(metric: Metric) -> bool:
    """Whether its interval is the one of every mean."""
    own = type(metric)
    return own.interval is Metric.interval and own.compute is Metric.compute
