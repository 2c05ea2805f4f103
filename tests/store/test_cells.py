"""Cells: every field is written and read back, and what a file holds in place of a value is said."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import sqlite3

import pytest

from harness.errors import StoreError
from harness.results.joining import join
from harness.stats import Estimate
from harness.store import (
    CellRecord,
    DamagedRecord,
    Result,
    StageRecord,
    Store,
    StoreReader,
    list_cells,
    list_runs,
    model_descriptions,
    read_cell,
    read_run,
    runs_of_cells,
    whole_computations,
)
from harness.store import schema as s
from harness.store.cells import ALL_PARTS, HEADLINES, own_fields, save_cell
from harness.store.checked import CheckedRow
from harness.store.columns import JsonNames, JsonObject, Moment, Name
from harness.store.curves import read_curve, save_curve
from harness.store.records import NOT_ON_FILE
from harness.store.runs import start_run

COUNT = itertools.count(2)


def some(kind):
    """A value of a field's type that is no field's default, and never the same twice."""
    number = next(COUNT)
    made = {
        "str": f"text {number}",
        "int": number,
        "int | None": number,
        "float": number + 0.5,
        "bool": True,
        "tuple[str, ...]": (f"name {number}", "other"),
        "dict[str, Any]": {"limit": number, "deep": {"b": [1, None], "a": "x"}, "confidence": 0.9},
        "list[str]": [f"remark {number}", "another"],
        "list[tuple[str, str]]": [(f"item {number}", "why"), ("b", "other")],
    }
    if kind == "list[StageRecord]":
        return [StageRecord(**{f.name: some(f.type) for f in dataclasses.fields(StageRecord)}) for _ in range(2)]
    return made[kind]


def whole_cell():
    """A cell no field of which has its default."""
    fields = {f.name: f.type for f in dataclasses.fields(CellRecord)}
    values = {name: some(kind) for name, kind in fields.items() if name != "results" and name not in NOT_ON_FILE}
    cell = CellRecord(**values)
    estimate = Estimate(0.5, 0.125, 0.25, 0.75, 8, 2, {"reason": "x", "bins": [1, 2]}, cell.confidence, chance=0.375)
    for domain in ("overall", "hard"):
        cell.results.append(
            Result(cell.label, cell.task, "metric", domain, estimate, "unit", True, cell.adapters, headline=True)
        )
    return cell


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "s.sqlite") as opened:
        yield opened


def test_every_field_has_one_place():
    names = [field.name for field in dataclasses.fields(CellRecord)]
    assert sorted([*own_fields(), *(part.field for part in ALL_PARTS), *NOT_ON_FILE]) == sorted(names)


def test_every_column_of_the_table_is_a_field():
    assert set(s.cells.c.keys()) == set(own_fields())


def test_a_field_without_a_place_is_noticed(monkeypatch):
    monkeypatch.setattr("harness.store.cells.NOT_ON_FILE", frozenset())
    with pytest.raises(AssertionError, match="broken_metrics"):
        own_fields()


def test_every_field_of_a_cell_is_written_and_read_back(store):
    filed = whole_cell()
    for field in dataclasses.fields(CellRecord):
        default = field.default if field.default is not dataclasses.MISSING else []
        assert field.name in NOT_ON_FILE or getattr(filed, field.name) != default
    save_cell(store, start_run(store, {}), filed)
    found = read_cell(store, filed.id)
    found.results.sort(key=lambda result: result.domain != "overall")  # the table's order is that of its key
    assert found == filed


def test_every_field_of_a_cell_goes_along_into_a_joined_store(store, tmp_path):
    filed = whole_cell()
    filed.status, filed.columns = "done", "columns/c.npz"
    filed.settings |= {"limit": None, "split": "test"}
    save_cell(store, start_run(store, {"seed": 7}), filed)
    store.model_id("print", '{"reference": "module:Class"}')
    with Store(tmp_path / "joined.sqlite") as joined:
        start_run(joined, {})  # so that numbers differ
        assert join(joined, [store], {filed.task: filed.task_digest}) == []
        copied = read_cell(joined, 1)
        assert copied.columns == str(store.folder.absolute() / "columns/c.npz")
        (run,) = runs_of_cells(joined, [1]).values()
        assert (run.id, run.description) == (copied.run, {"seed": 7})
        assert model_descriptions(joined) == {"print": {"reference": "module:Class"}}
        copied.results.sort(key=lambda result: result.domain != "overall")
        assert dataclasses.replace(copied, columns=filed.columns, run=filed.run, id=filed.id) == filed


def test_headlines_are_read_alone(store):
    filed = whole_cell()
    save_cell(store, start_run(store, {}), filed)
    (found,) = list_cells(store, model=filed.label, task=filed.task, status=filed.status, run=filed.run, newest=True)
    assert [(result.metric, result.domain) for result in found.results] == [("metric", "overall")]
    assert found.results[0].estimate.chance == 0.375
    assert (found.failures, found.asked, found.reused) == ([], [], None)
    assert list_cells(store, model="other") == []
    assert HEADLINES.field == "results"


# damage


WRONG = {Moment: "soon", JsonObject: "[", JsonNames: "{}"}


def columns_to_damage(table):
    """Every column of a table that a reader of cells and runs takes a value from, but keys; each with a wrong value."""
    for column in s.metadata.tables[table].c:
        if not column.primary_key and not column.foreign_keys and column.name != "fingerprint":
            other = b"\xff\x00" if isinstance(column.type, Name) else "abc"
            yield column.name, WRONG.get(type(column.type), other)


TABLES = ["asked", "cells", "chance_levels", "curves", "estimates", "failures", "models", "progress", "remarks"]
TABLES += ["reuse", "runs"]


@pytest.mark.parametrize("table", TABLES)
def test_a_damaged_value_is_named_by_table_row_and_column(tmp_path, table):
    with Store(tmp_path / "s.sqlite") as store:
        run, filed = start_run(store, {}), whole_cell()
        save_cell(store, run, filed)
        store.model_id("print", "{}")
        save_curve(store, "model", 1, {"loss": 0.5})
        with store.transaction() as connection:
            values = (run, 1, 2, "m", "t", 3, 4, "2026-01-01T00:00:00+00:00")
            connection.exec_driver_sql("INSERT INTO progress VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
    whole = store.path.read_bytes()
    for column, wrong in columns_to_damage(table):
        store.path.write_bytes(whole)
        with contextlib.closing(sqlite3.connect(store.path)) as connection, connection:
            connection.execute(f'UPDATE {table} SET "{column}" = ?', (wrong,))
        with pytest.raises(DamagedRecord, match=rf"s\.sqlite: damaged: the column '{column}' of the table '{table}'"):
            read_everything(store.path, filed.id, run)


def read_everything(path, cell, run):
    with StoreReader(path, briefly=True) as reader:
        read_cell(reader, cell)
        read_run(reader, run)
        model_descriptions(reader)
        read_curve(reader, "model")


def test_the_error_names_the_cell_and_what_it_holds(store):
    filed = whole_cell()
    filed.status = "done"
    save_cell(store, start_run(store, {}), filed)
    with store.transaction() as connection:
        connection.exec_driver_sql("UPDATE estimates SET value = 'abc' WHERE domain = 'hard'")
    with pytest.raises(DamagedRecord, match=r"a number, and holds 'abc' in the row cell '1', metric 'metric', domain"):
        read_cell(store, 1)
    with store.transaction() as connection:
        connection.exec_driver_sql("UPDATE cells SET items = 'many', label = 'mine'")
    with pytest.raises(DamagedRecord, match=r"'items' .* holds 'many' in the row id '1', label 'mine', task 'text"):
        list_cells(store)
    with pytest.raises(DamagedRecord):
        whole_computations(store, [CellRecord("m", "f", read_task(store), "d", {}, (), "done")])


def read_task(store):
    """The task of the one cell, past everything that checks."""
    with store.reading() as connection:
        return connection.exec_driver_sql("SELECT task FROM cells").scalar_one()


@pytest.mark.parametrize("confidence", ['"high"', "0", "null", "[1]"])
def test_a_damaged_confidence_is_said(store, confidence):
    save_cell(store, start_run(store, {}), whole_cell())
    with store.transaction() as connection:
        connection.exec_driver_sql("UPDATE cells SET settings = ?", (f'{{"confidence": {confidence}}}',))
    with pytest.raises(DamagedRecord, match="a confidence between 0 and 1"):
        read_cell(store, 1)


def test_an_empty_column_stands_for_the_default():
    row = CheckedRow(s.cells, {"seconds": None, "items": 3, "id": 1, "label": "m", "task": "t", "status": None})
    assert (row["seconds"], row["items"]) == (None, 3)
    with pytest.raises(StoreError):
        row["status"]


def test_a_reader_tells_whether_anything_was_filed(store):
    with StoreReader(store.path) as reader:
        before = reader.stamp()
        assert list_runs(reader) == []
        assert reader.stamp() == before
        start_run(store, {})
        assert reader.stamp() != before
        assert len(list_runs(reader)) == 1


def test_every_public_name_is_there():
    import harness.store

    assert [name for name in harness.store.__all__ if not hasattr(harness.store, name)] == []


def test_the_file_of_a_damaged_store_stays_as_it_is(store):
    save_cell(store, start_run(store, {}), whole_cell())
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE cells SET seconds = 'abc'")
    with pytest.raises(DamagedRecord, match="seconds"):
        read_cell(store, 1)
    with sqlite3.connect(store.path) as connection:
        assert connection.execute("SELECT seconds FROM cells").fetchone() == ("abc",)
