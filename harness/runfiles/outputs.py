"""Where the leaderboards of a run file are to be written, and why that cannot be."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import Problem, UnknownName, UsageError
from harness.outputs import is_site, refuse_several, refuse_to_replace, refuse_unwritable, resolved
from harness.runfiles.context import Context, of_board


@dataclass(frozen=True, slots=True)
class Output:
    """Where one leaderboard is to be written."""

    number: int
    given: str
    site: bool

    @property
    def place(self) -> str:
        """Resolved, so that two ways to write one place are the same."""
        return resolved(Path(self.given))


def outputs_of(context: Context) -> list[Output]:
    """Those of which it is known what they are."""
    found = []
    for i, board in context.boards:
        try:
            found.append(Output(i, board.output, is_site(board.output, board.format)))
        except UsageError:  # `formats` says it
            continue
    return found


def formats(context: Context) -> Iterator[Problem]:
    """Formats and endings that do not exist, and files for several benchmarks."""
    for i, board in context.boards:
        try:
            if not is_site(board.output, board.format):
                refuse_several(board.benchmarks)
        except UnknownName as error:
            yield Problem(str(error), of_board(i, "format"))
        except UsageError as error:
            yield Problem(str(error), of_board(i, "output"))


def places(context: Context) -> Iterator[Problem]:
    """Places that cannot be written, or hold what must stay."""
    read = _read(context)
    for output in outputs_of(context):
        path = Path(output.given)
        try:
            if output.site:
                _check_site(path)
            else:
                refuse_to_replace(path, read)
            refuse_unwritable(path, folder=output.site)
        except UsageError as error:
            yield Problem(str(error), of_board(output.number, "output"))


def _read(context: Context) -> list[Path]:
    """What the run reads itself."""
    run = context.run
    files = [run.path, context.store, *(file._path for file in context.registry.files)]
    return files + [Path(name) for _, board in context.boards for name in (*board.published, *board.merge)]


def _check_site(folder: Path) -> None:
    from harness.site import earlier_files

    with contextlib.suppress(OSError):  # a place that cannot be looked at cannot be written either
        earlier_files(folder)


def alike(context: Context) -> Iterator[Problem]:
    """Two leaderboards in one place, however that is written, or one where another makes its files."""
    outputs = outputs_of(context)
    for i, other in enumerate(outputs):
        for one in outputs[:i]:
            said = _clash(one, other) or _clash(other, one)
            if said:
                where = f"leaderboards.{one.number}.output ({one.given})"
                text = f"{other.given} and {where} are {said}; write one of them elsewhere"
                yield Problem(text, of_board(other.number, "output"))
                break


def _clash(outer: Output, inner: Output) -> str:
    """What two outputs are to each other; empty where both can be written."""
    if outer.place == inner.place:
        return "one place"
    if os.path.commonpath([outer.place, inner.place]) != outer.place:
        return ""
    if not outer.site:
        return "a file and what lies below it"
    if inner.site:
        return "a site inside a site"
    return "a page of a site and the site" if _is_page(outer, inner) else ""


def _is_page(site: Output, file: Output) -> bool:
    from harness.site import MANIFEST

    return os.path.relpath(file.place, site.place) in {"index.html", MANIFEST}
