"""The kinds of task that need no plugin: best-of-k, preference, detection, similarity; and their metrics.

Registered through the same hooks as a third party's. Subclass one to change how it asks or what it computes.
"""

from __future__ import annotations

from harness.hooks import Register, hookimpl

_HERE = "harness.kinds"


@hookimpl
def register_tasks(register: Register) -> None:
    """The kinds themselves."""
    register(
        "best-of-k",
        f"{_HERE}.best_of_k:BestOfK",
        description="pick a correct response among the k to a prompt",
    )
    register("preference", f"{_HERE}.preference:Preference", description="tell the better of two responses")
    register("detection", f"{_HERE}.detection:Detection", description="tell texts of a class from the others")
    register(
        "similarity",
        f"{_HERE}.similarity:Similarity",
        description="tell pairs that mean the same from others",
    )


@hookimpl
def register_metrics(register: Register) -> None:
    """Their metrics."""
    for module, names in {
        "best_of_k": {
            "best_of_k_accuracy": (
                "Accuracy",
                "how often the top-scored response is correct; tied ones share",
            ),
            "best_of_k_strict": (
                "StrictAccuracy",
                "how often a correct response is scored above all wrong ones",
            ),
            "best_of_k_with_ties": (
                "AccuracyWithTies",
                "how often a correct response is among the top-scored",
            ),
            "best_of_k_area": ("Area", "mean over K of the best-of-K accuracy, exact"),
            "reciprocal_rank": (
                "ReciprocalRank",
                "mean of 1/rank of the best correct response, ties against it",
            ),
            "reciprocal_rank_with_ties": ("ReciprocalRankWithTies", "the same, ties in its favour"),
            "pairwise_accuracy": (
                "PairwiseAccuracy",
                "share of correct-wrong pairs ordered rightly; a tie counts half",
            ),
            "pairwise_accuracy_strict": ("StrictPairwiseAccuracy", "the same, a tie counts as wrong"),
        },
        "preference": {
            "accuracy": ("Accuracy", "share of pairs judged rightly, mean of both orders; a tie counts half"),
            "accuracy_strict": ("StrictAccuracy", "the same, a tie counts as wrong"),
            "accuracy_both_orders": ("BothOrders", "rightly judged on balance of both orders (JudgeBench)"),
            "accuracy_right_in_both": ("RightInBoth", "rightly judged in both orders"),
            "accuracy_first_order": ("FirstOrder", "the order of the data only; a tie counts as wrong"),
            "accuracy_second_order": ("SecondOrder", "the responses exchanged only; a tie counts as wrong"),
            "accuracy_strict@compat": (
                "StrictAccuracyCompat",
                "as LLMBar publishes it: unreadable verdicts are wrong",
            ),
            "accuracy_right_in_both@compat": (
                "RightInBothCompat",
                "as LLMBar publishes it: unreadable verdicts are wrong",
            ),
            "accuracy_both_orders@compat": (
                "BothOrdersCompat",
                "as JudgeBench publishes it: unreadable verdicts abstain",
            ),
            "accuracy_first_order@compat": (
                "FirstOrderCompat",
                "as JudgeBench publishes it: unreadable is wrong",
            ),
            "accuracy_second_order@compat": (
                "SecondOrderCompat",
                "as LLMBar publishes it (correct_True): unreadable is wrong",
            ),
            "accuracy_ties_to_second@compat": (
                "TiesToSecondCompat",
                "the order of the data, a tie going to the second response, as JudgeBench does with equal scores",
            ),
            "unparsed_rate": ("UnparsedRate", "share of verdicts that could not be read"),
            "order_consistency": ("Consistency", "share of pairs with the same verdict in both orders"),
            "order_consistency@compat": (
                "ConsistencyCompat",
                "as LLMBar publishes it: two unreadable verdicts are the same",
            ),
            "first_position_rate": (
                "FirstPosition",
                "how often the response shown first wins; 0.5 is unbiased",
            ),
            "tie_rate": ("TieRate", "share of verdicts that are ties"),
        },
        "preference_agreement": {
            "label_kappa": ("LabelKappa", "agreement of verdicts and labels beyond chance, mean of both orders"),
            "order_kappa": ("OrderKappa", "agreement of the verdicts in both orders beyond chance"),
            "label_kappa@compat": (
                "LabelKappaCompat",
                "as LLMBar publishes it (kappa_average): the second response as a verdict is never its label",
            ),
            "label_kappa_first_order@compat": ("FirstOrderKappaCompat", "the same in the data's order (kappa_False)"),
            "label_kappa_second_order@compat": ("SecondOrderKappaCompat", "the same in the other order (kappa_True)"),
            "order_kappa@compat": (
                "OrderKappaCompat",
                "as LLMBar publishes it (kappa_agreement): unreadable and the second response are one",
            ),
        },
        "detection": {
            "auroc": ("AreaUnderCurve", "area under the ROC curve; ties count half"),
            "average_precision": ("AveragePrecision", "area under the precision-recall curve, step-wise"),
            "auprc_trapezoid@compat": (
                "TrapezoidalArea",
                "as MULI publishes it: straight lines between points, optimistic where scores tie",
            ),
        },
        "detection_decisions": {
            "true_positive_rate": ("TruePositiveRate", "share of positives called positive at a threshold"),
            "false_positive_rate": (
                "FalsePositiveRate",
                "share of negatives called positive at a threshold; over-refusal, on harmless prompts",
            ),
            "precision": ("Precision", "share of what is called positive that is, at a threshold"),
            "f1": ("F1", "harmonic mean of precision and recall at a threshold"),
            "balanced_accuracy": (
                "BalancedAccuracy",
                "mean of true positive and true negative rate at a threshold",
            ),
            "ppv": ("PredictiveValue", "share of alarms that are right at a threshold and a stated `prevalence`"),
        },
        "detection_operating_points": {
            "tpr_at_fpr": (
                "TruePositiveRateAtRate",
                "true positive rate at a false positive rate of at most `rate`",
            ),
            "tpr_at_fpr_interpolated": (
                "RandomisedTruePositiveRateAtRate",
                "the same at exactly `rate`, ties let in at random",
            ),
            "partial_auroc": (
                "PartialAreaUnderCurve",
                "area under the ROC curve up to a false positive rate of `rate`, 0.5 for chance",
            ),
            "ppv_at_prevalence": (
                "PredictiveValueAtRate",
                "share of alarms that are right at a false positive rate of `rate` and a stated `prevalence`",
            ),
        },
        "detection_oracles": {
            "optimal_accuracy": ("OptimalAccuracy", "accuracy at an oracle threshold: the best one here"),
            "optimal_accuracy@compat": (
                "OptimalAccuracyCompat",
                "as MULI publishes it: accuracy at an oracle threshold, out of those of scikit-learn's ROC curve",
            ),
            "optimal_balanced_accuracy": (
                "OptimalBalancedAccuracy",
                "balanced accuracy at an oracle threshold: the best one here",
            ),
            "optimal_f1": ("OptimalF1", "F1 at an oracle threshold: the best one here"),
        },
        "detection_calibration": {
            "brier": ("Brier", "mean squared error of the probability"),
            "log_loss": ("LogLoss", "mean negative log-probability of the label"),
            "expected_calibration_error": (
                "ExpectedCalibrationError",
                "distance of probability and share of positives over `bins` of equal width or mass; biased upward",
            ),
        },
        "similarity": {
            "similarity_auroc": ("AreaUnderCurve", "area under the ROC curve of similarity for sameness"),
            "similarity_average_precision": (
                "AveragePrecision",
                "average precision of similarity for sameness",
            ),
        },
    }.items():
        for name, (attribute, description) in names.items():
            register(name, f"{_HERE}.{module}:{attribute}", description=description)
