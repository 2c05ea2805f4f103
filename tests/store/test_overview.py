"""All models on all tasks at a glance: which evaluation of a pair is shown, and what is said of it."""

import pytest

from harness.stats import Estimate
from harness.store import CellRecord, DamagedRecord, Result, Store, state_of_cells, summarise_cells
from harness.store.cells import save_cell
from harness.store.runs import start_run


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "store.sqlite") as opened:
        yield opened


def file(store, value, *, model="m", task="t", status="done", limit=None, split="test", **more):
    """File one evaluation, and return its number."""
    settings = {"limit": limit, "split": split, "confidence": 0.9}
    cell = CellRecord(model, "f", task, "digest", settings, (), status, items=10, **more)
    if status == "done":
        for metric, domain, headline in (
            ("accuracy", "overall", True),
            ("accuracy", "easy", True),
            ("f1", "overall", 0),
        ):
            figure = Estimate(value if domain == "overall" and headline else 0.0, 0.1, value - 0.1, value + 0.1, 9, 1)
            cell.results.append(Result(model, task, metric, domain, figure, "fraction", True, (), bool(headline)))
    save_cell(store, start_run(store, {}), cell)
    return cell.id


def test_the_newest_whole_evaluation_of_a_pair_is_shown_with_its_headline_over_all_items(store):
    file(store, 0.1)
    newest = file(store, 0.2)
    file(store, 0.9, limit=5)
    file(store, 0.8, split="train")
    [cell] = summarise_cells(store)
    assert (cell.id, cell.metric, cell.estimate.value, cell.estimate.confidence) == (newest, "accuracy", 0.2, 0.9)
    assert (cell.limit, cell.split, cell.failed_since, cell.items) == (None, "test", False, 10)


def test_a_part_is_shown_where_nothing_whole_is_and_a_failure_where_nothing_else_is(store):
    part = file(store, 0.9, limit=5)
    failed = file(store, 0, model="other", status="failed", problem="out of memory")
    by_model = {cell.label: cell for cell in summarise_cells(store)}
    assert (by_model["m"].id, by_model["m"].limit) == (part, 5)
    other = by_model["other"]
    assert (other.id, other.status, other.problem, other.estimate) == (failed, "failed", "out of memory", None)


def test_a_failure_after_a_figure_is_told_and_one_before_is_not(store):
    file(store, 0, status="failed")
    file(store, 0.5)
    assert [cell.failed_since for cell in summarise_cells(store)] == [False]
    file(store, 0, status="failed")
    assert [(cell.status, cell.failed_since) for cell in summarise_cells(store)] == [("done", True)]


def test_the_state_changes_with_every_cell_and_run_and_with_nothing_else(store):
    states = [state_of_cells(store)]
    file(store, 0.5)
    states.append(state_of_cells(store))
    start_run(store, {})
    states.append(state_of_cells(store))
    assert len(set(states)) == 3
    assert state_of_cells(store) == states[-1]


def test_a_damaged_value_is_named(store):
    file(store, 0.5)
    with store.transaction() as connection:
        connection.exec_driver_sql("UPDATE estimates SET value = 'much' WHERE headline")
    with pytest.raises(DamagedRecord, match="value"):
        summarise_cells(store)
