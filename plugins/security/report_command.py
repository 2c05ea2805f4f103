"""The command ``harness safety-report``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from harness import UsageError, say
from harness.cli import json_option, open_registry, print_json, registry_options, store_option


@click.command("safety-report")
@click.argument("model")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write: .md or .json.")
@store_option
@registry_options
@json_option
def command(
    model: str, output: Path | None, store: Path | None, registry_file: Path | None, strict: bool, as_json: bool
) -> None:
    """Report what was tested of a model's safety, on what exactly, and what was not.

    MODEL is a label that results are filed under. Every figure has its interval, every task, model and grader its hash;
    categories of risk without a result are named. Nothing is computed, and no text of a task is in the report.

    \\b
    Examples:
      harness safety-report my-model -o report.md
      harness safety-report my-model --json
    """
    from harness.files import write_atomically
    from harness.results import existing_store_path
    from harness.store import StoreReader

    from .safety_report import as_markdown, make_report

    if output is not None and output.suffix not in (".md", ".json"):
        raise UsageError(f"{output}: a report is written as .md or .json")
    registry = open_registry(registry_file, strict)
    with StoreReader(existing_store_path(registry, store)) as opened:
        report = make_report(registry, opened, model)
    if output is not None:
        text = as_markdown(report) if output.suffix == ".md" else json.dumps(report, indent=2) + "\n"
        output.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(output, text)
        say(f"written to {output}", err=True)
    if as_json:
        print_json(report)
    elif output is None:
        say(as_markdown(report), nl=False)
