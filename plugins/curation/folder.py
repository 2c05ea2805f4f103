"""The folder of a curated set: the rows, a task file that reads them, and their provenance."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from harness import UsageError, write_atomically
from harness.errors import StoreError
from harness.files import NO_ROOM, alone, is_full, private_name

from .rows import encode

DATA, PROVENANCE = "data.jsonl", "provenance.json"


def check_output(folder: Path, *, replace: bool) -> None:
    """Check that the folder can be written, before anything is generated.

    Raises:
        UsageError: writing would overwrite something.
    """
    if not folder.exists():
        return
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if not (folder / PROVENANCE).is_file():
        raise UsageError(f"-o {folder}: exists and holds no curated set; name another folder")
    if not replace:
        raise UsageError(f"-o {folder}: holds a curated set already; name another folder, or give --replace")


def write_folder(
    folder: Path, rows: Sequence[dict[str, Any]], task: dict[str, Any], provenance: dict[str, Any]
) -> Path:
    """Write the folder so that it exists whole or not at all, and return the path of the task file.

    Args:
        folder: The folder to write; a curated set in it is replaced.
        rows: The rows of the set.
        task: The content of the task file.
        provenance: The content of the provenance file.

    Raises:
        StoreError: the folder cannot be written.
    """
    k = len(task["columns"]["responses"])
    whole, old = private_name(folder), private_name(folder)
    name = f"best-of-{k}.yaml"
    try:
        whole.mkdir(parents=True)
        write_atomically(whole / DATA, b"".join(encode(row) + b"\n" for row in rows))
        write_atomically(whole / name, yaml.safe_dump(task, sort_keys=False, allow_unicode=True, width=120).encode())
        write_atomically(whole / PROVENANCE, (json.dumps(provenance, indent=2, default=str) + "\n").encode())
        # Two runs that end together must not both move the earlier folder away.
        with alone(folder.with_name(folder.name + ".lock")):
            if folder.exists():
                folder.rename(old)
            whole.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(whole, ignore_errors=True)
        reason = NO_ROOM if is_full(error) else f"cannot be written: {error.strerror}"
        raise StoreError(f"{folder}: {reason}") from error
    return folder / name


def task_file(source: str, k: int, models: Sequence[str], provenance: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a task file of kind ``best-of-k`` over the rows.

    Args:
        source: The name of the task that was curated.
        k: The number of responses a row.
        models: The labels of the generators.
        provenance: The content of the provenance file.
    """
    return {
        "kind": "best-of-k",
        "description": f"Pick a correct response to {source} among {k} sampled from {', '.join(models)}.",
        "citation": f"curated {provenance['made']}, see {PROVENANCE}; method: PPE, arXiv 2410.14872",
        "data": {"test": {"file": DATA}},
        "columns": {
            "id": "question_id",
            "prompt": "prompt",
            "responses": [f"response_{i}" for i in range(1, k + 1)],
            "correct": "scores",
        },
        "slices": ["model_name"],
        # The same question may have been sampled from several generators.
        "cluster": "source_id",
    }


def task_name(path: Path, folders: Sequence[Path]) -> str | None:
    """Return the name of the task file if a task folder of a registry file holds it; else None."""
    for folder in folders:
        if path.resolve().is_relative_to(folder.resolve()):
            return path.resolve().relative_to(folder.resolve()).with_suffix("").as_posix()
    return None
