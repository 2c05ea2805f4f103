"""What a store's files take on the disk, whose they are, and which of them nothing refers to."""

from __future__ import annotations

import json
import re
import stat
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from harness.store import schema as s
from harness.store.arrays import place_of
from harness.store.places import DamagedRecord
from harness.store.reading import StoreReader

ARRAYS, COLUMNS, MODELS = "arrays", "columns", "models"
_OWN = {ARRAYS: re.compile(r"[0-9a-f]{32}\.bin"), COLUMNS: re.compile(r"[0-9a-f]{24}\.npz")}
"""The names of files that the harness makes in each folder."""
_PARTIAL = re.compile(r"\.harness-[0-9a-f]{16}\.partial")
_NAMED = re.compile(r"[0-9a-f]{32}\.bin")


class ResponsesSpace(NamedTuple):
    """What the answers of one model to one capability take."""

    model: str
    """Its labels, where a cell names it, else what it was constructed from."""
    fingerprint: str
    capability: str
    responses: int
    failed: int
    records: int
    """Bytes in the database."""
    arrays: int
    """Bytes in files of arrays."""


class ColumnsSpace(NamedTuple):
    """What the columns of one model on one task take, those of its earlier cells too."""

    model: str
    task: str
    files: int
    bytes: int


class Unreferenced(NamedTuple):
    """A file that nothing in the store refers to."""

    path: Path
    bytes: int
    kind: str
    changed: float
    """When it was written to last, in seconds since 1970."""


@dataclass(frozen=True)
class StoreSpace:
    """What the files of a store take, in bytes."""

    database: int
    """The SQLite file, with the files that go with it."""
    free: int
    """Of these, what nothing is kept in: a compacted database is smaller by it."""
    arrays: int
    columns: int
    models: Mapping[str, int]
    """By folder of a trained model."""
    responses: list[ResponsesSpace] = field(default_factory=list)
    tables: list[ColumnsSpace] = field(default_factory=list)
    unreferenced: list[Unreferenced] = field(default_factory=list)
    dead: Mapping[str, int] = field(default_factory=dict)
    """By file of arrays that some rows name: the bytes in it that none names."""
    strange: list[Path] = field(default_factory=list)
    """Files and links that the harness did not make, which are never removed."""

    @property
    def total(self) -> int:
        """All together."""
        return self.database + self.arrays + self.columns + sum(self.models.values())


def measure(path: Path) -> StoreSpace:
    """Measure a store, which may be in use.

    Raises:
        StoreError: it cannot be read.
    """
    folder = path.with_name(path.name + ".files")
    # Files are listed before the rows are read: one that is made meanwhile is not even seen.
    files = {kind: _files(folder / kind) for kind in (ARRAYS, COLUMNS)}
    strange = [path for listed in files.values() for path, size in listed.items() if size is None]
    with StoreReader(path) as store, store.reading() as connection:
        live, named, responses = _responses(connection)
        tables, kept = _tables(connection, folder)
        pages = [int(connection.exec_driver_sql(f"PRAGMA {name}").scalar() or 0) for name in _PAGES]
    kept_of = {ARRAYS: named, COLUMNS: kept}
    unreferenced, sizes = [], dict.fromkeys((ARRAYS, COLUMNS), 0)
    dead = {}
    for kind, listed in files.items():
        for file, found in listed.items():
            if found is None:
                continue
            sizes[kind] += found.st_size
            if _PARTIAL.fullmatch(file.name) or file.name not in kept_of[kind]:
                unreferenced.append(Unreferenced(file, found.st_size, kind, found.st_mtime))
            elif kind == ARRAYS:
                dead[file.name] = max(0, found.st_size - live.get(file.name, 0))
    database = sum(_size(path.with_name(path.name + end)) for end in ("", "-wal", "-shm"))
    return StoreSpace(
        database,
        pages[0] * pages[1],
        sizes[ARRAYS],
        sizes[COLUMNS],
        _models(folder / MODELS),
        responses,
        tables,
        unreferenced,
        {name: size for name, size in dead.items() if size},
        strange,
    )


_PAGES = ("freelist_count", "page_size")


def is_own(kind: str, file: Path) -> bool:
    """Return whether a file is one that the harness makes in the folder of its kind: by its name, and no link."""
    try:
        found = file.lstat()
    except OSError:
        return False
    return _OWN[kind].fullmatch(file.name) is not None and stat.S_ISREG(found.st_mode)


def _files(folder: Path) -> dict[Path, Any]:
    """List the files of a folder with what the system says of each; None for what the harness did not make there."""
    if folder.is_symlink() or folder.parent.is_symlink() or not folder.is_dir():
        # Behind a link may lie the folder of another store, whose rows are not those that are looked at.
        return {folder: None} if folder.is_symlink() or folder.parent.is_symlink() else {}
    listed: dict[Path, Any] = {}
    for file in sorted(folder.iterdir()):
        try:
            found = file.lstat()
        except OSError:  # gone meanwhile
            continue
        own = _OWN[folder.name].fullmatch(file.name) or _PARTIAL.fullmatch(file.name)
        listed[file] = found if own and stat.S_ISREG(found.st_mode) else None
    return listed


def _responses(connection: sa.Connection) -> tuple[dict[str, int], set[str], list[ResponsesSpace]]:
    """Return live bytes by file of arrays, all files that any record names, and what each model's answers take."""
    r = s.responses.c
    live: dict[str, int] = defaultdict(int)
    named: set[str] = set()
    arrays: dict[tuple[int, int], int] = defaultdict(int)
    naming = sa.select(r.model, r.capability, r.record).where(r.record.like('%.bin"%'))
    for model, capability, record in connection.execute(naming):
        named.update(_NAMED.findall(record))  # also where the record is damaged: its file is kept
        for place in places_of(record):
            try:
                where = place_of(place)
            except DamagedRecord:
                continue
            live[where.file] += where.length
            arrays[model, capability] += where.length
    counts = sa.select(
        r.model,
        r.capability,
        sa.func.count(),
        sa.func.sum(sa.case((r.error.is_not(None), 1), else_=0)),
        sa.func.sum(_ROW_BYTES + sa.func.coalesce(sa.func.length(r.record), sa.func.length(r.error), 8)),
    ).group_by(r.model, r.capability)
    models = {
        row.id: row
        for row in connection.execute(sa.select(s.models.c.id, s.models.c.fingerprint, s.models.c.description))
    }
    named_capabilities = connection.execute(sa.select(s.capabilities.c.id, s.capabilities.c.name))
    capabilities = {row.id: row.name for row in named_capabilities}
    labels: dict[str, set[str]] = defaultdict(set)
    for label, fingerprint in connection.execute(sa.select(s.asked.c.model, s.asked.c.fingerprint).distinct()):
        labels[fingerprint].add(str(label))
    found = []
    for model, capability, count, failed, size in connection.execute(counts):
        row = models.get(model)
        fingerprint = str(row.fingerprint) if row is not None else ""
        name = ", ".join(sorted(labels.get(fingerprint, ()))) or _reference(row)
        space = arrays.get((model, capability), 0)
        found.append(
            ResponsesSpace(name, fingerprint, str(capabilities.get(capability, "")), count, failed, size, space)
        )
    return live, named, sorted(found, key=lambda one: -(one.records + one.arrays))


_ROW_BYTES = 24
"""About what a row takes beside its text: its key and numbers."""


def _reference(row: Any) -> str:
    if row is None:
        return "a model that is not on file"
    try:
        return str(json.loads(row.description)["reference"])
    except (TypeError, ValueError, LookupError):
        return str(row.fingerprint)


def places_of(record: str) -> Iterator[dict[str, Any]]:
    """Yield the places of arrays that the record of a response names: one, or several by name."""
    try:
        value = json.loads(record)
    except (ValueError, RecursionError):
        return
    if not isinstance(value, dict):
        return
    if {"file", "offset", "dtype", "shape"} <= value.keys():
        yield value
    elif value.keys() == {"arrays", "numbers"} and isinstance(value["arrays"], dict):
        yield from (place for place in value["arrays"].values() if isinstance(place, dict))


def _tables(connection: sa.Connection, folder: Path) -> tuple[list[ColumnsSpace], set[str]]:
    """Return what the columns of each model and task take, and the names of all files that a cell refers to."""
    c = s.cells.c
    files: dict[tuple[str, str], set[str]] = defaultdict(set)
    for label, task, columns in connection.execute(sa.select(c.label, c.task, c.columns).where(c.columns.is_not(None))):
        files[str(label), str(task)].add(Path(str(columns)).name)
    tables = [
        ColumnsSpace(label, task, len(names), sum(_size(folder / COLUMNS / name) for name in names))
        for (label, task), names in files.items()
    ]
    return sorted(tables, key=lambda one: -one.bytes), {name for names in files.values() for name in names}


def _models(folder: Path) -> dict[str, int]:
    if not folder.is_dir() or folder.is_symlink():
        return {}
    return {
        each.name: sum(_size(file) for file in each.rglob("*")) if each.is_dir() else _size(each)
        for each in sorted(folder.iterdir())
    }


def _size(file: Path) -> int:
    try:
        found = file.lstat()
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0
