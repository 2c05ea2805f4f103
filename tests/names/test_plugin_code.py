"""Whatever a plugin's code raises is named, and takes nothing else along."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import DataError
from harness.running.table import Collector
from harness.task import Item

from ..messages import saying

ROWS = [{"id": i, "prompt": f"p{i}", "responses": ["a", "bb", "ccc"], "labels": [i % 2, 0, 1]} for i in range(6)]

METRICS = """
from harness import Adapter, Estimate, MeanMetric, Metric, Model
from harness.hooks import hookimpl
from harness.kinds.best_of_k import BestOfK

class Fine(MeanMetric):
    needs = ("scores",)
    bounds = None
    def per_item(self, columns):
        return columns.values["scores"].max(axis=1)

class ComputeOnly(Metric):
    needs = ("scores",)
    def compute(self, columns, *, confidence=0.95, seed=0):
        return Estimate(0.25, 0.1, 0.1, 0.4, len(columns))

class Raises(Metric):
    needs = ("scores",)
    def linearise(self, columns):
        raise KeyError("no such column")

class RaisesInDetail(Fine):
    def detail(self, columns):
        return 1 / 0

class NoEstimate(Metric):
    needs = ("scores",)
    def compute(self, columns, *, confidence=0.95, seed=0):
        return 0.5

class OddDetail(Fine):
    def detail(self, columns):
        return {("a", 1): 2}

def broken(parts, **settings):
    raise RuntimeError("the fit does not converge")

@hookimpl
def register_metrics(register):
    for name, kind in (("fine", "Fine"), ("compute-only", "ComputeOnly"), ("raises", "Raises"),
                       ("detail", "RaisesInDetail"), ("no-estimate", "NoEstimate"), ("odd", "OddDetail")):
        register(name, f"plugin_mine:{kind}", description=name)

@hookimpl
def register_benchmarks(register):
    register("broken", "plugin_mine:broken", description="raises")
"""
ODD = ("raises", "detail", "no-estimate", "odd")


@pytest.fixture
def mine(add_plugin, write_task, harness):
    """The plugin, and a task with all of its metrics."""
    add_plugin("mine", METRICS)
    metrics = ["best_of_k_accuracy", "compute-only", *ODD, "fine"]
    write_task("own/picks", ROWS, metrics=metrics, columns={"id": "id", "correct": "labels"})
    return harness


def test_a_metric_that_raises_has_a_reason_and_leaves_the_others_their_values(mine):
    ran = mine("eval", "-m", "length", "-t", "own/picks", "--json")
    assert ran.code == 1, ran.err
    results = {r["metric"]: r for r in ran.document["results"]}
    assert results["fine"]["value"] == 3.0
    assert results["compute-only"]["value"] == 0.25
    assert results["best_of_k_accuracy"]["value"] is not None
    reasons = {name: results[name]["detail"]["reason"].split(":")[0] for name in ODD}
    assert reasons == {
        "raises": "KeyError",
        "detail": "ZeroDivisionError",
        "no-estimate": "TypeError",
        "odd": "TypeError",
    }
    assert all(results[name]["value"] is None for name in ODD)
    for name in ODD:
        assert f"the metric {name} has no value" in ran.err


def test_a_metric_that_cannot_compare_is_skipped_with_a_note(mine):
    assert mine("eval", "-m", "length", "-m", "random", "-t", "own/picks").code == 1  # for those that raise
    ran = mine("compare", "length", "random", "-t", "own/picks", "--json")
    assert ran.code == 0, ran.err
    assert [c["metric"] for c in ran.document["comparisons"]] == ["best_of_k_accuracy", "detail", "odd", "fine"]
    assert ran.err == saying("own/picks", "compute-only")
    assert ran.err == saying("own/picks", "raises", "KeyError")


def test_an_aggregate_that_raises_names_its_plugin_and_leaves_the_others(mine, project):
    (project / "tasks" / "own" / "benchmark.yaml").write_text(
        "tasks: [own/picks]\naggregates:\n"
        "  - {name: one, how: broken, of: ['own/picks:fine']}\n  - {name: two, how: mean, of: ['own/picks:fine']}\n"
    )
    assert mine("eval", "own", "-m", "length").code == 1  # for its metrics that raise
    ran = mine("leaderboard", "own", "--format", "json")
    assert ran.code == 0, ran.err
    (entry,) = ran.document["entries"]
    assert entry["figures"]["two"]["value"] == 3.0
    assert "one" not in entry["figures"]
    ran = mine("leaderboard", "own")
    assert ran.code == 0
    assert ran.out + ran.err == saying("'broken'", "'mine'", "harness-mine", "RuntimeError: the fit")


# columns of arrays


def column(*chunks):
    collector, count = Collector(("own",)), 0
    for chunk in chunks:
        collector.add([Item(str(count + i), {}) for i in range(len(chunk))], [{"own": value} for value in chunk])
        count += len(chunk)
    return collector.table({}).columns.values["own"]


NAN = float("nan")


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([[[1.0, 2.0], NAN, [3.0]]], [[1, 2], [NAN, NAN], [3, NAN]]),
        ([[NAN, [1.0, 2.0]]], [[NAN, NAN], [1, 2]]),
        ([[NAN, NAN], [[1.0, 2.0], NAN]], [[NAN, NAN], [NAN, NAN], [1, 2], [NAN, NAN]]),
        ([[[1.0, 2.0]], [NAN]], [[1, 2], [NAN, NAN]]),
        ([[[], NAN]], np.empty((2, 0))),
        ([[NAN], [[]]], np.empty((2, 0))),
        ([[1.0, NAN], [2.0]], [1, NAN, 2]),
    ],
)
def test_nan_in_a_column_of_arrays_is_an_empty_row(chunks, expected):
    np.testing.assert_array_equal(column(*chunks), np.array(expected, dtype=float))


@pytest.mark.parametrize("chunks", [[[[1.0], 2.0]], [[[1.0]], [2.0]], [[[[1.0]]]]])
def test_a_column_of_numbers_and_arrays_is_refused_by_name(chunks):
    with pytest.raises(DataError, match="'own'"):
        column(*chunks)


def test_a_figure_that_only_later_rows_have_is_kept():
    collector = Collector(())
    collector.add([Item("a", {})], [{"one": 1.0}])
    collector.add([Item("b", {})], [{"one": 2.0, "two": [3.0, 4.0]}])
    values = collector.table({}).columns.values
    np.testing.assert_array_equal(values["one"], [1, 2])
    np.testing.assert_array_equal(values["two"], [[NAN, NAN], [3, 4]])


# the other hooks

CARELESS = """
import click
from harness import Model
from harness.hooks import hookimpl
from harness.tasks.library import TaskSource, SourcedTask

class Closing(Model):
    def score(self, requests):
        return [[float(len(r)) for r in request.responses] for request in requests]
    def close(self):
        raise OSError("already closed")

class Nameless(Closing):
    def identity(self):
        raise KeyError("weights")

class Library(TaskSource):
    def {method}(self, *arguments):
        raise ZeroDivisionError("no library")

@click.command()
def command():
    raise LookupError("nothing there")

@hookimpl
def register_models(register):
    register("closing", "plugin_careless:Closing", offers=("score",), description="raises when it is closed")
    register("nameless", "plugin_careless:Nameless", offers=("score",), description="raises when asked who it is")

@hookimpl
def register_task_sources(register):
    register("library", "plugin_careless:Library", description="raises")

@hookimpl
def register_commands(register):
    register("careless", "plugin_careless:command", description="raises")
"""


def test_a_model_that_raises_when_it_is_closed_ends_nothing(add_plugin, harness):
    add_plugin("careless", CARELESS.format(method="task"))
    ran = harness("eval", "-m", "closing", "-m", "length", "-t", "quickstart/preferences", "--limit", 5, "--json")
    assert ran.code == 0
    assert {r["model"] for r in ran.document["results"]} == {"closing", "length"}
    assert ran.err == saying("Closing", "OSError: already closed")


def test_a_model_that_cannot_say_who_it_is_fails_alone(add_plugin, harness):
    add_plugin("careless", CARELESS.format(method="task"))
    ran = harness("eval", "-m", "nameless", "-m", "length", "-t", "quickstart/preferences", "--limit", 5, "--json")
    assert ran.code == 1
    assert {r["model"] for r in ran.document["results"]} == {"length"}
    (failure,) = ran.document["failures"]
    assert failure["reason"] == saying("nameless", "KeyError: 'weights'")


def test_a_command_that_raises_names_its_plugin(add_plugin, harness):
    add_plugin("careless", CARELESS.format(method="task"))
    ran = harness("careless")
    assert ran.code == 2
    assert ran.err == saying("'careless'", "harness-careless", "LookupError")


@pytest.mark.parametrize(
    ("method", "command"),
    [
        ("summary", ("list", "tasks")),
        ("names", ("list", "tasks", "--filter", "library:")),
        ("find", ("eval", "-m", "length", "-t", "library:a")),
        ("task_names", ("eval", "-m", "length", "-t", "library:*")),
        ("__init__", ("list", "tasks")),
        ("__init__", ("eval", "-m", "length", "-t", "library:a")),
    ],
)
def test_a_library_of_tasks_that_raises_is_named_and_takes_no_other_along(add_plugin, harness, method, command):
    add_plugin("careless", CARELESS.format(method=method))
    ran = harness(*command)
    assert ran.code == (0 if command == ("list", "tasks") else 2)
    assert "'library'" in ran.err
    assert "ZeroDivisionError: no library" in ran.err
    if ran.code == 0:
        assert "quickstart/preferences" in ran.out


def test_a_model_that_leaves_python_fails_its_own_requests(toys, harness, write_task, rows, add_plugin):
    """An exit inside a plugin's model or metric once ended the command, silently and with its own status."""
    write_task("demo/plain", rows(3))
    add_plugin(
        "leaver",
        "import sys\n"
        "from harness import Model, MeanMetric, hookimpl\n"
        "class Leaver(Model):\n"
        "    def score(self, requests):\n        sys.exit(0)\n"
        "class Leaving(MeanMetric):\n"
        "    needs = ('scores',)\n"
        "    def per_item(self, columns):\n        raise SystemExit(0)\n"
        "@hookimpl\n"
        "def register_models(register):\n"
        "    register('leaver', 'plugin_leaver:Leaver', offers=('score',), description='leaves')\n"
        "@hookimpl\n"
        "def register_metrics(register):\n"
        "    register('leaving', 'plugin_leaver:Leaving', description='leaves')\n",
    )
    ran = harness("eval", "-m", "leaver", "-m", "toy-reader", "-t", "demo/plain", "--json")
    assert ran.code == 1
    assert {result["model"] for result in ran.document["results"]} == {"toy-reader"}
    assert "SystemExit" in ran.document["failures"][0]["reason"]
    ran = harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--metric", "leaving", "--json")
    assert ran.code == 1
    assert {result["metric"]: result["value"] for result in ran.document["results"]}["leaving"] is None


def test_a_level_that_is_no_number_is_refused_by_every_command(project, harness):
    for command in (("compare", "a", "b", "-t", "quickstart"), ("leaderboard", "quickstart")):
        ran = harness(*command, "--confidence", "nan")
        assert ran.code == 2
        assert "--confidence" in ran.err


def test_an_exit_while_planning_is_an_error_that_names_the_plugin(toys, harness, write_task, rows, add_plugin):
    write_task("demo/plain", rows(3))
    add_plugin(
        "leaver",
        "import sys\n"
        "from harness import Model, hookimpl\n"
        "class Leaver(Model):\n"
        "    def __init__(self):\n        sys.exit(0)\n"
        "@hookimpl\n"
        "def register_models(register):\n"
        "    register('leaver', 'plugin_leaver:Leaver', offers=('score',), description='leaves')\n",
    )
    ran = harness("eval", "-m", "leaver", "-t", "demo/plain")
    assert ran.code == 2
    assert "'leaver'" in ran.err
    assert "SystemExit" in ran.err
