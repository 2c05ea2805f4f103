"""How far a run is can be seen from outside while it runs."""

from __future__ import annotations

import sqlalchemy as sa

from harness.store import Store
from harness.store import progress as module
from harness.store import schema as s
from harness.store.cells import read_cell
from harness.store.progress import FiledProgress
from harness.store.runs import start_run


def filed(store):
    with store.reading() as connection:
        return [tuple(row)[:7] for row in connection.execute(sa.select(s.progress))]


def test_progress_is_filed_when_a_cell_begins_and_now_and_then(tmp_path, monkeypatch):
    ticked = []
    with Store(tmp_path / "s.sqlite") as store:
        run = start_run(store, {})
        progress = FiledProgress(store, run, 2)
        tick = progress.cell("a", "t", 100, ticked.append)
        assert filed(store) == [(run, 1, 2, "a", "t", 0, 100)]
        tick(10)
        assert filed(store) == [(run, 1, 2, "a", "t", 0, 100)]  # within a second nothing is written
        monkeypatch.setattr(module, "EVERY_SECONDS", 0.0)
        tick(15)
        assert filed(store) == [(run, 1, 2, "a", "t", 25, 100)]
        progress.cell("b", "t", None, ticked.append)
        assert filed(store) == [(run, 2, 2, "b", "t", 0, None)]
    assert ticked == [10, 15]


def test_an_evaluation_files_its_progress_and_who_was_asked(toys, write_task, rows, harness, monkeypatch):
    monkeypatch.setattr(module, "EVERY_SECONDS", 0.0)
    write_task("demo/plain", rows(9))
    assert harness("eval", "-m", "toy-reader", "-m", "toy-judge", "-t", "demo/plain").code == 0
    with Store(toys / ".harness/store.sqlite") as store:
        assert filed(store) == [(1, 2, 2, "toy-judge", "demo/plain", 9, 9)]
        cell = read_cell(store, 2)
        assert [(a.role, a.model, a.capability, a.adapters) for a in cell.asked] == [
            ("candidate", "toy-judge", "score", ("compare-to-score",))
        ]
        assert cell.asked[0].fingerprint == cell.fingerprint
        assert read_cell(store, 3) is None
