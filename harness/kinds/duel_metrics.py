"""Metrics of duels with a baseline: win rates, and how far the verdicts go by the order and can be read."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.metric import Columns, FloatArray, MeanMetric, Metric
from harness.stats import Linearised


class OfDuels(Metric):
    """Base of metrics of duels; a game with an unreadable verdict has not failed.

    Where both orders are asked, an item with one of its two verdicts counts nothing: the other would bring its order's
    advantage with it.
    """

    needs: ClassVar[tuple[str, ...]] = ("candidate_better",)

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the rows with a verdict in every order that was asked, (n,)."""
        mask = _read_in_all(columns)
        for name in self.needs:
            if name != "candidate_better":
                values = columns.values[name]
                mask &= np.isfinite(values) if values.ndim == 1 else np.isfinite(values).any(axis=1)
        return mask

    def nothing_valid(self, columns: Columns) -> str:
        """Say that no verdict could be read, if requests were answered all the same."""
        answered = columns.values.get("duel_answered")
        if answered is not None and (answered == 1).any():
            return "no verdict could be read" + (" in both orders" if both_orders(columns) else "")
        return super().nothing_valid(columns)


def both_orders(columns: Columns) -> bool:
    """Return whether every item is judged in both orders, as its task says; else as the columns do."""
    order = columns.facts.get("order")
    if order is not None:
        return bool(order == "both")
    return bool(np.isfinite(columns.whole.values["candidate_better"]).all(axis=1).any())


def _read_in_all(columns: Columns) -> NDArray[np.bool_]:
    read = np.isfinite(columns.values["candidate_better"])
    return np.asarray(read.all(axis=1) if both_orders(columns) else read.any(axis=1))


class WinRate(OfDuels, MeanMetric):
    """Mean probability that the answer is better than the baseline's, of the games of an item and then of items."""

    description = "mean probability that the answer is better than the baseline's; a tie counts half"

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the mean of an item's games."""
        return np.asarray(np.nanmean(columns.values["candidate_better"], axis=1))

    def constant(self, columns: Columns) -> str:
        """Say so if every game is a tie."""
        games = columns.values["candidate_better"]
        all_tied = len(columns) > 1 and bool((np.isnan(games) | (games == 0.5)).all())
        return f"all {len(columns):,} duels are ties" if all_tied else ""


class DiscreteWinRate(WinRate):
    """Share of games that the answer wins, whatever the judge's certainty, a tie half."""

    description = "share of games won, however certain the judge; a tie counts half"

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the mean credit of an item's games."""
        return np.asarray(np.nanmean(0.5 + 0.5 * np.sign(columns.values["candidate_better"] - 0.5), axis=1))


class TieRate(OfDuels, MeanMetric):
    """Share of games that are ties."""

    description = "share of games that are ties"
    higher_is_better = False

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the share of ties among an item's games."""
        games = columns.values["candidate_better"]
        return np.asarray((games == 0.5).sum(axis=1) / np.isfinite(games).sum(axis=1))


class PositionGap(OfDuels):
    """Win rate of the answer when it is shown first, less that when it is shown second; 0 is unbiased.

    Where an item is judged in one order alone, as with a seeded draw, the two are means over different items.
    """

    description = "win rate when shown first less that when shown second; 0 is unbiased"
    higher_is_better = False
    bounds: ClassVar[tuple[float, float]] = (-1.0, 1.0)

    def linearise(self, columns: Columns) -> Linearised:
        """Return the difference of the means of both orders."""
        games = columns.values["candidate_better"]
        read, n = np.isfinite(games), len(columns)
        counts = read.sum(axis=0)
        if (counts == 0).any():
            raise ValueError("answers were shown in one order only; both are needed")
        means = np.nansum(games, axis=0) / counts
        parts = np.where(read, games - means, 0.0) * (n / counts)
        return Linearised(float(means[1] - means[0]), np.asarray(parts[:, 1] - parts[:, 0]))

    def classes(self, columns: Columns) -> NDArray[np.int64] | None:
        """Return which order an item was judged in, where that is one."""
        if both_orders(columns):
            return None
        return np.isfinite(columns.values["candidate_better"][:, 1]).astype(np.int64)

    def detail(self, columns: Columns) -> dict[str, object]:
        """Return the win rate in either order."""
        games = columns.values["candidate_better"]
        read = np.isfinite(games)
        return {
            name: float(games[read[:, game], game].mean())
            for game, name in ((1, "shown first"), (0, "shown second"))
            if read[:, game].any()
        }


class _OfAsked(MeanMetric):
    needs: ClassVar[tuple[str, ...]] = ("duel_answered", "candidate_better")

    def _counted(self, columns: Columns) -> Any:
        raise NotImplementedError

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the rows with a game that counts, (n,)."""
        return np.asarray(self._counted(columns).any(axis=1))


class Coverage(_OfAsked):
    """Share of the games asked that have a readable verdict; a failed answer or verdict is none."""

    description = "share of the games with a readable verdict; what failed has none"

    def _counted(self, columns: Columns) -> Any:
        return np.isfinite(columns.values["duel_answered"])

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the share of an item's games that have a verdict."""
        read = np.isfinite(columns.values["candidate_better"]).sum(axis=1)
        return np.asarray(read / self._counted(columns).sum(axis=1))


class UnreadRate(_OfAsked):
    """Share of the judge's verdicts that could not be read."""

    description = "share of the judge's verdicts that could not be read"
    higher_is_better = False

    def _counted(self, columns: Columns) -> Any:
        return columns.values["duel_answered"] == 1

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the share of an item's verdicts that are unreadable."""
        counted = self._counted(columns)
        unread = np.isnan(columns.values["candidate_better"]) & counted
        return np.asarray(unread.sum(axis=1) / counted.sum(axis=1))
