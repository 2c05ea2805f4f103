"""How well a router predicts which model answers which question right: over all pairs whose outcome is known.

The rows of an estimate are questions, since the pairs of one question are not independent: what a metric says of the
pairs becomes, by the chain rule, one influence a question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Columns, Estimate, FloatArray, Linearised, Metric, Picture, Range, Series, stats

from .choices import answered, any_known, labels

SMALLEST = 1e-7
"""A probability below this, or that far from 1, counts as this in losses: what is not stays finite."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """All pairs of question and model whose outcome is known, in the order of questions, then of models."""

    predicted: FloatArray
    """(p,), probabilities."""
    outcome: FloatArray
    """(p,), in [0, 1]."""
    question: NDArray[np.int64]
    """(p,), row of the question."""
    model: NDArray[np.int64]
    """(p,), index of the model."""
    questions: int

    def mean(self, figures: FloatArray) -> Linearised:
        """Return the mean of one figure a pair, with an influence a question."""
        value = float(figures.mean())
        return Linearised(value, self.by_question(figures - value))

    def by_question(self, influence: FloatArray) -> FloatArray:
        """Sum the influences of pairs, of mean zero over pairs, to those of questions, of mean zero over questions."""
        sums = np.bincount(self.question, weights=influence, minlength=self.questions)
        return np.asarray(sums * (self.questions / len(influence)))

    @property
    def positive(self) -> NDArray[np.bool_]:
        """Which outcomes count as right: those of 0.5 or more."""
        return self.outcome >= 0.5

    @property
    def log_odds(self) -> FloatArray:
        """The predictions as log-odds, nats."""
        inside = np.clip(self.predicted, SMALLEST, 1 - SMALLEST)
        return np.asarray(np.log(inside) - np.log1p(-inside))


class Forecast(Metric):
    """Base class of metrics over the pairs whose outcome is known; a subclass gives `of_pairs`."""

    needs: ClassVar[tuple[str, ...]] = ("predicted", "outcome")

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the questions that the router answered and of which an outcome is known."""
        return answered(columns) & any_known(columns)

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value over pairs, with an influence a question.

        Raises:
            ValueError: the predictions are no probabilities, or the value is not defined.
        """
        return self.of_pairs(columns.once("routing pairs", _pairs))

    def of_pairs(self, pairs: Pairs) -> Linearised:
        """Return the value over pairs, with an influence a question."""
        raise NotImplementedError


class AgainstChance(Forecast):
    """Base class of those whose value of outcomes dealt anew among all pairs is known; a subclass gives `of_dealt`."""

    def chance(self, columns: Columns) -> float | None:
        """Return what to expect of the same predictions, outcomes dealt anew; None where all outcomes are equal."""
        pairs = columns.once("routing pairs", _pairs)
        return None if pairs.outcome.min() == pairs.outcome.max() else self.of_dealt(pairs)

    def of_dealt(self, pairs: Pairs) -> float:
        """Return the expected value of the pairs' predictions, outcomes dealt anew."""
        raise NotImplementedError


def _pairs(columns: Columns) -> Pairs:
    predicted, outcome = columns.values["predicted"], columns.values["outcome"]
    if predicted.min() < 0 or predicted.max() > 1:
        raise ValueError(
            f"the router predicts from {predicted.min():g} to {predicted.max():g}, which are no probabilities of being "
            "right; it can be judged by what it chooses only"
        )
    question, model = np.nonzero(np.isfinite(outcome))
    return Pairs(predicted[question, model], outcome[question, model], question, model, len(outcome))


class ForecastAccuracy(AgainstChance):
    """Share of pairs whose outcome is predicted rightly: both at least 0.5, or both below (EmbedLLM, section 4.1)."""

    description = "share of pairs of question and model whose outcome is predicted rightly, at one half"

    def of_pairs(self, pairs: Pairs) -> Linearised:
        """Return the mean over all pairs."""
        return pairs.mean(_right(pairs))

    def of_dealt(self, pairs: Pairs) -> float:
        """Return how often predictions and outcomes agree by accident."""
        return float(_right_by_accident(pairs).mean())


class ForecastAccuracyByModel(AgainstChance):
    """Mean over models of the share of their pairs that are predicted rightly; differs where outcomes are missing."""

    description = "share of rightly predicted pairs, mean over models"

    def of_pairs(self, pairs: Pairs) -> Linearised:
        """Return the mean of the models' means, of those of which an outcome is known."""
        right = _right(pairs)
        counts = np.bincount(pairs.model)
        means = np.bincount(pairs.model, weights=right) / np.maximum(counts, 1)
        models = int((counts > 0).sum())
        influence = (right - means[pairs.model]) * len(right) / (models * counts[pairs.model])
        return Linearised(float(means[counts > 0].mean()), pairs.by_question(influence))

    def of_dealt(self, pairs: Pairs) -> float:
        """Return the mean over models of how often predictions and outcomes agree by accident."""
        counts = np.bincount(pairs.model)
        sums = np.bincount(pairs.model, weights=_right_by_accident(pairs))
        return float((sums[counts > 0] / counts[counts > 0]).mean())


def _right_by_accident(pairs: Pairs) -> FloatArray:
    share = float(pairs.positive.mean())
    return np.where(pairs.predicted >= 0.5, share, 1 - share)


def _right(pairs: Pairs) -> FloatArray:
    return np.asarray((pairs.predicted >= 0.5) == pairs.positive, dtype=np.float64)


class ForecastAuroc(Forecast):
    """Area under the ROC curve of the predictions over all pairs, of all models together."""

    description = "area under the ROC curve of predicted correctness, all pairs of question and model together"
    chance: ClassVar[float] = 0.5

    def of_pairs(self, pairs: Pairs) -> Linearised:
        """Return the area, with an influence a question.

        Raises:
            ValueError: all outcomes are right, or all are wrong.
        """
        area = stats.auroc(pairs.predicted, pairs.positive)
        return Linearised(area.value, pairs.by_question(area.influence))


class ForecastLogLoss(AgainstChance):
    """Mean negative log-probability of the outcomes, in nats; outcomes between 0 and 1 count as that share of each."""

    description = "mean negative log-probability of the outcomes"
    unit = "nats"
    higher_is_better = False
    bounds = None

    def of_pairs(self, pairs: Pairs) -> Linearised:
        """Return the mean over all pairs."""
        return pairs.mean(self._losses(pairs, pairs.outcome))

    def of_dealt(self, pairs: Pairs) -> float:
        """Return the mean loss against the mean outcome."""
        return float(self._losses(pairs, np.full(len(pairs.outcome), pairs.outcome.mean())).mean())

    def _losses(self, pairs: Pairs, outcome: FloatArray) -> FloatArray:
        inside = np.clip(pairs.predicted, SMALLEST, 1 - SMALLEST)
        return np.asarray(-(outcome * np.log(inside) + (1 - outcome) * np.log1p(-inside)))

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Say how many predictions are as good as certain, whose loss is bounded."""
        pairs = columns.once("routing pairs", _pairs)
        certain = int(((pairs.predicted < SMALLEST) | (pairs.predicted > 1 - SMALLEST)).sum())
        if not certain:
            return {}
        note = (
            f"{certain} of {len(pairs.predicted)} predictions are nearer to 0 or 1 than {SMALLEST:g} and count as that"
        )
        return {"note": note}


class ForecastBrier(AgainstChance):
    """Mean squared difference of prediction and outcome."""

    description = "mean squared difference of predicted correctness and outcome"
    higher_is_better = False

    def of_pairs(self, pairs: Pairs) -> Linearised:
        """Return the mean over all pairs."""
        return pairs.mean((pairs.predicted - pairs.outcome) ** 2)

    def of_dealt(self, pairs: Pairs) -> float:
        """Return the mean squared distance from the mean outcome, and the outcomes' variance."""
        return float(((pairs.predicted - pairs.outcome.mean()) ** 2).mean() + pairs.outcome.var())


class ForecastCalibrationError(Forecast):
    """Expected calibration error of the predictions over all pairs (see `harness.stats.expected_calibration_error`).

    It is biased upward; its interval reaches down by what chance gives.
    """

    description = "mean distance of predicted correctness from the share that is right, in bins of equal width"
    higher_is_better = False

    def __init__(self, bins: Annotated[int, Range(least=1, most=10_000)] = 15) -> None:
        self.bins = bins

    def of_pairs(self, pairs: Pairs) -> Linearised:
        """Return the error, with an influence a question."""
        error = stats.expected_calibration_error(pairs.log_odds, pairs.positive, bins=self.bins)
        return Linearised(error.value, pairs.by_question(error.influence))

    def interval(self, columns: Columns, estimate: Estimate, confidence: float) -> tuple[float, float]:
        """Return the interval of the influences, with the expected value under calibration taken off its lower end.

        The value is too high by at most what chance alone gives a calibrated router.
        """
        return max(0.0, estimate.low - stats.expected_if_calibrated(self._bins(columns))), estimate.high

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return the value that chance alone gives if every probability is right."""
        return {"expected_if_calibrated": stats.expected_if_calibrated(self._bins(columns))}

    def _bins(self, columns: Columns) -> stats.ReliabilityBins:
        pairs = columns.once("routing pairs", _pairs)
        return stats.reliability_bins(pairs.log_odds, pairs.positive, bins=self.bins)

    def pictures(self, columns: Columns) -> Sequence[Picture]:
        """Draw how often the pairs of each bin are right."""
        bins = self._bins(columns)
        observed = bins.positives / bins.items
        intervals: list[Any] = [
            stats.wilson(int(positives), int(items))
            for positives, items in zip(bins.positives, bins.items, strict=True)
        ]
        low, high = ([float(interval[end]) for interval in intervals] for end in (0, 1))
        return [
            Picture(
                "Reliability of predicted correctness",
                x="predicted",
                y="share that is right",
                series=[
                    Series([0, 1], [0, 1], name="calibrated", reference=True),
                    Series(bins.predicted.tolist(), observed.tolist(), low, high),
                ],
                x_range=(0, 1),
                y_range=(0, 1),
                note=f"all pairs of question and model, {len(labels(columns))} models; bands take pairs as independent",
            )
        ]
