"""The correctness metrics of PPE, exactly: no permutation is drawn, ties count as ties, every value has an interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Columns, FloatArray, Linearised, MeanMetric, Metric, stats
from harness.kinds.best_of_k import OfScores, curves


class ConflictPairAccuracy(Metric):
    """Share of a prompt's pairs in which the correct response is preferred, ties half; mean over prompts with pairs.

    A judge's pair without a verdict in one of the orders is left out; a prompt fails where none of its pairs is left.
    """

    needs: ClassVar[tuple[str, ...]] = (
        "correct",
        "pair_first",
        "pair_second",
        "pair_given",
        "pair_exchanged",
        "answered",
    )

    def credit(self, columns: Columns) -> FloatArray:
        """(n, p) credit of each pair; NaN where there is none or no verdict."""
        given = np.sign(columns.values["pair_given"] - 0.5)
        if columns.facts.get("orders") != "as given":
            given = (given + np.sign(columns.values["pair_exchanged"] - 0.5)) / 2
        return 0.5 + 0.5 * given * np.where(first_is_correct(columns), 1, -1)

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Prompts with a verdict on at least one pair, or without pairs."""
        pairs = np.isfinite(columns.values["pair_first"])
        return np.asarray(~pairs.any(axis=1) | (pairs & ~np.isnan(self.credit(columns))).any(axis=1))

    def linearise(self, columns: Columns) -> Linearised:
        """The mean over prompts with pairs, a ratio of two means."""
        credit = self.credit(columns)
        count = np.isfinite(credit).sum(axis=1)
        paired = count > 0
        if not paired.any():
            raise ValueError("no prompt has a pair of a correct and a wrong response")
        share = np.nansum(credit, axis=1) / np.maximum(count, 1)
        value = float(share[paired].mean())
        return Linearised(value, np.where(paired, share - value, 0.0) / paired.mean())

    def trials(self, columns: Columns) -> int | None:
        """The prompts with pairs."""
        return int(np.isfinite(columns.values["pair_first"]).any(axis=1).sum())

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Pairs left out, and how far verdicts depend on the order: 0.5 of first positions is unbiased."""
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
    """Share of verdicts on pairs that are missing: unreadable, or failed."""

    higher_is_better = False

    def missing(self, columns: Columns) -> FloatArray:
        """(n, p) share of the orders asked without a verdict; NaN where there is no pair."""
        asked = ["pair_given"] if columns.facts.get("orders") == "as given" else ["pair_given", "pair_exchanged"]
        share = np.isnan([columns.values[name] for name in asked]).mean(axis=0)
        return np.where(np.isfinite(columns.values["pair_first"]), share, np.nan)

    def credit(self, columns: Columns) -> FloatArray:
        """The figure whose mean over pairs and prompts is taken."""
        return self.missing(columns)

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Nothing further."""
        return {}


def first_is_correct(columns: Columns) -> NDArray[np.bool_]:
    """(n, p) whether the first of each pair is the correct one."""
    index = np.nan_to_num(columns.values["pair_first"]).astype(np.int64)
    return np.asarray(np.take_along_axis(columns.values["correct"], index, axis=1) == 1)


class PooledAuroc(OfScores, Metric):
    """Area under the ROC curve of all responses together, scores brought to [0, 1] within each prompt.

    A prompt whose scores are all equal cannot be brought to [0, 1]; it is left out and counted as failed.
    """

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Prompts scored, with at least two different scores."""
        return super().valid(columns) & varied(columns)

    def nothing_valid(self, columns: Columns) -> str:
        """All equal, or as for the others."""
        if super().valid(columns).any():
            return "all scores of every prompt are equal, so they cannot be ranked"
        return super().nothing_valid(columns)

    def linearise(self, columns: Columns) -> Linearised:
        """The area over responses; the influence of a prompt is the sum over its responses."""
        scores, correct = columns.values["scores"], columns.values["correct"]
        there = ~np.isnan(correct)
        value, influence = stats.auroc(self.ranked(scores, there), correct[there])
        everywhere = np.zeros(scores.shape)
        everywhere[there] = influence
        return Linearised(value, everywhere.sum(axis=1) * len(scores) / there.sum())

    def ranked(self, scores: FloatArray, there: NDArray[np.bool_]) -> FloatArray:
        """What is ranked of the (n, k) scores where there is a response: how high each stands in its prompt.

        Responses of two prompts that stand equally high, such as 0.2 between 0.1 and 0.3 and 2 between 1 and 3, are
        tied, though rounding makes them 0.5 and 0.50000000000000011.
        """
        values, slack = scaled(scores)
        return levels(values[there], slack[there])


def scaled(scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Scores, shape (n, k), brought to [0, 1] within each row, and by how much rounding may have moved each."""
    low, high = np.nanmin(scores, axis=1, keepdims=True), np.nanmax(scores, axis=1, keepdims=True)
    relative = np.maximum(np.abs(low), np.abs(high)) / (high - low)
    return (scores - low) / (high - low), np.broadcast_to(4 * np.finfo(np.float64).eps * relative, scores.shape)


def levels(values: FloatArray, slack: FloatArray) -> FloatArray:
    """Ranks of values, shape (n,): those that differ by no more than the slack of either share one."""
    order = np.argsort(values, kind="stable")
    apart = np.diff(values[order]) > np.maximum(slack[order][1:], slack[order][:-1])
    found = np.empty(len(values))
    found[order] = np.concatenate([[0], np.cumsum(apart)])
    return found


def varied(columns: Columns) -> NDArray[np.bool_]:
    """(n,) prompts that have two different scores."""
    scores = columns.values["scores"]
    low, high = np.where(np.isnan(scores), np.inf, scores), np.where(np.isnan(scores), -np.inf, scores)
    return np.asarray(low.min(axis=1) < high.max(axis=1))


class Max(OfScores, Metric):
    """The highest point of the mean best-of-K curve: what the model reaches at the K that suits it best.

    Published as maximum score. The highest of noisy points is too high by a little, here far less than by permutations.
    """

    def linearise(self, columns: Columns) -> Linearised:
        """The curve at its highest point, which to first order does not move with the data."""
        curve, _ = curves(columns)
        at = int(curve.mean(axis=0).argmax())
        value = float(curve[:, at].mean())
        return Linearised(value, curve[:, at] - value)

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """The K of the highest point, and what it costs in divergence from the generator, in nats."""
        k = int(curves(columns)[0].mean(axis=0).argmax()) + 1
        return {"k": k, "expected_kl": float(stats.expected_kl(k))}


class Loss(OfScores, MeanMetric):
    """Squared shortfall of the selected response behind the best of the K, mean over prompts and K.

    The formula of the paper and of its README. With labels of 0 and 1 the square changes nothing: it is the expected
    share of choices in which a correct response was there and a wrong one was taken.
    """

    higher_is_better = False

    def per_item(self, columns: Columns) -> FloatArray:
        """Mean over K of each prompt."""
        curve, oracle = curves(columns)
        return np.asarray((oracle - curve).mean(axis=1))


class SquaredGap(OfScores, Metric):
    """Mean over K of the squared gap between the oracle's mean curve and the model's: the published loss, exactly.

    ``detail`` has what independent permutations a prompt would give on average; the published figures, of permutations
    that all prompts share, lie 1e-4 to 4e-4 above.
    """

    higher_is_better = False

    def linearise(self, columns: Columns) -> Linearised:
        """The square of a mean, by the chain rule."""
        curve, oracle = curves(columns)
        gap = oracle - curve
        mean = gap.mean(axis=0)
        return Linearised(float((mean**2).mean()), (2 * mean * (gap - mean)).mean(axis=1))

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """The expectation under permutations drawn for each prompt."""
        curve, oracle = curves(columns)
        gap = oracle - curve
        noise = (gap * (1 - gap)).sum(axis=0) / len(gap) ** 2
        return {"with_independent_permutations": float((gap.mean(axis=0) ** 2 + noise).mean())}
