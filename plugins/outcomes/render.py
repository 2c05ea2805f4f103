"""A report of correlations as text or one HTML page; names that a model or file wrote are text, never markup."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.results import NO_FIGURE, p_value, percent, plain_table, visible
from harness.stats import Estimate

from .correlations import Correlation
from .heatmap import HeatMap, heat_maps
from .prediction import Prediction
from .report import Report

_WIDTH = 118
"""Most characters in a line of text."""
_SHOWN = 15
"""Number of correlations that a text shows unless all are wanted."""


def number(value: float, digits: int = 2) -> str:
    """Write a number, with its sign only if it is negative; a dash for NaN."""
    return NO_FIGURE if not math.isfinite(value) else f"{value:.{digits}f}".replace("-0.00", "0.00")


def probability(value: float) -> str:
    """Write a p-value with the digits that matter."""
    return p_value(value, digits=3)


def count(n: int, noun: str) -> str:
    """Write a number and a noun, such as ``1 figure`` or ``2 figures``."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def ranked(report: Report) -> list[Correlation]:
    """Return the correlations, the strongest first."""
    return sorted(report.tests.correlations, key=lambda c: -abs(c.pearson.value))


# text


def as_text(report: Report, *, everything: bool = False) -> str:
    """Write heat-maps, the strongest correlations with all that qualifies them, curves and the predictor."""
    parts = [f"{report.benchmark} against {visible(report.outcome)}, {len(report.values)} models", ""]
    parts += ["Pearson correlations; metrics of which lower is better enter negated", ""]
    for chart in heat_maps(report.tests.correlations):
        parts += [chart.title, *_text_map(chart), ""]
    rows = ranked(report) if everything else ranked(report)[:_SHOWN]
    parts += [plain_table(_HEAD, [_row(c) for c in rows]), *_hidden(report, len(rows)), "", *_legend(report), ""]
    parts += _text_curves(report)
    parts += ["predictor", *_predictor(report), ""]
    parts += [f"note: {visible(note)}" for note in report.notes]
    return "\n".join(parts).rstrip() + "\n"


_HEAD = ["task", "metric", "domain", "r [interval]", "without one", "p", "p family", "FDR", "corrected", "rho", "n"]


def _row(c: Correlation) -> list[str]:
    f = c.feature
    return [
        visible(f.task),
        visible(f.metric) + ("" if f.higher_is_better else " (negated)"),
        visible(f.domain),
        bounds(c.pearson),
        f"{number(c.leave_one_out[0])} to {number(c.leave_one_out[1])}",
        probability(c.p_value),
        probability(c.family_p_value),
        probability(c.false_discovery),
        number(c.corrected) + ("!" if c.clipped else ""),
        number(c.spearman.value),
        str(c.pearson.n),
    ]


def bounds(e: Estimate) -> str:
    """Write a figure with its interval, such as ``0.73 [0.13, 0.94]``."""
    return f"{number(e.value)} [{number(e.low)}, {number(e.high)}]"


def _hidden(report: Report, shown: int) -> list[str]:
    rest = len(report.tests.correlations) - shown
    return [f"and {rest} weaker ones (--all)"] if rest > 0 else []


def _text_map(chart: HeatMap) -> list[str]:
    """Write a map, in as many pieces as its width needs."""
    label = max(len(row) for row in chart.rows)
    pieces: list[list[int]] = [[]]
    width = label
    for i, column in enumerate(chart.columns):
        cell = max(len(column), 5) + 2
        if width + cell > _WIDTH and pieces[-1]:
            pieces.append([])
            width = label
        width += cell
        pieces[-1].append(i)
    lines: list[str] = []
    for piece in pieces:
        head = ["metric", *(visible(chart.columns[i]) for i in piece)]
        rows = [
            [visible(row), *(_cell(cells[i]) for i in piece)]
            for row, cells in zip(chart.rows, chart.cells, strict=True)
        ]
        lines += [*([""] if lines else []), *plain_table(head, rows).splitlines()]
    return lines


def _cell(c: Correlation | None) -> str:
    return NO_FIGURE if c is None else number(c.pearson.value)


def _legend(report: Report) -> list[str]:
    tests = report.tests
    how = f"all {tests.permutations} orders of the models" if tests.exact else f"{tests.permutations} random orders"
    reliability = f"{tests.outcome_reliability:.2f}" if math.isfinite(tests.outcome_reliability) else "not known"
    return [
        f"[interval]: Fisher, {100 * report.level:g} %; without one: lowest and highest r without one of the models",
        f"p: two-sided, by {how}; p family: the same, having tried {count(len(tests.correlations), 'figure')} "
        "(Westfall-Young); FDR: Benjamini-Hochberg",
        f"corrected: for noise; reliability of the outcome {reliability}; ! = beyond 1, cut",
    ]


def _text_curves(report: Report) -> list[str]:
    if not report.curves:
        return []
    longest = max(len(curve.domains) for curve in report.curves)
    head = ["task", "metric", *(f"q={q}" for q in range(1, longest + 1))]
    rows = []
    for curve in report.curves:
        cells = [number(value) for value in curve.correlations]
        rows.append([visible(curve.task), visible(curve.metric), *cells, *[""] * (longest - len(cells))])
    domains = list(dict.fromkeys(name for curve in report.curves for name in curve.domains))
    return [
        f"lower-bound curves: the q-th lowest of each model's standardised domains ({visible(', '.join(domains))})",
        *plain_table(head, rows).splitlines(),
        "",
    ]


def _predictor(report: Report) -> list[str]:
    skill = report.skill
    verdict = "can be used" if skill.useful else "is not used"
    lines = [f"{skill.method} on {count(len(skill.features), 'figure')} {verdict}: {skill.reason}"]
    return lines + [f"{visible(p.model)}: {visible(statement(p))}" for p in report.predictions]


def statement(p: Prediction) -> str:
    """Write one prediction as a sentence."""
    if p.kind == "range":
        return p.detail
    span = f"between {p.low:.6g} and {p.high:.6g}"
    return f"{p.predicted:.6g}, {span} at a nominal {percent(p.level)}. {p.detail}"


# HTML


def as_html(report: Report, *, template: str = "correlations.html") -> str:
    """Write a self-contained page; with the template ``body.html``, only the part below the page's heading."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("harness_plugins.outcomes"), autoescape=True, trim_blocks=True)
    environment.filters.update(number=number, probability=probability, visible=visible)
    return environment.get_template(template).render(
        report=report,
        maps=heat_maps(report.tests.correlations),
        ranked=ranked(report),
        legend=_legend(report),
        bounds=bounds,
        count=count,
        statement=statement,
        outcomes=sorted(report.values.items(), key=lambda pair: -pair[1]),
        scale=_scale(list(report.values.values())),
    )


def _scale(values: Sequence[float]) -> str:
    """Return a number format with as many decimals as tell the outcomes apart."""
    return f"%.{max(0, min(4, 2 - math.floor(math.log10(max(values) - min(values)))))}f"
