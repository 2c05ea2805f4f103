"""The cells of several stores as if they were of one: never two definitions of a task, nor two models of one label."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from harness.errors import StoreError, UsageError
from harness.store.cells import latest_cells
from harness.store.places import file_below
from harness.store.reading import Readable, StoreReader
from harness.store.records import CellRecord
from harness.task import CANDIDATE

_WHOLE = {"limit": None, "split": "test"}
R = TypeVar("R", bound="Holder")
Cells = dict[tuple[str, str], tuple[R, CellRecord]]
"""By label and task: a cell, and what holds it."""
Holdings = Sequence[Sequence[tuple[R, CellRecord]]]
"""By store: its cells, each with what holds it."""
DIFFER = (
    "their fingerprints differ, by version, argument, weight file or judge; evaluate one of them under another label: "
    "-m LABEL=MODEL"
)


class Holder(Protocol):
    """A store, or what else holds cells, as messages name it."""

    @property
    def path(self) -> Path | str:
        """Its file."""
        ...


def open_to_merge(path: Path) -> StoreReader:
    """A store of another machine, beside which nothing is made.

    Raises:
        StoreError: it is missing, no store, or made by a newer version.
    """
    try:
        return StoreReader(path, briefly=True)
    except StoreError as error:  # whose mend is that of the one store which a command has
        raise StoreError(re.sub("choose another( place)? with --store", "merge another", str(error))) from error


def merged_cells(stores: Sequence[Readable], digests: Mapping[str, str]) -> tuple[list[CellRecord], list[str]]:
    """The cells that `choose` takes, with their columns found from wherever they are read."""
    chosen, notes = choose(stores, digests)
    for store, cell in chosen.values():
        if store is not stores[0] and cell.columns:
            file = file_below(store.folder.absolute(), cell.columns)  # below that store, not below the first
            cell.columns = str(file)
    for first in stores[:1]:  # by which the files of all are read
        first.others.extend(store.folder for store in stores[1:])
    return [cell for _, cell in chosen.values()], notes


def choose(stores: Sequence[Readable], digests: Mapping[str, str]) -> tuple[Cells[Readable], list[str]]:
    """The newest whole cells of every model on every task, and what the reader has to know of those left out.

    Args:
        stores: The first that has a model's cell on a task gives it.
        digests: Hash of the current definition, by task.

    Raises:
        UsageError: one label names different models in two stores.
    """
    held: list[list[tuple[Readable, CellRecord]]] = []
    notes: list[str] = []
    for store in stores:
        cells = whole_cells(store, digests)
        held.append([(store, cell) for cell in cells if cell.task_digest == digests[cell.task]])
        if len(held[-1]) < len(cells):
            others = [cell for cell in cells if cell.task_digest != digests[cell.task]]
            notes.append(_left_out(store, others, several=len(stores) > 1))
    return choose_among(held), notes


def whole_cells(store: Readable, digests: Mapping[str, str]) -> list[CellRecord]:
    """The newest cells of all items of these tasks, whatever the definition of the task was."""
    return latest_cells(store, list(digests), settings=_WHOLE)


def choose_among(held: Holdings[R]) -> Cells[R]:
    """The cells of several stores, of those that several have the first's.

    Raises:
        UsageError: one label names different models in two of them.
    """
    kept: Cells[R] = {}
    models: dict[str, tuple[R, set[str]]] = {}
    for cells in held:
        for holder, cell in cells:
            first, earlier = kept.setdefault((cell.label, cell.task), (holder, cell))
            if _by_role(earlier) != _by_role(cell):
                raise UsageError(_differ(cell.label, first, holder, f" on {cell.task}"))
            if _ways(earlier) != _ways(cell):
                ways = [_told(one) for one in (earlier, cell)]
                raise UsageError(
                    f"{cell.label!r} on {cell.task} was asked through {ways[0]} in {first.path} and through {ways[1]} "
                    f"in {holder.path}, which are two measures: give one of them another label, LABEL=MODEL, and "
                    "evaluate it again"
                )
            marks = (earlier.generated, cell.generated)
            if marks[0] != marks[1] and any(mark and mark.in_place_of for mark in marks):
                ways = [f"data {mark.words}" if mark else "real data" for mark in marks]
                raise UsageError(
                    f"{cell.label!r} on {cell.task} was evaluated on {ways[0]} in {first.path} and on {ways[1]} in "
                    f"{holder.path}: evaluate it again on the same data, which computes only what is missing"
                )
        for label in dict.fromkeys(cell.label for _, cell in cells):
            own = {part for _, cell in cells if cell.label == label for part in _model(cell)}
            holder = next(holder for holder, cell in cells if cell.label == label)
            first, known = models.setdefault(label, (holder, own))
            if known.isdisjoint(own):
                raise UsageError(_differ(label, first, holder))
    return kept


def _left_out(store: Readable, cells: Sequence[CellRecord], *, several: bool) -> str:
    if not several:
        return f"{len(cells)} cells of earlier task definitions are left out; evaluate them again"
    named = ", ".join(f"{cell.label} on {cell.task}" for cell in cells)
    return f"{store.path}: left out, since the task was defined differently there: {named}; evaluate them again"


def _model(cell: CellRecord) -> set[str]:
    """Fingerprints of the model that a cell evaluates, without those of judges and other roles."""
    return {asked.fingerprint for asked in cell.asked if asked.model == cell.label} or {cell.fingerprint}


def _by_role(cell: CellRecord) -> tuple[str, ...]:
    """Fingerprints of a cell's models, each role's once; cells of old hold one a stage."""
    by_role: dict[str, str] = {}
    for asked in cell.asked:
        by_role.setdefault(asked.role, asked.fingerprint)
    return tuple(by_role.values()) or (cell.fingerprint,)


def _ways(cell: CellRecord) -> dict[str, tuple[tuple[str, ...], ...]]:
    """By role the adapters that its model was asked through, in order; those inside models are in the fingerprints.

    Who was asked through which counts, and what came first: an adapter before a judge is another measure than the same
    one before the candidate.
    """
    by_role: dict[str, dict[tuple[str, ...], None]] = {}
    for asked in cell.asked:
        by_role.setdefault(asked.role, {})[tuple(asked.adapters)] = None
    return {role: tuple(ways) for role, ways in by_role.items()} or {CANDIDATE: (tuple(cell.adapters),)}


def _told(cell: CellRecord) -> str:
    """Say in words through which adapters a cell's models were asked."""
    told = [
        ("" if role == CANDIDATE else f"{role}: ") + " > ".join(names)
        for role, ways in _ways(cell).items()
        for names in ways
        if names
    ]
    return ", ".join(told) or "no adapter"


def _differ(label: str, one: Holder, other: Holder, where: str = "") -> str:
    return f"the label {label!r} names different models{where} in {one.path} and in {other.path}: {DIFFER}"
