"""Cells that are no results for a board: those that failed whole, and those of the first items only."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from harness.store.cells import latest_cells, latest_failed_cells
from harness.store.reading import Readable
from harness.store.records import CellRecord

_PATH = re.compile(r"""(?<![\w/.~])(?:~|[A-Za-z]:(?=\\))?[/\\](?:[^\s/\\'":()]+[/\\])+(?=[^\s/\\'":()])""")
"""The folders of an absolute path; a URL has none, since its second slash follows the first."""


def failed_cells(
    stores: Sequence[Readable], digests: Mapping[str, str], done: Collection[CellRecord]
) -> list[CellRecord]:
    """Return the newest failed cell of each model on each task, where no store has a finished one.

    Only evaluations of all items count, of the tasks as they are defined now.

    Args:
        stores: Of models and tasks that several have, the first store's counts.
        digests: Hash of the current definition, by task.
        done: The finished cells.

    Raises:
        StoreError: a store cannot be read.
    """
    known = {(cell.label, cell.task) for cell in done}
    found: dict[tuple[str, str], CellRecord] = {}
    for store in stores:
        for cell in latest_failed_cells(store, list(digests), settings={"limit": None, "split": "test"}):
            key = (cell.label, cell.task)
            if key not in known and cell.task_digest == digests[cell.task]:
                found.setdefault(key, cell)
    return list(found.values())


def limited_cells(
    stores: Sequence[Readable], digests: Mapping[str, str], done: Collection[CellRecord]
) -> list[CellRecord]:
    """Return the cells of the first items only (``--limit``) of models and tasks that have no whole one.

    Args:
        stores: Where they are looked for.
        digests: Hash of the current definition, by task.
        done: The whole cells.

    Raises:
        StoreError: a store cannot be read.
    """
    known = {(cell.label, cell.task) for cell in done}
    found: dict[tuple[str, str], CellRecord] = {}
    for store in stores:
        for cell in latest_cells(store, list(digests), settings={"split": "test"}):
            key = (cell.label, cell.task)
            if cell.settings.get("limit") is not None and key not in known and cell.task_digest == digests[cell.task]:
                found.setdefault(key, cell)
    return list(found.values())


def without_folders(text: str) -> str:
    """Return a text with only the names of the files whose places it gives: where files lie is nobody else's business.

    >>> without_folders("/home/me/data/rows.jsonl: line 3 is no JSON")
    'rows.jsonl: line 3 is no JSON'
    """
    return _PATH.sub("", text)
