"""Routers that do not read the question: what every router that does has to beat."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np

from harness import SEED, Ask, FloatArray, Item, Model, Progress, Query, Range, Task, Trainer

from .choices import known_means
from .fitted import Fitted, Outcomes, outcomes_of, write


class RandomRouter(Model):
    """A seeded random number a question and model, the same for the same text; knows every model that is named.

    Args:
        seed: Another number gives other answers.
    """

    def __init__(self, seed: Annotated[int, SEED] = 0) -> None:
        self.seed = seed

    def route(self, requests: Sequence[Query]) -> list[FloatArray]:
        """Return uniform numbers in [0, 1)."""
        return [np.array([self._number(request, label) for label in request.models or ("",)]) for request in requests]

    def _number(self, request: Query, label: str) -> float:
        content = repr((self.seed, request.prompt.content(), label)).encode()
        return int.from_bytes(hashlib.sha256(content).digest()[:7], "big") / 2**56


class ConstantRouter(Fitted):
    """Predicts each model's mean outcome on the train split, and so always chooses the best of them."""

    trainer: ClassVar[str] = "constant-router"

    def predict(self, requests: Sequence[Query]) -> list[FloatArray]:
        """Return the means, the same for every question."""
        return [self.numbers["means"]] * len(requests)


class CategoryRouter(Fitted):
    """Predicts each model's mean outcome in the question's category; of a category never seen, its mean of all."""

    trainer: ClassVar[str] = "category-router"

    def load(self) -> None:
        """Read the names of the categories, too."""
        super().load()
        self._codes = {name: code for code, name in enumerate(self.words()["categories"])}

    def predict(self, requests: Sequence[Query]) -> list[FloatArray]:
        """Look the category up."""
        means = self.numbers["by_category"]
        return [
            means[self._codes[request.category]] if request.category in self._codes else self.numbers["means"]
            for request in requests
        ]


class LengthRouter(Fitted):
    """Predicts from the number of characters alone: logistic regression on its logarithm, a line a model."""

    trainer: ClassVar[str] = "length-router"

    def predict(self, requests: Sequence[Query]) -> list[FloatArray]:
        """Return the probabilities at the lengths of the questions."""
        lengths = _log_lengths([request.prompt.text for request in requests])
        odds = lengths[:, None] * self.numbers["slopes"] + self.numbers["intercepts"]
        return list(1 / (1 + np.exp(-odds)))


def _log_lengths(texts: Sequence[str]) -> FloatArray:
    return np.log1p(np.array([len(text) for text in texts], dtype=np.float64))


class _OfOutcomes(Trainer):
    """Base class of trainers that need the outcomes of a train split and nothing else."""

    trains_on: ClassVar[tuple[str, ...]] = ("routing",)

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Learn from the outcomes, and write the router.

        Raises:
            ValueError: the train split is empty, or a model has no known outcome in it.
        """
        outcomes = outcomes_of(items, task.name)
        self.learn(outcomes, workdir)
        return {"questions": len(outcomes.values), "models": len(outcomes.models)}

    def learn(self, outcomes: Outcomes, workdir: Path) -> None:
        """Fit to the outcomes, and write the router's files."""
        raise NotImplementedError


class ConstantRouterTrainer(_OfOutcomes):
    """Takes the mean outcome of each model."""

    model: ClassVar[str] = "constant-router"

    def learn(self, outcomes: Outcomes, workdir: Path) -> None:
        """Write the means."""
        write(workdir, self.model, outcomes.models, {}, means=outcomes.means)


class CategoryRouterTrainer(_OfOutcomes):
    """Takes the mean outcome of each model in each category, shrunk towards its mean of all.

    Args:
        prior: As many questions as the mean of all counts; 0 takes the means as they are.
    """

    model: ClassVar[str] = "category-router"

    def __init__(self, prior: Annotated[float, Range(least=0)] = 0.0) -> None:
        self.prior = prior

    def learn(self, outcomes: Outcomes, workdir: Path) -> None:
        """Write the means of every category.

        Raises:
            ValueError: no question has a category.
        """
        names = sorted({name for name in outcomes.categories if name is not None})
        if not names:
            raise ValueError("no question of the train split has a category; map the field 'category'")
        means, table = outcomes.means, []
        for name in names:
            part = outcomes.values[[category == name for category in outcomes.categories]]
            count = np.isfinite(part).sum(axis=0)
            sums = np.nan_to_num(known_means(part)) * count
            weight = count + self.prior
            table.append(np.where(weight > 0, (sums + self.prior * means) / np.maximum(weight, 1e-300), means))
        write(workdir, self.model, outcomes.models, {"categories": names}, means=means, by_category=np.array(table))


class LengthRouterTrainer(_OfOutcomes):
    """Fits logistic regression on the logarithm of the question's length, for each model."""

    model: ClassVar[str] = "length-router"

    def learn(self, outcomes: Outcomes, workdir: Path) -> None:
        """Write a slope and an intercept a model."""
        lengths = _log_lengths([prompt.text for prompt in outcomes.prompts])
        lines = [_line(lengths, column) for column in outcomes.values.T]
        slopes, intercepts = np.array(lines).T
        write(workdir, self.model, outcomes.models, {}, slopes=slopes, intercepts=intercepts)


def _line(x: FloatArray, outcome: FloatArray) -> tuple[float, float]:
    """Fit outcome ~ sigmoid(slope * x + intercept) on the known outcomes; a constant where x or they do not vary."""
    from scipy.optimize import minimize
    from scipy.special import expit

    known = np.isfinite(outcome)
    x, outcome = x[known], outcome[known]
    centre, spread = float(x.mean()), float(x.std()) or 1.0
    z = (x - centre) / spread

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        odds = weights[0] * z + weights[1]
        slope = expit(odds) - outcome
        # A little of an L2 penalty keeps the fit finite where a model is always right.
        value = float((np.logaddexp(0, odds) - outcome * odds).sum() + 0.5 * weights @ weights)
        return value, np.array([slope @ z, slope.sum()]) + weights

    found = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B").x
    return float(found[0] / spread), float(found[1] - found[0] * centre / spread)
