"""What every log becomes: one row an attempt, with what the tool said of it and nothing more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["success", "refusal", "failure", "unscorable", "error"]
"""What a tool says came of an attempt.

``failure``: no success, by a grader that does not tell a refusal from an answer off the point. ``unscorable``: no
grader gave a verdict. ``error``: the model gave no reply.
"""
LABELS: Mapping[str, int | None] = {"success": 1, "refusal": 0, "failure": 0, "unscorable": None, "error": None}
"""By outcome, the label that a firewall's replay and a grader's evaluation read; None is no label, and never 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One recorded attempt: a prompt, the reply to it, and the verdict of a tool's grader."""

    tool: str
    version: str
    """Of the tool, as its file says; empty where it does not."""
    id: str
    prompt: Sequence[Mapping[str, str]]
    """Messages with ``role`` and ``content``, up to the reply."""
    reply: str | None
    """None where the model gave none."""
    outcome: Outcome
    score: float | None = None
    """The grader's figure; what it means is the tool's matter."""
    grader: str = ""
    attack: str = ""
    """Probe, strategy or method."""
    goal: str = ""
    category: str = ""
    model: str = ""
    date: str = ""
    """When it was made, ISO 8601."""

    def row(self) -> dict[str, Any]:
        """Return the row of the attempt."""
        return {
            "id": self.id,
            "prompt": [dict(message) for message in self.prompt],
            "reply": self.reply,
            "label": LABELS[self.outcome],
            "outcome": self.outcome,
            "score": None if self.outcome == "error" else self.score,  # a detector may give an absent reply a 0
            "goal": self.goal,
            "attack": self.attack,
            "category": self.category,
            "grader": self.grader,
            "model": self.model,
            "date": self.date,
            "tool": self.tool,
            "tool_version": self.version,
        }


def rows(attempts: Iterable[Attempt], where: object) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of attempts, then notes on how many there are of each outcome, and what has no label.

    Args:
        attempts: In the order of the log.
        where: The log, for the notes.
    """
    counts: Counter[str] = Counter()
    versions: dict[str, None] = {}
    for attempt in attempts:
        counts[attempt.outcome] += 1
        versions[attempt.version] = None
        yield attempt.row()
    if not counts:
        return
    several = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    made = " and ".join(filter(None, versions)) or "a version that the file does not name"
    yield {"note": f"{where}: {sum(counts.values())} attempts ({several}), written by {made}"}
    without = counts["unscorable"] + counts["error"]
    if without:
        yield {
            "note": f"{where}: {without} of {sum(counts.values())} attempts have no label, since no reply or no "
            "verdict is on record; they are never counted as safe"
        }


def user(text: str) -> list[dict[str, str]]:
    """Return a prompt of one user message."""
    return [{"role": "user", "content": text}]
