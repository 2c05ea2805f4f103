"""The difficulty of instructions, fitted over a field of models: for data and baselines other than AlpacaEval's.

z_mi = l_m t_mi + d_i + b_m, t_mi the length feature of model m on instruction i: one difficulty an instruction, shared
by all models, drawn towards 0 as a normal variable with a given standard deviation. The problem is convex, and solved
by Newton steps in which the difficulties are eliminated.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness import DataError

from .fitting import FloatArray
from .length_control import scaled, sigmoid

LEAST_MODELS = 2
_RIDGE = 1e-3
_STEPS = 100


def fit_difficulties(better: FloatArray, longer: FloatArray, *, spread: float = 1.5) -> FloatArray:
    """Return the difficulty of each instruction, (n,), in log-odds, mean zero; NaN where no model has a verdict.

    Args:
        better: (n, m) probability in [0, 1] that each model's answer is better than the baseline's; NaN for none.
        longer: (n, m) characters by which each model's answer is longer than the baseline's; NaN for none.
        spread: Standard deviation of difficulties, in log-odds: the less, the more they are drawn together.

    Raises:
        DataError: fewer than two models have verdicts.
    """
    known = np.isfinite(better) & np.isfinite(longer)
    models = np.flatnonzero(known.sum(axis=0) > 1)
    if len(models) < LEAST_MODELS:
        raise DataError(f"difficulties need the verdicts on {LEAST_MODELS} models or more; there are {len(models)}")
    n, count = len(better), len(models)
    lengths = np.zeros((n, count))
    for column, model in enumerate(models):
        rows = known[:, model]
        lengths[rows, column] = scaled(-longer[rows, model])
    known, targets = known[:, models], np.where(known, np.nan_to_num(better), 0.0)[:, models]
    difficulty, shared = np.zeros(n), np.zeros(2 * count)
    for _ in range(_STEPS):
        share = sigmoid(lengths * shared[:count] + shared[count:] + difficulty[:, None])
        residual = np.where(known, targets - share, 0.0)
        bend = np.where(known, share * (1 - share), 0.0)
        by_model = np.concatenate([(residual * lengths).sum(axis=0), residual.sum(axis=0)]) - _RIDGE * shared
        by_item = residual.sum(axis=1) - difficulty / spread**2
        cross = np.column_stack([bend * lengths, bend])
        inner = bend.sum(axis=1) + 1 / spread**2
        outer = _RIDGE * np.eye(2 * count)
        diagonal = np.arange(count)
        outer[diagonal, diagonal] += (bend * lengths**2).sum(axis=0)
        outer[diagonal + count, diagonal + count] += bend.sum(axis=0)
        outer[diagonal, diagonal + count] += (bend * lengths).sum(axis=0)
        outer[diagonal + count, diagonal] += (bend * lengths).sum(axis=0)
        step = np.linalg.solve(outer - cross.T @ (cross / inner[:, None]), by_model - cross.T @ (by_item / inner))
        moved = (by_item - cross @ step) / inner
        # The loss is nearly quadratic within a few log-odds; a longer step is cut.
        cut = min(1.0, 4.0 / max(float(np.abs(step).max()), float(np.abs(moved).max()), 1e-12))
        shared, difficulty = shared + cut * step, difficulty + cut * moved
        if cut == 1.0 and max(float(np.abs(step).max()), float(np.abs(moved).max())) < 1e-9:
            break
    centred = difficulty - difficulty[known.any(axis=1)].mean()
    return np.where(known.any(axis=1), centred, np.nan)


def joined(split: str, rows: str, difficulties: str) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a data file with the difficulties that ``harness difficulty`` fitted, for task files.

    Args:
        split: There is but one.
        rows: JSONL file of rows with ``id``, ``prompt`` and ``baseline``; relative to the working folder.
        difficulties: CSV file with the columns ``id`` and ``difficulty``.

    Raises:
        DataError: a file cannot be read, or a row has no id.
    """
    try:
        with Path(difficulties).open(encoding="utf-8", newline="") as file:
            fitted = {row["id"]: float(row["difficulty"]) for row in csv.DictReader(file) if row["difficulty"]}
        lines = Path(rows).read_text(encoding="utf-8").splitlines()
    except KeyError as error:
        raise DataError(f"{difficulties}: the column {error} is missing") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{rows} with {difficulties}: cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            key = str(row["id"])
        except (ValueError, KeyError, TypeError):
            raise DataError(f"{rows}:{number}: expected an object with an id") from None
        known = {"difficulty": fitted[key]} if key in fitted else {}
        yield {"row_number": number - 1, **row, **known}
