"""Locks between processes, each a file that exists while a process holds the lock."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from harness.errors import UsageError

_held: set[tuple[str, int]] = set()
"""(path, thread) of the locks that this process holds."""


@contextlib.contextmanager
def alone(lock: Path, *, waiting: Callable[[], None] = lambda: None) -> Iterator[bool]:
    """Let one process at a time into the block; every other process waits until the lock is free.

    The lock file is deleted at the end. A killed process leaves its lock file behind, unlocked, which hinders nobody.

    Args:
        lock: The file to lock; its folder must exist.
        waiting: Called once if another process holds the lock.

    Yields:
        Whether this process had to wait for another one.

    Raises:
        UsageError: the lock file cannot be made, is a link, or is held by this very thread, which would wait for ever.
    """
    key = (os.path.realpath(lock.parent) + os.sep + lock.name, threading.get_ident())
    if key in _held:
        raise UsageError(f"{lock}: is held already by this very process, which would wait for itself for ever")
    number, waited = _acquire(lock, waiting)
    _held.add(key)
    try:
        yield waited
    finally:
        _held.discard(key)
        _release(lock, number)


@contextlib.contextmanager
def try_alone(lock: Path) -> Iterator[bool]:
    """Yield whether this process is alone in the block; a process that comes second is told so and does not wait."""
    number = _open(lock)
    try:
        yield _locked(number, wait=False)
    finally:
        os.close(number)


def _acquire(lock: Path, waiting: Callable[[], None]) -> tuple[int, bool]:
    waited = False
    while True:
        number = _open(lock)
        try:
            if not _locked(number, wait=False):
                if not waited:
                    waiting()
                waited = True
                _locked(number, wait=True)
            if _is_there(lock, number):
                return number, waited
        except BaseException:
            os.close(number)
            raise
        # The process that held the lock has deleted its file: this one locked a file that no longer has the name.
        os.close(number)


def _open(lock: Path) -> int:
    # O_NOFOLLOW: through a link, the lock would create, and at the end delete, a file elsewhere.
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        return os.open(lock, flags, 0o666)
    except OSError as error:
        reason = "is a link, which is not followed" if os.path.islink(lock) else f"cannot be made: {error.strerror}"
        raise UsageError(f"{lock}: {reason}") from error


def _locked(number: int, *, wait: bool) -> bool:
    """Lock an open file and tell whether that worked; always True on systems without such locks."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(number, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks, as some network drives are, must not stop all work
        return True
    return True


def _is_there(lock: Path, number: int) -> bool:
    try:
        return _same(os.lstat(lock), os.fstat(number))
    except OSError:
        return False


def _same(one: Any, other: Any) -> bool:
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def _release(lock: Path, number: int) -> None:
    with contextlib.suppress(OSError):
        if _is_there(lock, number):
            lock.unlink()  # while the lock is still held, so that no other process can have locked the file meanwhile
    os.close(number)
