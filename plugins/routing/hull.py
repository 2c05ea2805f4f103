"""Cost and quality on one plane: the path of a router as cost matters less, and the hull of what mixing reaches.

A point is a mean cost (USD a question) and a mean outcome. Between two points lies what choosing at random between both
gives, so that the reachable best is the upper convex hull, made non-decreasing (RouterBench, arXiv 2403.12031).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray

IntArray = NDArray[np.int64]


def upper_hull(cost: FloatArray, quality: FloatArray) -> IntArray:
    """Return the indices of the points on the non-decreasing upper convex hull, by ascending cost.

    In O(k log k): sorted by cost, then Andrew's monotone chain up to the best point. Of equal points the first is kept.

    Args:
        cost: (k,).
        quality: (k,).

    >>> upper_hull(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.2, 0.3, 0.6, 0.5])).tolist()
    [0, 2]
    """
    order = np.lexsort((np.arange(len(cost)), -quality, cost))
    kept: list[int] = []
    for i in order[: int(np.argmax(quality[order])) + 1]:
        if kept and quality[i] <= quality[kept[-1]]:
            continue  # no better, and no cheaper
        while len(kept) > 1 and _below(kept[-2], kept[-1], i, cost, quality):
            kept.pop()
        kept.append(int(i))
    return np.array(kept, dtype=np.int64)


def _below(a: int, b: int, c: int, cost: FloatArray, quality: FloatArray) -> bool:
    """Whether b lies on or below the line from a to c."""
    left = (quality[b] - quality[a]) * (cost[c] - cost[a])
    right = (quality[c] - quality[a]) * (cost[b] - cost[a])
    return bool(left <= right)


def quality_at(cost: float, costs: FloatArray, qualities: FloatArray) -> float:
    """Return the quality of a hull at a cost: NaN below its cheapest point, flat beyond its dearest.

    Args:
        cost: USD a question.
        costs: (k,) of the hull's points, ascending.
        qualities: (k,).
    """
    return float("nan") if cost < costs[0] else float(np.interp(cost, costs, qualities))


def area_under(costs: FloatArray, qualities: FloatArray, until: float) -> tuple[float, FloatArray, FloatArray, float]:
    """Return the area under a hull from its cheapest point to a cost, flat beyond its dearest point, and its slopes.

    Args:
        costs: (k,) of the hull's points, ascending.
        qualities: (k,).
        until: The cost at which the area ends, at least that of the cheapest point.

    Returns:
        The area, and its derivatives by each cost, by each quality, and by ``until``.
    """
    k = int(np.searchsorted(costs, until, side="right"))  # points within
    ends, heights = np.append(costs[:k], until), np.append(qualities[:k], qualities[k - 1])
    widths, means = np.diff(ends), (heights[1:] + heights[:-1]) / 2
    by_cost, by_quality = np.zeros(len(costs)), np.zeros(len(costs))
    by_cost[:k] -= means  # the left end of each piece
    by_cost[1:k] += means[:-1]  # and the right end of the one before
    by_quality[:k] += widths / 2
    by_quality[1:k] += widths[:-1] / 2
    by_quality[k - 1] += widths[-1] / 2
    area, by_until = float(widths @ means), float(means[-1])
    if k < len(costs):  # the hull rises on beyond the end: a triangle above what was taken as flat
        run, width = costs[k] - costs[k - 1], widths[-1]
        slope = (qualities[k] - qualities[k - 1]) / run
        area += slope * width**2 / 2
        by_until += slope * width
        by_cost[k - 1] += -slope * width + slope * width**2 / 2 / run
        by_cost[k] -= slope * width**2 / 2 / run
        by_quality[k - 1] -= width**2 / 2 / run
        by_quality[k] += width**2 / 2 / run
    return area, by_cost, by_quality, by_until


@dataclass(frozen=True, slots=True)
class Path:
    """All that a router chooses as correctness comes to weigh more against cost: from the cheapest model to the best.

    The choices change at single questions. Point 0 is before the first change, point i after the first i of them.
    """

    start: int
    """Index of the cheapest model, which every question gets first."""
    question: IntArray
    """(e,): the question whose choice changes, in the order in which they do."""
    before: IntArray
    """(e,): index of the model that it had."""
    after: IntArray
    """(e,): index of the model that it gets."""
    weight: FloatArray
    """(e,): the cost weight, correctness a USD, below which it does; descending."""

    def reached(self) -> IntArray:
        """Return the points that a cost weight reaches, (k,).

        Questions of which the same is predicted change together: a point between them is of no cost weight, and which
        it would be hangs on the order of the rows.
        """
        last = np.append(self.weight[1:] != self.weight[:-1], True)[: len(self.weight)]
        at_first = [0] if not len(self.weight) or np.isfinite(self.weight[0]) else []
        return np.concatenate((np.array(at_first, dtype=np.int64), np.flatnonzero(last) + 1))

    def sums(self, values: FloatArray) -> FloatArray:
        """Return the mean over questions of the chosen models' values at each point, (e + 1,).

        Args:
            values: (n, m), all known.
        """
        steps = values[self.question, self.after] - values[self.question, self.before]
        n = len(values)
        return np.asarray(np.concatenate(([0.0], np.cumsum(steps))) / n + values[:, self.start].mean())

    def pulled(self, values: FloatArray, slopes: FloatArray) -> FloatArray:
        """Return each question's part, (n,), in ``slopes @ sums(values)``, times n.

        Args:
            values: (n, m), all known.
            slopes: (e + 1,), how much each point counts.
        """
        later = np.cumsum(slopes[::-1])[::-1]  # a change counts at all points after it
        steps = values[self.question, self.after] - values[self.question, self.before]
        parts = np.bincount(self.question, weights=steps * later[1:], minlength=len(values))
        return np.asarray(parts + values[:, self.start] * later[0])


def path(predicted: FloatArray, mean_cost: FloatArray) -> Path:
    """Follow the choices argmax of predicted - weight * mean cost from an infinite weight to none, exactly.

    Each question's choices lie on the upper convex hull of its models' points (mean cost, predicted), so that all
    weights are found at once: O(n m) for the hulls of n questions and m models, and a sort of the changes.

    Args:
        predicted: (n, m), finite.
        mean_cost: (m,), finite.
    """
    n = len(predicted)
    order = np.lexsort((np.arange(len(mean_cost)), mean_cost))
    stack = np.full((n, len(order)), -1, dtype=np.int64)  # models on the hull so far
    size = np.zeros(n, dtype=np.int64)
    rows = np.arange(n)
    for model in order:
        # A model is only reached if it is predicted to be better than all that are cheaper or as cheap.
        top = stack[rows, np.maximum(size - 1, 0)]
        better = (size == 0) | (predicted[:, model] > np.where(size > 0, predicted[rows, top], -np.inf))
        same_cost = (size > 0) & (mean_cost[top] == mean_cost[model])
        size -= better & same_cost
        while True:
            deep = np.flatnonzero(better & (size > 1))
            if not deep.size:
                break
            b, a = stack[deep, size[deep] - 1], stack[deep, size[deep] - 2]
            left = (predicted[deep, b] - predicted[deep, a]) * (mean_cost[model] - mean_cost[a])
            right = (predicted[deep, model] - predicted[deep, a]) * (mean_cost[b] - mean_cost[a])
            under = deep[left <= right]
            if not under.size:
                break
            size[under] -= 1
        pushed = np.flatnonzero(better)
        stack[pushed, size[pushed]] = model
        size[pushed] += 1
    steps = np.arange(len(order))[None, :]
    question, place = np.nonzero((steps >= 1) & (steps < size[:, None]))
    before, after = stack[question, place - 1], stack[question, place]
    gained = predicted[question, after] - predicted[question, before]
    weight = gained / (mean_cost[after] - mean_cost[before])
    sorted_ = np.lexsort((place, question, -weight))
    start = int(order[0])
    # Of several cheapest models a question starts with the one that is predicted best: a change at an infinite weight.
    first = stack[:, 0]
    moved = np.flatnonzero(first != start)
    return Path(
        start,
        np.concatenate((moved, question[sorted_])),
        np.concatenate((np.full(len(moved), start), before[sorted_])),
        np.concatenate((first[moved], after[sorted_])),
        np.concatenate((np.full(len(moved), np.inf), weight[sorted_])),
    )
