"""Remembers the content of a large folder's task files: parsing 500 files takes longer than a list may take.

The memory lies in the user's cache folder, by each file's time of change and size. It holds only the texts that lists
show, and only files that are old enough for a later change to give them another time. An evaluated task is always
read from its file.
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
"""Number of files from which remembering a folder saves time."""
_FORM = 1
"""Version of the memory: raise it when its content, or the reading of files, changes."""
_SETTLED = 3.0
"""Seconds after which two changes of a file have different times on every file system."""


class RememberedIndex:
    """The remembered kinds and descriptions of one folder's task files.

    Args:
        folder: The folder of task files.
        count: Number of its task files; a small folder is read anew every time.
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
        """Return kind and description of the task in an unchanged file; None if the file has to be read."""
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
        """Keep a file's kind and description, unless the file has only just been written."""
        stamp = self._stamp(path)
        if stamp and time.time() - stamp[0] / 1e9 > _SETTLED:
            self._seen[str(path)] = [*stamp, kind, description]

    def save(self) -> None:
        """Write the changed memory; a cache that cannot be written costs time, nothing else."""
        if self._place is None or self._seen == self._known:
            return
        with contextlib.suppress(OSError, ValueError):
            self._place.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._place, json.dumps(self._seen), durable=False)

    def _stamp(self, path: Path) -> list[int]:
        """Return a file's time of change in nanoseconds and its bytes; empty if nothing is remembered."""
        if self._place is None:
            return []
        try:
            status = path.stat()
        except OSError:
            return []
        return [status.st_mtime_ns, status.st_size]


def _place(folder: Path) -> Path:
    name = hashlib.blake2b(f"{_FORM} {folder.absolute()}".encode(errors="surrogatepass"), digest_size=12).hexdigest()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "harness" / "tasks" / f"{name}.json"


def _recall(place: Path) -> dict[str, Any]:
    try:
        entries = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return entries if isinstance(entries, dict) else {}
