"""The kinds of task that need no plugin: best-of-k, preference, duel, detection, similarity; and their metrics.

They are registered through the same hooks as a third party's. Subclass a kind to change its requests or its columns.
"""

from __future__ import annotations

from harness.hooks import Register, hookimpl

_HERE = "harness.kinds"

_METRICS = {
    "best_of_k": {
        "best_of_k_accuracy": "BestOfKAccuracy",
        "best_of_k_strict": "StrictBestOfKAccuracy",
        "best_of_k_with_ties": "AccuracyWithTies",
        "best_of_k_area": "Area",
        "reciprocal_rank": "ReciprocalRank",
        "reciprocal_rank_with_ties": "ReciprocalRankWithTies",
        "pairwise_accuracy": "PairwiseAccuracy",
        "pairwise_accuracy_strict": "StrictPairwiseAccuracy",
    },
    "preference": {
        "accuracy": "Accuracy",
        "accuracy_strict": "StrictAccuracy",
        "accuracy_both_orders": "BothOrders",
        "accuracy_right_in_both": "RightInBoth",
        "accuracy_first_order": "FirstOrder",
        "accuracy_second_order": "SecondOrder",
        "accuracy_strict@compat": "StrictAccuracyCompat",
        "accuracy_right_in_both@compat": "RightInBothCompat",
        "accuracy_both_orders@compat": "BothOrdersCompat",
        "accuracy_first_order@compat": "FirstOrderCompat",
        "accuracy_second_order@compat": "SecondOrderCompat",
        "accuracy_ties_to_second@compat": "TiesToSecondCompat",
        "unparsed_rate": "UnparsedRate",
        "order_consistency": "Consistency",
        "order_consistency@compat": "ConsistencyCompat",
        "first_position_rate": "FirstPosition",
        "tie_rate": "TieRate",
    },
    "preference_agreement": {
        "label_kappa": "LabelKappa",
        "order_kappa": "OrderKappa",
        "label_kappa@compat": "LabelKappaCompat",
        "label_kappa_first_order@compat": "FirstOrderKappaCompat",
        "label_kappa_second_order@compat": "SecondOrderKappaCompat",
        "order_kappa@compat": "OrderKappaCompat",
    },
    "duel_metrics": {
        "duel_win_rate": "WinRate",
        "duel_discrete_win_rate": "DiscreteWinRate",
        "duel_tie_rate": "TieRate",
        "duel_position_gap": "PositionGap",
        "duel_coverage": "Coverage",
        "duel_unread_rate": "UnreadRate",
    },
    "detection": {
        "auroc": "AreaUnderCurve",
        "average_precision": "AveragePrecision",
        "auprc_trapezoid@compat": "TrapezoidalArea",
    },
    "detection_decisions": {
        "true_positive_rate": "TruePositiveRate",
        "false_positive_rate": "FalsePositiveRate",
        "precision": "Precision",
        "f1": "F1",
        "balanced_accuracy": "BalancedAccuracy",
        "ppv": "PredictiveValue",
    },
    "detection_operating_points": {
        "tpr_at_fpr": "TruePositiveRateAtRate",
        "tpr_at_fpr_interpolated": "RandomisedTruePositiveRateAtRate",
        "partial_auroc": "PartialAreaUnderCurve",
        "ppv_at_prevalence": "PredictiveValueAtRate",
    },
    "detection_oracles": {
        "optimal_accuracy": "OptimalAccuracy",
        "optimal_accuracy@compat": "OptimalAccuracyCompat",
        "optimal_balanced_accuracy": "OptimalBalancedAccuracy",
        "optimal_f1": "OptimalF1",
    },
    "detection_calibration": {
        "brier": "Brier",
        "log_loss": "LogLoss",
        "expected_calibration_error": "ExpectedCalibrationError",
    },
    "similarity": {
        "similarity_auroc": "SimilarityAreaUnderCurve",
        "similarity_average_precision": "SimilarityAveragePrecision",
    },
}
"""The name and the class of each metric, by module. All other facts of a metric stand on its class."""


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kinds of task."""
    register(
        "best-of-k",
        f"{_HERE}.best_of_k:BestOfK",
        description="pick a correct response among the k to a prompt",
    )
    register("preference", f"{_HERE}.preference:Preference", description="tell the better of two responses")
    register("duel", f"{_HERE}.duel:Duel", description="answer; a judge says whether it is better than a baseline's")
    register("detection", f"{_HERE}.detection:Detection", description="tell texts of a class from the others")
    register(
        "similarity",
        f"{_HERE}.similarity:Similarity",
        description="tell pairs that mean the same from others",
    )


@hookimpl
def register_metrics(register: Register) -> None:
    """Register the metrics of these kinds by name; each class describes itself."""
    for module, classes in _METRICS.items():
        for name, class_name in classes.items():
            register(name, f"{_HERE}.{module}:{class_name}")
