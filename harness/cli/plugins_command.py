"""The command ``harness plugins``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from harness.cli.options import json_option, print_json, registry_options, table_options
from harness.names.plugins import DISTRIBUTION, Plugin
from harness.names.registry import KINDS, Registry
from harness.results.terminal_tables import for_a_terminal, say_entries
from harness.terminal import one_entry, say, visible


@click.command("plugins")
@registry_options
@table_options
@json_option
def command(registry_file: Path | None, strict: bool, as_json: bool) -> int:
    """List plugins with the names that they register, why plugins failed, and names that clash; your own come first.

    The exit status is 1 if a plugin failed, or if something that a plugin registers cannot be used.
    """
    registry = Registry(extra=registry_file, strict=strict)
    rows: list[dict[str, Any]] = []
    for plugin in registry.plugins.found:
        names = {k: [e.name for e in registry.entries(k) if e.is_of(plugin)] for k in KINDS}
        rows.append(
            {
                "name": plugin.name,
                "distribution": plugin.distribution,
                "version": plugin.version,
                "module": plugin.module,
                "state": plugin.state,
                "problem": plugin.problem,
                "registers": {kind: listed for kind, listed in names.items() if listed},
            }
        )
    if as_json:
        print_json({"plugins": rows, "clashes": registry.clashes()})
    else:
        # What came with the harness is known; whoever asks looks for another plugin first.
        pairs = sorted(zip(rows, registry.plugins.found, strict=True), key=lambda p: p[1].distribution == DISTRIBUTION)
        (_say_fitted if for_a_terminal() else _say_lines)(pairs)
        for clash in registry.clashes():
            say(f"clash: {one_entry(str(clash))}")
    return 1 if registry.plugins.troubled else 0


def _heading(row: Mapping[str, Any]) -> str:
    return visible(f"{row['name']}  {row['state']}  ({row['distribution']} {row['version']}, {row['module']})")


def _problems(plugin: Plugin) -> list[str]:
    return list(plugin.refused or filter(None, [plugin.problem]))


def _say_lines(pairs: Sequence[tuple[Mapping[str, Any], Plugin]]) -> None:
    """Print a line for each kind of name, however long, for a program that reads lines."""
    for row, plugin in pairs:
        say(_heading(row))
        for problem in _problems(plugin):
            say(f"    {one_entry(problem)}")
        for kind, listed in row["registers"].items():
            say(visible(f"    {kind}: {', '.join(listed)}"))


def _say_fitted(pairs: Sequence[tuple[Mapping[str, Any], Plugin]]) -> None:
    """Print the names fitted to a terminal."""
    groups = []
    for row, plugin in pairs:
        entries = [("problem", problem) for problem in _problems(plugin)]
        entries += [(kind, ", ".join(listed)) for kind, listed in row["registers"].items()]
        groups.append((_heading(row), entries))
    say_entries(groups)
