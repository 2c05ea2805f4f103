"""What tests of the command line share."""

from __future__ import annotations

import json

import pytest
import yaml


def lines(rows):
    """Rows as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def reasons(ran):
    """Why the cells and items of a command's JSON document failed."""
    return [failure["reason"] for failure in ran.document["failures"]]


@pytest.fixture
def evaluate(toys, harness):
    """Evaluate the reader on demo/plain."""

    def call(model="toy-reader", task="demo/plain", *more):
        ran = harness("eval", "-m", model, "-t", task, "--json", *more)
        assert "Traceback" not in ran.err
        assert "internal error" not in ran.err
        return ran

    return call


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
