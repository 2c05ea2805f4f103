"""The cells of several stores as if they were of one: never two definitions of a task, nor two models of one label."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from harness.errors import UsageError
from harness.store.reading import Readable
from harness.store.records import CellRecord, latest_cells

_WHOLE = {"limit": None, "split": "test"}
Cells = dict[tuple[str, str], tuple[Readable, CellRecord]]
"""By label and task: a cell, and the store that it is of."""
DIFFER = (
    "their fingerprints differ, by version, argument, weight file or judge; evaluate one of them under another label: "
    "-m LABEL=MODEL"
)


def merged_cells(stores: Sequence[Readable], digests: Mapping[str, str]) -> tuple[list[CellRecord], list[str]]:
    """The cells that `choose` takes, with their columns found from wherever they are read."""
    chosen, notes = choose(stores, digests)
    for store, cell in chosen.values():
        if store is not stores[0]:
            cell.columns = str(store.folder.absolute() / cell.columns)  # below that store, not below the first
    return [cell for _, cell in chosen.values()], notes


def choose(
    stores: Sequence[Readable], digests: Mapping[str, str], *, renewed: Collection[str] = ()
) -> tuple[Cells, list[str]]:
    """The newest whole cells of every model on every task, and what the reader has to know of those left out.

    Args:
        stores: The first that has a model's cell on a task gives it.
        digests: Hash of the current definition, by task.
        renewed: Labels that are about to be evaluated anew, of which what the first store holds does not count.

    Raises:
        UsageError: one label names different models in two stores.
    """
    kept: Cells = {}
    models: dict[str, tuple[Readable, set[str]]] = {}
    notes: list[str] = []
    for store in stores:
        cells = latest_cells(store, list(digests), settings=_WHOLE)
        if store is stores[0]:
            cells = [cell for cell in cells if cell.label not in renewed]
        current = [cell for cell in cells if cell.task_digest == digests[cell.task]]
        others = [cell for cell in cells if cell.task_digest != digests[cell.task]]
        if others:
            notes.append(_left_out(store, others, several=len(stores) > 1))
        for label in dict.fromkeys(cell.label for cell in current):
            own = {part for cell in current if cell.label == label for part in _model(cell)}
            first, known = models.setdefault(label, (store, own))
            if known.isdisjoint(own):
                raise UsageError(_differ(label, first, store))
        for cell in current:
            _, earlier = kept.setdefault((cell.label, cell.task), (store, cell))
            if earlier.fingerprint != cell.fingerprint:
                raise UsageError(_differ(cell.label, models[cell.label][0], store, f" on {cell.task}"))
    return kept, notes


def _left_out(store: Readable, cells: Sequence[CellRecord], *, several: bool) -> str:
    if not several:
        return f"{len(cells)} cells of earlier task definitions are left out; evaluate them again"
    named = ", ".join(f"{cell.label} on {cell.task}" for cell in cells)
    return f"{store.path}: left out, since the task was defined differently there: {named}; evaluate them again"


def _model(cell: CellRecord) -> set[str]:
    """Fingerprints of the model that a cell evaluates, without those of judges and other roles."""
    return {asked.fingerprint for asked in cell.asked if asked.model == cell.label} or {cell.fingerprint}


def _differ(label: str, one: Readable, other: Readable, where: str = "") -> str:
    return f"the label {label!r} names different models{where} in {one.path} and in {other.path}: {DIFFER}"
