"""``harness leaderboard``."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.options import open_registry, registry_options, store_option

FORMATS = ("table", "markdown", "csv", "json", "html")


@click.command("leaderboard")
@click.argument("benchmark")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Default: by the ending of -o, else table.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write; default: standard output.")
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
@store_option
@registry_options
def command(
    benchmark: str,
    format_: str | None,
    output: Path | None,
    published: tuple[Path, ...],
    merge: tuple[Path, ...],
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
) -> None:
    """Show or write the leaderboard of a benchmark, from what the store holds, published results beside it.

    \b
    Examples:
      harness leaderboard quickstart
      harness leaderboard judgebench --format markdown
      harness leaderboard quickstart -o board.html
      harness leaderboard ppe --published published.jsonl
      harness leaderboard quickstart --merge machine-2.sqlite --merge machine-3.sqlite
    """
    from harness.api import build_leaderboard
    from harness.errors import UsageError
    from harness.leaderboard import render
    from harness.training import write_atomically

    by_ending = {".md": "markdown", ".csv": "csv", ".json": "json", ".html": "html"}
    chosen = format_ or (by_ending.get(output.suffix, "table") if output else "table")
    board = build_leaderboard(
        benchmark, store=store, published=published, merge=merge, registry=open_registry(registry_file, strict)
    )
    if not board.entries:
        raise UsageError(
            f"the store holds no result of {benchmark}; make some with: harness eval -m MODEL -t {benchmark}"
        )
    text = render(board, chosen)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(output, text)
    except OSError as error:
        raise UsageError(f"{output}: cannot be written: {error.strerror}") from error
    click.echo(f"written to {output}", err=True)
