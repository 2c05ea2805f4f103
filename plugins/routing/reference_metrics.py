"""What one reaches without reading the question, and what could be reached at best: the references beside a router.

A reference (a constant, the look-up of the category, the oracle) is a metric of the data alone: the same for every
router of a task. Each is there as a model, too, so that it stands on the leaderboard.

Those named ``..._on_test`` choose on the evaluated questions themselves, with their answers at hand, and so are biased
upward: the greatest of several means is greater on average than the true mean of the best model, the more so the fewer
the questions, the more the models, and the more alike these are. Their intervals are those of the chosen model's mean,
and do not reach down for that.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Columns, FloatArray, Linearised, Metric, Range

from .choices import EPSILON, any_known, best_of_each, dealt_anew, known_means
from .decisions import mean_of, outcome_of


class Reference(Metric):
    """Base class of figures of the data alone; a subclass gives `figures`, one a question."""

    needs: ClassVar[tuple[str, ...]] = ("outcome",)

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the questions with a figure."""
        return np.isfinite(self.figures(columns))

    def nothing_valid(self, columns: Columns) -> str:
        """Say why no question has a figure."""
        return "no outcome is known of what the reference chooses; a choice on train needs a train split"

    def figures(self, columns: Columns) -> FloatArray:
        """Return one figure a question, (n,); NaN where none is known."""
        raise NotImplementedError

    def linearise(self, columns: Columns) -> Linearised:
        """Return the mean of the figures."""
        return mean_of(self.figures(columns))


class UniformRouter(Reference):
    """What a model chosen uniformly at random gives: the mean known outcome of each question."""

    description = "mean outcome of a model chosen uniformly at random"

    def figures(self, columns: Columns) -> FloatArray:
        """Return the mean known outcome of each question."""
        return dealt_anew(columns)


class BestConstant(Reference):
    """What always asking the model that was best on the train split gives."""

    description = "mean outcome of the single model that was best on the train split"
    needs: ClassVar[tuple[str, ...]] = ("outcome", "train_best")

    def figures(self, columns: Columns) -> FloatArray:
        """Return the outcomes of that model."""
        return outcome_of(columns, "train_best")


class BestOfCategory(Reference):
    """What asking the model that was best on the train split in the question's category gives."""

    description = "mean outcome of the model that was best in the question's category on the train split"
    needs: ClassVar[tuple[str, ...]] = ("outcome", "train_best_of_category")

    def figures(self, columns: Columns) -> FloatArray:
        """Return the outcomes of those models."""
        return outcome_of(columns, "train_best_of_category")


class BestConstantOnTest(Reference):
    """What always asking the model that is best on the evaluated questions gives: chosen with answers at hand.

    Biased upward; `BestConstant` is not.
    """

    description = "mean outcome of the single model that is best on the evaluated questions: biased upward"

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the questions of which the best model's outcome is known."""
        return any_known(columns)

    def figures(self, columns: Columns) -> FloatArray:
        """Return the outcomes of that model."""
        outcome = columns.values["outcome"]
        return np.asarray(outcome[:, int(np.nanargmax(known_means(outcome)))])

    def linearise(self, columns: Columns) -> Linearised:
        """Return the mean over the questions of which that model's outcome is known."""
        return _mean_of_known(self.figures(columns))


class BestOfCategoryOnTest(Reference):
    """What asking the model that is best in each category of the evaluated questions gives ("dataset oracle").

    Biased upward, more so than the best single model, since fewer questions choose; `BestOfCategory` is not.
    """

    description = "mean outcome of the model that is best in each category of the evaluated questions: biased upward"
    needs: ClassVar[tuple[str, ...]] = ("outcome", "category")

    def figures(self, columns: Columns) -> FloatArray:
        """Return the outcomes of those models; questions without a category are one of their own."""
        outcome, category = columns.values["outcome"], np.nan_to_num(columns.values["category"], nan=-1.0)
        figures = np.full(len(outcome), np.nan)
        for code in np.unique(category):
            rows = category == code
            means = known_means(outcome[rows])
            if np.isfinite(means).any():
                figures[rows] = outcome[rows, int(np.nanargmax(means))]
        return figures

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the questions of which an outcome is known."""
        return any_known(columns)

    def linearise(self, columns: Columns) -> Linearised:
        """Return the mean over the questions of which their category's best model's outcome is known."""
        return _mean_of_known(self.figures(columns))


class Oracle(Reference):
    """What the best model of each question gives: the most that any router can reach."""

    description = "mean outcome of the best model of each question: the most that a router can reach"

    def figures(self, columns: Columns) -> FloatArray:
        """Return the best known outcome of each question."""
        return best_of_each(columns)


class GuessCorrectedOracle(Metric):
    """The oracle, of which what guessing gives is taken away.

    Of many models one is right on nearly every question of four choices by luck alone. Here a model that is right has
    known the answer with probability k / a, where a is its mean outcome in the question's category and k = (a - g) /
    (1 - g) what is left of it without guesses that hit with probability g; and the figure of a question is the
    probability that at least one model has known: 1 - product over the models that are right of (1 - k / a), as if
    they guessed independently. The influences take a as known. With g = 0 it is the oracle of outcomes at one half.

    Args:
        guess: How often a guess is right, in [0, 1): 0.25 for four choices.
    """

    description = "share of questions that at least one model has known rather than guessed"
    needs: ClassVar[tuple[str, ...]] = ("outcome", "category")

    def __init__(self, guess: Annotated[float, Range(least=0, below=1)] = 0.25) -> None:
        self.guess = guess

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the questions of which an outcome is known."""
        return any_known(columns)

    def linearise(self, columns: Columns) -> Linearised:
        """Return the mean probability that somebody has known."""
        outcome, category = columns.values["outcome"], np.nan_to_num(columns.values["category"], nan=-1.0)
        figures = np.zeros(len(outcome))
        for code in np.unique(category):
            rows = category == code
            right = np.where(np.isfinite(outcome[rows]), outcome[rows] >= 0.5, np.nan)
            accuracy = known_means(right)
            knows = np.maximum((accuracy - self.guess) / (1 - self.guess), 0.0)
            guessed = np.where(accuracy > 0, 1 - knows / np.maximum(accuracy, EPSILON), 1.0)
            figures[rows] = 1 - np.where(right == 1, guessed, 1.0).prod(axis=1)
        return mean_of(figures)


def _mean_of_known(figures: FloatArray) -> Linearised:
    known = np.isfinite(figures)
    value = float(figures[known].mean())
    return Linearised(value, np.where(known, figures - value, 0.0) / known.mean())
