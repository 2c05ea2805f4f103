"""EmbedLLM: models as vectors, learned from who answers what right; a router, and a map (arXiv 2410.02223)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.embedllm"


@hookimpl
def register_models(register: Register) -> None:
    """Register the trained router."""
    register(
        "embedllm",
        f"{_HERE}.router:EmbedLLM",
        offers=("route",),
        description="predicts each model's correctness from the question's vector (path= where it was trained)",
    )


@hookimpl
def register_trainers(register: Register) -> None:
    """Register the exact trainer and the published one."""
    register(
        "embedllm",
        f"{_HERE}.trainers:EmbedLLMTrainer",
        model="embedllm",
        description="ridge logistic regression of every model at once, exact, ridge by cross-validation",
    )
    register(
        "embedllm-compat",
        f"{_HERE}.trainers:EmbedLLMCompatTrainer",
        model="embedllm",
        description="the same as published: factorised, by Adam with noise for 50 epochs",
    )


@hookimpl
def register_commands(register: Register) -> None:
    """Register ``harness onboard``, ``model-map``, ``leave-out`` and ``short-test``."""
    register(
        "onboard", f"{_HERE}.onboard_command:command", description="Add a model to a router from a few of its answers."
    )
    register("model-map", f"{_HERE}.map_command:command", description="Show where a router has its models.")
    register(
        "leave-out",
        f"{_HERE}.leave_out_command:command",
        description="Foretell accuracies on categories that were left out of training.",
    )
    register(
        "short-test",
        f"{_HERE}.short_test_command:command",
        description="Foretell a score on all questions of a benchmark from some of them.",
    )
