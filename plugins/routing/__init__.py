"""Routers: which of several models should answer a question, judged on matrices of outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.routing"


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kind whose rows are questions and whose columns are models."""
    register("routing", f"{_HERE}.task:Routing", description="which of several models answers a question right")
