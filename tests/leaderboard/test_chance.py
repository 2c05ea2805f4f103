"""Chance levels on their way: from the metric through the store to boards, documents and pages."""

import contextlib
import json
import sqlite3

import numpy as np
import pytest

from harness import build_leaderboard, evaluate
from harness.leaderboard import render
from harness.leaderboard.rendering import board_notes
from harness.metric import Columns, MeanMetric
from harness.results.chance_notes import Shown, against_chance
from harness.running.estimates import estimates
from harness.running.table import Table
from harness.stats import Estimate
from harness.store import StoreReader
from harness.store.cells import latest_cells

AUROC = "suite/texts:auroc"


def poor(i):
    return float((i * 7) % 5)


def backwards(i):
    return -1.0 if i % 2 else 1.0


@pytest.fixture
def lab(suite, detector, tmp_path):
    """The registry and the store of a detector that knows nothing and one that is always wrong."""
    mean = {"name": "mean", "how": "mean", "of": ["suite/texts:auroc", "suite/more:auroc"], "weights": [3, 1]}
    registry, store = suite(aggregates=[mean]), tmp_path / "store.sqlite"
    models = [detector("poor", poor), detector("backwards", backwards)]
    evaluate(models, ["suite/texts", "suite/more"], store=store, registry=registry)
    return registry, store


def entries(lab):
    registry, store = lab
    return {entry.model: entry for entry in build_leaderboard("suite", store=store, registry=registry).entries}


def test_chance_is_filed_with_every_estimate_of_every_domain(lab):
    with StoreReader(lab[1]) as store:
        (cell,) = [cell for cell in latest_cells(store, ["suite/texts"]) if cell.label == "poor"]
    levels = {(r.metric, r.domain): r.estimate.chance for r in cell.results}
    assert {levels["auroc", domain] for domain in ("overall", "one", "two")} == {0.5}
    assert all(level is not None for level in levels.values())


def test_a_mean_has_chance_and_says_what_it_cannot_be_told_from(lab):
    mean = {model: entry.figures["mean"] for model, entry in entries(lab).items()}
    assert mean["poor"].chance == 0.5
    assert (mean["poor"].at_chance, mean["backwards"].at_chance) == (True, False)
    assert mean["backwards"].worse_than_chance(True)


def test_notes_name_what_is_at_chance_and_what_is_worse(lab):
    registry, store = lab
    board = build_leaderboard("suite", store=store, registry=registry)
    said = {note.partition(":")[0]: note for note in board.notes}
    assert "mean (50)" in said["not distinguishable from chance"]
    assert said["not distinguishable from chance"].endswith("poor")
    assert said["worse than chance"].endswith("backwards")
    assert board.verdict.endswith("not distinguishable from chance (50)")


def test_documents_hold_it(lab):
    registry, store = lab
    board = build_leaderboard("suite", store=store, registry=registry)
    figures = {entry["model"]: entry["figures"] for entry in json.loads(render(board, "json"))["entries"]}
    assert (figures["poor"]["mean"]["chance"], figures["poor"]["mean"]["at_chance"]) == (0.5, True)
    assert (figures["backwards"]["mean"]["chance"], figures["backwards"]["mean"]["at_chance"]) == (0.5, False)
    html = render(board, "html")
    assert "at chance" in html
    assert "worse than chance" in html


def test_the_results_of_an_evaluation_hold_it(lab):
    with StoreReader(lab[1]) as reader:
        results = [r for cell in latest_cells(reader, ["suite/texts"]) for r in cell.results]
    found = {(r.model, r.metric, r.domain): r.as_json() for r in results}
    told = {model: found[model, "auroc", "overall"] for model in ("poor", "backwards")}
    assert [(told[model]["chance"], told[model]["at_chance"]) for model in told] == [(0.5, True), (0.5, False)]


@pytest.mark.parametrize("confidence", [None, 0.8])
def test_a_store_of_before_has_unknown_chance_and_not_zero(lab, confidence):
    registry, store = lab
    with contextlib.closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("DROP TABLE chance_levels")
    board = build_leaderboard("suite", store=store, registry=registry, confidence=confidence)
    assert {e.chance for entry in board.entries for e in entry.figures.values()} == {None}
    assert not any("chance" in note for note in board.notes)
    assert "chance" not in board.verdict


def test_intervals_of_another_level_keep_the_level_and_are_held_against_it(lab):
    registry, store = lab
    board = build_leaderboard("suite", store=store, registry=registry, confidence=0.5)
    assert {entry.figures["mean"].chance for entry in board.entries} == {0.5}


# metrics of others


class Share(MeanMetric):
    """Declares nothing, as metrics did before."""

    name = "share"
    description = "how often"
    needs = ("right",)

    def per_item(self, columns):
        return columns.values["right"]


class Broken(Share):
    name = "broken"

    def chance(self, columns):
        raise KeyError("no such column")


class Mistaken(Share):
    name = "mistaken"
    chance = 7


def test_a_broken_chance_level_takes_no_value_along_and_is_said():
    columns = Columns({"right": np.array([1.0, 0.0, 1.0])})
    table = Table(columns, np.array([b"a", b"b", b"c"]), [], np.zeros(3, dtype=np.int32), [()])
    results, said = estimates("m", "t", [Share(), Broken(), Mistaken()], table, confidence=0.95, seed=0)
    assert [(r.estimate.value, r.estimate.chance) for r in results] == [(2 / 3, None)] * 3
    assert [line.partition(" has no chance level")[0] for line in said] == ["the metric broken", "the metric mistaken"]


def test_a_sentence_of_many_columns_is_short_on_a_terminal_and_whole_for_programs(lab):
    registry, store = lab
    board = build_leaderboard("suite", store=store, registry=registry)
    figures = [
        Shown(f"f{i}", model, "fraction", True, Estimate(0.5, 0.03, 0.45, 0.55, 300, chance=0.5))
        for i in range(6)
        for model in "abcdefg"[i:]
    ]
    (note,) = against_chance(figures)
    board.notes, board.long_notes = [note.text], {note.text: note}
    assert note.short.endswith("f2 (50): c, d, e, f, g; and 3 more: --json")
    assert note.heading == "27 figures of 7 models: not distinguishable from chance"
    assert note.short in board_notes(board, short=True)
    assert json.loads(render(board, "json"))["notes"] == [note.text]
    assert note.text in render(board, "table")
