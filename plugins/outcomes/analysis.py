"""The analysis that `harness.correlate` and publishers look up in the registry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness import Analysis, OutcomeFile, Registry, Section
from harness.store import Readable

from .render import as_html
from .report import CorrelationQuestion, Report, answer
from .table import outcome_table


class Correlate(Analysis):
    """Correlates every figure of a benchmark with an outcome, tests them together, and predicts."""

    def check(self, outcome: OutcomeFile) -> None:
        """Read the table of outcomes.

        Raises:
            DataError: the table cannot be read.
            UnclearColumn: a column is missing, or it is unclear which column is meant.
        """
        outcome_table(outcome)

    def answer(
        self,
        registry: Registry,
        store: Readable | None,
        benchmark: str,
        outcome: OutcomeFile,
        *,
        published: Sequence[Path] = (),
        **settings: Any,
    ) -> Report:
        """Return the report; ``settings`` are the other fields of `CorrelationQuestion`, by name."""
        return answer(registry, store, CorrelationQuestion(benchmark, outcome, published=published, **settings))

    def section(self, report: Report) -> Section:
        """Return heat-maps, tests and predictions as HTML; the template has escaped every text."""
        return Section(report.outcome, len(report.values), as_html(report, template="body.html"))
