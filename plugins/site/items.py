"""The figure of each model on each item, packed for a page that lists the items on which two models disagree."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import BadItem, Conversation, Item, MeanMetric, Metric, Task
from harness.running import Table

MOST_ITEMS = 2000
"""Most items of a task; the items on which the models differ most are kept."""
_LEVELS = 254
_FAILED = 255
"""The byte of an item that failed; the bytes below are numbers of levels."""
_LONGEST = 400
"""Most characters of a text that a page shows."""


@dataclass(frozen=True, slots=True)
class ItemScores:
    """The items of one task, and the figure of each model on each item."""

    task: str
    metric: str
    unit: str
    higher_is_better: bool
    own: bool
    """True if the metric is the mean of the figures; False if they are the items' influences on the metric."""
    ids: list[str]
    domains: list[list[str]]
    left_out: int
    scores: NDArray[np.float64]
    """(models, items), NaN where the model failed or lacks the task."""
    levels: NDArray[np.float64] | None
    """The distinct figures of all models, if few; None: `pack_scores` rounds each model's figures to few steps."""


def item_scores(metric: Metric, task: str, tables: Sequence[Table | None]) -> ItemScores | None:
    """Compute the figures of all models on a task's items; None if the models did not get the same items."""
    present = [table for table in tables if table is not None]
    first = present[0]
    if any(len(t.ids) != len(first.ids) or not (t.ids == first.ids).all() for t in present):
        return None
    scores = np.full((len(tables), len(first.ids)), np.nan)
    for i, table in enumerate(tables):
        if table is not None:
            scores[i] = _figures(metric, table)
    kept = _telling(scores)
    names = [first.domain_names[j] for j in range(len(first.domain_names))]
    domains = [[names[k] for k in first.combinations[first.memberships[i]]] for i in kept]
    ids = [first.ids[i].decode("utf-8", "replace") for i in kept]
    scores = scores[:, kept]
    levels = np.unique(scores[np.isfinite(scores)])
    return ItemScores(
        task=task,
        metric=metric.name,
        unit=metric.unit,
        higher_is_better=metric.higher_is_better,
        own=isinstance(metric, MeanMetric) and metric.is_plain,
        ids=ids,
        domains=domains,
        left_out=len(first.ids) - len(kept),
        scores=scores,
        levels=levels if len(levels) <= _LEVELS else None,
    )


def _figures(metric: Metric, table: Table) -> NDArray[np.float64]:
    """Return (n,) figures of a model: the items' own figures if the metric is their mean, else their influences."""
    if isinstance(metric, MeanMetric) and metric.is_plain:
        return metric.figures(table.columns)
    part, reason = metric.on(table.columns)
    return np.full(len(table.ids), np.nan) if reason else part.influence


def _telling(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the numbers of the items to keep, in order: the items on which the models' figures vary most."""
    count = scores.shape[1]
    if count <= MOST_ITEMS:
        return np.arange(count)
    is_known = np.isfinite(scores)
    filled = np.where(is_known, scores, 0.0)
    n = np.maximum(is_known.sum(axis=0), 1)
    variance = (filled**2).sum(axis=0) / n - (filled.sum(axis=0) / n) ** 2
    return np.sort(np.argsort(-variance, kind="stable")[:MOST_ITEMS])


def pack_scores(scores: NDArray[np.float64], levels: NDArray[np.float64] | None) -> dict[str, Any]:
    """Pack a model's scores as one byte for each item, the number of the score's level.

    Args:
        scores: (n,) the model's scores; NaN for failed items.
        levels: The levels that all models share; None: the result holds levels of the model's own.
    """
    finite = np.isfinite(scores)
    if levels is not None:
        return {"codes": _deflated(np.where(finite, np.searchsorted(levels, scores), _FAILED))}
    own_levels = np.unique(np.round(scores[finite], 6))
    if len(own_levels) > _LEVELS:
        own_levels = np.linspace(own_levels[0], own_levels[-1], _LEVELS)
        codes = np.clip(np.searchsorted((own_levels[1:] + own_levels[:-1]) / 2, scores), 0, _LEVELS - 1)
    else:
        codes = np.searchsorted(own_levels, np.round(scores, 6))
    return {"levels": [float(f"{v:.6g}") for v in own_levels], "codes": _deflated(np.where(finite, codes, _FAILED))}


def _deflated(codes: NDArray[np.int64]) -> str:
    return deflated(codes.astype(np.uint8).tobytes())


def deflated(content: bytes) -> str:
    """Return bytes deflated and in base64, the form that the function `inflate` of the pages reads."""
    return base64.b64encode(zlib.compress(content, 9)).decode()


def excerpts(task: Task, ids: Sequence[str], *, split: str = "test") -> dict[str, dict[str, str]]:
    """Return the beginnings of the texts of items, by id and field; items with withheld texts are left out."""
    chosen = set(ids)
    beginnings: dict[str, dict[str, str]] = {}
    for item in task.items(split):
        if not isinstance(item, BadItem) and item.id in chosen and not item.withheld:
            beginnings[item.id] = _texts(item)
    return beginnings


def _texts(item: Item) -> dict[str, str]:
    shown = {name: _text(value) for name, value in item.fields.items()}
    return {name: text if len(text) <= _LONGEST else text[:_LONGEST] + " …" for name, text in shown.items() if text}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Conversation):
        return "\n".join(f"{message.role}: {message.content}" for message in value.messages)
    if isinstance(value, (list, tuple)):
        return "\n".join(f"{i}. {_text(part)}" for i, part in enumerate(value[:8], 1))
    return "" if value is None else str(value)
