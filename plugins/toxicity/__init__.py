"""The toxicity suite: the kind of task and the metric that its data sets need beyond the core's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.toxicity"


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kind of task that detects a class in replies."""
    register(
        "reply-detection",
        f"{_HERE}.replies:ReplyDetection",
        description="tell replies of a class from the others, given what they reply to",
    )
