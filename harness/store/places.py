"""Locations of the files that a store's records name: always below the store's folder, whoever wrote the records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.errors import StoreError


class DamagedRecord(StoreError):
    """A value in a store makes no sense, or is not what was written."""


def file_below(folder: Path, name: str, others: Sequence[Path] = ()) -> Path:
    """Return the path of the file that a record names; the record of somebody else's store may name anything.

    Args:
        folder: The folder of the store.
        name: Path relative to the folder; or an absolute path, which `harness.leaderboard` writes for cells that it
            takes
            from other stores.
        others: The folders of these other stores.

    Raises:
        StoreError: the path leads elsewhere, by dots, by an absolute path or through a link.
    """
    path = folder / name
    try:
        resolved, roots = path.resolve(), [root.resolve() for root in (folder, *others)]
    except (OSError, RuntimeError, ValueError) as error:  # links in a ring; a character that no path can have
        raise StoreError(f"{path!s}: damaged: the store names a file that cannot be: {error}") from error
    if not any(resolved.is_relative_to(root) and resolved != root for root in roots):
        raise StoreError(f"{path}: refused: the store names a file outside of its folder {folder}; evaluate again")
    return path
