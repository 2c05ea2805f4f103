"""What nothing can be evaluated without: capabilities, aggregates, and the model that cross-validation makes.

Registered through the same hooks as a plugin's, but not as an entry point: it is loaded whatever ``HARNESS_PLUGINS``
and registry.yaml leave out. The kinds of task lie in `harness.kinds`, a plugin that can be left out.
"""

from __future__ import annotations

from harness.hooks import Register, hookimpl


@hookimpl
def register_capabilities(register: Register) -> None:
    """The capabilities of the core."""
    from harness.capabilities import CORE

    for capability in CORE:
        register(
            capability.name,
            f"harness.capabilities:{capability.name.upper()}",
            description=capability.description,
        )


@hookimpl
def register_models(register: Register) -> None:
    """What the core's own commands make."""
    register(
        "cross-fitted",
        "harness.training.cross_fit:CrossFitted",
        description="answers each item by the model that was trained without it (path= of harness cross-validate)",
    )


@hookimpl
def register_benchmarks(register: Register) -> None:
    """The aggregates."""
    register("mean", "harness.results.aggregate:mean", description="mean, weighted or not; errors add in squares")
    register("minimum", "harness.results.aggregate:minimum", description="the lowest")
