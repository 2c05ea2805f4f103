"""The figure of each model on each item, packed for a page that lists the items on which two models disagree.

Of a mean that is the item's own figure. Of a metric that tells two classes apart by scores it is where the model ranks
the item among the negatives, with the score and the item's influence on the metric beside it. Of any other it is that
influence.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import BadItem, Conversation, Item, MeanMetric, Metric, Task
from harness.results import figure
from harness.running import Table
from harness.stats import ranks_among_negatives

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
    ranked: RankedScores | None = None
    """Set where the metric tells two classes apart by scores."""


@dataclass(frozen=True, slots=True)
class RankedScores:
    """What the models made of the items of two classes."""

    positive: NDArray[np.bool_]
    """(items,)"""
    negatives: int
    """Of all items of the task, also those that are left out."""
    raw: NDArray[np.float64]
    """(models, items) the scores, NaN where the model failed or lacks the task."""
    ranks: NDArray[np.float64]
    """(models, items) the share of the negatives that score lower, ties half."""


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
    ranked = None if _is_own(metric) else _ranked(metric, tables)
    kept = _telling(scores if ranked is None else ranked.ranks)
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
        own=_is_own(metric),
        ids=ids,
        domains=domains,
        left_out=len(first.ids) - len(kept),
        scores=scores,
        levels=levels if len(levels) <= _LEVELS else None,
        ranked=None if ranked is None else _taken(ranked, kept),
    )


def _is_own(metric: Metric) -> bool:
    """Return whether the metric is the plain mean of the items' own figures."""
    return isinstance(metric, MeanMetric) and metric.is_plain


def _ranked(metric: Metric, tables: Sequence[Table | None]) -> RankedScores | None:
    """Rank the scores of all models among the negatives; None for a metric that does not tell two classes apart.

    Nor where models saw other labels, or where there is no negative to rank among.
    """
    raw: list[NDArray[np.float64] | None] = []
    labels = None
    for table in tables:
        both = None if table is None else metric.scores_of_classes(table.columns)
        if table is not None and both is None:
            return None
        if both is not None and labels is not None and not np.array_equal(labels, both[1], equal_nan=True):
            return None
        labels = labels if both is None else both[1]
        raw.append(None if both is None else np.asarray(both[0], dtype=np.float64))
    if labels is None or not np.isin(labels, (0, 1)).all() or (labels == 1).all():
        return None
    ranks = [_ranks(scores, labels) for scores in raw]
    scores = [np.full(len(labels), np.nan) if one is None else one for one in raw]
    return RankedScores(np.asarray(labels == 1), int((labels == 0).sum()), np.array(scores), np.array(ranks))


def _ranks(scores: NDArray[np.float64] | None, labels: NDArray[np.float64]) -> NDArray[np.float64]:
    if scores is None or np.isnan(scores).all():
        return np.full(len(labels), np.nan)
    return ranks_among_negatives(scores, labels)


def _taken(ranked: RankedScores, kept: NDArray[np.int64]) -> RankedScores:
    """Return the same of some of the items."""
    return RankedScores(ranked.positive[kept], ranked.negatives, ranked.raw[:, kept], ranked.ranks[:, kept])


def _figures(metric: Metric, table: Table) -> NDArray[np.float64]:
    """Return (n,) figures of a model: the items' own figures if the metric is their mean, else their influences."""
    if isinstance(metric, MeanMetric) and _is_own(metric):
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


def pack_ranks(items: ItemScores, ranked: RankedScores, model: int) -> dict[str, Any]:
    """Pack where a model ranks the items as one byte for each, the number of a level of its scores.

    A level is written as score, percentage of the negatives below, and the influence of a positive and of a negative
    item at it: on such a metric items of one score and class have one influence. Of more than `_LEVELS` distinct scores
    neighbours share a level, fewest of them at both ends, where a detector is used: there ranks are right to a
    tenth of a per cent, elsewhere to one.
    """
    raw, ranks, influence = ranked.raw[model], ranked.ranks[model], items.scores[model]
    known = np.isfinite(ranks)
    distinct, place = np.unique(raw[known], return_inverse=True)
    picked = _spread(len(distinct))
    between = (picked[1:] + picked[:-1]) / 2
    codes = np.full(len(raw), _FAILED)
    codes[known] = np.searchsorted(between, place)
    at = np.searchsorted(distinct, raw[known])
    lines = []
    for code, number in enumerate(picked):
        rank = ranks[known][at == number][0]
        pulls = [influence[(codes == code) & (ranked.positive == of)] for of in (True, False)]
        means = [figure(float(pull.mean()), items.unit) if len(pull) else "-" for pull in pulls]
        lines.append(f"{distinct[number]:.4g} {100 * rank:.4g} {' '.join(means)}")
    return {"levels": deflated("\n".join(lines).encode()), "codes": _deflated(codes)}


def _spread(count: int) -> NDArray[np.int64]:
    """Return the numbers, ascending, of at most `_LEVELS` of ``count`` sorted values: both ends and all near them."""
    if count <= _LEVELS:
        return np.arange(count)
    half = _LEVELS // 2
    evenly = np.linspace(0, 1, half)
    reach = np.log(count)
    near_ends = 1 / (1 + np.exp(-np.linspace(-reach, reach, _LEVELS - half)))
    places = np.concatenate([evenly, near_ends]) * (count - 1)
    return np.unique(places.round().astype(np.int64))


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
