"""What answers took stands beside the figures, of evaluations that computed them."""

import json
import math

import pytest

from harness.api import build_leaderboard, evaluate
from harness.leaderboard import render
from harness.leaderboard.cost import COST_COLUMN, NOTE


@pytest.fixture
def timed(toys, write_task, rows):
    write_task("demo/plain", rows(30))
    registry = toys / "registry.yaml"
    registry.write_text(
        registry.read_text()
        + "benchmarks:\n  timed: {tasks: [demo/plain], cost: true}\n  bare: {tasks: [demo/plain]}\n"
    )
    return toys


def test_the_time_an_item_is_that_of_the_run_that_computed_it(timed):
    evaluate(["slow=toy-slow:seconds=0.02", "fast=toy-slow:seconds=0,batch_size=3"], ["demo/plain"])
    first = build_leaderboard("timed")
    assert first.columns[-1] == COST_COLUMN
    assert NOTE in first.notes
    took = {entry.model: entry.figures[COST_COLUMN.key].value for entry in first.entries}
    assert took["slow"] >= 10  # two items a batch of 20 ms
    assert took["fast"] < took["slow"]
    evaluate(["slow=toy-slow:seconds=0.02"], ["demo/plain"])  # all from the store
    again = build_leaderboard("timed")
    assert {entry.model: entry.figures[COST_COLUMN.key].value for entry in again.entries} == took
    (figure,) = {entry.figures[COST_COLUMN.key].n for entry in again.entries}
    assert figure == 30
    assert math.isnan(again.entries[0].figures[COST_COLUMN.key].stderr)


def test_every_format_shows_it_and_only_where_the_benchmark_asks(timed):
    evaluate(["slow=toy-slow:seconds=0"], ["demo/plain"])
    board = build_leaderboard("timed")
    for format_ in ("table", "markdown", "csv", "json", "html", "latex"):
        assert "ms an item" in render(board, format_) or COST_COLUMN.key in render(board, format_)
    bare = build_leaderboard("bare")
    assert COST_COLUMN not in bare.columns
    assert NOTE not in bare.notes


def cost_of(board):
    figure = board.entries[0].figures.get(COST_COLUMN.key)
    return None if figure is None else figure.n


def test_a_part_of_the_items_is_no_measure_of_all(timed):
    evaluate(["slow=toy-slow:seconds=0"], ["demo/plain"], limit=5)
    evaluate(["slow=toy-slow:seconds=0"], ["demo/plain"])  # five answers were on file
    assert cost_of(build_leaderboard("timed")) is None


def test_an_interrupted_evaluation_that_was_resumed_is_no_measure(timed, monkeypatch):
    from harness_toys.models import Slow

    answers = []
    score = Slow.score

    def stop(self, requests):
        if len(answers) == 4:
            raise KeyboardInterrupt
        answers.append(requests)
        return score(self, requests)

    monkeypatch.setattr(Slow, "score", stop)
    with pytest.raises(KeyboardInterrupt):
        evaluate(["slow=toy-slow:seconds=0"], ["demo/plain"])
    monkeypatch.setattr(Slow, "score", score)
    evaluate(["slow=toy-slow:seconds=0"], ["demo/plain"])
    assert cost_of(build_leaderboard("timed")) is None
    evaluate(["other=toy-reader"], ["demo/plain"])
    board = build_leaderboard("timed")
    assert {entry.model for entry in board.entries if COST_COLUMN.key in entry.figures} == {"other"}


def test_the_same_text_twice_in_one_evaluation_was_not_on_file(timed, write_task, rows):
    write_task("demo/plain", [{**row, "prompt": "the same"} for row in rows(30)])
    evaluate(["slow=toy-slow:seconds=0"], ["demo/plain"])
    assert cost_of(build_leaderboard("timed")) == 30


def test_the_site_of_two_stores_shows_what_their_table_shows_though_the_newest_answers_were_on_file(timed, harness):
    for store, model in (("a.sqlite", "slow=toy-slow:seconds=0.01"), ("b.sqlite", "length")):
        for _ in range(2):  # the second time all is on file
            assert harness("eval", "-m", model, "-t", "demo/plain", "--store", store).code == 0
    stores = ("--store", "a.sqlite", "--merge", "b.sqlite")
    table = harness("leaderboard", "timed", "--format", "json", *stores).document
    assert COST_COLUMN.key in {column["key"] for column in table["columns"]}
    assert harness("leaderboard", "timed", "-o", "site/", *stores).code == 0
    assert json.loads((timed / "site" / "timed" / "leaderboard.json").read_text()) == table
    page = (timed / "site" / "timed" / "models" / "slow.html").read_text()
    assert "some on file" not in page
