import json

import pytest

from harness.names.registry import Registry


@pytest.fixture
def suite(tmp_path):
    """A registry with the detection task ``suite/texts`` in two domains, and the benchmark ``suite`` of it."""

    def make(**benchmark):
        rows = [{"id": str(i), "text": f"t{i}", "label": i % 2, "kind": "one" if i < 20 else "two"} for i in range(40)]
        data = tmp_path / "texts.jsonl"
        data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        task = {
            "kind": "detection",
            "data": {"test": {"file": str(data)}},
            "slices": ["kind"],
            "metrics": ["auroc", "brier", "f1:threshold=0.5"],
        }
        document = {
            "tasks": {"suite/texts": task, "suite/more": task},
            "benchmarks": {"suite": {"tasks": ["suite/texts", "suite/more"], **benchmark}},
        }
        file = tmp_path / "registry.yaml"
        file.write_text(json.dumps(document), encoding="utf-8")
        return Registry(extra=file)

    return make


@pytest.fixture
def detector(tmp_path):
    """A recorded model of log-odds by item: ``detector("good", lambda i: ...)``."""

    def make(name, log_odds, task="suite"):
        path = tmp_path / f"{name}.jsonl"
        rows = [{"task": task, "id": str(i), "log_odds": log_odds(i)} for i in range(40)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return f"{name}=recorded:path={path}"

    return make
