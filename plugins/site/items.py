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
"""Of a task; those on which the models differ most."""
_LEVELS = 254
_FAILED = 255
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class ItemScores:
    """The items of one task, and the figure of each model on each item."""

    task: str
    metric: str
    unit: str
    higher_is_better: bool
    own: bool
    """True where the figure is the item's own, of which the metric is the mean; else it is its influence on that."""
    ids: list[str]
    domains: list[list[str]]
    left_out: int
    scores: NDArray[np.float64]
    """(models, items), NaN where the model failed or lacks the task."""
    levels: NDArray[np.float64] | None
    """The distinct figures of all models, where they are few; else each model's are rounded to as many steps."""


def item_scores(metric: Metric, task: str, tables: Sequence[Table | None]) -> ItemScores | None:
    """Compute the figures of all models on a task's items; None where the models were not given the same items."""
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
    """Return (n,) figures of a model: the items' own where the metric is their mean, else influences on the metric."""
    if isinstance(metric, MeanMetric) and metric.is_plain:
        return metric.figures(table.columns)
    part, reason = metric.on(table.columns)
    return np.full(len(table.ids), np.nan) if reason else part.influence


def _telling(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the numbers of the items to keep, in their order: those on which the models' figures vary most."""
    count = scores.shape[1]
    if count <= MOST_ITEMS:
        return np.arange(count)
    known = np.isfinite(scores)
    filled = np.where(known, scores, 0.0)
    n = np.maximum(known.sum(axis=0), 1)
    variance = (filled**2).sum(axis=0) / n - (filled.sum(axis=0) / n) ** 2
    return np.sort(np.argsort(-variance, kind="stable")[:MOST_ITEMS])


def pack_scores(scores: NDArray[np.float64], levels: NDArray[np.float64] | None) -> dict[str, Any]:
    """Pack scores as one byte an item, the number of its level; levels that not all models share are given too."""
    finite = np.isfinite(scores)
    if levels is not None:
        return {"codes": _deflated(np.where(finite, np.searchsorted(levels, scores), _FAILED))}
    own = np.unique(np.round(scores[finite], 6))
    if len(own) > _LEVELS:
        own = np.linspace(own[0], own[-1], _LEVELS)
        codes = np.clip(np.searchsorted((own[1:] + own[:-1]) / 2, scores), 0, _LEVELS - 1)
    else:
        codes = np.searchsorted(own, np.round(scores, 6))
    return {"levels": [float(f"{v:.6g}") for v in own], "codes": _deflated(np.where(finite, codes, _FAILED))}


def _deflated(codes: NDArray[np.int64]) -> str:
    return deflated(codes.astype(np.uint8).tobytes())


def deflated(content: bytes) -> str:
    """Return bytes deflated and in base64, as `inflate` of the pages reads them."""
    return base64.b64encode(zlib.compress(content, 9)).decode()


def excerpts(task: Task, ids: Sequence[str], *, split: str = "test") -> dict[str, dict[str, str]]:
    """Return the beginnings of the texts of items, by id and field; items whose texts are withheld have none."""
    wanted = set(ids)
    found: dict[str, dict[str, str]] = {}
    for item in task.items(split):
        if not isinstance(item, BadItem) and item.id in wanted and not item.withheld:
            found[item.id] = _texts(item)
    return found


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
