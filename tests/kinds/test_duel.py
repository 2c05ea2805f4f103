"""What duels ask for, and what they make of the answers."""

import numpy as np
import pytest

from harness import Completion, Conversation, Failure, Pair, Verdict
from harness.kinds import duel, style
from harness.kinds.duel import BASELINE_FIRST, CANDIDATE_FIRST, STYLE_COLUMNS, Duel
from harness.kinds.duel_metrics import PositionGap
from harness.metric import Columns
from harness.task import Answers, Definition, Item, ItemFigures

NAN = float("nan")
FAILED = Failure("no answer")


def task(**options):
    return Duel(Definition("suite/duels", options=options))


def item(number=0, baseline="the baseline's"):
    return Item(str(number), {"prompt": Conversation.user(f"Question {number}?"), "baseline": baseline})


def written(text):
    return Answers("generate", (), [FAILED if text is None else (Completion(text),)])


def row(a_task, an_item, text, *verdicts):
    return a_task.row(an_item, [written(text), Answers("compare", (), verdicts)])


def test_the_model_answers_and_the_judge_sees_both_orders():
    a_task, one = task(max_tokens=7, temperature=0.5, seed=3), item()
    (generation,) = a_task.requests(one, 0, "generate", ())
    assert (generation.prompt, generation.sampling.max_tokens) == (one.fields["prompt"], 7)
    assert (generation.sampling.temperature, generation.sampling.seed) == (0.5, 3)
    pairs = a_task.requests(one, 1, "compare", [written("mine")])
    prompt = one.fields["prompt"]
    assert pairs == [Pair(prompt, "the baseline's", "mine"), Pair(prompt, "mine", "the baseline's")]
    assert [pair.origin.positions for pair in pairs] == [(0, 1), (1, 0)]


@pytest.mark.parametrize(
    ("order", "games"), [("candidate-first", (CANDIDATE_FIRST,)), ("candidate-second", (BASELINE_FIRST,))]
)
def test_one_order_asks_one_game(order, games):
    a_task = task(order=order)
    assert a_task.games(item()) == games
    (pair,) = a_task.requests(item(), 1, "compare", [written("mine")])
    assert pair.origin.positions == ((1, 0) if games == (CANDIDATE_FIRST,) else (0, 1))


def test_the_seeded_order_is_the_same_for_every_model_and_about_even():
    drawn = [task(order="seeded").games(item(n)) for n in range(400)]
    assert drawn == [task(order="seeded", temperature=1.0).games(item(n)) for n in range(400)]
    assert 160 < sum(games == (CANDIDATE_FIRST,) for games in drawn) < 240
    assert drawn != [task(order="seeded", order_seed=1).games(item(n)) for n in range(400)]


# The judge says p_first of what it is shown: the baseline first, then the candidate first.
@pytest.mark.parametrize(
    ("verdicts", "better", "answered"),
    [
        ((0.0, 1.0), [1.0, 1.0], [1, 1]),
        ((1.0, 0.0), [0.0, 0.0], [1, 1]),
        ((1.0, 1.0), [0.0, 1.0], [1, 1]),  # always what is shown first
        ((0.75, 0.5), [0.25, 0.5], [1, 1]),
        ((None, 0.5), [NAN, 0.5], [1, 1]),  # unreadable
        ((FAILED, 0.5), [NAN, 0.5], [0, 1]),
    ],
)
def test_verdicts_become_the_probability_that_the_candidate_is_better(verdicts, better, answered):
    given = [v if isinstance(v, Failure) else Verdict(v) for v in verdicts]
    made = row(task(), item(), "mine", *given)
    np.testing.assert_equal(made["candidate_better"], np.array(better))
    np.testing.assert_equal(made["duel_answered"], np.array(answered, dtype=float))
    assert np.isnan(made["degree"]).all()


def test_a_verdict_with_a_label_has_a_degree():
    assert duel.read(Verdict(0.0, "", "slightly second"), BASELINE_FIRST) == (1.0, 1.0)
    assert duel.read(Verdict(1.0, "", "first"), BASELINE_FIRST) == (0.0, 2.0)


def test_equal_texts_are_a_tie_without_asking_and_an_empty_answer_is_judged():
    a_task, one = task(order="candidate-first"), item()
    assert a_task.requests(one, 1, "compare", [written("the baseline's")]) == []
    made = row(a_task, one, "the baseline's")
    np.testing.assert_equal(made["candidate_better"], [NAN, 0.5])
    np.testing.assert_equal(made["degree"], [NAN, 0.0])
    assert [pair.first for pair in a_task.requests(one, 1, "compare", [written("")])] == [""]
    assert row(a_task, one, "", Verdict(0.0))["candidate_characters"] == 0.0


def test_a_failed_answer_is_not_judged_and_has_no_figure():
    a_task, one = task(), item()
    assert a_task.requests(one, 1, "compare", [written(None)]) == []
    made = row(a_task, one, None)
    assert np.isnan(made["candidate_better"]).all()
    np.testing.assert_equal(made["duel_answered"], [0.0, 0.0])
    assert np.isnan(made["candidate_characters"])
    assert made["baseline_characters"] == len("the baseline's")


def test_a_row_has_a_figure_for_every_column():
    assert set(row(task(), item(), "mine", Verdict(0.0), Verdict(1.0))) == set(Duel.columns)
    assert STYLE_COLUMNS[0] == "candidate_characters"


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("", (0, 0, 0, 0)),
        ("plain\n\n# One\n### Three\n####### seven\n#no blank", (46, 2, 0, 0)),
        ("- a\n  * b\n+ c\n1. d\n12) e", (24, 0, 4, 0)),
        ("**bold** and __bold__, not ** or *slight*", (41, 0, 0, 2)),
        ("```\n# code\n- code\n**code**\n```\n# prose", (38, 1, 0, 0)),
        ("```\n# a `quoted` word\n```", (25, 1, 0, 0)),  # as published: not taken for a fence
    ],
)
def test_style_is_counted_outside_fences(text, counted):
    assert style.counts(text) == counted


def columns(better, answered=None, **facts):
    better = np.array(better, dtype=float)
    return Columns({"candidate_better": better, "duel_answered": np.ones(better.shape)} | (answered or {}), facts=facts)


def test_with_both_orders_an_item_with_one_verdict_counts_nothing_and_with_one_order_it_counts(metric):
    games = [[1.0, NAN], [0.0, 1.0], [0.0, NAN]]
    both = metric("duel_win_rate").compute(columns(games, order="both"))
    assert (both.value, both.n, both.n_failed) == (0.5, 1, 2)
    assert metric("duel_win_rate").compute(columns(games, order="seeded")).value == pytest.approx(1.5 / 3)
    nothing = metric("duel_win_rate").compute(columns([[1.0, NAN]], order="both"))
    assert nothing.detail == {"reason": "no verdict could be read in both orders"}


def test_the_position_gap_of_one_order_an_item_is_between_items(metric):
    games = [[0.1, NAN], [0.3, NAN], [NAN, 0.6], [NAN, 0.8], [NAN, 0.7]]
    estimate = metric("duel_position_gap").compute(columns(games, order="seeded"))
    assert estimate.value == pytest.approx(0.7 - 0.2)
    assert estimate.detail["shown first"] == pytest.approx(0.7)
    one = metric("duel_position_gap").compute(columns(games[:2], order="candidate-second"))
    assert "one order only" in one.detail["reason"]


def test_all_ties_are_said(metric):
    assert metric("duel_win_rate").compute(columns([[0.5, 0.5]] * 3)).detail["constant"] == "all 3 duels are ties"


def test_a_duel_is_told_by_its_verdicts():
    told = duel.told(ItemFigures(columns([[0.9, 0.2]]), 0))
    assert told.judged == "right"
    assert "prefers the answer with the answer shown second" in told.sentence
    assert duel.told(ItemFigures(columns([[NAN, NAN]]), 0)).judged == ""


@pytest.mark.slow
@pytest.mark.parametrize("order", ["both", "seeded"])
def test_the_interval_of_the_position_gap_holds(order):
    rng, held, rounds, n = np.random.default_rng(0), 0, 1500, 80
    for _ in range(rounds):
        worth = rng.normal(0, 1, n)
        games = 1 / (1 + np.exp(-(worth[:, None] + np.array([-0.4, 0.4]) + rng.normal(0, 0.7, (n, 2)))))
        if order == "seeded":
            games[np.arange(n), rng.integers(0, 2, n)] = NAN
        estimate = PositionGap().compute(columns(games, order=order))
        held += estimate.low <= TRUE_GAP <= estimate.high
    assert 0.935 <= held / rounds <= 0.965


def _true_gap():
    grid = np.linspace(-12, 12, 40_001)
    spread = np.sqrt(1 + 0.7**2)
    weight = np.exp(-0.5 * (grid / spread) ** 2)
    mean = [float((weight / (1 + np.exp(-(grid + shift)))).sum() / weight.sum()) for shift in (-0.4, 0.4)]
    return mean[1] - mean[0]


TRUE_GAP = _true_gap()
