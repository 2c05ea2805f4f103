"""Trainers of MULI detectors: the exact sparse one, and the authors' recipe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import COUNT, SEED, Ask, Item, OneOf, Progress, Range, Task, Trainer

from .descent import DescentSettings, descend
from .features import FEATURES, Scale, Standardised, TokenFeature, measure
from .gathering import TrainingFeatures, gather
from .prompts import CHAT, FORMATS, Prompting, vocabulary_digest
from .saved import Detector
from .selection import CRITERIA, PenaltyTrial, Search, best, positive_weight, search
from .sparse_logistic import solve


class MuliTrainer(Trainer):
    """Fits exact L1-penalised logistic regression to the log-odds of the reply's first token.

    This is the detector of arXiv 2405.18822, solved exactly.
    The base model is asked once for the next-token distribution after each prompt. Unless given, the penalty is chosen
    by cross-validation along the regularisation path: the largest within a standard error of the best.

    Args:
        penalty: Penalty of each weight and of the bias; 0 lets cross-validation choose.
        criterion: Measure on the held-out parts: average_precision, auroc or log_loss.
        folds: Number of parts that are held out in turn; items of one cluster stay together.
        penalties: Number of penalties to try, each 1.5 times smaller than the one before.
        seed: Seed of the folds.
        balanced: Count a positive text as much as negatives over positives.
        feature: log-odds, as in the paper; log-probability or probability for comparison.
        prompt: ``chat``, the model's own template, or a fixed format: llama-2, mistral, vicuna, plain.
        after: Text put into the model's mouth before the token that is read, such as an empty thought.
        gap: Largest distance of the objective from its minimum, certified by duality.
    """

    version: ClassVar[str] = "2"
    model: ClassVar[str] = "muli"
    trains_on: ClassVar[tuple[str, ...]] = ("detection",)
    needs_base: ClassVar[bool] = True
    asks: ClassVar[tuple[str, ...]] = ("next_token",)

    def __init__(
        self,
        penalty: Annotated[float, Range(least=0)] = 0.0,
        criterion: Annotated[str, OneOf(*CRITERIA)] = "average_precision",
        folds: Annotated[int, Range(least=2, most=1000)] = 5,
        penalties: Annotated[int, Range(least=1, most=1000)] = 14,
        seed: Annotated[int, SEED] = 0,
        balanced: bool = True,
        feature: Annotated[str, OneOf(*FEATURES)] = "log-odds",
        prompt: Annotated[str, OneOf(CHAT, *FORMATS)] = "chat",
        after: str = "",
        gap: Annotated[float, Range(least=1e-12)] = 1e-7,
    ) -> None:
        self.penalty, self.criterion, self.folds, self.penalties = penalty, criterion, folds, penalties
        self.seed, self.balanced, self.feature = seed, balanced, feature
        self.prompt, self.after, self.gap = prompt, after, gap

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Extract features into a file, choose the penalty, fit the weights, and save the detector."""
        assert ask is not None
        settings = Search(self.penalties, self.folds, self.criterion, self.seed)
        prompting, feature = Prompting(self.prompt, self.after), TokenFeature(self.feature)
        gathered = gather(items, workdir, ask, prompting, feature, progress)
        tried = self._search(gathered, settings, progress)
        penalty = best(tried).penalty if tried else self.penalty
        scale = measure(gathered.matrix)
        solution = solve(
            Standardised(gathered.matrix, scale),
            gathered.labels,
            penalty,
            positive_weight=positive_weight(gathered.labels, self.balanced),
            gap=self.gap,
            told=lambda number, objective, gap: progress(number, objective=objective, gap=gap),
        )
        facts = {
            "form": "muli",
            **_counts(gathered, scale),
            "penalty": penalty,
            "objective": solution.objective,
            "gap": solution.gap,
            "tokens": len(solution.support),
        }
        path = {"path": [_as_json(entry) for entry in tried]} if tried else {}
        detector = _detector(solution.weights, solution.bias, scale, ask, prompting, feature, {**facts, **path})
        detector.save(workdir)
        gathered.drop(workdir)
        return facts

    def _search(self, gathered: TrainingFeatures, settings: Search, progress: Progress) -> list[PenaltyTrial]:
        if self.penalty:
            return []
        return search(
            gathered.matrix,
            gathered.labels,
            gathered.groups,
            settings,
            balanced=self.balanced,
            told=lambda fold, value: progress(fold + 1, **{f"fold_{settings.criterion}": value}),
        )


class MuliCompatTrainer(Trainer):
    """Fits the published detector: subgradient descent as in the authors' main script, every setting by its default.

    Args:
        epochs: Passes over the train set.
        batch: Texts a step, in the order of the data.
        rate: Step size.
        penalty: Penalty of each weight and of the bias.
        clip: The least that p and 1 - p count as; 0 as in the main script, 1e-16 in the authors' later experiments.
        seed: Seed of the initial weights.
        prompt: ``llama-2``, ``mistral``, ``vicuna``: FastChat's format and a blank, as the authors render it; ``chat``:
            the model's own template; ``plain``.
        after: Text put into the model's mouth, as in `MuliTrainer`.
    """

    model: ClassVar[str] = "muli"
    trains_on: ClassVar[tuple[str, ...]] = ("detection",)
    needs_base: ClassVar[bool] = True
    asks: ClassVar[tuple[str, ...]] = ("next_token",)

    def __init__(
        self,
        epochs: Annotated[int, COUNT] = 500,
        batch: Annotated[int, COUNT] = 128,
        rate: Annotated[float, Range(above=0, most=1)] = 5e-4,
        penalty: Annotated[float, Range(least=0)] = 1e-3,
        clip: Annotated[float, Range(least=0, below=0.5)] = 0.0,
        seed: Annotated[int, SEED] = 0,
        prompt: Annotated[str, OneOf(CHAT, *FORMATS)] = "llama-2",
        after: str = "",
    ) -> None:
        self.epochs, self.batch, self.rate, self.penalty = epochs, batch, rate, penalty
        self.clip, self.seed, self.prompt, self.after = clip, seed, prompt, after

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Extract features into a file, descend, and save the detector."""
        assert ask is not None
        prompting, feature = Prompting(self.prompt, self.after), TokenFeature(published=True, clip=self.clip)
        recipe = DescentSettings(self.epochs, self.batch, self.rate, self.penalty, self.seed)
        gathered = gather(items, workdir, ask, prompting, feature, progress)
        scale = measure(gathered.matrix)
        state = descend(
            gathered.matrix,
            scale,
            gathered.labels,
            recipe,
            workdir,
            told=lambda epoch, loss: progress(epoch, loss=loss),
        )
        facts = {"form": "muli-compat", **_counts(gathered, scale), "epochs": state.epoch, "loss": state.loss}
        weights = np.where(scale.varies, state.weights.astype(np.float64), 0.0)
        detector = _detector(weights, float(state.bias), scale, ask, prompting, feature, facts)
        detector.save(workdir)
        gathered.drop(workdir)
        return facts


def _counts(gathered: TrainingFeatures, scale: Scale) -> dict[str, Any]:
    counts: dict[str, Any] = {
        "texts": len(gathered.labels),
        "positives": int(gathered.labels.sum()),
        "constant_tokens": int((~scale.varies).sum()),
    }
    if gathered.failed:
        counts |= {"left_out": len(gathered.failed), "first_reason": gathered.failed[0]}
    if not scale.varies.any():
        raise ValueError(
            "the first token of the reply is the same whatever the prompt; a model that begins with a fixed mark or a "
            "thought needs after=TEXT, so that the token behind it is read"
        )
    return counts


def _detector(
    weights: NDArray[np.float64],
    bias: float,
    scale: Scale,
    ask: Ask,
    prompting: Prompting,
    feature: TokenFeature,
    facts: Mapping[str, Any],
) -> Detector:
    support = np.flatnonzero(weights)
    texts = ask.tokens()
    return Detector(
        support,
        tuple(texts[i] if i < len(texts) else "" for i in support.tolist()),
        weights[support],
        scale.mean[support],
        scale.factor[support],
        bias,
        len(weights),
        vocabulary_digest(ask),
        prompting.digest(ask),
        ask.specification,
        ask.fingerprint,
        prompting,
        feature,
        facts,
    )


def _as_json(tried: PenaltyTrial) -> dict[str, float]:
    return {"penalty": tried.penalty, "value": tried.value, "error": tried.error, "tokens": tried.support}
