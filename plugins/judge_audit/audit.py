"""An audit of a judge: all figures of all sets, flags that hold together, and the sentence that sums them up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness import stats

from .agreement import agreement_figures
from .cycles import cycle_figures
from .figure import Figure, finite
from .judged import FAILED, NOT_ASKED, READ, UNREAD, Judged
from .position import position_figures
from .resolution import resolution
from .steadiness import steadiness_figures
from .tastes import taste_figures

SCHEMA = "judge-audit/1"
ALPHA = 0.05
PROMPTS = (100, 200, 500, 805, 2000)
"""Numbers of prompts for which the smallest difference is told: Arena-Hard has 500, AlpacaEval 805."""
GROUPS = ("answers", "position", "tastes", "circles", "labels")


@dataclass(slots=True)
class AuditedSet:
    """The figures of one set of pairs."""

    task: str
    judged: Judged
    groups: dict[str, list[Figure]]
    resolution: Any
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def figures(self) -> list[Figure]:
        """List all figures."""
        return [figure for group in self.groups.values() for figure in group]

    def counts(self) -> dict[str, int]:
        """Count pairs, prompts, and verdicts by what became of them."""
        status = self.judged.status
        return {
            "pairs": len(self.judged),
            "prompts": len(set(self.judged.prompts.tolist())),
            "asked": int((status != NOT_ASKED).sum()),
            "read": int((status == READ).sum()),
            "unread": int((status == UNREAD).sum()),
            "failed": int((status == FAILED).sum()),
        }

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "task": self.task,
            **self.about,
            **self.counts(),
            "failures": list(self.judged.reasons[:5]),
            "figures": {name: [figure.as_json() for figure in group] for name, group in self.groups.items()},
            "resolution": finite(self.resolution),
        }


def audited_set(
    task: str,
    judged: Judged,
    *,
    prompts: Sequence[int] = PROMPTS,
    confidence: float = 0.95,
    independent: bool = True,
    **about: Any,
) -> AuditedSet:
    """Make all figures of a set; flags are put later, over all sets.

    Args:
        task: Its name.
        judged: The verdicts.
        prompts: Numbers of prompts for which the smallest difference is told.
        confidence: Of the intervals.
        independent: Whether both orders have answers of their own, see `cycle_figures`.
        about: What is told beside the figures.
    """
    groups = {
        "answers": steadiness_figures(judged, confidence),
        "position": position_figures(judged, confidence),
        "tastes": taste_figures(judged, confidence),
        "circles": cycle_figures(judged, confidence, independent=independent),
        "labels": agreement_figures(judged, confidence, ties=not about.get("generated")),
    }
    return AuditedSet(task, judged, groups, resolution(judged, prompts, confidence), about)


def put_flags(sets: Sequence[AuditedSet], alpha: float = ALPHA) -> list[tuple[str, Figure]]:
    """Flag what is beyond what is fair, by Holm's method over all tests of all sets, and return (task, figure) of each.

    A judge that is fair in every respect is flagged for anything in at most a share ``alpha`` of audits.
    """
    tested = [(one.task, figure) for one in sets for figure in one.figures if not math.isnan(figure.p_value)]
    for (_, figure), adjusted in zip(tested, stats.holm([f.p_value for _, f in tested]), strict=True):
        figure.adjusted = float(adjusted)
        figure.flagged = figure.adjusted <= alpha
    return [(task, figure) for task, figure in tested if figure.flagged]


def verdict_of(sets: Sequence[AuditedSet], flags: Sequence[tuple[str, Figure]], alpha: float = ALPHA) -> str:
    """Sum an audit up in a sentence."""
    counts = [one.counts() for one in sets]
    if not sum(count["read"] for count in counts):
        failed = sum(count["failed"] for count in counts)
        why = next((reason for one in sets for reason in one.judged.reasons), "")
        every = f"every request failed: {why}" if failed == sum(count["asked"] for count in counts) else ""
        return (
            f"No verdict could be read, so nothing else is known: {every or 'answers came, without a verdict in them'}"
        )
    if all(_only_ties(one.judged) for one in sets):
        return "Calls every pair a tie: nothing else can be known of it"
    if flags:
        what = "; ".join(dict.fromkeys(figure.title for _, figure in flags))
        return f"Flagged for {len(flags)} of {_tests(sets)} properties tested: {what}"
    return f"Not flagged for any of {_tests(sets)} properties tested together at {100 * alpha:g} % (Holm)"


def _only_ties(judged: Judged) -> bool:
    verdicts = np.concatenate([judged.given, judged.exchanged])
    return bool((np.abs(verdicts[~np.isnan(verdicts)] - 0.5) == 0).all())


def _tests(sets: Sequence[AuditedSet]) -> int:
    return sum(not math.isnan(figure.p_value) for one in sets for figure in one.figures)
