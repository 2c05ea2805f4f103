"""From the columns of a cell to the estimates of its metrics, on every domain."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from harness.errors import CellError
from harness.metric import Columns, Metric
from harness.names.plugins import describe
from harness.running.chance import with_chance
from harness.running.sequences import note_on_blocks
from harness.running.table import Table
from harness.stats import Estimate, not_available
from harness.store.records import Result, check_estimate


def estimates(
    label: str,
    task: str,
    metrics: Sequence[Metric],
    table: Table,
    *,
    adapters: tuple[str, ...] = (),
    confidence: float,
    seed: int,
) -> tuple[list[Result], list[str]]:
    """Compute every metric on every domain; one that raises has no value, and the others keep theirs.

    Args:
        label: The model's label.
        task: The task's name.
        metrics: What to compute, the headline first.
        table: The columns.
        adapters: Names of the adapters that the answers came through.
        confidence: Nominal coverage of the intervals.
        seed: For metrics that resample.

    Returns:
        The estimates, and a sentence for each metric whose code raised, be it that of its value or of its chance level.

    Raises:
        CellError: every metric raised, so that there is nothing to show for the cell.
    """
    results = []
    reasons: dict[str, str] = {}  # by name of a metric whose code raised
    no_chance: dict[str, str] = {}  # by name of a metric whose declared chance cannot be had
    for domain, mask in table.domains():
        columns = table.columns if mask is None else table.columns.take(mask)
        for i, metric in enumerate(metrics):
            estimate, reason = _estimate(metric, columns, confidence, seed)
            if reason:
                reasons[metric.name] = reason
            else:
                try:
                    estimate = with_chance(metric, estimate, columns)
                except (Exception, SystemExit) as error:  # a plugin's code: the value stays
                    no_chance[metric.name] = describe(error)
            direction = metric.higher_is_better
            results.append(
                Result(label, task, metric.name, domain, estimate, metric.unit, direction, adapters, headline=i == 0)
            )
    if metrics and reasons.keys() >= {metric.name for metric in metrics}:
        raise CellError(f"{task}: {next(iter(reasons.values()))}")
    return results, [
        *(f"the metric {name} has no value: {reason}" for name, reason in reasons.items()),
        *(f"the metric {name} has no chance level: {reason}" for name, reason in no_chance.items()),
    ]


def _estimate(metric: Metric, columns: Columns, confidence: float, seed: int) -> tuple[Estimate, str]:
    """Return a metric's estimate and an empty reason; else one without a value, and why.

    There is no value where the metric's code raises, or gives what no store can hold.
    """
    try:
        estimate = metric.compute(columns, confidence=confidence, seed=seed)
        if not isinstance(estimate, Estimate):
            raise TypeError(f"compute() must give an Estimate, not {type(estimate).__name__}")
        if note := note_on_blocks(columns):
            said = estimate.detail.get("note")
            estimate = dataclasses.replace(
                estimate, detail={**estimate.detail, "note": f"{said}; {note}" if said else note}
            )
        check_estimate(estimate)
    except (Exception, SystemExit) as error:  # a plugin's code: the other metrics keep their values
        reason = describe(error)
        estimate = dataclasses.replace(not_available(n=len(columns)), detail={"reason": reason})
    else:
        reason = ""
    # A metric of a plugin may make its estimate without the level that it was asked for.
    return dataclasses.replace(estimate, confidence=confidence), reason
