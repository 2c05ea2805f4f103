"""One store made of the cells of several, for what reads a single one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.results.selection import choose
from harness.store.cells import at_once, is_numbered, read_cells, write_cell
from harness.store.origins import copy_models
from harness.store.places import file_below
from harness.store.reading import Readable
from harness.store.runs import copy_run, runs_of_cells
from harness.store.store import Store


def join(into: Store, stores: Sequence[Readable], digests: Mapping[str, str]) -> list[str]:
    """Copy the cells that a leaderboard of these stores is made of, with their runs and models; responses stay behind.

    Args:
        into: An empty store.
        stores: The first that has a model's cell on a task gives it.
        digests: Hash of the current definition, by task.

    Returns:
        What was left out, for the reader.

    Raises:
        UsageError: one label names different models in two stores.
    """
    chosen, notes = choose(stores, digests)
    for store in stores:
        into.others.append(store.folder)
        _copy(into, store, [cell.id for owner, cell in chosen.values() if owner is store])
    return notes


def _copy(into: Store, store: Readable, numbers: Sequence[int]) -> None:
    cells = {cell.id: cell for named in at_once(numbers) for cell in read_cells(store, is_numbered(named))}
    runs = runs_of_cells(store, numbers)
    copied: dict[int, int] = {}
    with store.reading() as old, into.transaction() as new:
        copy_models(old, new)
        for number in numbers:
            cell, run = cells[number], runs[number]
            if run.id not in copied:
                copied[run.id] = copy_run(new, run)
            if cell.columns:
                cell.columns = str(file_below(store.folder.absolute(), cell.columns))
            write_cell(new, copied[run.id], cell)
