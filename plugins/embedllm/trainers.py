"""Trainers of EmbedLLM: the exact fit, and the authors' recipe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np

from harness import COUNT, SEED, Ask, FloatArray, Item, Progress, Range, Task, Trainer
from harness.training import fold_numbers

from . import low_rank
from .canonical import canonical, replicates
from .exact import Fit, Problem, choose_ridge
from .outcomes import Outcomes, outcomes_of, vectors_of
from .prior import estimate, offsets
from .recipe import Recipe, descend
from .saved import Saved


class _OverEmbedder(Trainer):
    """What both share: questions are embedded through the client, which keeps the vectors."""

    model: ClassVar[str] = "embedllm"
    trains_on: ClassVar[tuple[str, ...]] = ("routing",)
    needs_base: ClassVar[bool] = True
    asks: ClassVar[tuple[str, ...]] = ("embed",)

    def _write(
        self,
        workdir: Path,
        ask: Ask,
        outcomes: Outcomes,
        vectors: FloatArray,
        fit: tuple[FloatArray, FloatArray],
        facts: Mapping[str, Any],
        progress: Progress,
        exact: tuple[Problem, Fit, float] | None = None,
    ) -> dict[str, Any]:
        """Estimate the prior for new models, take the coordinates, and write the product."""
        weights, intercepts = fit
        found = canonical(weights)
        if exact is not None:  # elsewhere the fit is no minimum, and questions have no influence that is known
            problem, minimum, ridge = exact
            moved = problem.influences(minimum, ridge, found.directions)
            drawn = replicates(found.coordinates, moved, outcomes.groups)
            found = type(found)(found.directions, found.coordinates, found.values, drawn)
        spread, loss = estimate(
            vectors, outcomes.values, *fit, told=lambda number, loss: progress(number, few_answers_log_loss=loss)
        )
        counts = {
            "questions": len(vectors),
            "models": len(outcomes.models),
            "known_outcomes": int(np.isfinite(outcomes.values).sum()),
            "vector_length": vectors.shape[1],
        }
        whole = {"form": self.name, **counts, **facts}
        if np.isfinite(loss):
            whole["few_answers_log_loss"] = loss
        saved = Saved(
            outcomes.models,
            weights,
            intercepts,
            vectors.mean(axis=0),
            *offsets(vectors @ weights.T + intercepts, outcomes.values, outcomes.categories),
            found,
            spread,
            self.name,
            ask.specification,
            ask.fingerprint,
            whole,
        )
        saved.save(workdir)
        return whole

    name: ClassVar[str]


class EmbedLLMTrainer(_OverEmbedder):
    """Fits EmbedLLM (arXiv 2410.02223) exactly: ridge logistic regression of each model on the question's vector.

    That is what its factorisation is where it has as many dimensions as models, without what the descent leaves
    undone; unknown outcomes are left out, fractions are probabilities. Fewer dimensions are no convex problem: the best
    of several local optima is kept, each model shrunk towards the pool.

    Args:
        ridge: Penalty of squared weights, over a sum of nats; 0 lets cross-validation over questions choose.
        dimensions: d; 0, or at least as many as models or entries of a vector: exact.
        folds: Parts of the questions that are held out in turn; questions of one cluster stay together.
        starts: Of the descent, where there are fewer dimensions.
        seed: Of folds and starts.
        gap: Nats that the exact fit's objective may be above its minimum, over all models.
    """

    name: ClassVar[str] = "embedllm"

    def __init__(
        self,
        ridge: Annotated[float, Range(least=0)] = 0.0,
        dimensions: Annotated[int, Range(least=0)] = 0,
        folds: Annotated[int, Range(least=2, most=1000)] = 5,
        starts: Annotated[int, Range(least=1, most=1000)] = 5,
        seed: Annotated[int, SEED] = 0,
        gap: Annotated[float, Range(least=1e-9)] = 1e-6,
    ) -> None:
        self.ridge, self.dimensions, self.folds = ridge, dimensions, folds
        self.starts, self.seed, self.gap = starts, seed, gap

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Embed the questions, choose the ridge, fit, and write the router.

        Raises:
            ValueError: the outcomes cannot be learned from, or a question could not be embedded.
        """
        assert ask is not None
        outcomes = outcomes_of(items, task.name)
        vectors = vectors_of(ask, outcomes.prompts)
        exact = not 0 < self.dimensions < min(len(outcomes.models), vectors.shape[1])
        ridge, tried = self._ridge(vectors, outcomes, exact, progress)
        problem = Problem(vectors, outcomes.values)
        facts: dict[str, Any] = {"ridge": ridge}
        if exact:
            minimum = problem.fit(ridge, gap=self.gap, told=lambda step, gap: progress(step, gap=gap))
            facts |= {"optimum": "global", "gap": minimum.gap, "steps": minimum.steps}
        else:
            found = low_rank.fit(
                problem,
                ridge,
                self.dimensions,
                starts=self.starts,
                seed=self.seed,
                told=lambda start, value: progress(start, objective=value),
            )
            minimum = found.fit
            facts |= {"optimum": "local", "dimensions": self.dimensions, "starts": self.starts}
            facts |= {"objectives": found.objectives, "slope": found.slope}
        facts |= {"train_log_loss": minimum.loss / int(problem.known.sum())}
        if tried:
            facts["held_out_log_loss"] = {f"{value:.6g}": loss for value, loss in tried.items()}
        return self._write(
            workdir,
            ask,
            outcomes,
            vectors,
            (minimum.weights, minimum.intercepts),
            facts,
            progress,
            (problem, minimum, ridge) if exact else None,
        )

    def _ridge(
        self, vectors: FloatArray, outcomes: Outcomes, exact: bool, progress: Progress
    ) -> tuple[float, Mapping[float, float]]:
        if self.ridge:
            return self.ridge, {}
        groups = outcomes.groups
        parts = min(self.folds, len(set(groups)) - (None in groups) + groups.count(None))
        if parts < 2:
            raise ValueError("one question is not enough to choose the ridge; give --set ridge=")
        folds = fold_numbers(np.zeros(len(vectors)), groups, parts, self.seed)

        def told(number: int, ridge: float, loss: float) -> None:
            progress(number, ridge=ridge, held_out_log_loss=loss)

        if exact:
            return choose_ridge(vectors, outcomes.values, folds, told=told)
        return low_rank.choose_ridge(vectors, outcomes.values, folds, self.dimensions, told=told)


class EmbedLLMCompatTrainer(_OverEmbedder):
    """Fits EmbedLLM as its authors do: Adam with noise on the questions, every setting by its default.

    Args:
        dimensions: d of the factorisation.
        noise: Standard deviation of what is added to each entry of a question's vector, in training only.
        epochs: Passes over all known pairs.
        batch: Pairs a step.
        rate: Of Adam.
        decay: L2 penalty in the gradient.
        shuffle: Draw the pairs in a new order each epoch; the authors go through the data in its order.
        seed: Of initial weights, noise and order.
    """

    name: ClassVar[str] = "embedllm-compat"

    def __init__(
        self,
        dimensions: Annotated[int, COUNT] = 232,
        noise: Annotated[float, Range(least=0)] = 0.05,
        epochs: Annotated[int, COUNT] = 50,
        batch: Annotated[int, COUNT] = 2048,
        rate: Annotated[float, Range(above=0, most=1)] = 1e-4,
        decay: Annotated[float, Range(least=0)] = 1e-5,
        shuffle: bool = False,
        seed: Annotated[int, SEED] = 42,
    ) -> None:
        self.recipe = Recipe(dimensions, noise, epochs, batch, rate, decay, shuffle, seed)

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Embed the questions, descend, and write the router in its dense form.

        Raises:
            ValueError: the outcomes cannot be learned from, or a question could not be embedded.
        """
        assert ask is not None
        outcomes = outcomes_of(items, task.name)
        vectors = vectors_of(ask, outcomes.prompts)
        factors, loss = descend(
            vectors, outcomes.values, self.recipe, workdir, told=lambda epoch, loss: progress(epoch, loss=loss)
        )
        facts = {"optimum": "none", "dimensions": self.recipe.dimensions, "epochs": self.recipe.epochs, "loss": loss}
        return self._write(workdir, ask, outcomes, vectors, factors.dense(), facts, progress)
