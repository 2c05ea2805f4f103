"""Peak memory of an evaluation whose answers are wide arrays, asked for and read back.

    python benchmarks/memory.py [--items 1500] [--width 200000]

A task of similarity asks a model without weights for two embeddings an item. What is measured is the peak of resident
memory of the whole command, once on a fresh store and once with all answers on file, and of the same with ten numbers
an embedding, which is what the command takes without arrays.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
from pathlib import Path

from _measure import run

PLUGIN = """
import numpy as np
from harness import Model, hookimpl

class Wide(Model):
    batch_size = 8
    def __init__(self, *, width: int):
        self.width = width
    def embed(self, requests):
        seeds = [sum(request.text.encode()) for request in requests]
        return [np.random.default_rng(seed).standard_normal(self.width, dtype=np.float32) for seed in seeds]

@hookimpl
def register_models(register):
    register("wide", "wide_plugin:Wide", offers=("embed",), description="random numbers")
"""
TASK = """
kind: similarity
columns: {first: a, second: b, label: same}
data: {test: {file: pairs.jsonl}}
"""


def write(folder: Path, items: int) -> None:
    """A plugin, announced as an installed one, and the task."""
    (folder / "wide_plugin.py").write_text(PLUGIN)
    info = folder / "wide-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: wide\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[harness.plugins]\nwide = wide_plugin\n")
    tasks = folder / "tasks" / "wide"
    tasks.mkdir(parents=True)
    (tasks / "pairs.yaml").write_text(TASK)
    rows = ({"id": i, "a": f"first {i}", "b": f"second {i * 7}", "same": i % 2} for i in range(items))
    (tasks / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "registry.yaml").write_text("task_folders: [tasks]\n")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1500)
    parser.add_argument("--width", type=int, default=200_000)
    options = parser.parse_args()
    harness = [sys.executable, "-m", "harness.cli.main"]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write(folder, options.items)
        for width in (10, options.width):
            store = f"{width}.sqlite"
            command = [*harness, "eval", "-m", f"wide:width={width}", "-t", "wide/pairs", "--store", store]
            for what in ("asked", "on file"):
                seconds, mib = run(command, environment={"PYTHONPATH": made}, cwd=made)
                with sqlite3.connect(folder / store) as connection:
                    query = "SELECT value FROM estimates WHERE domain = 'overall' ORDER BY cell DESC, metric LIMIT 1"
                    ((value,),) = connection.execute(query).fetchall()
                print(f"{options.items} items of {width} numbers, {what}: {mib:.0f} MiB, {seconds:.1f} s, {value!r}")


if __name__ == "__main__":
    main()
