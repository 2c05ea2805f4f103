"""The models of a board, where its maker chose among them: which stores show, and how many there are in all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.leaderboard.board import Board, Chosen
from harness.leaderboard.published_rows import PublishedRows
from harness.names.registry import Registry
from harness.results.published import read_published
from harness.results.stores import OpenStores
from harness.store import schema as s
from harness.store.cells import models_and_tasks, read_cells
from harness.store.choosing import ChosenModels, ModelChoice, whole_of
from harness.store.reading import Readable
from harness.store.records import CellRecord


def choose_models(
    registry: Registry, stores: OpenStores, choice: ModelChoice, tasks: Sequence[str], files: Sequence[Path]
) -> OpenStores:
    """Return views of stores that show the chosen models alone.

    Args:
        registry: Where the tasks and metrics of published files are looked up.
        stores: The open stores.
        choice: The choice, whose every glob must match a model.
        tasks: The tasks of the boards.
        files: Files of published results that the boards show.

    Raises:
        UsageError: a glob matches no model that has a result of the tasks, or no model is left; names those there are.
    """
    if not choice:
        return stores
    readers = [*([] if stores.own is None else [stores.own]), *stores.others]
    choice.check(labels_with_results(registry, readers, tasks, files))
    own = None if stores.own is None else views_of([stores.own], choice)[0]
    return OpenStores(own, views_of(stores.others, choice))


def views_of(stores: Iterable[Readable], choice: ModelChoice) -> list[Readable]:
    """Return a view of each store that shows the chosen models alone."""
    return [ChosenModels(store, filter(choice.takes, models_and_tasks(store)[0])) for store in stores]


def labels_with_results(
    registry: Registry, stores: Iterable[Readable], tasks: Sequence[str], files: Iterable[Path]
) -> set[str]:
    """Return the models of which stores or published files have a result of some tasks.

    Raises:
        ConfigurationError, DataError: a published file is missing or not of the form.
        StoreError: a store cannot be read.
    """
    rows = (row.result for file in files for row in read_published(file, registry))
    published = {result.model for result in rows if result.task in tasks}
    return published | {cell.label for store in stores for cell in _on(store, tasks)}


def tasks_with_results(
    registry: Registry, stores: OpenStores, choice: ModelChoice, tasks: Sequence[str], files: Sequence[Path]
) -> set[str]:
    """Return those of some tasks of which a store or a published file has a result of a chosen model."""
    readers = [*([] if stores.own is None else [stores.own]), *stores.others]
    found = {cell.task for store in readers for cell in _on(store, tasks) if _is_whole(cell)}
    for file in files:
        rows = (row.result for row in read_published(file, registry))
        found |= {result.task for result in rows if choice.takes(result.model)}
    return found & set(tasks)


def count_chosen(
    stores: Iterable[Readable],
    digests: Mapping[str, str],
    board: Board,
    published: PublishedRows,
    choice: ModelChoice,
) -> Chosen | None:
    """Return how many of the models that could be on a board are; None where nobody chose.

    Args:
        stores: Those of the board, views of chosen models among them.
        digests: Hash of the current definition of each task of the board.
        board: Its entries are those of evaluated models.
        published: The published rows, which come beside them.
        choice: The choice among published models.
    """
    every = list(stores)
    if not choice and all(store.chosen is None for store in every):
        return None
    labels = {
        cell.label
        for store in every
        for cell in _on(whole_of(store), list(digests))
        if _is_whole(cell) and cell.task_digest == digests[cell.task]
    }
    shown = len(board.entries) + len(published.entries)
    return Chosen(shown, len(labels | {entry.model for entry in board.entries}) + _rows(published))


def _rows(published: PublishedRows) -> int:
    return len(published.entries) + len(published.left_out)


def _is_whole(cell: CellRecord) -> bool:
    """Return whether a cell is of all items of the test split, as those of boards are."""
    return cell.settings.get("limit") is None and cell.settings.get("split") == "test"


def _on(store: Readable, tasks: Sequence[str]) -> list[CellRecord]:
    """Return the cells on some tasks, finished and failed ones, without their parts."""
    return read_cells(store, s.cells.c.task.in_(list(tasks)), with_=())
