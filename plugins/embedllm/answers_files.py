"""Reads a model's answers to some questions of a task: CSV or JSONL with id and outcome."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness import FloatArray, Item, UsageError


def read_answers(items: Sequence[Item], path: Path, where: str) -> FloatArray:
    """Read outcomes by the questions' ids.

    Raises:
        UsageError: the file cannot be read, a row is none, or an id is unknown or given twice.
    """
    places = {item.id: i for i, item in enumerate(items)}
    outcomes = np.full(len(items), np.nan)
    for number, row in _rows(path):
        identity, value = str(row.get("id", "")), row.get("outcome")
        if identity not in places:
            raise UsageError(f"{path}, row {number}: {where} has no question of the id {identity!r}")
        try:
            outcome = float("nan" if value in (None, "") else value)
        except (TypeError, ValueError):
            outcome = math.inf
        if math.isinf(outcome) or outcome < 0 or outcome > 1:
            raise UsageError(f"{path}, row {number}: the outcome is {value!r}; expected a number from 0 to 1")
        if not np.isnan(outcomes[places[identity]]):
            raise UsageError(f"{path}, row {number}: the question {identity!r} is answered twice")
        outcomes[places[identity]] = outcome
    if not np.isfinite(outcomes).any():
        raise UsageError(f"{path} has no answer; expected rows with id and outcome")
    return outcomes


def _rows(path: Path) -> list[tuple[int, Mapping[str, Any]]]:
    try:
        text = path.read_text("utf-8-sig")
        if path.suffix == ".jsonl":
            lines = [(number, json.loads(line)) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        else:
            lines = list(enumerate(csv.DictReader(text.splitlines()), 2))
    except (OSError, ValueError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read: {error}; expected CSV or JSONL with id and outcome") from error
    if any(not isinstance(row, dict) or not {"id", "outcome"} <= row.keys() for _, row in lines):
        raise UsageError(f"{path}: every row needs id and outcome")
    return lines
