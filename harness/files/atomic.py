"""Files that exist whole or not at all, whichever other process writes them and whatever an earlier one left behind."""

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
    """Return a path beside ``target`` that nobody else uses, for a file that becomes ``target`` once it is whole."""
    return target.with_name(f".harness-{secrets.token_hex(8)}.partial")


def remove_leftovers(folder: Path) -> None:
    """Delete the files under private names that killed processes left half-written below a folder.

    No process may write into the folder meanwhile. A file that cannot be deleted stays.
    """
    for path in folder.rglob(".harness-*.partial"):
        if _PRIVATE.fullmatch(path.name) and not path.is_dir():
            with contextlib.suppress(OSError):
                path.unlink()


def is_full(error: BaseException) -> bool:
    """Tell whether an error means that a disk, a quota or the largest size of a file is used up."""
    return isinstance(error, OSError) and error.errno in _FULL


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """Open a stream whose content becomes the file ``path`` if the block ends well; otherwise nothing is left behind.

    The stream writes to a random private name, so that two processes that write the same file do not meet, and a link
    that somebody planted is not followed. A link at ``path`` itself is replaced.

    Args:
        path: The file to write; an existing file is replaced.
        durable: Wait until the content is on the disk, so that the file outlives a loss of power.

    Raises:
        OSError: the file cannot be written.
    """
    partial = private_name(path)
    # O_EXCL and O_NOFOLLOW: a link planted under the private name would let somebody else choose what is overwritten.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(partial, flags, 0o666), "wb") as stream:
            yield stream
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        os.replace(partial, path)
    except BaseException as error:  # Ctrl-C too must leave no half-written file
        with contextlib.suppress(OSError):
            partial.unlink()
        if isinstance(error, OSError) and error.filename == str(partial):
            error.filename = str(path)  # the private name tells a reader nothing
        raise
    if durable:
        _sync_folder(path.parent)


def write_atomically(path: Path, content: str | bytes, *, durable: bool = True) -> None:
    """Write a file so that it exists whole or not at all; a failed attempt leaves nothing behind.

    Args:
        path: The file to write; an existing file is replaced.
        content: Texts are written as UTF-8.
        durable: Wait until the content is on the disk, so that the file outlives a loss of power.

    Raises:
        OSError: the file cannot be written.
    """
    # Scraped data hold halves of surrogate pairs, which UTF-8 cannot encode; JSON reads their escape as the same half.
    whole = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    with replacing(path, durable=durable) as stream:
        stream.write(whole)


def _sync_folder(folder: Path) -> None:
    """Make the new name in a folder durable too, on systems that can."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
