"""Insecure code that a model writes, found by bandit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.insecure_code"


@hookimpl
def register_models(register: Register) -> None:
    """Register the scanner, and writers of code whose faults are known."""
    register(
        "bandit",
        f"{_HERE}.scanner:Bandit",
        offers=("detect",),
        description="bandit, a scanner of Python: whether the code in a text is insecure",
    )
    register(
        "scripted-coder",
        f"{_HERE}.scripted:ScriptedCoder",
        offers=("generate",),
        description="a rule that writes vulnerable or fixed code, or none (habit=careless, careful, talker)",
    )


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kind of task."""
    register("code-safety", f"{_HERE}.task:CodeSafety", description="write Python, which a scanner looks through")


@hookimpl
def register_metrics(register: Register) -> None:
    """Register the rates of insecure code."""
    for name, attribute in (("insecure_rate", "InsecureRate"), ("code_rate", "CodeRate")):
        register(name, f"{_HERE}.rates:{attribute}")
