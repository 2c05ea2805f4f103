"""Judge cards: what the errors of a grader are, on which data, with intervals; made by this harness, and read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from harness import Estimate, Item, UsageError
from harness.files import Strict, load_yaml, validate

SCHEMA = "judge-card/1"
RATES: Mapping[str, str] = {
    "sensitivity": "judge_sensitivity",
    "specificity": "judge_specificity",
    "accuracy": "judge_accuracy",
    "balanced_accuracy": "judge_balanced_accuracy",
}
"""What a card states, and the metric that gives it."""


class CardRate(Strict):
    """A rate on a card."""

    value: float = Field(ge=0, le=1)
    low: float = Field(ge=0, le=1, description="lower end of the interval")
    high: float = Field(ge=0, le=1)
    n: int = Field(ge=0, description="replies that it is a share of")


class CardOfTask(Strict):
    """What a card states of one task."""

    data: str = Field(description="hash of ids, prompts, replies and labels")
    replies: int = Field(ge=0)
    successes: int = Field(ge=0, description="replies that people call a success")
    unscored: int = Field(ge=0, description="replies without a verdict")
    sensitivity: CardRate | None = None
    specificity: CardRate | None = None
    accuracy: CardRate | None = None
    balanced_accuracy: CardRate | None = None


class JudgeCard(Strict):
    """A judge card."""

    card: str = Field(description="form of the card")
    grader: str = Field(description="specification of the grader")
    fingerprint: str = Field(description="hash of everything that its verdicts depend on")
    confidence: float = Field(gt=0, lt=1, description="of the intervals")
    made: str = ""
    harness: str = ""
    tasks: dict[str, CardOfTask] = Field(min_length=1)

    def _pooled(self, name: str) -> CardRate:
        rates: list[CardRate] = [rate for task in self.tasks.values() if (rate := getattr(task, name)) is not None]
        if not rates:
            raise UsageError(f"the judge card of {self.grader} states no {name}: none of its replies is of that kind")
        if len(rates) == 1:
            return rates[0]
        n = sum(rate.n for rate in rates)
        value = sum(rate.value * rate.n for rate in rates) / n
        return CardRate(value=value, low=min(r.low for r in rates), high=max(r.high for r in rates), n=n)

    @property
    def sensitivity(self) -> CardRate:
        """Return the sensitivity over all tasks, with the widest of their intervals."""
        return self._pooled("sensitivity")

    @property
    def specificity(self) -> CardRate:
        """Return the specificity over all tasks, with the widest of their intervals."""
        return self._pooled("specificity")


def data_hash(items: Iterable[Item]) -> str:
    """Return a hash of what a card is about: ids, prompts, replies and labels, in order."""
    made = hashlib.sha256()
    for item in items:
        fields = item.fields
        label = [fields.get("label"), fields.get("label_class")]
        row = [item.id, fields["prompt"].content(), fields["reply"], label]
        made.update(json.dumps(row, ensure_ascii=True).encode() + b"\n")
    return made.hexdigest()[:32]


def rate_of(estimate: Estimate, n: int) -> CardRate | None:
    """Return an estimate as a rate of a card; None where it has no value."""
    if estimate.value != estimate.value:
        return None
    low, high = (min(1.0, max(0.0, end)) for end in (estimate.low, estimate.high))
    return CardRate(value=round(estimate.value, 6), low=round(low, 6), high=round(high, 6), n=n)


def card_text(card: JudgeCard) -> str:
    """Write a card as YAML."""
    document: dict[str, Any] = card.model_dump(exclude_none=True)
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def read_card(path: str | Path) -> JudgeCard:
    """Read a judge card.

    Raises:
        UsageError: there is no such file.
        ConfigurationError: it is no judge card; names file, line and key.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise UsageError(f"{file}: no such judge card; make one with: harness judge-card GRADER -t TASK -o {file}")
    card: JudgeCard = validate(JudgeCard, load_yaml(file), file)
    if card.card != SCHEMA:
        raise UsageError(f"{file}: a card of the form {card.card!r}, and {SCHEMA!r} is read")
    return card


def card_of_other_data(tasks: str, task: str) -> str:
    """Say that a card was made on other data than those of a task; empty where it was made on them, or on no known.

    Args:
        tasks: Names of the card's tasks, joined by commas; empty: rates that come from no card.
        task: The task whose replies are graded; empty: not known.
    """
    if not task or task in tasks.split(", "):
        return ""
    where = f"the judge card was made on {tasks}" if tasks else "it is not said on which attacks they were measured"
    return f"{where}, and these are the replies of {task}: errors of graders do not carry over"
