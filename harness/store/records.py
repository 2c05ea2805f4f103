"""The records that the store keeps of a cell: one model on one task, with its estimates and the models that were asked.

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

from harness.files.generated_data import GeneratedData
from harness.stats import Estimate

BY_LABEL = "verdicts_by_label"
"""Setting of cells whose recorded verdicts were looked up by item and by the label of the judged model.

Earlier versions looked up the item alone, so that the second of two candidates got the verdicts on the first.
"""
BOUND = "bound"
"""Setting of cells whose model is none that can be used: why, as `harness.model.Model.bound` says."""
GENERATED = "generated"
"""Setting of cells whose data a program made: what is known of it, as `GeneratedData.as_json` gives it."""
MAX_FAILURES_KEPT = 1000
"""Most failed items of a cell whose reasons are kept."""
NOT_ON_FILE = frozenset({"broken_metrics"})
"""Fields of a `CellRecord` that no store keeps."""


@dataclass(frozen=True, slots=True)
class Result:
    """The estimate of one metric on one domain of a cell."""

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
        """Return the object that ``--json`` promises for a result; a figure that cannot be computed is None."""
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
            "chance": e.chance,
            "at_chance": e.at_chance,
            "n": e.n,
            "n_failed": e.n_failed,
            "unit": self.unit,
            "higher_is_better": self.higher_is_better,
            "adapters": list(self.adapters),
            "detail": {k: v for k, v in e.detail.items() if isinstance(v, (str, int, float, list, bool))},
        }


@dataclass(frozen=True, slots=True)
class StageRecord:
    """Which model was asked in one stage of a cell, for which capability, and through which adapters."""

    role: str
    model: str
    """Label of the model."""
    fingerprint: str
    capability: str
    """The capability that the task asked for."""
    adapters: tuple[str, ...] = ()
    """Names of the adapters, outermost first."""
    listwise: bool = False
    by_origin: bool = False
    """Whether requests are filed by item, not by text."""


@dataclass(slots=True)
class CellRecord:
    """One cell, done or failed, as the store keeps it."""

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
    """Number of responses that were on file; None for cells of early versions, which did not count them."""
    seconds: float = 0.0
    columns: str = ""
    results: list[Result] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    """Pairs (item, reason) of the first failed items."""
    remarks: list[str] = field(default_factory=list)
    """Sentences of the models about how their answers came about."""
    asked: list[StageRecord] = field(default_factory=list)
    """One record a stage, in order."""
    id: int = 0
    """Number of the cell in its store; 0 for a cell that is not filed yet."""
    run: int = 0
    """Number of the run that filed the cell; 0 for a cell that is not filed yet."""
    broken_metrics: list[str] = field(default_factory=list)
    """A sentence for each metric whose code raised: the cell is done, and the command ends with 1. Not on file."""

    @property
    def confidence(self) -> float:
        """Nominal coverage of the intervals of the cell's estimates; 0.95 for early cells, which did not note it."""
        return float(self.settings.get("confidence", 0.95))

    @property
    def bound(self) -> str:
        """Why its figures are a bound, and not a result; empty where they are one."""
        return str(self.settings.get(BOUND, ""))

    @property
    def valueless(self) -> int:
        """Number of items that were answered and have no value of the headline metric, which counts them as failed.

        `failed_requests` lacks them, since no request failed: an unreadable verdict, or an outcome that is not known.
        """
        headline = next((result for result in self.results if result.headline and result.domain == "overall"), None)
        return 0 if headline is None else max(0, headline.estimate.n_failed - self.failed_requests)

    @property
    def generated(self) -> GeneratedData | None:
        """What is known of the data if a program made them; None for real data, and for cells of early versions."""
        return GeneratedData.from_json(self.settings.get(GENERATED))


def now() -> str:
    """Return the time in UTC as ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def check_estimate(estimate: Estimate) -> None:
    """Refuse an estimate of a plugin's metric that no store can hold, before the estimate ruins the whole cell.

    Raises:
        TypeError: a figure is not a number, or a key of the detail is of a type that JSON cannot hold.
        ValueError: the detail contains itself, or the chance level is not finite.
    """
    for figure in (estimate.value, estimate.stderr, estimate.low, estimate.high, estimate.n, estimate.n_failed):
        float(figure)
    if estimate.chance is not None and not math.isfinite(estimate.chance):
        raise ValueError(f"its chance level is {estimate.chance}; expected a number, or None where there is none")
    detail_json(estimate)


def finite_or_none(value: float) -> float | None:
    """Return a figure as a table holds it: None for a figure that could not be computed."""
    return float(value) if math.isfinite(value) else None


def detail_json(estimate: Estimate) -> str:
    """Write the detail of an estimate as JSON; an object that JSON does not know becomes a list or a text."""
    return json.dumps(dict(estimate.detail), default=_plain)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
