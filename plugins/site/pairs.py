"""Paired differences of the best-ranked models, computed and written as `harness compare` computes and prints them.

A page only looks the differences up; for other models it shows the command. The number of pairs is bounded, since it
grows with the square of the number of models.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness import Metric
from harness.results import Comparison, Linearisations, compare_rows, figure, p_value, shared_rows
from harness.running import Table

MOST_COMPARISONS = 10_000
"""Most comparisons of a benchmark, over all pairs and columns; each takes about a millisecond and 30 bytes."""
FEWEST_MODELS = 12
"""Number of best-ranked models that are compared however many columns there are."""
FIELDS = (
    *("first", "second", "difference", "low", "high", "p_value", "n", "detectable", "better"),
    *("win_rate", "win_low", "win_high"),
)
"""The fields of a comparison in the order in which they are written, as `harness compare` prints them; ``better`` is
first, second or neither."""


@dataclass(frozen=True, slots=True)
class PairedColumn:
    """The comparisons of all pairs by one metric on one domain."""

    key: str
    """The key of the site's column."""
    comparisons: dict[tuple[int, int], Comparison]
    """Comparisons by the numbers of both models, the smaller number first."""


def compared_models(models: int, columns: int) -> int:
    """Return how many of the best-ranked models are compared with one another on that many columns."""
    pairs = MOST_COMPARISONS / max(1, columns)
    return min(models, max(FEWEST_MODELS, math.floor((1 + math.sqrt(1 + 8 * pairs)) / 2)))


def compare_column(key: str, metric: Metric, task: str, domain: str, tables: Sequence[Table | None]) -> PairedColumn:
    """Compare all pairs of models by one metric on one domain.

    Args:
        key: The key of the site's column.
        metric: The metric.
        task: The task's name.
        domain: ``overall``, or a domain of the task.
        tables: The columns of each model that is compared; None for a model without a result on the task.
    """
    linearisations = Linearisations(metric)
    comparisons = {}
    for i, one in enumerate(tables):
        for j, other in enumerate(tables[:i]):
            if one is None or other is None:
                continue
            rows = shared_rows(other, one)
            inside = _inside(other, domain)[rows[0]]
            kept = rows[0][inside], rows[1][inside]
            comparisons[j, i] = compare_rows(metric, task, domain, (other, one), kept, linearisations=linearisations)
    return PairedColumn(key, comparisons)


def _inside(table: Table, domain: str) -> np.ndarray:
    """Return (n,) whether each item belongs to a domain."""
    mask = dict(table.domains()).get(domain, np.zeros(len(table.ids), dtype=bool))
    return np.ones(len(table.ids), dtype=bool) if mask is None else mask


def pairs_text(columns: Sequence[PairedColumn], model: int) -> str:
    """Write the comparisons of a model with the models ranked before it: a line a column, a tab between models."""
    return "\n".join(
        "\t".join(comparison_text(column.comparisons.get((earlier, model))) for earlier in range(model))
        for column in columns
    )


def comparison_text(comparison: Comparison | None) -> str:
    """Write the `FIELDS` of a comparison with spaces between them; empty for a comparison without a difference."""
    if comparison is None or not math.isfinite(comparison.difference.value):
        return ""
    c, d = comparison, comparison.difference
    wins = c.win_rate
    shares = (math.nan,) * 3 if wins is None or not math.isfinite(wins.value) else (wins.value, wins.low, wins.high)
    figures = [figure(value, c.unit) for value in (c.first, c.second, d.value, d.low, d.high)]
    rest = [p_value(d.p_value), str(d.n), figure(d.minimum_detectable, c.unit), better(c)]
    return " ".join([*figures, *rest, *(figure(share) for share in shares)])


def better(comparison: Comparison) -> str:
    """Return which model is better, ``first`` or ``second``, or ``neither`` if the errors do not tell."""
    d = comparison.difference
    # Check the p-value too: without any spread, an interval may exclude zero though a sign-flip test finds nothing.
    if not (d.low > 0 or d.high < 0) or d.p_value >= 1 - comparison.confidence:
        return "neither"
    return "first" if (d.value > 0) == comparison.higher_is_better else "second"
