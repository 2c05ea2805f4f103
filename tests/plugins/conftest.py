import json
import os
from pathlib import Path

import pytest

from harness.names.registry import Registry


@pytest.fixture(scope="session")
def registry():
    return Registry()


@pytest.fixture(scope="session")
def published():
    """The folder of published results; a test that needs it is skipped where there is none."""
    folder = os.environ.get("HARNESS_DATA")
    if not folder or not (Path(folder) / "ppe" / "expected_values.json").is_file():
        pytest.skip("the published results are not here: set HARNESS_DATA to a folder with ppe/expected_values.json")
    return Path(folder)


@pytest.fixture(scope="session")
def expected(published):
    """Figures recomputed from the published results, with the definitions of their authors."""
    return json.loads((published / "ppe" / "expected_values.json").read_text("utf-8"))


@pytest.fixture
def written(tmp_path):
    """Writes rows to a JSONL file and returns its path."""

    def write(rows, name="rows.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    return write


@pytest.fixture
def evaluated(tmp_path, registry):
    """Evaluates a model on targets in a fresh store; estimates by (task, domain, metric)."""
    from harness import evaluate

    def run(model, *targets, registry=registry):
        outcome = evaluate([model], targets, store=tmp_path / "store.sqlite", registry=registry)
        assert outcome.exit_code == 0, outcome.failures()[:3]
        return {(r.task, r.domain, r.metric): r.estimate for r in outcome.results}

    return run


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """Writes a data set below HARNESS_DATA as the hub has it: ``mirror("ORG/NAME/SPLIT", rows)``."""
    root = tmp_path / "mirror"
    monkeypatch.setenv("HARNESS_DATA", str(root))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def write(place, rows):
        path = root / (place if place.endswith(".json") else f"{place}.jsonl")
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(row) for row in rows]
        path.write_text(f"[{','.join(lines)}]" if path.suffix == ".json" else "\n".join(lines), encoding="utf-8")
        return path

    return write
