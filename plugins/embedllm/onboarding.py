"""What a new model's few answers say: its accuracy on every category, and which questions to ask it next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray

from .exact import sigmoid
from .prior import Posterior

_BLOCK = 4096
OVERALL = "overall"


@dataclass(frozen=True, slots=True)
class CategoryForecast:
    """A new model's accuracy on the questions of a category, those it has answered included."""

    category: str
    questions: int
    answered: int
    accuracy: float
    """Mean outcome to be expected."""
    low: float
    """Lower end of the credible interval of the mean outcome on these very questions."""
    high: float


def forecasts(
    found: Posterior,
    vectors: FloatArray,
    categories: Sequence[str | None],
    outcomes: FloatArray,
    *,
    level: float = 0.95,
    draws: int = 500,
    seed: int = 0,
) -> list[CategoryForecast]:
    """Foretell the accuracy on all questions, and on those of each category, by name.

    Args:
        found: The model's posterior.
        vectors: (n, d) of all questions.
        categories: (n,); None: of no category.
        outcomes: (n,) of the model; NaN where it was not asked.
        level: Of the credible intervals.
        draws: Of the posterior.
        seed: Of the draws.
    """
    weights = found.draws(draws, seed)
    names = sorted({name for name in categories if name is not None})
    codes = np.array([-1 if name is None else names.index(name) for name in categories])
    known = np.isfinite(outcomes)
    draw = np.random.default_rng(seed)
    sums, means = np.zeros((len(names) + 1, draws)), np.zeros(len(names) + 1)
    spare = np.flatnonzero(~known)
    for first in range(0, len(spare), _BLOCK):
        rows = spare[first : first + _BLOCK]
        chances = sigmoid(vectors[rows] @ weights[:, :-1].T + weights[:, -1])
        right = draw.random(chances.shape) < chances  # what is foretold is a score, which has luck in it
        np.add.at(sums, codes[rows], right)
        np.add.at(means, codes[rows], chances.mean(axis=1))
    np.add.at(sums, codes[known], outcomes[known][:, None])
    np.add.at(means, codes[known], outcomes[known])
    ends = [(1 - level) / 2, (1 + level) / 2]
    made = []
    for code in (None, *range(len(names))):
        own = np.ones(len(codes), dtype=bool) if code is None else codes == code
        whole, mean = (sums.sum(axis=0), means.sum()) if code is None else (sums[code], means[code])
        low, high = np.quantile(whole / own.sum(), ends)
        name = OVERALL if code is None else names[code]
        made.append(
            CategoryForecast(
                name, int(own.sum()), int((own & known).sum()), float(mean / own.sum()), float(low), float(high)
            )
        )
    return made


CRITERIA = ("random", "variance", "determinant")
"""How the next questions are chosen: by lot, so that they are like all questions; or as those that make small the mean
variance of all predictions (I-optimal), or the volume of what the weights may be (D-optimal)."""
_CANDIDATES, _TARGETS = 2000, 1000


def next_questions(
    found: Posterior,
    vectors: FloatArray,
    candidates: NDArray[np.bool_],
    count: int,
    *,
    criterion: str = CRITERIA[0],
    seed: int = 0,
) -> list[tuple[int, float]]:
    """Choose the questions to ask a model, one after the other.

    With v the variance of a question's log-odds after those chosen before, and w = p (1 - p) at the mode, its answer
    takes cov(x, q)^2 / (v + 1 / w) off the variance at x, and adds ln(1 + w v) / 2 nats of information on the weights,
    both to second order.

    Args:
        found: What is known of the model.
        vectors: (n, d) of all questions.
        candidates: (n,), those that may be asked; of more than 2,000 a random part is considered.
        count: How many to choose.
        criterion: One of `CRITERIA`.
        seed: Of the random parts.

    Returns:
        Index and information in nats of each, in the order of choice.
    """
    draw = np.random.default_rng(seed)
    rows = _some(np.flatnonzero(candidates), _CANDIDATES, draw)
    targets = _some(np.arange(len(vectors)), _TARGETS, draw) if criterion == "variance" else rows[:0]
    both = np.concatenate([rows, targets])
    features = found.prior.features(vectors[both])
    chances = sigmoid(found.odds(vectors[both]))
    weight = np.maximum(chances * (1 - chances), 1e-12)
    matters = weight[len(rows) :] ** 2  # log-odds become probabilities
    scaled = np.sqrt(found.curvature)[:, None] * found.answered
    lower = np.linalg.cholesky(np.eye(len(scaled)) + scaled @ scaled.T)
    taken = np.linalg.solve(lower, scaled @ features.T)
    shared = features @ features[: len(rows)].T - taken.T @ taken[:, : len(rows)]  # (both, candidates)
    left, lot = np.ones(len(rows), dtype=bool), draw.random(len(rows))
    chosen: list[tuple[int, float]] = []
    for _ in range(min(count, len(rows))):
        variance = np.maximum(np.diagonal(shared), 0.0)
        noise = variance + 1 / weight[: len(rows)]
        information = np.log1p(weight[: len(rows)] * variance) / 2
        worth = {"random": lot, "determinant": information}.get(criterion)
        if worth is None:
            worth = matters @ shared[len(rows) :] ** 2 / noise
        best = int(np.where(left, worth, -np.inf).argmax())
        chosen.append((int(rows[best]), float(information[best])))
        left[best] = False
        shared = shared - np.outer(shared[:, best], shared[best] / noise[best])
    return chosen


def _some(rows: NDArray[np.int64], most: int, draw: np.random.Generator) -> NDArray[np.int64]:
    return rows if len(rows) <= most else np.sort(draw.choice(rows, most, replace=False))
