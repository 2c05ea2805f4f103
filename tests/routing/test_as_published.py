"""Metrics as other benchmarks' code computes them, against what their scripts do step by step."""

import numpy as np
import pytest
from harness_plugins.routing import as_published, cost_quality, two_models
from harness_plugins.routing.cost_quality import plane

from harness import Columns

from .test_cascades import made


def duel(n=300, seed=0, score=None):
    rng = np.random.default_rng(seed)
    hard = rng.normal(size=n)
    strong, weak = (rng.random(n) < 1 / (1 + np.exp(hard - shift)) for shift in (1.5, 0.0))
    score = 0.3 * hard + rng.normal(size=n) if score is None else score
    predicted = np.column_stack([score, np.zeros(n)])
    outcome = np.column_stack([strong, weak]).astype(float)
    return Columns({"predicted": predicted, "outcome": outcome}, facts={"models": ("s", "w")})


def their_points(columns, results=10):
    """Shares of calls and accuracies in RouteLLM's way: pandas cuts the scores, every edge is a threshold."""
    import pandas

    score, outcome = columns.values["predicted"][:, 0], columns.values["outcome"]
    _, edges = pandas.qcut(score, results, retbins=True)
    points = []
    for i, edge in enumerate(edges):
        strong = score >= edge if i < len(edges) - 1 else score > edge
        points.append((strong.mean(), np.where(strong, outcome[:, 0], outcome[:, 1]).mean()))
    return np.array(sorted(points)).T


def test_the_gap_recovered_is_that_of_their_script():
    columns = duel()
    calls, accuracy = their_points(columns)
    strong, weak = columns.values["outcome"].mean(axis=0)
    theirs = (np.trapezoid(accuracy, calls) - weak) / (strong - weak)
    ours = as_published.GapRecoveredAsPublished().compute(columns).value
    assert ours == pytest.approx(theirs, abs=1e-12)
    assert ours != two_models.GapRecovered().compute(columns).value
    fine = as_published.GapRecoveredAsPublished(results=299).compute(columns).value
    assert fine == pytest.approx(two_models.GapRecovered().compute(columns).value, abs=5e-3)


def test_the_calls_needed_are_those_of_their_script_and_a_fall_is_said():
    columns = duel(seed=2)
    calls, accuracy = their_points(columns)
    strong, weak = columns.values["outcome"].mean(axis=0)
    for recovered in (0.2, 0.5, 0.8):
        estimate = as_published.CallsNeededAsPublished(recovered).compute(columns)
        assert estimate.value == pytest.approx(
            np.interp(weak + recovered * (strong - weak), accuracy, calls), abs=1e-12
        )
        assert estimate.low <= estimate.value <= estimate.high
    assert ("falls between" in estimate.detail.get("note", "")) == bool((np.diff(accuracy) < 0).any())


def test_equal_scores_are_refused_in_words():
    columns = duel(score=np.arange(300) % 3 / 3)
    for metric in (as_published.GapRecoveredAsPublished(), as_published.CallsNeededAsPublished()):
        estimate = metric.compute(columns)
        assert np.isnan(estimate.value)
        assert "equal" in estimate.detail["reason"]


def test_the_improvement_in_quality_is_that_of_their_functions():
    columns = made(120)
    found = plane(columns)
    inside = found.costs <= found.model_costs.max() * (1 + 1e-12)
    points = np.unique(np.column_stack([found.costs, found.qualities])[inside], axis=0)
    _, last = np.unique(points[:, 0], return_index=True)
    x = points[last, 0]
    y = np.array([points[points[:, 0] == cost, 1].max() for cost in x])
    hull = y.copy()
    for k in range(1, len(x) - 1):  # the highest chord over each point, or the point itself
        left, right = np.arange(k), np.arange(k + 1, len(x))
        part = (x[k] - x[left])[:, None] / (x[right][None, :] - x[left][:, None])
        hull[k] = max(y[k], (y[left][:, None] * (1 - part) + y[right][None, :] * part).max())
    kept = np.concatenate(([True], np.diff(hull) >= 0))
    single = np.argmax(found.model_qualities)
    end = max(x[kept][-1], found.model_costs[single])
    theirs = np.trapezoid(np.append(hull[kept], hull[kept][-1]), np.append(x[kept], end)) / end
    ours = as_published.ImprovementAsPublished().compute(columns).value
    assert ours == pytest.approx(theirs, abs=1e-9)
    assert ours < cost_quality.AverageImprovementInQuality().compute(columns).value


@pytest.mark.parametrize(
    "metric",
    [
        as_published.ImprovementAsPublished(),
        as_published.LargestGain(),
    ],
    ids=lambda metric: type(metric).__name__,
)
def test_influences_are_those_of_a_question_counted_once_more(metric):
    columns = made(between=True, seed=3)
    result, reason = metric.on(columns)
    assert not reason
    assert abs(result.influence.mean()) < 1e-9
    moved = [(metric.on(columns.take(np.append(np.arange(400), i)))[0].value - result.value) * 401 for i in range(40)]
    assert np.isclose(moved, result.influence[:40], atol=0.15 * np.abs(result.influence).max()).mean() >= 0.9


def test_the_error_of_the_gap_recovered_is_that_of_repeated_samples():
    metric = as_published.GapRecoveredAsPublished()
    estimates = [metric.compute(duel(1000, seed)) for seed in range(300)]
    spread = np.std([estimate.value for estimate in estimates])
    assert np.mean([estimate.stderr for estimate in estimates]) == pytest.approx(spread, rel=0.12)


def test_the_largest_gain_is_over_the_best_single_model():
    columns = made()
    found = plane(columns)
    inside = found.costs <= found.model_costs.max() * (1 + 1e-12)
    expected = found.qualities[inside].max() / found.model_qualities.max() - 1
    assert as_published.LargestGain().compute(columns).value == pytest.approx(expected, abs=1e-12)
