"""Checks of paths that a user or another file names, made before the path is opened: not every path is a file's."""

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
    """Return why a path should not be opened (a pipe, a socket or a device may never end); empty if it may be opened.

    A path that does not exist or cannot be examined may be opened: the system's own error says best what is wrong.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return ""
    kind = next((name for test, name in _KINDS if test(mode)), "")
    return f"it is {kind}, and a file is needed: copy its content into one" if kind else ""


def read_text(path: Path) -> str:
    """Return the whole text of a file, decoded from UTF-8.

    Raises:
        OSError: the file cannot be read, is no regular file, or is too large; ``strerror`` says which.
        UnicodeDecodeError: the content is not UTF-8.
    """
    reason = why_no_file(path)
    if reason:
        raise OSError(errno.EINVAL, reason, str(path))
    with path.open("rb") as stream:
        if os.fstat(stream.fileno()).st_size > LARGEST_TEXT:
            raise OSError(errno.EFBIG, f"more than {LARGEST_TEXT >> 20} MiB, too long to read", str(path))
        return stream.read().decode("utf-8")


def is_file(path: Path) -> bool:
    """Tell whether a path is a regular file; False for a name that no file can have, such as a name of 300 letters."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Tell whether a path is a folder; False for a name that no folder can have."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
