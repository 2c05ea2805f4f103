"""Logs of red-teaming tools, read as recorded prompts, replies and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.attack_logs"


@hookimpl
def register_importers(register: Register) -> None:
    """Register the readers of the tools' files."""
    for name, reference, description in (
        ("garak", "garak:read_log", "a report or hit log of garak: detector=NAME where several saw an attempt"),
        ("pyrit", "pyrit:read_memory", "the memory of PyRIT, an SQLite file"),
        (
            "promptfoo",
            "promptfoo:read_results",
            "results of promptfoo as JSON: passed=succeeded where a passed test is one",
        ),
        ("inspect", "inspect_logs:read_log", "a log of Inspect, .json or .eval: success=VALUE,scorer=NAME"),
        ("jailbreakbench", "jailbreakbench:read_artifact", "an artifact of JailbreakBench"),
    ):
        register(name, f"{_HERE}.{reference}", writes="data", description=description)
