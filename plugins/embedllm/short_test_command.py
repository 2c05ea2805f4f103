"""The command ``harness short-test``."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from harness import FloatArray, Item, UsageError, say, write_atomically
from harness.cli import SEED, Finite, json_option, open_registry, print_json, registry_options

from .answers_files import read_answers
from .short_tests import WAYS, Score, Trial

if TYPE_CHECKING:
    from collections.abc import Sequence

_PATH = click.Path(path_type=Path)


@click.command("short-test")
@click.option("-t", "--task", required=True, help="Routing task: what the pool's models answered.")
@click.option(
    "--items", "count", default=100, show_default=True, type=click.IntRange(min=1), help="Questions to choose."
)
@click.option(
    "--choose",
    "way",
    type=click.Choice(WAYS),
    default=WAYS[0],
    show_default=True,
    help="By lot, or near the centres of clusters that the pool answers alike.",
)
@click.option("--answers", type=_PATH, help="CSV or JSONL with id and outcome of each question that a model answered.")
@click.option("--split", default="train", show_default=True, help="Split of the task.")
@click.option(
    "--level",
    type=Finite(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Of the intervals.",
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the choice.")
@click.option("-o", "--output", type=_PATH, help="Write the chosen questions into this CSV file.")
@registry_options
@json_option
def command(
    task: str,
    count: int,
    way: str,
    answers: Path | None,
    split: str,
    level: float,
    seed: int,
    output: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Foretell a score on all questions of a benchmark from some of them.

    Without answers it chooses questions; with a model's answers to them it foretells the score on all, by item response
    (p-IRT) and by the plain mean. Both say how far off they are: each model of the pool is left out in turn.

    \b
    Examples:
      harness short-test -t my/questions --items 100 -o questions.csv
      harness short-test -t my/questions --answers answers.csv
    """
    from .item_response import fit
    from .short_tests import choose, left_out, score

    if answers is not None and output is not None:
        raise UsageError("-o writes the questions that are chosen; with --answers none is chosen")
    items, outcomes = _pool(task, split, registry_file, strict)
    own = None if answers is None else read_answers(items, answers, f"{task}, split {split}")
    asked = count if own is None else int(np.isfinite(own).sum())
    try:
        trial = left_out(outcomes, asked, way=way, seed=seed, level=level)
    except ValueError as error:
        raise UsageError(f"{task}: {error}") from error
    fitted = fit(outcomes)
    document: dict[str, Any] = {"task": task, "split": split, "questions": len(items), "trial": asdict(trial)}
    if own is None:
        short = choose(fitted, outcomes, count, way=way, seed=seed)
        rows = [
            {"id": items[i].id, "weight": float(weight), "category": items[i].fields["category"] or ""}
            for i, weight in zip(short.chosen, short.weights, strict=True)
        ]
        document["chosen"] = rows
        if output is not None:
            _write(output, items, rows, short.chosen.tolist())
            say(f"{len(rows)} questions written to {output}", err=True)
    else:
        found = score(fitted, own, level=level, widening=trial.widening, df=trial.models)
        document |= {"answered": asked, "p_irt": found.item_response._asdict(), "mean": found.sampled._asdict()}
        if not as_json:
            _say_scores(found.item_response, found.sampled, asked, level)
    if as_json:
        print_json(document)
    else:
        say(_verdict(trial, asked, way))


def _pool(task: str, split: str, registry_file: Path | None, strict: bool) -> tuple[Sequence[Item], FloatArray]:
    """Read the questions of which an outcome is known, and the outcomes, (n, m).

    Raises:
        UsageError: the task is of another kind, or the split has no question.
    """
    found = open_registry(registry_file, strict).task(task)
    if not {"outcomes", "model"} <= found.fields.keys():
        raise UsageError(f"{task} has no models with outcomes; short-test needs a task of the kind 'routing'")
    read = list(found.items(split))
    items = [item for item in read if isinstance(item, Item)]
    if not items:
        raise UsageError(f"{task}: the split {split!r} has no question")
    if len(items) < len(read):
        say(f"warning: {len(read) - len(items)} rows of {task} cannot be read", err=True)
    return items, np.array([item.fields["outcomes"] for item in items], dtype=np.float64)


def _write(path: Path, items: Sequence[Item], rows: Sequence[dict[str, Any]], chosen: Sequence[int]) -> None:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, ["id", "weight", "category", "question"], lineterminator="\n")
    writer.writeheader()
    for row, i in zip(rows, chosen, strict=True):
        writer.writerow({**row, "question": items[i].fields["prompt"].text})
    try:
        write_atomically(path, stream.getvalue())
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error


def _say_scores(item_response: Score, sampled: Score, asked: int, level: float) -> None:
    from harness.results import plain_table

    rows = [
        [name, f"{100 * found.value:.1f}", f"[{100 * found.low:.1f}, {100 * found.high:.1f}]"]
        for name, found in (("item response (p-IRT)", item_response), ("mean of the answers", sampled))
    ]
    say(f"the score on all questions, from {asked} answers:\n")
    say(plain_table(["way", "score", f"{level:.0%} interval"], rows) + "\n")


def _verdict(trial: Trial, count: int, way: str) -> str:
    """Say how far off each way is, as measured on the pool."""
    points = {
        "item response": 100 * trial.item_response_error,
        "the mean of the answers": 100 * trial.sampled_error,
    }
    if way == "clusters":
        points["the mean by weights"] = 100 * trial.weighted_error
    each = ", ".join(f"{name} by {error:.1f} points" for name, error in points.items())
    how = "by lot" if way == "lot" else "by clusters"
    value, low, high = (100 * end for end in trial.gain)
    if low > 0:
        which = "item response is nearer"
    elif high < 0:
        which = "the mean of the answers is nearer"
    else:
        which = "which of both is nearer is not shown"
    held = f"The interval of item response held {trial.held} of {trial.trials} true scores"
    wide = f"; with a model's answers it is widened by {trial.widening:.2f}" if trial.widening >= 1.005 else ""
    return (
        f"{trial.models} models of the pool, left out in turn, with {count} questions chosen {how}: off on average "
        f"{each};\n{which}: {value:+.1f} points [{low:.1f}, {high:.1f}], paired by model.\n{held}{wide}."
    )
