"""Stores of others, and damaged ones: nothing outside is read, and what is not as it was written is said."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from harness.capabilities import CORE
from harness.errors import StoreError
from harness.store import Store
from harness.store.places import file_below

from ..messages import saying

KEY = b"k" * 16
CAPABILITIES = {capability.name: capability for capability in CORE}
EMBED = CAPABILITIES["embed"]


def change(path: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(path) as connection:
        assert connection.execute(statement, values).rowcount
    connection.close()


@pytest.fixture
def filed(tmp_path):
    """A store of one embedding, and its file of arrays."""
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        store.file(store.model_id("a model", "{}"), EMBED, [(KEY, np.arange(4, dtype=np.float32))])
    (arrays,) = (tmp_path / "s.sqlite.files/arrays").iterdir()
    return path, arrays


def find(path):
    with Store(path) as store:
        return store.find(store.model_id("a model", "{}"), EMBED, [KEY]), store.take_damaged()


def place(path) -> dict:
    with sqlite3.connect(path) as connection:
        (text,) = connection.execute("SELECT record FROM responses").fetchone()
    connection.close()
    return json.loads(text)


def test_a_flipped_bit_is_said_and_the_response_is_asked_again(filed):
    path, arrays = filed
    content = bytearray(arrays.read_bytes())
    content[5] ^= 4
    arrays.write_bytes(content)
    found, damaged = find(path)
    assert found == {}
    assert damaged == [saying(f"{arrays}:", "damaged", "0 to 16")]
    assert find(path) == ({}, [])  # filed as failed, so that an answer can replace it
    with Store(path) as store:
        number = store.model_id("a model", "{}")
        store.file(number, EMBED, [(KEY, np.ones(4, np.float32))])
        assert store.find(number, EMBED, [KEY])[KEY].tolist() == [1.0] * 4


def test_an_array_of_before_there_were_checksums_is_read(filed):
    path, _arrays = filed
    older = {key: value for key, value in place(path).items() if key != "crc32"}
    change(path, "UPDATE responses SET record = ?", json.dumps(older))
    found, damaged = find(path)
    assert found[KEY].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert damaged == []


@pytest.mark.parametrize(
    "record",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        '{"file": "x.bin"}',
        '{"file": 3, "offset": 0, "dtype": "<f4", "shape": [4]}',
        '{"file": "x.bin", "offset": -4, "dtype": "<f4", "shape": [4]}',
        '{"file": "x.bin", "offset": 0.5, "dtype": "<f4", "shape": [4]}',
        '{"file": "x.bin", "offset": 0, "dtype": "no", "shape": [4]}',
        '{"file": "x.bin", "offset": 0, "dtype": "O", "shape": [4]}',
        '{"file": "x.bin", "offset": 0, "dtype": "<f4", "shape": 4}',
        '{"file": "x.bin", "offset": 0, "dtype": "<f4", "shape": ["4"]}',
        '{"file": "x.bin", "offset": 0, "dtype": "<f4", "shape": [4], "crc32": "x"}',
    ],
)
def test_a_damaged_record_is_said_and_asked_again(filed, record):
    path, _arrays = filed
    change(path, "UPDATE responses SET record = ?", record)
    found, (damaged,) = find(path)
    assert found == {}
    assert damaged.startswith("damaged: ")


@pytest.mark.parametrize("capability", ["compare", "generate", "score", "detect"])
def test_a_damaged_response_of_any_form_is_asked_again(tmp_path, capability):
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        number, asked = store.model_id("a model", "{}"), store.capability_id(capability)
        with store.transaction() as connection:
            connection.exec_driver_sql(
                "INSERT INTO responses (model, capability, key, number, record, error) VALUES (?, ?, ?, NULL, ?, NULL)",
                (number, asked, KEY, '{"no": "such"'),
            )
        assert store.find(number, CAPABILITIES[capability], [KEY]) == {}
        assert len(store.take_damaged()) == 1


@pytest.mark.parametrize("kind", ["dots", "absolute", "link", "linked folder", "folder itself", "no path"])
def test_nothing_outside_of_the_store_is_read(filed, tmp_path, kind):
    path, arrays = filed
    outside = tmp_path / "secret"
    outside.write_bytes(bytes(16))
    name = {"dots": "../../secret", "absolute": str(outside), "folder itself": "", "no path": "a\0b"}.get(kind)
    if kind == "link":
        name = "link.bin"
        (arrays.parent / name).symlink_to(outside)
    elif kind == "linked folder":
        name = "secret"
        arrays.unlink()
        arrays.parent.rmdir()
        arrays.parent.symlink_to(tmp_path)
    change(path, "UPDATE responses SET record = ?", json.dumps({**place(path), "file": name, "crc32": None}))
    with pytest.raises(StoreError, match=r"refused|damaged|cannot be read"):
        find(path)


def test_a_store_whose_folder_is_a_link_of_the_user_is_read(filed, tmp_path):
    path, arrays = filed
    elsewhere = tmp_path / "elsewhere"
    arrays.parents[1].rename(elsewhere)
    arrays.parents[1].symlink_to(elsewhere)
    assert find(path)[0][KEY].tolist() == [0.0, 1.0, 2.0, 3.0]


def test_files_below_and_beside(tmp_path):
    folder, other = tmp_path / "one.files", tmp_path / "other.files"
    assert file_below(folder, "columns/x.npz") == folder / "columns/x.npz"
    assert file_below(folder, str(other / "columns/x.npz"), [other]) == other / "columns/x.npz"
    for name in (str(other / "columns/x.npz"), "../other.files/x", "columns/../../x", "", ".", os.sep):
        with pytest.raises(StoreError, match="outside"):
            file_below(folder, name)


@pytest.fixture
def two_stores(toys, write_task, rows, harness):
    """Two stores, ``mine.sqlite`` and ``theirs.sqlite``, of a model each, and a file that is not theirs to name."""
    write_task("demo/plain", rows(12))
    for store, label in (("mine", "a=toy-reader"), ("theirs", "b=length"), ("theirs", "c=random")):
        assert harness("eval", "-m", label, "-t", "demo/plain", "--store", f"{store}.sqlite").code == 0
    theirs = next((toys / "theirs.sqlite.files/columns").iterdir())
    (toys / "secret.npz").write_bytes(theirs.read_bytes())
    return toys


@pytest.mark.parametrize("name", ["../secret.npz", "{}/secret.npz", "columns/link.npz"])
@pytest.mark.parametrize("command", ["compare", "leaderboard", "site"])
def test_a_merged_store_names_no_file_outside(two_stores, harness, command, name):
    (two_stores / "theirs.sqlite.files/columns/link.npz").symlink_to(two_stores / "secret.npz")
    change(two_stores / "theirs.sqlite", "UPDATE cells SET columns = ?", name.format(two_stores))
    (two_stores / "registry.yaml").write_text("task_folders: [tasks]\nbenchmarks: {demo: {tasks: [demo/plain]}}\n")
    merge = ("--store", "mine.sqlite", "--merge", "theirs.sqlite")
    if command == "compare":
        ran = harness("compare", "a", "b", "-t", "demo/plain", *merge)
    else:
        ran = harness("leaderboard", "demo", *merge, *(("-o", "site/") if command == "site" else ()))
    assert ran.code == 2, ran.out
    assert ran.err == saying("refused", "outside", "folder")
    # The same where it is the user's own.
    ran = harness("compare", "b", "c", "-t", "demo/plain", "--store", "theirs.sqlite")
    assert "refused" in ran.err


def test_merged_stores_are_compared(two_stores, harness):
    ran = harness(
        "compare", "a", "b", "-t", "demo/plain", "--store", "mine.sqlite", "--merge", "theirs.sqlite", "--json"
    )
    assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    ("column", "table"), [("settings", "cells"), ("adapters", "cells"), ("detail", "estimates"), ("adapters", "asked")]
)
def test_a_damaged_field_of_a_row_is_one_clear_error(two_stores, harness, column, table):
    for text in ("", "{", "3", "null", '"x"'):
        change(two_stores / "theirs.sqlite", f"UPDATE {table} SET {column} = ?", text)
        ran = harness("compare", "b", "c", "-t", "demo/plain", "--store", "theirs.sqlite")
        assert ran.code == 2
        assert "theirs.sqlite: damaged: " in ran.err


@pytest.mark.parametrize("table", ["estimates", "cells"])
def test_a_damaged_figure_is_one_clear_error_of_every_command(two_stores, harness, table):
    column = {"estimates": "value", "cells": "items"}[table]
    change(two_stores / "theirs.sqlite", f"UPDATE {table} SET {column} = ?", "abc")
    (two_stores / "registry.yaml").write_text("task_folders: [tasks]\nbenchmarks: {demo: {tasks: [demo/plain]}}\n")
    for command in (
        ("leaderboard", "demo", "--store", "theirs.sqlite"),
        ("leaderboard", "demo", "--store", "mine.sqlite", "--merge", "theirs.sqlite"),
        ("compare", "b", "c", "-t", "demo/plain", "--store", "theirs.sqlite"),
    ):
        ran = harness(*command)
        assert ran.code == 2, (command, ran.err)
        assert f"theirs.sqlite: damaged: the column {column!r} of the table {table!r} should hold a number" in ran.err
    # An evaluation reads no earlier figure, so it goes on, and files new ones.
    assert harness("eval", "-m", "b=length", "-t", "demo/plain", "--store", "theirs.sqlite").code == 0


def test_an_evaluation_says_what_was_damaged_and_asks_again(toys, write_task, harness):
    rows = [{"id": str(i), "first": f"{i} a", "second": f"b {i}", "label": i % 2} for i in range(6)]
    write_task("demo/pairs", rows, kind="similarity")
    command = ("eval", "-m", "toy-vectors", "-t", "demo/pairs", "--json")
    first = harness(*command).document
    (arrays,) = (toys / ".harness/store.sqlite.files/arrays").iterdir()
    content = bytearray(arrays.read_bytes())
    content[3] ^= 1
    arrays.write_bytes(content)
    ran = harness(*command)
    assert ran.document["results"] == first["results"]
    (remark,) = ran.document["remarks"]
    assert remark["text"] == saying("answer", "toy-vectors")
    assert f"{arrays.name}: damaged" in remark["text"]
    assert remark["text"] in ran.err
    assert harness(*command).document["remarks"] == []
