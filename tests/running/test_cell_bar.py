"""A cell's bar moves with the requests that are answered, to the last item of a chunk and no further."""

from __future__ import annotations

from harness.running.cell_bar import CellBar


def test_a_bar_moves_stage_by_stage_and_never_back():
    moved = []
    bar = CellBar(stages=2)
    bar.begin_chunk(moved.append, 8)
    bar.move(0.5)
    bar.move(0.25)  # a model inside another one reports its own share
    bar.move(1.0)
    bar.begin_stage(1)
    bar.move(0.5)
    bar.finish_chunk()
    assert moved == [2, 2, 2, 2]


def test_a_chunk_is_finished_also_where_no_request_was_asked():
    moved = []
    bar = CellBar(stages=1)
    for items in (3, 2):
        bar.begin_chunk(moved.append, items)
        bar.finish_chunk()
    assert moved == [3, 2]


def test_outside_a_chunk_a_bar_stands_still():
    moved = []
    bar = CellBar(stages=1)
    bar.move(1.0)
    bar.begin_chunk(moved.append, 4)
    bar.finish_chunk()
    bar.move(1.0)
    bar.begin_chunk(moved.append, 4)
    bar.stop()
    bar.move(1.0)
    assert moved == [4]
