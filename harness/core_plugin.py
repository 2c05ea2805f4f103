"""What nothing can be evaluated without: capabilities, aggregates, and the model that cross-validation makes.

Registered through the same hooks as a plugin's, but not as an entry point: it is loaded whatever ``HARNESS_PLUGINS``
and registry.yaml leave out. The kinds of task lie in `harness.kinds`, a plugin that can be left out.
"""

from __future__ import annotations

from harness.hooks import Register, hookimpl


@hookimpl
def register_capabilities(register: Register) -> None:
    """Register the capabilities of the core, each by its constant."""
    from harness.capabilities.core import CONSTANTS

    for constant, capability in CONSTANTS.items():
        register(capability.name, f"harness.capabilities.core:{constant}", description=capability.description)


@hookimpl
def register_models(register: Register) -> None:
    """Register the model that `harness cross-validate` makes."""
    register(
        "cross-fitted",
        "harness.training.cross_fit:CrossFitted",
        description="answers each item by the model that was trained without it (path= of harness cross-validate)",
    )


@hookimpl
def register_benchmarks(register: Register) -> None:
    """Register the aggregates of the core."""
    register("mean", "harness.results.aggregate:mean", description="mean, weighted or not; errors add in squares")
    register("minimum", "harness.results.aggregate:minimum", description="the lowest")
    register("maximum", "harness.results.aggregate:maximum", description="the highest")
    field = "harness.results.field_aggregates"
    register(
        "bradley-terry",
        f"{field}:bradley_terry",
        field=True,
        unit="log-odds",
        description="strengths from who has the better figure on which item, ties half; covariates can be taken out",
    )
    register(
        "duel-strength",
        "harness.results.field_duels:duel_strength",
        field=True,
        unit="fraction",
        description="probability of beating the baseline of duels; the order shown and style can be taken out",
    )
    register(
        "win-rate-over-field",
        f"{field}:win_rate_over_field",
        field=True,
        unit="fraction",
        description="share of the other models that a model beats on an item, ties half",
    )
    register(
        "less-field-mean",
        f"{field}:less_field_mean",
        field=True,
        description="a figure less the mean of all models on the same item",
    )
