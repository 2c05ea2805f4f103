"""The command ``harness attacks``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness import say
from harness.cli import json_option, open_registry, print_json, registry_options

from .library import ADAPTIVE, Declared

_HEADINGS = ("attack", "kind", "licence", "date", "needs", "queries", "texts")


@click.command("attacks")
@registry_options
@json_option
def command(registry_file: Path | None, strict: bool, as_json: bool) -> None:
    """List the attacks that ATTACK in attack:ATTACK:TASK can be, with licence, date and what making their texts took.

    The column "texts" says whether they ship, are to be found below $HARNESS_DATA, or are not here. The attack
    "adaptive" searches against whoever is evaluated.
    """
    from .source import AttackTasks

    named = open_registry(registry_file, strict).source_of("attack:")
    assert named is not None
    source = named[0]
    assert isinstance(source, AttackTasks)
    rows = [_row(declared) for declared in source.library.declared().values()]
    if as_json:
        print_json({"attacks": [*rows, {"attack": ADAPTIVE, "kind": ADAPTIVE}], "groups": list(source.library.groups)})
        return
    table = [_HEADINGS, *(tuple(str(row[heading]) for heading in _HEADINGS) for row in rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(_HEADINGS))]
    for line in table:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    say(f"groups: {', '.join(source.library.groups)}; and adaptive, which searches")


def _row(declared: Declared) -> dict[str, Any]:
    file, facts = declared.file, declared.file.facts
    where = "ship" if not (file.mirror or file.file) else "here" if declared.is_here else "not here"
    short = {name.removeprefix("attack_"): value for name, value in facts.items()}
    return {
        "attack": declared.name,
        **short,
        "texts": where,
        "description": file.description,
        "citation": file.citation,
    }
