"""Figures that need the field: one of each model, made from the rows of all models on the same items.

An aggregate of the field is a function from the field's columns, by model, to a `Field`:

>>> import numpy as np
>>> from harness.results.field import Field, FieldColumns, figures_of, means_of
>>> def above_the_field(models, *, confidence=0.95):
...     figures = figures_of(models)
...     return means_of(models, figures - np.nanmean(figures, axis=0), confidence=confidence)
>>> field = above_the_field({"a": FieldColumns.of([1.0, 1.0, 0.0]), "b": FieldColumns.of([0.0, 1.0, 1.0])})
>>> field.estimates["a"].value, field.covariance.shape
(0.0, (2, 2))

It is registered by ``register("above-the-field", "my_plugin:above_the_field", field=True)`` in `register_benchmarks`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from harness.errors import did_you_mean
from harness.metric import Columns
from harness.stats import Estimate, estimate_from_influence, not_available

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class NotDefined(ValueError):
    """A figure of the field is not defined on these rows; the text says why, and is shown as it is."""


@dataclass(frozen=True, slots=True)
class FieldColumns:
    """One model's rows of what an aggregate of the field selects; the n-th row is the same item for every model.

    >>> rows = FieldColumns.of([1.0, float("nan"), 0.5])
    >>> len(rows), rows.present.tolist()
    (3, [True, True, True])
    """

    ids: NDArray[np.bytes_]
    """(n,) item ids in UTF-8, the same for every model: those that any model has."""
    figures: FloatArray | None
    """(n,) the metric's figure of each item; NaN where the model has none. None: the metric has none at all."""
    higher_is_better: bool
    """Of the figures."""
    present: NDArray[np.bool_]
    """(n,) whether the model has the item on file. Where it has, and the figure is NaN, the item failed."""
    selected: IntArray
    """(n,) number of the selector, in the order of ``of``, to which the row belongs."""
    units: IntArray
    """(n,) codes, the same for every model; items of one code are not independent (a prompt, a cluster)."""
    read: Callable[[], Columns] = field(default=lambda: Columns({}), repr=False, compare=False)
    """Reads the columns; see `columns`."""

    @property
    def columns(self) -> Columns:
        """The task's columns on the same rows, NaN where the model lacks the item; read anew each time it is asked for.

        With selectors of several tasks a row has NaN in the columns of the others, and `Columns.facts` is empty.
        """
        return self.read()

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(
        cls,
        figures: Sequence[float],
        *,
        higher_is_better: bool = True,
        units: Sequence[int] | None = None,
        columns: Mapping[str, Sequence[float]] | None = None,
    ) -> FieldColumns:
        """Return rows of plain figures, of items that every model has: for trials and tests.

        Args:
            figures: One an item; NaN where it failed.
            higher_is_better: Of the figures.
            units: One an item; None: each item by itself.
            columns: Further columns, by name.
        """
        values = np.asarray(figures, dtype=np.float64)
        numbers = np.arange(len(values))
        own = Columns({name: np.asarray(column, dtype=np.float64) for name, column in (columns or {}).items()})
        return cls(
            numbers.astype("S"),
            values,
            higher_is_better,
            np.ones(len(values), dtype=bool),
            np.zeros(len(values), dtype=np.int64),
            numbers if units is None else np.asarray(units, dtype=np.int64),
            lambda: own,
        )

    def column(self, name: str) -> FloatArray:
        """Return a column of one number an item, (n,).

        Raises:
            NotDefined: the task has no such column, or it holds arrays.
        """
        values = self.columns.values
        if name not in values:
            known = f" (its columns: {', '.join(values)})" if values else ""
            raise NotDefined(f"there is no column {name!r}{did_you_mean(name, list(values)) or known}")
        if values[name].ndim != 1:
            raise NotDefined(f"the column {name!r} holds arrays, not one number an item")
        return values[name]


@dataclass(frozen=True, slots=True)
class Field:
    """The figures of all models, with how they go up and down together."""

    estimates: Mapping[str, Estimate]
    """By model; one of value NaN says why in its detail as ``reason``. A model that is absent has no figure."""
    covariance: FloatArray | None = None
    """(m, m), in the order of `estimates`, unit squared: its diagonal holds the squares of the standard errors.

    Places and ties are decided by var(a - b) = C_aa + C_bb - 2 C_ab. None: the models are taken as independent.
    """
    _: dataclasses.KW_ONLY
    single_item: FloatArray | None = None
    """(m,) the most that one item moves each figure by; no two models are told apart by less. None: not known."""
    degrees_of_freedom: float = math.inf
    """Of Student's t in the interval of a difference; infinite: the normal distribution."""
    unit: str = ""
    """What the figures are counted in; empty: as registered, else as the metric's."""
    higher_is_better: bool | None = None
    """Whether a higher figure is the better one; None: as registered."""
    notes: Sequence[str] = ()
    """Sentences that a reader of the figures must know."""


def figures_of(models: Mapping[str, FieldColumns]) -> FloatArray:
    """Return the figures of all models, (m, n), NaN where one has none.

    Raises:
        NotDefined: the metric has no figure of each item.
    """
    rows = [columns.figures for columns in models.values()]
    if any(row is None for row in rows):
        raise NotDefined("it needs one figure an item, which the selected metric does not have (it is no mean of them)")
    return np.array(rows, dtype=np.float64)


def on_common_items(figures: FloatArray) -> FloatArray:
    """Return figures, (m, n), with NaN on every item of which any model has none.

    >>> on_common_items(np.array([[1.0, np.nan], [0.0, 1.0]])).tolist()
    [[1.0, nan], [0.0, nan]]
    """
    return np.where(np.isnan(figures).any(axis=0), np.nan, figures)


def means_of(
    models: Mapping[str, FieldColumns],
    figures: FloatArray,
    *,
    bounds: tuple[float, float] | None = None,
    confidence: float = 0.95,
) -> Field:
    """Return the means over items, with the covariance that follows from the items that the models share.

    Args:
        models: The field, of which the units are those of the rows.
        figures: (m, n) one an item; NaN: the item does not count for that model.
        bounds: Values that the means cannot leave.
        confidence: Coverage of the intervals.
    """
    first = next(iter(models.values()))
    codes = np.unique(first.units, return_inverse=True)[1]
    counts = (~np.isnan(figures)).sum(axis=1)
    centred = np.zeros(figures.shape)
    estimates: dict[str, Estimate] = {}
    for i, (label, columns) in enumerate(models.items()):
        failed = int((columns.present & np.isnan(figures[i])).sum())
        if not counts[i]:
            nothing = not_available(n_failed=failed, confidence=confidence)
            estimates[label] = dataclasses.replace(nothing, detail={"reason": "no item counts for it"})
            continue
        value = float(np.nanmean(figures[i]))
        estimate = estimate_from_influence(
            value, figures[i] - value, clusters=first.units, bounds=bounds, confidence=confidence
        )
        estimates[label] = dataclasses.replace(estimate, n_failed=failed)
        centred[i] = np.nan_to_num(figures[i] - value) / counts[i]
    sums = np.zeros((len(models), int(codes.max(initial=-1)) + 1))
    np.add.at(sums.T, codes, centred.T)
    gram = sums @ sums.T
    size = np.sqrt(np.diag(gram))
    scale = np.outer(size, size)
    correlation = np.divide(gram, scale, out=np.zeros(gram.shape), where=scale > 0)
    np.fill_diagonal(correlation, 1.0)
    errors = np.array([estimate.stderr for estimate in estimates.values()])
    largest = np.abs(sums).max(axis=1, initial=0.0)
    return Field(
        estimates,
        np.outer(errors, errors) * correlation,
        single_item=largest,
        degrees_of_freedom=max(1, int(codes.max(initial=-1))),
    )
