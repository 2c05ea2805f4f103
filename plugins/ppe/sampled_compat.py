"""The correctness metrics as the authors' code computes them.

A round draws one permutation of the k columns for *all* prompts and takes, for every K, the response of highest score
among the first K columns (the earlier one of equals). Since prompts share the permutation, a round's curve is noisier
than the mean over prompts suggests, and the mean of its maxima is too high. (In that code a failed score counts as the
lowest; here its prompt is left out and counted.)
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import COUNT, Columns, Estimate, FloatArray, Linearised, Metric
from harness.kinds.best_of_k import OfScores, share_correct

from .sampled_metrics import ConflictPairAccuracy, PooledAuroc, first_is_correct, gap_of_chance, scaled, varied

ROUNDS = 100


class _Permuted(OfScores, Metric):
    """A metric of the rounds' curves, without an interval, as published; the published rounds were not seeded.

    Args:
        rounds: Number of permutations, all drawn with the evaluation's seed.
    """

    def __init__(self, rounds: Annotated[int, COUNT] = ROUNDS) -> None:
        self.rounds = rounds

    def of(self, curve: FloatArray, oracle: FloatArray) -> float:
        """Compute the metric of the (rounds, k) curves."""
        raise NotImplementedError

    def linearise(self, columns: Columns) -> Linearised:
        """Raise an error: all prompts share the permutations."""
        raise ValueError("its permutations are shared by all prompts, so prompts have no influence of their own")

    def compute(self, columns: Columns, *, confidence: float = 0.95, seed: int = 0) -> Estimate:
        """Return the value alone: the published figures have no error."""
        mask, nothing = self.valid(columns), math.nan
        failed = int((~mask).sum())
        if not mask.any():
            reason = self.nothing_valid(columns) if len(mask) else "no rows"
            return Estimate(nothing, nothing, nothing, nothing, 0, failed, {"reason": reason}, confidence)
        name = f"rounds {self.rounds}, seed {seed}"
        both_curves = columns.once(name, lambda c: shared_permutations(c.take(mask), self.rounds, seed))
        detail = {"rounds": self.rounds}
        made = Estimate(self.of(*both_curves), nothing, nothing, nothing, int(mask.sum()), failed, detail, confidence)
        return self.remarked(made, columns.take(mask))


def shared_permutations(columns: Columns, rounds: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Return mean selected and mean greatest gold among the first K columns, for each round and K: (rounds, k) both."""
    scores, correct = columns.values["scores"], columns.values["correct"]
    scores, correct = np.where(np.isnan(scores), -np.inf, scores), np.nan_to_num(correct)
    rng, (n, k) = np.random.default_rng(seed), scores.shape
    curve, oracle = np.empty((rounds, k)), np.empty((rounds, k))
    places = np.arange(k)[:, None]
    for i in range(rounds):
        order = rng.permutation(k)
        score, gold = scores.T[order], correct.T[order]
        best = np.maximum.accumulate(score, axis=0)
        improves = np.ones((k, n), dtype=bool)
        improves[1:] = score[1:] > best[:-1]
        chosen = np.maximum.accumulate(np.where(improves, places, 0), axis=0)
        curve[i] = np.take_along_axis(gold, chosen, axis=0).mean(axis=1)
        oracle[i] = np.maximum.accumulate(gold, axis=0).mean(axis=1)
    return curve, oracle


class LossCompat(_Permuted):
    """The published loss: squared gap between the oracle's and the selection's mean curve, over rounds and K."""

    higher_is_better = False

    def chance(self, columns: Columns) -> float | None:
        """Return the squared gap between the oracle's mean curve and the share of correct responses.

        None where prompts have different numbers of responses, which the published code takes for wrong ones.
        """
        if np.isnan(columns.values["correct"]).any():
            return None
        return float((gap_of_chance(columns).mean(axis=0) ** 2).mean())

    def of(self, curve: FloatArray, oracle: FloatArray) -> float:
        """Return the mean over rounds and K."""
        return float(((oracle - curve) ** 2).mean())


class MaxCompat(_Permuted):
    """The published maximum score: mean over rounds of each round's highest point."""

    def of(self, curve: FloatArray, oracle: FloatArray) -> float:
        """Return the mean over rounds of the highest point."""
        return float(curve.max(axis=1).mean())


class EndCompat(_Permuted):
    """The published end score: mean over rounds of the last point, at which only ties depend on the permutation."""

    chance = share_correct

    def of(self, curve: FloatArray, oracle: FloatArray) -> float:
        """Return the mean over rounds of the last point."""
        return float(curve[:, -1].mean())


class ConflictPairAccuracyCompat(ConflictPairAccuracy):
    """The published pair accuracy: one order of the pair, equal scores count as the second, judges' mean over pairs.

    A pair without a readable verdict is left out.
    """

    bounds: ClassVar[tuple[float, float] | None] = (0.0, 1.0)

    def credit(self, columns: Columns) -> FloatArray:
        """Return the credit of each pair, (n, p): 1 if right; NaN without a verdict."""
        given = columns.values["pair_given"]
        right = (given > 0.5) == first_is_correct(columns)
        return np.where(np.isnan(given), np.nan, right.astype(np.float64))

    def linearise(self, columns: Columns) -> Linearised:
        """Return the mean over prompts of a reward model's shares, or over a judge's pairs."""
        credit = self.credit(columns)
        count = np.isfinite(credit).sum(axis=1).astype(np.float64)
        if not count.any():
            raise ValueError("no prompt has a pair of a correct and a wrong response")
        total = np.nansum(credit, axis=1)
        if np.isfinite(columns.values["scores"]).any():
            total, count = np.divide(total, count, out=np.zeros_like(total), where=count > 0), np.sign(count)
        value = float(total.sum() / count.sum())
        return Linearised(value, (total - value * count) / count.mean())


class PooledAurocCompat(PooledAuroc):
    """The published pooled area: one prompt whose scores are all equal leaves the whole metric undefined."""

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the prompts whose responses are all scored."""
        return OfScores.valid(self, columns)

    def linearise(self, columns: Columns) -> Linearised:
        """Return the exact metric's value and influences, if every prompt has two different scores."""
        constant = int((~varied(columns)).sum())
        if constant:
            raise ValueError(f"{constant} prompts have equal scores throughout, which the published code divides by")
        return super().linearise(columns)

    def ranked(self, scores: FloatArray, there: NDArray[np.bool_]) -> FloatArray:
        """Return the scaled scores as rounding leaves them."""
        return scaled(scores)[0][there]
