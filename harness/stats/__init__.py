"""Statistics for evaluations: pure functions over numpy arrays that know nothing of models and tasks.

Every metric becomes an `Estimate` with a standard error and an interval, by one of three roads: per-item
influences (`estimate_from_influence`), a closed form, or the seeded bootstrap.
"""

from harness.stats.attenuation import Disattenuated, disattenuate, reliability, reliability_from_replicates
from harness.stats.bootstrap import (
    Bootstrap,
    bootstrap,
    bootstrap_counts,
    bootstrap_indices,
    summarise_replicates,
)
from harness.stats.bradley_terry import BradleyTerry, bootstrap_fit, elo, fit, fit_matrix
from harness.stats.bradley_terry_joint import JointFit, fit_jointly
from harness.stats.calibration import brier, expected_calibration_error, log_loss
from harness.stats.classification import (
    auroc,
    average_precision,
    true_positive_rate_at_false_positive_rate,
)
from harness.stats.decisions import balanced_accuracy, best_balanced_accuracy, f1
from harness.stats.errors import NoFiniteMaximum, OneClassOnly, OutOfRange, ShapeMismatch, UnusableData
from harness.stats.estimate import Estimate, not_available
from harness.stats.intervals import clopper_pearson, estimate_from_influence, mean_estimate, wilson
from harness.stats.jackknife_plus import PredictionInterval, highest_level, jackknife_plus, units_needed
from harness.stats.linearised import Linearised
from harness.stats.multiplicity import benjamini_hochberg
from harness.stats.paired import (
    Difference,
    mcnemar_exact,
    minimum_detectable_difference,
    paired_difference,
    sign_flip_test,
)
from harness.stats.permutation import (
    CorrelationTests,
    all_permutations,
    leave_one_out_correlations,
    permutation_correlations,
)
from harness.stats.ranks import (
    Ranks,
    kendall,
    pearson,
    rank_intervals,
    significantly_better,
    spearman,
    tied_with_best,
)
from harness.stats.selection import best_of_k_curve, expected_kl, oracle_curve, selected_credit

__all__ = [
    "Bootstrap",
    "BradleyTerry",
    "CorrelationTests",
    "Difference",
    "Disattenuated",
    "Estimate",
    "JointFit",
    "Linearised",
    "NoFiniteMaximum",
    "OneClassOnly",
    "OutOfRange",
    "PredictionInterval",
    "Ranks",
    "ShapeMismatch",
    "UnusableData",
    "all_permutations",
    "auroc",
    "average_precision",
    "balanced_accuracy",
    "benjamini_hochberg",
    "best_balanced_accuracy",
    "best_of_k_curve",
    "bootstrap",
    "bootstrap_counts",
    "bootstrap_fit",
    "bootstrap_indices",
    "brier",
    "clopper_pearson",
    "disattenuate",
    "elo",
    "estimate_from_influence",
    "expected_calibration_error",
    "expected_kl",
    "f1",
    "fit",
    "fit_jointly",
    "fit_matrix",
    "highest_level",
    "jackknife_plus",
    "kendall",
    "leave_one_out_correlations",
    "log_loss",
    "mcnemar_exact",
    "mean_estimate",
    "minimum_detectable_difference",
    "not_available",
    "oracle_curve",
    "paired_difference",
    "pearson",
    "permutation_correlations",
    "rank_intervals",
    "reliability",
    "reliability_from_replicates",
    "selected_credit",
    "sign_flip_test",
    "significantly_better",
    "spearman",
    "summarise_replicates",
    "tied_with_best",
    "true_positive_rate_at_false_positive_rate",
    "units_needed",
    "wilson",
]
