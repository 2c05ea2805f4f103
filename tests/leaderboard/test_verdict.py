"""What a leaderboard says in its first sentence."""

import json

import pytest

from harness.leaderboard import render
from harness.leaderboard.board import Board, BoardEntry, Column
from harness.leaderboard.verdict import verdict_of
from harness.stats import Estimate

COLUMN = Column("suite/t:accuracy", "t accuracy", "fraction", True)


def entry(model, value, *, rank=1, tied=False, chance=None, spread=0.05, **more):
    estimate = Estimate(value, spread / 2, value - spread, value + spread, 300, chance=chance)
    return BoardEntry(model, {COLUMN.key: estimate}, {}, 0, rank, rank, rank, tied, **more)


def lacking(model, **more):
    return BoardEntry(model, {}, {}, 0, missing_tasks=("suite/more",), **more)


def said(*entries):
    board = Board("suite", "", [COLUMN], list(entries), ranking=COLUMN.key, tasks=("suite/t", "suite/more"))
    return verdict_of(board)


A, B, C = (entry(name, value, rank=i + 1) for i, (name, value) in enumerate([("a", 0.7), ("b", 0.6), ("c", 0.5)]))
TIED = [entry(name, 0.7, rank=i + 1, tied=True) for i, name in enumerate("abc")]
LAST = [entry(name, 0.5, rank=i + 4) for i, name in enumerate("de")]


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ([entry("a", 0.7, tied=True), B, C], "a is best of three: t accuracy 70.00 [65.0, 75.0]"),
        ([*TIED, *LAST], "Three of five are tied for first (a, b, c); no single best"),
        (TIED, "All three are tied for first (a, b, c); no single best"),
        ([entry("a", 0.7, tied=True)], "a is the only model: t accuracy 70.00 [65.0, 75.0]"),
        ([lacking("a"), lacking("b")], "No model is ranked: each lacks a task"),
        ([lacking("a")], "No model is ranked: a lacks a task"),
        (
            [lacking("a", failed_tasks={"suite/more": "no memory"})],
            "No model is ranked: a lacks a task; a failed on a task",
        ),
        (
            [entry("a", 0.7, tied=True), B, lacking("c")],
            "a is best of two models with every task: t accuracy 70.00 [65.0, 75.0]; 1 other lacks a task",
        ),
        (
            [A, B, lacking("c", ahead_of_best=("suite/more:accuracy",))],
            "No best is named: c, not ranked, is significantly ahead of a on a shared task; 1 of 3 models lacks a task",
        ),
        (
            [entry("a", 0.52, tied=True, chance=0.5), entry("b", 0.49, rank=2, tied=True, chance=0.5)],
            "Neither of the two models is distinguishable from chance (50)",
        ),
        (
            [entry("a", 0.27, tied=True, chance=0.25), entry("b", 0.52, rank=2, chance=0.5)],
            "Neither of the two models is distinguishable from chance (25 to 50)",
        ),
        (
            [entry("a", 0.52, tied=True, chance=0.5), entry("b", 0.3, rank=2, chance=0.5)],
            "a is best of two: t accuracy 52.00 [47.0, 57.0]; not distinguishable from chance (50)",
        ),
        (
            [entry("a", 0.3, tied=True, chance=0.5), entry("b", 0.2, rank=2, chance=0.5)],
            "a is best of two: t accuracy 30.00 [25.0, 35.0]; worse than chance (50)",
        ),
        (
            [entry("a", 0.57, tied=True, chance=0.5), entry("b", 0.54, rank=2, tied=True, chance=0.5)],
            "Both are tied for first (a, b); no single best; b: not distinguishable from chance (50)",
        ),
        (
            [entry("a", 0.7, rank=None, published=("a paper",))],
            "No model is evaluated here; all figures are published ones",
        ),
        (
            [entry("a", 0.9, rank=None, published=("a paper",)), *TIED[:2]],
            "Both models evaluated here are tied for first (a, b); no single best",
        ),
        (
            [entry("a", 0.9, rank=None, published=("a paper",)), entry("b", 0.7, tied=True), C],
            "b is best of two models evaluated here: t accuracy 70.00 [65.0, 75.0]",
        ),
        (
            [*TIED[:2], lacking("c")],
            "Both models with every task are tied for first (a, b); no single best; 1 other lacks a task",
        ),
        (
            [entry("a", 0.7, tied=True), lacking("c")],
            "a is the only model with a rank: t accuracy 70.00 [65.0, 75.0]; 1 other lacks a task",
        ),
        ([], ""),
    ],
)
def test_a_board_says_its_result_in_a_sentence(entries, sentence):
    assert said(*entries) == sentence


def test_the_one_task_of_a_board_is_not_named_again():
    board = Board("suite/t", "", [COLUMN], [entry("a", 0.7, tied=True), B], ranking=COLUMN.key, tasks=("suite/t",))
    assert verdict_of(board) == "a is best of two: accuracy 70.00 [65.0, 75.0]"


def test_no_more_than_four_of_those_tied_are_named():
    tied = [entry(name, 0.7, rank=i + 1, tied=True) for i, name in enumerate("abcdefghijklmn")]
    assert said(*tied) == "All 14 are tied for first (a, b, c, d and 10 more); no single best"


@pytest.mark.parametrize("format_", ["table", "markdown", "html", "json"])
def test_every_format_says_it_first(format_):
    board = Board("suite", "What it is.", [COLUMN], [entry("<a>", 0.7, tied=True), B], ranking=COLUMN.key)
    board.verdict = verdict_of(board)
    text = render(board, format_)
    if format_ == "json":
        assert json.loads(text)["verdict"] == "<a> is best of two: t accuracy 70.00 [65.0, 75.0]"
    else:
        assert text.index("is best of two") < text.index("What it is.")
    assert ("<a>" in text) == (format_ in ("table", "json"))
