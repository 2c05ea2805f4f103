"""Evasion: any detection task with its texts disguised, and a model that undoes disguises before it detects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.evasion"


@hookimpl
def register_task_sources(register: Register) -> None:
    """Register the library that disguises every detection task."""
    register(
        "evasion",
        f"{_HERE}.source:EvasionTasks",
        description="any detection task with its texts disguised: evasion:TASK:how=homoglyph",
    )


@hookimpl
def register_models(register: Register) -> None:
    """Register the detector that undoes disguises."""
    register(
        "normalised",
        f"{_HERE}.defence:Normalised",
        offers=("detect",),
        description="undoes look-alike and invisible characters, then asks another detector (base=[DETECTOR])",
    )
