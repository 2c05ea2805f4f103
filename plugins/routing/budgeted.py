"""A router that saves as much as a certified quality allows, by questions kept for that."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from harness import (
    INSIDE,
    SEED,
    Ask,
    CellError,
    DataError,
    Failure,
    FloatArray,
    Item,
    Progress,
    Query,
    Range,
    Task,
    Trainer,
)

from .certificate import certified, needed
from .choices import known_means
from .fitted import outcomes_of, write
from .over_base import OverBase, base_of

_STEPS = 40
"""Cost weights that are tried, besides 0."""
_MARGINS = (0.5, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01)
"""By how much more another model has to be predicted right than the best constant, of the ways without cost weight."""


class BudgetedRouter(OverBase):
    """Answers with the base's predictions less what `BudgetedRouterTrainer` found costs to be worth.

    What it returns is no probability of being right: whoever chooses by it, the first of the greatest, chooses what was
    certified.
    """

    trainer: ClassVar[str] = "budgeted-router"
    asks_for: ClassVar[str] = "route"

    def load(self) -> None:
        """Refuse a base that is not the one that was certified.

        Raises:
            CellError: it is another router: what was certified says nothing of it.
        """
        super().load()
        if self.parts["base"].fingerprint != self.words()["base_fingerprint"]:
            raise CellError(
                f"{self.path} certifies {self.words()['base']}, and its base is {self.parts['base'].specification}, "
                "which is another router: train it over that one"
            )

    def route(self, requests: Sequence[Query]) -> list[Any]:
        """Return the base's predictions less the weighted costs; where no model is named, of all that it knows."""
        named = [
            request if request.models else dataclasses.replace(request, models=self.models) for request in requests
        ]
        places = {label: i for i, label in enumerate(self.models)}
        answers = self.parts["base"]("route", named) if named else []
        worth: list[Any] = []
        for request, answer in zip(named, answers, strict=True):
            unknown = [label for label in request.models if label not in places]
            if isinstance(answer, Failure):
                worth.append(answer)
            elif unknown:
                worth.append(Failure(f"nothing was certified with {', '.join(map(repr, unknown))} to choose from"))
            else:
                penalty = self.numbers["penalty"][[places[label] for label in request.models]]
                worth.append(np.asarray(answer, dtype=np.float64) - penalty)
        return worth


class BudgetedRouterTrainer(Trainer):
    """Chooses the greatest cost weight at which a router's quality is certified, on a split of its own (``--split``).

    Quality is certified where, with the confidence, the mean outcome of what is chosen is at least 1 less ``loss`` of
    that of the best constant: the model that was best on the task's train split, or, without one, on these questions.
    Two sequences are tested (`certificate`): from hardly ever leaving the constant to the router as it is, and from
    there to ever more thrift. Of all ways that are certified the cheapest is kept; nothing is written where none is.

    The questions must be ones that the router was not trained on. Questions of one cluster count as one.

    Args:
        loss: Share of the best constant's quality that may be lost.
        confidence: With which no more is lost.
        seed: Of the order in which questions are taken by the test.
    """

    model: ClassVar[str] = "budgeted-router"
    trains_on: ClassVar[tuple[str, ...]] = ("routing",)
    needs_base: ClassVar[bool] = True
    asks: ClassVar[tuple[str, ...]] = ("route",)

    def __init__(
        self,
        loss: Annotated[float, Range(least=0, below=1)] = 0.02,
        confidence: Annotated[float, INSIDE] = 0.95,
        seed: Annotated[int, SEED] = 0,
    ) -> None:
        self.loss, self.confidence, self.seed = float(loss), float(confidence), seed

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Ask the base about the split, choose the weight, and write it.

        Raises:
            DataError: no weight is certified.
            ValueError: a cost is unknown, or the base did not answer a question.
        """
        assert ask is not None
        read = list(items)
        outcomes = outcomes_of(read, task.name)
        predicted = predictions_of(ask, task, read)
        constant = self._constant(task, read[0], outcomes.means)
        costs = mean_costs_of(read, outcomes.models, constant, task.name)
        ways = ways_of(costs)
        penalties = np.stack([penalty_of(way, costs, constant) for way in ways])
        chosen = np.stack([np.argmax(predicted - penalty, axis=1) for penalty in penalties], axis=1)
        got = np.take_along_axis(outcomes.values, chosen, axis=1)
        figures = got - (1 - self.loss) * outcomes.values[:, [constant]]
        known = np.asarray(np.isfinite(figures).all(axis=1))
        of_clusters = cluster_means(
            figures[known], [item for item, there in zip(read, known.tolist(), strict=True) if there]
        )
        starts = (0, len(_MARGINS))
        passed, evidence = certified(of_clusters, -(1 - self.loss), self.confidence, self.seed, starts)
        kept = got[known].mean(axis=0) / max(float(outcomes.values[known, constant].mean()), 1e-12)
        name, paid = outcomes.models[constant], costs[chosen].mean(axis=0)
        if not passed.any():
            best = starts[int(np.argmax(evidence[list(starts)]))]
            raise DataError(
                f"{task.name}: not certified: on {int(known.sum())} questions the router keeps "
                f"{100 * kept[best]:.1f} % of the quality of the best constant, {name}, and the evidence for "
                f"{100 * (1 - self.loss):g} % is {evidence[best]:.3g} and not {needed(self.confidence, 2):.3g}; "
                "give more questions, allow more loss (--set loss=), or train a better router"
            )
        place = int(np.argmin(np.where(passed, paid, np.inf)))
        words: dict[str, Any] = {
            "cost_weight": ways[place].cost_weight,
            "margin": ways[place].margin,
            "loss": self.loss,
            "confidence": self.confidence,
            "constant": name,
            "questions": int(known.sum()),
            "questions_left_out": int((~known).sum()),
            "quality_kept": float(kept[place]),
            "cost_saved": 1 - float(paid[place] / costs[constant]) if costs[constant] > 0 else None,
            "evidence": float(evidence[place]),
        }
        if len(costs) == 2:
            dear = int(np.argmax(costs))
            words["threshold"] = float(penalties[place][dear] - penalties[place][1 - dear])
        progress(1, cost_weight=ways[place].cost_weight, quality_kept=float(kept[place]))
        write(workdir, self.model, outcomes.models, {**base_of(ask), **words}, costs=costs, penalty=penalties[place])
        return words

    def _constant(self, task: Task, item: Item, means: FloatArray) -> int:
        references = getattr(task, "references", None)
        found = float("nan") if references is None else references.chosen(item)["train_best"]
        return int(np.argmax(means)) if np.isnan(found) else int(found)


def predictions_of(ask: Ask, task: Task, items: Sequence[Item]) -> FloatArray:
    """Ask a router about questions, (n, m), as an evaluation does.

    Raises:
        ValueError: it did not answer one.
    """
    asked = [task.requests(item, 0, "route", ())[0] for item in items]
    answers = ask("route", asked)
    failed = [answer.reason for answer in answers if isinstance(answer, Failure)]
    if failed:
        raise ValueError(f"{len(failed)} of {len(answers)} questions were not answered by the base: {failed[0]}")
    return np.array(answers, dtype=np.float64)


def mean_costs_of(items: Sequence[Item], models: Sequence[str], constant: int, task: str) -> FloatArray:
    """Return each model's mean cost, (m,), USD a question; of two models without any cost, calls of the better one.

    Raises:
        ValueError: the cost of a model is unknown, or all are the same.
    """
    costs = known_means(np.array([item.fields["costs"] for item in items], dtype=np.float64))
    unknown = [label for label, cost in zip(models, costs.tolist(), strict=True) if np.isnan(cost)]
    if len(unknown) == len(models) == 2:
        return np.array([float(i == constant) for i in range(2)])
    if unknown:
        what = "costs" if len(unknown) == len(models) else f"the cost of {', '.join(unknown)}"
        raise ValueError(f"{task}: {what} must be known to save any; map the field 'costs', or leave the model out")
    if costs.max() == costs.min():
        raise ValueError(f"{task}: all models cost the same, so that there is nothing to save")
    return costs


class Way(NamedTuple):
    """A way to choose by a router's predictions."""

    margin: float
    """By how much more than the best constant another model has to be predicted right."""
    cost_weight: float
    """Correctness that one USD is worth."""


def ways_of(costs: FloatArray) -> list[Way]:
    """Return the ways to try: first ever less cautious ones, then the router as it is and ever more thrifty ones.

    The last is where the range of costs is worth all correctness.
    """
    weights = np.geomspace(1e-3, 1.0, _STEPS) / (costs.max() - costs.min())
    cautious = [Way(margin, 0.0) for margin in _MARGINS]
    return [*cautious, Way(0.0, 0.0), *(Way(0.0, float(weight)) for weight in weights)]


def penalty_of(way: Way, costs: FloatArray, constant: int) -> FloatArray:
    """Return what is taken from the prediction of each model, (m,)."""
    penalty = way.cost_weight * (costs - costs.min())
    penalty[constant] -= way.margin
    return np.asarray(penalty)


def cluster_means(figures: FloatArray, items: Sequence[Item]) -> FloatArray:
    """Return the mean figures of each cluster, (c, g); an item without one is its own."""
    names = [item.cluster or f"\0{i}" for i, item in enumerate(items)]
    _, codes = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)
    counts = np.bincount(codes)
    sums = np.zeros((len(counts), figures.shape[1]))
    np.add.at(sums, codes, figures)
    return sums / counts[:, None]
