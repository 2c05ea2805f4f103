"""Which metric predicts an outcome, how sure that is, and what it predicts for a model whose outcome is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.outcomes"


@hookimpl
def register_analyses(register: Register) -> None:
    """Add what `harness.correlate` asks, and what a site shows of an outcome."""
    register(
        "correlate",
        f"{_HERE}.analysis:Correlate",
        description="which metric predicts an outcome: intervals, exact permutation tests, a predictor",
    )


@hookimpl
def register_commands(register: Register) -> None:
    """Add ``harness correlate``."""
    register(
        "correlate",
        f"{_HERE}.command:command",
        description="which metric predicts an outcome, and how sure that is",
    )
