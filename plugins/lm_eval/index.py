"""The index from lm-eval's task names to their files, remembered on disk: reading 14,000 files takes ten seconds."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness import DataError, UsageError, say, write_atomically
from harness.files import check_yaml

_FORM = 1
"""Version of the remembered index: raise it when the form changes."""


@dataclass(frozen=True, slots=True)
class ListedName:
    """A name of lm-eval's: a task, a group or a tag."""

    kind: str
    """``"task"``, ``"group"``, or ``"tag"``: a name for several tasks, without figures of its own."""
    path: str = ""
    """The YAML file; empty for a tag."""
    description: str = ""
    members: tuple[str, ...] = ()
    """The tasks of a tag."""


def installed() -> tuple[Path, str]:
    """Find the folder of lm-eval's own tasks, and its version, without importing it.

    Raises:
        UsageError: lm-eval is not installed.
    """
    spec = importlib.util.find_spec("lm_eval")
    try:
        if spec is not None and spec.submodule_search_locations:
            return Path(next(iter(spec.submodule_search_locations))) / "tasks", version("lm_eval")
    except PackageNotFoundError:
        pass
    raise UsageError("tasks of lm-eval need lm-eval: pip install lm-eval")


def read_index(include: Sequence[Path] = ()) -> dict[str, ListedName]:
    """Read all tasks, groups and tags of lm-eval and of further folders of YAML files; the last folder wins.

    Raises:
        DataError: a folder does not exist.
        UsageError: lm-eval is not installed.
    """
    folder, release = installed()
    index = dict(_of_folder(folder, release, (folder.stat().st_mtime_ns,)))
    for place in include:
        if not place.is_dir():
            raise DataError(f"{place}: no such folder of lm-eval tasks (registry.yaml, sources: lm_eval: include)")
        files = sorted(place.rglob("*.yaml"))
        stamp = tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files)
        index |= _of_folder(place, release, stamp)
    return index


def remembered_count() -> int | None:
    """Return the number of lm-eval's own tasks if it is remembered; else None."""
    folder, release = installed()
    place = _place(folder, release, (folder.stat().st_mtime_ns,))
    try:
        return int(place.with_suffix(".count").read_text("ascii"))
    except (OSError, ValueError):  # the count of an index that an earlier version kept
        entries = _recall(place)
        if entries is None:
            return None
        _remember_count(place, entries)
        return _tasks_in(entries)


@cache
def _of_folder(folder: Path, release: str, stamp: tuple[Any, ...]) -> Mapping[str, ListedName]:
    place = _place(folder, release, stamp)
    entries = _recall(place)
    if entries is None:
        if len(stamp) == 1 and sys.stderr is not None:
            say(f"reading the task files of lm-eval {release}, once for this version ...", err=True)
        for file in stamp:
            if isinstance(file, tuple):  # of the user's: lm-eval would wait for a pipe, or for aliases of aliases
                check_yaml(Path(file[0]))
        entries = _read(folder)
        _remember(place, entries)
    return entries


def _read(folder: Path) -> dict[str, ListedName]:
    from lm_eval.tasks import TaskManager

    entries = TaskManager(include_defaults=False, include_path=str(folder)).task_index
    return {name: _listed(entry) for name, entry in entries.items()}


def _listed(entry: Any) -> ListedName:
    kind = {"GROUP": "group", "TAG": "tag"}.get(entry.kind.name, "task")
    settings = entry.cfg or {}
    if kind == "tag":
        return ListedName(kind, description=f"{len(entry.tags)} tasks", members=tuple(sorted(entry.tags)))
    if kind == "group":
        members = settings.get("task")
        described = f"{len(members)} members" if isinstance(members, list) else ""
    else:
        data = " ".join(str(settings[key]) for key in ("dataset_path", "dataset_name") if settings.get(key))
        described = f"{settings.get('output_type') or 'defined in Python'}{', ' + data if data else ''}"
    return ListedName(kind, str(entry.yaml_path or ""), described)


def _place(folder: Path, release: str, stamp: tuple[Any, ...]) -> Path:
    named = hashlib.blake2b(repr((_FORM, str(folder), release, stamp)).encode(), digest_size=8).hexdigest()
    cache_folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache_folder / "harness" / "lm_eval" / f"{release}-{named}.json"


def _recall(place: Path) -> dict[str, ListedName] | None:
    try:
        kept = json.loads(place.read_text("utf-8"))
        return {name: ListedName(**{**entry, "members": tuple(entry["members"])}) for name, entry in kept.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # not there, or not ours: it is written anew
        return None


def _remember(place: Path, entries: Mapping[str, ListedName]) -> None:
    with contextlib.suppress(OSError):  # a cache that cannot be written costs time, nothing else
        place.parent.mkdir(parents=True, exist_ok=True)
        whole = json.dumps({name: asdict(entry) for name, entry in entries.items()})
        write_atomically(place, whole, durable=False)  # made again in seconds
    _remember_count(place, entries)


def _tasks_in(entries: Mapping[str, ListedName]) -> int:
    return sum(entry.kind == "task" for entry in entries.values())


def _remember_count(place: Path, entries: Mapping[str, ListedName]) -> None:
    """Keep the number of tasks apart: lists show it, and reading 14,000 entries would take most of their time."""
    with contextlib.suppress(OSError):
        write_atomically(place.with_suffix(".count"), f"{_tasks_in(entries)}\n", durable=False)
