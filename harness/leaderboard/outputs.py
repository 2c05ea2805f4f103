"""Files and folders that a command writes: what their names say, and those that it must not write over."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from harness.errors import UnknownName, UsageError, nearest

FORMATS = ("table", "markdown", "csv", "json", "html", "latex", "model-card")
"""Of leaderboards."""
BY_ENDING = {
    ".txt": "table",
    ".md": "markdown",
    ".csv": "csv",
    ".json": "json",
    ".html": "html",
    ".tex": "latex",
    ".yaml": "model-card",
    ".yml": "model-card",
}
WITHOUT = {"title": ("csv", "model-card"), "about": ("table", "csv", "latex", "model-card")}
"""What stands above a board, each with the formats that have no place for it."""
_DATABASE = b"SQLite format 3\0"


def is_site(output: str, format_: str | None) -> bool:
    """Whether an output is the folder of a site: by the slash at its end, or for want of an ending.

    Raises:
        UsageError: it is a folder and a format is asked for too, or its ending names no format.
        UnknownName: there is no such format.
    """
    if format_ is not None and format_ not in FORMATS:
        listed = "" if not nearest(format_, FORMATS) else f"there are {', '.join(FORMATS)}"
        mend = "for a site, name a folder, such as site/, and no format" if format_ == "site" else listed
        raise UnknownName("format", format_, FORMATS, hint=mend)
    if output.endswith(("/", "\\")):
        if format_ is not None:
            raise UsageError(f"{output} is a folder, which holds a site; the format {format_} needs the name of a file")
        return True
    ending = Path(output).suffix
    if format_ is not None or ending.lower() in BY_ENDING:
        return False
    if ending[1:2].isalpha() and not Path(output).is_dir():  # a number, as in v1.2, is a version
        raise UsageError(
            f"{output}: the ending {ending} names no format; give a format, one of these endings "
            f"({', '.join(BY_ENDING)}), or a folder for a site: {output}/"
        )
    return True


def file_format(output: str | None, format_: str | None) -> str:
    """Return the format in which a file, or standard output, is written: as asked for, by its ending, else a table."""
    return format_ or BY_ENDING.get("" if output is None else Path(output).suffix.lower(), "table")


def why_no_place(key: str, format_: str) -> str:
    """Return why a format cannot show a ``title``, or an introduction (``about``); empty where it can."""
    if format_ not in WITHOUT[key]:
        return ""
    able = ", ".join(name for name in FORMATS if name not in WITHOUT[key])
    return f"the format {format_} has no place for it; use one of {able}, or a site, or leave it out"


def web_address(text: str) -> str:
    """Return the address at which a site will be found, with a slash at its end.

    Raises:
        UsageError: it is no address of a folder on the web.

    >>> web_address("https://example.org/boards")
    'https://example.org/boards/'
    """
    address = text.strip()
    refused = UsageError(f"{text!r} is no address of a site; write one such as https://example.org/boards/")
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:  # brackets that hold no address
        raise refused from None
    is_folder = parts.scheme in ("http", "https") and not (parts.query or parts.fragment)
    if not host or not is_folder or re.search(r"[\s<>\"]", address):
        raise refused
    if parts.username or parts.password:
        raise UsageError("the address of a site holds a name or password, which every page would show; leave them out")
    return address if address.endswith("/") else address + "/"


def refuse_several(benchmarks: Sequence[str]) -> None:
    """Make sure that a file is to hold one benchmark.

    Raises:
        UsageError: it is to hold several.
    """
    if len(benchmarks) > 1:
        raise UsageError(
            f"{len(benchmarks)} benchmarks go into a site only: name a folder as the output, such as -o site/, "
            "or write one leaderboard at a time"
        )


def refuse_to_replace(output: Path, read: Iterable[Path]) -> None:
    """Make sure that a file to write is none of the files that are read, no registry, no database and no device.

    Raises:
        UsageError: it is.
    """
    if os.path.exists(output) and not os.path.isfile(output) and not os.path.isdir(output):
        raise UsageError(f"{output}: is a device, not a file; write to a file")
    refuse_what_is_read(output, read)
    if output.name == "registry.yaml":
        raise UsageError(f"{output}: every later command there would read it as a registry; write to another file")
    try:
        with output.open("rb") as stream:
            beginning = stream.read(len(_DATABASE))
    except (OSError, ValueError):  # not there, no file, or no name of one: whoever writes says so
        return
    if beginning == _DATABASE:
        raise UsageError(f"{output}: holds a database, perhaps a store; write to another file")


def refuse_what_is_read(output: Path, read: Iterable[Path]) -> None:
    """Make sure that a file or folder to write is none of the files that are read, nor in the folder of a store.

    Raises:
        UsageError: it is.
    """
    place = Path(resolved(output))
    for path in read:
        if str(place) == resolved(path):
            raise UsageError(f"{output}: is read by this very command; write to another file")
        if place.is_relative_to(resolved(path) + ".files"):
            raise UsageError(f"{output}: is in the folder of the store {path}; choose another place")


def refuse_unwritable(output: Path, *, folder: bool = False, in_place: bool = False) -> None:
    """Make sure that a file, or a folder, can be made or written where it is to be; nothing is made.

    Args:
        output: The file or folder.
        folder: It is a folder.
        in_place: It is a file that is written where a link leads, as databases are; others replace the link.

    Raises:
        UsageError: it cannot, as far as can be seen beforehand.
    """
    try:
        os.lstat(output)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:
        raise UsageError(f"{output}: cannot be written: {getattr(error, 'strerror', error)}") from None
    if not folder and output.is_dir():
        raise UsageError(f"{output}: is a folder; name a file")
    place = Path(written_place(output, in_place=folder or in_place))
    there = next(path for path in ([place] if folder else []) + list(place.parents) if os.path.lexists(path))
    if not there.is_dir():
        raise UsageError(f"{output}: cannot be made: {there} is not a folder; choose another place")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"{output}: cannot be written: {there} allows no writing; choose another place")


def written_place(path: Path, *, in_place: bool) -> str:
    """Where a path is written: absolute, without links but for a last one that is replaced."""
    return resolved(path) if in_place else os.path.join(resolved(path.parent), path.name)


def resolved(path: Path) -> str:
    """Where a path leads: absolute, without links; the same for two that name one place."""
    try:
        return os.path.realpath(os.path.expanduser(path))
    except ValueError:  # no name of a file
        return os.path.join(os.getcwd(), path)
