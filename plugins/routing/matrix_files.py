"""Matrices of outcomes as files, wide or long, and the task file that reads one back exactly."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness import FloatArray, UsageError

from .matrix import Matrix

_OWN = ("id", "prompt", "category", "cluster", "model", "outcome", "cost", "latency", "models", "index")
"""Columns that a matrix has besides those of its models."""
_METRICS = (
    *("route_gain", "route_accuracy", "route_gain_over_category"),
    *("forecast_accuracy", "forecast_auroc", "forecast_log_loss", "forecast_calibration_error"),
    *("weighted_router", "usage_entropy", "gap_at_oracle", "uniform_router", "best_constant", "best_of_category"),
    "oracle",
)
"""What the task file measures; first whether a router is better than a constant."""
_OF_COSTS = ("aiq", "zero_router_aiq", "cost_saved", "mean_cost")
"""What it measures too where a cost of every model is known."""


def content_of(matrix: Matrix, path: Path, *, long: bool) -> bytes:
    """Return the content of a file, in the form that its ending says.

    Raises:
        UsageError: the ending says none, or the form cannot hold the matrix.
    """
    writer = writer_of(path)
    clash = sorted(
        {*matrix.models} & {*_OWN, *(c for name, *_ in _known_sides(matrix) for c in _side_columns(matrix, name))}
    )
    if clash and not long:
        raise UsageError(f"a model is called {clash[0]!r}, as a column of the matrix; write --long rows, or rename it")
    rows = list(_long(matrix) if long else _wide(matrix))
    return writer(rows, path)


def writer_of(path: Path) -> Callable[[list[dict[str, Any]], Path], bytes]:
    """Return the function that writes rows in the form of a file's ending.

    Raises:
        UsageError: the ending says none.
    """
    writers = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
    if path.suffix.lower() not in writers:
        raise UsageError(f"{path}: the ending must be one of {', '.join(writers)}")
    return writers[path.suffix.lower()]


def _known_sides(matrix: Matrix) -> list[tuple[str, str, FloatArray]]:
    """List what is known beside outcomes: its name in wide rows, in long ones, and its values, (n, m)."""
    sides = [
        ("cost", "cost", matrix.costs),
        ("latency", "latency", matrix.latencies),
        ("tokens", "token_count", matrix.tokens.sum(axis=2)),
    ]
    return [side for side in sides if np.isfinite(side[2]).any()]


def _side_columns(matrix: Matrix, name: str) -> list[str]:
    return [f"{name} of {label}" for label in matrix.models]


def _shared(matrix: Matrix, i: int) -> dict[str, Any]:
    row = matrix.rows[i]
    shared: dict[str, Any] = {"id": row.id, "prompt": row.prompt, "category": row.category}
    if any(one.cluster is not None for one in matrix.rows):
        shared["cluster"] = row.cluster
    return shared


def _wide(matrix: Matrix) -> Iterator[dict[str, Any]]:
    sides = [(_side_columns(matrix, name), values) for name, _, values in _known_sides(matrix)]
    for i in range(len(matrix.rows)):
        row = _shared(matrix, i)
        row |= {label: _known(matrix.outcomes[i, j]) for j, label in enumerate(matrix.models)}
        for columns, values in sides:
            row |= {column: _known(values[i, j]) for j, column in enumerate(columns)}
        yield row


def _long(matrix: Matrix) -> Iterator[dict[str, Any]]:
    sides = _known_sides(matrix)
    for i in range(len(matrix.rows)):
        shared = _shared(matrix, i)
        for j, label in enumerate(matrix.models):
            beside = {column: _known(values[i, j]) for _, column, values in sides}
            yield {**shared, "model": label, "outcome": _known(matrix.outcomes[i, j]), **beside}


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _csv(rows: list[dict[str, Any]], path: Path) -> bytes:
    if any(not isinstance(row["prompt"], str) for row in rows):
        raise UsageError(f"{path}: questions of several messages have no place in CSV; write .jsonl or .parquet")
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows([["" if value is None else value for value in row.values()] for row in rows])
    return stream.getvalue().encode("utf-8", "backslashreplace")


def _jsonl(rows: list[dict[str, Any]], path: Path) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _parquet(rows: list[dict[str, Any]], path: Path) -> bytes:
    import pyarrow
    import pyarrow.parquet

    some = any(not isinstance(row["prompt"], str) for row in rows)
    columns: dict[str, Any] = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        if name == "prompt" and some:  # a column of Parquet has one type
            values = [value if isinstance(value, list) else [{"role": "user", "content": value}] for value in values]
            columns[name] = pyarrow.array(values)
        elif name in ("id", "prompt", "category", "cluster", "model"):
            columns[name] = pyarrow.array(values, pyarrow.string())
        else:
            columns[name] = pyarrow.array(values, pyarrow.float64())
    stream = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), stream)
    return stream.getvalue()


def task_file_of(matrix: Matrix, data: Path, place: Path, *, long: bool, train: float, made_of: str) -> str:
    """Return the YAML of a task that reads a matrix back.

    Args:
        matrix: The matrix.
        data: Its file.
        place: Where the YAML will be.
        long: Whether the file has long rows.
        train: Share of the questions to train on, by a hash of their texts; 0 for none.
        made_of: What the matrix was made of, for the description.
    """
    import yaml

    source = {"file": os.path.relpath(data.resolve(), place.resolve().parent)}
    keys: dict[str, Any] = {"kind": "routing", "description": f"What evaluated models scored on {made_of}."}
    if matrix.evaluation_only:
        keys["evaluation_only"] = True
        train = 0.0
    options: dict[str, Any] = {"models": list(matrix.models)}
    columns: dict[str, Any] = {}
    if not long:
        columns["outcomes"] = list(matrix.models)
        fields = {"cost": "costs", "latency": "latencies", "tokens": "tokens"}
        columns |= {fields[name]: _side_columns(matrix, name) for name, *_ in _known_sides(matrix)}
    if train:
        options["shares"] = {"train": train, "test": round(1 - train, 12)}
    keys["data"] = {"train": dict(source), "test": dict(source)} if train else {"test": source}
    keys |= {"columns": columns} if columns else {}
    keys["metrics"] = [*_METRICS, *(_OF_COSTS if np.isfinite(matrix.costs).any(axis=0).all() else ())]
    keys |= {"options": options, "slices": ["category"]}
    keys |= {"cluster": "cluster"} if any(row.cluster is not None for row in matrix.rows) else {}
    return str(yaml.safe_dump(keys, sort_keys=False, allow_unicode=True, width=120))


def counts_of(matrix: Matrix) -> Mapping[str, Any]:
    """Return how much is in a matrix, and how much is missing."""
    return {
        "items": len(matrix.rows),
        "models": len(matrix.models),
        "gaps": matrix.gaps,
        "repeated_texts": matrix.repeats,
        "left_out": matrix.left_out,
        "tasks": len({row.task for row in matrix.rows}),
    }
