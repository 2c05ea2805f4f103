"""The metrics on columns: what they refuse, what they say, and rows that are missing."""

import dataclasses

import numpy as np
import pytest

from harness import BadValue, Columns
from harness.errors import HarnessError

NAN = float("nan")


def without(columns, *rows, **other):
    values = {name: value.copy() for name, value in columns.values.items()} | other
    for name in ("candidate_better", "candidate_characters"):
        values[name][list(rows)] = NAN
    return dataclasses.replace(columns, values=values, _made={})


@pytest.mark.parametrize(
    "name",
    ["lc_win_rate", "lc_win_rate_fixed_c", "lc_win_rate_unregularised", "lc_win_rate_minimal", "lc_win_rate:c=2.5"],
)
def test_a_variant_has_a_figure_inside_its_interval(name, metric, columns):
    estimate = metric(name).compute(columns())
    assert 0 < estimate.low < estimate.value < estimate.high < 1
    assert estimate.stderr > 0
    assert estimate.detail["c"] > 0


def test_the_published_form_has_the_figure_but_not_the_interval(metric, columns):
    right, published = (metric(name).compute(columns()) for name in ("lc_win_rate", "lc_win_rate@compat"))
    assert published.value == pytest.approx(right.value, abs=1e-12)
    assert np.isnan(published.low)
    assert published.stderr < right.stderr


def test_missing_rows_shift_the_difficulty_of_the_published_form_alone(metric, columns):
    whole = columns()
    gap = without(whole, 10)
    kept = np.arange(120) != 10
    shifted = np.append(whole.values["difficulty"][:-1], 0.0)
    moved = whole.values["difficulty"].copy()
    moved[11:] = shifted[10:-1]
    # As published, the 11th row kept is the 12th instruction, and has the difficulty of the 11th.
    expected = metric("lc_win_rate:c=2.0").compute(without(whole, 10, difficulty=moved)).value
    published = metric("lc_win_rate@compat:c=2.0").compute(gap)
    assert (published.n, published.n_failed) == (119, 1)
    assert published.value == pytest.approx(expected, abs=0.02)
    assert published.value != pytest.approx(metric("lc_win_rate:c=2.0").compute(gap).value, abs=1e-6)
    right = metric("lc_win_rate:c=2.0").compute(gap)
    assert right.value == pytest.approx(metric("lc_win_rate:c=2.0").compute(whole.take(kept)).value, abs=1e-12)


def test_a_row_without_a_verdict_is_predicted_in_the_published_form(metric, columns):
    unread = columns()
    unread.values["candidate_better"][5] = NAN
    assert metric("lc_win_rate@compat").compute(unread).n == 120
    assert metric("lc_win_rate").compute(unread).n_failed == 1


def test_the_baseline_itself_has_50_by_construction(metric, columns):
    n = 40
    games = np.full((n, 2), NAN)
    games[:, 1] = 0.5
    same = columns(n, candidate_better=games, candidate_characters=np.full(n, 3000.0))
    for name in ("lc_win_rate", "lc_win_rate@compat"):
        assert metric(name).compute(same).value == 0.5
    right = metric("lc_win_rate").compute(same)
    assert (right.low, right.high) == (0.5, 0.5)
    assert "by construction" in right.detail["note"]


def test_what_the_data_lack_is_said(metric, columns):
    nothing = np.full(120, NAN)
    lacking = metric("lc_win_rate").compute(columns(difficulty=nothing))
    assert "no instruction has a difficulty" in lacking.detail["reason"]
    ungamed = metric("lc_win_rate").compute(columns(gamed_verbose=nothing, gamed_concise=nothing))
    assert "lc_win_rate_unregularised" in ungamed.detail["reason"]
    assert np.isfinite(metric("lc_win_rate_minimal").compute(columns(difficulty=nothing)).value)


def test_no_verdict_and_no_answer_are_told_apart(metric, columns):
    games = np.full((120, 2), NAN)
    assert metric("lc_win_rate").compute(columns(candidate_better=games)).detail["reason"] == "no verdict could be read"
    failed = columns(candidate_better=games, duel_answered=np.zeros((120, 2)))
    assert metric("lc_win_rate").compute(failed).detail["reason"] == "every request failed"
    assert metric("lc_win_rate@compat").compute(columns(candidate_better=games)).detail["reason"]


@pytest.mark.parametrize("better", [0.0, 1.0])
def test_all_wins_or_losses_have_a_figure(better, metric, columns):
    games = np.full((120, 2), NAN)
    games[:, 0] = better
    for name in ("lc_win_rate", "lc_win_rate_fixed_c", "lc_win_rate_unregularised", "lc_win_rate@compat"):
        assert abs(metric(name).compute(columns(candidate_better=games)).value - better) < 0.1


def test_a_slice_is_held_by_the_whole_regulariser(metric, columns):
    whole = columns()
    part = whole.take(slice(0, 60))
    alone = Columns({name: value[:60] for name, value in whole.values.items()}, facts=whole.facts)
    figures = [metric("lc_win_rate_fixed_c").compute(rows).value for rows in (part, alone)]
    assert figures[0] != pytest.approx(figures[1], abs=1e-6)


def test_a_figure_far_from_the_plain_win_rate_is_said(metric, columns):
    longer = columns(candidate_characters=3000.0 + np.random.default_rng(0).normal(900, 100, 120))
    assert "far from the plain win rate" in metric("lc_win_rate").compute(longer).detail["note"]


def test_mediators_are_named_by_plus(metric, columns):
    found = metric("lc_win_rate:mediators=lists+bold").compute(columns())
    assert list(found.detail["weights"]) == ["length", "lists", "bold", "difficulty", "model"]
    with pytest.raises((BadValue, HarnessError), match="tables"):
        metric("lc_win_rate:mediators=tables")


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_rows_never_raise(n, metric, columns):
    for name in ("lc_win_rate", "lc_win_rate@compat", "lc_win_rate_minimal"):
        assert 0 <= metric(name).compute(columns(n)).value <= 1
