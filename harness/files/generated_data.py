"""Markers of generated data: a small file beside data that a program made, which says who made them and how.

Data that look like published ones are measured like published ones, and nobody sees from a figure which it was. So who
writes such data calls `mark_generated`, what reads a file asks `find_generated`, and the mark goes with every figure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.files.atomic import write_atomically

MARKER = "harness-generated.json"
"""Name of the file that says of the data beside it, and below its folder, that they are generated."""
_MOST_BYTES = 1 << 16
_MOST_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class GeneratedData:
    """What is known of data that a program made."""

    made_by: str = ""
    """Who made them, with which settings; empty where that is not known."""
    in_place_of: str = ""
    """The data set whose place they take; empty where a task has no other data, so that there is nothing to mistake."""

    def as_json(self) -> dict[str, str]:
        """Return the mark as a cell's settings keep it."""
        return {"made_by": self.made_by, "in_place_of": self.in_place_of}

    @classmethod
    def from_json(cls, value: object) -> GeneratedData | None:
        """Read what `as_json` made; None for no mark. A mark of another form is a mark all the same."""
        if not value:
            return None
        known = value if isinstance(value, Mapping) else {}
        return cls(*(str(known.get(key) or "")[:_MOST_CHARACTERS] for key in ("made_by", "in_place_of")))

    @property
    def words(self) -> str:
        """Say it in a clause, such as ``made by NAME in place of DATA SET``; it fits behind "data"."""
        by = f"made by {self.made_by}" if self.made_by else "made by a program"
        return f"{by} in place of {self.in_place_of}" if self.in_place_of else by


def mark_generated(folder: Path, made_by: str, settings: Mapping[str, Any]) -> Path:
    """Write the marker into a folder whose data are generated, and return its path.

    Args:
        folder: The folder of the data; it exists. All data below it count as generated.
        made_by: Who makes them, as a reader can find it: a command or a module.
        settings: What the data depend on beside the program, such as the number of rows and the seed.

    Raises:
        OSError: the marker cannot be written.
    """
    content = {"generated": True, "made_by": made_by, "settings": dict(settings)}
    path = folder / MARKER
    write_atomically(path, json.dumps(content, indent=2, default=str) + "\n")
    return path


def find_generated(path: Path, root: Path | None = None) -> GeneratedData | None:
    """Return what a marker says of the data in a file or folder; None where they are not marked.

    Args:
        path: The file, beside which the marker lies; or a folder, in which it lies.
        root: A folder above: markers in the folders between count too, and one in it.
    """
    folder = (path if path.is_dir() else path.parent).absolute()
    above: list[Path] = []
    if root is not None and folder.is_relative_to(root.absolute()):
        above = list(folder.parents)[: len(folder.relative_to(root.absolute()).parts)]
    for place in (folder, *above):
        marker = place / MARKER
        if marker.is_file():
            return _read(marker)
    return None


def of_all(marks: Iterable[GeneratedData | None]) -> GeneratedData | None:
    """Return one mark for data of several sources; None if none of them is marked.

    >>> of_all([None, GeneratedData("a", "x"), GeneratedData("a", "y")])
    GeneratedData(made_by='a', in_place_of='x; y')
    """
    known = [mark for mark in marks if mark is not None]
    makers = dict.fromkeys(mark.made_by for mark in known if mark.made_by)
    places = dict.fromkeys(mark.in_place_of for mark in known if mark.in_place_of)
    return GeneratedData("; ".join(makers), "; ".join(places)) if known else None


def _read(marker: Path) -> GeneratedData:
    """Read a marker; one that cannot be read still marks its folder, for the name says what it is."""
    try:
        with marker.open("rb") as stream:
            content = json.loads(stream.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        return GeneratedData()
    made_by, settings = str(content.get("made_by") or ""), content.get("settings")
    told = ", ".join(f"{key} {value}" for key, value in settings.items()) if isinstance(settings, dict) else ""
    whole = f"{made_by} ({told})" if made_by and told else made_by
    return GeneratedData(whole[:_MOST_CHARACTERS])
