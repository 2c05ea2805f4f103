"""Audits of judges: what they favour beside what is better, and the corrections of it; sets that people labelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.judge_audit"


@hookimpl
def register_models(register: Register) -> None:
    """Register the simulated judge, whose faults are known."""
    register(
        "simulated-judge",
        f"{_HERE}.simulated:SimulatedJudge",
        offers=("compare",),
        description="a simulation: a judge with known faults, for made-up pairs: position=1,length=0.5,unread=0.1",
    )


@hookimpl
def register_adapters(register: Register) -> None:
    """Register the corrections, each from comparing to comparing."""
    for name, attribute, cost, description in (
        ("both-orders", "BothOrders", 2.0, "asks in both orders and averages the preferences"),
        ("agree-or-tie", "AgreeOrTie", 2.0, "asks in both orders; a win where both agree, else a tie"),
        ("swap-log-odds", "SwapLogOdds", 2.0, "asks in both orders and averages the log-odds"),
        (
            "position-intercept",
            "PositionIntercept",
            1.0,
            "takes a known shift towards the first position: intercept=0.8",
        ),
    ):
        register(
            name,
            f"{_HERE}.corrections:{attribute}",
            gives="compare",
            needs="compare",
            cost=cost,
            description=description,
        )


@hookimpl
def register_tasks(register: Register) -> None:
    """Register pairs whose labels may be ties."""
    register(
        "labelled-pairs", f"{_HERE}.people:LabelledPairs", description="pairs that people compared, ties among labels"
    )


@hookimpl
def register_metrics(register: Register) -> None:
    """Register agreement with people in three classes."""
    for name, attribute in (
        ("people_agreement", "PeopleAgreement"),
        ("people_agreement@compat", "PeopleAgreementCompat"),
        ("people_kappa", "PeopleKappa"),
        ("people_macro_f1@compat", "MacroF1Compat"),
    ):
        register(name, f"{_HERE}.metrics:{attribute}")


@hookimpl
def register_importers(register: Register) -> None:
    """Register what reads published verdicts."""
    register(
        "pandalm",
        f"{_HERE}.importers:pandalm",
        description="verdicts on PandaLM's test set; evaluator=gpt35, pandalm7b or annotator1 to annotator3",
    )
    register(
        "mt-bench-200",
        f"{_HERE}.importers:mt_bench_200",
        description="verdicts on LLMBar's 200 pairs of MT-Bench; evaluator=NAME picks one",
    )


@hookimpl
def register_commands(register: Register) -> None:
    """Register the command ``harness audit``."""
    register(
        "audit", f"{_HERE}.command:command", description="audit a judge: order, tastes, circles, labels, resolution"
    )
