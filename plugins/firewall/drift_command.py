"""The command ``harness drift``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness import UsageError, say
from harness.cli import Finite, json_option, open_registry, print_json, registry_options, table_options

if TYPE_CHECKING:
    from .drift import Drift

WORSE = 3
"""The exit status with ``--fail`` where something became worse, as of the gates of ``--fail-if``."""


@click.command("drift")
@click.argument("tasks", nargs=-1, required=True, metavar="TASK|GLOB...")
@click.option("--before", required=True, type=click.Path(path_type=Path), help="The earlier store.")
@click.option("--after", required=True, type=click.Path(path_type=Path), help="The later store.")
@click.option("--metric", "metrics", multiple=True, help="Only this metric; repeat for several.")
@click.option("--split", default="test", show_default=True, help="Results on this split.")
@click.option(
    "--confidence",
    default=0.95,
    show_default=True,
    type=Finite(min=0.5, max=0.9999),
    help="Coverage of the intervals, and of what is called worse, among all figures shown.",
)
@click.option("--fail", is_flag=True, help="End with status 3 where a figure is shown to have become worse.")
@registry_options
@table_options
@json_option
def command(
    tasks: tuple[str, ...],
    before: Path,
    after: Path,
    metrics: tuple[str, ...],
    split: str,
    confidence: float,
    fail: bool,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> int:
    """Report what changed between two evaluations of the same models, by label, in the stores of two dates.

    Items that both have with the same texts are compared in pairs; where the definition of a task changed, or a metric
    has no figures of items, the two are compared as two samples. p-values are adjusted for all figures reported.

    \b
    Examples:
      harness drift firewall/jailbreakbench-and-xstest --before may.sqlite --after june.sqlite
      harness drift 'traffic/*' --before may.sqlite --after june.sqlite --metric residual_asr --fail

    \b
    Exit status: 0 done, 2 it cannot be made as asked, 3 with --fail, a figure is shown to have become worse.
    """
    from .drift import drifts

    registry = open_registry(registry_file, strict)
    names = [name for task in tasks for name in (registry.matching(task) if registry.is_pattern(task) else [task])]
    if not names:
        raise UsageError(f"no task matches {', '.join(tasks)}")
    for path in (before, after):
        if not path.is_file():
            raise UsageError(f"{path}: no such store")
    found, notes = drifts(registry, before, after, names, metrics=metrics, split=split, confidence=confidence)
    if as_json:
        print_json({"drift": [_json(one, confidence) for one in found], "notes": notes})
    else:
        _table(found, confidence)
        for note in dict.fromkeys(notes):
            say(f"note: {note}")
    return WORSE if fail and any(one.is_worse(confidence) for one in found) else 0


def _json(one: Drift, confidence: float) -> dict[str, Any]:
    figures = {
        "before": one.before,
        "after": one.after,
        "change": one.change.value,
        "low": one.change.low,
        "high": one.change.high,
        "p_value": one.change.p_value,
        "q_value": one.q_value,
    }
    return {
        "model": one.model,
        "task": one.task,
        "metric": one.metric,
        **{key: value if math.isfinite(value) else None for key, value in figures.items()},
        "worse": one.is_worse(confidence),
        "paired": one.paired,
        "items": list(one.items),
        "same_model": one.same_model,
        "higher_is_better": one.higher_is_better,
        "confidence": confidence,
    }


def _table(found: Sequence[Drift], confidence: float) -> None:
    from harness.results import figure, p_value, percent, say_table

    head = ["model", "task", "metric", "before", "after", f"change [{percent(confidence)}]", "q", "paired", "is"]
    rows = []
    for one in found:
        change, unit = one.change, one.unit
        gap = f"{figure(change.value, unit)} [{figure(change.low, unit)}, {figure(change.high, unit)}]"
        shown = one.q_value < 1 - confidence
        word = "worse" if one.is_worse(confidence) else "better" if shown and change.value else ""
        paired = f"{one.paired} of {one.items[1]}" if one.paired else "no"
        direction = "" if one.higher_is_better else " (lower is better)"
        rows.append(
            [
                *(one.model, one.task, one.metric + direction, figure(one.before, unit), figure(one.after, unit)),
                *(gap, p_value(one.q_value), paired, word if one.same_model else f"{word} (another model)".strip()),
            ]
        )
    say_table(head, rows)
    say("q: the p-value, adjusted for all figures shown; another model: the label names another one than before")
