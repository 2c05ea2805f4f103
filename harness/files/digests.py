"""SHA-256 digests of files; those of large files are remembered on disk, so that not every command reads weights."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from harness.files.atomic import write_atomically

LARGE = 64 * 1024 * 1024
"""Bytes from which a digest is worth remembering: a tenth of a second and more."""

_KNOWN: dict[tuple[tuple[str, int, int], ...], str] = {}


def file_identity(path: Path) -> str:
    """Return the SHA-256 of a file, or of all files below a folder with their names, for `Model.identity`.

    The process remembers each digest by path, size and modification time. The digest of a file of 64 MiB or more is
    also kept in the user's cache folder (``$XDG_CACHE_HOME/harness/digests``).
    """
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    stamp = tuple((str(f.absolute()), f.stat().st_size, f.stat().st_mtime_ns) for f in files)
    digest = _KNOWN.get(stamp)
    if digest is None:
        digest = _KNOWN[stamp] = _hash_files(path, files)
    return digest


def _hash_files(root: Path, files: Sequence[Path]) -> str:
    whole = hashlib.sha256()
    for file in files:
        whole.update(f"{file.relative_to(root) if root.is_dir() else ''}\0".encode())
        whole.update(_digest(file))
    return whole.hexdigest()


def _digest(file: Path) -> bytes:
    if file.stat().st_size < LARGE:
        return _read(file)
    place = _place(file)
    stamp = _stamp(file)
    try:
        kept = json.loads(place.read_text(encoding="utf-8"))
        if kept["stamp"] == stamp:
            return bytes.fromhex(kept["sha256"])
    except (OSError, ValueError, KeyError, TypeError):  # the entry is missing or damaged: it is written anew below
        pass
    digest = _read(file)
    if _stamp(file) == stamp:  # the digest of a file that changed while it was read belongs to no state of the file
        _keep(place, {"path": str(file.absolute()), "stamp": stamp, "sha256": digest.hex()})
    return digest


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _stamp(file: Path) -> list[int]:
    status = file.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _place(file: Path) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = hashlib.blake2b(str(file.absolute()).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    return cache / "harness" / "digests" / f"{name}.json"


def _keep(place: Path, entry: dict[str, object]) -> None:
    with contextlib.suppress(OSError):  # a home folder that cannot be written to costs time, nothing else
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, json.dumps(entry), durable=False)  # made again in seconds
