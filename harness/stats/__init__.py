"""Statistics for evaluations: pure functions over numpy arrays that know nothing of models and tasks.

Every metric becomes an `Estimate` with a standard error and an interval, in one of three ways: from per-item
influences (`estimate_from_influence`), by a closed form, or by the seeded bootstrap.
"""

from harness.stats.anytime import Bounds, anytime_bounds, crossings, log_capital
from harness.stats.attenuation import Disattenuated, disattenuate, reliability, reliability_from_replicates
from harness.stats.best_thresholds import best_accuracy, best_balanced_accuracy, best_f1
from harness.stats.bootstrap import (
    Bootstrap,
    bootstrap,
    bootstrap_counts,
    bootstrap_indices,
    summarise_replicates,
)
from harness.stats.bradley_terry import BradleyTerry, elo, fit
from harness.stats.bradley_terry_joint import JointFit, fit_jointly
from harness.stats.bradley_terry_resampling import Jackknife, bootstrap_fit, jackknife_fit
from harness.stats.bradley_terry_tables import fit_matrix
from harness.stats.calibration import (
    ReliabilityBins,
    brier,
    expected_calibration_error,
    expected_if_calibrated,
    log_loss,
    reliability_bins,
)
from harness.stats.chance import (
    auprc_trapezoid_by_chance,
    average_precision_by_chance,
    true_positive_rate_by_chance,
)
from harness.stats.classification import auprc_trapezoid, auroc, auroc_interval, average_precision, partial_auroc
from harness.stats.cluster_robust import Spread, spread_of
from harness.stats.curves import thinned
from harness.stats.decisions import (
    Confusion,
    balanced_accuracy,
    confusion,
    f1,
    false_positive_rate,
    precision,
    true_positive_rate,
)
from harness.stats.errors import (
    NoFiniteMaximum,
    NothingCounted,
    NotIdentified,
    OneClassOnly,
    OutOfRange,
    SeparatedByCovariates,
    ShapeMismatch,
    UnusableData,
)
from harness.stats.estimate import Estimate, not_available
from harness.stats.intervals import clopper_pearson, estimate_from_influence, mean_estimate, wilson
from harness.stats.jackknife_plus import PredictionInterval, highest_level, jackknife_plus, units_needed
from harness.stats.levels import Levels, levels, ranks_among_negatives
from harness.stats.linearised import Linearised
from harness.stats.multiplicity import benjamini_hochberg, holm
from harness.stats.operating_points import (
    OperatingPoint,
    operating_point,
    true_positive_rate_at_false_positive_rate,
    true_positive_rate_interval,
)
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
from harness.stats.prediction_powered import PredictionPowered, prediction_powered_mean
from harness.stats.predictive_value import (
    positive_predictive_value,
    predictive_value,
    predictive_value_interval,
    predictive_value_slope,
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
from harness.stats.separability import agreement_with_confidence, pair_rank_brier, separability
from harness.stats.sequences import block_length, sequence_blocks
from harness.stats.win_probability import WithInterval, odds_ratios, win_probabilities
from harness.stats.win_rates import WinRates, battle_win_rates, win_rate, win_rates

__all__ = [
    "Bootstrap",
    "Bounds",
    "BradleyTerry",
    "Confusion",
    "CorrelationTests",
    "Difference",
    "Disattenuated",
    "Estimate",
    "Jackknife",
    "JointFit",
    "Levels",
    "Linearised",
    "NoFiniteMaximum",
    "NotIdentified",
    "NothingCounted",
    "OneClassOnly",
    "OperatingPoint",
    "OutOfRange",
    "PredictionInterval",
    "PredictionPowered",
    "Ranks",
    "ReliabilityBins",
    "SeparatedByCovariates",
    "ShapeMismatch",
    "Spread",
    "UnusableData",
    "WinRates",
    "WithInterval",
    "agreement_with_confidence",
    "all_permutations",
    "anytime_bounds",
    "auprc_trapezoid",
    "auprc_trapezoid_by_chance",
    "auroc",
    "auroc_interval",
    "average_precision",
    "average_precision_by_chance",
    "balanced_accuracy",
    "battle_win_rates",
    "benjamini_hochberg",
    "best_accuracy",
    "best_balanced_accuracy",
    "best_f1",
    "best_of_k_curve",
    "block_length",
    "bootstrap",
    "bootstrap_counts",
    "bootstrap_fit",
    "bootstrap_indices",
    "brier",
    "clopper_pearson",
    "confusion",
    "crossings",
    "disattenuate",
    "elo",
    "estimate_from_influence",
    "expected_calibration_error",
    "expected_if_calibrated",
    "expected_kl",
    "f1",
    "false_positive_rate",
    "fit",
    "fit_jointly",
    "fit_matrix",
    "highest_level",
    "holm",
    "jackknife_fit",
    "jackknife_plus",
    "kendall",
    "leave_one_out_correlations",
    "levels",
    "log_capital",
    "log_loss",
    "mcnemar_exact",
    "mean_estimate",
    "minimum_detectable_difference",
    "not_available",
    "odds_ratios",
    "operating_point",
    "oracle_curve",
    "pair_rank_brier",
    "paired_difference",
    "partial_auroc",
    "pearson",
    "permutation_correlations",
    "positive_predictive_value",
    "precision",
    "prediction_powered_mean",
    "predictive_value",
    "predictive_value_interval",
    "predictive_value_slope",
    "rank_intervals",
    "ranks_among_negatives",
    "reliability",
    "reliability_bins",
    "reliability_from_replicates",
    "selected_credit",
    "separability",
    "sequence_blocks",
    "sign_flip_test",
    "significantly_better",
    "spearman",
    "spread_of",
    "summarise_replicates",
    "thinned",
    "tied_with_best",
    "true_positive_rate",
    "true_positive_rate_at_false_positive_rate",
    "true_positive_rate_by_chance",
    "true_positive_rate_interval",
    "units_needed",
    "wilson",
    "win_probabilities",
    "win_rate",
    "win_rates",
]
