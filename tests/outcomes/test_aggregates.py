"""Aggregates whose parts stand on the same items: their error is not that of independent parts."""

from __future__ import annotations

import json

import numpy as np
import pytest
from harness_plugins.outcomes.figures import gather

from harness import build_leaderboard, evaluate
from harness.names.registry import Registry
from harness.store.store import Store

ITEMS = 60


def lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


@pytest.fixture
def twice(tmp_path):
    """Two tasks over the same prompts, evaluated on two models, and the mean of both."""
    tasks, answers = {}, {"good": [], "fair": []}
    for task in ("lab/a", "lab/b"):
        rows = [{"prompt": f"question {i}", "chosen": "yes", "rejected": f"no {task}"} for i in range(ITEMS)]
        rows = [{"id": f"{task[-1]}{i}", **row} for i, row in enumerate(rows)]
        file = lines(tmp_path / f"{task[-1]}.jsonl", rows)
        tasks[task] = {"kind": "preference", "data": {"test": {"file": file}}, "metrics": ["accuracy"]}
        for name, every in (("good", 5), ("fair", 3)):
            for i, row in enumerate(rows):
                answers[name].append({"task": task, "id": row["id"], "scores": [float(i % every > 0), 0.5]})
    mean = {"name": "mean", "of": ["lab/a:accuracy", "lab/b:accuracy"]}
    document = {"tasks": tasks, "benchmarks": {"lab": {"tasks": list(tasks), "aggregates": [mean]}}}
    (tmp_path / "registry.yaml").write_text(json.dumps(document), encoding="utf-8")
    registry, store = Registry(extra=tmp_path / "registry.yaml"), tmp_path / "store.sqlite"
    models = [f"{name}=recorded:path={lines(tmp_path / f'{name}.jsonl', rows)}" for name, rows in answers.items()]
    evaluate(models, ["lab"], store=store, registry=registry)
    return registry, store, tmp_path


def errors(figures, metric="mean"):
    (column,) = [i for i, feature in enumerate(figures.features) if feature.metric == metric]
    return dict(zip(figures.models, figures.stderrs[:, column], strict=True))


def test_the_error_of_a_mean_over_the_same_items_is_that_of_the_leaderboard(twice):
    registry, path, _ = twice
    with Store(path) as store:
        figures = gather(registry, "lab", store=store)
    entries = build_leaderboard("lab", store=path, registry=registry).entries
    found = errors(figures)
    for entry in entries:
        alone, together = entry.figures["lab/a:accuracy"], entry.figures["mean"]
        # Both tasks ask the same, so that the second adds nothing; of independent ones it is smaller by a root of two.
        assert found[entry.model] == pytest.approx(together.stderr) == pytest.approx(alone.stderr)
    assert figures.notes == []


def test_published_parts_are_taken_as_independent_and_a_note_says_so(twice):
    registry, path, folder = twice
    rows = [
        {"model": "old", "task": task, "metric": "accuracy", "value": 0.7, "stderr": 0.03, "unit": "fraction"}
        for task in ("lab/a", "lab/b")
    ]
    lines(folder / "old.jsonl", [*rows, {**rows[0], "model": "bare", "stderr": None}, {**rows[1], "model": "bare"}])
    with Store(path) as store:
        figures = gather(registry, "lab", store=store, published=[folder / "old.jsonl"])
    found = errors(figures)
    assert found["old"] == pytest.approx(0.03 / np.sqrt(2))
    assert np.isnan(found["bare"])
    (note,) = [note for note in figures.notes if "independent" in note]
    # Neither the evaluated models, nor the one whose mean has no error.
    assert note.startswith("lab:mean: ")
    assert note.endswith(": old")
