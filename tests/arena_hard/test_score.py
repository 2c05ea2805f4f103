"""The score against plain sums, its published interval, and what is refused or said."""

import math

import numpy as np
import pytest
from harness_plugins.arena_hard.score import ArenaHardScore, games_of
from harness_plugins.arena_hard.score_compat import ArenaHardScoreCompat

from harness.metric import Columns

NAN = math.nan


def columns(better, degree=None, order="both", answered=None):
    games = np.array(better, dtype=float)
    degrees = np.where(games == 0.5, 0.0, 1.0) if degree is None else np.array(degree, dtype=float)
    told = np.ones(games.shape) if answered is None else np.array(answered, dtype=float)
    return Columns({"candidate_better": games, "degree": degrees, "duel_answered": told}, facts={"order": order})


def drawn(n, seed=0):
    rng = np.random.default_rng(seed)
    games = rng.choice([0.0, 0.5, 1.0], (n, 2))
    return columns(games, np.where(games == 0.5, 0, rng.integers(1, 3, (n, 2))))


def test_a_strong_verdict_counts_three_times_and_a_tie_half():
    rows = columns([[1, 0], [0.5, 1]], [[2, 1], [0, 1]])
    assert ArenaHardScore().compute(rows).value == pytest.approx((3 + 0 + 0.5 + 1) / (3 + 1 + 1 + 1))
    assert ArenaHardScore(weight=1).compute(rows).value == pytest.approx(2.5 / 4)


def test_the_influences_are_those_of_leaving_a_prompt_out():
    rows = drawn(40)
    part = ArenaHardScore().linearise(rows)
    assert abs(part.influence.sum()) < 1e-9
    for i in (0, 7, 39):
        rest = np.arange(40) != i
        moved = part.value - ArenaHardScore().linearise(rows.take(rest)).value
        assert moved == pytest.approx(part.influence[i] / 40, rel=0.1, abs=1e-4)


def test_copies_of_every_prompt_and_game_add_no_certainty():
    rows = drawn(60)
    single = columns(rows.values["candidate_better"][:, :1].repeat(2, axis=1))
    alone = columns(
        np.column_stack([single.values["candidate_better"][:, 0], np.full(60, NAN)]), order="candidate-first"
    )
    assert ArenaHardScore(1).compute(single).stderr == pytest.approx(ArenaHardScore(1).compute(alone).stderr)


def test_verdicts_without_degrees_are_refused_and_not_taken_for_slight_ones():
    rows = columns([[1, 0], [0.5, 0.5]], [[NAN, NAN], [NAN, NAN]])
    for metric in (ArenaHardScore(), ArenaHardScoreCompat()):
        found = metric.compute(rows)
        assert math.isnan(found.value)
        assert "2 of 4 verdicts" in found.detail["reason"]
        assert "weight=1" in found.detail["reason"]
    assert ArenaHardScore(weight=1).compute(rows).value == 0.5
    assert ArenaHardScore().compute(columns([[0.5, 0.5]] * 3, [[NAN, NAN]] * 3)).value == 0.5  # ties need none


def test_a_failed_game_is_missing_and_neither_lost_nor_the_end_of_its_prompt():
    rows = columns([[1, NAN], [0, 1], [NAN, NAN]], [[1, NAN], [1, 1], [NAN, NAN]], answered=[[1, 0], [1, 1], [0, 0]])
    found = ArenaHardScore().compute(rows)
    assert (found.value, found.n, found.n_failed) == (pytest.approx(2 / 3), 2, 1)
    assert "1 of 2 prompts have a verdict in one order only" in found.detail["note"]


def test_nothing_read_says_whether_it_failed_or_could_not_be_read():
    nothing = [[NAN, NAN]] * 2
    assert ArenaHardScore().compute(columns(nothing, nothing)).detail["reason"] == "no verdict could be read"
    failed = ArenaHardScore().compute(columns(nothing, nothing, answered=[[0, 0]] * 2))
    assert failed.detail["reason"] == "every request failed"


@pytest.mark.parametrize(("better", "value"), [(0.5, 0.5), (1.0, 1.0), (0.0, 0.0)])
def test_all_ties_and_a_separated_model_have_a_score_and_an_interval(better, value):
    found = ArenaHardScore().compute(columns(np.full((30, 2), better)))
    assert found.value == value
    assert found.low <= value <= found.high
    assert ("ties" in str(found.detail.get("note", ""))) == (better == 0.5)
    if better != 0.5:
        assert 0.05 < found.high - found.low < 0.2  # none of 30 prompts is not none of all


def test_the_published_interval_is_that_of_votes_resampled_one_by_one():
    rows = drawn(500, 3)
    credit, weights = games_of(rows, 3)
    votes = np.repeat(credit.ravel(), weights.ravel().astype(int))
    error = votes.std() / math.sqrt(len(votes))
    found = ArenaHardScoreCompat(rounds=20_000).compute(rows, confidence=0.5, seed=1)
    assert found.stderr == pytest.approx(error, rel=0.02)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * error, rel=0.03)
    assert found.confidence == 0.95  # whatever was asked for
    second = ArenaHardScoreCompat("v2.0", rounds=20_000).compute(rows, seed=1)
    assert (second.high - second.low) / 2 == pytest.approx(1.645 * error, rel=0.03)
    assert second.confidence == 0.90
    assert second.value == pytest.approx(found.value, abs=0.001)
    assert second.value != found.value  # the mean of resampled scores


def test_the_draws_follow_from_the_seed():
    rows = drawn(50)
    one, same, other = (ArenaHardScoreCompat().compute(rows, seed=seed) for seed in (4, 4, 5))
    assert (one.low, one.high) == (same.low, same.high) != (other.low, other.high)


@pytest.mark.slow
def test_the_interval_covers_and_the_published_one_does_not():
    rng = np.random.default_rng(0)
    covered = np.zeros(2)
    rounds = 2000
    # Both games of a prompt agree mostly; strong ones are as likely on either side, so that the truth is one half.
    for _ in range(rounds):
        lean = rng.normal(size=(200, 1)) + 0.5 * rng.normal(size=(200, 2))
        games = np.where(np.abs(lean) < 0.3, 0.5, (lean > 0).astype(float))
        rows = columns(games, np.digitize(np.abs(lean), [0.3, 1.0]))
        for i, metric in enumerate((ArenaHardScore(), ArenaHardScoreCompat())):
            found = metric.compute(rows)
            covered[i] += found.low <= 0.5 <= found.high
    right, published = 100 * covered / rounds
    assert 93.5 <= right <= 96.5
    assert published < 85
