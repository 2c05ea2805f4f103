"""Metrics of routers: influences against derivatives, values against brute force and closed forms, gaps never zero."""

import numpy as np
import pytest
from harness_plugins.routing import cost_quality, decisions, forecasts, published_scores, reference_metrics, two_models
from harness_plugins.routing.hull import area_under, path, quality_at, upper_hull

from harness import Columns

ALL = [
    forecasts.ForecastAccuracy(),
    forecasts.ForecastAccuracyByModel(),
    forecasts.ForecastAuroc(),
    forecasts.ForecastLogLoss(),
    forecasts.ForecastBrier(),
    decisions.RouteAccuracy(),
    decisions.RouteGain(),
    decisions.RouteGainOverCategory(),
    decisions.WeightedRouter(),
    reference_metrics.UniformRouter(),
    reference_metrics.BestConstant(),
    reference_metrics.BestConstantOnTest(),
    reference_metrics.BestOfCategory(),
    reference_metrics.BestOfCategoryOnTest(),
    reference_metrics.Oracle(),
    decisions.QualityLost(),
    decisions.GapAtOracle(),
    decisions.GainAtBest(),
    decisions.UsageEntropy(),
    cost_quality.AverageImprovementInQuality(),
    cost_quality.ZeroRouter(),
    cost_quality.QualityAtBudget(0.7),
    cost_quality.CostSaved(),
    cost_quality.MeanCost(),
    published_scores.RouterArenaScore(),
    published_scores.ReferenceRatio(0.9),
    published_scores.BestSingleRatio(),
    published_scores.PredictionEntropy(),
]


def made(n=400, m=5, *, gaps=0.0, seed=0, costs=True):
    """Columns of a router that knows something, over models of which the dearer are better."""
    rng = np.random.default_rng(seed)
    hard, skill = rng.normal(size=(n, 1)), np.linspace(-0.5, 1.5, m)
    category = rng.integers(0, 3, n)
    odds = skill + rng.normal(size=(3, m))[category] - hard
    outcome = (rng.random((n, m)) < 1 / (1 + np.exp(-odds))).astype(float)
    outcome[rng.random((n, m)) < gaps] = np.nan
    predicted = 1 / (1 + np.exp(-(odds + 0.3 * rng.normal(size=(n, m)))))
    cost = 0.001 * np.arange(1, m + 1) ** 2 * rng.uniform(0.5, 1.5, (n, 1)) if costs else np.full((n, m), np.nan)
    return Columns(
        {
            "predicted": predicted,
            "outcome": outcome,
            "cost": cost,
            "category": category.astype(float),
            "train_best": np.full(n, m - 1.0),
            "train_best_of_category": (category + 1) % m * 1.0,
        },
        facts={"models": tuple("abcdefgh"[:m]), "categories": ("x", "y", "z")},
    )


@pytest.mark.parametrize("metric", [*ALL, two_models.GapRecovered("e", "a")], ids=lambda metric: type(metric).__name__)
def test_influences_are_those_of_a_question_counted_once_more(metric):
    # The influence of a question is the derivative of the value by its weight: here by doubling one of 400 questions.
    # At points of the path that are equally good the area has a derivative of either side; shares have none.
    columns = made(gaps=0.0 if isinstance(metric, cost_quality.OfPlane) else 0.1, seed=1)
    if isinstance(metric, cost_quality.OfPlane):
        noise = np.random.default_rng(7).random(columns.values["outcome"].shape)
        columns = Columns(
            {**columns.values, "outcome": 0.7 * columns.values["outcome"] + 0.3 * noise}, facts=columns.facts
        )
    result, reason = metric.on(columns)
    assert not reason
    kept = np.flatnonzero(np.isfinite(result.influence))
    n = len(kept)
    assert abs(result.influence[kept].mean()) < 1e-9
    moved, told = [], []
    for i in kept[:60]:
        more = metric.on(columns.take(np.append(np.arange(len(columns)), i)))[0].value
        moved.append((more - result.value) * (n + 1))
        told.append(result.influence[i])
    assert np.corrcoef(moved, told)[0, 1] > 0.98
    assert np.allclose(moved, told, atol=0.1 * np.abs(result.influence[kept]).max() + 1e-6)


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: type(metric).__name__)
def test_a_question_without_any_known_outcome_changes_nothing(metric):
    columns = made()
    values = {name: np.concatenate([column, column[:1]]) for name, column in columns.values.items()}
    values["outcome"][-1] = np.nan
    more = Columns(values, facts=columns.facts)
    if metric.needs in (("predicted",), ("predicted", "cost")) or isinstance(metric, decisions.UsageEntropy):
        pytest.skip("looks at no outcome")
    assert metric.compute(more).value == pytest.approx(metric.compute(columns).value, abs=1e-12)


def test_a_failed_request_is_no_choice():
    columns = made(20)
    columns.values["predicted"][3] = np.nan
    estimate = decisions.RouteAccuracy().compute(columns)
    assert (estimate.n, estimate.n_failed) == (19, 1)


def test_equal_predictions_go_to_the_first_model():
    outcome = np.array([[1.0, 0.0], [1.0, 0.0]])
    columns = Columns({"predicted": np.full((2, 2), 0.3), "outcome": outcome, "cost": outcome})
    assert decisions.RouteAccuracy().compute(columns).value == 1


def test_references_by_hand():
    outcome = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, np.nan]], dtype=float)
    values = {
        "predicted": np.array([[0.9, 0.1, 0.2], [0.1, 0.8, 0.3], [0.4, 0.2, 0.1], [0.5, 0.1, 0.9]]),
        "outcome": outcome,
        "cost": outcome,
        "category": np.array([0.0, 0, 1, 1]),
        "train_best": np.full(4, 1.0),
        "train_best_of_category": np.array([0.0, 0, 2, 2]),
    }
    columns = Columns(values, facts={"models": ("a", "b", "c")})

    def value(metric):
        return metric.compute(columns).value

    assert value(decisions.RouteAccuracy()) == pytest.approx(2 / 3)  # the fourth choice's outcome is unknown
    assert value(reference_metrics.Oracle()) == pytest.approx(3 / 4)
    assert value(reference_metrics.UniformRouter()) == pytest.approx((1 / 3 + 2 / 3 + 1 / 3 + 0) / 4)
    assert value(reference_metrics.BestConstant()) == pytest.approx(1 / 4)
    assert value(reference_metrics.BestConstantOnTest()) == pytest.approx(1 / 2)
    assert value(reference_metrics.BestOfCategory()) == pytest.approx(1.0)
    assert value(reference_metrics.GuessCorrectedOracle(0.0)) == pytest.approx(3 / 4)


def test_the_guess_corrected_oracle_finds_what_is_known_behind_guesses():
    rng = np.random.default_rng(5)
    known = rng.random((4000, 12)) < np.where(rng.random((4000, 1)) < 0.4, 0.0, 0.15)
    outcome = (known | (rng.random(known.shape) < 0.25)).astype(float)
    columns = Columns({"outcome": outcome, "category": np.zeros(4000)})
    assert reference_metrics.Oracle().compute(columns).value > 0.97
    found = reference_metrics.GuessCorrectedOracle(0.25).compute(columns).value
    independent = 1 - (1 - known.mean(axis=0)).prod()  # the models' knowledge taken as independent
    assert known.any(axis=1).mean() - 0.03 < found < independent + 0.05


def test_the_calibration_error_reaches_down_by_what_chance_gives():
    columns = made(60, 5)
    columns.values["outcome"][:] = np.random.default_rng(1).random((60, 5)) < columns.values["predicted"]
    found = forecasts.ForecastCalibrationError().compute(columns)
    assert found.value > 0.02  # though every probability is right
    assert found.low < found.detail["expected_if_calibrated"] < found.high


def test_what_is_saved_has_the_interval_of_equal_quality():
    columns = made(300)
    columns.values["train_best"][:] = 2.0
    found = cost_quality.CostSaved().compute(columns)
    target = columns.values["outcome"][:, 2]

    def ends(share):
        height = cost_quality.height_at(columns, cost_quality.plane(columns), 2, share)
        se = np.std(height.influence - target + target.mean(), ddof=1) / np.sqrt(300)
        return height.value - target.mean() + np.array([-1.968, 0, 1.968]) * se  # of 299 degrees of freedom

    most, at, least = (ends(1 - saved) for saved in (found.low, found.value, found.high))
    assert at[1] == pytest.approx(0, abs=1e-9)
    assert most[0] == pytest.approx(0, abs=1e-4)
    assert ends(1 - found.high - 1e-4)[2] < 0 <= least[2] + 1e-4  # it may jump where the hull is bent


def test_a_router_that_is_the_best_constant_saves_nothing_for_certain():
    columns = made(300)
    columns.values["outcome"][:] = columns.values["outcome"][:, [0]] * np.array([0, 0, 0, 0, 1.0])
    columns.values["predicted"][:] = columns.values["outcome"].mean(axis=0)
    columns.values["cost"][:, :] = np.array([1.0, 2, 3, 9, 4])
    found = cost_quality.CostSaved().compute(columns)
    assert (found.value, found.low, found.high) == pytest.approx((0, 0, 0), abs=1e-6)


def test_the_weighted_router_is_at_most_the_best_single():
    for seed in range(20):
        columns = made(60, seed=seed)
        weighted = decisions.WeightedRouter().compute(columns).value
        assert weighted <= reference_metrics.BestConstantOnTest().compute(columns).value + 1e-12


def test_the_hull_is_that_of_all_mixtures():
    rng = np.random.default_rng(1)
    for _ in range(50):
        cost, quality = rng.integers(0, 6, 8) / 5.0, rng.integers(0, 6, 8) / 5.0
        hull = upper_hull(cost, quality)
        for budget in np.linspace(cost.min(), cost.max(), 13):
            mixtures = [
                quality[i] + (quality[j] - quality[i]) * (budget - cost[i]) / (cost[j] - cost[i])
                for i in range(8)
                for j in range(8)
                if cost[i] <= budget < cost[j]
            ]
            best = max([*mixtures, *quality[cost <= budget]])
            assert quality_at(budget, cost[hull], quality[hull]) == pytest.approx(best, abs=1e-12)


def test_what_a_constant_reaches_does_not_hang_on_the_order_of_rows():
    columns = made(200)
    columns.values["predicted"][:] = columns.values["outcome"].mean(axis=0)
    metric = cost_quality.AverageImprovementInQuality()
    assert len(cost_quality.plane(columns).costs) <= 5  # that of each model alone
    turned = Columns({name: values[::-1] for name, values in columns.values.items()}, facts=columns.facts)
    found = metric.compute(columns)
    assert found.value == pytest.approx(metric.compute(turned).value, abs=1e-12)
    assert found.value <= cost_quality.ZeroRouter().compute(columns).value + 1e-12


def test_the_path_holds_the_choices_of_every_cost_weight():
    rng = np.random.default_rng(2)
    predicted = np.round(rng.random((30, 6)), 1)  # with ties
    mean_cost = np.array([0.3, 0.1, 0.1, 0.7, 0.5, 1.0])
    found = path(predicted, mean_cost)
    values = rng.random((30, 6))
    sums = found.sums(values)
    for weight in np.geomspace(0.01, 100, 60):
        point = int((found.weight > weight).sum())
        worth = predicted - weight * mean_cost
        chosen = np.array([max(range(6), key=lambda j: (row[j], -mean_cost[j], -j)) for row in worth.round(12)])
        assert sums[point] == pytest.approx(values[np.arange(30), chosen].mean(), abs=1e-12)
    slopes = rng.random(len(sums))
    assert found.pulled(values, slopes).mean() == pytest.approx(float(slopes @ sums), abs=1e-9)


def test_the_area_has_the_slopes_of_its_differences():
    costs, qualities = np.array([1.0, 2.0, 4.0]), np.array([0.2, 0.5, 0.6])
    area, by_cost, by_quality, by_end = area_under(costs, qualities, 5.0)
    step = 1e-6
    for i in range(3):
        for which, slope in ((costs, by_cost[i]), (qualities, by_quality[i])):
            moved = which.copy()
            moved[i] += step
            pair = (moved, qualities) if which is costs else (costs, moved)
            assert (area_under(*pair, 5.0)[0] - area) / step == pytest.approx(slope, abs=1e-5)
    assert (area_under(costs, qualities, 5.0 + step)[0] - area) / step == pytest.approx(by_end, abs=1e-5)


def test_without_costs_the_plane_is_refused_in_words():
    columns = made(costs=False)
    for metric in (cost_quality.AverageImprovementInQuality(), cost_quality.CostSaved(), cost_quality.MeanCost()):
        estimate = metric.compute(columns)
        assert np.isnan(estimate.value)
        assert "cost" in estimate.detail["reason"]


WEIGHED = [
    *(
        decisions.RouteAccuracy(2.0),
        decisions.RouteGain(2.0),
        decisions.UsageEntropy(2.0),
        decisions.WeightedRouter(2.0),
    ),
    *(decisions.GapAtOracle(2.0), cost_quality.MeanCost(2.0), published_scores.RouterArenaScore(2.0)),
]


@pytest.mark.parametrize("metric", WEIGHED, ids=lambda metric: type(metric).__name__)
def test_a_cost_weight_without_the_cost_of_a_model_is_refused_in_words(metric):
    columns = made(60)
    columns.values["cost"][:, 1] = np.nan
    estimate = metric.compute(columns)
    assert np.isnan(estimate.value)
    assert estimate.detail["reason"] == "no cost is known of b"


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: type(metric).__name__)
def test_nothing_known_at_all_is_no_value_and_has_a_reason(metric):
    columns = made(8)
    for name in ("predicted", "outcome", "cost", "train_best", "train_best_of_category"):
        columns.values[name][:] = np.nan
    estimate = metric.compute(columns)
    assert np.isnan(estimate.value)
    assert estimate.detail["reason"]


@pytest.mark.parametrize(
    ("accuracy", "cost", "score"),
    [
        (77.18, 0.30, 75.30),
        (76.40, 0.18, 75.27),
        (66.88, 0.15, 66.89),
        (66.34, 0.21, 66.12),
        (67.21, 2.06, 63.87),
        (73.96, 10.02, 64.32),
        (61.62, 4.83, 57.56),
        (60.83, 4.10, 57.29),
    ],
)
def test_router_arena_scores_are_those_published(accuracy, cost, score):
    assert 100 * published_scores.router_arena_score(accuracy / 100, cost) == pytest.approx(score, abs=0.05)


def duel(score, strong, weak):
    predicted = np.column_stack([score, np.zeros(len(score))])
    return Columns(
        {"predicted": predicted, "outcome": np.column_stack([strong, weak]).astype(float)}, facts={"models": ("s", "w")}
    )


def test_a_constant_recovers_half_of_the_gap_exactly():
    rng = np.random.default_rng(3)
    columns = duel(np.zeros(50), rng.random(50) < 0.8, rng.random(50) < 0.4)
    assert two_models.GapRecovered().compute(columns).value == pytest.approx(0.5, abs=1e-12)
    assert two_models.CallsNeeded(0.3).compute(columns).value == pytest.approx(0.3, abs=1e-12)


def test_the_gap_recovered_is_the_trapezoid_over_all_cuts():
    rng = np.random.default_rng(4)
    score, strong, weak = rng.random(80), rng.random(80) < 0.8, rng.random(80) < 0.5
    gain = (strong.astype(float) - weak)[np.argsort(-score)]
    shares = np.concatenate(([0.0], np.cumsum(gain))) / gain.sum()
    columns = duel(score, strong, weak)
    assert two_models.GapRecovered().compute(columns).value == pytest.approx(np.trapezoid(shares, dx=1 / 80))
    for recovered in (0.2, 0.5, 0.8):
        first = np.flatnonzero(shares >= recovered)[0] / 80
        needed = two_models.CallsNeeded(recovered).compute(columns)
        assert first - 1 / 80 <= needed.value <= first
        assert needed.low <= needed.value <= needed.high


def test_two_of_many_models_have_to_be_named():
    assert "strong=" in two_models.GapRecovered().compute(made()).detail["reason"]
    assert "'zz'" in two_models.GapRecovered("zz", "a").compute(made()).detail["reason"]
