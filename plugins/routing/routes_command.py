"""The command ``harness routes``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from harness import DataError, UsageError, say
from harness.cli import Finite, json_option, open_registry, print_json, registry_options, store_option


@click.command("routes")
@click.argument("router")
@click.option("-t", "--task", required=True, help="Task of kind routing that the router was evaluated on.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="JSON file to write.")
@click.option(
    "--cost-weight", default=0.0, show_default=True, type=Finite(min=0), help="Correctness that one USD is worth."
)
@click.option("--split", default="test", show_default=True, help="Results on this split.")
@store_option
@registry_options
@json_option
def command(
    router: str,
    task: str,
    output: Path,
    cost_weight: float,
    split: str,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Write which model an evaluated router chose for each question, with its cost, as RouterArena's prediction files.

    ROUTER is the label that the router has in results. Questions that it did not answer are left out, and counted.

    \b
    Examples:
      harness routes near -t school/router -o near.json
      harness routes near -t school/router -o cheap.json --cost-weight 50
    """
    from harness.leaderboard import refuse_to_replace, refuse_unwritable

    read = [path for path in (store, registry_file) if path is not None]
    refuse_to_replace(output, read)
    refuse_unwritable(output)
    registry = open_registry(registry_file, strict)
    entries, left_out = _entries(registry, router, task, split, cost_weight, store)
    _write(output, json.dumps(entries, indent=1, ensure_ascii=False) + "\n")
    if as_json:
        print_json({"output": str(output), "questions": len(entries), "left_out": left_out})
    else:
        say(f"{output}: {len(entries)} choices of {router}, {left_out} questions left out, which it did not answer")


def _entries(
    registry: Any, router: str, name: str, split: str, cost_weight: float, store: Path | None
) -> tuple[list[dict[str, Any]], int]:
    """Return the entries of the file, and how many questions have no choice.

    Raises:
        UsageError: the task is no routing task, or the router was not evaluated on it.
        DataError: the question's data, or the router's predictions, cannot be read.
    """
    from harness import Item
    from harness.errors import did_you_mean
    from harness.results import existing_store_path
    from harness.running import table_of_cell
    from harness.store import StoreReader, latest_cells

    from .choices import choices
    from .matrix import plain_prompt
    from .router_arena import entry_of
    from .task import Routing

    task = registry.task(name)
    if not isinstance(task, Routing):
        raise UsageError(f"{name} is no task of kind routing: nothing is chosen there")
    items = {item.id: item for item in task.items(split) if isinstance(item, Item)}
    with StoreReader(existing_store_path(registry, store)) as reader:
        cells = {cell.label: cell for cell in latest_cells(reader, [name], settings={"split": split})}
        if router not in cells:
            raise UsageError(f"no result of a model {router!r} on {name} [{split}]{did_you_mean(router, list(cells))}")
        if cells[router].task_digest != task.definition.digest:
            raise UsageError(f"{name} was defined differently when {router} was evaluated on it; evaluate it again")
        table = table_of_cell(reader, cells[router], task.facts())
    try:
        made = choices(table.columns, cost_weight)
    except ValueError as error:
        raise DataError(f"{name}: {error}") from error
    entries, left_out = [], 0
    for row, id_ in enumerate(table.ids.tolist()):
        item, model = items.get(id_.decode("utf-8", "replace")), int(made.model[row])
        if item is None or model < 0:
            left_out += 1
            continue
        cost, outcome = (None if value != value else float(value) for value in (made.cost[row], made.outcome[row]))
        entries.append(
            entry_of(item.id, plain_prompt(item.fields["prompt"]), item.fields["models"][model], cost, outcome)
        )
    return entries, left_out


def _write(path: Path, content: str) -> None:
    from harness.errors import StoreError
    from harness.files import NO_ROOM, is_full, write_atomically

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        reason = NO_ROOM if is_full(error) else f"cannot be written: {error.strerror}"
        raise StoreError(f"{path}: {reason}") from error
