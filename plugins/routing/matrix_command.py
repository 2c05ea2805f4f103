"""The command ``harness matrix``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness import UsageError, say
from harness.cli import Finite, json_option, open_registry, print_json, registry_options, store_option

if TYPE_CHECKING:
    from .matrix import Matrix


@click.command("matrix")
@click.argument("targets", nargs=-1, required=True, metavar="BENCHMARK|TASK...")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="File to write: .csv, .jsonl or .parquet."
)
@click.option("-m", "--model", "models", multiple=True, help="Label of a model; repeat for several.  [default: all]")
@click.option("--exclude", multiple=True, help="Label of a model to leave out; repeat for several.")
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="[TASK=]METRIC",
    help="A metric that is a mean of figures of items; repeat for several tasks.  [default: each task's headline]",
)
@click.option("--split", default="test", show_default=True, help="Results on this split.")
@click.option(
    "--category",
    type=click.Choice(["task", "domain"]),
    default="task",
    show_default=True,
    help="What a question's category is: its task, or its task and first domain.",
)
@click.option(
    "--cost",
    "costs",
    multiple=True,
    metavar="LABEL=USD",
    help="What a question costs of a model, as you paid; repeat for several.",
)
@click.option(
    "--price",
    "prices",
    multiple=True,
    metavar="LABEL=IN,OUT",
    help="USD a million tokens that a model reads and writes, where its tokens were counted; repeat for several.",
)
@click.option(
    "--usd-per-hour",
    type=Finite(min=0),
    help="Price of your machine: models without --cost or --price cost the time they took.",
)
@click.option("--long", is_flag=True, help="A row for each question and model, not one for each question.")
@click.option("--task-file", type=click.Path(path_type=Path), help="YAML to write too: a task that reads the matrix.")
@click.option(
    "--train",
    default=0.8,
    show_default=True,
    type=Finite(min=0, max=1, max_open=True),
    help="Share of the questions that the task file has to train on, by a hash of their texts; 0 for none.",
)
@click.option(
    "--merge",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Store of another machine to read beside; repeat for several.",
)
@store_option
@registry_options
@json_option
def command(
    targets: tuple[str, ...],
    output: Path,
    models: tuple[str, ...],
    exclude: tuple[str, ...],
    metrics: tuple[str, ...],
    split: str,
    category: str,
    costs: tuple[str, ...],
    prices: tuple[str, ...],
    usd_per_hour: float | None,
    long: bool,
    task_file: Path | None,
    train: float,
    merge: tuple[Path, ...],
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Write what each evaluated model scored on each item of any tasks, as a matrix that routers learn from.

    A row is an item, with its text, its task as category, and an outcome in [0, 1] a model; a gap where a request
    failed or a model was not evaluated. Beside outcomes stand the seconds an item took, where a whole evaluation
    computed every answer, tokens of completions where they were counted, and costs where you say what is paid.

    \b
    Examples:
      harness matrix school -o school.parquet --task-file tasks/school/router.yaml
      harness matrix 'lm_eval:*' ppe -m small -m large -o both.csv --usd-per-hour 2.5
    """
    from .matrix import read_matrix
    from .matrix_files import content_of, counts_of, task_file_of, writer_of

    writer_of(output)
    _check_places([output, *([task_file] if task_file else [])], [store, *merge, registry_file])
    matrix = read_matrix(
        open_registry(registry_file, strict),
        targets,
        models=models,
        exclude=exclude,
        metrics=dict(_metric(text) for text in metrics),
        split=split,
        domains=category == "domain",
        store=store,
        merge=merge,
    )
    _price(matrix, costs, prices, usd_per_hour)
    _write(output, content_of(matrix, output, long=long))
    if task_file is not None:
        text = task_file_of(matrix, output, task_file, long=long, train=train, made_of=", ".join(targets))
        _write(task_file, text.encode("utf-8", "backslashreplace"))
    for note in matrix.notes:
        say(f"note: {note}", err=True)
    counts = counts_of(matrix)
    if as_json:
        print_json({"output": str(output), **counts, "labels": list(matrix.models), "notes": matrix.notes})
        return
    _say(matrix, output, task_file)


def _say(matrix: Matrix, output: Path, task_file: Path | None) -> None:
    from .matrix_files import counts_of

    counts = counts_of(matrix)
    cells = counts["items"] * counts["models"]
    say(
        f"{output}: {counts['items']} items of {counts['tasks']} tasks, {counts['models']} models, "
        f"{counts['gaps']} of {cells} outcomes unknown, {counts['repeated_texts']} texts repeated, "
        f"{counts['left_out']} items left out, of which no outcome or no text is known"
    )
    if task_file is not None:
        trained = "for evaluation only, as a task it is made of" if matrix.evaluation_only else "a task of kind routing"
        say(f"{task_file}: {trained}")


def _metric(text: str) -> tuple[str, str]:
    """Part ``[TASK=]METRIC``; a metric's own arguments have equals signs behind a colon."""
    head, equals, rest = text.partition("=")
    # A task's name has a slash, or a library's colon in front of one; arguments of a metric follow its name's colon.
    return (head, rest) if equals and ("/" in head or ":" not in head) else ("", text)


def _check_places(written: Sequence[Path], read: Sequence[Path | None]) -> None:
    """Make sure that files can be written, and are none of those that are read.

    Raises:
        UsageError: one cannot, or is.
    """
    from harness.leaderboard import refuse_to_replace, refuse_unwritable

    for i, path in enumerate(written):
        refuse_to_replace(path, [*(other for other in read if other is not None), *written[:i]])
        refuse_unwritable(path)


def _price(matrix: Matrix, costs: Sequence[str], prices: Sequence[str], usd_per_hour: float | None) -> None:
    """Set the costs that the user says, else those of tokens, and of other models those of the time they took.

    Raises:
        UsageError: a cost is none, or of a model that is not in the matrix.
    """
    import numpy as np

    from harness.errors import did_you_mean

    if usd_per_hour is not None:
        matrix.costs = matrix.latencies * (usd_per_hour / 3600)
        matrix.notes.append(f"costs are of the time that answers took, at {usd_per_hour:g} USD an hour")
    for option, texts, count, example in (
        ("--price", prices, 2, "LABEL=IN,OUT, such as large=2.5,10"),
        ("--cost", costs, 1, "LABEL=USD, such as large=0.002"),
    ):
        for text in texts:
            label, equals, said = text.rpartition("=")
            try:
                numbers = np.array([float(number) for number in said.split(",")])
            except ValueError:
                numbers = np.array([])
            if not equals or len(numbers) != count or not np.isfinite(numbers).all() or (numbers < 0).any():
                raise UsageError(f"{option} {text}: expected {example}")
            if label not in matrix.models:
                known = did_you_mean(label, matrix.models)
                raise UsageError(f"{option} {text}: no model {label!r} in the matrix{known}")
            place = matrix.models.index(label)
            if count == 1:
                matrix.costs[:, place] = numbers[0]
            elif np.isnan(matrix.tokens[:, place]).all():
                raise UsageError(f"{option} {text}: no tokens of {label} were counted; say --cost instead")
            else:
                matrix.costs[:, place] = matrix.tokens[:, place] @ numbers / 1e6


def _write(path: Path, content: bytes) -> None:
    from harness.errors import StoreError
    from harness.files import NO_ROOM, is_full, write_atomically

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        reason = NO_ROOM if is_full(error) else f"cannot be written: {error.strerror}"
        raise StoreError(f"{path}: {reason}") from error
