"""Outputs never replace what a command reads."""

import sqlite3

import pytest

from harness.errors import UsageError
from harness.leaderboard.outputs import refuse_to_replace


def test_what_is_read_and_databases_are_not_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "registry.yaml").write_text("models: {}\n")
    with sqlite3.connect(tmp_path / "other.sqlite") as connection:
        connection.execute("create table t (a)")
    connection.close()
    from pathlib import Path

    with pytest.raises(UsageError, match="is read by this very command"):
        refuse_to_replace(Path("registry.yaml"), [tmp_path / "registry.yaml"])
    with pytest.raises(UsageError, match="holds a database"):
        refuse_to_replace(Path("other.sqlite"), [])
    refuse_to_replace(Path("new.csv"), [tmp_path / "registry.yaml"])
    refuse_to_replace(tmp_path, [])


def test_a_leaderboard_replaces_neither_store_nor_registry_nor_run_file(toys, write_task, rows, harness):
    write_task("demo/plain", rows(6))
    registry = toys / "registry.yaml"
    registry.write_text(registry.read_text() + "benchmarks: {own: {tasks: [demo/plain]}}\n")
    assert harness("eval", "-m", "toy-reader", "-t", "own", "--store", "s.sqlite").code == 0
    before = (toys / "s.sqlite").read_bytes(), registry.read_text()
    for output in ("s.sqlite", "registry.yaml"):
        ran = harness("leaderboard", "own", "--store", "s.sqlite", "--format", "csv", "-o", output)
        assert ran.code == 2
        assert "write to another file" in ran.err
    assert ((toys / "s.sqlite").read_bytes(), registry.read_text()) == before
    run = toys / "leaderboard.yaml"
    for output, store in (("leaderboard.yaml", "t.sqlite"), ("t.sqlite", "t.sqlite")):
        run.write_text(
            f"models: [toy-reader]\ntasks: [own]\nstore: {store}\n"
            f"leaderboards:\n  - {{benchmark: own, output: {output}, format: csv}}\n"
        )
        ran = harness("run", run)
        assert ran.code == 2
        assert "is read by this very command" in ran.err
        assert "leaderboard.yaml:5: leaderboards.0.output" in ran.err
        assert not (toys / "t.sqlite").exists()


@pytest.fixture
def evaluated(toys, write_task, rows, harness):
    """A benchmark ``own`` with results in the default store."""
    write_task("demo/plain", rows(6))
    registry = toys / "registry.yaml"
    registry.write_text(registry.read_text() + "benchmarks: {own: {tasks: [demo/plain]}}\n")
    assert harness("eval", "-m", "toy-reader", "-t", "own").code == 0
    return toys


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-o", "d.md"], "d.md: is a folder; name a file"),
        (["-o", "d.md", "--format", "csv"], "d.md: is a folder; name a file"),
        (["-o", "deep/registry.yaml"], "deep/registry.yaml: every later command there would read it as a registry"),
        (["-o", ".harness/store.sqlite.files/"], ".harness/store.sqlite.files: is in the folder of the store"),
        (["-o", ".harness/store.sqlite.files/a/b.md"], "is in the folder of the store"),
    ],
)
def test_what_cannot_be_written_leaves_nothing_behind(evaluated, harness, options, said):
    (evaluated / "d.md").mkdir()
    before = sorted(evaluated.rglob("*"))
    ran = harness("leaderboard", "own", *options)
    assert ran.code == 2
    assert said in ran.err
    assert sorted(evaluated.rglob("*")) == before


def test_a_hyphen_is_standard_output(evaluated, harness):
    before = sorted(evaluated.rglob("*"))
    for options in ((), ("--format", "csv")):
        assert harness("leaderboard", "own", "-o", "-", *options).out == harness("leaderboard", "own", *options).out
    assert sorted(evaluated.rglob("*")) == before


def test_a_file_that_cannot_be_written_whole_leaves_no_part(tmp_path, monkeypatch):
    from harness.files import write_atomically

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(tmp_path / "a.md", "text")
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_named_has_to_be_there_and_a_folder_is_none(toys, write_task, rows, harness):
    write_task("demo/plain", rows(6))
    registry = toys / "registry.yaml"
    registry.write_text(registry.read_text() + "benchmarks: {own: {tasks: [demo/plain]}}\n")
    assert harness("eval", "-m", "toy-reader", "-t", "own", "--store", "a.sqlite").code == 0
    for more in ((), ("-o", "site/")):
        ran = harness("leaderboard", "own", "--store", "nope.sqlite", "--merge", "a.sqlite", *more)
        assert ran.code == 2
        assert "nope.sqlite" in ran.err
        ran = harness("leaderboard", "own", "--merge", ".", *more)
        assert ran.code == 2
        assert "there is no such store" in ran.err


def test_a_key_given_twice_is_named_with_its_line(project, harness):
    (project / "run.yaml").write_text("models: [length]\ntasks: [quickstart]\ntasks: [llmbar]\n")
    ran = harness("run", "run.yaml")
    assert ran.code == 2
    assert "run.yaml:3: not valid YAML: the key 'tasks' is given twice" in ran.err


def test_tables_show_what_a_terminal_would_obey():
    from harness.results.numbers import plain_table

    shown = plain_table(["a\x1b[31m", "b"], [["\u202ered\nline", "1"], ["\x00", "2"]])
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\x00" not in shown
    assert len(shown.splitlines()) == 4
