"""Files that are there whole or not at all, whoever else writes the same one, and whatever lies in the way."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_PRIVATE = re.compile(r"\.harness-[0-9a-f]{16}\.partial")
NO_ROOM = "the disk is full; what was filed before is safe. Free space and run again"
"""What every error about a full disk ends with."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def private_name(target: Path) -> Path:
    """A path beside ``target`` that nobody else uses: for what is made first and put in its place when it is whole."""
    return target.with_name(f".harness-{secrets.token_hex(8)}.partial")


def remove_leftovers(folder: Path) -> None:
    """Delete what killed processes left half-written below a folder, under private names; nobody may write there now.

    What cannot be deleted stays.
    """
    for path in folder.rglob(".harness-*.partial"):
        if _PRIVATE.fullmatch(path.name) and not path.is_dir():
            with contextlib.suppress(OSError):
                path.unlink()


def is_full(error: BaseException) -> bool:
    """Whether an error says that a disk, a quota or the largest size of a file is used up."""
    return isinstance(error, OSError) and error.errno in _FULL


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """A stream whose content becomes the file ``path`` when the block ends well; else nothing is left behind.

    The name it is written under is random, and made anew: two processes that write the same file do not meet, and a
    link that somebody planted is not followed. A link at ``path`` itself is replaced.

    Args:
        path: Where; what is there is replaced.
        durable: Wait until the disk has it, so that it outlives a loss of power.

    Raises:
        OSError: it cannot be written.
    """
    partial = private_name(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(partial, flags, 0o666), "wb") as stream:
            yield stream
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        os.replace(partial, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        if isinstance(error, OSError) and error.filename == str(partial):
            error.filename = str(path)  # the private name tells a reader nothing
        raise
    if durable:
        _sync_folder(path.parent)


def write_atomically(path: Path, content: str | bytes, *, durable: bool = True) -> None:
    """Write a file so that it is there whole or not at all; what could not be written leaves nothing behind.

    Args:
        path: Where; what is there is replaced.
        content: Texts are written as UTF-8.
        durable: Wait until the disk has it, so that it outlives a loss of power.

    Raises:
        OSError: it cannot be written.
    """
    whole = content.encode("utf-8") if isinstance(content, str) else content
    with replacing(path, durable=durable) as stream:
        stream.write(whole)


def _sync_folder(folder: Path) -> None:
    """Make the new name durable too, where the system can."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
