"""Metrics of the match trace: what similarity is worth, whatever the policy, where every prompt is cached and stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from harness import INSIDE, SHARE, Columns, FloatArray, Linearised, Metric, Picture, Range, Series, stats

from .stream import NONE

_HINDSIGHT = "the threshold is chosen on the rows that it is judged on; `harness cache` chooses it on earlier ones"


class OfTrace(Metric):
    """Base class: prompts with the nearest earlier one of their scope; one that has none can be no hit."""

    needs: ClassVar[tuple[str, ...]] = ("similarity", "right")

    @staticmethod
    def matched(columns: Columns) -> NDArray[np.bool_]:
        """Mark the prompts that have an earlier one, (n,)."""
        return np.asarray(columns.values["similarity"] > NONE)


class _OfMatched(OfTrace):
    """Base class: how well similarity tells right from wrong, among prompts that have an earlier one."""

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value among the prompts with an earlier one; the others have no influence.

        Raises:
            ValueError: nearest prompts are all right, or all wrong.
        """
        matched = self.matched(columns)
        if not matched.any():
            raise ValueError("no prompt has an earlier one of its scope")
        part = self.of(columns.values["similarity"][matched], columns.values["right"][matched])
        influence = np.zeros(len(columns))
        influence[matched] = part.influence * (len(columns) / matched.sum())
        return Linearised(part.value, influence)

    def of(self, similarity: FloatArray, right: FloatArray) -> Linearised:
        """Return the value of scores for labels."""
        raise NotImplementedError

    def trials(self, columns: Columns) -> int | None:
        """Count the rarer class."""
        right = columns.values["right"][self.matched(columns)]
        return int(min(right.sum(), len(right) - right.sum()))


class MatchAuroc(_OfMatched):
    """Area under the ROC curve of the nearest similarity for being right."""

    description = "probability that a nearest prompt that would serve is more similar than one that would not"
    chance: ClassVar[float] = 0.5

    def of(self, similarity: FloatArray, right: FloatArray) -> Linearised:
        """Return the area."""
        return stats.auroc(similarity, right)


class MatchAveragePrecision(_OfMatched):
    """Average precision of the nearest similarity for being right."""

    description = "mean precision over the hits that would be right, from the most similar on"

    def of(self, similarity: FloatArray, right: FloatArray) -> Linearised:
        """Return the average precision."""
        return stats.average_precision(similarity, right)

    def chance(self, columns: Columns) -> float | None:
        """Return what similarities have that have nothing to do with being right."""
        matched = self.matched(columns)
        right = columns.values["right"][matched]
        if not right.any():
            return None
        return stats.average_precision_by_chance(stats.levels(columns.values["similarity"][matched], right))


class PrecisionHitArea(OfTrace):
    """Area under precision over the hit ratio, from no hit to all hits (P-CHR AUC; arXiv 2606.19719).

    A perfect similarity reaches p (1 - ln p), of which p is the share of prompts whose nearest earlier one is right.

    Args:
        points: Hit ratios in equal steps from 0 to 1 at which precision is taken; 0: at every number of hits.
    """

    description = "mean precision of hits over all hit ratios (P-CHR AUC)"

    def __init__(self, points: Annotated[int, Range(least=0, most=1e6)] = 101) -> None:
        self.points = points

    def linearise(self, columns: Columns) -> Linearised:
        """Return the area, with each prompt's influence on it."""
        similarity, right = columns.values["similarity"], columns.values["right"]
        n = len(columns)
        rank, precision = precision_by_hits(similarity, right)
        if self.points:
            places = np.ceil(np.linspace(0, 1, self.points) * n).astype(int).clip(1, n) - 1
            value = float(np.trapezoid(precision[places], dx=1 / max(1, self.points - 1)))
        else:
            value = float(precision.mean())
        # The area is the mean of right x -log(share of prompts as similar or more): a prompt counts by its own rank,
        # and by what it takes from all that rank behind it.
        share = rank / n
        order = np.argsort(rank, kind="stable")
        behind = np.empty(n)
        behind[order] = np.cumsum((right / share)[order][::-1])[::-1] / n
        influence = right * -np.log(share) - behind
        return Linearised(value, influence - influence.mean())

    def chance(self, columns: Columns) -> float:
        """Return the area of hits by lot, of which none goes to prompts that have no earlier one."""
        matched = float(self.matched(columns).mean())
        return float(columns.values["right"].mean() * (1 - np.log(matched))) if matched else 0.0

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return what a perfect similarity would reach."""
        p = float(columns.values["right"].mean())
        return {"perfect": p * (1 - np.log(p)) if p > 0 else 0.0, "right": p}

    def pictures(self, columns: Columns) -> Sequence[Picture]:
        """Draw error against hit rate, of thresholds and of the policies."""
        from .stream_pictures import error_against_hits

        return [error_against_hits(columns)]


class PrecisionAtHitRatio(OfTrace):
    """Precision of hits at the threshold that hits a share of the prompts.

    Args:
        ratio: The share.
    """

    description = "share of hits that are right, at the threshold that hits a given share of the prompts"

    def __init__(self, ratio: Annotated[float, SHARE] = 0.3) -> None:
        self.ratio = ratio

    def linearise(self, columns: Columns) -> Linearised:
        """Return the precision, with each prompt's influence on it.

        Raises:
            ValueError: fewer prompts have an earlier one.
        """
        right, n = columns.values["right"], len(columns)
        wanted = max(1, int(np.ceil(self.ratio * n)))
        if wanted > self.matched(columns).sum():
            raise ValueError(f"only {int(self.matched(columns).sum())} of {n} prompts have an earlier one to be near")
        rank, precision = precision_by_hits(columns.values["similarity"], right)
        value = float(precision[wanted - 1])
        hit = rank <= wanted
        # The threshold moves with the data, so that prompts at it come in or go out.
        there = right_at(columns.values["similarity"], right, wanted)
        influence = (hit * (right - value) - (hit - hit.mean()) * (there - value)) / (wanted / n)
        return Linearised(value, influence - influence.mean())

    def chance(self, columns: Columns) -> float:
        """Return the precision of hits by lot."""
        return float(columns.values["right"][self.matched(columns)].mean())


class HitRateAtError(OfTrace):
    """Largest hit rate of a threshold whose error stays within a budget, in hindsight.

    Args:
        budget: The error allowed.
        per: Wrong hits per ``request``, or per ``hit``.
    """

    description = "largest hit rate of a threshold, chosen in hindsight, whose error stays within a budget"

    def __init__(self, budget: Annotated[float, INSIDE] = 0.02, per: Literal["request", "hit"] = "request") -> None:
        self.budget, self.per = budget, per

    def linearise(self, columns: Columns) -> Linearised:
        """Return the hit rate, with each prompt's influence through the threshold."""
        similarity, right, n = columns.values["similarity"], columns.values["right"], len(columns)
        hits = hits_within(similarity, right, self.budget, per=self.per)
        if not hits:
            return Linearised(0.0, np.zeros(n))
        ordered = np.sort(similarity)[::-1]
        hit = (similarity >= ordered[hits - 1]) & self.matched(columns)
        value = float(hit.mean())
        wrong_there = max(1 - right_at(similarity, right, hits), 1 / n)
        wrong = hit * (1 - right)
        if hits >= self.matched(columns).sum():  # everything is a hit, and the budget does not bind
            return Linearised(value, hit - value)
        if self.per == "request":
            influence = (hit - value) - (wrong - wrong.mean()) / wrong_there
        else:
            excess = wrong - self.budget * hit
            influence = (hit - value) - (excess - excess.mean()) / max(wrong_there - self.budget, 1 / n)
        return Linearised(value, influence - influence.mean())

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return the threshold, and say where it comes from."""
        similarity, right = columns.values["similarity"], columns.values["right"]
        hits = hits_within(similarity, right, self.budget, per=self.per)
        found = float(np.sort(similarity)[::-1][hits - 1]) if hits else None
        return {"threshold": found, "insertion": "all", "note": f"every prompt cached (insertion=all); {_HINDSIGHT}"}


def precision_by_hits(similarity: FloatArray, right: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return each prompt's rank by similarity, from 1, (n,), and the precision of each number of hits, (n,).

    Prompts of equal similarity share the last of their ranks, since no threshold parts them, and the precision between
    them is that of a random order.
    """
    n = len(similarity)
    order = np.argsort(-similarity, kind="stable")
    _, inverse, counts = np.unique(-similarity, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    rank = last[inverse].astype(np.float64)
    mean_right = np.bincount(inverse, weights=right) / counts
    precision = np.cumsum(mean_right[inverse[order]]) / np.arange(1, n + 1)
    return rank, np.asarray(precision)


def hits_within(similarity: FloatArray, right: FloatArray, budget: float, *, per: str = "request") -> int:
    """Return the largest number of hits of a threshold with an error within a budget; 0 for none.

    Args:
        similarity: (n,); `NONE` where there is nothing to hit.
        right: (n,), whether a hit is right.
        budget: Wrong hits per request, or per hit.
        per: ``request`` or ``hit``.
    """
    order = np.argsort(-similarity, kind="stable")
    ordered = similarity[order]
    wrong = np.cumsum(1 - right[order])
    hits = np.arange(1, len(ordered) + 1)
    ends = np.append(ordered[1:] != ordered[:-1], True)  # no threshold parts equal similarities
    within = wrong / (len(ordered) if per == "request" else hits) <= budget + 1e-12
    able = np.flatnonzero(ends & within & (ordered > NONE))
    return int(hits[able[-1]]) if len(able) else 0


def right_at(similarity: FloatArray, right: FloatArray, hits: int) -> float:
    """Return how often prompts are right whose similarity is about that of the last of so many hits."""
    window = max(25, len(right) // 50)
    ordered = right[np.argsort(-similarity, kind="stable")]
    return float(ordered[max(0, hits - window) : hits + window].mean())


def frontier(similarity: FloatArray, right: FloatArray, points: int = 200) -> Series:
    """Draw the hit rate and error of every threshold, where all prompts are cached."""
    order = np.argsort(-similarity, kind="stable")
    n = len(order)
    hits = np.arange(1, n + 1)[similarity[order] > NONE] / n
    errors = np.cumsum(1 - right[order])[: len(hits)] / n
    kept = np.unique(np.linspace(0, max(0, len(hits) - 1), points if len(hits) else 0).astype(int))
    return Series(hits[kept].tolist(), errors[kept].tolist(), name="thresholds, all prompts cached")
