"""The command ``harness forget``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import json_option, open_registry, print_json, registry_options, store_option, table_options
from harness.errors import UsageError
from harness.terminal import confirm, say

if TYPE_CHECKING:
    from harness.store.forgetting import Forgotten


@click.command("forget")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("-t", "--task", "tasks", multiple=True, help="Only results on this task, benchmark or glob of tasks.")
@click.option("--answers", is_flag=True, help="The models' answers too; evaluating again asks for them anew.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and change nothing.")
@store_option
@registry_options
@table_options
@json_option
def command(
    models: tuple[str, ...],
    tasks: tuple[str, ...],
    answers: bool,
    yes: bool,
    dry_run: bool,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> int:
    """Take the results of models out of the store, by their labels or globs of them.

    Their cells and figures go, those of earlier evaluations too. Answers stay, so that evaluating again costs nothing,
    unless --answers is given. Judges keep what they said, and trained models and the list of runs stay.

    \b
    Examples:
      harness forget my-trial
      harness forget "*-trial" -t judgebench --dry-run
      harness forget old-model --answers --yes

    \b
    Exit status: 0 removed (or would be), 1 the answer to the question was no, 2 nothing can be removed.
    """
    from harness.api import forget

    registry = open_registry(registry_file, strict)
    where: dict[str, Any] = {"answers": answers, "store": store, "registry": registry}
    found = forget(models, tasks, dry_run=True, **where)
    if dry_run:
        _show(found, as_json=as_json, dry_run=True)
        return 0
    if not yes:
        if as_json or not sys.stdin.isatty():
            raise UsageError(f"{_what(found)} would be removed; say --yes, or look first with --dry-run")
        _say(found, "would remove")
        if not confirm(f"Remove {_what(found)}?"):
            say("nothing was removed", err=True)
            return 1
    _show(forget(models, tasks, **where), as_json=as_json, dry_run=False)
    return 0


def _show(done: Forgotten, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        print_json(_document(done, dry_run=dry_run))
        return
    _say(done, "would remove" if dry_run else "removed")
    if done.left:
        say(
            f"{_count(len(done.left), 'file')} of columns stay, since another process has the store open to write; "
            "when it is done: harness store prune"
        )
    if done.answers and not dry_run:
        say("the store's files are as large as before; give the room back with: harness store compact")


def _say(done: Forgotten, verb: str) -> None:
    from harness.results.terminal_tables import say_prose, say_table

    rows = [[label, task, str(number)] for (label, task), number in sorted(done.cells.items())]
    say_table(["model", "task", "evaluations"], rows, left=(0, 1), keep=(0, 1))
    say()
    say_prose(f"{verb}: {_what(done)}")
    for label, why in done.kept_answers.items():
        say_prose(f"answers of {label} stay: {why}")


def _what(done: Forgotten) -> str:
    parts = [_count(sum(done.cells.values()), "evaluation"), _count(done.figures, "figure")]
    parts += [_count(done.answers, "answer")] if done.answers else []
    return f"{', '.join(parts)} of {_count(len(done.models), 'model')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _document(done: Forgotten, *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "cells": [
            {"model": label, "task": task, "evaluations": number}
            for (label, task), number in sorted(done.cells.items())
        ],
        "figures": done.figures,
        "answers": done.answers,
        "kept_answers": done.kept_answers,
        "files": [str(file) for file in done.files],
        "left": [str(file) for file in done.left],
    }
