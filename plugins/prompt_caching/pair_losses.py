"""Losses of pairs of prompts, with their gradients: what a head over an embedder is trained by.

Each takes the unit vectors of both ends of a batch, (n, r), with targets (n,) in [0, 1], and gives the loss and its
gradient by the vectors; those of a probability also by the log of the temperature and by the offset.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

BCE, SLD, ONLINE_CONTRASTIVE, COSENT, MNRL = "bce", "sld", "online_contrastive", "cosent", "mnrl"
LOSSES = (BCE, SLD, ONLINE_CONTRASTIVE, COSENT, MNRL)
OF_PROBABILITY = (BCE, SLD)
"""Those that see temperature and offset; of the others both are fitted afterwards."""


class Settings(NamedTuple):
    """What losses are told besides the batch."""

    temperature: float = 0.05
    offset: float = 14.0
    epsilon: float = 0.05
    """Of squared log difference: targets nearer to 0 or 1 count as this far away."""
    margin: float = 0.5
    """Of the contrastive loss: cosine distance from which pairs that differ cost nothing."""
    scale: float = 20.0
    """Of CoSENT and multiple negatives: what cosines are multiplied by."""


class Slope(NamedTuple):
    """A loss, and its gradient."""

    value: float
    first: Array
    """(n, r)."""
    second: Array
    """(n, r)."""
    log_temperature: float = 0.0
    offset: float = 0.0


def log_sigmoid(odds: Array) -> Array:
    """Return log P of log-odds, of any size."""
    return -np.logaddexp(0.0, -odds)


def bce(odds: Array, targets: Array) -> tuple[float, Array]:
    """Return the mean binary cross-entropy in nats, and its derivative by the log-odds, (n,)."""
    value = -(targets * log_sigmoid(odds) + (1 - targets) * log_sigmoid(-odds))
    return float(value.mean()), (np.exp(log_sigmoid(odds)) - targets) / len(odds)


def sld(odds: Array, targets: Array, epsilon: float) -> tuple[float, Array]:
    """Return the mean of (log P - log P*)^2, and its derivative by the log-odds, (n,).

    P* is kept ``epsilon`` away from 0 and 1, since at P* = 0 the loss is infinite for every P > 0: a pair that is
    certainly not the same is drawn to P = epsilon, not to 0, and what lies below costs as well.
    """
    difference = log_sigmoid(odds) - np.log(np.clip(targets, epsilon, 1 - epsilon))
    return float(np.mean(difference**2)), 2 * difference * np.exp(log_sigmoid(-odds)) / len(odds)


def slope(
    name: str, first: Array, second: Array, targets: Array, settings: Settings, groups: NDArray[np.int64] | None = None
) -> Slope:
    """Return a loss and its gradient.

    Args:
        name: One of `LOSSES`.
        first: Unit vectors, (n, r).
        second: Unit vectors, (n, r).
        targets: (n,) in [0, 1]; contrastive and multiple negatives take them for labels, from one half.
        settings: The rest.
        groups: (n,) codes of what the second prompts belong to: in multiple negatives none is a negative of its own.
    """
    if name == MNRL:
        return _multiple_negatives(first, second, targets, settings, groups)
    cosine = np.einsum("ij,ij->i", first, second)
    if name in OF_PROBABILITY:
        odds = cosine / settings.temperature - settings.offset
        value, by_odds = bce(odds, targets) if name == BCE else sld(odds, targets, settings.epsilon)
        by_cosine = by_odds / settings.temperature
        return Slope(
            value,
            by_cosine[:, None] * second,
            by_cosine[:, None] * first,
            float(-(by_cosine * cosine).sum()),
            float(-by_odds.sum()),
        )
    of_cosine: Callable[[Array, Array, Settings], tuple[float, Array]]
    of_cosine = _online_contrastive if name == ONLINE_CONTRASTIVE else _cosent
    value, by_cosine = of_cosine(cosine, targets, settings)
    return Slope(value, by_cosine[:, None] * second, by_cosine[:, None] * first)


def _online_contrastive(cosine: Array, targets: Array, settings: Settings) -> tuple[float, Array]:
    """Return the contrastive loss over hard pairs: the same beyond the nearest that differ, and the other way round."""
    distance, same = 1 - cosine, targets >= 0.5
    by_cosine = np.zeros_like(cosine)
    if not same.any() or same.all():
        far, near = same, ~same
    else:
        far = same & (distance > distance[~same].min())
        near = ~same & (distance < distance[same].max())
    short = np.where(near, np.maximum(settings.margin - distance, 0), 0)
    by_cosine[far] -= 2 * distance[far]
    by_cosine += 2 * short
    n = len(cosine)
    return float(((distance[far] ** 2).sum() + (short**2).sum()) / n), by_cosine / n


def _cosent(cosine: Array, targets: Array, settings: Settings) -> tuple[float, Array]:
    """Return log(1 + sum of exp(scale (cosine of a lower target - cosine of a higher one))), over all such pairs."""
    wrong = targets[:, None] < targets[None, :]  # row: the lower target
    if not wrong.any():
        return 0.0, np.zeros_like(cosine)
    over = np.where(wrong, settings.scale * (cosine[:, None] - cosine[None, :]), -np.inf)
    most = max(float(over.max()), 0.0)
    weights = np.exp(over - most)
    total = float(weights.sum()) + np.exp(-most)
    weights *= settings.scale / total
    return most + float(np.log(total)), (weights.sum(axis=1) - weights.sum(axis=0)).astype(cosine.dtype)


def _multiple_negatives(
    first: Array, second: Array, targets: Array, settings: Settings, groups: NDArray[np.int64] | None
) -> Slope:
    """Return the cross-entropy of each first's own second among those of the batch, over pairs that are the same."""
    rows = np.flatnonzero(targets >= 0.5)
    by_first, by_second = np.zeros_like(first), np.zeros_like(second)
    if not len(rows):
        return Slope(0.0, by_first, by_second)
    one, other = first[rows], second[rows]
    logits = settings.scale * (one @ other.T)
    if groups is not None:
        alike = groups[rows][:, None] == groups[rows][None, :]
        np.fill_diagonal(alike, False)
        logits[alike] = -np.inf
    logits -= logits.max(axis=1, keepdims=True)
    shares = np.exp(logits)
    shares /= shares.sum(axis=1, keepdims=True)
    own = np.diag(shares).copy()
    np.fill_diagonal(shares, own - 1)
    shares *= settings.scale / len(rows)
    by_first[rows], by_second[rows] = shares @ other, shares.T @ one
    return Slope(float(-np.log(np.maximum(own, np.finfo(own.dtype).tiny)).mean()), by_first, by_second)
