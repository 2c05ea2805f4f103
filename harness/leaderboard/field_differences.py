"""Differences of two models by a benchmark's aggregates of the field, with the error that their covariance gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from harness.leaderboard.aggregates import is_of_field
from harness.leaderboard.field_fitting import FieldFigures, field_figures
from harness.names.registry import Registry
from harness.results.comparison import Comparison
from harness.results.selection import merged_cells
from harness.stats import Difference
from harness.stats.paired import difference_of
from harness.store.reading import Readable
from harness.tasks.build import task_digest


def compare_in_field(
    registry: Registry,
    store: Readable,
    first: str,
    second: str,
    targets: Sequence[str],
    *,
    confidence: float,
    say: Callable[[str], None],
) -> list[Comparison]:
    """Return the differences of two models by the aggregates of the field of those targets that are benchmarks.

    Args:
        registry: Where benchmarks are looked up.
        store: Of the whole evaluations on the test split.
        first: Label of a model.
        second: Label of the other.
        targets: Tasks and benchmarks.
        confidence: Coverage of the intervals.
        say: Told why an aggregate has no difference.
    """
    comparisons = []
    for target in dict.fromkeys(targets):
        benchmark = registry.benchmarks().find(target)
        if benchmark is None or not any(is_of_field(registry, one) for one in benchmark.aggregates):
            continue
        digests = {task: task_digest(registry, task) for task in benchmark.tasks if registry.tasks().exists(task)}
        cells, _ = merged_cells([store], digests)
        field = field_figures(registry, benchmark, [store], cells, confidence=confidence)
        for note in field.notes:
            say(note)
        for name in field.names:
            figures = field.figures.get(name, {})
            if first in figures and second in figures:
                comparisons.append(_compared(target, name, first, second, field, confidence))
                continue
            lacking = [label for label in dict.fromkeys((first, second)) if label not in figures]
            reasons = field.reasons.get(name, {})
            for label in lacking:
                say(f"{target}: no comparison by {name}: {label}: {reasons.get(label, 'needs tasks not evaluated')}")
    return comparisons


def _compared(benchmark: str, name: str, first: str, second: str, field: FieldFigures, confidence: float) -> Comparison:
    one, other = field.figures[name][first], field.figures[name][second]
    items = min(one.estimate.n, other.estimate.n)
    note = ""
    stderr, freedom = math.hypot(one.estimate.stderr, other.estimate.stderr), math.inf
    if name in field.covariances:
        spread, single = field.covariances[name].of([first, second])
        freedom = field.covariances[name].degrees_of_freedom
        # As places do: a difference counts no more than what a single item more would undo.
        variance = spread[0, 0] + spread[1, 1] - 2 * spread[0, 1] + float(single @ single)
        stderr = math.sqrt(max(0.0, float(variance)))
    else:
        note = f"{benchmark}: {name} has no covariance, so that the two models are taken as independent"
    gap = one.estimate.value - other.estimate.value
    difference: Difference = difference_of(gap, stderr, items, degrees_of_freedom=freedom, confidence=confidence)
    return Comparison(
        benchmark,
        name,
        "overall",
        one.estimate.value,
        other.estimate.value,
        difference,
        one.unit,
        one.higher_is_better,
        confidence=confidence,
        note=note,
    )
