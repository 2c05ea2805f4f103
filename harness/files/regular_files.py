"""Files that a user or another file names, looked at before they are opened: not every name is that of a file."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

LARGEST_TEXT = 2**30
"""Bytes."""
_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def why_no_file(path: Path) -> str:
    """Why a path should not be opened: it is a pipe, a socket or a device, which may never end; empty where it may.

    A path that cannot be looked at, or where nothing is, may be opened, since that says best what is wrong with it.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return ""
    kind = next((name for test, name in _KINDS if test(mode)), "")
    return f"it is {kind}, and a file is needed: copy its content into one" if kind else ""


def read_text(path: Path) -> str:
    """The text of a file that is read as a whole, in UTF-8.

    Raises:
        OSError: it cannot be read, is no file, or is too large; ``strerror`` says so.
        UnicodeDecodeError: it is no UTF-8.
    """
    reason = why_no_file(path)
    if reason:
        raise OSError(errno.EINVAL, reason, str(path))
    with path.open("rb") as stream:
        if os.fstat(stream.fileno()).st_size > LARGEST_TEXT:
            raise OSError(errno.EFBIG, f"more than {LARGEST_TEXT >> 20} MiB, too long to read", str(path))
        return stream.read().decode("utf-8")


def is_file(path: Path) -> bool:
    """Whether there is a regular file; False for a name that no file can have, such as one of 300 letters."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder; False for a name that none can have."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
