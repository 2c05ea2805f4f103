"""Fewer calls of a judge: a comparison that stops when it is decided, and a cheap scorer beside a dear judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.judge_savings"


@hookimpl
def register_commands(register: Register) -> None:
    """Register the command ``harness duel``."""
    register(
        "duel", f"{_HERE}.command:command", description="which of two is better, asking a judge only until it is clear"
    )
