"""Stores of earlier versions are read as they are and upgraded in place; those of later ones are refused in words."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from harness.capabilities import SCORE
from harness.errors import StoreError
from harness.store import Store, migrations
from harness.store import schema as s
from harness.store.cells import latest_cells, read_cell, save_cell
from harness.store.curves import read_curve
from harness.store.migrations import AddColumn
from harness.store.reading import StoreReader
from harness.store.runs import start_run

from ..messages import saying

FORMS = sorted((Path(__file__).parent / "forms").glob("*.sql"), key=lambda path: int(path.stem))
KEY = bytes.fromhex("00112233445566778899aabbccddeeff")


def make(path, form):
    with sqlite3.connect(path) as connection:
        for part in FORMS[:form]:
            connection.executescript(part.read_text("utf-8"))
    connection.close()
    return path


@pytest.fixture(params=range(1, len(FORMS) + 1), ids=lambda form: f"form-{form}")
def earlier(request, tmp_path):
    return make(tmp_path / "s.sqlite", request.param)


def check(store):
    (cell,) = latest_cells(store, ["own/task"])
    assert (cell.label, cell.items, cell.failed_requests, cell.settings["split"]) == ("mine", 2, 1, "test")
    (result,) = cell.results
    e = result.estimate
    assert (result.metric, e.value, e.stderr, e.low, e.high, e.n) == ("accuracy", 0.5, 0.25, 0.125, 0.875, 2)
    assert e.chance in (None, 0.5)  # unknown, not zero, in stores that did not keep it
    assert read_cell(store, 1).failures == [("a", "too long")]
    assert read_curve(store, "made") == [(1, "loss", 0.5)]


def test_the_newest_form_is_todays(tmp_path):
    made = make(tmp_path / "made.sqlite", len(FORMS))
    with Store(tmp_path / "fresh.sqlite"):
        pass

    def described(path):
        query = "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
        with sqlite3.connect(path) as connection:
            names = [name for (name,) in connection.execute(query)]
            return {name: connection.execute(f"PRAGMA table_info({name})").fetchall() for name in names}

    assert described(made) == described(tmp_path / "fresh.sqlite"), "add a form, and a migration for a new column"


def test_a_store_of_every_form_is_read_and_written(earlier):
    with Store(earlier) as store:
        check(store)
        assert store.find(store.model_id("f1", "{}"), SCORE, [KEY]) == {KEY: 0.25}
        run = start_run(store, {"models": ["mine"]})
        cell = read_cell(store, 1)
        cell.reused, cell.remarks = 1, ["said"]
        save_cell(store, run, cell)
        assert read_cell(store, cell.id).remarks == ["said"]
    check_version(earlier)


def check_version(path):
    with sqlite3.connect(path) as connection:
        (version,) = connection.execute("SELECT value FROM about WHERE key = 'schema_version'").fetchone()
    assert int(version) == migrations.current_version()


def test_a_store_of_every_form_is_read_without_leave_to_write(earlier):
    before = earlier.read_bytes()
    with StoreReader(earlier, briefly=True) as store:
        check(store)
        assert store.filed("f1", "score", [KEY])[KEY].number == 0.25
    assert earlier.read_bytes() == before


# a column to come


@pytest.fixture
def grown(monkeypatch):
    """The schema with a column more, as a later version would have it."""
    column = sa.Column("tokens", sa.Integer)
    later = sa.MetaData()
    for table in s.metadata.sorted_tables:
        table.to_metadata(later)
    later.tables["cells"].append_column(column)
    monkeypatch.setattr(s, "metadata", later)
    monkeypatch.setattr(s, "cells", later.tables["cells"])
    monkeypatch.setattr(migrations, "MIGRATIONS", ((AddColumn("cells", "tokens", "INTEGER", "7"),),))


def tokens(store):
    with store.reading() as connection:
        return list(connection.execute(sa.select(s.cells.c.tokens)).scalars())


def test_a_column_that_a_migration_adds_leaves_every_store_readable(earlier, grown):
    with StoreReader(earlier, briefly=True) as store:
        check(store)
        assert tokens(store) == [7]
    with Store(earlier) as store:
        check(store)
        assert tokens(store) == [7]
    check_version(earlier)
    with StoreReader(earlier) as store:
        assert tokens(store) == [7]
    with Store(earlier) as store:  # and once more
        assert tokens(store) == [7]


def test_a_fresh_store_has_the_column_and_the_version(tmp_path, grown):
    with Store(tmp_path / "s.sqlite") as store:
        assert tokens(store) == []
    check_version(tmp_path / "s.sqlite")


def test_an_upgrade_that_breaks_off_leaves_the_store_as_it_was(earlier, grown, monkeypatch):
    before = read(earlier)
    steps = ((AddColumn("cells", "tokens", "INTEGER"), AddColumn("nowhere", "more", "INTEGER")),)
    monkeypatch.setattr(migrations, "MIGRATIONS", steps)
    with pytest.raises(StoreError):
        Store(earlier)
    assert read(earlier) == before


def read(path):
    with sqlite3.connect(path) as connection:
        return list(connection.iterdump())


def test_a_store_of_a_later_version_is_refused_in_words_and_left_as_it_is(earlier):
    with sqlite3.connect(earlier) as connection:
        connection.execute("UPDATE about SET value = '99'")
    before = read(earlier)
    for kind in (Store, StoreReader):
        with pytest.raises(StoreError, match=saying("newer version", "99").pattern):
            kind(earlier)
    assert read(earlier) == before


UPGRADE = """
import sys
from pathlib import Path
from harness.store import Store, migrations
from harness.store.migrations import AddColumn
migrations.MIGRATIONS = ((AddColumn("cells", "tokens", "INTEGER"),), (AddColumn("runs", "host", "TEXT"),))
with Store(Path(sys.argv[1])):
    print("opened")
"""


def test_two_processes_upgrade_one_store(tmp_path):
    path = make(tmp_path / "s.sqlite", 1)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", UPGRADE, str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        for _ in range(3)
    ]
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, "opened\n"), err
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT value FROM about").fetchone() == ("3",)
        assert connection.execute("SELECT tokens FROM cells").fetchall() == [(None,)]
