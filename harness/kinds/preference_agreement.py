"""Agreement beyond chance: of a judge with the labels, and of a judge with itself when the responses are exchanged."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds.preference import OfVerdicts
from harness.metric import Columns
from harness.stats import Linearised

Codes = NDArray[np.int64]


def kappa(one: Codes, other: Codes) -> Linearised:
    """Compute Cohen's kappa of two codings of the same items, and each item's influence on it.

    Args:
        one: Shape (n,), a category an item.
        other: Shape (n,), the categories of the second coding.

    Raises:
        ValueError: both codings give every item one and the same category, so that chance alone always agrees.
    """
    categories = np.union1d(one, other)
    mine, theirs = one[:, None] == categories, other[:, None] == categories
    mine_share, theirs_share = mine.mean(axis=0), theirs.mean(axis=0)
    agree, chance = (one == other).astype(np.float64), float(mine_share @ theirs_share)
    observed = float(agree.mean())
    if chance == 1:
        raise ValueError("every verdict is the same, so agreement beyond chance is not defined")
    of_chance = (mine - mine_share) @ theirs_share + (theirs - theirs_share) @ mine_share
    value = (observed - chance) / (1 - chance)
    influence = (agree - observed) / (1 - chance) - (1 - observed) / (1 - chance) ** 2 * of_chance
    return Linearised(value, influence)


def winners(columns: Columns, order: str) -> Codes:
    """Return the response of the data that wins in an order: 0 the first, 1 the second, 2 neither."""
    credit, better = columns.values[order], columns.values["better"].astype(np.int64)
    return np.asarray(np.where(credit > 0.5, better, np.where(credit < 0.5, 1 - better, 2)), dtype=np.int64)


class _Kappa(OfVerdicts):
    bounds: ClassVar[tuple[float, float] | None] = (-1.0, 1.0)
    chance: ClassVar[Any] = 0.0
    needs: ClassVar[tuple[str, ...]] = ("as_given", "exchanged", "better")


class LabelKappa(_Kappa):
    """Kappa of the verdicts with the labels, mean of both orders; a tie is a category of its own."""

    description = "agreement of verdicts and labels beyond chance, mean of both orders"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the mean of the kappas of both orders."""
        better = columns.values["better"].astype(np.int64)
        given, exchanged = (kappa(winners(columns, order), better) for order in ("as_given", "exchanged"))
        return Linearised((given.value + exchanged.value) / 2, (given.influence + exchanged.influence) / 2)


class OrderKappa(_Kappa):
    """Kappa of the verdicts in one order with those in the other; a tie is a category of its own."""

    description = "agreement of the verdicts in both orders beyond chance"
    chance = None  # it holds a model against itself: one that scores always agrees, whatever its scores are worth

    def linearise(self, columns: Columns) -> Linearised:
        """Return the kappa of the verdicts in both orders."""
        return kappa(winners(columns, "as_given"), winners(columns, "exchanged"))


class _AsPublished(_Kappa):
    """LLMBar's agreement: its script codes a verdict 1 for the first response, else 0, and the labels 1 and 2.

    The second response is therefore 0 as a verdict and 2 as a label, and never agrees; an unreadable verdict is 0 too.
    """

    needs: ClassVar[tuple[str, ...]] = ("as_given", "exchanged", "better", "answered")

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the rows that were answered, readable or not."""
        return np.asarray(columns.values["answered"] == 1)

    @staticmethod
    def verdicts(columns: Columns, order: str) -> Codes:
        """Return 1 if the first response wins, else 0."""
        return np.asarray(winners(columns, order) == 0, dtype=np.int64)

    def with_labels(self, columns: Columns, order: str) -> Linearised:
        """Return the kappa of verdicts and labels in one order."""
        return kappa(self.verdicts(columns, order), columns.values["better"].astype(np.int64) + 1)


class FirstOrderKappaCompat(_AsPublished):
    """LLMBar's ``kappa_False``: agreement with the labels in the order of the data."""

    description = "as LLMBar publishes it (kappa_False): `label_kappa@compat` in the data's order"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the kappa with the labels, in the order of the data."""
        return self.with_labels(columns, "as_given")


class SecondOrderKappaCompat(_AsPublished):
    """LLMBar's ``kappa_True``: agreement with the labels when the responses are exchanged."""

    description = "as LLMBar publishes it (kappa_True): `label_kappa@compat` in the other order"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the kappa with the labels, the responses exchanged."""
        return self.with_labels(columns, "exchanged")


class LabelKappaCompat(_AsPublished):
    """LLMBar's ``kappa_average``: agreement with the labels, the mean of both orders."""

    description = "as LLMBar publishes it (kappa_average): the second response as a verdict is never its label"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the mean of the published kappas of both orders."""
        given, exchanged = (self.with_labels(columns, order) for order in ("as_given", "exchanged"))
        return Linearised((given.value + exchanged.value) / 2, (given.influence + exchanged.influence) / 2)


class OrderKappaCompat(_AsPublished):
    """LLMBar's ``kappa_agreement``: agreement of the verdicts in both orders."""

    description = "as LLMBar publishes it (kappa_agreement): unreadable and the second response are one"
    chance = None

    def linearise(self, columns: Columns) -> Linearised:
        """Return the published kappa of the verdicts in both orders."""
        return kappa(self.verdicts(columns, "as_given"), self.verdicts(columns, "exchanged"))
