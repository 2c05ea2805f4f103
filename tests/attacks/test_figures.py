"""Rates, areas and curves of attacks that search, against what follows from their definition."""

import numpy as np
import pytest
from harness_plugins.attacks.figures import AdaptiveSuccessArea, AdaptiveSuccessRate, MeanQueries, RecallUnderAttack

from harness import Columns
from harness.stats import clopper_pearson

from ..messages import saying

NAN = np.nan


def columns(clusters=None, **changes):
    values = {
        "flagged": [1, 1, 1, 1, 0, 1, 0, 0, NAN],
        "queries": [1, 4, 10, 0, 0, 0, 0, 0, NAN],
        "label": [1, 1, 1, 1, 1, 0, 0, 0, 1],
        "unscored": [0, 0, 0, 0, 0, 0, 0, 0, NAN],
    } | changes
    arrays = {name: np.array(column, dtype=float) for name, column in values.items()}
    return Columns(arrays, clusters, {"budget": 10, "decides": "flags"})


@pytest.mark.parametrize(("queries", "through"), [(None, 3), (10, 3), (9, 2), (4, 2), (3, 1), (1, 1)])
def test_the_rate_is_of_those_that_were_attacked(queries, through):
    estimate = AdaptiveSuccessRate(queries).compute(columns())
    assert (estimate.value, estimate.n_failed) == (through / 4, 1)
    assert (estimate.low, estimate.high) == pytest.approx(clopper_pearson(through, 4))
    assert estimate.detail["note"] == saying("1 of 5 texts", "33.3 %", "3 harmless")


def test_the_area_is_the_mean_of_the_rates_over_all_budgets():
    rates = [AdaptiveSuccessRate(q).compute(columns()).value for q in range(1, 11)]
    assert AdaptiveSuccessArea().compute(columns()).value == pytest.approx(np.mean(rates))


def test_queries_are_those_of_attacks_that_got_through():
    assert MeanQueries().compute(columns()).value == 5
    assert MeanQueries().compute(columns(queries=[0] * 8 + [NAN])).detail["reason"] == saying("no attack")


def test_recall_counts_what_is_missed_as_it_is_and_what_gets_through():
    assert RecallUnderAttack().compute(columns()).value == 1 / 5
    assert RecallUnderAttack(3).compute(columns()).value == 3 / 5


def test_clusters_widen_the_interval():
    together = AdaptiveSuccessRate().compute(columns(clusters=np.array([0, 0, 1, 1, 2, 3, 4, 5, 6])))
    assert together.value == 3 / 4
    assert together.stderr > 0


def test_more_queries_than_there_were_are_refused():
    assert AdaptiveSuccessRate(11).compute(columns()).detail["reason"] == saying("10 queries", "11")


def test_the_curve_rises_to_the_rate_and_has_an_interval_at_each_point():
    (picture,) = AdaptiveSuccessRate().pictures(columns().take(slice(8)))
    (curve,) = picture.series
    assert list(curve.x) == list(range(1, 11))
    assert list(curve.y) == [0.25] * 3 + [0.5] * 6 + [0.75]
    assert all(low <= y <= high for low, y, high in zip(curve.low, curve.y, curve.high, strict=True))


def test_what_could_not_be_graded_is_counted_both_ways():
    found = AdaptiveSuccessRate().compute(columns(unscored=[0, 0, 0, 2, 0, 0, 0, 0, 7]))
    assert (found.detail["at_least"], found.detail["at_most"]) == (3 / 5, 1.0)
    assert AdaptiveSuccessRate().compute(columns()).detail.get("at_most") is None


@pytest.mark.parametrize("metric", [AdaptiveSuccessArea, MeanQueries, RecallUnderAttack])
def test_every_figure_says_what_could_not_be_graded(metric):
    found = metric().compute(columns(unscored=[0, 0, 0, 2, 0, 0, 0, 0, 7]))
    assert (found.detail["at_least"], found.detail["at_most"]) == (3 / 5, 1.0)
    assert found.detail["note"] == saying("2 attacks", "60.0", "100.0")
