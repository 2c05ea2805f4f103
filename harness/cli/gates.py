"""Gates for continuous integration: ``--fail-if 'METRIC > NUMBER'``, held against the cautious end of the interval."""

from __future__ import annotations

import fnmatch
import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from harness.errors import UnknownName, UsageError, did_you_mean
from harness.terminal import say, visible

if TYPE_CHECKING:
    from harness.leaderboard.board import Board
    from harness.running.plan import Plan
    from harness.stats import Estimate
    from harness.store.records import CellRecord

TRIPPED = 3
"""The exit status where a gate was tripped."""
F = TypeVar("F", bound=Callable[..., Any])
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_FORM = re.compile(
    r"(?:(?P<end>low|high|value)\()?(?P<figure>[^()<>]+?)(?(end)\))\s*"
    r"(?P<how>>=|<=|>|<)\s*(?P<number>[-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*(?P<percent>%?)(?:\s+of\s+(?P<models>.+))?"
)
_EXAMPLE = "--fail-if 'attack_success_rate > 0.05'"


def fail_if_option(function: F) -> F:
    """Add the option ``--fail-if`` to a command."""
    return click.option(
        "--fail-if",
        "fail_if",
        multiple=True,
        metavar="'FIGURE > NUMBER [of MODEL]'",
        help="End with status 3 unless the figure is shown not to: the interval's end that lies nearer to it counts "
        "(high of >, low of <), or say low(FIGURE), high(FIGURE), value(FIGURE); repeat for several.",
    )(function)


class Figure(NamedTuple):
    """A figure that a gate may be about."""

    model: str
    names: frozenset[str]
    """All that it may be called: its metric, ``task:metric``, ``task:metric:domain``, or its column."""
    estimate: Estimate | None
    """None where it could not be computed."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition under which a command ends with status `TRIPPED`."""

    text: str
    figure: str
    how: str
    number: float
    end: str
    """Which end of the interval is compared: ``low``, ``high``, or the ``value`` itself."""
    models: str = "*"
    """A glob of labels."""

    @classmethod
    def parse(cls, text: str) -> Gate:
        """Read a condition.

        Raises:
            UsageError: it is none.

        >>> Gate.parse("over_block >= 5% of guarded*").number, Gate.parse("low(accuracy) < 0.7").end
        (0.05, 'low')
        """
        match = _FORM.fullmatch(text.strip())
        try:
            number = float(match["number"]) / (100 if match["percent"] else 1) if match else math.nan
        except ValueError:
            number = math.nan
        if match is None or not math.isfinite(number):
            raise UsageError(f"--fail-if {text!r}: expected a figure, one of > >= < <=, and a number: {_EXAMPLE}")
        end = match["end"] or ("high" if match["how"].startswith(">") else "low")
        return cls(text, match["figure"].strip(), match["how"], number, end, (match["models"] or "*").strip())

    def is_about(self, figure: Figure) -> bool:
        """Whether a figure is one that this gate is about."""
        return self.figure in figure.names and self.is_of(figure.model)

    def is_of(self, model: str) -> bool:
        """Whether a model is one that this gate is about."""
        return model == self.models or fnmatch.fnmatchcase(model, self.models)

    def why_tripped(self, figure: Figure) -> str:
        """Say why a figure trips the gate; empty where it is shown not to."""
        found = figure.estimate
        if found is None or not math.isfinite(found.value):
            return "there is no figure, so nothing is shown"
        reached = found.value if self.end == "value" else getattr(found, self.end)
        if not math.isfinite(reached):
            return "it has no interval; say value(...) to hold the figure itself against the number"
        if not _COMPARE[self.how](reached, self.number):
            return ""
        what = (
            "the value" if self.end == "value" else f"the {self.end} end of its {100 * found.confidence:g} % interval"
        )
        return f"{what} is {reached:.4g} ({found.value:.4g} [{found.low:.4g}, {found.high:.4g}])"


def gates_of(texts: Sequence[str]) -> list[Gate]:
    """Read the conditions of a command.

    Raises:
        UsageError: one is none.
    """
    return [Gate.parse(text) for text in texts]


def check_planned(gates: Sequence[Gate], plan: Plan) -> None:
    """Make sure that every gate is about something that will be computed.

    Raises:
        UnknownName: no such figure is computed.
        UsageError: of no such model.
    """
    labels = {cell.label for cell in plan.cells}
    for gate in gates:
        known = {cell.task.name: [metric.name for metric in cell.metrics] for cell in plan.cells}
        names = {name for task, metrics in known.items() for m in metrics for name in (m, f"{task}:{m}")}
        # A domain is known once the rows are read.
        if gate.figure not in names and not any(gate.figure.startswith(f"{name}:") for name in names):
            raise UnknownName("figure of this evaluation", gate.figure, {m for ms in known.values() for m in ms})
        _check_models(gate, labels)


def _check_models(gate: Gate, labels: Iterable[str]) -> None:
    if not any(gate.is_of(label) for label in labels):
        raise UsageError(
            f"--fail-if {gate.text!r}: no model is called {gate.models!r}{did_you_mean(gate.models, labels)}"
        )


def figures_of_cells(cells: Iterable[CellRecord]) -> list[Figure]:
    """Return the figures of a run."""
    return [
        Figure(cell.label, _names(result.task, result.metric, result.domain), result.estimate)
        for cell in cells
        for result in cell.results
    ]


def _names(task: str, metric: str, domain: str) -> frozenset[str]:
    if domain == "overall":
        return frozenset({metric, f"{task}:{metric}", f"{task}:{metric}:overall"})
    return frozenset({f"{metric}:{domain}", f"{task}:{metric}:{domain}"})


def figures_of_board(board: Board) -> list[Figure]:
    """Return the figures of a leaderboard, published ones left out: they come without the interval of a run."""
    found = []
    for column in board.columns:
        task = max((task for task in board.tasks if column.key.startswith(f"{task}:")), key=len, default="")
        names = frozenset({column.key, *([column.key.removeprefix(f"{task}:")] if task else [])})
        found += [Figure(e.model, names, e.figures.get(column.key)) for e in board.entries if not e.published]
    return found


def check_board(gates: Sequence[Gate], board: Board) -> None:
    """Make sure that every gate is about a column and a model of a leaderboard.

    Raises:
        UnknownName: there is no such column.
        UsageError: there is no such model.
    """
    figures = figures_of_board(board)
    for gate in gates:
        names = {name for figure in figures for name in figure.names}
        if gate.figure not in names:
            raise UnknownName("column of this leaderboard", gate.figure, names)
        _check_models(gate, {figure.model for figure in figures})


def tripped(gates: Sequence[Gate], figures: Sequence[Figure], labels: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Hold figures against gates; return what trips one: ``condition``, ``model`` and ``reason`` each.

    Args:
        gates: The conditions.
        figures: What was computed.
        labels: Of models that should have a figure of each gate, whether they have one or not.
    """
    found = []
    labels = list(dict.fromkeys(labels))
    for gate in gates:
        about = [figure for figure in figures if gate.is_about(figure)]
        have = {figure.model for figure in about}
        about += [Figure(label, frozenset(), None) for label in labels if gate.is_of(label) and label not in have]
        for figure in about:
            if reason := gate.why_tripped(figure):
                found.append({"condition": gate.text, "model": figure.model, "reason": reason})
    return found


def say_tripped(found: Sequence[dict[str, Any]]) -> None:
    """Say on standard error what tripped a gate."""
    for one in found:
        say(f"failed: --fail-if {visible(one['condition'])!r}: {visible(one['model'])}: {one['reason']}", err=True)
