"""What the store keeps of a cell: one model on one task, with its estimates and who was asked.

To keep one more value of a cell, give `CellRecord` a field and the table ``cells`` in `harness.store.schema` a column
of the same name, write the column down in `harness.store.migrations`, and name it in docs/store-and-resume.md.
`harness.store.cells` writes and reads every field that has a column.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from harness.stats import Estimate

BY_LABEL = "verdicts_by_label"
"""Setting of cells whose recorded verdicts were looked up by whose answer they are on.

Before, the item alone was looked up, and of two candidates the second got the verdicts on the first.
"""
MAX_FAILURES_KEPT = 1000
"""Failed items of a cell whose reasons are kept."""
NOT_ON_FILE = frozenset({"broken_metrics"})
"""Fields of a `CellRecord` that no store keeps."""


@dataclass(frozen=True, slots=True)
class Result:
    """One metric of one cell on one domain."""

    model: str
    task: str
    metric: str
    domain: str
    estimate: Estimate
    unit: str
    higher_is_better: bool
    adapters: tuple[str, ...] = ()
    headline: bool = False

    def as_json(self) -> dict[str, Any]:
        """The contract of ``--json``; None where a figure cannot be computed."""
        e = self.estimate
        return {
            "model": self.model,
            "task": self.task,
            "metric": self.metric,
            "domain": self.domain,
            "value": finite_or_none(e.value),
            "stderr": finite_or_none(e.stderr),
            "low": finite_or_none(e.low),
            "high": finite_or_none(e.high),
            "confidence": e.confidence,
            "n": e.n,
            "n_failed": e.n_failed,
            "unit": self.unit,
            "higher_is_better": self.higher_is_better,
            "adapters": list(self.adapters),
            "detail": {k: v for k, v in e.detail.items() if isinstance(v, (str, int, float, list, bool))},
        }


@dataclass(frozen=True, slots=True)
class StageRecord:
    """Who was asked in one stage of a cell, and how."""

    role: str
    model: str
    """Label."""
    fingerprint: str
    capability: str
    """What the task asked for."""
    adapters: tuple[str, ...] = ()
    """Outermost first."""
    listwise: bool = False
    by_origin: bool = False
    """Its requests are filed by item, not by text."""


@dataclass(slots=True)
class CellRecord:
    """One cell, done or failed, as it is filed and read back."""

    label: str
    fingerprint: str
    task: str
    task_digest: str
    settings: dict[str, Any]
    adapters: tuple[str, ...]
    status: str
    problem: str = ""
    items: int = 0
    failed_requests: int = 0
    requests: int = 0
    computed: int = 0
    reused: int | None = None
    """Responses that were on file; None where that was not noted."""
    seconds: float = 0.0
    columns: str = ""
    results: list[Result] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    """(item, reason); the first of them."""
    remarks: list[str] = field(default_factory=list)
    """What the models said about how their answers came about."""
    asked: list[StageRecord] = field(default_factory=list)
    """By stage."""
    id: int = 0
    """Number in its store; 0 where it is not filed yet."""
    run: int = 0
    """Number of the run that filed it; 0 where it is not filed yet."""
    broken_metrics: list[str] = field(default_factory=list)
    """A sentence for each metric whose code raised: the cell is done, and the command ends with 1. Not on file."""

    @property
    def confidence(self) -> float:
        """Nominal coverage of the intervals of its estimates; stores of old, which did not note it, hold 0.95."""
        return float(self.settings.get("confidence", 0.95))


def now() -> str:
    """UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def check_estimate(estimate: Estimate) -> None:
    """Refuse what a metric of a plugin's may give and no store can hold, before it takes its whole cell along.

    Raises:
        TypeError: a figure is no number, or a key of the detail is none that JSON can hold.
        ValueError: the detail holds itself.
    """
    for figure in (estimate.value, estimate.stderr, estimate.low, estimate.high, estimate.n, estimate.n_failed):
        float(figure)
    detail_json(estimate)


def finite_or_none(value: float) -> float | None:
    """Give a figure as a table holds it: None where it could not be computed."""
    return float(value) if math.isfinite(value) else None


def detail_json(estimate: Estimate) -> str:
    """Write the detail of an estimate as JSON; an object that JSON does not know becomes its text."""
    return json.dumps(dict(estimate.detail), default=_plain)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
