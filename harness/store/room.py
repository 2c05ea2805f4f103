"""Giving back the room that a store's files take for nothing; what a row or a cell refers to stays as it is."""

from __future__ import annotations

import contextlib
import json
import os
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import StoreError, UsageError
from harness.store.arrays import place_of
from harness.store.direct import connected
from harness.store.in_use import alone_with, is_held
from harness.store.places import DamagedRecord
from harness.store.space import ARRAYS, StoreSpace, measure, places_of
from harness.store.store import Store

_SETTLED = 3600
"""Seconds since its last change, after which a file that no row names is no file that is just being written."""
_WORTH = 0.1
"""Share of a file of arrays that nothing names, from which on it is written anew."""
_PIECE = 8 << 20


@dataclass
class GivenBack:
    """What was given back, or with ``dry_run`` would be."""

    files: list[tuple[Path, int]] = field(default_factory=list)
    """Files that were removed, with their bytes."""
    rewritten: list[tuple[Path, int]] = field(default_factory=list)
    """Files of arrays that were written anew, with the bytes by which each became smaller."""
    database: int = 0
    """Bytes by which the database became smaller."""
    left: list[tuple[Path, str]] = field(default_factory=list)
    """Files that stay though no row names them, with the reason."""

    @property
    def total(self) -> int:
        """Bytes, all together."""
        return sum(size for _, size in (*self.files, *self.rewritten)) + self.database


def prune(path: Path, *, dry_run: bool = False) -> GivenBack:
    """Remove the files of arrays and columns that nothing in a store refers to.

    Beside a process that writes to the store, files that may be its own stay.

    Raises:
        StoreError: the store cannot be read, or a file not removed.
    """
    with alone_with(_folder(path)) as alone:
        done = GivenBack()
        _remove(measure(path), done, alone=alone, dry_run=dry_run)
        return done


def compact(path: Path, *, dry_run: bool = False) -> GivenBack:
    """Remove what `prune` does, write files of arrays anew without what nothing refers to, and shrink the database.

    Raises:
        UsageError: another process has the store open to write.
        StoreError: the store cannot be read or written.
    """
    if not dry_run:
        with Store(path):  # brings the tables of an earlier version up to date
            pass
    with alone_with(_folder(path)) as alone:
        if not alone and not dry_run:
            raise UsageError(
                f"{path}: another process has it open to write; wait until it is done, or give back what can be given "
                "back beside it: harness store prune"
            )
        space, done = measure(path), GivenBack()
        _remove(space, done, alone=alone, dry_run=dry_run)
        before = space.database
        for name, dead in space.dead.items():
            file = _folder(path) / ARRAYS / name
            if dead >= _WORTH * file.stat().st_size:
                if dry_run or _rewrite(path, file):
                    done.rewritten.append((file, dead))
                else:
                    done.left.append((file, "damaged, or named by rows that cannot be read"))
        if dry_run:
            done.database = space.free
            return done
        with connected(path, "cannot be compacted") as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        done.database = max(0, before - measure(path).database)
        return done


def _remove(space: StoreSpace, done: GivenBack, *, alone: bool, dry_run: bool) -> None:
    """Remove the files that nothing refers to, or say why one stays.

    Raises:
        StoreError: one cannot be removed.
    """
    for path in space.strange:
        done.left.append((path, "not made by the harness, or reached through a link"))
    for file, size, kind, changed in space.unreferenced:
        if not alone and (kind != ARRAYS or is_held(file) or time.time() - changed < _SETTLED):
            done.left.append((file, "may belong to a process that has the store open to write"))
            continue
        if not dry_run:
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                raise StoreError(f"{file}: cannot be removed: {error.strerror}") from error
        done.files.append((file, size))


def _rewrite(path: Path, old: Path) -> bool:
    """Copy what rows name of a file of arrays into a new one, and let the rows name that; False where it cannot be.

    Killed on the way, it leaves the one or the other file without a row that names it, and `prune` removes that.
    """
    new = old.with_name(f"{uuid.uuid4().hex}.bin")
    with connected(path, "cannot be compacted") as connection:
        # From here on nobody can file anything until the rows name the new file.
        connection.execute("BEGIN IMMEDIATE")
        rows = connection.execute(
            "SELECT model, capability, key, record FROM responses WHERE record LIKE ?", (f'%"{old.name}"%',)
        ).fetchall()
        try:
            changed = _copy(rows, old, new)
        except OSError as error:
            with contextlib.suppress(OSError):
                new.unlink()
            raise StoreError(f"{new}: cannot be written: {error.strerror}") from error
        if changed is None:
            with contextlib.suppress(OSError):
                new.unlink()
            return False
        connection.executemany(
            "UPDATE responses SET record = ? WHERE model = ? AND capability = ? AND key = ?", changed
        )
        connection.execute("COMMIT")
    old.unlink()
    return True


def _copy(rows: list[Any], old: Path, new: Path) -> list[Any] | None:
    """Copy arrays from one file to another; None where a row cannot be followed, and the file had better stay.

    Returns:
        (record, model, capability, key) of every row, as it is to be.

    Raises:
        OSError: a file cannot be read or written.
    """
    changed = []
    with old.open("rb") as source, new.open("xb") as target:
        for model, capability, key, record in rows:
            value = json.loads(record) if next(places_of(record), None) is not None else None
            if value is None:
                return None
            for place in (value,) if "file" in value else value["arrays"].values():
                try:
                    where = place_of(place)
                except DamagedRecord:
                    return None
                if where.file != old.name:
                    continue
                place["offset"] = target.tell()
                place["file"] = new.name
                source.seek(where.offset)
                if not _copied(source, target, where.length):
                    return None
            changed.append((json.dumps(value, separators=(",", ":")), model, capability, key))
        target.flush()
        os.fsync(target.fileno())
    return changed


def _copied(source: Any, target: Any, length: int) -> bool:
    while length:
        piece = source.read(min(_PIECE, length))
        if not piece:  # the file is cut off
            return False
        target.write(piece)
        length -= len(piece)
    return True


def _folder(path: Path) -> Path:
    return path.with_name(path.name + ".files")
