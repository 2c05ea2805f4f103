"""Tells which metric predicts an outcome, how sure that is, and what it predicts for models without a known outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.outcomes"


@hookimpl
def register_analyses(register: Register) -> None:
    """Register the analysis that `harness.correlate` runs, and whose section a site shows."""
    register(
        "correlate",
        f"{_HERE}.analysis:Correlate",
        description="which metric predicts an outcome: intervals, exact permutation tests, a predictor",
    )


@hookimpl
def register_commands(register: Register) -> None:
    """Register the command ``harness correlate``."""
    register(
        "correlate",
        f"{_HERE}.command:command",
        description="which metric predicts an outcome, and how sure that is",
    )
