"""The correctness metrics of PPE, exactly: no permutation is drawn, ties count as ties, every value has an interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Columns, FloatArray, Linearised, MeanMetric, Metric, stats
from harness.kinds.best_of_k import OfScores, curves
from harness.kinds.preference import ties_alone


class ConflictPairAccuracy(Metric):
    """Share of a prompt's pairs whose correct response is preferred, ties half; mean over prompts with pairs.

    A judge's pair without a verdict in one of the orders is left out; a prompt fails if none of its pairs is left.
    """

    needs: ClassVar[tuple[str, ...]] = (
        "correct",
        "pair_first",
        "pair_second",
        "pair_given",
        "pair_exchanged",
        "answered",
    )
    chance: ClassVar[Any] = 0.5

    def credit(self, columns: Columns) -> FloatArray:
        """Return the credit of each pair, (n, p); NaN without a pair or a verdict."""
        given = np.sign(columns.values["pair_given"] - 0.5)
        if columns.facts.get("orders") != "as given":
            given = (given + np.sign(columns.values["pair_exchanged"] - 0.5)) / 2
        return 0.5 + 0.5 * given * np.where(first_is_correct(columns), 1, -1)

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the prompts with a verdict on at least one pair, and the prompts without pairs."""
        pairs = np.isfinite(columns.values["pair_first"])
        return np.asarray(~pairs.any(axis=1) | (pairs & ~np.isnan(self.credit(columns))).any(axis=1))

    def constant(self, columns: Columns) -> str:
        """Say so if the model calls every pair a tie."""
        return ties_alone([columns.values[name] for name in ("pair_given", "pair_exchanged")])

    def linearise(self, columns: Columns) -> Linearised:
        """Return the mean over prompts with pairs, a ratio of two means, and its influences."""
        credit = self.credit(columns)
        count = np.isfinite(credit).sum(axis=1)
        paired = count > 0
        if not paired.any():
            raise ValueError("no prompt has a pair of a correct and a wrong response")
        share = np.nansum(credit, axis=1) / np.maximum(count, 1)
        value = float(share[paired].mean())
        return Linearised(value, np.where(paired, share - value, 0.0) / paired.mean())

    def trials(self, columns: Columns) -> int | None:
        """Count the prompts with pairs."""
        return int(np.isfinite(columns.values["pair_first"]).any(axis=1).sum())

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return the pairs left out, and how far verdicts depend on the order (0.5 of first positions is unbiased)."""
        given, exchanged = (np.sign(columns.values[n] - 0.5) for n in ("pair_given", "pair_exchanged"))
        both = ~np.isnan(given + exchanged)
        pairs = np.isfinite(columns.values["pair_first"])
        left_out = {"pairs_left_out": int((pairs & np.isnan(self.credit(columns))).sum())}
        if not both.any():
            return left_out
        return {
            **left_out,
            "order_consistency": float((given == exchanged)[both].mean()),
            "first_position_rate": float((0.5 + 0.25 * (given - exchanged))[both].mean()),
        }


class PairUnparsedRate(ConflictPairAccuracy):
    """Share of verdicts on pairs that are missing, since they are unreadable or failed."""

    higher_is_better = False
    chance = None

    def missing(self, columns: Columns) -> FloatArray:
        """Return the share of the asked orders without a verdict, (n, p); NaN without a pair."""
        asked = ["pair_given"] if columns.facts.get("orders") == "as given" else ["pair_given", "pair_exchanged"]
        share = np.isnan([columns.values[name] for name in asked]).mean(axis=0)
        return np.where(np.isfinite(columns.values["pair_first"]), share, np.nan)

    def credit(self, columns: Columns) -> FloatArray:
        """Return the figure whose mean over pairs and prompts is taken."""
        return self.missing(columns)

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return nothing further."""
        return {}


def first_is_correct(columns: Columns) -> NDArray[np.bool_]:
    """Mark the pairs whose first response is the correct one, (n, p)."""
    index = np.nan_to_num(columns.values["pair_first"]).astype(np.int64)
    return np.asarray(np.take_along_axis(columns.values["correct"], index, axis=1) == 1)


class PooledAuroc(OfScores, Metric):
    """Area under the ROC curve of all responses together, with scores brought to [0, 1] within each prompt.

    Equal scores of a whole prompt cannot be brought to [0, 1]; such a prompt is left out and counted as failed.
    """

    chance: ClassVar[Any] = 0.5

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the scored prompts with at least two different scores."""
        return super().valid(columns) & varied(columns)

    def nothing_valid(self, columns: Columns) -> str:
        """Say that all scores are equal, or what the other metrics of scores say."""
        if super().valid(columns).any():
            return "all scores of every prompt are equal, so they cannot be ranked"
        return super().nothing_valid(columns)

    def linearise(self, columns: Columns) -> Linearised:
        """Return the area over responses; the influence of a prompt is the sum over its responses."""
        scores, correct = columns.values["scores"], columns.values["correct"]
        there = ~np.isnan(correct)
        value, influence = stats.auroc(self.ranked(scores, there), correct[there])
        everywhere = np.zeros(scores.shape)
        everywhere[there] = influence
        return Linearised(value, everywhere.sum(axis=1) * len(scores) / there.sum())

    def ranked(self, scores: FloatArray, there: NDArray[np.bool_]) -> FloatArray:
        """Return how high each of the (n, k) scores stands in its prompt, for the responses that are there.

        Responses of two prompts that stand equally high, such as 0.2 between 0.1 and 0.3 and 2 between 1 and 3, are
        tied, though rounding makes them 0.5 and 0.50000000000000011.
        """
        values, slack = scaled(scores)
        return levels(values[there], slack[there])


def scaled(scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Scale scores, (n, k), to [0, 1] within each row; also return how far rounding may have moved each."""
    low, high = np.nanmin(scores, axis=1, keepdims=True), np.nanmax(scores, axis=1, keepdims=True)
    relative = np.maximum(np.abs(low), np.abs(high)) / (high - low)
    return (scores - low) / (high - low), np.broadcast_to(4 * np.finfo(np.float64).eps * relative, scores.shape)


def levels(values: FloatArray, slack: FloatArray) -> FloatArray:
    """Rank values, shape (n,): values that differ by no more than the slack of either share a rank."""
    order = np.argsort(values, kind="stable")
    apart = np.diff(values[order]) > np.maximum(slack[order][1:], slack[order][:-1])
    ranks = np.empty(len(values))
    ranks[order] = np.concatenate([[0], np.cumsum(apart)])
    return ranks


def varied(columns: Columns) -> NDArray[np.bool_]:
    """Mark the prompts that have two different scores, (n,)."""
    scores = columns.values["scores"]
    low, high = np.where(np.isnan(scores), np.inf, scores), np.where(np.isnan(scores), -np.inf, scores)
    return np.asarray(low.min(axis=1) < high.max(axis=1))


def gap_of_chance(columns: Columns) -> FloatArray:
    """Return how far the oracle's curve is above the share of correct responses, (n, k): choices that know nothing."""
    correct = columns.values["correct"]
    share = np.nansum(correct, axis=1) / np.maximum(np.isfinite(correct).sum(axis=1), 1)
    return np.asarray(curves(columns)[1] - share[:, None])


class Max(OfScores, Metric):
    """The highest point of the mean best-of-K curve: the model's value at the K that suits it best.

    It is published as maximum score. The highest of noisy points is a little too high, here far less than with
    permutations.
    """

    def linearise(self, columns: Columns) -> Linearised:
        """Return the curve at its highest point, whose place to first order does not move with the data."""
        curve, _ = curves(columns)
        at = int(curve.mean(axis=0).argmax())
        value = float(curve[:, at].mean())
        return Linearised(value, curve[:, at] - value)

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return the K of the highest point, and its divergence from the generator in nats."""
        k = int(curves(columns)[0].mean(axis=0).argmax()) + 1
        return {"k": k, "expected_kl": float(stats.expected_kl(k))}


class Loss(OfScores, MeanMetric):
    """Squared shortfall of the selected response behind the best of the K, mean over prompts and K.

    This is the formula of the paper and of its README. With labels of 0 and 1 the square changes nothing: the loss is
    the expected share of choices that take a wrong response although a correct one is there.
    """

    higher_is_better = False

    def chance(self, columns: Columns) -> float:
        """Return the mean gap between the oracle's curve and the share of correct responses, at which choices stay."""
        return float(gap_of_chance(columns).mean())

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the mean over K of each prompt."""
        curve, oracle = curves(columns)
        return np.asarray((oracle - curve).mean(axis=1))


class SquaredGap(OfScores, Metric):
    """Mean over K of the squared gap between the oracle's mean curve and the model's: the published loss, exactly.

    ``detail`` has the average value under independent permutations of each prompt; the published figures, of
    permutations that all prompts share, lie 1e-4 to 4e-4 above.
    """

    higher_is_better = False

    def chance(self, columns: Columns) -> float:
        """Return the squared gap between the oracle's mean curve and the share of correct responses."""
        return float((gap_of_chance(columns).mean(axis=0) ** 2).mean())

    def linearise(self, columns: Columns) -> Linearised:
        """Return the square of a mean, and its influences by the chain rule."""
        curve, oracle = curves(columns)
        gap = oracle - curve
        mean = gap.mean(axis=0)
        return Linearised(float((mean**2).mean()), (2 * mean * (gap - mean)).mean(axis=1))

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return the expectation under permutations drawn for each prompt."""
        curve, oracle = curves(columns)
        gap = oracle - curve
        noise = (gap * (1 - gap)).sum(axis=0) / len(gap) ** 2
        return {"with_independent_permutations": float((gap.mean(axis=0) ** 2 + noise).mean())}
