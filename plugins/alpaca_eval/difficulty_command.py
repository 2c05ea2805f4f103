"""The command ``harness difficulty``."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import click

from harness import UsageError, say
from harness.cli import Finite, json_option, open_registry, print_json, registry_options, store_option


@click.command("difficulty")
@click.argument("task")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="CSV file to write.")
@click.option("-m", "--model", "models", multiple=True, help="Label of a model; repeat for several.  [default: all]")
@click.option("--split", default="test", show_default=True, help="Results on this split.")
@click.option(
    "--spread",
    default=1.5,
    show_default=True,
    type=Finite(min=0, min_open=True),
    help="Standard deviation of difficulties, in log-odds.",
)
@store_option
@registry_options
@json_option
def command(
    task: str,
    output: Path,
    models: tuple[str, ...],
    split: str,
    spread: float,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Fit the difficulty of a task's instructions over all evaluated models at once, for length control.

    TASK is of kind alpaca-eval, and needs the verdicts on two models or more. The file has the columns id and
    difficulty: put the second into the rows of your data, or name both files to the generator
    harness_plugins.alpaca_eval.difficulties:joined.

    \b
    Examples:
      harness difficulty my/duels -o difficulty.csv
      harness difficulty my/duels -m small -m large --spread 1 -o difficulty.csv
    """
    import numpy as np

    from harness import figures, write_atomically

    from .difficulties import fit_difficulties

    registry = open_registry(registry_file, strict)
    found = [
        figures(task, metric, models=models, split=split, store=store, registry=registry)
        for metric in ("duel_win_rate", "answer_characters_more")
    ]
    if found[0].ids != found[1].ids or found[0].models != found[1].models:
        raise UsageError(f"{task}: verdicts and lengths on file are of different items or models")
    fitted = fit_difficulties(found[0].values, found[1].values, spread=spread)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "difficulty"])
    for key, value in zip(found[0].ids, fitted.tolist(), strict=True):
        writer.writerow([key, "" if np.isnan(value) else f"{value:.9g}"])
    write_atomically(output, text.getvalue().encode())
    for note in found[0].notes:
        say(f"note: {note}", err=True)
    known = int(np.isfinite(fitted).sum())
    if as_json:
        print_json({"output": str(output), "instructions": known, "models": list(found[0].models)})
        return
    say(f"{output}: difficulties of {known} of {len(fitted)} instructions, from {len(found[0].models)} models")
