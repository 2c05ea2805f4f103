"""``harness leaderboard``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import LEVEL, open_registry, registry_options, store_option
from harness.leaderboard.outputs import (
    BY_ENDING,
    FORMATS,
    is_site,
    refuse_several,
    refuse_to_replace,
    refuse_unwritable,
    refuse_what_is_read,
)
from harness.publisher import SITE
from harness.terminal import say

if TYPE_CHECKING:
    from harness.names.registry import Registry


@click.command("leaderboard")
@click.argument("benchmarks", nargs=-1, required=True, metavar="BENCHMARK...")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Default: by the ending of -o, else table.")
@click.option(
    "-o",
    "--output",
    help="File to write, or a folder, such as site/, for a static site; default, and -: standard output.",
)
@click.option(
    "--published",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File of published results to show beside; repeat for several.",
)
@click.option(
    "--merge",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Store of another machine to read beside; repeat for several.",
)
@click.option(
    "--confidence",
    type=LEVEL,
    help="Coverage of all intervals; default: that of most evaluations.",
)
@click.option("--texts", is_flag=True, help="Site only: show the beginnings of items' texts; mind their licences.")
@click.option(
    "--outcome",
    type=click.Path(path_type=Path),
    help="Site only: a table of one outcome a model, as for harness correlate; adds its heat-map.",
)
@click.option("--publisher", help="Folder only: the publisher of a plugin that fills it; default: site.")
@click.option("--model-column", help="Column of the outcome's file that names the model.")
@click.option("--value-column", help="Column of the outcome.")
@store_option
@registry_options
def command(
    benchmarks: tuple[str, ...],
    format_: str | None,
    output: str | None,
    published: tuple[Path, ...],
    merge: tuple[Path, ...],
    confidence: float | None,
    texts: bool,
    outcome: Path | None,
    publisher: str | None,
    model_column: str | None,
    value_column: str | None,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
) -> None:
    """Show or write the leaderboard of a benchmark, from what the store holds, published results beside it.

    With a folder as -o, write a static site of one or several benchmarks: tables, models, tasks, comparisons.

    \b
    Examples:
      harness leaderboard quickstart
      harness leaderboard judgebench --format markdown
      harness leaderboard quickstart -o board.html
      harness leaderboard ppe --published published.jsonl
      harness leaderboard quickstart --merge machine-2.sqlite --merge machine-3.sqlite
      harness leaderboard quickstart judgebench -o site/
    """
    from harness.errors import UsageError

    registry = open_registry(registry_file, strict)
    columns = {"model_column": model_column, "value_column": value_column}
    if outcome is None and (given := [name for name, column in columns.items() if column is not None]):
        raise UsageError(f"--{given[0].replace('_', '-')} is of the table of --outcome; name that too")
    if output == "-":  # as everywhere, standard output
        output = None
    if output is not None and is_site(output, format_):
        wishes = {"published": published, "confidence": confidence, "texts": texts, "outcome": outcome, **columns}
        _publish(registry, publisher or SITE, benchmarks, Path(output), merge, store, wishes)
        return
    if publisher is not None:
        raise UsageError(f"--publisher {publisher} fills a folder; name one with -o, such as {publisher}/")
    if texts or outcome is not None:
        option = "--texts" if texts else "--outcome"
        raise UsageError(f"{option} is for a site; name a folder with -o, such as site/")
    refuse_several(benchmarks)
    place = None if output is None else Path(output)
    _write_board(registry, benchmarks[0], format_, place, published, merge, confidence, store)


def _publish(
    registry: Registry,
    publisher: str,
    benchmarks: Sequence[str],
    folder: Path,
    merge: Sequence[Path],
    store: Path | None,
    wishes: Mapping[str, Any],
) -> None:
    from harness.api import publish

    entry = registry.find("publisher", publisher)
    refuse_what_is_read(folder, _read(registry, store, merge))
    files = publish(
        publisher,
        benchmarks,
        folder,
        store=store,
        merge=merge,
        registry=registry,
        **wishes,
        say=lambda note: say(f"note: {note}", err=True),
    )
    say(f"{entry.name} of {files} files written; open {folder / entry.facts.opens}", err=True)


def _read(registry: Registry, store: Path | None, merge: Sequence[Path]) -> list[Path]:
    """The stores and registry files that a leaderboard is made from."""
    from harness.api import store_path

    return [store_path(registry, store), *merge, *(file._path for file in registry.files)]


def _write_board(
    registry: Registry,
    benchmark: str,
    format_: str | None,
    output: Path | None,
    published: Sequence[Path],
    merge: Sequence[Path],
    confidence: float | None,
    store: Path | None,
) -> None:
    from harness.api import build_leaderboard
    from harness.errors import UsageError
    from harness.files import write_atomically
    from harness.leaderboard import render

    if output is not None:
        refuse_to_replace(output, [*_read(registry, store, merge), *published])
        refuse_unwritable(output)
    chosen = format_ or (BY_ENDING.get(output.suffix.lower(), "table") if output else "table")
    board = build_leaderboard(
        benchmark, store=store, published=published, merge=merge, confidence=confidence, registry=registry
    )
    if not board.entries:
        raise UsageError(
            f"the store holds no result of {benchmark}; make some with: harness eval -m MODEL -t {benchmark}"
        )
    text = render(board, chosen)
    if output is None:
        say(text, nl=False)
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(output, text)
    except OSError as error:
        raise UsageError(f"{output}: cannot be written: {error.strerror}") from error
    say(f"written to {output}", err=True)
