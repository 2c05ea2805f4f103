"""Security of generative AI: attacks and what becomes of them, graded by graders whose errors are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.security"


@hookimpl
def register_capabilities(register: Register) -> None:
    """Register what graders are asked."""
    register("grade", f"{_HERE}.grading:GRADE", description="outcome of an attack")


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kinds of task."""
    register("attempts", f"{_HERE}.attempts:Attempts", description="answer attacks or harmless prompts, graded")


@hookimpl
def register_metrics(register: Register) -> None:
    """Register the rates of outcomes."""
    for name, attribute in (
        ("attack_success_rate", "AttackSuccessRate"),
        ("refusal_rate", "RefusalRate"),
        ("over_refusal_rate", "OverRefusalRate"),
        ("benign_failure_rate", "BenignFailureRate"),
    ):
        register(name, f"{_HERE}.rates:{attribute}")
