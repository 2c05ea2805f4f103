"""A benchmark's aggregates of the field: rows of all models, matched by item, to one figure a model with a covariance.

Published figures cannot be in the field, since what a model answered to each item is not known.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError, UsageError
from harness.leaderboard.aggregates import Aggregated, AggregateFigure, is_of_field
from harness.leaderboard.board import FieldCovariance
from harness.leaderboard.field_rows import SelectedRows, field_columns, rows_of
from harness.names.plugins import describe
from harness.names.registration import Registration
from harness.names.registry import Registry
from harness.results.field import Field, NotDefined
from harness.stats import Estimate
from harness.store.places import file_below
from harness.store.reading import Readable
from harness.store.records import CellRecord, check_estimate
from harness.tasks.build import build_task
from harness.tasks.build_metric import metric_of
from harness.tasks.selectors import selected_aggregate, settings_of, split_selector

if TYPE_CHECKING:
    from harness.tasks.schema import AggregateFile, BenchmarkFile

FloatArray = NDArray[np.float64]
_ROUNDING = 1e-6
"""Of the largest variance: covariances that differ by less are the same."""


@dataclass(slots=True)
class FieldFigures:
    """All aggregates of the field of a benchmark."""

    figures: dict[str, dict[str, AggregateFigure]] = field(default_factory=dict)
    """By the aggregate's name and model."""
    reasons: dict[str, dict[str, str]] = field(default_factory=dict)
    """By the aggregate's name and model, why a model that has all the tasks has no figure."""
    covariances: dict[str, FieldCovariance] = field(default_factory=dict)
    """By the aggregate's name, where it has one."""
    notes: list[str] = field(default_factory=list)
    names: tuple[str, ...] = ()
    """Of all aggregates of the field, also those without a figure."""

    def of_model(self, model: str) -> Aggregated:
        """Return a model's figures, and the reasons why it lacks some."""
        return Aggregated(
            {name: models[model] for name, models in self.figures.items() if model in models},
            {name: models[model] for name, models in self.reasons.items() if model in models},
        )


def field_figures(
    registry: Registry,
    benchmark: BenchmarkFile,
    stores: Sequence[Readable],
    cells: Sequence[CellRecord],
    *,
    confidence: float,
) -> FieldFigures:
    """Compute the aggregates of the field of a benchmark.

    Args:
        registry: Where tasks, metrics and the ways to aggregate are looked up.
        benchmark: The benchmark.
        stores: Of the cells; the first holds those whose columns are named by a relative path.
        cells: The newest of each model and task; those of models whose figures are bounds are left out.
        confidence: Coverage of the intervals.

    Raises:
        ConfigurationError: an aggregate selects what no task gives.
    """
    made = FieldFigures()
    # A bound among the models would move the figures of all others.
    bounds = {cell.label for cell in cells if cell.bound}
    field_cells = [cell for cell in cells if cell.label not in bounds]
    for aggregate in benchmark.aggregates:
        if is_of_field(registry, aggregate):
            made.names += (aggregate.name,)
            entry = registry.find("aggregate", aggregate.how)
            if stores and field_cells:
                _add(made, _Fit(registry, benchmark, aggregate, entry, stores[0], field_cells, confidence))
            reasons = made.reasons.setdefault(aggregate.name, {})
            reasons.update(dict.fromkeys(bounds, "a bound is no model of the field"))
    return made


@dataclass(frozen=True, slots=True)
class _Fit:
    """One aggregate of the field, and all that it is computed from."""

    registry: Registry
    benchmark: BenchmarkFile
    aggregate: AggregateFile
    entry: Registration
    store: Readable
    cells: Sequence[CellRecord]
    confidence: float


def _add(made: FieldFigures, fit: _Fit) -> None:
    """Add one aggregate: its figures, or for every model that could have one the reason why it has none."""
    key = _key(fit)
    outcome = None if key is None else _COMPUTED.get(key)
    if outcome is None:
        outcome = _Outcome()
        _compute(outcome, fit)
    if key is not None:
        _COMPUTED[key] = outcome
        _COMPUTED.move_to_end(key)
        while len(_COMPUTED) > _KEPT:
            _COMPUTED.popitem(last=False)
    name = fit.aggregate.name
    made.figures[name] = dict(outcome.figures)
    made.reasons[name] = dict(outcome.reasons)
    if outcome.covariance is not None:
        made.covariances[name] = outcome.covariance
    made.notes += outcome.notes


@dataclass(slots=True)
class _Outcome:
    """What became of one aggregate."""

    figures: dict[str, AggregateFigure] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    covariance: FieldCovariance | None = None
    notes: list[str] = field(default_factory=list)


_COMPUTED: OrderedDict[Hashable, _Outcome] = OrderedDict()
"""The newest outcomes: a run that writes a table and a site fits once."""
_KEPT = 16


def _key(fit: _Fit) -> Hashable | None:
    """Return what an outcome depends on; None where a file of columns is not there, so that nothing is kept."""
    entry, store = fit.entry, fit.store
    files = []
    try:
        for cell in fit.cells:
            file = file_below(store.folder, cell.columns, store.others)
            found, seed = file.stat(), cell.settings.get("seed", 0)
            known = (cell.label, cell.task, cell.task_digest, seed)
            files.append((*known, str(file.absolute()), found.st_size, found.st_mtime_ns))
    except (OSError, HarnessError):
        return None
    said = json.dumps([fit.benchmark.tasks, fit.aggregate.model_dump(mode="json")], sort_keys=True, default=str)
    return (said, entry.reference, entry.distribution, entry.version, fit.confidence, tuple(sorted(files)))


def _compute(outcome: _Outcome, fit: _Fit) -> None:
    """Match the models' rows by item, and let the way to aggregate make its figures of them."""
    aggregate, entry, store = fit.aggregate, fit.entry, fit.store
    selected = [_selected(fit.benchmark, aggregate, selector) for selector in aggregate.of]
    rows = _rows(outcome, fit.registry, selected, store, fit.cells)
    if not rows:
        return
    labels = sorted(rows)
    if len(labels) < 2:
        outcome.reasons[labels[0]] = "it is a figure of the field, which needs two models at least"
        return
    if len({part.metric.higher_is_better for part in rows[labels[0]]}) > 1:
        reason = "higher is better for some of what it selects, and lower is for the rest"
        outcome.reasons.update(dict.fromkeys(labels, reason))
        return
    columns = field_columns(store, {label: rows[label] for label in labels})
    outcome.notes += _on_items(aggregate.name, columns)
    try:
        function = entry.load()
        taken = inspect.signature(function).parameters
        options = _options(function, fit)
        result = function(dict(columns), **options)
        _check(result, labels)
    except UsageError as error:
        outcome.reasons.update(dict.fromkeys(labels, str(error)))
        return
    except NotDefined as error:  # the text says why, as of a metric that is not defined on its rows
        outcome.reasons.update(dict.fromkeys(labels, f"{entry.name!r}: {error}"))
        return
    except (Exception, SystemExit) as error:  # a plugin's code
        whose = f"{entry.name!r} of the plugin {entry.plugin!r} of {entry.distribution}"
        outcome.reasons.update(dict.fromkeys(labels, f"{whose} failed: {describe(error)}"))
        return
    first = rows[labels[0]][0]
    unit = result.unit or entry.facts.unit or first.metric.unit
    better = result.higher_is_better
    if better is None:
        better = not entry.facts.lower_is_better
    # What a function says of its level is believed only where it was told the level.
    level = fit.confidence if "confidence" in taken else None
    for label in labels:
        estimate = result.estimates.get(label)
        if estimate is None or not math.isfinite(estimate.value):
            said = "" if estimate is None else str(estimate.detail.get("reason", ""))
            outcome.reasons[label] = said or f"{entry.name!r} gives it no figure"
            continue
        own: Estimate = estimate if level is None else dataclasses.replace(estimate, confidence=level)
        outcome.figures[label] = AggregateFigure(own, unit, better, None)
    outcome.covariance = _covariance(result, outcome)
    outcome.notes += [f"{aggregate.name}: {note}" for note in result.notes]


def _options(function: Callable[..., Any], fit: _Fit) -> dict[str, Any]:
    """Return the keywords of a way to aggregate: the settings of the file, and what the harness gives if asked."""
    taken = inspect.signature(function).parameters
    options = settings_of(function, fit.aggregate)
    if fit.aggregate.weights is not None:
        options["weights"] = fit.aggregate.weights_in_order
    if "confidence" in taken:
        options["confidence"] = fit.confidence
    if "seed" in taken and "seed" not in options:
        options["seed"] = min(int(cell.settings.get("seed", 0)) for cell in fit.cells)
    return options


def _selected(benchmark: BenchmarkFile, aggregate: AggregateFile, selector: str) -> tuple[str, str, str]:
    if selected_aggregate(benchmark, selector) is not None:
        raise UsageError(
            f"{benchmark._path}: the aggregate {aggregate.name!r}: {aggregate.how!r} needs figures of items, which the "
            f"aggregate {selector!r} has not; select task:metric or task:metric:domain"
        )
    return split_selector(benchmark, selector)


def _rows(
    outcome: _Outcome,
    registry: Registry,
    selected: Sequence[tuple[str, str, str]],
    store: Readable,
    cells: Sequence[CellRecord],
) -> dict[str, list[SelectedRows]]:
    """Return the rows of each model that has all of what is selected; of a model that lacks a task nothing is said."""
    by_model: dict[str, dict[str, CellRecord]] = {}
    for cell in cells:
        by_model.setdefault(cell.label, {})[cell.task] = cell
    tasks: dict[str, Any] = {}
    metrics: dict[tuple[str, str], Any] = {}
    rows: dict[str, list[SelectedRows]] = {}
    for label, own in by_model.items():
        if any(task not in own for task, _, _ in selected):
            continue  # said with all models that lack a task
        try:
            parts = []
            for number, (task, text, domain) in enumerate(selected):
                if task not in tasks:
                    tasks[task] = build_task(registry, task)
                if (task, text) not in metrics:
                    metrics[task, text] = metric_of(registry, tasks[task], text)
                parts.append(rows_of(store, own[task], tasks[task], metrics[task, text], domain, number))
            rows[label] = parts
        except HarnessError as error:
            outcome.reasons[label] = str(error)
        except (Exception, SystemExit) as error:  # a plugin's task or metric
            outcome.reasons[label] = describe(error)
    return rows


def _on_items(name: str, columns: Mapping[str, Any]) -> list[str]:
    """Say which models failed on items, or lack some that others have: they meet the others on fewer items."""
    notes = []
    failed, lacking = [], []
    for label, own in columns.items():
        if own.figures is not None and (count := int((own.present & np.isnan(own.figures)).sum())):
            failed.append(f"{label} ({count} of {int(own.present.sum())})")
        if count := int((~own.present).sum()):
            lacking.append(f"{label} ({count} of {len(own)})")
    if failed:
        notes.append(f"{name}: items without a figure, which do not count for the model: {', '.join(failed)}")
    if lacking:
        notes.append(f"{name}: items that others have and the model does not: {', '.join(lacking)}")
    return notes


def _check(result: Any, labels: Sequence[str]) -> None:
    """Refuse what a function gave that is no `Field` of these models.

    Raises:
        TypeError, ValueError: says what was expected.
    """
    if not isinstance(result, Field):
        raise TypeError(f"it must give a Field, not {type(result).__name__}")
    strangers = [label for label in result.estimates if label not in labels]
    if strangers:
        raise ValueError(f"it gives an estimate of {strangers[0]!r}, which is no model of the field")
    for label, estimate in result.estimates.items():
        if not isinstance(estimate, Estimate):
            raise TypeError(f"its estimate of {label} must be an Estimate, not {type(estimate).__name__}")
        check_estimate(estimate)
    # A plugin need not be type-checked: what a dataclass is given, it holds.
    unit: Any = result.unit
    better: Any = result.higher_is_better
    if not isinstance(unit, str) or isinstance(result.notes, str):
        raise TypeError("unit must be a text, and notes a list of sentences")
    if not result.degrees_of_freedom > 0:
        raise ValueError(f"degrees_of_freedom must be above 0, not {result.degrees_of_freedom!r}")
    if better is not None and not isinstance(better, bool):
        raise TypeError(f"higher_is_better must be True, False or None, not {better!r}")
    size = len(result.estimates)
    if result.single_item is not None and np.shape(result.single_item) != (size,):
        raise ValueError(f"single_item must have the shape ({size},), not {np.shape(result.single_item)}")
    if result.covariance is None:
        return
    values = np.asarray(result.covariance, dtype=np.float64)
    if values.shape != (size, size):
        raise ValueError(f"the covariance must have the shape ({size}, {size}), not {values.shape}")
    estimates = list(result.estimates.values())
    kept = [i for i, e in enumerate(estimates) if math.isfinite(e.value) and math.isfinite(e.stderr)]
    own = values[np.ix_(kept, kept)]
    scale = float(np.abs(own).max(initial=0.0))
    if not np.isfinite(own).all() or (np.abs(own - own.T) > _ROUNDING * scale).any():
        raise ValueError("the covariance must be finite and symmetric")
    if own.size and np.linalg.eigvalsh(own).min() < -_ROUNDING * scale:
        raise ValueError("the covariance must not give a difference a negative variance")
    errors = np.array([estimates[i].stderr for i in kept])
    if (np.abs(np.diag(own) - errors**2) > 1e-3 * errors**2 + _ROUNDING * scale).any():
        raise ValueError("the diagonal of the covariance must hold the squares of the standard errors")


def _covariance(result: Field, outcome: _Outcome) -> FieldCovariance | None:
    """Return the covariance of the models that have a figure and an error."""
    if result.covariance is None:
        return None
    order = list(result.estimates)
    kept = [label for label in order if label in outcome.figures and math.isfinite(result.estimates[label].stderr)]
    if len(kept) < len(outcome.figures):
        outcome.notes.append("places take models as independent in a field of which some have no standard error")
        return None
    places = [order.index(label) for label in kept]
    values = np.asarray(result.covariance, dtype=np.float64)[np.ix_(places, places)]
    single = np.zeros(len(kept))
    if result.single_item is not None:
        single = np.nan_to_num(np.abs(np.asarray(result.single_item, dtype=np.float64)[places]))
    return FieldCovariance(tuple(kept), values, single, float(result.degrees_of_freedom))
