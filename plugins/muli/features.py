"""Features of a prompt: the log-odds of every token as the first of the reply; with their standardisation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import write_atomically

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

BLOCK = 1 << 24
"""Most numbers of a matrix on disk that are in memory at once."""

CACHED = 1 << 20
"""Numbers that stay in a processor's cache while they are widened to double precision and multiplied."""

DONE = ".done"
"""Suffix of the file that says which prompts of a file of features are done."""

TINY = 1e-10
"""Added to a standard deviation, as MULI's authors do."""

NEGLIGIBLE = 1e-8
"""A probability whose square is lost in double precision."""

CONSTANT = 1e-6
"""A token whose feature varies less than this, relative to its mean or to 1e-4, tells only of rounding."""


def log_odds(log_probabilities: NDArray[Any]) -> FloatArray:
    """Compute ln p - ln(1 - p) of every token, accurately however sure the model is.

    1 - p of the likeliest token is the sum of all other probabilities; p of the other tokens is at most a half.

    Args:
        log_probabilities: Natural log-probabilities, shape (..., V).

    Returns:
        Log-odds in nats, of the same shape; -inf where p is 0.

    Raises:
        ValueError: NaN, a positive log-probability, or a row whose probabilities do not sum to 1 within 0.1 %.
    """
    logs = np.asarray(log_probabilities, dtype=np.float64)
    rows = logs.reshape(-1, logs.shape[-1])
    return np.stack([_of_row(row) for row in rows]).reshape(logs.shape)


def _of_row(logs: FloatArray) -> FloatArray:
    """Compute the log-odds of one distribution, shape (V,)."""
    first = int(logs.argmax())
    _check_numbers(logs, float(logs[first]))
    others = logs.copy()
    others[first] = -np.inf
    chances = np.exp(others)
    left = float(chances.sum())
    _check_sum(left + float(np.exp(logs[first])))
    odds = logs + chances  # -ln(1 - p) is p, to double precision, for all but a few
    seen = np.flatnonzero(chances > NEGLIGIBLE)
    # Rounding may put a tied token above a half.
    odds[seen] = logs[seen] - np.log1p(-np.minimum(chances[seen], 0.5))
    # Where all others together underflow, their logarithms still add up.
    rest = np.log(left) if left > 1e-290 else np.logaddexp.reduce(others)
    odds[first] = logs[first] - rest
    return odds


def checked(log_probabilities: NDArray[Any]) -> FloatArray:
    """Return log-probabilities in double precision after checking them.

    Raises:
        ValueError: NaN, a positive log-probability, or a row whose probabilities do not sum to 1 within 0.1 %.
    """
    logs = np.asarray(log_probabilities, dtype=np.float64)
    _check_numbers(logs, float(logs.max()))
    for total in np.exp(logs).sum(axis=-1).flat:
        _check_sum(float(total))
    return logs


def _check_numbers(logs: FloatArray, largest: float) -> None:
    if np.isnan(largest) or largest > 1e-3:
        raise ValueError("log-probabilities must be numbers of at most 0")


def _check_sum(total: float) -> None:
    if abs(total - 1) > 1e-3:
        raise ValueError(f"the probabilities sum to {total:.4g}, not to 1")


def log_odds_as_published(log_probabilities: NDArray[Any], *, clip: float = 0.0) -> NDArray[np.float32]:
    """Compute log-odds in single precision, as MULI's authors compute them from the probabilities.

    Args:
        log_probabilities: Natural log-probabilities, shape (..., V).
        clip: The least that p and 1 - p count as; 0 leaves infinities where they are 0 in single precision. The
            authors' later experiments clip at 1e-16.
    """
    chance = np.exp(np.asarray(log_probabilities, dtype=np.float32))
    rest = np.float32(1.0) - chance
    if clip:
        chance, rest = np.maximum(chance, np.float32(clip)), np.maximum(rest, np.float32(clip))
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(chance) - np.log(rest), dtype=np.float32)


FEATURES = ("log-odds", "log-probability", "probability")


@dataclass(frozen=True, slots=True)
class TokenFeature:
    """The feature that the classifier computes from a token's probability.

    Attributes:
        name: One of FEATURES; the paper's is ``log-odds``.
        published: Whether to compute from probabilities in single precision, as the authors do.
        clip: See `log_odds_as_published`.
    """

    name: str = "log-odds"
    published: bool = False
    clip: float = 0.0

    def of(self, log_probabilities: NDArray[Any]) -> NDArray[Any]:
        """Compute features of shape (..., V).

        Raises:
            ValueError: the values are no log-probabilities.
        """
        if self.published:
            return log_odds_as_published(log_probabilities, clip=self.clip)
        if self.name == "log-odds":
            return log_odds(log_probabilities)
        logs = checked(log_probabilities)
        return logs if self.name == "log-probability" else np.exp(logs)

    @property
    def read_out(self) -> bool:
        """Tell whether the score is a linear function of exact log-odds."""
        return self.name == "log-odds" and not self.clip


@dataclass(frozen=True, slots=True)
class Scale:
    """Mean and standard deviation of each token's feature over the train set."""

    mean: FloatArray
    """Shape (V,)."""
    deviation: FloatArray
    """Shape (V,), with n - 1; 0 for a token that is left out."""

    @property
    def varies(self) -> NDArray[np.bool_]:
        """Mark, with shape (V,), the tokens whose feature varies; the others tell nothing."""
        return self.deviation > CONSTANT * np.maximum(np.abs(self.mean), 1e-4)

    @property
    def factor(self) -> FloatArray:
        """Return the factor of each centred feature, shape (V,); 0 for constant tokens."""
        return np.where(self.varies, 1.0 / (self.deviation + TINY), 0.0)


def measure(matrix: NDArray[Any], rows: IntArray | None = None) -> Scale:
    """Measure mean and deviation of every column, in two passes; columns that are not finite are left out.

    Args:
        matrix: (n, V), in memory or mapped from disk.
        rows: Numbers of the rows to use; None: all.
    """
    n = len(matrix) if rows is None else len(rows)
    with np.errstate(invalid="ignore", over="ignore"):
        mean = sum(block.sum(axis=0, dtype=np.float64) for block in blocks(matrix, rows)) / n
        squares = sum((np.square(block.astype(np.float64) - mean)).sum(axis=0) for block in blocks(matrix, rows))
    deviation = np.sqrt(squares / max(n - 1, 1))
    finite = np.isfinite(mean) & np.isfinite(deviation)
    return Scale(np.where(finite, mean, 0.0), np.where(finite, deviation, 0.0))


def blocks(matrix: NDArray[Any], rows: IntArray | None = None, *, size: int = BLOCK) -> Iterator[NDArray[Any]]:
    """Yield the rows, all or some, as many at a time as ``size`` numbers hold."""
    step = max(1, size // matrix.shape[1])
    for start in range(0, len(matrix) if rows is None else len(rows), step):
        yield matrix[start : start + step] if rows is None else matrix[rows[start : start + step]]


class Standardised:
    """A matrix of features, standardised without being written again; see `sparse_logistic.FeatureMatrix`.

    Args:
        matrix: (n, V), in memory or mapped from disk.
        scale: Mean and deviation of the matrix's columns.
        rows: Numbers of the rows to use, for cross-validation; None: all.
    """

    def __init__(self, matrix: NDArray[Any], scale: Scale, rows: IntArray | None = None) -> None:
        self._matrix, self._factor = matrix, scale.factor
        # A column that is left out may hold NaN, which stays NaN when it is multiplied with zero.
        self._mean, self._out = scale.mean, self._factor == 0
        self._rows = rows
        self.shape = (len(matrix) if rows is None else len(rows), matrix.shape[1])

    def columns(self, which: IntArray) -> FloatArray:
        """Return the chosen columns, shape (n, k)."""
        parts = [block[:, which].astype(np.float64) for block in blocks(self._matrix, self._rows)]
        taken = np.concatenate(parts) if parts else np.empty((0, len(which)))
        with np.errstate(invalid="ignore"):
            return np.where(self._out[which], 0.0, (taken - self._mean[which]) * self._factor[which])

    def transposed_times(self, vector: FloatArray) -> FloatArray:
        """Compute X^T v, shape (V,)."""
        total = np.zeros(self.shape[1])
        start = 0
        with np.errstate(invalid="ignore"):
            for block in blocks(self._matrix, self._rows, size=CACHED):
                total += vector[start : start + len(block)] @ block.astype(np.float64)
                start += len(block)
            return np.where(self._out, 0.0, (total - self._mean * vector.sum()) * self._factor)


@dataclass(frozen=True, slots=True)
class ExtractedFeatures:
    """Features of the prompts that the model answered for, and the reasons of the others."""

    matrix: NDArray[np.float32]
    """(n, V), mapped from disk, in the order of the prompts."""
    failed: Mapping[int, str]
    """The reason why each of the other prompts has none, by number."""


def extract(
    path: Path,
    count: int,
    width: int,
    rows: Callable[[int, int], Sequence[NDArray[Any] | str]],
    *,
    step: int = 256,
    told: Callable[[int], None] = lambda done: None,
) -> ExtractedFeatures:
    """Write the features of all prompts into a file mapped into memory; results of an interrupted call are kept.

    Prompts that failed before an interruption are not asked again, so that the features are those of a call without
    one.

    Args:
        path: The file; ``PATH.done`` says which prompts are done, and which of them failed.
        count: Number of prompts.
        width: V.
        rows: Gives the features of the prompts from the first number up to the second, shape (V,) each, or the reason
            why there are none.
        step: Prompts at a time.
        told: Called with the number of prompts done.
    """
    marker = path.with_name(path.name + DONE)
    fits = path.is_file() and path.stat().st_size == count * width * 4
    done, failed = _extracted(marker) if fits else (0, {})
    matrix = np.memmap(path, dtype=np.float32, mode="r+" if fits else "w+", shape=(count, width))
    for start in range(done, count, step):
        end = min(start + step, count)
        place = start - len(failed)  # failed prompts have no row
        for number, row in enumerate(rows(start, end), start):
            if isinstance(row, str):
                failed[number] = row
            else:
                matrix[place] = row
                place += 1
        matrix.flush()
        write_atomically(marker, json.dumps({"done": end, "failed": failed}))
        told(end)
    return ExtractedFeatures(matrix[: count - len(failed)], failed)


def _extracted(marker: Path) -> tuple[int, dict[int, str]]:
    """Return the number of prompts done, and the failed ones with their reasons; none if that is not known."""
    try:
        kept = json.loads(marker.read_text("utf-8"))
        return int(kept["done"]), {int(number): str(reason) for number, reason in kept["failed"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0, {}
