"""Names of tasks: what files define can be listed, what sources hold can be found; neither is lost on the way."""

from __future__ import annotations

import json

import pytest

from harness.names.registry import Registry
from harness.tasks.library import TaskIndex

ROWS = [{"id": str(i), "text": f"some words, number {i}", "label": i % 2} for i in range(8)]
DISGUISED = "evasion:demo/doors:how=leet"


def test_an_index_finds_more_names_than_it_lists():
    index = TaskIndex({"a": 1}, {"source:b": 2}.get)
    assert (index.find("a"), index.find("source:b"), index.find("c"), index.find("source:c")) == (1, 2, None, None)
    assert index.exists("source:b")
    assert list(index.files()) == ["a"]


@pytest.mark.parametrize("misuse", [set, len, list, dict, lambda index: "a" in index, lambda index: index["a"]])
def test_an_index_is_not_taken_for_a_mapping_which_would_lose_the_tasks_of_sources(misuse):
    with pytest.raises(TypeError):
        misuse(TaskIndex({"a": 1}, lambda name: None))


@pytest.fixture
def two_stores(write_task, harness):
    """Two machines that evaluated one model each on a task of files and in a disguise."""
    write_task("demo/doors", ROWS, kind="detection")
    for model in ("prompt-length", "random"):
        tasks = ("-t", "demo/doors", "-t", DISGUISED)
        assert harness("eval", "-m", model, *tasks, "--store", f"{model}.sqlite").code == 0
    return "--store", "prompt-length.sqlite", "--merge", "random.sqlite"


def test_models_of_two_stores_are_compared_on_tasks_of_sources(two_stores, harness):
    for target, wanted in ((DISGUISED, {DISGUISED}), ("evasion:demo/doors", {"demo/doors", DISGUISED})):
        ran = harness("compare", "prompt-length", "random", "-t", target, "--json", *two_stores)
        assert ran.code == 0, ran.err
        assert {c["task"] for c in ran.document["comparisons"]} == wanted


def test_the_site_of_two_stores_shows_the_tasks_of_sources(two_stores, harness, project):
    assert harness("leaderboard", "evasion:demo/doors", "-o", "site/", *two_stores).code == 0
    (site,) = (project / "site").glob("*/leaderboard.json")
    board = json.loads(site.read_text())
    assert {f"{DISGUISED}:auroc", "demo/doors:auroc"} <= {column["key"] for column in board["columns"]}
    assert json.loads(harness("leaderboard", "evasion:demo/doors", "--format", "json", *two_stores).out) == board


def test_a_digest_is_asked_of_a_task_that_there_is(project):
    from harness.errors import UnknownName
    from harness.tasks.build import task_digest

    with pytest.raises(UnknownName):
        task_digest(Registry(), "no/such")
