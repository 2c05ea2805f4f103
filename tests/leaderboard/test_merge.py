"""One leaderboard of several machines' stores: no definition is mixed with another, no label names two models."""

from __future__ import annotations

import shutil
import sqlite3

import pytest

from ..messages import saying

BENCHMARK = {"tasks": ["demo/plain", "demo/more"]}


@pytest.fixture
def machines(toys, write_task, rows, harness):
    """Evaluate on one machine's store: ``machines("a", "toy-reader")``."""
    import yaml

    write_task("demo/plain", rows(12))
    write_task("demo/more", rows(12, start=50))
    registry = {"task_folders": ["tasks"], "benchmarks": {"demo": BENCHMARK}}
    (toys / "registry.yaml").write_text(yaml.safe_dump(registry))

    def call(name, *models, target="demo"):
        listed = [part for model in models for part in ("-m", model)]
        ran = harness("eval", *listed, "-t", target, "--store", f"{name}.sqlite")
        assert ran.code == 0, ran.err
        return f"{name}.sqlite"

    return call


@pytest.fixture
def board(harness):
    """The entries of the leaderboard, and its notes."""

    def call(*arguments):
        ran = harness("leaderboard", "demo", "--format", "json", *arguments)
        assert ran.code == 0, ran.err
        return {e["model"]: e for e in ran.document["entries"]}, ran.document["notes"]

    return call


def test_the_merged_board_is_that_of_one_store_with_all(machines, board):
    machines("a", "toy-reader")
    machines("b", "random", "length")
    machines("all", "toy-reader", "random", "length")
    assert board("--store", "a.sqlite", "--merge", "b.sqlite") == board("--store", "all.sqlite")
    assert board("--merge", "b.sqlite", "--merge", "a.sqlite") == board("--store", "all.sqlite")


def test_tasks_of_one_model_may_come_from_two_machines(machines, board):
    machines("a", "toy-reader", target="demo/plain")
    machines("b", "toy-reader", target="demo/more")
    machines("all", "toy-reader")
    assert board("--store", "a.sqlite", "--merge", "b.sqlite") == board("--store", "all.sqlite")


def test_nothing_is_made_beside_stores_to_merge(machines, board, harness, toys):
    machines("a", "toy-reader")
    machines("b", "random")
    (toys / "empty.sqlite").touch()
    before = sorted(toys.glob("*.sqlite*"))
    board("--merge", "a.sqlite", "--merge", "b.sqlite")
    board("--store", "a.sqlite", "--merge", "b.sqlite")
    assert harness("leaderboard", "demo", "--store", "a.sqlite", "--merge", "b.sqlite", "-o", "site/").code == 0
    for output in (), ("-o", "site/"):
        ran = harness("leaderboard", "demo", "--merge", "a.sqlite", "--merge", "empty.sqlite", *output)
        assert ran.code == 2
        assert ran.err == saying("empty")
    assert sorted(toys.glob("*.sqlite*")) == before


def test_a_cell_that_both_have_is_shown_once(machines, board):
    machines("a", "toy-reader", "random")
    machines("b", "toy-reader", "length")
    entries, notes = board("--store", "a.sqlite", "--merge", "b.sqlite")
    assert sorted(entries) == ["length", "random", "toy-reader"]
    assert notes == board("--store", "a.sqlite")[1]


def test_another_definition_of_a_task_is_left_out_and_named_with_its_store(machines, board, write_task, rows):
    machines("b", "random", "length")
    write_task("demo/more", rows(12, start=51))
    write_task("demo/more", None, data={"test": {"file": "more.jsonl"}}, version="2")
    machines("a", "toy-reader")
    entries, notes = board("--store", "a.sqlite", "--merge", "b.sqlite")
    assert set(entries["random"]["figures"]) == {"demo/plain:best_of_k_accuracy"}
    (said,) = [note for note in notes if "left out" in note]
    assert said == saying("b.sqlite:", "left out", "defined differently")
    assert "random on demo/more" in said
    assert "length on demo/more" in said
    assert "demo/plain" not in said


@pytest.mark.parametrize("target", ["demo", "demo/more"])
def test_one_label_for_two_models_is_an_error_that_names_both_stores(machines, harness, target):
    machines("a", "mine=toy-reader", target="demo/plain")
    machines("b", "mine=toy-reader:scale=2.0", target=target)
    ran = harness("leaderboard", "demo", "--store", "a.sqlite", "--merge", "b.sqlite")
    assert ran.code == 2
    assert "the label 'mine' names different models" in ran.err
    assert "in a.sqlite and in b.sqlite" in ran.err


def test_a_store_that_is_missing_or_newer_is_named(machines, harness):
    machines("a", "toy-reader")
    ran = harness("leaderboard", "demo", "--store", "a.sqlite", "--merge", "none.sqlite")
    assert (ran.code, ran.err) == (2, saying("error", "none.sqlite"))
    shutil.copy("a.sqlite", "b.sqlite")
    with sqlite3.connect("b.sqlite") as connection:
        connection.execute("UPDATE about SET value = '99'")
    ran = harness("leaderboard", "demo", "--store", "a.sqlite", "--merge", "b.sqlite")
    assert ran.code == 2
    assert "b.sqlite: written by a newer version" in ran.err


def test_the_other_stores_are_only_read(machines, board):
    machines("a", "toy-reader")
    machines("b", "random")
    with sqlite3.connect("b.sqlite") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open("b.sqlite", "rb") as stream:
        before = stream.read()
    board("--store", "a.sqlite", "--merge", "b.sqlite")
    with open("b.sqlite", "rb") as stream:
        assert stream.read() == before


def test_cells_of_judges_are_told_by_the_judged_model(toys, write_task, harness):
    import yaml

    for name in ("one", "two"):
        rows = [{"id": str(i), "prompt": f"say {i}", "reference": "2.5"} for i in range(5)]
        write_task(f"duels/{name}", rows, kind="toy-duel")
    document = {"task_folders": ["tasks"], "benchmarks": {"duels": {"tasks": ["duels/one", "duels/two"]}}}
    (toys / "registry.yaml").write_text(yaml.safe_dump(document))
    for store, model, task in (("a", "mine=toy-writer", "duels/one"), ("b", "mine=toy-writer:plus=1.0", "duels/two")):
        role = ("--role", "judge=toy-judge")
        assert harness("eval", "-m", model, "-t", task, *role, "--store", f"{store}.sqlite").code == 0
    ran = harness("leaderboard", "duels", "--store", "a.sqlite", "--merge", "b.sqlite")
    assert ran.code == 2
    assert "the label 'mine' names different models" in ran.err


def test_a_site_of_merged_stores_shows_what_that_of_one_store_shows(machines, harness, toys):
    import json

    machines("a", "toy-reader")
    machines("b", "random", "length")
    machines("all", "toy-reader", "random", "length")
    merged = harness("leaderboard", "demo", "--store", "a.sqlite", "--merge", "b.sqlite", "-o", "merged/")
    assert merged.code == 0, merged.err
    assert harness("leaderboard", "demo", "--store", "all.sqlite", "-o", "whole/").code == 0
    found, expected = (json.loads((toys / f / "demo" / "leaderboard.json").read_text()) for f in ("merged", "whole"))
    assert found == expected
    pages = [sorted(p.relative_to(toys / f).as_posix() for p in (toys / f).rglob("*.*")) for f in ("merged", "whole")]
    assert pages[0] == pages[1]
    compared = [{p.name: p.read_text() for p in (toys / f / "demo" / "compare").iterdir()} for f in ("merged", "whole")]
    assert compared[0] == compared[1] != {}


def test_a_site_says_what_it_leaves_out_and_refuses_two_models_of_one_label(machines, harness, write_task, rows):
    machines("a", "m=toy-reader:scale=1")
    machines("b", "random")
    machines("c", "m=toy-reader:scale=2")
    ran = harness("leaderboard", "demo", "--store", "a.sqlite", "--merge", "c.sqlite", "-o", "site/")
    assert ran.code == 2
    assert "names different models" in ran.err
    write_task("demo/more", rows(12, start=50), version="2")
    ran = harness("leaderboard", "demo", "--store", "a.sqlite", "--merge", "b.sqlite", "-o", "site/")
    assert ran.code == 0, ran.err
    assert ran.err == saying("b.sqlite", "demo/more")


def test_models_of_two_machines_are_compared_as_in_one_store(machines, harness, toys):
    machines("a", "toy-reader")
    machines("b", "random")
    machines("all", "toy-reader", "random")
    words = ("compare", "toy-reader", "random", "-t", "demo", "--json")
    merged = harness(*words, "--store", "a.sqlite", "--merge", "b.sqlite")
    assert merged.code == 0, merged.err
    assert merged.out == harness(*words, "--store", "all.sqlite").out
    refused = harness(*words, "--merge", "b.sqlite", "--split", "train")
    assert refused.code == 2
    assert "on the test split, not on train" in refused.err
