"""Every metric that ships with the kinds against slow, obvious computations over plain lists (`oracles_*.py`)."""

import math

import numpy as np
import oracles_benchmarks
import oracles_best_of_k
import oracles_detection
import oracles_duel
import oracles_preference
import pytest

NAN = float("nan")
ORACLES = {
    **oracles_best_of_k.ORACLES,
    **oracles_preference.ORACLES,
    **oracles_duel.ORACLES,
    **oracles_detection.ORACLES,
    **oracles_benchmarks.ORACLES,
}
"""By metric, the function from columns to its value. A new metric has a line in the file of its kind."""

# A kappa and a gap may be negative.
UNBOUNDED = ("log_loss", "ties_score", "duel_position_gap")
BOUNDED = [name for name in ORACLES if name not in UNBOUNDED and "kappa" not in name]
# Their standard errors hold a slope whose bandwidth is chosen by the number of negatives.
SMOOTHED = ("tpr_at_fpr", "ppv_at_prevalence")
EXACT = ("true_positive_rate", "false_positive_rate", "precision")


def figures(estimate):
    return [estimate.value, estimate.stderr, estimate.low, estimate.high, estimate.n, estimate.n_failed]


def test_every_metric_of_the_kinds_has_an_oracle_here(registry):
    own = {e.name for e in registry.entries("metric") if e.plugin in ("kinds", "reward_benchmarks")}
    assert {name.partition(":")[0] for name in ORACLES} == own


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("seed", range(5))
def test_a_metric_equals_its_slow_definition(name, seed, metric, random_columns):
    columns = random_columns(seed)
    assert metric(name).compute(columns).value == pytest.approx(ORACLES[name](columns), abs=1e-12)


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("n", [2, 3, 10, 40])
def test_a_fraction_and_its_interval_stay_between_0_and_1(name, n, metric, random_columns):
    for seed in range(10):
        estimate = metric(name).compute(random_columns(seed, n, failures=False))
        if "reason" not in estimate.detail:
            assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


@pytest.mark.parametrize("name", ORACLES)
def test_the_order_of_the_items_does_not_matter(name, metric, random_columns):
    columns = random_columns(1)
    shuffled = columns.take(np.random.default_rng(0).permutation(len(columns)))
    assert figures(metric(name).compute(shuffled)) == pytest.approx(figures(metric(name).compute(columns)), abs=1e-12)


@pytest.mark.parametrize("name", ORACLES)
def test_repeating_every_item_in_its_cluster_adds_no_certainty(name, metric, random_columns):
    from harness.metric import Columns

    columns = random_columns(2)
    once = metric(name).compute(columns)
    twice = Columns({k: np.concatenate([v, v]) for k, v in columns.values.items()}, np.tile(np.arange(40), 2))
    repeated = metric(name).compute(twice)
    assert (repeated.value, repeated.n, repeated.n_failed) == (
        pytest.approx(once.value, abs=1e-12),
        2 * once.n,
        2 * once.n_failed,
    )
    if not name.startswith(SMOOTHED):
        assert repeated.stderr == pytest.approx(once.stderr, rel=1e-9)


@pytest.mark.parametrize("name", ORACLES)
def test_failed_rows_are_counted_and_change_nothing_else(name, metric, random_columns):
    columns = random_columns(3)
    chosen = metric(name)
    valid = chosen.valid(columns)
    whole, clean = chosen.compute(columns), chosen.compute(columns.take(valid))
    assert (whole.n, whole.n_failed) == (int(valid.sum()), int((~valid).sum()))
    assert whole.n_failed > 0
    assert figures(whole)[:4] == figures(clean)[:4]
    assert whole.detail == clean.detail


@pytest.mark.parametrize("name", ORACLES)
def test_nothing_but_failures_gives_no_value_and_says_so(name, metric, random_columns):
    from harness.metric import Columns

    columns = random_columns(0, 4, failures=False)
    truth = {"correct", "label", "same", "better"}
    values = {k: v if k in truth else np.full_like(v, NAN) for k, v in columns.values.items()}
    estimate = metric(name).compute(Columns(values | {"answered": np.zeros(4)}))
    assert (estimate.n, estimate.n_failed, estimate.detail) == (0, 4, {"reason": "every request failed"})
    assert all(map(math.isnan, figures(estimate)[:4]))


@pytest.mark.parametrize("name", ORACLES)
def test_no_rows_give_no_value_and_say_so(name, metric, random_columns):
    columns = random_columns(0, failures=False).take(np.zeros(40, dtype=bool))
    estimate = metric(name).compute(columns)
    assert (estimate.n, estimate.n_failed, estimate.detail) == (0, 0, {"reason": "no rows"})


@pytest.mark.parametrize("name", ORACLES)
def test_one_item_has_no_standard_error(name, metric, random_columns):
    estimate = metric(name).compute(random_columns(0, 1, failures=False))
    assert math.isnan(estimate.stderr)
    assert estimate.n == 1
    if not math.isnan(estimate.value) and name in BOUNDED and name not in EXACT:
        assert (estimate.low, estimate.high) == (0, 1)


TWO_CLASSES = ("auroc", "average_p", "tpr", "balanced", "similarity", "partial", "auprc", "ppv", "optimal")


@pytest.mark.parametrize("name", [n for n in ORACLES if n.startswith(TWO_CLASSES)])
def test_a_slice_of_one_class_has_a_reason_instead_of_a_value(name, metric, random_columns):
    estimate = metric(name).compute(random_columns(0, failures=False, classes=1))
    assert math.isnan(estimate.value)
    assert (estimate.n, estimate.n_failed) == (40, 0)
    assert "both classes are needed" in estimate.detail["reason"]


@pytest.mark.parametrize("name", ORACLES)
def test_one_class_never_raises(name, metric, random_columns):
    columns = random_columns(1, failures=False, classes=1)
    columns.values["correct"][:] = np.where(np.isnan(columns.values["correct"]), NAN, 1.0)
    estimate = metric(name).compute(columns)
    assert math.isnan(estimate.value) == ("reason" in estimate.detail)


CONSTANT = {
    "best_of_k_strict": 0.0,
    "best_of_k_with_ties": 1.0,
    "best_of_k_accuracy": 0.5,
    "best_of_k_area": 0.5,
    "reciprocal_rank": 1 / 3,
    "reciprocal_rank_with_ties": 1.0,
    "pairwise_accuracy": 0.5,
    "pairwise_accuracy_strict": 0.0,
    "accuracy": 0.5,
    "accuracy_strict": 0.0,
    "accuracy_both_orders": 0.0,
    "accuracy_right_in_both": 0.0,
    "accuracy_ties_to_second@compat": 0.25,
    "order_consistency": 1.0,
    "first_position_rate": 0.5,
    "tie_rate": 1.0,
    "duel_win_rate": 0.5,
    "duel_discrete_win_rate": 0.5,
    "duel_tie_rate": 1.0,
    "duel_position_gap": 0.0,
    "auroc": 0.5,
    "average_precision": 0.25,
    "tpr_at_fpr:rate=0.5": 0.0,
    "tpr_at_fpr_interpolated:rate=0.5": 0.5,
    "partial_auroc:rate=0.2": 0.5,
    "auprc_trapezoid@compat": 0.625,
    "true_positive_rate": 0.0,
    "false_positive_rate": 0.0,
    "optimal_accuracy": 0.75,
    "optimal_accuracy@compat": 0.75,
    "optimal_balanced_accuracy": 0.5,
    "optimal_f1": 0.4,
    "expected_calibration_error": 0.25,
    "brier": 0.25,
    "log_loss": math.log(2),
    "style_accuracy": 0.0,
}


@pytest.mark.parametrize("name", CONSTANT)
def test_a_model_that_ties_everything_gets_what_the_convention_says(name, metric):
    from harness.metric import Columns

    n = 8
    half, quarter = np.full(n, 0.5), (np.arange(n) % 4 == 0).astype(float)
    values = {
        "scores": np.zeros((n, 4)),
        "correct": np.tile([1.0, 0.0, 1.0, 0.0], (n, 1)),
        "as_given": half,
        "exchanged": half,
        "answered": np.ones(n),
        "candidate_better": np.full((n, 2), 0.5),
        "better": quarter,
        "log_odds": np.zeros(n),
        "label": quarter,
        "chosen": np.zeros((n, 3)),
        "rejected": np.zeros((n, 3)),
    }
    assert metric(name).compute(Columns(values)).value == pytest.approx(CONSTANT[name], abs=1e-12)
