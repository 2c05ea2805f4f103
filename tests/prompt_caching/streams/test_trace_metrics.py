"""Metrics of the trace: perfect scorers, ties, influences against leaving items out."""

from __future__ import annotations

import numpy as np
import pytest
from harness_plugins.prompt_caching.policy_metrics import (
    CacheCostSaved,
    CacheEfficiency,
    CacheErrorGrowth,
    CacheErrorRate,
    CacheGainOverStatic,
    CacheHitRate,
    CacheMoneySaved,
    CachePrecision,
    CacheSecondsSaved,
)
from harness_plugins.prompt_caching.stream import NONE
from harness_plugins.prompt_caching.trace_metrics import (
    HitRateAtError,
    MatchAuroc,
    MatchAveragePrecision,
    PrecisionAtHitRatio,
    PrecisionHitArea,
)

from harness import Columns


def drawn(n=4000, seed=0, none=0):
    draw = np.random.default_rng(seed)
    similarity = draw.random(n)
    right = (draw.random(n) < similarity).astype(float)
    similarity[:none], right[:none] = NONE, 0
    return Columns({"similarity": similarity, "right": right})


@pytest.mark.parametrize("p", [0.2, 0.45, 0.9])
def test_a_perfect_similarity_reaches_p_times_one_less_its_logarithm(p):
    n = 20_000
    right = (np.arange(n) < p * n).astype(float)
    for points in (101, 0):
        estimate = PrecisionHitArea(points).compute(Columns({"similarity": right + 0.0, "right": right}))
        # Equal similarities are not parted: within the right ones the precision is 1 whatever the order.
        assert estimate.value == pytest.approx(p * (1 - np.log(p)), abs=2e-3)
        assert estimate.detail["perfect"] == pytest.approx(p * (1 - np.log(p)))


@pytest.mark.parametrize(
    "metric",
    [PrecisionHitArea(0), PrecisionAtHitRatio(0.3), HitRateAtError(0.1), HitRateAtError(0.2, "hit"), MatchAuroc()],
)
def test_the_standard_error_is_that_of_streams_drawn_anew(metric):
    values, errors = [], []
    for seed in range(120):
        estimate = metric.compute(drawn(1500, seed, none=100))
        values.append(estimate.value)
        errors.append(estimate.stderr)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.25)


def test_a_threshold_takes_equal_similarities_together():
    columns = Columns({"similarity": np.array([0.9, 0.5, 0.5, 0.5]), "right": np.array([1.0, 1, 1, 0])})
    assert HitRateAtError(0.2).compute(columns).value == 0.25
    assert HitRateAtError(0.25).compute(columns).value == 1
    assert HitRateAtError(0.25, "hit").compute(columns).value == 1
    assert HitRateAtError(0.25).compute(columns).detail["threshold"] == 0.5


def test_what_has_no_earlier_prompt_is_no_hit():
    columns = drawn(1000, none=500)
    assert HitRateAtError(0.999).compute(columns).value == 0.5
    alone = Columns({name: values[500:] for name, values in columns.values.items()})
    for metric in (MatchAuroc(), MatchAveragePrecision()):
        assert metric.compute(columns).value == metric.compute(alone).value
    assert "500 of 1000" in PrecisionAtHitRatio(0.9).compute(columns).detail["reason"]
    nothing = Columns({"similarity": np.full(5, NONE), "right": np.zeros(5)})
    assert HitRateAtError().compute(nothing).value == 0
    assert MatchAuroc().compute(nothing).detail["reason"]


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_one_class_only_is_said(right):
    columns = Columns({"similarity": np.linspace(0, 1, 10), "right": np.full(10, right)})
    assert MatchAuroc().compute(columns).detail["reason"]
    assert PrecisionHitArea().compute(columns).value == pytest.approx(right, abs=0.02)


FACTS = {"policies": ["a", "b"], "described": ["a (all)", "b (all)"], "cache_of": [0, 0], "static_thresholds": 2}


def policies():
    hit = np.array([[0, 0], [1, 0], [1, 1], [1, 1]], dtype=float)
    right = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], dtype=float)
    values = {
        "hit": hit,
        "hit_right": right,
        "possible": np.array([0.0, 1, 1, 1]),
        "cost": np.array([1.0, 2, 3, 4]),
        "latency": np.array([5.0, 5, 5, 5]),
        "asked_verifier": np.array([[0, 0], [0, 1], [0, 0], [0, 0]], dtype=float),
        "static_hit": np.array([[0, 0], [0, 1], [0, 1], [1, 1]], dtype=float),
        "static_right": np.array([[0, 0], [0, 1], [0, 0], [1, 1]], dtype=float),
    }
    return Columns(values, facts={**FACTS, "verifier_latency": 2.0, "lookup_latency": 0.5})


@pytest.mark.parametrize(
    ("metric", "first", "second"),
    [
        (CacheHitRate, 0.75, 0.5),
        (CacheErrorRate, 0.25, 0.0),
        (CachePrecision, 2 / 3, 1.0),
        (CacheEfficiency, 1 / 3, 2 / 3),
        (CacheCostSaved, 0.9, 0.7),
        (CacheMoneySaved, 9 / 4, 7 / 4),
        (CacheSecondsSaved, 15 / 4 - 0.5, 10 / 4 - 0.5 - 0.5),
        (CacheErrorGrowth, 0.5, 0.0),
        (CacheGainOverStatic, 0.0, 0.25),
    ],
)
def test_each_policy_has_its_figures(metric, first, second):
    columns = policies()
    assert metric().compute(columns).value == pytest.approx(first)
    for name in ("b", "1"):
        estimate = metric(name).compute(columns)
        assert estimate.value == pytest.approx(second)
        assert estimate.detail["note"] == "b (all)"
    assert "'c'" in metric("c").compute(columns).detail["reason"]


def test_static_thresholds_are_mixed_to_the_error_that_is_allowed():
    columns = policies()
    assert CacheGainOverStatic("0", budget=0.125).compute(columns).value == pytest.approx(0.75 - 0.5)
    assert CacheGainOverStatic("0", budget=0.9).compute(columns).value == pytest.approx(0.0)
    none = Columns(columns.values, facts={**columns.facts, "static_thresholds": 0})
    assert "hindsight" in CacheGainOverStatic().compute(none).detail["reason"]
    unknown = Columns({**columns.values, "cost": np.full(4, np.nan)}, facts=columns.facts)
    assert "costs" in CacheCostSaved().compute(unknown).detail["reason"]
