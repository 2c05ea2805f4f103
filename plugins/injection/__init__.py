"""Prompt injection: instructions in what a model reads, and agents with scripted tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.injection"


@hookimpl
def register_models(register: Register) -> None:
    """Register the scripted agent, whose figures are known beforehand."""
    register(
        "scripted-agent",
        f"{_HERE}.scripted:ScriptedAgent",
        offers=("generate",),
        description="a rule that obeys what it reads, ignores it, or refuses (behaviour=obedient, robust, refuser)",
    )


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kinds of task."""
    register(
        "indirect-injection",
        f"{_HERE}.indirect:IndirectInjection",
        description="answer a question about a text that holds an instruction of somebody else",
    )
    register(
        "direct-injection",
        f"{_HERE}.direct:DirectInjection",
        description="keep to a system prompt that the user wants broken, seen by what the reply says",
    )
    register(
        "tool-agent", f"{_HERE}.agent:ToolAgent", description="use tools, of which one answers with an instruction"
    )


@hookimpl
def register_metrics(register: Register) -> None:
    """Register the figures of both kinds."""
    for name, attribute in (
        ("benign_utility", "BenignUtility"),
        ("utility_under_attack", "UtilityUnderAttack"),
        ("injection_lift", "InjectionLift"),
        ("targeted_asr", "TargetedSuccess"),
        ("control_asr", "ControlSuccess"),
        ("attack_reach", "AttackReach"),
    ):
        register(name, f"{_HERE}.rates:{attribute}")


@hookimpl
def register_benchmarks(register: Register) -> None:
    """Register the figure that holds a defended model against the same one without its defence."""
    register(
        "attack-prevention",
        f"{_HERE}.prevention:attack_prevention",
        field=True,
        unit="fraction",
        description="share of an undefended model's successful attacks that are prevented, at little loss of utility",
    )
