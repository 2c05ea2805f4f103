"""What the task files of a large folder said when they were last read: parsing 500 takes longer than a list may.

Kept in the user's cache folder, by the file's time of change and size. Only what lists show is kept, and only of files
that are old enough for a later change to give them another time; a task that is evaluated is read from its file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

from harness.files.atomic import write_atomically

FEWEST = 50
"""Files in a folder from which on remembering is worth it."""
_FORM = 1
"""Raised when what is remembered, or how files are read, changes."""
_SETTLED = 3.0
"""Seconds after which two changes of a file have different times on every file system."""


class RememberedIndex:
    """The files of one folder.

    Args:
        folder: Of task files.
        count: How many it holds; few are read anew every time.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._place: Path | None = None
        self._known: dict[str, Any] = {}
        self._seen: dict[str, Any] = {}
        if count >= FEWEST:
            with contextlib.suppress(OSError, RuntimeError):  # no home, no memory
                self._place = _place(folder)
                self._known = _recall(self._place)

    def recall(self, path: Path) -> tuple[str, str] | None:
        """Kind and description of the task in a file that has not changed since; None where it is to be read."""
        stamp = self._stamp(path)
        entry = self._known.get(str(path)) if stamp else None
        if not (isinstance(entry, list) and len(entry) == 4 and entry[:2] == stamp):
            return None
        _, _, kind, description = entry
        if not (isinstance(kind, str) and isinstance(description, str)):
            return None
        self._seen[str(path)] = entry
        return kind, description

    def remember(self, path: Path, kind: str, description: str) -> None:
        """Keep what a file says, unless it has only just been written."""
        stamp = self._stamp(path)
        if stamp and time.time() - stamp[0] / 1e9 > _SETTLED:
            self._seen[str(path)] = [*stamp, kind, description]

    def save(self) -> None:
        """Write what has changed; a cache that cannot be written costs time, nothing else."""
        if self._place is None or self._seen == self._known:
            return
        with contextlib.suppress(OSError, ValueError):
            self._place.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._place, json.dumps(self._seen), durable=False)

    def _stamp(self, path: Path) -> list[int]:
        """Time of change in nanoseconds, and bytes; empty where nothing is remembered."""
        if self._place is None:
            return []
        try:
            found = path.stat()
        except OSError:
            return []
        return [found.st_mtime_ns, found.st_size]


def _place(folder: Path) -> Path:
    name = hashlib.blake2b(f"{_FORM} {folder.absolute()}".encode(errors="surrogatepass"), digest_size=12).hexdigest()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "harness" / "tasks" / f"{name}.json"


def _recall(place: Path) -> dict[str, Any]:
    try:
        known = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}
