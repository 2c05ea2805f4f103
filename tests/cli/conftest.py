"""What tests of the command line share."""

from __future__ import annotations

import pytest
import yaml


@pytest.fixture
def study(toys, write_task, rows):
    """A folder ``study`` with a registry, a task, a benchmark and a run file: ``study(models=[...])``."""
    write_task("demo/plain", rows(12))
    folder = toys / "study"
    folder.mkdir()
    (toys / "tasks").rename(folder / "tasks")
    (toys / "registry.yaml").unlink()
    registry = {"task_folders": ["tasks"], "benchmarks": {"demo": {"tasks": ["demo/plain"]}}}
    (folder / "registry.yaml").write_text(yaml.safe_dump(registry))

    def write(**keys):
        keys = {"models": ["toy-reader", "length"], "tasks": ["demo"], "store": "out/results.sqlite", **keys}
        path = folder / "run.yaml"
        path.write_text(yaml.safe_dump(keys, sort_keys=False))
        return path.relative_to(toys)

    return write
