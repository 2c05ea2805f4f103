"""The length-controlled win rate, its influences and its interval, against slow computations."""

import numpy as np
import pytest
from harness_plugins.alpaca_eval.fitting import Rows, fit
from harness_plugins.alpaca_eval.length_control import GAMED_WEIGHT, UNSHRUNK_C, design, length_controlled, scaled
from harness_plugins.alpaca_eval.score_interval import score_interval

from harness import stats


def slow(better, differences, difficulty, gamed, weight, c):
    """The figure with each row counted `weight` times, the standard deviation and the mean over instructions too."""
    n = weight.sum()
    mean = weight @ differences / n
    spread = np.sqrt(weight @ (differences - mean) ** 2 / (n - 1))
    features = np.column_stack([np.tanh(differences / spread), difficulty, np.ones(len(better))])
    held = np.column_stack([gamed.lengths, gamed.difficulty, np.zeros(len(gamed.lengths))])
    rows = Rows.of(held, gamed.targets, np.full(len(held), GAMED_WEIGHT)) + Rows.of(features, better, weight)
    w = fit(rows, c)
    return weight @ (1 / (1 + np.exp(-(w[1] * difficulty + w[2])))) / n


def test_the_influence_is_the_derivative_by_the_weight_of_a_row(rows):
    given = rows(80)
    found = length_controlled(design(*given), UNSHRUNK_C)
    step = 1e-4
    for row in range(0, 80, 9):
        one = np.zeros(80)
        one[row] = step
        change = slow(*given, 1 + one, UNSHRUNK_C) - slow(*given, 1 - one, UNSHRUNK_C)
        # A row more is also a larger whole, which is taken off.
        derivative = change / (2 * step)
        every = slow(*given, np.full(80, 1 + step), UNSHRUNK_C) - slow(*given, np.full(80, 1 - step), UNSHRUNK_C)
        assert found.influence[row] / 80 == pytest.approx(derivative - every / (2 * step) / 80, abs=2e-5)


def test_the_standard_error_is_that_of_the_bootstrap(rows):
    better, differences, difficulty, gamed = rows(200, seed=4)
    found = length_controlled(design(better, differences, difficulty, gamed), UNSHRUNK_C)
    rng, values = np.random.default_rng(0), []
    for _ in range(400):
        drawn = rng.integers(0, 200, 200)
        again = design(better[drawn], differences[drawn], difficulty[drawn], gamed)
        values.append(length_controlled(again, UNSHRUNK_C).value)
    assert found.influence.std(ddof=1) / np.sqrt(200) == pytest.approx(np.std(values), rel=0.1)


def test_a_longer_answer_that_wins_by_its_length_is_worth_less(rows):
    better, _, difficulty, gamed = rows(seed=2)
    longer = -np.abs(np.random.default_rng(0).normal(900, 300, len(better)))
    assert length_controlled(design(better, longer, difficulty, gamed), 21.5).value < better.mean() - 0.1


def test_mediators_are_taken_out(rows):
    better, differences, difficulty, gamed = rows(400, seed=6)
    lists = np.where(better > 0.5, -5.0, 0.0)  # the model lists where it wins
    plain = length_controlled(design(better, differences, difficulty, gamed), 21.5)
    without = length_controlled(design(better, differences, difficulty, gamed, lists[:, None]), 21.5)
    assert len(without.weights) == 4
    assert without.value < plain.value - 0.1


def test_equal_lengths_say_nothing(rows):
    better, _, difficulty, gamed = rows()
    found = length_controlled(design(better, np.zeros(len(better)), difficulty, gamed), 21.5)
    assert np.isfinite(found.influence).all()
    assert scaled(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]
    low, high = score_interval(design(better, np.zeros(len(better)), difficulty, gamed), 0.95)
    assert low < found.value < high


@pytest.mark.parametrize("better", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("regularised", [True, False])
def test_verdicts_that_are_all_alike_have_a_figure_and_an_interval(better, regularised, rows):
    _, differences, difficulty, gamed = rows(60)
    made = design(np.full(60, better), differences, difficulty, gamed if regularised else None)
    found = length_controlled(made)
    low, high = score_interval(made, 0.95)
    assert 0 <= low <= high <= 1
    assert abs(found.value - better) < 0.1
    assert high - low < 0.35
    if better != 0.5:
        assert high - low > 0.02


def test_many_instructions_have_the_interval_of_the_influences(rows):
    made = design(*rows(3000, seed=8))
    found = length_controlled(made, UNSHRUNK_C)
    plain = stats.estimate_from_influence(found.value, found.influence, bounds=(0, 1))
    assert score_interval(made, 0.95) == pytest.approx((plain.low, plain.high), abs=0.002)


def test_clusters_widen_the_interval(rows):
    better, differences, difficulty, gamed = rows(100, seed=9)
    twice = design(np.tile(better, 2), np.tile(differences, 2), np.tile(difficulty, 2), gamed)
    alone, together = score_interval(twice, 0.95), score_interval(twice, 0.95, np.tile(np.arange(100), 2))
    assert together[1] - together[0] > 1.25 * (alone[1] - alone[0])


def test_no_difficulty_and_no_regulariser_are_fewer_weights(rows):
    better, differences, _, _ = rows()
    assert len(length_controlled(design(better, differences, None, None), 21.5).weights) == 2
