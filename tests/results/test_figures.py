"""The figures of evaluated models as a table, for Python, for files, and as the data of another task."""

import csv
import io
import json

import numpy as np
import pytest

import harness as public
from harness.errors import ConfigurationError, DataError, HarnessError, UsageError
from harness.names.registry import Registry
from harness.tasks.build import build_task, task_digest

PLUGIN = '''
from harness import FieldSpec, MeanMetric, Query, Stage, Task, hookimpl


class Outcomes(Task):
    """What each model scored on a question."""

    fields = {"prompt": FieldSpec("text"), "outcomes": FieldSpec("numbers with gaps"), "models": FieldSpec("texts")}
    stages = (Stage(("route",)),)


@hookimpl
def register_tasks(register):
    register("outcomes", "plugin_outcomes:Outcomes")
'''
METRIC = "best_of_k_accuracy"


@pytest.fixture
def evaluated(harness, toys, write_task, rows, add_plugin):
    """Two models evaluated on nine items; one of them on another store for the first four only."""
    add_plugin("outcomes", PLUGIN)
    write_task("demo/a", rows(9))
    assert harness("eval", "-m", "number=toy-reader", "-m", "length=toy-reader:scale=-1", "-t", "demo/a").code == 0
    assert (
        harness("eval", "-m", "few=toy-reader:scale=2", "-t", "demo/a", "--limit", "4", "--store", "b.sqlite").code == 0
    )


def test_a_table_of_items_and_models(evaluated):
    found = public.figures("demo/a", METRIC)
    assert found.ids == tuple(f"item-{i}" for i in range(9))
    assert found.models == ("length", "number")
    right = np.array([0.0 if i % 3 == 0 else 1.0 for i in range(9)])
    np.testing.assert_array_equal(found.values, np.column_stack([1 - right, right]))
    assert (found.unit, found.higher_is_better) == ("fraction", True)
    assert public.figures("demo/a").metric == METRIC
    assert public.figures("demo/a", models=["number"]).values.shape == (9, 1)


def test_several_stores_are_matched_by_id_and_what_is_missing_is_nan(evaluated):
    found = public.figures("demo/a", merge=["b.sqlite"], models=["number", "few"])
    assert np.isnan(found.values[4:, 1]).all()
    np.testing.assert_array_equal(found.values[:4, 0], found.values[:4, 1])
    assert found.notes == ("few was evaluated on the first 4 items only",)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"models": ["numbr"]}, UsageError),
        ({"models": ["number", "number"]}, UsageError),
        ({"metric": "auroc"}, UsageError),
        ({"metric": "nothing"}, HarnessError),
        ({"task": "demo/b"}, HarnessError),
        ({"split": "train"}, DataError),
        ({"store": "none.sqlite"}, UsageError),
    ],
)
def test_what_there_is_not_is_said(evaluated, arguments, error):
    with pytest.raises(error):
        public.figures(**{"task": "demo/a", **arguments})


def test_cells_of_another_definition_are_left_out_and_said(evaluated, write_task, rows, harness):
    write_task("demo/a", rows(9), version="2")
    with pytest.raises(DataError, match="defined differently"):
        public.figures("demo/a")


def test_the_command_writes_csv_jsonl_and_parquet(evaluated, harness, project):
    import pyarrow.parquet

    out = harness("figures", "demo/a", "--merge", "b.sqlite", "-m", "number", "-m", "few")
    assert out.code == 0, out.err
    read = list(csv.DictReader(io.StringIO(out.out)))
    assert read[1] == {"id": "item-1", "number": "1.0", "few": "1.0"}
    assert read[8] == {"id": "item-8", "number": "1.0", "few": ""}
    assert "first 4 items only" in out.err
    assert harness("figures", "demo/a", "-o", "f.jsonl").code == 0
    lines = [json.loads(line) for line in (project / "f.jsonl").read_text().splitlines()]
    assert lines[0] == {"id": "item-0", "length": 1.0, "number": 0.0}
    assert harness("figures", "demo/a", "-o", "f.parquet").code == 0
    assert pyarrow.parquet.read_table(project / "f.parquet").column_names == ["id", "length", "number"]
    document = harness("figures", "demo/a", "--json").document
    assert document["models"] == ["length", "number"]
    assert len(document["values"]) == 9
    for wrong in ("f.txt", ".harness/store.sqlite", "registry.yaml"):
        assert harness("figures", "demo/a", "-o", wrong).code == 2


def outcomes(write_task, name="demo/outcomes", columns=None, **source):
    return write_task(
        name,
        kind="outcomes",
        data={"test": {"store": "../../.harness/store.sqlite", "task": "demo/a", **source}},
        columns=columns or {"outcomes": "figures"},
    )


def test_figures_are_the_data_of_another_task(evaluated, write_task):
    outcomes(write_task, store=["../../.harness/store.sqlite", "../../b.sqlite"], fields=["prompt"])
    items = list(build_task(Registry(), "demo/outcomes").items())
    assert items[1].id == "item-1"
    assert items[1].fields == {
        "prompt": "question 1",
        "outcomes": [1.0, 0.0, 1.0],
        "models": ["few", "length", "number"],
    }
    assert items[8].fields["outcomes"] == [None, 0.0, 1.0]
    # By label too.
    outcomes(write_task, fields=["prompt"], columns={"outcomes": ["number", "length"]})
    assert next(iter(build_task(Registry(), "demo/outcomes").items())).fields["outcomes"] == [0.0, 1.0]


def test_the_digest_follows_the_figures_and_nothing_else(evaluated, write_task, harness):
    outcomes(write_task, fields=["prompt"])
    first = task_digest(Registry(), "demo/outcomes")
    assert build_task(Registry(), "demo/outcomes").definition.digest == first
    assert harness("eval", "-m", "number=toy-reader", "-t", "demo/a").code == 0
    assert task_digest(Registry(), "demo/outcomes") == first
    assert harness("eval", "-m", "third=toy-reader:scale=3", "-t", "demo/a").code == 0
    assert task_digest(Registry(), "demo/outcomes") != first


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"task": "demo/nothing"}, "demo/nothing"),
        ({"metric": "nothing"}, "nothing"),
        ({"models": ["numbr"]}, "did you mean 'number'"),
        ({"fields": ["promt"]}, "did you mean 'prompt'"),
        ({"fields": ["id"]}, "column of every row"),
        ({"task": "demo/outcomes"}, "made of its own figures"),
    ],
)
def test_a_store_that_is_asked_for_what_it_has_not_is_refused_with_its_line(evaluated, write_task, source, said):
    path = outcomes(write_task, **source)
    with pytest.raises(ConfigurationError, match=said) as caught:
        build_task(Registry(), "demo/outcomes")
    assert f"{path}:" in str(caught.value)


def test_two_tasks_made_of_each_other_are_refused(evaluated, write_task):
    outcomes(write_task, task="demo/other")
    outcomes(write_task, name="demo/other", task="demo/outcomes")
    with pytest.raises(ConfigurationError, match="made of its own figures"):
        build_task(Registry(), "demo/outcomes")


def test_a_store_that_is_not_there_blocks_the_task_only_when_its_rows_are_read(evaluated, write_task, harness):
    outcomes(write_task, store="nowhere.sqlite")
    task = build_task(Registry(), "demo/outcomes")
    with pytest.raises(DataError, match="there is no such store"):
        list(task.items())
    assert "cannot be read" in harness("show", "demo/outcomes").out
