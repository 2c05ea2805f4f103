"""The command ``harness plugins``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness.cli.options import json_option, print_json, registry_options
from harness.names.registry import KINDS, Registry
from harness.terminal import one_entry, say, visible


@click.command("plugins")
@registry_options
@json_option
def command(registry_file: Path | None, strict: bool, as_json: bool) -> int:
    """List plugins with the names that they register, why plugins failed, and names that clash.

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
        for row, plugin in zip(rows, registry.plugins.found, strict=True):
            where = f"{row['distribution']} {row['version']}, {row['module']}"
            say(visible(f"{row['name']}  {row['state']}  ({where})"))
            for problem in plugin.refused or filter(None, [plugin.problem]):
                say(f"    {one_entry(problem)}")
            for kind, listed in row["registers"].items():
                say(visible(f"    {kind}: {', '.join(listed)}"))
        for clash in registry.clashes():
            say(f"clash: {one_entry(str(clash))}")
    return 1 if registry.plugins.troubled else 0
