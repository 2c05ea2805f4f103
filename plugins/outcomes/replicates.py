"""Draws of an outcome, such as bootstrap ratings, which show how noisy the outcome itself is.

A file of draws is a JSON object of lists by model, or a table with the model in each row, and beside it a list, or a
column for each draw, or one draw.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.errors import DataError, did_you_mean

from .table import (
    OutcomeTable,
    OutcomeValue,
    as_number,
    columns_of,
    model_column_of,
    read_object,
    read_rows,
)

_DRAW = ("draw", "replicate", "round")
"""Names of the column that numbers the draws, in files with a row for each draw."""


def add_replicates(table: OutcomeTable, path: Path) -> None:
    """Give every outcome its draws, and their standard deviation as its standard error.

    Raises:
        DataError: a model has no draws, or the models have different numbers of draws.
    """
    draws = _draws(path)
    missing = [model for model in table.values if model not in draws]
    if missing:
        raise DataError(
            f"{path}: no replicates of {', '.join(missing)}{did_you_mean(missing[0], draws)}; "
            f"give some for every model of {table.path}"
        )
    lengths = {len(draws[model]) for model in table.values}
    if len(lengths) > 1 or min(lengths, default=0) < 2:
        raise DataError(f"{path}: every model needs the same number of replicates, at least 2, not {sorted(lengths)}")
    for model, value in table.values.items():
        of_model = draws[model]
        mean = sum(of_model) / len(of_model)
        stderr = math.sqrt(sum((draw - mean) ** 2 for draw in of_model) / (len(of_model) - 1))
        table.values[model] = OutcomeValue(value.value, stderr, tuple(of_model))


def _draws(path: Path) -> dict[str, list[float]]:
    """Read lists of draws by model: an object of lists, rows with a list, wide rows, or a row for each draw."""
    document = read_object(path) if path.suffix == ".json" else None
    draws: dict[str, list[float]] = {}
    if document is not None:
        for model, values in document.items():
            draws[model] = _numbers(values if isinstance(values, list) else [values], f"{path} key {model!r}")
        return draws
    rows = read_rows(path)
    model_column, columns = model_column_of(path, rows, None), columns_of(rows)
    number = next((c for c in columns if c.lower() in _DRAW), None)
    if number is not None:  # draws are aligned between models by their number, not by their order in the file
        rows.sort(key=lambda row: as_number(row.values.get(number)) or 0.0)
    others = [c for c in columns if c not in (model_column, number)]
    for row in rows:
        model, row_draws = str(row.values.get(model_column)), []
        for column in others:
            raw = row.values.get(column)
            row_draws += _numbers(raw if isinstance(raw, list) else [raw], f"{row.where}: column {column!r}")
        draws.setdefault(model, []).extend(row_draws)
    return draws


def _numbers(values: Sequence[Any], where: str) -> list[float]:
    numbers = [as_number(value) for value in values]
    wrong = next((raw for raw, number in zip(values, numbers, strict=True) if number is None), None)
    if wrong is not None or None in numbers:
        raise DataError(f"{where}: replicates should be numbers, got {wrong!r}")
    return [number for number in numbers if number is not None]
