"""The command ``harness list``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from harness.cli.options import json_option, open_registry, print_json, registry_options, table_options
from harness.errors import HarnessError
from harness.names.own_chance import own_chance
from harness.names.plugins import plugin_code
from harness.names.registry import KINDS, Registry
from harness.results.terminal_tables import for_a_terminal, say_entries
from harness.terminal import one_entry, say, visible

WHAT = (
    "models",
    "tasks",
    "benchmarks",
    "metrics",
    "kinds",
    "trainers",
    "adapters",
    "capabilities",
    "importers",
    "aggregates",
)
_KIND = {"kinds": "task kind", "capabilities": "capability"}


@click.command("list")
@click.argument("what", type=click.Choice(WHAT), default="tasks")
@click.option("--filter", "pattern", default="", help="Only names that contain this.")
@registry_options
@table_options
@json_option
def command(what: str, pattern: str, registry_file: Path | None, strict: bool, as_json: bool) -> None:
    """List all names of a kind, each with a sentence about it.

    
    Examples:
      harness list tasks
      harness list models --json
      harness list metrics --filter accuracy
      harness list tasks --filter lm_eval:arc
    """
    registry = open_registry(registry_file, strict)
    listed = _of_source(registry, pattern) if what in ("tasks", "benchmarks") else None
    rows = [row for row in listing(registry, what) if pattern in row["name"]] if listed is None else listed[what]
    if what in ("tasks", "benchmarks"):
        for problem in registry.task_problems:
            say(f"warning: {one_entry(str(problem))}", err=True)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        if row.get("chance") is not None:
            level = row["chance"]
            said = "chance computed" if level == "computed" else f"chance {level:g}"
            row["description"] = f"{row['description']} ({said})".strip()
    shown = [(visible(str(row["name"])), one_entry(str(row["description"]).strip())) for row in rows]
    width = min(max((len(name) for name, _ in shown), default=0), 48)
    if shown and for_a_terminal():
        say_entries(_groups(what, rows))
    elif shown:
        say("\n".join(f"{name:<{width}}  {description}".rstrip() for name, description in shown))
    if not rows:
        say("nothing of that kind" if not pattern else f"nothing that contains {pattern!r}", err=True)


def _groups(what: str, rows: list[dict[str, Any]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Group a list for a reader: tasks by the folder or library before their names, everything else by its plugin.

    Tasks that are alone in their folder stand at the end, without a heading.
    """
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        name = str(row["name"])
        if what in ("tasks", "benchmarks"):
            group = re.split("[/:]", name, maxsplit=1)[0]
        else:
            group = f"plugin {row['plugin']}" if row.get("plugin") else "registry.yaml"
        groups.setdefault(group, []).append((name, str(row["description"])))
    if what not in ("tasks", "benchmarks"):
        return sorted(groups.items())
    several = [(group, entries) for group, entries in groups.items() if len(entries) > 1]
    alone = [entry for entries in groups.values() if len(entries) == 1 for entry in entries]
    return [*several, *([("", alone)] if alone else [])]


def listing(registry: Registry, what: str) -> list[dict[str, Any]]:
    """List name, description and origin of everything of a kind."""
    if what == "tasks":
        tasks = [
            {"name": t.name, "description": t.description, "kind": t.kind, "origin": t.origin}
            for t in registry.tasks().files().values()
        ]
        tasks += [_source(registry, entry.name) for entry in registry.entries("task source")]
        return sorted(tasks, key=lambda row: row["name"])
    if what == "benchmarks":
        return [
            {"name": b.name, "description": b.description, "tasks": b.tasks}
            for _, b in sorted(registry.benchmarks().files().items())
        ]
    kind = _KIND.get(what, what.removesuffix("s"))
    assert kind in KINDS
    rows = [
        {
            "name": e.name,
            "description": e.description,
            "plugin": e.plugin,
            "distribution": e.distribution,
            **e.facts.as_json(),
            **({"chance": own_chance(e.reference)} if kind == "metric" else {}),
        }
        for e in registry.entries(kind)
    ]
    if what == "models":
        rows += [{"name": name, **_named(model)} for name, model in registry.named_models().items()]
    return sorted(rows, key=lambda row: str(row["name"]))


def _source(registry: Registry, name: str) -> dict[str, Any]:
    """Return one row for a whole library of tasks."""
    try:
        named = registry.source_of(f"{name}:")
        assert named is not None
        with plugin_code(f"the task source {name!r}: summary()"):
            more = f"{named[0].summary()} (list them: harness list tasks --filter {name}:)"
    except HarnessError as error:  # a library that cannot be opened must not hide all other tasks
        say(f"warning: {one_entry(str(error))}", err=True)
        more = "cannot be listed"
    return {"name": f"{name}:*", "description": more, "kind": "task source", "origin": name}


def _of_source(registry: Registry, pattern: str) -> dict[str, list[dict[str, Any]]] | None:
    """List the tasks and groups of the library that a filter names; None if the filter names no library."""
    named = registry.source_of(pattern)
    if named is None:
        return None
    source, rest = named
    rows: dict[str, list[dict[str, Any]]] = {"tasks": [], "benchmarks": []}
    with plugin_code(f"the task source {source.name!r}: names()"):
        names = dict(source.names())
    for name, listed in sorted(names.items()):
        if rest in name:
            row = {"name": f"{source.name}:{name}", "description": listed.description, "kind": listed.kind}
            rows["benchmarks" if listed.kind == "group" else "tasks"].append(row)
    return rows


def _named(model: Any) -> dict[str, Any]:
    if isinstance(model, str):
        return {"description": f"= {model} (registry.yaml)", "plugin": None}
    made = f"trainer {model.trainer} on {model.task}" if model.trainer else f"= {model.model}"
    return {"description": model.description or f"{made} (registry.yaml)", "plugin": None}
