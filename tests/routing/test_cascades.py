"""Cascades: their expectation against a simulation, influences against derivatives, and what is refused."""

import numpy as np
import pytest
from harness_plugins.routing import cascades, cost_quality
from harness_plugins.routing.hull import area_under

from harness import Columns

METRICS = [
    cascades.CascadeImprovement(0.1),
    cascades.CascadeCostSaved(0.15),
    cascades.ScoredCascadeImprovement(),
    cascades.ScoredCascadeCostSaved(),
    cascades.ScorerError(0.4),
]


def made(n=400, m=4, *, seed=0, between=False):
    """A router, outcomes, costs that rise with the models, and a scorer that knows something."""
    rng = np.random.default_rng(seed)
    ability = np.linspace(-0.5, 1.5, m) - rng.normal(size=(n, 1))
    outcome = (rng.random((n, m)) < 1 / (1 + np.exp(-ability))).astype(float)
    score = np.clip(0.3 + 0.4 * outcome + 0.2 * rng.normal(size=(n, m)), 0, 1)
    if between:
        outcome = 0.7 * outcome + 0.3 * rng.random((n, m))
    values = {
        "predicted": 1 / (1 + np.exp(-ability - 0.5 * rng.normal(size=(n, m)))),
        "outcome": outcome,
        "cost": 0.001 * 3.0 ** np.arange(m) * rng.uniform(0.5, 1.5, (n, 1)),
        "score": score,
        "train_best": np.full(n, m - 1.0),
    }
    return Columns(values, facts={"models": tuple("abcdef"[:m])})


@pytest.mark.parametrize("error", [0.0, 0.15, 0.5])
def test_the_expectation_is_that_of_verdicts_that_are_drawn(error):
    columns, rng = made(60), np.random.default_rng(1)
    outcome, cost = columns.values["outcome"], columns.values["cost"]
    found = cascades.cascade(outcome, cost, cascades.erring(outcome, error))
    rounds, m = 4000, outcome.shape[1]
    paid, got = np.zeros((2, m)), np.zeros((2, m))
    for _ in range(rounds):
        accepted = (outcome >= 0.5) ^ (rng.random(outcome.shape) < error)
        for k in range(m):
            first = np.where(accepted[:, : k + 1].any(axis=1), accepted[:, : k + 1].argmax(axis=1), k)
            paid[0, k] += cost.cumsum(axis=1)[np.arange(60), first].mean()
            got[0, k] += outcome[np.arange(60), first].mean()
    assert found.costs.mean(axis=0) == pytest.approx(paid[0] / rounds, rel=0.01)
    assert found.outcomes.mean(axis=0) == pytest.approx(got[0] / rounds, abs=0.005)


def test_without_error_the_whole_cascade_is_as_good_as_the_oracle():
    columns = made()
    outcome = columns.values["outcome"]
    found = cascades.cascade(outcome, columns.values["cost"], cascades.erring(outcome, 0.0))
    assert found.outcomes[:, -1].tolist() == outcome.max(axis=1).tolist()
    assert found.costs[:, 0].tolist() == columns.values["cost"][:, 0].tolist()


def test_an_evaluator_that_errs_more_is_worth_less_and_the_crossing_is_where_it_says():
    columns = made()
    values = [cascades.CascadeImprovement(error).compute(columns) for error in (0.0, 0.1, 0.2, 0.4)]
    assert values == sorted(values, key=lambda estimate: -estimate.value)
    router = cost_quality.AverageImprovementInQuality().compute(columns).value
    detail = values[1].detail
    assert detail["router"] == pytest.approx(router)
    crossing = detail["crossing"]
    assert 0 < crossing < 0.5
    assert cascades.CascadeImprovement(crossing).compute(columns).value == pytest.approx(router, abs=1e-3)
    assert f"{crossing:.3f}" in detail["note"]


def test_a_scorer_without_error_is_an_evaluator_without_error():
    columns = made()
    values = {**columns.values, "score": columns.values["outcome"]}
    knowing = Columns(values, facts=columns.facts)
    scored = cascades.ScoredCascadeImprovement().compute(knowing).value
    assert scored == pytest.approx(cascades.CascadeImprovement(0.0).compute(columns).value, abs=1e-12)
    assert cascades.ScorerError(0.5).compute(knowing).value == 0


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: type(metric).__name__)
def test_influences_are_those_of_a_question_counted_once_more(metric):
    columns = made(between=not isinstance(metric, cascades.ScorerError), seed=3)
    result, reason = metric.on(columns)
    assert not reason
    assert abs(result.influence.mean()) < 1e-9
    n = len(columns)
    moved = [(metric.on(columns.take(np.append(np.arange(n), i)))[0].value - result.value) * (n + 1) for i in range(40)]
    # A point may leave the hull: then both differ a little.
    assert np.corrcoef(moved, result.influence[:40])[0, 1] > 0.95
    assert np.isclose(moved, result.influence[:40], atol=0.1 * np.abs(result.influence).max()).mean() >= 0.9


def test_an_area_that_ends_within_a_piece_has_the_slopes_of_its_differences():
    costs, qualities, until = np.array([1.0, 2.0, 4.0]), np.array([0.2, 0.5, 0.6]), 3.0
    area, by_cost, by_quality, by_end = area_under(costs, qualities, until)
    assert area == pytest.approx(0.35 + 0.525)
    step = 1e-6
    for i in range(3):
        for which, slope in ((costs, by_cost[i]), (qualities, by_quality[i])):
            moved = which.copy()
            moved[i] += step
            pair = (moved, qualities) if which is costs else (costs, moved)
            assert (area_under(*pair, until)[0] - area) / step == pytest.approx(slope, abs=1e-5)
    assert (area_under(costs, qualities, until + step)[0] - area) / step == pytest.approx(by_end, abs=1e-5)


def test_what_is_missing_is_said():
    columns = made()
    without = Columns({**columns.values, "score": np.full((400, 4), np.nan)}, facts=columns.facts)
    for metric in METRICS[2:]:
        estimate = metric.compute(without)
        assert np.isnan(estimate.value)
        assert "'scores'" in estimate.detail["reason"]
    cost = columns.values["cost"].copy()
    cost[:, 1] = np.nan
    unpriced = Columns({**columns.values, "cost": cost}, facts=columns.facts)
    assert METRICS[0].compute(unpriced).detail["reason"] == "no cost is known of b"


def test_questions_of_which_something_is_unknown_are_left_out_and_counted():
    columns = made()
    columns.values["outcome"][:10, 2] = np.nan
    estimate = METRICS[0].compute(columns)
    assert (estimate.n, estimate.n_failed) == (390, 10)
    whole = METRICS[0].compute(columns.take(np.arange(10, 400)))
    assert estimate.value == pytest.approx(whole.value, abs=1e-12)


def test_cascade_and_router_are_drawn_on_the_same_axes():
    columns = made()
    plane, by_error = METRICS[0].pictures(columns)
    assert [line.name for line in plane.series[:2]] == ["cascade, error 0.1", "router"]
    assert [line.name for line in by_error.series] == ["cascade", "router"]
