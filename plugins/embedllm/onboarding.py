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


def next_questions(
    found: Posterior, vectors: FloatArray, candidates: NDArray[np.bool_], count: int
) -> list[tuple[int, float]]:
    """Choose the questions whose answers say most about the model, one after the other (D-optimal).

    Each adds ln(1 + p (1 - p) v) / 2 nats of information on the weights, to second order, with v the variance of its
    log-odds after those chosen before.

    Args:
        found: What is known of the model.
        vectors: (n, d) of all questions.
        candidates: (n,), those that may be asked.
        count: How many to choose.

    Returns:
        Index and information in nats of each, in the order of choice.
    """
    features = found.prior.features(vectors)
    chances = sigmoid(found.odds(vectors))
    weight = np.maximum(chances * (1 - chances), 1e-12)
    scaled = np.sqrt(found.curvature)[:, None] * found.answered
    lower = np.linalg.cholesky(np.eye(len(scaled)) + scaled @ scaled.T)
    taken = list(np.linalg.solve(lower, scaled @ features.T))  # rows, each (n,)
    variance = found.variances(vectors)
    open_to_choice = candidates.copy()
    chosen: list[tuple[int, float]] = []
    for _ in range(min(count, int(candidates.sum()))):
        information = np.where(open_to_choice, np.log1p(weight * variance) / 2, -np.inf)
        best = int(information.argmax())
        chosen.append((best, float(information[best])))
        open_to_choice[best] = False
        shared = features @ features[best] - sum((row * row[best] for row in taken), np.zeros(len(features)))
        row = shared / np.sqrt(variance[best] + 1 / weight[best])
        taken.append(row)
        variance = np.maximum(variance - row**2, 0.0)
    return chosen
