"""The command ``harness compare``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import (
    LEVEL,
    json_option,
    open_registry,
    print_json,
    registry_options,
    store_option,
    table_options,
)
from harness.terminal import say

if TYPE_CHECKING:
    from harness.results.comparison import Comparison


@click.command("compare")
@click.argument("first")
@click.argument("second")
@click.option("-t", "--task", "tasks", multiple=True, required=True, help="Task or benchmark; repeat for several.")
@click.option("--metric", "metrics", multiple=True, help="Only these metrics.")
@click.option("--split", default="test", show_default=True, help="Results on this split.")
@click.option(
    "--confidence",
    default=0.95,
    show_default=True,
    type=LEVEL,
    help="Coverage of the intervals.",
)
@click.option("--domains", is_flag=True, help="Every domain, not only overall.")
@click.option(
    "--merge",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Store of another machine to read beside; repeat for several.",
)
@store_option
@registry_options
@table_options
@json_option
def command(
    first: str,
    second: str,
    tasks: tuple[str, ...],
    metrics: tuple[str, ...],
    domains: bool,
    merge: tuple[Path, ...],
    split: str,
    confidence: float,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Compare two evaluated models, by their labels: paired differences on the items that both answered.

    
    Examples:
      harness compare tfidf length -t quickstart
      harness compare a b -t judgebench/gpt-4o --metric accuracy --domains --json
      harness compare a b -t quickstart --merge machine2.sqlite
    """
    from harness.api import compare

    comparisons = compare(
        first,
        second,
        tasks,
        metrics=metrics,
        split=split,
        confidence=confidence,
        store=store,
        merge=merge,
        registry=open_registry(registry_file, strict),
        say=lambda note: say(note, err=True),
    )
    shown = comparisons if domains else [c for c in comparisons if c.domain == "overall"]
    if as_json:
        from harness.results.verdicts import verdict

        said = verdict(first, second, comparisons)
        print_json({"first": first, "second": second, "verdict": said, "comparisons": [_json(c) for c in shown]})
    else:
        _say_verdict(first, second, comparisons)
        _table(first, second, shown, domains=domains, confidence=confidence)


def _say_verdict(first: str, second: str, comparisons: list[Comparison]) -> None:
    from harness.results.numbers import visible
    from harness.results.terminal_tables import say_prose
    from harness.results.verdicts import sentences

    for said in (lines := sentences(first, second, comparisons)):
        say_prose(visible(said))
    if lines:
        say()


def _json(c: Comparison) -> dict[str, Any]:
    d = c.difference
    figures = {
        "first": c.first,
        "second": c.second,
        "difference": d.value,
        "stderr": d.stderr,
        "low": d.low,
        "high": d.high,
        "p_value": d.p_value,
        "minimum_detectable": d.minimum_detectable,
    }
    return {
        "task": c.task,
        "metric": c.metric,
        "domain": c.domain,
        **_finite(figures),
        "win_rate": None
        if c.win_rate is None
        else _finite({k: getattr(c.win_rate, k) for k in ("value", "low", "high")}),
        "n": d.n,
        "unit": c.unit,
        "higher_is_better": c.higher_is_better,
        "confidence": c.confidence,
        "better": c.better,
        "generated": c.generated is not None,
        "unresolvable": c.unresolvable,
        "remarks": list(c.remarks),
        "bounds": dict(c.bounds),
        "note": c.note,
    }


def _finite(figures: dict[str, float]) -> dict[str, float | None]:
    return {name: float(value) if math.isfinite(value) else None for name, value in figures.items()}


def _table(first: str, second: str, shown: list[Comparison], *, domains: bool, confidence: float) -> None:
    from harness.results.generated import say_generated
    from harness.results.numbers import figure, p_value, percent, visible
    from harness.results.terminal_tables import say_prose, say_table

    wins = any(c.win_rate is not None for c in shown)
    head = [
        "task",
        "metric",
        *(["domain"] if domains else []),
        first,
        second,
        f"difference [{percent(confidence)}]",
        "better",
        "p",
        *([f"win rate [{percent(confidence)}]"] if wins else []),
        "n",
        "detectable",
    ]
    rows = []
    for c in shown:
        d = c.difference
        sign = "+" if d.value > 0 else ""
        gap = f"{sign}{figure(d.value, c.unit)} [{figure(d.low, c.unit)}, {figure(d.high, c.unit)}]"
        values = [
            figure(c.first, c.unit),
            figure(c.second, c.unit),
            gap,
            {"first": first, "second": second, "neither": "neither"}[c.better],
            p_value(d.p_value),
            *([_win_rate(c)] if wins else []),
            str(d.n),
            figure(d.minimum_detectable, c.unit),
        ]
        direction = "" if c.higher_is_better else " (lower is better)"
        rows.append([c.task, c.metric + direction, *([c.domain] if domains else []), *values])
    difference = head.index(f"difference [{percent(confidence)}]")
    several = len({c.task for c in shown}) > 1
    say_table(head, rows, keep=(1, difference, difference + 1, head.index("p")), parted=several)
    say()
    if wins:
        say_prose("win rate: the share of items on which the first has the better figure, a tie counting half")
    say_prose("detectable: the true difference that a comparison this precise finds four times out of five")
    say_prose("better: by the direction of the metric, where the errors tell; else neither")
    generated = {c.task: c.generated for c in shown if c.generated is not None}
    if made := say_generated(generated, of=len({c.task for c in shown})):
        say_prose(visible(made), style="bold")
    for note in dict.fromkeys(c.note for c in shown if c.note):
        say_prose(visible(note))
    for remark in _remarks(shown, domains=domains):
        say_prose(visible(remark))


def _remarks(shown: list[Comparison], *, domains: bool) -> list[str]:
    """Return what there is to say of the figures compared, each sentence once, before it the metrics it is said of."""
    places: dict[str, dict[str, None]] = {}
    for c in shown:
        for remark in c.remarks:
            places.setdefault(remark, {})[f"{c.metric} [{c.domain}]" if domains else c.metric] = None
    lines = [f"{', '.join(metrics)}: {remark}" for remark, metrics in places.items()]
    if any(c.unresolvable for c in shown):
        lines.append("p is withheld where a figure is not resolvable: it would say more than the items know")
    return lines


def _win_rate(c: Comparison) -> str:
    from harness.results.numbers import figure

    e = c.win_rate
    if e is None or not math.isfinite(e.value):
        return "-"
    return f"{figure(e.value, 'fraction')} [{figure(e.low, 'fraction')}, {figure(e.high, 'fraction')}]"
