"""A local, read-only viewer of a store: runs, cells, and the samples behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register


@hookimpl
def register_commands(register: Register) -> None:
    """Register the command ``harness view``."""
    register(
        "view",
        "harness_plugins.view.command:command",
        description="look at runs, cells and samples of a store in a browser",
    )
