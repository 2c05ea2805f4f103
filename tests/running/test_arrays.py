"""Arrays in requests, in responses and in items, through the command line with a plugin of its own."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import numpy as np
import pytest

PLUGIN = """
from dataclasses import dataclass
import numpy as np
from harness import Capability, FieldSpec, MeanMetric, Model, Request, SampleRequests, Stage, Task
from harness.hooks import hookimpl

@dataclass(frozen=True, slots=True)
class Sequence(Request):
    tokens: np.ndarray
    scale: float = 1.0
    def content(self):
        return [self.tokens, self.scale]

TRACE = Capability(
    "trace", Sequence, "arrays",
    arrays={"attention": "float32", "norms": "float16", "loss": "number"},
    check=lambda request, response: None if response["attention"].ndim == 3 else "expected (heads, T, T)",
    samples=lambda: SampleRequests([Sequence(np.arange(n)) for n in (3, 4, 5)]),
    description="attention of each head",
)

class Tracer(Model):
    batch_size = 4
    def __init__(self, *, mood: str = "well", seed: int = 0, pad: int = 0):
        self.mood, self.seed, self.pad = mood, seed, pad
    def trace(self, requests):
        CALLS.append(len(requests))
        return [self.one(request.tokens) for request in requests]
    def one(self, tokens):
        n = len(tokens)
        norms, even = [float(t) for t in tokens[:8]], None if self.pad else np.full((2, n, n), 1 / n)
        response = {"attention": even, "norms": norms, "loss": np.float32(n)}
        if self.pad:
            response["attention"] = np.full((1, 1, self.pad), 0.5, np.float32)
        if self.mood == "lacks":
            del response["loss"]
        if self.mood == "more":
            response["heads"] = 2
        if self.mood == "list":
            return [1, 2]
        if self.mood == "nan":
            response["loss"] = float("nan")
        if self.mood == "complex":
            response["attention"] = response["attention"] * 1j
        if self.mood == "flat":
            response["attention"] = np.ones(2)
        if self.mood == "large":
            response["norms"] = [1e9]
        return response

CALLS = []

class Sink(Task):
    fields = {"tokens": FieldSpec("array", description="ids")}
    stages = (Stage(("trace",)),)
    columns = ("sink", "loss", "map")
    default_metrics = ("sink-mass",)
    options = {"columns": "good", "objects": False, "at_once": 0, "pad": 0}
    def __init__(self, definition):
        super().__init__(definition)
        if self.settings["at_once"]:
            self.at_once = self.settings["at_once"]
    def requests(self, item, stage, capability, earlier):
        tokens = item.fields["tokens"]
        if self.settings["pad"]:
            tokens = np.resize(tokens.astype(np.float32), self.settings["pad"])
        if self.settings["objects"]:
            tokens = tokens.astype(object)
        return [Sequence(tokens, origin=item.origin(self.name))]
    def row(self, item, answers):
        if answers[0].failures:
            return {name: float("nan") for name in self.columns}
        trace = answers[0].responses[0]
        figures = {"sink": float(trace["attention"][:, :, 0].mean()), "loss": trace["loss"]}
        bad = {"deep": trace["attention"], "complex": 1j, "text": "a", "complex array": np.ones(2) * 1j}
        return {**figures, "map": bad.get(self.settings["columns"], trace["norms"].astype(float))}

class SinkMass(MeanMetric):
    needs, unit = ("sink",), "fraction"
    def per_item(self, columns):
        return columns.values["sink"]

@hookimpl
def register_capabilities(register):
    register("trace", "plugin_trace:TRACE", description="attention of each head")

@hookimpl
def register_models(register):
    register("tracer", "plugin_trace:Tracer", offers=("trace",), description="even attention")

@hookimpl
def register_tasks(register):
    register("sink", "plugin_trace:Sink", description="attention on the first token")

@hookimpl
def register_metrics(register):
    register("sink-mass", "plugin_trace:SinkMass", description="attention on the first token")
"""
LENGTHS = [2, 3, 4, 5, 6, 7, 8, 2, 3]


@pytest.fixture
def trace(add_plugin, write_task, harness):
    """Evaluate the tracer on nine sequences; the document."""
    add_plugin("trace", PLUGIN)
    rows = [{"id": f"s{i}", "tokens": list(range(i, i + n))} for i, n in enumerate(LENGTHS)]

    def call(model="tracer", *more, code=0, **options):
        write_task("probe/sink", rows, kind="sink", columns={"id": "id", "tokens": "tokens"}, options=options)
        ran = harness("eval", "-m", model, "-t", "probe/sink", "--json", *more)
        assert ran.code == code, ran.err
        return ran.document

    return call


def calls():
    import plugin_trace

    made = list(plugin_trace.CALLS)
    plugin_trace.CALLS.clear()
    return made


def value(document):
    (result,) = [r for r in document["results"] if r["domain"] == "overall"]
    return result["value"]


def test_several_arrays_in_a_response_are_filed_and_read_back(trace):
    first = trace()
    assert value(first) == pytest.approx(np.mean([1 / n for n in LENGTHS]))
    assert calls() == [1, 4, 4]  # one alone, to see how large the answers are
    assert trace()["results"] == first["results"]
    assert calls() == []


def test_at_once_bounds_what_is_asked_together(trace):
    first = trace(at_once=2)
    assert max(calls()) <= 2
    assert trace()["results"] == first["results"]
    assert calls() == []
    assert "at_once: expected a whole number" in str(trace("tracer:seed=1", at_once=-1, code=1))


@pytest.mark.parametrize(
    ("mood", "said"),
    [
        ("lacks", "lacks 'loss'"),
        ("more", "declares no 'heads'"),
        ("list", "expected a mapping"),
        ("nan", "'loss'"),
        ("complex", "'attention'"),
        ("flat", "expected (heads, T, T)"),
        ("large", "beyond float16"),
    ],
)
def test_what_is_no_such_response_is_a_failed_request(trace, mood, said):
    document = trace(f"tracer:mood={mood}", code=1)
    assert said in str(document)


def test_an_array_of_objects_is_refused_before_the_model_is_asked(trace):
    document = trace(objects=True, code=1)
    assert calls() == []
    for words in ("'trace'", "Sequence.tokens", "object"):
        assert words in str(document)


@pytest.mark.parametrize("columns", ["deep", "complex", "text", "complex array"])
def test_a_column_that_is_no_list_of_numbers_names_task_and_column(trace, columns):
    document = trace(columns=columns, code=1)
    for words in ("'map'", "probe/sink"):
        assert words in str(document)


def test_a_damaged_array_is_asked_again(trace, project):
    first = trace()
    calls()
    (file,) = (project / ".harness/store.sqlite.files/arrays").glob("*.bin")
    content = bytearray(file.read_bytes())
    content[5] ^= 64
    file.write_bytes(content)
    second = trace()
    assert calls() == [1]
    assert second["results"] == first["results"]


def test_a_response_of_another_version_is_asked_again(trace, project):
    first = trace()
    calls()
    with sqlite3.connect(project / ".harness/store.sqlite") as connection:
        connection.execute("UPDATE responses SET record = replace(record, 'norms', 'normen')")
    connection.close()
    assert trace()["results"] == first["results"]
    assert sum(calls()) == len(LENGTHS)


def test_check_asks_with_samples_that_hold_arrays(trace, harness):
    trace()
    ran = harness("check", "tracer")
    assert ran.code == 0, ran.out
    assert "is asked nothing" not in ran.out


PEAK = """
import resource, sys
from harness.cli.main import run
code = run(sys.argv[1:])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_answers_or_the_arrays_in_requests(add_plugin, write_task, project):
    add_plugin("trace", PLUGIN)
    (project / "peak.py").write_text(PEAK)
    rows = [{"id": f"s{i}", "tokens": list(range(i, i + 3))} for i in range(200)]

    def peak(pad):
        options = {"pad": pad}
        write_task("probe/sink", rows, kind="sink", columns={"id": "id", "tokens": "tokens"}, options=options)
        command = ["eval", "-m", f"tracer:pad={pad}", "-t", "probe/sink", "--json"]
        ran = subprocess.run([sys.executable, "peak.py", *command], capture_output=True, text=True, check=True)
        code, kilobytes = ran.stdout.split()[-2:]
        assert code == "0", ran.stderr
        return int(kilobytes) / 1024

    least = peak(0)
    assert peak(500_000) - least < 480  # 200 requests and 200 answers of 2 MB each: 800 MB
    assert peak(500_000) - least < 400  # read back


def test_the_viewer_shows_arrays_by_shape_and_first_values(trace):
    trace()
    from harness_plugins.view.answers import _of_value
    from harness_plugins.view.documents import TextPool

    from harness.array_values import NamedArrays

    shown = _of_value(NamedArrays({"attention": np.ones((2, 3, 3), np.float32), "loss": 0.25})).figures
    assert shown["attention"].startswith("float32 array of 2 × 3 × 3: 1, 1")
    assert shown["loss"] == "0.25"
    import plugin_trace

    parts = TextPool().parts(plugin_trace.Sequence(np.arange(20)))
    assert parts[0].setting == "int64 array of 20: 0, 1, 2, 3, 4, 5, 6, 7, …"


def test_a_record_that_turns_out_to_hold_arrays_ends_the_work_with_its_first_batch(trace, harness, monkeypatch):
    trace()
    calls()
    import plugin_trace

    from harness import Capability

    loose = Capability("trace", plugin_trace.Sequence, "record", samples=plugin_trace.TRACE.samples)
    monkeypatch.setattr(plugin_trace, "TRACE", loose)
    document = trace("tracer:seed=1", code=1)
    assert calls() == [4]
    assert "form='arrays'" in str(document)
    assert harness("check", "tracer:seed=1").code == 1
