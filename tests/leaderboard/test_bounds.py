"""Models that cannot be used, since they look at the answers: on the board without a rank, and never called best."""

import csv
import json

import pytest
import yaml

PLUGIN = """
from harness import Model
from harness.hooks import hookimpl


class Looking(Model):
    bound = "looks at the answers"

    def score(self, requests):
        return [[float(len(requests[0].responses) - i) for i in range(len(r.responses))] for r in requests]


class Reversed(Looking):
    bound = ""

    def score(self, requests):
        return [[float(i) for i in range(len(r.responses))] for r in requests]


class Over(Model):
    part_names = ("base",)

    def __init__(self, base):
        self.base = base

    def asks(self):
        return {"base": ("score",)}

    def score(self, requests):
        return self.parts["base"]("score", requests)


@hookimpl
def register_models(register):
    register("over", "plugin_looking:Over", offers=("score",), description="what another model says")
    register("looking", "plugin_looking:Looking", offers=("score",), description="a bound")
    register("reversed", "plugin_looking:Reversed", offers=("score",), description="the other way round")
"""


@pytest.fixture
def board(toys, write_task, rows, add_plugin, harness):
    """The benchmark of one task whose first response is right, and what the models' evaluation printed of it."""
    add_plugin("looking", PLUGIN)
    write_task("demo/one", [{**row, "correct": [1, *[0] * (len(row["correct"]) - 1)]} for row in rows(40)])

    def evaluated(*models):
        for model in models:
            assert harness("eval", "-m", model, "-t", "demo/one").code == 0
        return harness("leaderboard", "demo/one", "--format", "json").document

    return evaluated


def test_a_bound_has_no_rank_and_is_not_called_best(board, harness):
    document = board("looking", "reversed", "random")
    entries = {entry["model"]: entry for entry in document["entries"]}
    assert entries["looking"]["bound"] == "looks at the answers"
    assert (entries["looking"]["rank"], entries["looking"]["tied_with_best"]) == (None, False)
    assert entries["looking"]["ahead_of_best"] == []
    assert entries["random"]["rank"] == 1
    assert document["verdict"].startswith("random is best of two: best_of_k_accuracy ")
    table = harness("leaderboard", "demo/one").out
    assert (
        table.index("random") < table.index("-- not ranked: a bound: looks at the answers") < table.rindex("looking ")
    )


def test_a_bound_alone_is_no_result(board):
    document = board("looking")
    assert "bounds" in document["verdict"]
    assert json.dumps(document["entries"]).count('"rank": null') == 1


def test_a_model_over_a_bound_is_one(board):
    document = board("over=over:base=looking", "random")
    entries = {entry["model"]: entry for entry in document["entries"]}
    assert entries["over"]["bound"] == "is over looking, which looks at the answers"
    assert (entries["over"]["rank"], entries["random"]["rank"]) == (None, 1)


def test_a_bound_lacks_no_task_and_every_form_says_what_it_is(board, harness):
    document = board("looking", "reversed", "random")
    assert not [note for note in document["notes"] if "looking" in note]
    rows = list(csv.DictReader(harness("leaderboard", "demo/one", "--format", "csv").out.splitlines()))
    assert {row["model"]: row["bound"] for row in rows} == {
        "looking": "looks at the answers",
        "reversed": "",
        "random": "",
    }
    cards = yaml.safe_load(harness("leaderboard", "demo/one", "--format", "model-card").out)["model-index"]
    names = {card["name"]: card["results"][0]["metrics"][0]["name"] for card in cards}
    assert "a bound: looks at the answers" in names["looking"]
    assert "a bound" not in names["random"]


def test_a_bound_is_not_marked_as_the_best_on_a_terminal(board, harness):
    board("looking", "reversed", "random")
    lines = harness("leaderboard", "demo/one", "--color", "always").out.splitlines()
    rows = {
        name: next(line for line in lines if name in line and " [" in line and "is best" not in line)
        for name in ("random", "looking")
    }
    assert [name for name, row in rows.items() if "\x1b[1m" in row] == ["random"]
    shown = harness("eval", "-m", "looking", "-m", "random", "-t", "demo/one", "--color", "always").out
    lines = [line for line in shown.splitlines() if line.lstrip().startswith(("looking", "random"))]
    assert [line.split()[0] for line in lines[:2]] == ["random", "looking"]
    assert "\x1b[1m" not in lines[1]
    assert "looking: a bound, and no result: it looks at the answers" in shown


def test_results_say_that_a_figure_is_a_bound(board, harness):
    board("looking", "random")
    ran = harness("eval", "-m", "looking", "-m", "random", "-t", "demo/one", "--json").document
    assert {(row["model"], row.get("bound")) for row in ran["results"]} == {
        ("looking", "looks at the answers"),
        ("random", None),
    }
    assert (
        "looking: a bound, and no result: it looks at the answers"
        in harness("eval", "-m", "looking", "-t", "demo/one").out
    )
    figures = harness("figures", "demo/one", "--json").document
    assert any("looking: a bound" in note for note in figures["notes"])


def test_a_comparison_with_a_bound_says_so_in_its_sentence(board, harness):
    board("looking", "random")
    document = harness("compare", "looking", "random", "-t", "demo/one", "--json").document
    assert document["verdict"].endswith("; looking is a bound, and no result: it looks at the answers")
    assert document["comparisons"][0]["bounds"] == {"looking": "looks at the answers"}
    assert "looking is a bound" in harness("compare", "looking", "random", "-t", "demo/one").out


def test_a_bound_is_no_model_of_the_field(board, project, harness):
    board("looking", "reversed", "random")
    aggregates = [{"name": "less", "how": "less-field-mean", "of": ["demo/one:best_of_k_accuracy"]}]
    path = project / "registry.yaml"
    registry = yaml.safe_load(path.read_text()) or {}
    registry["benchmarks"] = {"field": {"tasks": ["demo/one"], "aggregates": aggregates}}
    path.write_text(yaml.safe_dump(registry))
    document = harness("leaderboard", "field", "--format", "json").document
    less = {entry["model"]: entry["figures"].get("less") for entry in document["entries"]}
    assert less["looking"] is None
    # Over the two models that can be used, the differences from their mean add up to nothing.
    assert less["random"]["value"] + less["reversed"]["value"] == pytest.approx(0)
    assert any("a bound is no model of the field" in note and "looking" in note for note in document["notes"])


def test_published_figures_are_not_held_against_a_bound(board, harness, tmp_path):
    board("looking", "random")
    figures = {"other": {"demo/one:best_of_k_accuracy": 0.6}}
    path = tmp_path / "published.yaml"
    path.write_text(yaml.safe_dump({"source": "made up", "figures": figures}))
    document = harness("leaderboard", "demo/one", "--format", "json", "--published", path).document
    assert [set(of) for of in document["against_published"]["places"].values()] == [{"random"}]


def test_a_bound_is_no_model_that_an_outcome_is_correlated_with(board, harness, project):
    models = [f"m{i}=toy-reader:scale={1 - i / 2}" for i in range(4)]
    board("looking", *models)
    outcomes = {"looking": 10, "m0": 8, "m1": 6, "m2": 1, "m3": 0}
    (project / "outcome.json").write_text(json.dumps(outcomes))
    ran = harness("correlate", "demo/one", "--outcome", "outcome.json", "--metric", "best_of_k_accuracy", "--json")
    assert {c["n"] for c in ran.document["correlations"]} == {4}
    assert any("looking" in note and "bounds" in note for note in ran.document["notes"])
