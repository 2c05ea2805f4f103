"""What is no store, or a store no longer, is one message with the mend, and stays as it is."""

from __future__ import annotations

import contextlib
import pathlib
import sqlite3

import pytest

from ..messages import saying


@pytest.fixture
def on_store(toys, write_task, rows, harness):
    write_task("demo/plain", rows(3))

    def call(store, command="eval"):
        arguments = {
            "eval": ("-m", "toy-reader", "-t", "demo/plain"),
            "leaderboard": ("quickstart",),
            "compare": ("a", "b", "-t", "demo/plain"),
            "view": ("--no-open",),
            "merge": ("quickstart", "--merge", store),
            "correlate": ("quickstart", "--outcome", "outcome.csv"),
            "train": ("bt-linear", "-t", "quickstart/preferences", "-o", "trained"),
        }
        more = () if command == "merge" else ("--store", store)
        ran = harness("leaderboard" if command == "merge" else command, *arguments[command], *more)
        assert "Traceback" not in ran.err
        assert "internal error" not in ran.err
        assert ran.code == 2
        assert ran.err.startswith("error: ")
        return ran.err.removeprefix("error: ").rstrip("\n")

    return call


def test_a_store_below_a_file_cannot_be_made(on_store, toys):
    (toys / "file").write_text("")
    message = on_store("file/store.sqlite")
    assert message.startswith("file/store.sqlite: cannot be made: ")
    assert message.endswith("; choose another place with --store")


def test_a_folder_is_no_store(on_store, toys):
    (toys / "folder").mkdir()
    assert on_store("folder") == saying("folder:", "--store")


def test_a_file_of_garbage_is_no_store(on_store, toys):
    (toys / "garbage").write_bytes(bytes(range(256)) * 40)
    for command in ("eval", "leaderboard", "compare"):
        assert on_store("garbage", command) == (saying("garbage:", "not a database", "--store"))
    assert (toys / "garbage").read_bytes() == bytes(range(256)) * 40


FOREIGN = {
    "a table": "CREATE TABLE albums (name TEXT)",
    "write-ahead mode": "PRAGMA journal_mode = WAL; CREATE TABLE albums (name TEXT)",
    "a table named as ours": "CREATE TABLE about (text TEXT)",
    "tables named as ours": "CREATE TABLE about (key TEXT, value TEXT); CREATE TABLE albums (name TEXT)",
    "a view only": "CREATE VIEW albums AS SELECT 1",
}


@pytest.mark.parametrize("command", ["eval", "leaderboard", "compare", "view", "merge", "correlate", "train"])
@pytest.mark.parametrize("kind", FOREIGN)
def test_another_programs_database_is_no_store_and_stays_as_it_is(on_store, toys, kind, command):
    with contextlib.closing(sqlite3.connect(toys / "other.sqlite")) as connection:
        connection.executescript(FOREIGN[kind])
    before = (toys / "other.sqlite").read_bytes()
    mend = "merge another" if command == "merge" else "choose another with --store"
    said = f"other.sqlite: an SQLite file, but not a store of harness; {mend}"
    assert on_store("other.sqlite", command) == said
    assert (toys / "other.sqlite").read_bytes() == before
    assert [path.name for path in toys.glob("other.sqlite*")] == ["other.sqlite"]


def test_a_database_that_another_program_has_open_is_no_store(on_store, toys):
    with contextlib.closing(sqlite3.connect(toys / "other.sqlite")) as connection:
        connection.executescript("PRAGMA journal_mode = WAL; CREATE TABLE albums (name TEXT)")
        before = [(toys / f"other.sqlite{end}").read_bytes() for end in ("", "-wal")]
        assert "not a store of harness" in on_store("other.sqlite")
        assert [(toys / f"other.sqlite{end}").read_bytes() for end in ("", "-wal")] == before


@pytest.mark.parametrize("made", ["empty", "write-ahead mode", "stopped early"])
def test_a_file_without_content_may_become_a_store(toys, write_task, rows, harness, made):
    write_task("demo/plain", rows(3))
    (toys / "new.sqlite").touch()
    if made == "empty":
        compare = ("compare", "a", "b", "-t", "demo/plain")
        for command in (("leaderboard", "quickstart"), ("view", "--no-open"), compare):
            ran = harness(*command, "--store", "new.sqlite")
            assert (ran.code, ran.err.partition(";")[0]) == (2, "error: new.sqlite: there is no store yet")
        assert "none yet" in harness("doctor", "--store", "new.sqlite").out
        assert (toys / "new.sqlite").read_bytes() == b""
    else:
        with contextlib.closing(sqlite3.connect(toys / "new.sqlite")) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            if made == "stopped early":
                connection.execute("CREATE TABLE about (key VARCHAR NOT NULL PRIMARY KEY, value VARCHAR NOT NULL)")
    assert harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--store", "new.sqlite").code == 0


def test_a_store_of_a_newer_version_is_refused(on_store, toys, harness):
    assert harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--store", "s.sqlite").code == 0
    with sqlite3.connect(toys / "s.sqlite") as connection:
        connection.execute("UPDATE about SET value = '99'")
    connection.close()
    assert on_store("s.sqlite") == (saying("s.sqlite", "newer", "99", "1", "pip install -U harness-eval", "--store"))


def test_a_damaged_store_is_one_message(on_store, toys, harness):
    assert harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--store", "s.sqlite").code == 0
    whole = (toys / "s.sqlite").read_bytes()
    (toys / "s.sqlite").write_bytes(whole[:4096] + b"\x07" * (len(whole) - 4096))
    for left in toys.glob("s.sqlite-*"):
        left.unlink()
    assert on_store("s.sqlite").startswith("s.sqlite: ")


def test_json_in_a_store_that_is_damaged_is_one_message(on_store, toys, harness):
    assert harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--store", "s.sqlite").code == 0
    with contextlib.closing(sqlite3.connect(toys / "s.sqlite")) as connection, connection:
        connection.execute("UPDATE cells SET settings = '{', task = 'quickstart/detection'")
    said = on_store("s.sqlite", "leaderboard")
    assert said == saying("s.sqlite", "damaged", "'settings'", "'cells'", "JSON")


def test_a_store_that_may_not_be_read_is_one_message(on_store, toys, monkeypatch):
    (toys / "s.sqlite").write_bytes(b"SQLite format 3\0")

    opened = pathlib.Path.open

    def refuse(self, *arguments, **options):
        if self.name == "s.sqlite":
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *arguments, **options)

    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert on_store("s.sqlite") == saying("s.sqlite:", "Permission denied", "--store")


def test_a_store_that_does_not_exist_is_not_made_by_reading(project, harness):
    for arguments in (("leaderboard", "quickstart"), ("compare", "a", "b", "-t", "quickstart")):
        ran = harness(*arguments, "--store", "none.sqlite")
        assert (ran.code, ran.err) == (
            2,
            saying("none.sqlite", "--store"),
        )
    assert list(project.iterdir()) == []
