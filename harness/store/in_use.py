"""Who has a store open to write: a lock on its folder that all of them share, and whoever rewrites files has alone.

The system lets go of it when a process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from harness.errors import StoreError

_AGAIN = 0.1
"""Seconds between two looks whether the store is free."""
_LONGEST = 600
"""Seconds that a command waits for another one that rewrites the store's files."""


def take_part(folder: Path, store: Path) -> int | None:
    """Lock the folder of a store together with all others that write to it; waits while its files are rewritten.

    Returns:
        What `leave` lets go of; None where the system or the disk knows no locks.

    Raises:
        StoreError: somebody rewrites its files for over `_LONGEST` seconds.
    """
    number = _open(folder)
    if number is None:
        return None
    end = time.monotonic() + _LONGEST
    try:
        while not _lock(number, alone=False):
            if time.monotonic() > end:
                raise StoreError(
                    f"{store}: its files are being rewritten by harness store compact; wait until it is done"
                )
            time.sleep(_AGAIN)
    except BaseException:
        os.close(number)
        raise
    return number


def leave(number: int | None) -> None:
    """Let go of a lock."""
    if number is not None:
        os.close(number)


@contextlib.contextmanager
def alone_with(folder: Path) -> Iterator[bool]:
    """Whether nobody else has the store open to write; if so, nobody opens it before the block ends."""
    number = _open(folder)
    if number is None:
        yield False
        return
    try:
        yield _lock(number, alone=True)
    finally:
        os.close(number)


def is_held(file: Path) -> bool:
    """Whether a process writes to a file of arrays: each has its own, and keeps it locked."""
    try:
        number = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return True  # whatever it is, it is left alone
    try:
        return not _lock(number, alone=True)
    finally:
        os.close(number)


def hold(number: int) -> None:
    """Lock an open file of arrays for as long as it is open."""
    _lock(number, alone=False)


def _open(folder: Path) -> int | None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(folder, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError:  # a folder that cannot be made is reported where something is written into it
        return None


def _lock(number: int, *, alone: bool) -> bool:
    """Lock an open file or folder without waiting; without locks, nobody is alone and everybody takes part."""
    try:
        import fcntl
    except ImportError:
        return not alone
    try:
        fcntl.flock(number, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return not alone
    return True
