"""Results are taken out of a store whole, and nothing else with them."""

from __future__ import annotations

import sqlite3

import pytest

from harness.errors import UsageError
from harness.stats import Estimate
from harness.store import Store, list_cells, read_cell
from harness.store import forgetting as module
from harness.store.cells import save_cell
from harness.store.forgetting import forget
from harness.store.records import CellRecord, Result, StageRecord
from harness.store.runs import start_run
from harness.store.space import measure

LABELS = ("good", "good-trial", "bad[1]")
TASKS = ("a/one", "a/two")


def columns_of(path, number):
    folder = path.with_name(path.name + ".files") / "columns"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{number:024x}.npz"
    file.write_bytes(b"x" * 10)
    return f"columns/{file.name}"


@pytest.fixture
def path(tmp_path):
    """A store with a cell of each of three models on two tasks, each with a figure, parts, columns and an answer."""
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        run = start_run(store, {})
        for i, label in enumerate(LABELS):
            model = store.model_id(f"f-{label}", "{}")
            with store.transaction() as connection:
                for key in range(3):
                    connection.exec_driver_sql(
                        "INSERT INTO responses VALUES (?, 1, ?, 0.5, NULL, NULL)", (model, bytes([key]) * 16)
                    )
            for j, task in enumerate(TASKS):
                cell = CellRecord(label, f"f-{label}", task, "d", {"split": "test"}, (), "done", items=3)
                half = Estimate(0.5, 0.1, 0.3, 0.7, 3)
                cell.results.append(Result(label, task, "accuracy", "overall", half, "fraction", True, (), True))
                cell.failures.append(("1", "no answer"))
                cell.remarks.append("a remark")
                cell.asked.append(StageRecord("candidate", label, f"f-{label}", "score"))
                cell.asked.append(StageRecord("judge", "a-judge", "f-judge", "judge"))
                cell.columns = columns_of(path, 10 * i + j)
                save_cell(store, run, cell)
        store.model_id("f-judge", "{}")
    return path


def rows(path, query):
    with sqlite3.connect(path) as connection:
        return connection.execute(query).fetchall()


def count(path, table):
    return rows(path, f"SELECT count(*) FROM {table}")[0][0]


def left(path):
    with Store(path) as store:
        return sorted((cell.label, cell.task) for cell in list_cells(store))


def test_a_model_goes_with_all_that_belongs_to_its_cells_and_its_answers_stay(path):
    done = forget(path, ["good"])
    assert done.cells == {("good", task): 1 for task in TASKS}
    assert (done.figures, done.answers, len(done.files), done.left) == (2, 0, 2, [])
    assert left(path) == sorted((label, task) for label in LABELS[1:] for task in TASKS)
    for table, each in (("estimates", 1), ("failures", 1), ("remarks", 1), ("asked", 2)):
        assert count(path, table) == 4 * each, table
        assert not rows(path, f"SELECT 1 FROM {table} WHERE cell NOT IN (SELECT id FROM cells)")
    assert count(path, "responses") == 9
    assert not any(file.exists() for file in done.files)
    assert not measure(path).unreferenced


def test_cells_on_a_task_go_alone(path):
    assert forget(path, ["good*"], ["a/t*"]).cells == {("good", "a/two"): 1, ("good-trial", "a/two"): 1}
    assert len(left(path)) == 4


def test_a_label_that_is_written_out_is_no_glob(path):
    assert forget(path, ["bad[1]"]).models == ["bad[1]"]


def test_answers_go_where_no_other_result_came_from_them(path):
    done = forget(path, ["good"], answers=True)
    assert (done.answers, done.kept_answers) == (3, {})
    assert count(path, "responses") == 6
    rows_of = "UPDATE asked SET fingerprint = 'f-good-trial' WHERE model = 'bad[1]'"
    with sqlite3.connect(path) as connection:
        connection.execute(rows_of)
    done = forget(path, ["good-trial"], answers=True)
    assert (done.answers, list(done.kept_answers)) == (0, ["good-trial"])
    assert "bad[1]" in done.kept_answers["good-trial"]
    assert count(path, "responses") == 6


def test_a_dry_run_says_the_same_and_changes_nothing(path):
    before = path.read_bytes()
    would = forget(path, ["*"], answers=True, dry_run=True)
    assert path.read_bytes() == before
    assert len(left(path)) == 6
    done = forget(path, ["*"], answers=True)
    assert (would.cells, would.figures, would.answers, would.files) == (
        done.cells,
        done.figures,
        done.answers,
        done.files,
    )
    assert count(path, "responses") == 0


@pytest.mark.parametrize(
    ("models", "tasks", "words"),
    [
        (["goood"], [], ["model", "'goood'", "'good'", "bad[1]"]),
        (["zz*"], [], ["'zz*'", "there are", "good-trial"]),
        (["good", "zz"], [], ["'zz'"]),
        ([], [], ["name the models"]),
        (["good"], ["a/oen"], ["task", "'a/oen'", "'a/one'"]),
    ],
)
def test_what_matches_nothing_is_refused_and_nothing_is_removed(path, models, tasks, words):
    with pytest.raises(UsageError) as refused:
        forget(path, models, tasks)
    assert [word for word in words if word not in str(refused.value)] == []
    assert len(left(path)) == 6


def test_a_model_without_result_on_the_task_is_refused(path):
    forget(path, ["good"], ["a/one"])
    with pytest.raises(UsageError, match="a/two"):
        forget(path, ["good"], ["a/one"])


def test_answers_are_not_of_a_task(path):
    with pytest.raises(UsageError, match="not by task"):
        forget(path, ["good"], ["a/one"], answers=True)
    assert len(left(path)) == 6


def test_beside_a_process_that_writes_files_of_columns_stay_and_answers_are_refused(path):
    with Store(path):
        with pytest.raises(UsageError, match="open to write"):
            forget(path, ["good"], answers=True)
        done = forget(path, ["good"])
    assert (len(done.files), len(done.left)) == (0, 2)
    assert all(file.exists() for file in done.left)
    assert len(left(path)) == 4
    assert {one.path for one in measure(path).unreferenced} == set(done.left)


def test_interrupted_half_way_it_leaves_the_store_as_it_was(path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_own_files", stop)
    with pytest.raises(KeyboardInterrupt):
        forget(path, ["good"], answers=True)
    monkeypatch.undo()
    assert len(left(path)) == 6
    assert (count(path, "estimates"), count(path, "responses")) == (6, 9)


def test_columns_that_another_cell_names_stay(path):
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE cells SET columns = (SELECT columns FROM cells WHERE id = 1) WHERE id = 6")
    done = forget(path, ["good"])
    assert len(done.files) == 1


def test_a_file_outside_of_the_store_stays(path, tmp_path):
    outside = tmp_path / ("0" * 24 + ".npz")
    outside.write_bytes(b"mine")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE cells SET columns = ? WHERE id = 1", (f"../{outside.name}",))
    forget(path, ["good"])
    assert outside.exists()


def test_the_number_of_a_forgotten_cell_is_not_given_again(path):
    newest = rows(path, "SELECT max(id) FROM cells")[0][0]
    forget(path, ["bad[1]"])
    forget(path, ["good"])  # older ones do not take the number back
    with Store(path) as store:
        cell = CellRecord("new", "f", "a/one", "d", {}, (), "done")
        save_cell(store, start_run(store, {}), cell)
        assert cell.id == newest + 1
        assert read_cell(store, cell.id).label == "new"
        assert read_cell(store, newest) is None
