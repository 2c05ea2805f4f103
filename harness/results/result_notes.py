"""What a reader of a table of results must know of its figures, below it in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.results.chance_notes import Shown, against_chance
from harness.store.records import CellRecord, Result


def results_notes(results: Sequence[Result], *, domains: bool = False, most: int = 8, short: bool = False) -> list[str]:
    """Say what a reader of `results_table` must know of its figures; a line a sentence, however many it is true of.

    Args:
        results: Those of the table.
        domains: Whether it shows single domains.
        most: Notes of metrics that are told.
        short: Name only a few of the columns that cannot be told from chance.
    """
    shown = [r for r in results if domains or r.domain == "overall"]
    places: dict[tuple[str, str], list[str]] = {}
    for r in shown:
        if r.estimate.detail.get("note"):
            place = f"{r.model} on {r.task}" + (f" [{r.domain}]" if domains else "")
            places.setdefault((r.metric, str(r.estimate.detail["note"])), []).append(place)
    # One sentence of several metrics, as that all scores are equal, is one line.
    metrics: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (metric, note), found in places.items():
        metrics.setdefault((note, tuple(found)), []).append(metric)
    lines = [f"{', '.join(of)}: {note} ({_some(found)})" for (note, found), of in metrics.items()]
    if len(lines) > most:
        lines[most:] = [f"... and {len(lines) - most} more notes (all of them with --json)"]
    lines += _against_chance(shown, short)
    return lines + _without_value(shown)


def _without_value(results: Sequence[Result], most: int = 3) -> list[str]:
    """Say why figures have no value, a line a reason, of which a table shows only that they have none."""
    reasons: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for r in results:
        if reason := r.estimate.detail.get("reason"):
            metrics, places = reasons.setdefault(str(reason), ({}, {}))
            metrics[r.metric] = places[f"{r.model} on {r.task}"] = None
    lines = [
        f"- has no value: {', '.join(metrics)}: {reason} ({_some(list(places))})"
        for reason, (metrics, places) in reasons.items()
    ]
    if len(lines) > most:
        lines[most:] = [f"... and {len(lines) - most} more reasons (all of them in the detail of --json)"]
    return lines


def notes_on_bounds(cells: Iterable[CellRecord]) -> list[str]:
    """Name the models whose figures are bounds, and why."""
    why = {cell.label: cell.bound for cell in cells if cell.bound}
    return [f"{label}: {a_bound(reason)}" for label, reason in why.items()]


def a_bound(why: str) -> str:
    """Say what the figure of a model is that cannot be used, for the reason that `harness.model.Model.bound` gives."""
    return f"a bound, and no result: it {why}"


def _against_chance(results: Sequence[Result], short: bool) -> list[str]:
    """Say of the figures over all items which cannot be told from chance; each task by itself, where there are some."""
    tasks = list(dict.fromkeys(r.task for r in results))
    lines = []
    for task in tasks:
        own = [r for r in results if r.task == task and r.domain == "overall"]
        notes = against_chance(Shown(r.metric, r.model, r.unit, r.higher_is_better, r.estimate) for r in own)
        said = [note.short if short else note.text for note in notes]
        lines += [f"{task}: {line}" if len(tasks) > 1 else line for line in said]
    return lines


def _some(texts: Sequence[str], most: int = 3) -> str:
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more
