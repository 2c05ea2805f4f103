"""What a reader of a table of results must know of its figures, below it in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from harness.results.chance_notes import Shown, against_chance
from harness.store.records import Result


def results_notes(results: Sequence[Result], *, domains: bool = False, most: int = 8) -> list[str]:
    """What a reader of `results_table` must know of its figures; a line a sentence, however many it is true of."""
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
    lines += _against_chance(shown)
    if any(r.estimate.detail.get("reason") for r in shown):
        lines.append("- has no value: the reason is in the detail of --json")
    return lines


def _against_chance(results: Sequence[Result]) -> list[str]:
    """Say of the figures over all items which cannot be told from chance; each task by itself, where there are some."""
    tasks = list(dict.fromkeys(r.task for r in results))
    lines = []
    for task in tasks:
        own = [r for r in results if r.task == task and r.domain == "overall"]
        said = against_chance(Shown(r.metric, r.model, r.unit, r.higher_is_better, r.estimate) for r in own)
        lines += [f"{task}: {line}" if len(tasks) > 1 else line for line in said]
    return lines


def _some(texts: Sequence[str], most: int = 3) -> str:
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more
