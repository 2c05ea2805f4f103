"""The output of ``harness show`` about the folder that a trainer wrote: its manifest, and its learning curve."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.names.registry import Registry

SHOWN_STEPS = 20


def describe_product(registry: Registry, folder: Path, store: Path | None) -> dict[str, Any] | None:
    """Return the facts of the trained model in a folder, with its learning curve; None if the folder holds none.

    Raises:
        UsageError: the manifest is damaged.
        StoreError: the store cannot be read.
    """
    from harness.model import MANIFEST

    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder / MANIFEST}: damaged: {error}; train it again") from error
    if not isinstance(manifest, dict) or "trainer" not in manifest:
        return None
    return {"product": str(folder), **manifest, "curve": _curve(registry, folder, manifest, store)}


def _curve(registry: Registry, folder: Path, manifest: dict[str, Any], store: Path | None) -> list[dict[str, Any]]:
    """Return the learning curve by step, as ``{"step": 1, "loss": 0.5}``; empty if the store has none."""
    from harness.api import existing_store, store_path
    from harness.store.curves import read_curve
    from harness.training.product import curve_of

    path = store_path(registry, store)
    if store is None and not path.is_file():
        return []
    steps: dict[int, dict[str, Any]] = {}
    with existing_store(registry, store) as opened:
        for step, name, value in read_curve(opened, str(manifest.get("curve") or curve_of(folder))):
            steps.setdefault(step, {"step": step})[name] = value
    return [steps[step] for step in sorted(steps)]


def curve_table(curve: Sequence[dict[str, Any]]) -> str:
    """Write the first and the last step of a curve, and some steps between them, as a table."""
    from harness.results.numbers import plain_table

    count = len(curve)
    shown = {round(i * (count - 1) / (SHOWN_STEPS - 1)) for i in range(SHOWN_STEPS)} if count > SHOWN_STEPS else None
    rows = [row for i, row in enumerate(curve) if shown is None or i in shown]
    head = list(dict.fromkeys(name for row in curve for name in row))
    table = plain_table(head, [["" if name not in row else f"{row[name]:.6g}" for name in head] for row in rows])
    return table if shown is None else f"{table}\n({len(rows)} of {count} steps; all of them with --json)"
