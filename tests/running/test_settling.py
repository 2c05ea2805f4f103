"""Figures that need all rows: what goes into `Task.settle`, what comes out, and what is refused."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from harness.metric import Columns
from harness.names.registry import Registry
from harness.running import chunks as chunking
from harness.running.table import load_table
from harness.store import Store
from harness.store.cells import latest_cells
from harness.task import Definition
from harness.tasks.build import build_task
from harness.tasks.settling import settled

PLUGIN = '''
import numpy as np

from harness import Failure, FieldSpec, MeanMetric, Model, Stage, Task, Text, hookimpl

ASKED, SETTLED = [], []


class Letters(Model):
    """A text's vector: how often it has a, b and c."""

    def __init__(self, fails: str = ""):
        self.fails = fails

    def identity(self):
        return {}

    def embed(self, requests):
        ASKED.extend(request.text for request in requests)
        return [
            Failure("no letters") if self.fails and self.fails in r.text else
            np.array([r.text.count(letter) for letter in "abc"], dtype=np.float32)
            for r in requests
        ]


class Stream(Task):
    """Prompts in the order in which they come: how near is the nearest before, and is its answer right?"""

    fields = {"prompt": FieldSpec("text"), "answer": FieldSpec("number")}
    stages = (Stage(("embed",)),)
    columns = ("similarity", "right")
    interim = {"vector": "float32", "answer": "float64"}
    ordered = True
    options = {"mode": "right"}
    default_metrics = ("hit_rate",)

    def requests(self, item, stage, capability, earlier):
        return [Text(item.fields["prompt"], origin=item.origin(self.name, 0))]

    def row(self, item, answers):
        failed = answers[0].failures
        vector = float("nan") if failed else answers[0].responses[0]
        return {"vector": vector, "answer": item.fields["answer"]}

    def settle(self, columns):
        vectors, answers = columns.values["vector"], columns.values["answer"]
        SETTLED.append((vectors.dtype, vectors.shape, columns.missing("vector").tolist()))
        mode, n = self.settings["mode"], len(columns)
        if mode == "raises":
            raise RuntimeError("the index is gone")
        if mode == "no mapping":
            return [1.0] * n
        if mode == "length":
            return {"similarity": np.zeros(n - 1), "right": np.zeros(n)}
        if mode == "name":
            return {"similarty": np.zeros(n), "right": np.zeros(n)}
        if mode == "interim":
            return {"vector": vectors}
        if mode == "texts":
            return {"similarity": np.array(["near"] * n), "right": np.zeros(n)}
        if mode == "dimensions":
            return {"similarity": np.zeros((n, 2, 2)), "right": np.zeros(n)}
        if mode == "ragged":
            return {"similarity": [[0.0]] * (n - 1) + [[0.0, 1.0]], "right": np.zeros(n)}
        if mode == "lacking":
            return {"similarity": np.zeros(n)}
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        similarity, right = np.full(n, np.nan), np.full(n, np.nan)
        for i in range(1, n):
            before = np.nan_to_num(unit[:i] @ unit[i], nan=-1.0)
            if np.isfinite(unit[i]).all():
                nearest = int(before.argmax())
                similarity[i], right[i] = before[nearest], answers[nearest] == answers[i]
        return {"similarity": similarity, "right": right}


class HitRate(MeanMetric):
    description = "share of prompts whose nearest earlier prompt is near"
    needs = ("similarity",)

    def per_item(self, columns):
        return columns.values["similarity"] > 0.9


class Vectors(MeanMetric):
    description = "reads what is gone"
    needs = ("vector",)

    def per_item(self, columns):
        return columns.values["vector"][:, 0]


@hookimpl
def register_models(register):
    register("letters", "plugin_stream:Letters", offers=("embed",), description="counts letters")


@hookimpl
def register_tasks(register):
    register("stream", "plugin_stream:Stream")


@hookimpl
def register_metrics(register):
    register("hit_rate", "plugin_stream:HitRate")
    register("vectors", "plugin_stream:Vectors")
'''
TEXTS = ("aab", "abb", "aab", "ccc", "bba", "cca", "aaab", "ccc")


@pytest.fixture
def stream(add_plugin, write_task):
    """The plugin's module, once it was imported, and a task of its kind: ``stream(mode="raises")``."""
    import importlib

    add_plugin("stream", PLUGIN)
    module = importlib.import_module("plugin_stream")

    def write(texts=TEXTS, **options):
        rows = [{"id": f"p{i}", "prompt": text, "answer": len(set(text))} for i, text in enumerate(texts)]
        write_task("demo/stream", rows, kind="stream", **({"options": options} if options else {}))
        return module

    return write


def table_on_file():
    """The columns of the newest cell."""
    with Store(Path(".harness/store.sqlite")) as store:
        (cell,) = latest_cells(store, ["demo/stream"])
        return load_table(store.folder / cell.columns, {})


def test_a_stream_is_settled_once_over_all_chunks_and_only_its_columns_are_filed(harness, stream, monkeypatch):
    module = stream()
    monkeypatch.setattr(chunking.chunks, "__defaults__", (3,))
    ran = harness("eval", "-m", "letters", "-t", "demo/stream", "--json")
    assert ran.code == 0, ran.err
    assert [(np.float32, (8, 3), [False] * 8)] == module.SETTLED
    table = table_on_file()
    assert sorted(table.columns.values) == ["right", "similarity"]
    assert table.columns.values["similarity"][2] == pytest.approx(1.0)
    assert np.isnan(table.columns.values["similarity"][0])
    (result,) = [r for r in ran.document["results"] if r["metric"] == "hit_rate" and r["domain"] == "overall"]
    assert (result["n"], result["n_failed"]) == (7, 1)


def test_a_failed_request_is_a_row_of_nan_and_settle_is_told(harness, stream):
    module = stream()
    ran = harness("eval", "-m", "letters:fails=cca", "-t", "demo/stream", "--json")
    assert ran.code == 0, ran.err
    assert module.SETTLED[-1][2] == [False] * 5 + [True] + [False] * 2
    assert np.isnan(table_on_file().columns.values["similarity"][5])
    asked = len(module.ASKED)
    assert harness("eval", "-m", "letters:fails=cca", "-t", "demo/stream").code == 0
    assert module.ASKED[asked:] == ["cca"]  # the failed one alone is asked again


def test_a_limit_settles_the_first_rows(harness, stream):
    module = stream()
    assert harness("eval", "-m", "letters", "-t", "demo/stream", "--limit", "4").code == 0
    assert module.SETTLED[-1][1] == (4, 3)


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("raises", "settle() failed: RuntimeError: the index is gone"),
        ("no mapping", "must give a mapping"),
        ("length", "'similarity' has 7 rows, and there are 8 items"),
        ("name", "did you mean 'similarity'"),
        ("interim", "gave 'vector', which is gone after it"),
        ("texts", "must hold numbers"),
        ("dimensions", "has 3 dimensions"),
        ("ragged", "is no array"),
        ("lacking", "no column 'right'"),
    ],
)
def test_what_settle_may_not_give_fails_the_cell_and_the_answers_are_kept(harness, stream, mode, said):
    module = stream(mode=mode)
    ran = harness("eval", "-m", "letters", "-t", "demo/stream", "--json")
    assert ran.code != 0
    assert said in str(ran.document["failures"])
    asked = len(module.ASKED)
    stream(mode="right")
    assert harness("eval", "-m", "letters", "-t", "demo/stream").code == 0
    assert len(module.ASKED) == asked  # nothing is asked again
    assert sqlite3.connect(".harness/store.sqlite").execute("SELECT count(*) FROM responses").fetchone() == (6,)


def test_a_metric_of_a_column_that_is_gone_is_refused_before_anything_is_asked(harness, stream):
    module = stream()
    ran = harness("eval", "-m", "letters", "-t", "demo/stream", "--metric", "vectors")
    assert ran.code == 2
    assert "keeps only until settle()" in ran.err
    assert not module.ASKED


def test_compare_and_view_see_the_settled_columns_alone(harness, stream):
    stream()
    assert harness("eval", "-m", "letters", "-m", "other=letters:fails=zz", "-t", "demo/stream").code == 0
    (one, *_) = harness("compare", "letters", "other", "-t", "demo/stream", "--json").document["comparisons"]
    assert one["difference"] == 0
    assert one["note"] == "rows in sequence: blocks of 2"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"interim": {"vector": "int8"}}, "none of float16"),
        ({"interim": {"similarity": "float32"}}, "both 'columns' and 'interim'"),
        ({"interim": ("vector",)}, "must map names"),
        ({"settle": None}, "has no settle()"),
    ],
)
def test_what_a_kind_may_not_declare_is_said_when_the_task_is_built(stream, monkeypatch, changes, said):
    from harness.errors import PluginError
    from harness.task import Task

    module = stream()
    for name, value in changes.items():
        monkeypatch.setattr(module.Stream, name, Task.settle if name == "settle" else value)
    with pytest.raises(PluginError, match=said.replace("(", r"\(").replace(")", r"\)")):
        build_task(Registry(), "demo/stream")


def test_the_columns_of_rows_stay_where_settle_gives_others():
    from harness.task import Task

    class Normalised(Task):
        columns = ("score", "normalised")

        def settle(self, columns):
            score = columns.values["score"]
            return {"normalised": (score - np.nanmean(score)) / np.nanstd(score)}

    made = settled(Normalised(Definition("demo/task")), Columns({"score": np.array([1.0, np.nan, 3.0])}))
    assert list(made.values) == ["score", "normalised"]
    np.testing.assert_allclose(made.values["normalised"], [-1.0, np.nan, 1.0])


def test_a_wide_column_is_not_in_memory_twice(stream):
    import tracemalloc

    from harness.running.table import Collector
    from harness.task import Item

    wide = Collector(("vector",), {"vector": "float32"})
    items = [Item(str(i), {"prompt": str(i)}) for i in range(1000)]
    for start in range(0, 1000, 100):
        rows = [{"vector": np.ones(1000, dtype=np.float32)}] * 100
        wide.add(items[start : start + 100], rows)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    column = wide.table({}).columns.values["vector"]
    after = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert (column.dtype, column.shape) == (np.float32, (1000, 1000))
    assert after < 1.2 * column.nbytes


@pytest.mark.slow
def test_a_stream_that_is_killed_repeats_no_filed_request_and_settles_to_the_same_figures(shell, stream, project):
    stream()
    dying = PLUGIN.replace(
        "ASKED.extend(request.text for request in requests)",
        "_log(requests)",
    ).replace(
        "class Letters(Model):",
        """def _log(requests):
    import os, signal
    with open("asked.txt", "a") as log:
        if os.environ.get("DIES") and log.tell():
            os.kill(os.getpid(), signal.SIGKILL)
        log.writelines(request.text + chr(10) for request in requests)


class Letters(Model):
    batch_size = 2""",
    )
    (project.parent / "site" / "stream" / "plugin_stream.py").write_text(dying)
    assert shell("eval", "-m", "letters", "-t", "demo/stream", DIES="1").code == -9
    assert len((project / "asked.txt").read_text().split()) == 2
    ran = shell("eval", "-m", "letters", "-t", "demo/stream", "--json")
    assert ran.code == 0, ran.err
    assert sorted((project / "asked.txt").read_text().split()) == sorted(set(TEXTS))  # each text once
    again = shell("eval", "-m", "letters", "-t", "demo/stream", "--json", "--store", "whole.sqlite")
    assert [r["value"] for r in again.document["results"]] == [r["value"] for r in ran.document["results"]]
