"""Who is shown to beat what figures are held against, which a board says first."""

import pytest

from harness.leaderboard.board import Board, BoardEntry, Column
from harness.leaderboard.unranked import claim
from harness.leaderboard.verdict import verdict_of
from harness.names.registry import Registry
from harness.stats import Estimate
from harness.tasks.build_metric import build_metric

GAIN = Column("routes:gain", "gain", "fraction", True, "the best constant")
OVER = Column("routes:over", "over", "fraction", True, "the look-up")
ACCURACY = Column("routes:accuracy", "accuracy", "fraction", True)


def entry(model, *, rank=1, tied=False, **values):
    figures = {f"routes:{name}": Estimate(v, 0.01, v - 0.02, v + 0.02, 300) for name, v in values.items()}
    return BoardEntry(model, figures, {}, 0, rank, rank, rank, tied)


def said(*entries, columns=(GAIN,), ranking=GAIN):
    return verdict_of(Board("suite", "", list(columns), list(entries), ranking=ranking.key, tasks=("routes",)))


@pytest.mark.parametrize(
    ("gains", "sentence"),
    [
        ((0.01, -0.05), "None of the two models is shown to beat the best constant"),
        (
            (0.05, -0.05),
            "One of the two models is shown to beat the best constant: a; a is best of two: gain 5.00 [3.0, 7.0]",
        ),
        ((0.02,), "a is not shown to beat the best constant"),  # an interval that begins at 0 does not leave it out
        ((0.03,), "a is shown to beat the best constant; a is the only model: gain 3.00 [1.0, 5.0]"),
        ((-0.05,), "a is not shown to beat the best constant"),
    ],
)
def test_who_beats_the_reference_comes_first(gains, sentence):
    entries = [
        entry(name, gain=gain, rank=i + 1, tied=not i) for i, (name, gain) in enumerate(zip("ab", gains, strict=False))
    ]
    assert said(*entries) == sentence


def test_a_best_one_that_does_not_beat_the_reference_is_said_to():
    wide, sure = entry("a", gain=0.05, tied=True), entry("b", gain=0.04, rank=2, tied=True)
    wide.figures[GAIN.key] = Estimate(0.05, 0.05, -0.05, 0.15, 300)
    assert said(wide, sure) == (
        "One of the two models is shown to beat the best constant: b; Both are tied for first (a, b); no single best"
        "; a: not shown to beat the best constant"
    )


def test_every_reference_is_said_and_a_board_that_ranks_by_another_figure_still_names_the_best():
    first = entry("a", gain=0.05, over=0.0, accuracy=0.7, tied=True)
    second = entry("b", gain=0.04, over=-0.01, accuracy=0.6, rank=2)
    assert said(first, second, columns=(ACCURACY, GAIN, OVER), ranking=ACCURACY) == (
        "Both models are shown to beat the best constant: a, b; none of the two models is shown to beat the look-up; "
        "a is best of two: accuracy 70.00 [68.0, 72.0]"
    )


def test_of_several_columns_with_one_reference_the_ranking_one_decides_and_is_named():
    columns = (Column("other:gain", "other gain", "fraction", True, "the best constant"), GAIN)
    board_entry = entry("a", gain=0.0, tied=True)
    board_entry.figures["other:gain"] = Estimate(0.5, 0.01, 0.48, 0.52, 300)
    assert said(board_entry, columns=columns) == "a is not shown to beat the best constant (by gain)"


def test_where_nobody_beats_the_reference_nobody_is_named_best_anywhere():
    ranked = [entry("a", gain=0.0, tied=True), entry("b", gain=-0.05, rank=2)]
    found = claim(Board("suite", "", [GAIN], ranked, ranking=GAIN.key, tasks=("routes",)))
    assert (found.lead, list(found.named)) == ("None of the two models is shown to beat the best constant", [])


def test_lower_is_better_where_the_metric_says_so():
    lost = Column("routes:gain", "lost", "fraction", False, "the best constant")
    assert said(entry("a", gain=0.05, tied=True), columns=(lost,), ranking=lost).startswith("a is not shown")
    assert said(entry("a", gain=-0.05, tied=True), columns=(lost,), ranking=lost).startswith("a is shown")


def test_a_board_without_references_says_what_it_did():
    assert said(entry("a", accuracy=0.7, tied=True), columns=(ACCURACY,), ranking=ACCURACY).startswith("a is the only")


def test_every_shipped_metric_says_in_words_what_it_is_held_against():
    """An argument of a metric once had the method's name, and a board by it could not be made."""
    registry = Registry()
    needing = {
        "reference_ratio": ":reference=0.864",
        "reference_z": ":mean=0,spread=1",
        "attack_success_at_k": ":k=1",
        "attack_success_rate_rogan_gladen": ":sensitivity=0.9,specificity=0.9",
    }
    names = [entry.name + needing.get(entry.name, "") for entry in registry.entries("metric")]
    said_of = {name: build_metric(registry, name).reference_in_words() for name in names}
    assert {type(words) for words in said_of.values()} == {str}
    assert said_of["cache_gain_over_identical"]
    assert said_of["route_gain"]
