"""The outcome that metrics should predict: one value for each model, from a file of almost any shape."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist
from typing import Any

from harness import OutcomeFile, UnclearColumn
from harness.errors import DataError, did_you_mean
from harness.files import read_text
from harness.tasks import DataRow, FileSource

_MODEL = ("model", "models", "name", "label", "reward_model", "reward model")
_VALUE = ("value", "outcome", "score")
_STDERR = ("stderr", "se", "standard_error", "std_error")
_BOUNDS = (("low", "lower"), ("high", "upper"))
_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class OutcomeValue:
    """One model's outcome and its error, in the outcome's unit."""

    value: float
    stderr: float = math.nan
    """Standard error of the value; NaN if the file has none."""
    replicates: tuple[float, ...] = ()
    """Draws of the value, such as bootstrap ratings; aligned between models."""


@dataclass(slots=True)
class OutcomeTable:
    """All outcomes of a file, by model."""

    name: str
    """The column that the values came from; the file's name if the column is just called value or outcome."""
    path: Path
    values: dict[str, OutcomeValue]
    """Outcomes by model."""
    notes: list[str] = field(default_factory=list)


def read_outcomes(
    path: Path,
    *,
    model_column: str | None = None,
    value_column: str | None = None,
) -> OutcomeTable:
    """Read the outcomes of a CSV, JSON, JSONL or Parquet file.

    The column of models is ``model`` or the only column of texts; that of outcomes is ``value`` or the only column of
    numbers. Columns ``stderr``, or ``low`` and ``high`` (of 95 %), give the outcome's own noise. A JSON file may also
    be
    one object of values by model.

    Args:
        path: The file.
        model_column: The column of model names.
        value_column: The column of outcomes.

    Raises:
        DataError: the file or a row cannot be read, or a value is of the wrong type; names file and row.
        UsageError: a column is missing, or it is unclear which column is meant.
    """
    rows = read_rows(path)
    model_column = model_column_of(path, rows, model_column)
    value_column = _value_column(path, rows, model_column, value_column)
    name = path.name.split(".")[0] if value_column.lower() in {"value", "outcome"} else value_column
    table = OutcomeTable(name, path, {})
    errors = _error_columns(rows, value_column)
    for row in rows:
        model = str(row.values.get(model_column) or "").strip()
        if not model:
            raise DataError(f"{row.where}: the column {model_column!r} names no model")
        if model in table.values:
            raise DataError(f"{row.where}: a second outcome of the model {model!r}; keep one row a model")
        value = _number(row, value_column)
        if math.isnan(value):
            table.notes.append(f"{row.where}: {model} has no {value_column}; left out")
            continue
        table.values[model] = OutcomeValue(value, _stderr(row, errors))
    return table


def read_rows(path: Path) -> list[DataRow]:
    """Read all rows of a file; of a JSON object, each key gives a row, with the key as its ``model``.

    Raises:
        DataError: the file or one of its rows cannot be read.
    """
    if path.name.removesuffix(".gz").endswith(".json") and not path.name.endswith(".gz"):
        by_model = read_object(path)
        if by_model is not None:
            return [
                DataRow(i, f"{path} key {name!r}", {"model": name, **(v if isinstance(v, Mapping) else {"value": v})})
                for i, (name, v) in enumerate(by_model.items())
            ]
    rows = list(FileSource(path).rows())
    broken = next((row for row in rows if row.problem), None)
    if broken is not None:
        raise DataError(f"{broken.where}: {broken.problem}")
    if not rows:
        raise DataError(f"{path}: the file has no rows; expected one a model, with its outcome")
    return rows


def read_object(path: Path) -> dict[str, Any] | None:
    """Read a JSON file, and return its content if it is an object; None if it is a list or a value.

    Raises:
        DataError: the file is missing or is not JSON.
    """
    try:
        document = json.loads(read_text(path))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: not valid JSON: {error}") from None
    return document if isinstance(document, dict) else None


def outcome_table(outcome: OutcomeFile) -> OutcomeTable:
    """Read a table of outcomes by the columns that the user named; errors as of `read_outcomes`."""
    return read_outcomes(outcome.path, model_column=outcome.model_column, value_column=outcome.value_column)


def columns_of(rows: Sequence[DataRow]) -> list[str]:
    """Return the names of all columns, without empty names."""
    return [name for name in dict.fromkeys(key for row in rows for key in row.values) if str(name).strip()]


def model_column_of(path: Path, rows: Sequence[DataRow], wanted: str | None) -> str:
    """Return the name of the column that names the model.

    Raises:
        UsageError: the wanted column does not exist, or it is unclear which column is meant.
    """
    columns = columns_of(rows)
    if wanted is not None:
        return _existing(path, wanted, columns, "model_column")
    usual = next((c for name in _MODEL for c in columns if c.lower() == name), None)
    if usual:
        return usual
    texts = [c for c in columns if any(as_number(row.values.get(c)) is None for row in rows)]
    if len(texts) == 1:
        return texts[0]
    raise UnclearColumn(
        f"{path}: which column names the model? Say it with --model-column; the columns are {_listed(columns)}",
        "model_column",
    )


def _value_column(path: Path, rows: Sequence[DataRow], model_column: str, wanted: str | None) -> str:
    columns = [c for c in columns_of(rows) if c != model_column]
    if wanted is not None:
        return _existing(path, wanted, columns, "value_column")
    numeric = [c for c in columns if all(as_number(row.values.get(c)) is not None for row in rows)]
    usual = next((c for name in _VALUE for c in numeric if c.lower() == name), None)
    if usual:
        return usual
    plain = [c for c in numeric if not _is_error_of(c, columns)]
    only = plain or columns  # take a single column with a wrong value, too: the error then names the row
    if len(only) == 1:
        return only[0]
    raise UnclearColumn(
        f"{path}: which column is the outcome? Say it with --value-column; "
        + (f"there are {_listed(plain)}" if plain else f"none of {_listed(columns)} holds only numbers"),
        "value_column",
    )


def _is_error_of(column: str, columns: Sequence[str]) -> bool:
    """Tell whether a column holds the error of another one: ``stderr``, or ``Elo_low`` beside ``Elo``."""
    kinds = [kind for kinds in (_STDERR, *_BOUNDS) for kind in kinds]
    others = [""] + [f"{c.lower()}{join}" for c in columns if c != column for join in ("_", " ")]
    return any(column.lower() == other + kind for other in others for kind in kinds)


def _existing(path: Path, wanted: str, columns: Sequence[str], key: str) -> str:
    if wanted not in columns:
        option = "--" + key.replace("_", "-")
        raise UnclearColumn(f"{path}: {option}: no column {wanted!r}{did_you_mean(wanted, columns)}", key)
    return wanted


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names)) or "none"


def _error_columns(rows: Sequence[DataRow], value_column: str) -> dict[str, str]:
    """Return the columns of the value's error by role; a column named after the value wins, as ``Arena_stderr``."""
    columns = {c.lower(): c for c in columns_of(rows)}
    by_role = {}
    for role, names in (("stderr", _STDERR), ("low", _BOUNDS[0]), ("high", _BOUNDS[1])):
        named_after_value = [f"{value_column.lower()}{join}{name}" for name in names for join in ("_", " ")]
        match = next((columns[name] for name in (*named_after_value, *names) if name in columns), None)
        if match:
            by_role[role] = match
    return by_role


def _stderr(row: DataRow, errors: Mapping[str, str]) -> float:
    if "stderr" in errors:
        value = _number(row, errors["stderr"])
    elif "low" in errors and "high" in errors:
        value = (_number(row, errors["high"]) - _number(row, errors["low"])) / (2 * _Z)
    else:
        return math.nan
    if value < 0:
        raise DataError(f"{row.where}: a negative standard error, {value:g}, or bounds that are exchanged")
    return value


def _number(row: DataRow, column: str) -> float:
    """Return the number in a column; NaN if the field is empty.

    Raises:
        DataError: the field holds something else than a number.
    """
    raw = row.values.get(column)
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return math.nan
    value = as_number(raw)
    if value is None:
        raise DataError(f"{row.where}: the column {column!r} should hold a number, got {raw!r}")
    return value


def as_number(raw: Any) -> float | None:
    """Return a finite number, also from a text; None if the value is no finite number."""
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        return None
    try:
        value = float(raw)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None
