"""MULI: detection of toxic prompts from the first token of the reply (arXiv 2405.18822)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.muli"


@hookimpl
def register_models(register: Register) -> None:
    """Register the trained detector, and the detectors without training."""
    register(
        "muli",
        f"{_HERE}.detector:Muli",
        offers=("detect",),
        description="detector on the first token of a language model's reply (path= where it was trained)",
    )
    register(
        "refusal",
        f"{_HERE}.refusals:Refusal",
        offers=("detect",),
        description="how likely a language model is to refuse: base=[MODEL]",
    )
    register(
        "first-token",
        f"{_HERE}.refusals:FirstToken",
        offers=("detect",),
        description="how likely a token begins a language model's reply: base=[MODEL],token=Sorry",
    )


@hookimpl
def register_trainers(register: Register) -> None:
    """Register the exact trainer and the published one."""
    register(
        "muli",
        f"{_HERE}.trainers:MuliTrainer",
        model="muli",
        description="sparse logistic regression on first-token log-odds, exact, penalty by cross-validation",
    )
    register(
        "muli-compat",
        f"{_HERE}.trainers:MuliCompatTrainer",
        model="muli",
        description="the same as published: subgradient descent for 500 epochs, dense",
    )


@hookimpl
def register_commands(register: Register) -> None:
    """Register the command ``harness explain``."""
    register("explain", f"{_HERE}.command:command", description="Show which tokens a muli detector goes by.")
