"""Write the data of quickstart: ``python -m tools.quickstart.make_data [folder]``.

Every row is drawn from a stream named by its id (see ``draw.py``), so running this again writes the same
bytes. A test holds the files in ``plugins/quickstart/data`` against a fresh run.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from harness import write_atomically
from harness.files import mark_generated

if __package__:
    from . import best_of_16, detection, duplicates, preferences
else:
    raise SystemExit(
        "this is a module of a package; run it at the top of the checkout as: python -m tools.quickstart.make_data"
    )

DATA = Path(__file__).parents[2] / "plugins/quickstart/data"
"""The committed data, which are installed as ``harness_plugins.quickstart``."""
SPLITS = ("train", "test")
TASKS: dict[str, Callable[[str, set[str]], list[dict[str, Any]]]] = {
    "best_of_16": best_of_16.rows,
    "preferences": preferences.rows,
    "detection": detection.rows,
    "duplicates": duplicates.rows,
}


def make(folder: Path) -> list[Path]:
    """Write two files a task, ``<task>.<split>.jsonl``, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    mark_generated(folder, "this project, by rule (tools/quickstart)", {})
    return [_write(folder / f"{task}.{split}.jsonl", rows) for task, split, rows in _all_rows()]


def _all_rows() -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """The rows of each task and split; the splits of a task share what is taken, so they never overlap."""
    for task, rows in TASKS.items():
        taken: set[str] = set()
        for split in SPLITS:
            yield task, split, rows(split, taken)


def _write(path: Path, rows: list[dict[str, Any]]) -> Path:
    lines = [json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")) for row in rows]
    write_atomically(path, "".join(line + "\n" for line in lines))
    return path


def main(arguments: list[str]) -> None:
    """Write into the folder given, or else into the committed `DATA`."""
    for path in make(Path(arguments[0]) if arguments else DATA):
        sys.stdout.write(f"{path} {path.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1:])
