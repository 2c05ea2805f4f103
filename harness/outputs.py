"""Files that a command writes, and those that it must not write over."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harness.errors import UsageError

_DATABASE = b"SQLite format 3\0"


def refuse_to_replace(output: Path, read: Iterable[Path]) -> None:
    """Make sure that an output is none of the files that are read, and no database.

    Raises:
        UsageError: it is.
    """
    for path in read:
        if _same(output, path):
            raise UsageError(f"{output}: is read by this very command; write to another file")
    try:
        with output.open("rb") as stream:
            beginning = stream.read(len(_DATABASE))
    except OSError:  # not there, or no file: whoever writes says so
        return
    if beginning == _DATABASE:
        raise UsageError(f"{output}: holds a database, perhaps a store; write to another file")


def _same(one: Path, other: Path) -> bool:
    return one.expanduser().absolute().resolve() == other.expanduser().absolute().resolve()
