"""Attacks: any task's goals in templates, encodings and conversations, and an attacker that adapts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.attacks"


@hookimpl
def register_task_sources(register: Register) -> None:
    """Register the library that attacks every task of attempts or detection."""
    register(
        "attack",
        f"{_HERE}.source:AttackTasks",
        description="any task of attempts or detection, attacked: attack:base64:TASK, attack:adaptive:TASK",
    )


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kind of task in which an attacker searches."""
    register(
        "adaptive-attack", f"{_HERE}.adaptive:AdaptiveAttack", description="search for a text that gets past a target"
    )


@hookimpl
def register_models(register: Register) -> None:
    """Register the attacker by rule."""
    register(
        "scripted-attacker",
        f"{_HERE}.scripted_attacker:ScriptedAttacker",
        offers=("generate",),
        description="attacker by rule, for searches by a model: moves=leet+insertion",
    )


@hookimpl
def register_metrics(register: Register) -> None:
    """Register the metrics of attacks that search."""
    for name, attribute in (
        ("adaptive_success_rate", "AdaptiveSuccessRate"),
        ("adaptive_success_by_calls", "AdaptiveSuccessByCalls"),
        ("adaptive_success_area", "AdaptiveSuccessArea"),
        ("mean_queries", "MeanQueries"),
        ("mean_attacker_calls", "MeanAttackerCalls"),
        ("recall_under_attack", "RecallUnderAttack"),
    ):
        register(name, f"{_HERE}.figures:{attribute}")


@hookimpl
def register_commands(register: Register) -> None:
    """Register the command ``harness attacks``."""
    register(
        "attacks", f"{_HERE}.command:command", description="list the attacks, with licence, date and what they need"
    )
