"""Curation: ask questions whose answers can be checked, and make test sets of the answers (PPE, arXiv 2410.14872)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.curation"


@hookimpl
def register_models(register: Register) -> None:
    """Register a generator that needs neither network nor accelerator."""
    register(
        "arithmetic-student",
        f"{_HERE}.student:ArithmeticStudent",
        offers=("generate",),
        description="a rule that answers the questions of curation/*, wrongly at a chosen rate; no language model",
    )


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kind of task whose answers can be checked."""
    register(
        "verifiable", f"{_HERE}.verifiable:Verifiable", description="give an answer that can be checked to a reference"
    )


@hookimpl
def register_metrics(register: Register) -> None:
    """Register the metrics of sampled and checked completions."""
    for name, attribute, description in (
        ("pass_at_1", "PassRate", "share of samples that are correct"),
        ("pass_at_k", "PassAtK", "share of prompts solved by at least one of `k` samples, unbiased"),
        ("answered_rate", "AnsweredRate", "share of samples in which an answer was found"),
        ("truncated_rate", "TruncatedRate", "share of samples that reached the limit of tokens"),
    ):
        register(name, f"{_HERE}.passes:{attribute}", description=description)


@hookimpl
def register_commands(register: Register) -> None:
    """Register the command ``harness curate``."""
    register("curate", f"{_HERE}.command:command", description="make a best-of-k test set of sampled, checked answers")
