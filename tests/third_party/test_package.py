"""The package of everything: all hooks are there, all it imports is public, and all of it passes the checks."""

import ast
import inspect
import json
from pathlib import Path

import pytest

import harness as public
from harness import hooks

PACKAGE = Path(__file__).with_name("package") / "workshop"
TRUSTED = {
    "harness.errors", "harness.stats", "harness.kinds", "harness.files", "harness.tasks", "harness.store",
    "harness.names", "harness.running", "harness.training", "harness.results", "harness.leaderboard", "harness.cli",
}  # fmt: skip
"""The packages of the table "What a plugin may import"."""
ANY_PLUGIN = {"workshop", "numpy", "click"}
MODELS = ("babbler", "overlap", "critic:base=babbler", "panel:members=[[overlap],[length]]", "analyser", "usher")


def test_it_uses_every_hook(workshop):
    import workshop as package

    specified = {name for name, value in vars(hooks).items() if hasattr(value, "harness_spec")}
    assert len(specified) > 15
    assert {name for name, _ in inspect.getmembers(package, inspect.isfunction)} >= specified


def test_it_imports_only_what_plugins_may(workshop):
    listed = (Path(__file__).parents[2] / "docs" / "plugins-and-hooks.md").read_text("utf-8")
    section = listed.partition("## What a plugin may import")[2].partition("\n## ")[0]
    assert {name for name in TRUSTED if f"`{name}`" in section} == TRUSTED
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "harness":
                assert all(hasattr(public, alias.name) for alias in node.names), file
            elif isinstance(node, ast.ImportFrom) and node.module.startswith("harness"):
                assert node.module in TRUSTED, file
            elif isinstance(node, ast.Import):
                assert not any(alias.name.startswith("harness") for alias in node.names), file


def test_plugins_lists_all_that_it_registers(workshop, harness):
    (found,) = [p for p in harness("plugins", "--json").document["plugins"] if p["name"] == "workshop"]
    assert found["state"] == "loaded", found
    assert {kind: len(names) for kind, names in found["registers"].items()} == {
        "capability": 2, "model": 7, "task kind": 5, "task source": 1, "metric": 6, "trainer": 1, "adapter": 2,
        "aggregate": 2, "importer": 1, "publisher": 1, "analysis": 1, "command": 1,
    }  # fmt: skip
    names = {task["name"] for task in harness("list", "tasks", "--json").document}
    assert {f"workshop/{name}" for name in ("options", "loud", "siege", "drift", "reply")} <= names


def test_the_package_and_its_models_pass_the_checks(workshop, harness):
    ran = harness("check", "workshop", *MODELS, "--json")
    assert [finding for finding in ran.document if not finding["ok"]] == []
    checked = {finding["subject"] for finding in ran.document}
    assert {"overlap: fitness", "analyser: trace", "usher: route", "babbler: generate"} <= checked
    rules = {finding["check"] for finding in ran.document if finding["subject"].startswith("panel")}
    assert {"equal options fit equally well", "scores a response whatever its neighbours"} <= rules


def test_the_trainer_passes_the_checks_and_so_does_what_it_makes(workshop, harness):
    command = ("-t", "workshop/options", "--base", "babbler", "--set", "iterations=2")
    assert harness("check", "tasting", *command).code == 0
    assert harness("train", "tasting", *command, "-o", "product").code == 0
    ran = harness("check", "tuned-babbler:path=product", "--json")
    assert [finding for finding in ran.document if not finding["ok"]] == []


@pytest.mark.parametrize("name", ["workshop/options", "workshop/siege", "shelf:drift-7", "panel", "tasting", "before"])
def test_each_name_can_be_shown(workshop, harness, name):
    ran = harness("show", name)
    assert ran.code == 0, ran.err
    assert name.partition(":")[0] in ran.out


def test_what_is_shown_of_functions_and_of_tasks_that_are_made(workshop, harness):
    (aggregate,) = harness("show", "lone-winner", "--json").document
    assert aggregate["settings"] == {"margin": "default 0.0; a number of at least 0"}
    (importer,) = harness("show", "workshop-notes", "--json").document
    assert importer["settings"] == {"task": "required", "of": "default ''"}
    (made,) = harness("show", "shelf:drift-7", "--json").document
    assert (made["file"], made["first item"]) == ("", "test-0")
    (read,) = harness("show", "workshop/options", "--json").document
    assert read["first item"].startswith("test-0 at workshop.data:questions")


def test_what_happens_is_told_to_its_hooks(workshop, harness, monkeypatch):
    monkeypatch.setenv("WORKSHOP_DIARY", "diary.txt")
    assert harness("eval", "-m", "overlap", "-t", "workshop/loud").code == 0
    first, batch, *rest = (workshop / "diary.txt").read_text().splitlines()
    assert first.startswith("run ")
    assert batch.startswith("batch overlap fitness ")
    assert rest[-2:] == ["cell overlap workshop/loud", "done"]


def test_what_it_reads_from_and_writes_for_others(workshop, harness):
    assert harness("eval", "workshop").code == 0
    ran = harness("leaderboard", "workshop", "-o", "cards/", "--publisher", "workshop-cards")
    assert ran.code == 0, ran.err
    cards = (workshop / "cards" / "cards.txt").read_text().splitlines()
    assert [line.split()[:2] for line in cards] == [["workshop", "overlap"], ["workshop", "overlap:sharp=2.0"]]
    assert json.loads(harness("workshop-words", "--json").out)[0] == "amber"
    (workshop / "outcome.csv").write_text("model,rating\noverlap,1\n")
    from harness.publisher import find_analysis

    analysis = find_analysis(public.Registry(), "workshop-count")
    report = analysis.answer(None, None, "workshop", public.OutcomeFile(workshop / "outcome.csv"))
    assert "1 models" in analysis.section(report).html
