"""The Metric interface: a pure function from columns to an estimate.

A metric that is the mean of one figure an item is three lines. The harness computes the standard error, the interval
and the paired difference between two models from the figures:

>>> import numpy as np
>>> @mean_metric(needs=("scores", "correct"), description="how often the first response is correct", bounds=(0, 1))
... def first_is_correct(columns):
...     return columns.values["correct"][:, 0]
>>> columns = Columns({"scores": np.array([[1.0, 2.0], [3.0, 0.5]]), "correct": np.array([[1.0, 0.0], [0.0, 1.0]])})
>>> estimate = first_is_correct().compute(columns)
>>> estimate.value, estimate.n, estimate.n_failed
(0.5, 2, 0)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.pictures import Matrix, Picture
from harness.stats import Estimate, Linearised, estimate_from_influence, not_available, win_rates

FloatArray = NDArray[np.float64]
T = TypeVar("T")

_BLOCK = 1 << 14
"""Rows at a time of a mean."""
_WIN_RATE = "share of items on which the row's figure is better than the column's, a tie counting half"


@dataclass(frozen=True, slots=True)
class Columns:
    """The figures that a task made of a model's responses: one row an item.

    >>> columns = Columns({"right": np.array([1.0, 0.0, np.nan])})
    >>> len(columns), len(columns.take(slice(2)))
    (3, 2)
    >>> columns.only(np.array([True, False, True])).values["right"]
    array([ 1., nan])
    """

    values: Mapping[str, FloatArray]
    """Arrays of shape (n,), or (n, k) padded with NaN; NaN where the request failed."""
    clusters: NDArray[np.int64] | None = None
    """(n,) codes; rows of one code are not independent (they share a prompt). None: every row its own."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the task says about the columns, such as the names of styles."""
    _whole: Columns | None = field(default=None, repr=False, compare=False)
    _made: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    ordered: bool = False
    """The rows are a sequence, whose blocks are the clusters: rows that follow each other are not independent."""

    @property
    def whole(self) -> Columns:
        """All rows of the task that these rows belong to, for metrics that hold a domain against everything."""
        return self if self._whole is None else self._whole

    def missing(self, *names: str) -> NDArray[np.bool_]:
        """Mark the rows, (n,), that have nothing in one of these columns: NaN, or an array of NaN alone.

        >>> Columns({"vector": np.array([[0.6, 0.8], [np.nan, np.nan]])}).missing("vector")
        array([False,  True])
        """
        mask = np.zeros(len(self), dtype=bool)
        for name in names or self.values:
            absent = np.isnan(self.values[name])
            mask |= absent if absent.ndim == 1 else absent.all(axis=1)
        return mask

    def only(self, mask: NDArray[np.bool_]) -> Columns:
        """Return the rows of a mask, (n,), made once: metrics that keep the same rows share what is made of them."""
        if mask.all():
            return self
        return self.once(f"rows {np.packbits(mask).tobytes().hex()}", lambda own: own.take(mask))

    def once(self, name: str, make: Callable[[Columns], T]) -> T:
        """Return what ``make`` makes of these rows, made once however many metrics ask for it under that name."""
        if name not in self._made:
            self._made[name] = make(self)
        made: T = self._made[name]
        return made

    def __len__(self) -> int:
        return len(next(iter(self.values.values()))) if self.values else 0

    def take(self, rows: NDArray[Any] | slice) -> Columns:
        """Return the given rows, by mask, index or slice."""
        clusters = None if self.clusters is None else self.clusters[rows]
        values = {name: column[rows] for name, column in self.values.items()}
        return Columns(values, clusters, self.facts, self.whole, ordered=self.ordered)


class Metric:
    """Base class of metrics: a value, and the influence of each item on it.

    Nearly every metric can be written so: a mean, an area under a curve, an average precision. From the influence
    follow, without resampling, the standard error (clustered where rows share a prompt), the interval, and the paired
    difference between two models. A subclass gives `linearise`; a plain mean over items is easier written as a
    `MeanMetric`. A metric that has no influence overrides `compute`; two models cannot be compared by it.

    >>> class RatioOfMeans(Metric):
    ...     description = "mean length of the responses over the mean length of the prompts"
    ...     needs = ("response", "prompt")
    ...     bounds = None
    ...
    ...     def linearise(self, columns):
    ...         response, prompt = columns.values["response"], columns.values["prompt"]
    ...         ratio = float(response.mean() / prompt.mean())
    ...         return Linearised(ratio, (response - ratio * prompt) / prompt.mean())
    >>> columns = Columns({"response": np.array([3.0, 6.0, np.nan]), "prompt": np.array([1.0, 2.0, 5.0])})
    >>> estimate = RatioOfMeans().compute(columns)
    >>> estimate.value, estimate.n, estimate.n_failed
    (3.0, 2, 1)
    """

    name: str = ""
    """As registered; set by the registry."""
    description: ClassVar[str] = ""
    """One line for lists, as a plain string: lists read it from the source, so that they need not import the class."""
    unit: ClassVar[str] = "fraction"
    higher_is_better: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ()
    """Names of the columns it reads."""
    bounds: ClassVar[tuple[float, float] | None] = (0.0, 1.0)
    """Values the metric cannot leave; None if it can take any."""
    chance: ClassVar[Any] = None
    """The value to expect of answers that have nothing to do with what is asked (see docs/metrics.md, Chance).

    A number; or a method ``chance(self, columns)`` on rows that are all valid, which returns a number, or None where
    there is no such value, as on labels of one class. None: the metric has no chance level.
    """

    compared_with: ClassVar[str] = ""
    """What a value of 0 equals, in words ("the best constant"), where models are held against it; empty: nothing.

    A model is shown to beat it where its interval lies on the better side of 0. Leaderboards say that first, and call
    nobody best by the metric where nobody does.
    """

    def reference_in_words(self) -> str:
        """Return what models are held against: `compared_with`, unless the metric's own arguments are part of it."""
        return self.compared_with

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the rows without a failed request, (n,)."""
        mask = np.ones(len(columns), dtype=bool)
        for name in self.needs:
            finite = np.isfinite(columns.values[name])
            mask &= finite if finite.ndim == 1 else finite.all(axis=1)
        return mask

    def nothing_valid(self, columns: Columns) -> str:
        """Say why no row is valid, for the reader of a result without a value."""
        return "every request failed"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value and each row's centred influence on it, (n,), on rows that are all valid.

        Raises:
            ValueError: the value is not defined on these rows (all of one class, say); the text says why.
        """
        raise NotImplementedError

    def trials(self, columns: Columns) -> int | None:
        """Count the independent trials behind a value that lies on its bound; None: as many as there are rows."""
        return None

    def classes(self, columns: Columns) -> NDArray[np.int64] | None:
        """Return codes of classes, (n,), in each of which the influences have mean zero, on rows that are all valid.

        Positives and negatives are such classes; -1 marks rows on which the value does not rest.
        Standard errors of few or unequal clusters are then those of the classes. None: all rows are of one class.
        """
        return None

    def interval(self, columns: Columns, estimate: Estimate, confidence: float) -> tuple[float, float]:
        """Return the ends of the interval, on rows that are all valid: by default those from the influences.

        Args:
            columns: The valid rows.
            estimate: The value with the interval from its influences.
            confidence: Coverage of the interval, in (0, 1).
        """
        return estimate.low, estimate.high

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return further figures beside the value, such as a curve, on rows that are all valid.

        A ``note`` among them is a sentence that a reader of the value must know; it is shown wherever the value is.
        """
        return {}

    def note(self, columns: Columns, confidence: float) -> str:
        """Return a sentence that a reader of the interval at this level must know; a note of `detail` comes first."""
        return ""

    def unresolvable(self, columns: Columns) -> str:
        """Say why the rows, all valid, are too few for the value to mean anything; empty where they are enough.

        The sentence is a note of the value, and a comparison of two models by it has no p-value.
        """
        return ""

    def constant(self, columns: Columns) -> str:
        """Say so if the model gave every row, all valid, the same score; empty otherwise.

        The sentence is a note of the value: of scores that tell nothing apart some metrics are perfect.
        """
        return ""

    def scores_of_classes(self, columns: Columns) -> tuple[FloatArray, FloatArray] | None:
        """Return the scores and the labels, (n,) each, of a value that rests on how scores tell two classes apart.

        Labels are 1 for the positive class and 0 for the other; scores are NaN where the request failed. Pages that
        hold two models against each other then show where each ranks an item among the negatives, which a reader can
        use, rather than the item's influence. None: the value does not rest on that.
        """
        return None

    def item_figures(self, columns: Columns) -> FloatArray | None:
        """Return one figure a row, (n,), NaN where the request failed, for figures of the field; None: there is none.

        Aggregates of the field, such as Bradley-Terry strengths, hold models against each other item by item. A metric
        whose value is the mean of such figures, but that is no `MeanMetric`, gives them here.
        """
        return None

    def pictures(self, columns: Columns) -> Sequence[Picture | Matrix]:
        """Draw pictures of a cell, on rows that are all valid, from columns on file, without asking a model."""
        return ()

    def pictures_of_models(self, models: Mapping[str, Columns]) -> Sequence[Matrix]:
        """Draw several models together, from their columns by name, of which the n-th rows are the same item.

        Where rows and columns of a matrix are those names, a reader chooses which are shown.
        """
        return ()

    def on(self, columns: Columns) -> tuple[Linearised, str]:
        """Return the value on the valid rows, with influence NaN on the others; and why the value is NaN, if so."""
        mask = self.valid(columns)
        if not mask.any():
            nothing = Linearised(float("nan"), np.full(len(columns), np.nan))
            return nothing, self.nothing_valid(columns) if len(mask) else "no rows"
        kept = columns.only(mask)
        try:
            part = self.linearise(kept)
        except ValueError as error:
            return Linearised(float("nan"), np.where(mask, 0.0, np.nan)), str(error)
        if kept is columns:
            return part, ""
        influence = np.full(len(columns), np.nan)
        influence[mask] = part.influence
        return Linearised(part.value, influence), ""

    def compute(self, columns: Columns, *, confidence: float = 0.95, seed: int = 0) -> Estimate:
        """Return the value with its standard error and interval.

        Args:
            columns: All rows, failed ones too.
            confidence: Coverage of the interval, in (0, 1).
            seed: Of the draws, for metrics that resample.
        """
        result, reason = self.on(columns)
        if reason:
            failed = int(np.isnan(result.influence).sum())
            nothing = not_available(n=len(columns) - failed, n_failed=failed, confidence=confidence)
            return dataclasses.replace(nothing, detail={"reason": reason})
        mask = self.valid(columns)
        valid = columns.only(mask)
        classes = self.classes(valid)
        estimate = estimate_from_influence(
            result.value,
            result.influence,
            clusters=columns.clusters,
            bounds=self.bounds,
            trials=self.trials(valid),
            classes=None if classes is None else _of_all(classes, mask),
            confidence=confidence,
        )
        low, high = self.interval(valid, estimate, confidence)
        detail = {**estimate.detail, **self.detail(valid)}
        if note := self.unresolvable(valid) or self.note(valid, confidence):
            detail.setdefault("note", note)
        return self.remarked(dataclasses.replace(estimate, low=low, high=high, detail=detail), valid)

    def remarked(self, estimate: Estimate, columns: Columns) -> Estimate:
        """Return an estimate with the remark of `constant`, if there is one; for metrics with a `compute` of their own.

        Args:
            estimate: The estimate; one without a value says why, and needs no remark.
            columns: The rows, all valid.
        """
        constant = "" if "reason" in estimate.detail else self.constant(columns)
        if not constant:
            return estimate
        note = "; ".join(filter(None, [str(estimate.detail.get("note", "")), constant]))
        return dataclasses.replace(estimate, detail={**estimate.detail, "constant": constant, "note": note})


def _of_all(codes: NDArray[np.int64], mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Spread codes of the valid rows over all rows; -1 stands for a row that is not valid."""
    everyone = np.full(len(mask), -1, dtype=np.int64)
    everyone[mask] = codes
    return everyone


class MeanMetric(Metric):
    """A metric that is the mean of one figure an item.

    >>> class Squared(MeanMetric):
    ...     description = "mean squared distance of the score from 1"
    ...     needs = ("score",)
    ...     higher_is_better = False
    ...     bounds = None
    ...
    ...     def per_item(self, columns):
    ...         return (columns.values["score"] - 1) ** 2
    >>> Squared().compute(Columns({"score": np.array([0.0, 2.0, 3.0])})).value
    2.0
    """

    def per_item(self, columns: Columns) -> FloatArray:
        """Return one figure a row, (n,), on rows that are all valid.

        It is called with some of the rows at a time, so a figure may depend on its own row only.
        """
        raise NotImplementedError

    @property
    def is_plain(self) -> bool:
        """Whether the value is the plain mean of the figures; False where a subclass weighs them."""
        return type(self).linearise is MeanMetric.linearise

    def figures(self, columns: Columns) -> FloatArray:
        """Return one figure a row, (n,); NaN where the request failed."""
        mask = self.valid(columns)
        figures = np.full(len(columns), np.nan)
        if mask.any():
            figures[mask] = self._by_blocks(columns.only(mask))
        return figures

    def item_figures(self, columns: Columns) -> FloatArray | None:
        """Return the figures of which the value is the mean."""
        return self.figures(columns)

    def linearise(self, columns: Columns) -> Linearised:
        """Return the mean, and each row's distance from it."""
        values = self._by_blocks(columns)
        mean = float(values.mean())
        return Linearised(mean, values - mean)

    def pictures_of_models(self, models: Mapping[str, Columns]) -> Sequence[Matrix]:
        """Draw on what share of the items each model has the better figure than each other model."""
        if len(models) < 2 or not self.is_plain:
            return ()
        figures = [self.figures(columns) for columns in models.values()]
        clusters = next(iter(models.values())).clusters
        rates = win_rates(figures, higher_is_better=self.higher_is_better, clusters=clusters)
        names = list(models)
        low, high = rates.low.tolist(), rates.high.tolist()
        games = rates.games.tolist()
        return [Matrix("Win rates", _WIN_RATE, names, names, rates.rate.tolist(), low, high, counts=games)]

    def _by_blocks(self, columns: Columns) -> FloatArray:
        # Block by block, so that figures which compare every response with every other need no memory of that size.
        starts = range(0, len(columns), _BLOCK)
        parts = [columns] if len(starts) == 1 else [columns.take(slice(start, start + _BLOCK)) for start in starts]
        blocks = [self.per_item(part) for part in parts]
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def mean_metric(
    *,
    needs: Sequence[str],
    description: str,
    unit: str = "fraction",
    higher_is_better: bool = True,
    bounds: tuple[float, float] | None = (0.0, 1.0),
    chance: float | Callable[[Columns], float | None] | None = None,
) -> Callable[[Callable[[Columns], Any]], type[MeanMetric]]:
    """Make a `MeanMetric` of a function from columns to one figure an item; a metric with arguments is a class.

    The class has the function's name, and is registered as any other: ``register(name, "module:function")``.

    >>> @mean_metric(needs=["words"], description="mean number of words", unit="words", bounds=None)
    ... def length(columns):
    ...     return columns.values["words"]
    >>> length().compute(Columns({"words": np.array([1.0, 3.0])})).value
    2.0

    Args:
        needs: Names of the columns that the function reads; a row with NaN in one of them is failed.
        description: One line for lists.
        unit: Of the figures; fractions are shown as percentages.
        higher_is_better: Whether a model with a higher value is the better one.
        bounds: Values that the mean cannot leave; None if it can take any.
        chance: The value to expect of answers that have nothing to do with what is asked, or a function from columns
            to it; None if there is none.
    """

    def make(function: Callable[[Columns], Any]) -> type[MeanMetric]:
        class FunctionMetric(MeanMetric):
            def per_item(self, columns: Columns) -> FloatArray:
                figures = np.asarray(function(columns), dtype=np.float64)
                # One number for all rows would pass for a mean, with an influence of no length.
                if figures.shape != (len(columns),):
                    raise TypeError(
                        f"{function.__name__}() gives figures of shape {figures.shape}; expected one a row, "
                        f"({len(columns)},)"
                    )
                return figures

        FunctionMetric.__name__, FunctionMetric.__qualname__ = function.__name__, function.__qualname__
        FunctionMetric.__module__, FunctionMetric.__doc__ = function.__module__, function.__doc__ or description
        FunctionMetric.needs = (needs,) if isinstance(needs, str) else tuple(needs)
        FunctionMetric.description, FunctionMetric.unit = description, unit
        FunctionMetric.higher_is_better, FunctionMetric.bounds = higher_is_better, bounds
        # Read from a class, a plain function would be bound to the metric as its first argument.
        FunctionMetric.chance = staticmethod(chance) if callable(chance) else chance
        return FunctionMetric

    return make
