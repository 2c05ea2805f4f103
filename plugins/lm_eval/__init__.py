"""lm-eval both ways: its tasks for models of harness (``lm_eval:NAME``), and models of harness in its command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.lm_eval"


@hookimpl
def register_task_sources(register: Register) -> None:
    """Register the library of lm-eval's tasks."""
    register("lm_eval", f"{_HERE}.source:LmEvalTasks", description="tasks of lm-eval: lm_eval:NAME[:num_fewshot=5,...]")


@hookimpl
def register_benchmarks(register: Register) -> None:
    """Register the average by size that lm-eval's groups use."""
    register(
        "lm-eval-by-size",
        f"{_HERE}.metrics:by_size",
        description="mean weighted by the number of documents, as in lm-eval's groups",
    )
