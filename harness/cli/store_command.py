"""``harness store``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import json_option, open_registry, print_json, registry_options, store_option
from harness.errors import UsageError
from harness.terminal import say, visible

if TYPE_CHECKING:
    from harness.store.room import GivenBack
    from harness.store.space import StoreSpace

_LISTED = 20
"""Rows of a table that are shown; JSON has all."""


@click.command("store")
@click.argument("action", type=click.Choice(["show", "prune", "compact"]), default="show")
@click.option("--dry-run", is_flag=True, help="Say what prune or compact would give back, and change nothing.")
@store_option
@registry_options
@json_option
def command(
    action: str, dry_run: bool, store: Path | None, registry_file: Path | None, strict: bool, as_json: bool
) -> None:
    """Show what the files of a store take, by model, capability and task; or give room back.

    \b
    show     answers, arrays, columns and trained models, and what nothing refers to
    prune    remove files of arrays and columns that nothing in the store refers to, as killed runs leave them;
             beside a running evaluation it leaves those that may be that one's
    compact  prune; then write files of arrays anew without what nothing refers to, and shrink the database;
             refused while another process has the store open to write

    Nothing that an answer or a cell refers to is ever removed.

    \b
    Examples:
      harness store
      harness store prune --dry-run
      harness store compact --store results/store.sqlite
    """
    from harness.results.stores import existing_store_path
    from harness.store.room import compact, prune
    from harness.store.space import measure

    path = existing_store_path(open_registry(registry_file, strict), store)
    if action == "show":
        if dry_run:
            raise UsageError("--dry-run is for prune and compact; show changes nothing")
        space = measure(path)
        if as_json:
            print_json(_space_json(path, space))
        else:
            _say_space(path, space)
        return
    done = (prune if action == "prune" else compact)(path, dry_run=dry_run)
    if as_json:
        print_json(_given_back_json(path, action, done, dry_run))
    else:
        _say_given_back(done, dry_run)


def size(count: float) -> str:
    """A number of bytes for a reader."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError


def _say_space(path: Path, space: StoreSpace) -> None:
    from harness.results.terminal_tables import say_table

    free = f", of which {size(space.free)} are free" if space.free else ""
    say(visible(f"{path}: {size(space.total)}"))
    say(f"database {size(space.database)}{free}; arrays {size(space.arrays)}; columns {size(space.columns)}; trained")
    say(f"models {size(sum(space.models.values()))}")
    if space.responses:
        rows = [
            [visible(r.model), visible(r.capability), f"{r.responses}", f"{r.failed}", size(r.records), size(r.arrays)]
            for r in space.responses
        ]
        say()
        say_table(["model", "capability", "answers", "failed", "rows", "arrays"], rows[:_LISTED], left=(0, 1))
        _say_more(rows)
    if space.tables:
        rows = [[visible(t.model), visible(t.task), f"{t.files}", size(t.bytes)] for t in space.tables]
        say()
        say_table(["model", "task", "files", "columns"], rows[:_LISTED], left=(0, 1))
        _say_more(rows)
    if space.models:
        rows = [[visible(name), size(count)] for name, count in space.models.items()]
        say()
        say_table(["trained model", "size"], rows[:_LISTED], left=(0,))
        _say_more(rows)
    lost, dead = sum(one.bytes for one in space.unreferenced), sum(space.dead.values())
    if lost or dead or space.free:
        say(
            f"\nnothing refers to {len(space.unreferenced)} files of {size(lost)} (harness store prune), and to "
            f"{size(dead)} inside other files of arrays (harness store compact)"
        )


def _say_more(rows: list[Any]) -> None:
    if len(rows) > _LISTED:
        say(f"... and {len(rows) - _LISTED} more: --json lists all")


def _say_given_back(done: GivenBack, dry_run: bool) -> None:
    would = "would " if dry_run else ""
    for file, count in done.files:
        say(visible(f"{would}remove{'' if dry_run else 'd'} {file}  {size(count)}"))
    for file, count in done.rewritten:
        say(visible(f"{'would write' if dry_run else 'wrote'} {file} anew, smaller by {size(count)}"))
    for file, reason in done.left:
        say(visible(f"left {file}: {reason}"))
    if done.database:
        say(f"the database {'would become' if dry_run else 'became'} smaller by {size(done.database)}")
    say(f"{size(done.total)} {'would be' if dry_run else 'were'} given back")


def _space_json(path: Path, space: StoreSpace) -> dict[str, Any]:
    return {
        "store": str(path),
        "bytes": {
            "total": space.total,
            "database": space.database,
            "free": space.free,
            "arrays": space.arrays,
            "columns": space.columns,
            "models": sum(space.models.values()),
        },
        "responses": [one._asdict() for one in space.responses],
        "columns": [one._asdict() for one in space.tables],
        "models": dict(space.models),
        "unreferenced": [{"file": str(one.path), "bytes": one.bytes} for one in space.unreferenced],
        "unreferenced_inside": dict(space.dead),
        "not_ours": [str(one) for one in space.strange],
    }


def _given_back_json(path: Path, action: str, done: GivenBack, dry_run: bool) -> dict[str, Any]:
    return {
        "store": str(path),
        "action": action,
        "dry_run": dry_run,
        "bytes": done.total,
        "removed": [{"file": str(file), "bytes": count} for file, count in done.files],
        "rewritten": [{"file": str(file), "bytes": count} for file, count in done.rewritten],
        "database": done.database,
        "left": [{"file": str(file), "reason": reason} for file, reason in done.left],
    }
