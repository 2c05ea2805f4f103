"""The command ``harness import``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import key_values, open_registry, registry_options
from harness.terminal import one_entry, say

if TYPE_CHECKING:
    from harness.names.registry import Registration


@click.command("import")
@click.argument("importer")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="JSONL file to write.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Setting of the importer, such as model=NAME.",
)
@registry_options
def command(
    importer: str,
    files: tuple[Path, ...],
    output: Path,
    settings: tuple[str, ...],
    registry_file: Path | None,
    strict: bool,
) -> None:
    """Convert published results: responses to recorded rows, figures to rows that leaderboards show beside others.

    Logs of other tools become rows that a task file reads.

    The model `recorded` answers from recorded rows. FILES may be folders if the importer reads folders.

    \b
    Examples:
      harness import judgebench judgments.json -o judge.jsonl
      harness import rewardmath scores.json --set model=internlm2 -o internlm2.jsonl
      harness eval -m internlm2=recorded:path=internlm2.jsonl -t rewardmath
      harness import ppe-published FOLDER -o published.jsonl
      harness leaderboard ppe --published published.jsonl
      harness list importers
    """
    from harness.errors import UsageError
    from harness.files.atomic import write_atomically

    entry = open_registry(registry_file, strict).find("importer", importer)
    convert = entry.load()
    chosen = key_values(settings, "--set")
    _check(importer, convert, chosen)
    _check_folders(entry, files)
    # Figures may stand in several files, so an importer of them sees all files at once.
    inputs = [list(files)] if entry.facts.together else files
    results = [row for given in inputs for row in _rows(importer, convert, given, chosen)]
    rows = [row for row in results if set(row) != {"note"}]
    for row in results:
        if set(row) == {"note"}:  # a note of the importer to the people who will use its rows
            say(f"note: {one_entry(str(row['note']))}", err=True)
    if not rows:
        raise UsageError(f"{', '.join(map(str, files))}: nothing to import was found")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(output, "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n")
    except OSError as error:
        raise UsageError(f"{output}: cannot be written: {error.strerror}") from error
    say(_next_step(entry, rows, output))


def _next_step(entry: Registration, rows: Sequence[Any], output: Path) -> str:
    """Say what was written, and how to use it."""
    if entry.facts.writes == "published":
        models = len({row["model"] for row in rows})
        target = entry.facts.benchmark or "BENCHMARK"
        written = f"{len(rows)} published figures of {models} models written to {output}"
        return f"{written}; show them with: harness leaderboard {target} --published {output}"
    if entry.facts.writes == "data":
        return f"{len(rows)} rows written to {output}; a task file reads them: data: {{test: {{file: {output}}}}}"
    return f"{len(rows)} rows written to {output}; use them as: -m LABEL=recorded:path={output}"


def _check_folders(entry: Registration, files: Sequence[Path]) -> None:
    from harness.errors import UsageError

    if not (entry.facts.folders or entry.facts.together):
        folder = next((file for file in files if file.is_dir()), None)
        if folder is not None:
            raise UsageError(f"{folder}: a folder; the importer {entry.name!r} reads files")


def _rows(
    importer: str, convert: Callable[..., Iterable[Any]], given: Path | list[Path], chosen: dict[str, str]
) -> Iterator[Any]:
    """Yield the rows that the importer makes of a file, or of all files together."""
    from harness.errors import DataError, HarnessError
    from harness.names.plugins import describe

    try:
        yield from convert(given, **chosen)
    except HarnessError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"{error.filename or given}: no such file") from error
    except (Exception, SystemExit) as error:  # a plugin's code
        raise DataError(f"the importer {importer!r} failed on {given}: {describe(error)}") from error


def _check(importer: str, convert: Callable[..., object], chosen: dict[str, str]) -> None:
    """Check the settings against the importer's parameters; the first parameter is the file, or the list of files.

    Raises:
        UsageError: a setting is unknown, or a required one is missing.
    """
    import inspect

    from harness.errors import UsageError, did_you_mean

    parameters = list(inspect.signature(convert).parameters.values())[1:]
    names = [p.name for p in parameters]
    for name in chosen:
        if name not in names:
            raise UsageError(
                f"the importer {importer!r} has no setting {name!r}{did_you_mean(name, names) or ' (it takes none)'}"
            )
    missing = [p.name for p in parameters if p.default is p.empty and p.name not in chosen]
    if missing:
        raise UsageError(f"the importer {importer!r} needs --set {missing[0]}=...")
