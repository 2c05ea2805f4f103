"""The command ``harness leaderboard``."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.gates import TRIPPED, fail_if_option, gates_of, say_tripped
from harness.cli.options import LEVEL, model_options, open_registry, registry_options, store_option, table_options
from harness.leaderboard.outputs import FORMATS


@click.command("leaderboard")
@click.argument("benchmarks", nargs=-1, required=True, metavar="BENCHMARK|TASK|GLOB...")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Default: by the ending of -o, else table.")
@click.option(
    "-o",
    "--output",
    help="File to write, or a folder, such as site/, for a static site; default, and -: standard output.",
)
@model_options
@click.option("--title", default="", help="What stands above it in place of the benchmark's name.")
@click.option(
    "--about",
    type=click.Path(path_type=Path),
    help="Markdown file that introduces it; for html, markdown, json and sites.",
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
    "--show-sensitive",
    is_flag=True,
    help="Site only: show texts of sensitive tasks too (with --texts), and why their requests failed.",
)
@click.option(
    "--outcome",
    type=click.Path(path_type=Path),
    help="Site only: a table of one outcome a model, as for harness correlate; adds its heat-map.",
)
@click.option("--url", help="Site only: the address at which it will be found, for previews of links to it.")
@click.option("--publisher", help="Folder only: the publisher of a plugin that fills it; default: site.")
@click.option("--model-column", help="Column of the outcome's file that names the model.")
@click.option("--value-column", help="Column of the outcome.")
@fail_if_option
@store_option
@registry_options
@table_options
def command(
    benchmarks: tuple[str, ...],
    format_: str | None,
    output: str | None,
    models: tuple[str, ...],
    exclude: tuple[str, ...],
    title: str,
    about: Path | None,
    published: tuple[Path, ...],
    merge: tuple[Path, ...],
    confidence: float | None,
    texts: bool,
    show_sensitive: bool,
    outcome: Path | None,
    url: str | None,
    publisher: str | None,
    model_column: str | None,
    value_column: str | None,
    fail_if: tuple[str, ...],
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
) -> int:
    """Show or write the leaderboard of a benchmark, from the results in the store and published results.

    A task, or a glob of tasks in quotes, makes a benchmark of its own, ranked by headline metrics. With a folder as
    -o, write a static site of one or several benchmarks: tables, models, tasks, comparisons.

    Where -m or --exclude leave models out, everything is computed over the others: ranks, ties, figures of the field;
    and the board says how many of how many were chosen.

    
    Examples:
      harness leaderboard quickstart
      harness leaderboard judgebench --format markdown
      harness leaderboard quickstart -o board.html
      harness leaderboard ppe --published published.jsonl
      harness leaderboard quickstart --merge machine-2.sqlite --merge machine-3.sqlite
      harness leaderboard quickstart judgebench -o site/ --url https://example.org/boards/
      harness leaderboard toxicity/openai-moderation -m "muli*" -m length -o site/
      harness leaderboard "toxicity/*" --exclude "*-trial" --title Detectors --about intro.md -o board.html
      harness leaderboard ppe --fail-if 'mean < 0.6 of mine'

    \b
    Exit status: 0 done, 2 it cannot be made as asked, 3 a figure is not shown to pass --fail-if.
    """
    from harness.cli.board_order import BoardOrder, carry_out, outcome_file
    from harness.leaderboard.inputs import BoardInputs
    from harness.results.stores import StoreFiles
    from harness.store.choosing import ModelChoice

    registry = open_registry(registry_file, strict)
    order = BoardOrder(
        benchmarks=benchmarks,
        inputs=BoardInputs(
            StoreFiles(store, merge),
            published,
            confidence,
            choice=ModelChoice(models, exclude),
            title=title,
            about=about,
        ),
        output=None if output == "-" else output,  # as everywhere, standard output
        format=format_,
        publisher=publisher,
        texts=texts,
        show_sensitive=show_sensitive,
        outcome=outcome_file(outcome, model_column, value_column),
        url=url,
        gates=gates_of(fail_if),
    )
    failed = carry_out(registry, order)
    say_tripped(failed)
    return TRIPPED if failed else 0
