"""Figures on real streams, frozen: one order of CLINC150, NQ-open, and policies on them."""

from __future__ import annotations

import numpy as np
import pytest
from harness_plugins.prompt_caching.lookup import Ranked, Ranking, Stored
from harness_plugins.prompt_caching.match_trace import neighbours_of, trace_of
from harness_plugins.prompt_caching.policy import Static
from harness_plugins.prompt_caching.pooled import Pooled
from harness_plugins.prompt_caching.replay import CacheSettings, replay
from harness_plugins.prompt_caching.trace_metrics import HitRateAtError, MatchAuroc, PrecisionHitArea
from harness_plugins.prompt_caching.verified import Verified

from harness import Columns


def columns_of(trace):
    return Columns({"similarity": trace.similarity, "right": trace.right.astype(float)}, ordered=True)


@pytest.fixture(scope="module")
def trace(clinc):
    return trace_of(clinc)


def test_the_frozen_stream_of_clinc(trace):
    columns = columns_of(trace)
    assert trace.right.mean() == pytest.approx(0.6845, abs=1e-3)
    assert MatchAuroc().compute(columns).value == pytest.approx(0.8812, abs=1e-3)
    for points in (101, 0):
        assert PrecisionHitArea(points).compute(columns).value == pytest.approx(0.8991, abs=1e-3)
    for threshold, hits, precision, error in (
        (0.7, 0.5284, 0.9250, 0.0396),
        (0.8, 0.3725, 0.9624, 0.0140),
        (0.9, 0.1944, 0.9841, 0.0031),
        (0.95, 0.0800, 0.9909, 0.0007),
    ):
        hit = trace.hits(threshold)
        assert hit.mean() == pytest.approx(hits, abs=1e-3)
        assert trace.right[hit].mean() == pytest.approx(precision, abs=1e-3)
        assert (hit & ~trace.right).mean() == pytest.approx(error, abs=1e-3)
    for budget, hits in ((0.01, 0.3431), (0.02, 0.4276), (0.05, 0.5664), (0.1, 0.6964)):
        assert HitRateAtError(budget).compute(columns).value == pytest.approx(hits, abs=1e-3)


def test_the_stream_of_questions(questions):
    trace = trace_of(questions)
    assert trace.right.mean() == pytest.approx(0.062, abs=1e-3)
    assert MatchAuroc().compute(columns_of(trace)).value == pytest.approx(0.908, abs=2e-3)
    for threshold, hits, precision in ((0.8, 0.096, 0.407), (0.9, 0.037, 0.573), (0.95, 0.016, 0.667)):
        hit = trace.hits(threshold)
        assert hit.mean() == pytest.approx(hits, abs=1e-3)
        assert trace.right[hit].mean() == pytest.approx(precision, abs=5e-3)


def test_static_thresholds_that_insert_on_a_miss(clinc):
    lists = neighbours_of(clinc, 64)
    for threshold, hits, error in ((0.6, 0.616, 0.1045), (0.7, 0.479, 0.0440), (0.8, 0.340, 0.0136)):
        done = replay(clinc, Static(threshold), lookup=Stored(clinc, lists))
        assert done.hit.mean() == pytest.approx(hits, abs=2e-3)
        assert done.false_hits.mean() == pytest.approx(error, abs=1e-3)


@pytest.mark.slow
def test_a_certain_budget_costs_a_fifth_of_the_hits(clinc):
    ranking, hits = Ranking(clinc.vectors), []
    for seed in range(8):
        order = np.random.default_rng(seed).permutation(5500)
        policy = Pooled(0.02, 0.05)
        done = replay(clinc.take(order), policy, lookup=Ranked(ranking, order), seed=seed)
        assert done.false_hits.mean() <= 0.02
        hits.append(done.hit.mean())
    assert np.mean(hits) == pytest.approx(0.318, abs=0.03)  # the best static threshold in hindsight: 0.383


@pytest.mark.slow
def test_vcache_keeps_its_budget_and_gains_by_inserting_only_what_was_wrong(clinc):
    ranking = Ranking(clinc.vectors)
    rates = {"on-wrong": [], "on-miss": []}
    for seed in range(2):
        order = np.random.default_rng(seed).permutation(5500)
        stream = clinc.take(order)
        for insertion, found in rates.items():
            done = replay(stream, Verified(0.02), CacheSettings(insertion), lookup=Ranked(ranking, order), seed=seed)
            assert done.false_hits.mean() <= 0.02
            found.append(done.hit.mean())
    assert np.mean(rates["on-wrong"]) >= 3 * np.mean(rates["on-miss"])
    assert np.mean(rates["on-wrong"]) == pytest.approx(0.15, abs=0.03)
