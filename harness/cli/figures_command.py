"""The command ``harness figures``."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.options import json_option, open_registry, print_json, registry_options, store_option
from harness.errors import StoreError, UsageError
from harness.terminal import plain_json, say

if TYPE_CHECKING:
    from harness.results.figures import Figures


@click.command("figures")
@click.argument("task")
@click.option("--metric", help="A metric that is a mean of figures of items.  [default: the task's headline]")
@click.option("-m", "--model", "models", multiple=True, help="Label of a model; repeat for several.  [default: all]")
@click.option("--split", default="test", show_default=True, help="Results on this split.")
@click.option(
    "--merge",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Store of another machine to read beside; repeat for several.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="File to write: .csv, .jsonl or .parquet.  [default: CSV]"
)
@store_option
@registry_options
@json_option
def command(
    task: str,
    metric: str | None,
    models: tuple[str, ...],
    split: str,
    merge: tuple[Path, ...],
    output: Path | None,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Write what each evaluated model scored on each item of a task: a row for each item, a column for each model.

    Items are matched by their ids. A figure is missing if the request failed, or if the model was not evaluated on the
    item.

    \b
    Examples:
      harness figures quickstart/detection --metric accuracy > figures.csv
      harness figures ppe/mmlu-pro -m a -m b -o figures.parquet
    """
    from harness.api import figures

    write = _writer(output) if output is not None else None
    if output is not None:
        from harness.leaderboard.outputs import refuse_to_replace, refuse_unwritable

        refuse_to_replace(output, [path for path in (store, *merge, registry_file) if path is not None])
        refuse_unwritable(output)
    table = figures(
        task,
        metric,
        models=models,
        split=split,
        store=store,
        merge=merge,
        registry=open_registry(registry_file, strict),
    )
    for note in table.notes:
        say(f"note: {note}", err=True)
    if write is not None and output is not None:
        _write(output, write(table))
    if as_json:
        print_json(
            {
                "task": table.task,
                "metric": table.metric,
                "split": table.split,
                "unit": table.unit,
                "higher_is_better": table.higher_is_better,
                "generated": table.generated is not None,
                "models": list(table.models),
                "ids": list(table.ids),
                "values": table.values.tolist(),
                "notes": list(table.notes),
            }
        )
    elif output is None:
        say(_csv(table).decode(), nl=False)
    else:
        say(f"{output}: {len(table.ids)} items, {len(table.models)} models")


def _writer(output: Path) -> Callable[[Figures], bytes]:
    """Return the function that makes the content of a file, by the file's ending.

    Raises:
        UsageError: the ending names no format.
    """
    writers = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
    if output.suffix.lower() not in writers:
        raise UsageError(f"{output}: the ending must be one of {', '.join(writers)}")
    return writers[output.suffix.lower()]


def _write(output: Path, content: bytes) -> None:
    from harness.files.atomic import NO_ROOM, is_full, write_atomically

    try:
        write_atomically(output, content)
    except OSError as error:
        raise StoreError(
            f"{output}: {NO_ROOM if is_full(error) else f'cannot be written: {error.strerror}'}"
        ) from error


def _check_labels(table: Figures) -> None:
    """Make sure that a table of columns by label can hold the ids too.

    Raises:
        UsageError: a model is called ``id``.
    """
    if "id" in table.models:
        raise UsageError("a model is called 'id', as the column of the items' ids; evaluate it under another label")


def _csv(table: Figures) -> bytes:
    import csv

    _check_labels(table)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["id", *table.models])
    writer.writerows([["" if value is None else value for value in row.values()] for row in table.rows()])
    return stream.getvalue().encode("utf-8", "backslashreplace")


def _jsonl(table: Figures) -> bytes:
    import json

    _check_labels(table)
    return "".join(f"{plain_json(json.dumps(row))}\n" for row in table.rows()).encode("utf-8", "backslashreplace")


def _parquet(table: Figures) -> bytes:
    import pyarrow
    import pyarrow.parquet

    _check_labels(table)
    columns = {"id": pyarrow.array(table.ids, pyarrow.string())}
    columns |= {m: pyarrow.array(table.values[:, i], from_pandas=True) for i, m in enumerate(table.models)}
    stream = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), stream)
    return stream.getvalue()
