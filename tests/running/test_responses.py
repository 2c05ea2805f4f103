"""What is held of large answers is bounded by bytes, and the estimates are the same to the last bit."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from harness import Completion, Failure, Text
from harness.capabilities import EMBED, GENERATE
from harness.requests import failures_of
from harness.running.chunking import chunks
from harness.running.responses import LazyResponses, Responses
from harness.store import Store
from harness.task import BadItem, Item

WIDE = """
import numpy as np
from harness import Failure, Model
from harness.hooks import hookimpl

class Wide(Model):
    batch_size = 8
    def __init__(self, *, width: int = 10000):
        self.width = width
    def embed(self, requests):
        return [self.one(request.text) for request in requests]
    def one(self, text):
        if text.endswith("17"):
            return Failure("no vector of seventeen")
        return np.random.default_rng(sum(text.encode())).standard_normal(self.width, dtype=np.float32)

@hookimpl
def register_models(register):
    register("wide", "plugin_wide:Wide", offers=("embed",), description="random numbers")
"""


@pytest.fixture
def wide(add_plugin, write_task, harness):
    add_plugin("wide", WIDE)
    pairs = [{"id": i, "a": f"first {i}", "b": f"second {i * 7}", "same": i % 2} for i in range(150)]
    columns = {"id": "id", "first": "a", "second": "b", "label": "same"}
    write_task("wide/pairs", pairs, kind="similarity", columns=columns)
    lists = [
        {"id": i, "prompt": f"p {i}", "responses": [f"r {i}", f"s {i}", "17"][: 2 + (i % 50 == 0)], "right": [1, 0, 0]}
        for i in range(100)
    ]
    for row in lists:
        row["right"] = row["right"][: len(row["responses"])]
    write_task(
        "wide/lists", lists, columns={"id": "id", "prompt": "prompt", "responses": "responses", "correct": "right"}
    )
    return lambda *more: harness("eval", "-m", "wide", "-t", "wide/pairs", "-t", "wide/lists", "--json", *more)


def test_estimates_are_the_same_whatever_is_held(wide, monkeypatch):
    whole = wide("--store", "whole.sqlite").document
    monkeypatch.setattr("harness.running.responses.HELD_BYTES", 1_000_000)
    for store in ("little.sqlite", "little.sqlite", "whole.sqlite"):  # asked, and read back
        little = wide("--store", store).document
        assert little["results"] == whole["results"]
        assert little["failures"] == whole["failures"]
    assert whole["failures"]


def test_the_peak_of_memory_does_not_grow_with_the_answers(wide, monkeypatch):
    wide("--limit", 2)  # imports
    monkeypatch.setattr("harness.running.responses.HELD_BYTES", 1 << 20)
    tracemalloc.start()
    try:
        for _ in range(2):  # asked, and read back
            tracemalloc.reset_peak()
            assert wide("--store", "fresh.sqlite").code == 0
            assert tracemalloc.get_traced_memory()[1] < 22 << 20  # all arrays of a task take 48 MB
    finally:
        tracemalloc.stop()


def test_what_was_let_go_is_read_from_the_store(tmp_path, monkeypatch):
    vectors = [np.full(100, i, dtype=np.float32) for i in range(10)]
    requests = [Text(str(i)) for i in range(10)]
    keys = [EMBED.keys(request) for request in requests]
    monkeypatch.setattr("harness.running.responses.HELD_BYTES", 900)
    with Store(tmp_path / "s.sqlite") as store:
        model = store.model_id("m", "{}")
        responses = Responses(store, model, EMBED)
        answers = [*((key, vectors[i]) for i, (key,) in enumerate(keys[:9])), (keys[9][0], Failure("no"))]
        store.file(model, EMBED, answers)
        for key, answer in answers:
            responses.add(key, answer)
        lazy = LazyResponses(responses, keys, lambda values: values[0])
        assert not responses.whole
        assert [f.reason for f in failures_of(lazy)] == ["no"]
        assert len(lazy) == 10
        for i, value in enumerate(lazy[:9]):
            np.testing.assert_array_equal(value, vectors[i])
        assert [f.reason for f in failures_of(lazy[8:])] == ["no"]
        again = Responses(store, model, EMBED)
        again.find([k for (k,) in keys])
        assert keys[9][0] not in again  # a failure is asked for again
        assert sum(again.held(k) is not None for (k,) in keys[:9]) <= 2
        np.testing.assert_array_equal(again.get([keys[7][0], keys[0][0]]), [vectors[7], vectors[0]])


def test_records_are_bounded_too(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.running.responses.HELD_BYTES", 5000)
    with Store(tmp_path / "s.sqlite") as store:
        model = store.model_id("m", "{}")
        answers = [(bytes([i]) * 16, [Completion("a" * 1000)]) for i in range(40)]
        store.file(model, GENERATE, answers)
        found = Responses(store, model, GENERATE)
        found.find([key for key, _ in answers])
        assert not found.whole
        assert sum(found.held(key) is not None for key, _ in answers) <= 5
        assert found.get([answers[39][0]])[0][0].text == "a" * 1000


def test_few_items_are_in_memory_where_each_is_large(monkeypatch):
    monkeypatch.setattr("harness.running.chunking.CHUNK_BYTES", 1000)
    items = [Item(str(i), {"prompt": "a" * 400, "responses": ["b" * 50]}) for i in range(7)]
    assert [len(chunk) for chunk in chunks([BadItem("x", "bad"), *items], 2048)] == [4, 3, 1]
    assert [len(chunk) for chunk in chunks(items, 2)] == [2, 2, 2, 1]


ADAPTER = """
from harness import Adapter
from harness.hooks import hookimpl

class Moody(Adapter):
    gives, needs = "score", "embed"
    def expand(self, request):
        from harness import Text
        if request.prompt.text.endswith(" 3"):
            raise KeyError("three")
        return [Text(r) for r in request.responses]
    def reduce(self, request, responses):
        if request.prompt.text.endswith(" 5"):
            raise ValueError("five")
        return [float(v[0]) for v in responses]

@hookimpl
def register_adapters(register):
    register("moody", "plugin_moody:Moody", gives="score", needs="embed", cost=0.1, description="raises at times")
"""


def test_an_adapter_that_raises_for_some_requests_fails_only_those(add_plugin, wide, harness):
    add_plugin("moody", ADAPTER)
    ran = harness("eval", "-m", "wide:width=10", "-t", "wide/lists", "--limit", 10, "--json")
    assert ran.code == 0
    reasons = {f["item"]: f["reason"] for f in ran.document["failures"]}
    assert reasons.keys() == {"0", "3", "5"}
    assert "adapter moody: KeyError: 'three'" in reasons["3"]
    assert "adapter moody: ValueError: five" in reasons["5"]
    assert ran.document["results"][0]["n"] == 7
