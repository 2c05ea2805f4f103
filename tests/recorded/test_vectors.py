"""Vectors on file: rows, copies of data sets on the hub, and arrays beside their texts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from harness_plugins.recorded.vectors import RecordedVectors

from harness import Failure, Text, UsageError


def loaded(**arguments):
    model = RecordedVectors(**arguments)
    model.load()
    return model


@pytest.fixture
def rows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(name, given):
        Path(name).write_text("".join(json.dumps(row) + "\n" for row in given), "utf-8")
        return name

    return write


GIVEN = [{"prompt": "a", "emb": [1, 0]}, {"prompt": "b", "emb": [0, 2]}, {"prompt": "a", "emb": [5, 5]}]


def test_rows_with_texts_and_vectors(rows):
    model = loaded(path=rows("v.jsonl", GIVEN), vector="emb")
    first, second, missing = model.embed([Text("a"), Text("b"), Text("c")])
    assert (first.tolist(), second.tolist()) == ([1, 0], [0, 2])  # of a text that comes twice the first counts
    assert isinstance(missing, Failure)
    assert first.dtype == np.float32
    before = model.identity()
    rows("v.jsonl", GIVEN[:1])
    assert model.identity() != before
    assert isinstance(loaded(path="v.jsonl", vector="emb").embed([Text("b")])[0], Failure)


def test_csv_holds_vectors_as_lists(tmp_path):
    (tmp_path / "v.csv").write_text('prompt,emb\na,"[1, 0.5]"\n')
    assert loaded(path=str(tmp_path / "v.csv"), vector="emb").embed([Text("a")])[0].tolist() == [1, 0.5]


def test_a_copy_of_the_hub_is_taken_first(rows, tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    (tmp_path / "own/set").mkdir(parents=True)
    rows("own/set/train.jsonl", GIVEN)
    assert loaded(hub="own/set", vector="emb", rows=1).embed([Text("a"), Text("b")])[0].tolist() == [1, 0]


@pytest.mark.parametrize("suffix", ["npz", "npy"])
def test_an_array_beside_its_texts(rows, suffix):
    vectors = np.array([[1, 0], [0, 2], [5, 5]], dtype=np.float16)
    if suffix == "npz":
        np.savez("v.npz", emb=vectors)
    else:
        np.save("v.npy", vectors)
    one, other = rows("one.jsonl", GIVEN[:2]), rows("other.jsonl", [{"prompt": "c"}])
    model = loaded(path=f"v.{suffix}", vector="emb", texts=[one, other])
    assert [v.tolist() for v in model.embed([Text("c"), Text("a")])] == [[5, 5], [1, 0]]
    assert len(model.identity()) == 3


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([{"prompt": "a"}], "'emb'"),
        ([{"text": "a", "emb": [1]}], "'prompt'"),
        ([{"prompt": "a", "emb": [1]}, {"prompt": "b", "emb": [1, 2]}], "2 numbers"),
        ([{"prompt": "a", "emb": "x"}], "finite numbers"),
        ([{"prompt": "a", "emb": [1, None]}], "finite numbers"),
        ([{"prompt": "a", "emb": []}], "finite numbers"),
        ([{"prompt": "a", "emb": 3}], "finite numbers"),
        ([], "no vectors"),
    ],
)
def test_rows_of_another_form_are_refused(rows, given, says):
    with pytest.raises(UsageError, match=says):
        loaded(path=rows("v.jsonl", given), vector="emb")


def test_arrays_and_arguments_of_another_form_are_refused(rows):
    np.savez("v.npz", emb=np.eye(3), bad=np.full((3, 2), np.nan), flat=np.zeros(3), words=np.array([["a"]] * 3))
    texts = rows("t.jsonl", GIVEN)
    for arguments, says in (
        ({"vector": "none"}, "no 'none'"),
        ({"vector": "bad"}, "finite"),
        ({"vector": "flat"}, "shape"),
        ({"vector": "words"}, "finite"),
        ({"vector": "emb", "texts": rows("few.jsonl", GIVEN[:1])}, "3 vectors"),
        ({"vector": "emb", "text": "question"}, "'question'"),
    ):
        with pytest.raises(UsageError, match=says):
            loaded(path="v.npz", **{"texts": texts, **arguments})
    Path("damaged.npz").write_bytes(b"PK nothing")
    for arguments in (
        {},
        {"path": "a.jsonl", "hub": "b"},
        {"path": "v.npz"},
        {"path": "a.jsonl", "texts": "t.jsonl"},
        {"path": "damaged.npz", "texts": texts},
        {"path": "gone.npy", "texts": texts},
        {"path": "gone.jsonl"},
    ):
        with pytest.raises(UsageError):
            loaded(**arguments)
