"""Published figures held against the intervals of models evaluated here."""

import json
import math
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest

from harness.leaderboard.board import Board, BoardEntry, Column
from harness.leaderboard.published_places import ABOVE, BELOW, INSIDE, UNKNOWN, against_published, place_of
from harness.results.published import read_published
from harness.stats import Estimate


def estimate(low, high):
    return Estimate((low + high) / 2, 0.01, low, high, 100)


def published(tmp_path, text, name="published.yaml"):
    file = tmp_path / name
    file.write_text(text, "utf-8")
    return {row.result.model: row.rounded_from for row in read_published(file)}


def test_a_figure_means_all_values_that_are_rounded_to_it(tmp_path):
    ranges = published(
        tmp_path,
        """\
source: them
figures:
  three: {"t:accuracy": 0.623}
  zero: {"t:accuracy": 0.620}
  four: {"t:accuracy": 0.6231}
  whole: {"t:accuracy": 1}
""",
    )
    assert ranges == {
        "three": (0.6225, 0.6235),
        "zero": (0.6195, 0.6205),
        "four": (0.62305, 0.62315),
        "whole": (0.99995, 1.00005),  # says nothing of its decimals: as many as the others of its column
    }


def test_numbers_of_json_have_the_decimals_of_their_column(tmp_path):
    rows = [{"model": f"m{v}", "task": "t", "metric": "accuracy", "value": v} for v in (0.5, 0.62, 0.623)]
    ranges = published(tmp_path, "".join(json.dumps(row) + "\n" for row in rows), "published.jsonl")
    assert ranges == {"m0.5": (0.4995, 0.5005), "m0.62": (0.6195, 0.6205), "m0.623": (0.6225, 0.6235)}


def test_csv_says_the_zeros_at_the_end(tmp_path):
    text = "model,task,metric,value\na,t,accuracy,0.50\nb,t,accuracy,0.623\n"
    assert published(tmp_path, text, "published.csv") == {"a": (0.495, 0.505), "b": (0.6225, 0.6235)}


@pytest.mark.parametrize("decimals", [1, 2, 3])
def test_places_agree_with_trying_all_values_that_are_rounded_to_the_figure(decimals):
    rng = np.random.default_rng(decimals)
    unit, fine = Decimal(1).scaleb(-decimals), Decimal(1).scaleb(-decimals - 2)
    for _ in range(300):
        written = Decimal(int(rng.integers(0, 10**decimals))) * unit
        low, high = sorted(Decimal(int(v)) * fine for v in rng.integers(0, 10 ** (decimals + 2), 2))
        meant = [v for k in range(-120, 121) if abs((v := written + k * fine) - written) <= unit / 2]
        assert all(v.quantize(unit, ROUND_HALF_EVEN) == written for v in meant[1:-1])
        wanted = BELOW if all(v < low for v in meant) else ABOVE if all(v > high for v in meant) else INSIDE
        half = unit / 2
        range_ = (float(written - half), float(written + half))
        assert place_of(range_, estimate(float(low), float(high))) == wanted


def test_the_edge_of_an_interval_belongs_to_it():
    assert place_of((0.6225, 0.6235), estimate(0.6235, 0.7)) == INSIDE
    assert place_of((0.6225, 0.6235), estimate(0.5, 0.6225)) == INSIDE
    assert place_of((0.6225, 0.6235), estimate(0.62351, 0.7)) == BELOW
    assert place_of((0.6225, 0.6235), estimate(0.5, 0.62249)) == ABOVE


def test_without_a_figure_or_an_interval_nothing_is_said():
    assert place_of(None, estimate(0.1, 0.2)) == UNKNOWN
    assert place_of((0.1, 0.2), None) == UNKNOWN
    assert place_of((0.1, 0.2), Estimate(0.5, math.nan, math.nan, math.nan, 3)) == UNKNOWN


def test_a_board_says_of_every_own_model_where_the_published_figures_lie():
    columns = [Column("t:accuracy", "t accuracy", "fraction", True), Column("t:brier", "t brier", "fraction", False)]
    own = {"t:accuracy": estimate(0.5, 0.6)}
    theirs = [
        BoardEntry(name, {"t:accuracy": Estimate(value, *[math.nan] * 3, 0)}, {}, 0, published=("them",))
        for name, value in (("low", 0.4), ("in", 0.55), ("high", 0.7))
    ]
    for entry in theirs:
        value = entry.figures["t:accuracy"].value
        entry.rounded_from["t:accuracy"] = (value - 0.05, value + 0.04)
    theirs.append(BoardEntry("other", {}, {}, 0, published=("them",)))
    board = Board("b", "", columns, [theirs[2], BoardEntry("mine", own, {}, 0, rank=1), *theirs[:2], theirs[3]])
    assert against_published(board) == {
        "models": ["high", "low", "in", "other"],
        "places": {"t:accuracy": {"mine": "><= "}},
    }
    board.entries = [entry for entry in board.entries if not entry.published]
    assert against_published(board) == {}
