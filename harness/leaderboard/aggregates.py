"""A benchmark's aggregates: what they select, what is wrong with them, and their estimates from a model's results."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.errors import UnknownName, UsageError, did_you_mean
from harness.leaderboard.shared_items import Base, Combination
from harness.names.plugins import describe
from harness.names.registry import Registration, Registry
from harness.results.aggregate import maximum, mean, minimum
from harness.results.numbers import percent
from harness.stats import Estimate
from harness.store.records import Result, check_estimate
from harness.tasks.selectors import in_order, problems_of, selected_aggregate, settings_of, split_selector, task_of

if TYPE_CHECKING:
    from harness.tasks.schema import AggregateFile, BenchmarkFile


__all__ = [
    "AggregateFigure",
    "Aggregated",
    "Correlate",
    "aggregates_of",
    "problems_of",
    "selected_aggregate",
    "split_selector",
    "task_of",
]


class AggregateFigure(NamedTuple):
    """An estimate with what it is counted in."""

    estimate: Estimate
    unit: str
    higher_is_better: bool
    made_of: Combination | None = None
    """The measured figures that it is made of, to first order; None where the way to aggregate is not ours."""


Correlate = Callable[[Sequence[Combination]], "tuple[NDArray[np.float64] | None, str]"]
"""Correlations of one model's figures; see `SharedItems.correlation`."""
_TAKES_NONE = "parts share items, of which this way to aggregate takes no account: its interval may be too short"


@dataclass(slots=True)
class Aggregated:
    """One model's aggregates."""

    figures: dict[str, AggregateFigure] = field(default_factory=dict)
    """By the aggregate's name; one whose parts are not all there is absent."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Why one is absent although its tasks were evaluated; not said again of those that select it."""


def aggregates_of(
    registry: Registry,
    benchmark: BenchmarkFile,
    results: Mapping[tuple[str, str, str], Result],
    correlate: Correlate | None = None,
    of_field: Aggregated | None = None,
) -> Aggregated:
    """All of a benchmark's aggregates from one model's results by (task, metric, domain).

    Args:
        registry: Where the ways to aggregate are looked up.
        benchmark: The benchmark.
        results: One model's.
        correlate: Correlations of figures that share items; None: all are taken as independent.
        of_field: The model's aggregates of the field; None: they are not to be had, as of published results.

    Raises:
        ConfigurationError: an aggregate selects what no task gives, or itself.
        UnknownName: no such way to aggregate is registered.
    """
    made = Aggregated()
    for aggregate in in_order(benchmark):
        if is_of_field(registry, aggregate):
            _take_over(made, aggregate.name, of_field)
            continue
        parts: list[AggregateFigure] = []
        for selector in aggregate.of:
            part, reason = _part(benchmark, selector, made, results)
            if part is None:
                if reason:
                    made.reasons.setdefault(aggregate.name, reason)
            else:
                parts.append(part)
        if len(parts) == len(aggregate.of):
            entry = registry.find("aggregate", aggregate.how)
            figure, problem = _aggregated(entry, aggregate, parts, correlate)
            if figure is None:
                made.reasons.setdefault(aggregate.name, problem)
            else:
                made.figures[aggregate.name] = figure
    return made


def is_of_field(registry: Registry, aggregate: AggregateFile) -> bool:
    """Return whether an aggregate needs the rows of all models; one of which nothing is known does not.

    An unknown way to aggregate is refused where it is first needed, as its plugin may not be installed where others'
    figures are shown.
    """
    try:
        return bool(registry.find("aggregate", aggregate.how).facts.field)
    except UnknownName:
        return False


def _take_over(made: Aggregated, name: str, of_field: Aggregated | None) -> None:
    """Add an aggregate that was computed for the whole field, or why there is none."""
    if of_field is None:
        made.reasons[name] = "it is a figure of the field, which needs the answers of all models to each item"
        return
    if name in of_field.figures:
        made.figures[name] = of_field.figures[name]
    if name in of_field.reasons:
        made.reasons[name] = of_field.reasons[name]


def _aggregated(
    entry: Registration, aggregate: AggregateFile, parts: Sequence[AggregateFigure], correlate: Correlate | None
) -> tuple[AggregateFigure | None, str]:
    """The figure, or why a plugin's way to aggregate gives none: its columns stay empty, the others do not.

    Its interval is of the parts' level, and left out where they have several: half of a 50 % interval and half of a
    95 % one add up to the interval of no level at all.
    """
    estimates = [part.estimate for part in parts]
    levels = sorted({estimate.confidence for estimate in estimates if math.isfinite(estimate.low)})
    level = levels[-1] if levels else estimates[0].confidence
    function = entry.load()
    own = [part.made_of for part in parts if part.made_of is not None]
    notes: list[str] = []
    try:
        taken = inspect.signature(function).parameters
        options: dict[str, Any] = settings_of(function, aggregate)
        if aggregate.weights is not None:
            options["weights"] = aggregate.weights_in_order
        if "confidence" in taken:
            options["confidence"] = level
        if correlate is not None and len(parts) > 1:
            correlation, note = correlate(own) if len(own) == len(parts) else (None, "")
            if correlation is not None and "correlation" in taken:
                options["correlation"] = correlation
            elif correlation is not None:
                note = _TAKES_NONE
            notes += [note] if note else []
        estimate = function(estimates, **options)
        if not isinstance(estimate, Estimate):
            raise TypeError(f"it must give an Estimate, not {type(estimate).__name__}")
        check_estimate(estimate)
    except UsageError as error:
        return None, str(error)
    except (Exception, SystemExit) as error:  # a plugin's code
        return None, f"{entry.name!r} of the plugin {entry.plugin!r} of {entry.distribution} failed: {describe(error)}"
    estimate = dataclasses.replace(estimate, confidence=level)
    if len(levels) > 1:
        notes.append(f"without interval, since those of its parts are of {' and '.join(map(percent, levels))}")
        estimate = dataclasses.replace(estimate, low=math.nan, high=math.nan)
    if not math.isfinite(estimate.low) and not math.isfinite(estimate.high):
        notes = [note for note in notes if note != _TAKES_NONE]  # it has no interval that could be too short
    if notes:
        # What the aggregate says of itself, such as how many of its parts were tested at once, is not lost to them.
        notes = [*filter(None, [str(estimate.detail.get("note", ""))]), *notes]
        estimate = dataclasses.replace(estimate, detail={**estimate.detail, "note": "; ".join(notes)})
    made_of = _made_of(function, aggregate, parts, own) if len(own) == len(parts) else None
    return AggregateFigure(estimate, parts[0].unit, parts[0].higher_is_better, made_of), ""


def _made_of(
    function: Callable[..., Estimate],
    aggregate: AggregateFile,
    parts: Sequence[AggregateFigure],
    own: Sequence[Combination],
) -> Combination | None:
    """The measured figures behind a mean, or behind the part that is the lowest or highest."""
    if function is minimum:
        return own[int(np.argmin([part.estimate.value for part in parts]))]
    if function is maximum:
        return own[int(np.argmax([part.estimate.value for part in parts]))]
    if function is not mean:
        return None
    total = sum(aggregate.weights_in_order)
    combined: dict[Base, float] = {}
    for weight, part in zip(aggregate.weights_in_order, own, strict=True):
        for base, inner in part.items():
            combined[base] = combined.get(base, 0.0) + weight / total * inner
    return combined


def _part(
    benchmark: BenchmarkFile, selector: str, made: Aggregated, results: Mapping[tuple[str, str, str], Result]
) -> tuple[AggregateFigure | None, str]:
    """What a selector selects; or why it is not there, empty where that is said elsewhere."""
    inner = selected_aggregate(benchmark, selector)
    if inner is not None:
        return made.figures.get(inner.name), ""
    task, metric, domain = split_selector(benchmark, selector)
    result = results.get((task, metric, domain))
    if result is not None:
        if not math.isfinite(result.estimate.value):
            return None, f"{selector} has no value"
        return AggregateFigure(result.estimate, result.unit, result.higher_is_better, {(task, metric, domain): 1.0}), ""
    domains = sorted({d for t, m, d in results if (t, m) == (task, metric)} - {"overall"})
    if not domains or domain == "overall":
        return None, ""
    return None, f"{task} has no items of the domain {domain!r}{did_you_mean(domain, domains)}"
