"""Firewalls: a chat model between detectors and a policy, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.firewall"


@hookimpl
def register_capabilities(register: Register) -> None:
    """Register what a firewall does with an exchange."""
    register("guard", f"{_HERE}.guarding:GUARD", description="what a firewall does with a prompt and a reply")


@hookimpl
def register_models(register: Register) -> None:
    """Register the firewall, and those that look at nothing."""
    register(
        "firewall",
        f"{_HERE}.firewall:Firewall",
        offers=("detect", "generate", "guard"),
        description="a chat model between detectors: base=MODEL,input=[[DETECTOR]],output=[[DETECTOR]],policy=any",
    )
    for name, attribute, description in (
        ("always-block", "AlwaysBlock", "no firewall: blocks every prompt"),
        ("never-block", "NeverBlock", "no firewall: blocks nothing"),
        ("random-block", "RandomBlock", "no firewall: blocks a share of prompts at random: share=0.5"),
    ):
        register(name, f"{_HERE}.controls:{attribute}", offers=("detect", "guard"), description=description)


@hookimpl
def register_adapters(register: Register) -> None:
    """Register the way from a detector to a firewall of its own."""
    register(
        "detect-to-guard",
        f"{_HERE}.detected:DetectToGuard",
        gives="guard",
        needs="detect",
        cost=1.0,
        description="blocks where a detector's log-odds are above a threshold: stage=input,threshold=0",
    )


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kind of task that replays recorded traffic."""
    register(
        "firewall-replay",
        f"{_HERE}.replay:FirewallReplay",
        description="recorded exchanges: what a firewall stops of them, and what that costs",
    )


@hookimpl
def register_metrics(register: Register) -> None:
    """Register what is stopped, and what it costs."""
    for name, attribute in (
        ("residual_asr", "ResidualASR"),
        ("residual_asr_newer", "NewerResidualASR"),
        ("block_recall", "BlockRecall"),
        ("over_block", "OverBlock"),
        ("guarded_utility", "GuardedUtility"),
        ("lift_over_length", "LiftOverLength"),
        ("guard_milliseconds", "GuardMilliseconds"),
    ):
        register(name, f"{_HERE}.replay_metrics:{attribute}")


@hookimpl
def register_commands(register: Register) -> None:
    """Register ``harness compile-firewall`` and ``harness drift``."""
    register(
        "compile-firewall",
        f"{_HERE}.compile_command:command",
        description="Choose a firewall's detectors and thresholds from recorded traffic, with a certified over-block.",
    )
    register(
        "drift",
        f"{_HERE}.drift_command:command",
        description="Report what changed of the same models between two stores, in pairs where the items agree.",
    )
