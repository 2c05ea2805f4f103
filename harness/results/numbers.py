"""Figures and tables for people: the one module that says how a number is shown."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from harness.stats import Estimate
from harness.store.records import CellRecord, Result
from harness.terminal import one_entry
from harness.terminal import visible as visible

_LEAST_P = 1e-300
"""Probabilities below are shown as less than it: numbers end near, and the rest of their digits is error."""
NO_FIGURE = "-"
"""Stands where there is no figure."""


def figure(value: float | None, unit: str = "fraction") -> str:
    """A number with as many digits as a reader can use; fractions as percentages."""
    if value is None or not math.isfinite(value):
        return NO_FIGURE
    return f"{100 * value:.2f}" if unit == "fraction" else f"{value:.4g}"


def interval(estimate: Estimate | None, unit: str = "fraction", level: float | None = None) -> str:
    """A figure with its interval: ``62.29 [57.1, 67.2]``.

    Args:
        estimate: The figure; None: there is none.
        unit: What it is counted in.
        level: What the heading above says of intervals; one of another level says its own.
    """
    if estimate is None or not math.isfinite(estimate.value):
        return NO_FIGURE
    return f"{figure(estimate.value, unit)} {bounds(estimate, unit, level)}".rstrip()


def bounds(estimate: Estimate, unit: str, level: float | None = None) -> str:
    """An interval alone, ``[57.1, 67.2]``; empty where there is none. Arguments as of `interval`."""
    if not math.isfinite(estimate.low):
        return ""
    low, high = (f"{100 * v:.1f}" if unit == "fraction" else f"{v:.3g}" for v in (estimate.low, estimate.high))
    return f"[{low}, {high}{other_level(estimate, level)}]"


def chance_text(estimates: Iterable[Estimate], unit: str = "fraction") -> str:
    """Return the chance level that estimates share, ``50``, or the least and the greatest of them, ``25 to 50``.

    >>> chance_text([Estimate(0.6, 0.1, 0.4, 0.8, 9, chance=level) for level in (0.5, 0.25)])
    '25 to 50'
    """
    levels = sorted(e.chance for e in estimates if e.chance is not None)
    if not levels:
        return NO_FIGURE
    low, high = (level_figure(level, unit) for level in (levels[0], levels[-1]))
    return low if low == high else f"{low} to {high}"


def level_figure(level: float, unit: str = "fraction") -> str:
    """Return a chance level with one decimal at most: it is known exactly, but what it is held against is not."""
    return f"{100 * level:.1f}".removesuffix(".0") if unit == "fraction" else f"{level:.3g}"


def other_level(estimate: Estimate, level: float | None) -> str:
    """``; 50 %`` where an interval is not of the level that the heading above it says; else nothing."""
    return "" if level is None or estimate.confidence == level else f"; {percent(estimate.confidence)}"


def p_value(value: float, digits: int = 4) -> str:
    """Return a p-value with as many decimals, ``0.0312``; one that they would show as zero, as ``3.1e-07``.

    One below what numbers can hold is not zero either: ``<1e-300``, in one word.
    """
    if not math.isfinite(value):
        return NO_FIGURE
    if value < _LEAST_P:
        return f"<{_LEAST_P:.0e}"
    return f"{value:.{digits}f}" if value >= 10**-digits else f"{value:.1e}"


def percent(share: float) -> str:
    """``95 %``, with decimals where it needs them."""
    return f"{100 * share:.6g} %"


def level_of(estimates: Iterable[Estimate], usual: float = 0.95) -> float:
    """The level that a heading above some intervals says: that of most, of as many the highest; without any, `usual`.

    Intervals of another level are shown with their own.
    """
    counts = Counter(e.confidence for e in estimates if math.isfinite(e.low))
    return max(counts, key=lambda level: (counts[level], level), default=usual)


def plain_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, left: Collection[int] = ()) -> str:
    """Return a table of aligned columns, text to the left and figures to the right.

    Args:
        head: The headings.
        rows: The cells of each row, as many as there are headings.
        left: Numbers of columns that stand at the left whatever they hold; the first one always does.
    """
    head, rows = [visible(str(cell)) for cell in head], [[visible(str(cell)) for cell in row] for row in rows]
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    right = [i > 0 and i not in left and all(_is_figure(row[i]) for row in rows) for i in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(
            str(c).rjust(w) if r else str(c).ljust(w) for c, w, r in zip(cells, widths, right, strict=True)
        ).rstrip()

    return "\n".join([line(head), line(["-" * w for w in widths]), *(line(row) for row in rows)])


def _is_figure(text: str) -> bool:
    return text == NO_FIGURE or text.lstrip("<")[:1].isdigit() or (text[:1] == "-" and text[1:2].isdigit())


def cell_line(cell: CellRecord) -> str:
    """One finished cell in one line."""
    if cell.status != "done":
        return one_entry(f"{visible(cell.label)} on {visible(cell.task)}: FAILED: {cell.problem}")
    headline = next((r for r in cell.results if r.headline and r.domain == "overall"), None)
    shown = f"{headline.metric} {interval(headline.estimate, headline.unit)}" if headline else "done"
    place = visible(f"{cell.label} on {cell.task}")
    through = f", through {' > '.join(cell.adapters)}" if cell.adapters else ""
    lost = cell.failed_requests + cell.valueless
    failed = f", {lost} failed" if lost else ""
    cached = " (all from the store)" if cell.requests and not cell.computed else ""
    return f"{place}: {shown}{failed}{through}, {cell.items} items in {cell.seconds:.1f} s{cached}"


def results_table(results: Sequence[Result], *, domains: bool = False) -> str:
    """Estimates as a table, one metric a row."""
    return plain_table(*results_rows(results, domains=domains))


def results_rows(results: Sequence[Result], *, domains: bool = False) -> tuple[list[str], list[list[str]]]:
    """Return the headings and rows of `results_table`."""
    shown = [r for r in results if domains or r.domain == "overall"]
    level = level_of(r.estimate for r in shown)
    head = ["model", "task", "metric", f"value [{percent(level)}]", "n", "failed"]
    if domains:
        head.insert(3, "domain")
    rows = []
    for r in shown:
        row = [
            r.model,
            r.task,
            r.metric,
            interval(r.estimate, r.unit, level),
            str(r.estimate.n),
            str(r.estimate.n_failed),
        ]
        if domains:
            row.insert(3, r.domain)
        rows.append(row)
    return head, rows
