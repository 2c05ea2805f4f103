"""The command ``harness distil``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from harness import say, write_atomically
from harness.cli import Finite, json_option, open_registry, print_json, registry_options, store_option

_PATH = click.Path(path_type=Path)


@click.command("distil")
@click.argument("task")
@click.option("--embedder", required=True, help="Model whose nearest neighbours are the pairs.")
@click.option("--judge", required=True, help="Model that offers reuse, such as reuse-judge:base=[MODEL].")
@click.option("--split", default="train", show_default=True, help="Split of the task.")
@click.option("--neighbours", default=3, show_default=True, type=click.IntRange(min=1), help="Of each prompt.")
@click.option("--least", default=-1.0, show_default=True, type=Finite(-1, 1), help="Cosine that a pair must reach.")
@click.option("-o", "--output", required=True, type=_PATH, help="JSONL file to write: a pair a line, with the verdict.")
@click.option("--task-file", type=_PATH, help="YAML to write too: a task that reads the pairs, parted by prompt.")
@store_option
@registry_options
@json_option
def command(
    task: str,
    embedder: str,
    judge: str,
    split: str,
    neighbours: int,
    least: float,
    output: Path,
    task_file: Path | None,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Let a judge say which nearest neighbours of a task's prompts share a response, and write that as data.

    Trainers of same-answer tasks learn from the file, also where the judge gives probabilities. A pair on which it gave
    no verdict is left out and counted. What the judge said is in the store: the same command asks nothing twice.

    \b
    Examples:
      harness distil my/prompts --embedder minilm --judge 'reuse-judge:base=[hf:path=FOLDER]' -o pairs.jsonl
      harness distil my/prompts --embedder minilm --judge 'gated-reuse:base=[minilm]' --neighbours 5 -o pairs.jsonl
    """
    from harness.tasks import build_task

    from .distilling import distil, lines_of, prompts_of

    registry = open_registry(registry_file, strict)
    prompts = prompts_of(build_task(registry, task), split)
    found = distil(registry, store, prompts, embedder, judge, count=neighbours, least=least)
    _write(output, lines_of(found))
    if task_file is not None:
        _write(task_file, _task_of(output, task_file, f"Pairs of {task} [{split}] as {judge} judges them."))
    same = sum(row["label"] >= 0.5 for row in found.rows)
    if as_json:
        print_json({"output": str(output), "pairs": len(found.rows), "same": same, "failed": found.failed})
        return
    said = (
        f"; {found.failed} pairs without a verdict are left out, the first: {found.first_reason}"
        if found.failed
        else ""
    )
    say(f"{output}: {len(found.rows)} pairs of {len(prompts)} prompts, {same} of which share a response{said}")


def _write(path: Path, text: str) -> None:
    from harness.leaderboard import refuse_unwritable

    refuse_unwritable(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text)


def _task_of(data: Path, place: Path, description: str) -> str:
    import yaml

    source = {"file": os.path.relpath(data.resolve(), place.resolve().parent)}
    keys = {
        "kind": "same-answer",
        "description": description,
        "data": {"train": source, "test": dict(source)},
        "options": {"shares": {"train": 0.8, "test": 0.2}},
    }
    return str(yaml.safe_dump(keys, sort_keys=False, allow_unicode=True))
