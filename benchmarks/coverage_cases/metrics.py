"""Which rows of the table stand for which registered metric."""

from __future__ import annotations

from harness.metric import MeanMetric, Metric

_SAME_FORMULA = {
    "adaptive_success_area": "mean of bounded figures",
    "adaptive_success_by_calls": "true_positive_rate",
    "adaptive_success_rate": "true_positive_rate",
    "attack_success_at_least": "mean of bounded figures",
    "attack_success_at_most": "mean of bounded figures",
    "attack_success_rate": "mean of bounded figures",
    "attack_success_rate@compat": "mean of bounded figures",
    "auprc_trapezoid@compat": "average precision",
    "auroc": "AUROC",
    "average_precision": "average precision",
    "balanced_accuracy": "balanced accuracy",
    "battle_accuracy@compat": "battle_accuracy",
    "benign_failure_rate": "mean of bounded figures",
    "best_constant": "mean of bounded figures",
    "best_of_category": "mean of bounded figures",
    "block_recall": "true_positive_rate",
    "conflict_pair_accuracy@compat": "conflict_pair_accuracy",
    "expected_calibration_error": "expected calibration error",
    "f1": "F1",
    "false_hit_rate": "false_positive_rate",
    "guarded_utility": "true_positive_rate",
    "guess_corrected_oracle": "mean of bounded figures",
    "hit_precision": "precision",
    "injection_lift": "mean without bounds",
    "judge_accuracy": "mean of bounded figures",
    "judge_auroc": "AUROC",
    "judge_balanced_accuracy": "balanced accuracy",
    "judge_class_accuracy": "mean of bounded figures",
    "judge_sensitivity": "true_positive_rate",
    "judge_specificity": "true_positive_rate",
    "label_kappa@compat": "label_kappa",
    "label_kappa_first_order@compat": "order_kappa",
    "label_kappa_second_order@compat": "order_kappa",
    "leak_lift": "mean without bounds",
    "log_loss": "mean without bounds",
    "mean_cost": "mean without bounds",
    "mean_attacker_calls": "mean without bounds",
    "mean_queries": "mean without bounds",
    "optimal_accuracy@compat": "optimal_accuracy",
    "oracle": "mean of bounded figures",
    "order_kappa@compat": "order_kappa",
    "over_block": "true_positive_rate",
    "over_refusal_rate": "mean of bounded figures",
    "pair_unparsed_rate": "conflict_pair_accuracy",
    "pairwise_accuracy_strict": "pairwise_accuracy",
    "partial_auroc": "partial AUROC",
    "partial_refusal_rate": "mean of bounded figures",
    "people_kappa": "label_kappa",
    "pooled_auroc@compat": "pooled_auroc",
    "prediction_entropy": "mean without bounds",
    "quality_lost": "gap_at_oracle",
    "recall_under_attack": "true_positive_rate",
    "reference_ratio": "mean without bounds",
    "refusal_rate": "mean of bounded figures",
    "residual_asr": "true_positive_rate",
    "residual_asr_newer": "true_positive_rate",
    "reuse_brier": "brier",
    "reuse_calibration_error": "expected calibration error",
    "reuse_log_loss": "mean without bounds",
    "route_accuracy": "mean of bounded figures",
    "route_gain": "mean without bounds",
    "route_gain_over_category": "mean without bounds",
    "route_robustness": "mean of bounded figures",
    "similarity_auroc": "AUROC",
    "similarity_average_precision": "average precision",
    "tpr_at_fpr": "TPR at a false positive rate",
    "tpr_at_fpr_interpolated": "TPR at a false positive rate",
    "true_hit_rate": "true_positive_rate",
    "uniform_router": "mean of bounded figures",
    "unscored_rate": "mean of bounded figures",
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
        "lc_win_rate@compat",
        "row_wise_pearson@compat",
        "separability@compat",
    }
)
"""Printed without one, as they were published."""

NOT_SIMULATED: frozenset[str] = frozenset(
    {
        "arena_hard_score",
        "arena_hard_score@compat",
        "attack_success_at_k",
        "attack_success_rate_by_goal",
        "attack_success_rate_micro",
        "attack_success_rate_ppi",
        "attack_success_rate_rogan_gladen",
        "cache_cost_saved",
        "cache_efficiency",
        "cache_error_growth",
        "cache_gain_over_static",
        "cache_precision",
        "cache_tokens_saved",
        "defence_lift",
        "detection_lift",
        "duel_position_gap",
        "false_marks",
        "hit_rate_at_error",
        "indirect_defence_lift",
        "judge_lift",
        "lc_win_rate",
        "lc_win_rate_fixed_c",
        "lc_win_rate_minimal",
        "lc_win_rate_unregularised",
        "lift_over_length",
        "mark_lift",
        "marks_found",
        "match_auroc",
        "match_average_precision",
        "mean_mark_z",
        "mean_unmarked_z",
        "pair_efficiency",
        "people_macro_f1@compat",
        "precision_at_hit_ratio",
        "precision_hit_area",
        "reference_z",
        "refusal_lift",
        "spread_of_unmarked_z",
    }
)
"""Of which it is not simulated here how often their intervals hold. Slow tests simulate `arena_hard_score` (its
published form is too narrow), `duel_position_gap`, `lift_over_length`, `mark_lift`, `defence_lift`, `refusal_lift` and
`detection_lift`, and on real replies `attack_success_rate_ppi`; `lc_coverage.py` simulates `lc_win_rate` and its kin;
the influences of the others are held to leaving goals out or to a formula."""

WITH_ARGUMENTS = {"reference_ratio": "reference_ratio:reference=0.864"}
"""How metrics are written that need an argument."""


def row_of(name: str, metric: Metric) -> str:
    """What the rows are called that simulate a metric's interval, which need not exist."""
    if isinstance(metric, MeanMetric) and metric.is_plain and _untouched(metric):
        return "mean of bounded figures" if metric.bounds == (0.0, 1.0) else "mean without bounds"
    return _SAME_FORMULA.get(name, name)


def _untouched(metric: Metric) -> bool:
    """Whether its interval is the one of every mean."""
    own = type(metric)
    return own.interval is Metric.interval and own.compute is Metric.compute
