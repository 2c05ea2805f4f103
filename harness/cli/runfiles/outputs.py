"""Checks of where the leaderboards of a run file are written, and why a place cannot be used."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.runfiles.context import Context, of_board
from harness.errors import HarnessError, PluginError, Problem, UnknownName, UsageError
from harness.leaderboard.outputs import (
    WITHOUT,
    file_format,
    is_site,
    refuse_several,
    refuse_to_replace,
    refuse_unwritable,
    refuse_what_is_read,
    resolved,
    web_address,
    why_no_place,
    written_place,
)
from harness.publisher import SITE, code_of, find_publisher

if TYPE_CHECKING:
    from harness.names.registry import Registry
    from harness.tasks.schema import LeaderboardFile


@dataclass(frozen=True)
class Output:
    """The place where one leaderboard is to be written."""

    number: int
    board: LeaderboardFile
    site: bool
    registry: Registry

    @property
    def given(self) -> str:
        """The output as the file names it."""
        return self.board.output

    @property
    def publisher(self) -> str:
        """Name of the publisher that fills the folder, if the output is a folder."""
        return self.board.publisher or SITE

    @cached_property
    def place(self) -> str:
        """The path with links resolved, so that two ways to write one place are the same."""
        return written_place(Path(self.given), in_place=self.site)

    @cached_property
    def own(self) -> set[str]:
        """The names that a site has in its folder, with those of an earlier build that the next one removes."""
        with contextlib.suppress(OSError, HarnessError):  # the check `places` reports it
            publisher = find_publisher(self.registry, self.publisher)
            with code_of(self.registry, "publisher", self.publisher):
                return publisher.own_names(Path(self.given), self.board.benchmarks)
        return set()


def outputs_of(context: Context) -> list[Output]:
    """Return the outputs for which it is clear whether they are a file or a folder."""
    outputs = []
    for i, board in context.boards:
        if board.output == "-":  # standard output is neither a file nor a folder
            continue
        try:
            outputs.append(Output(i, board, is_site(board.output, board.format), context.registry))
        except UsageError:  # the check `formats` reports it
            continue
    return outputs


def formats(context: Context) -> Iterator[Problem]:
    """Yield formats and endings that do not exist, and files that several benchmarks are to be written to."""
    for i, board in context.boards:
        if board.output == "-":  # standard output of `harness leaderboard`
            yield Problem("-: is no file; name one, such as board.md", of_board(i, "output"))
        try:
            if not is_site(board.output, board.format):
                refuse_several(board.benchmarks)
        except UnknownName as error:
            yield Problem(str(error), of_board(i, "format"))
        except UsageError as error:
            yield Problem(str(error), of_board(i, "output"))


def only_of_folders(context: Context) -> Iterator[Problem]:
    """Yield keys that an output has no place for, as those of sites beside a file, and publishers of no use."""
    for output in outputs_of(context):
        for key in ("outcome", "texts", "show_sensitive", "url"):
            if getattr(output.board, key) and not output.site:
                text = "is for a site; name a folder as the output, such as site/, or remove this key"
                yield Problem(text, of_board(output.number, key))
        for key in WITHOUT:
            given = getattr(output.board, key) and not output.site
            why = why_no_place(key, file_format(output.given, output.board.format)) if given else ""
            if why:
                yield Problem(why, of_board(output.number, key))
        try:
            _ = output.board.url and web_address(output.board.url)
        except UsageError as error:
            yield Problem(str(error), of_board(output.number, "url"))
        publisher = output.board.publisher
        if publisher is not None and not output.site:
            text = f"fills a folder; name one as the output, such as {publisher}/, or remove this key"
            yield Problem(text, of_board(output.number, "publisher"))
        elif publisher is not None:
            try:
                find_publisher(context.registry, publisher)
            except HarnessError as error:
                yield Problem(str(error), of_board(output.number, "publisher"))


def places(context: Context) -> Iterator[Problem]:
    """Yield places that cannot be written, or that hold files which must stay."""
    read = _read(context)
    for output in outputs_of(context):
        path = Path(output.given)
        try:
            if output.site:
                refuse_what_is_read(path, read)
                _check_folder(context.registry, output)
            else:
                refuse_to_replace(path, read)
            refuse_unwritable(path, folder=output.site)
            _refuse_around(output, read)
        except (UsageError, PluginError) as error:
            yield Problem(str(error), of_board(output.number, "output"))


def _refuse_around(output: Output, read: Iterable[Path]) -> None:
    """Make sure that no file that is read, or that is made beside the outputs, lies where an output goes.

    Raises:
        UsageError: such a file lies there.
    """
    for path in read:
        conflict = _inside(output, resolved(path))
        if conflict:
            raise UsageError(f"{output.given}: with {path}, which is read, it makes {conflict}; write it elsewhere")


def _read(context: Context) -> list[Path]:
    """Return the files that the run itself reads."""
    run = context.run
    files = [run.path, context.store, *(file._path for file in context.registry.files)]
    boards = [board for _, board in context.boards]
    files += [Path(name) for board in boards for name in (*board.published, *board.merge)]
    return files + [Path(name) for board in boards for name in (board.outcome, board.about) if name is not None]


def _check_folder(registry: Registry, output: Output) -> None:
    try:
        publisher = find_publisher(registry, output.publisher)
    except HarnessError:
        if output.board.publisher is not None:  # the check `only_of_folders` reports it, at the key `publisher`
            return
        raise
    # A place that cannot be read cannot be written either, which `refuse_unwritable` reports.
    with code_of(registry, "publisher", output.publisher), contextlib.suppress(OSError):
        publisher.check(Path(output.given))


def alike(context: Context) -> Iterator[Problem]:
    """Yield leaderboards that go to the same place, however it is written, or where another makes its files."""
    outputs = outputs_of(context)
    for i, other in enumerate(outputs):
        for one in outputs[:i]:
            conflict = _clash(one, other) or _clash(other, one)
            if conflict:
                where = f"leaderboards.{one.number}.output ({one.given})"
                text = f"{other.given} and {where} are {conflict}; write one of them elsewhere"
                yield Problem(text, of_board(other.number, "output"))
                break


def _clash(outer: Output, inner: Output) -> str:
    """Write how two outputs conflict; empty if both can be written."""
    return "one place" if outer.place == inner.place else _inside(outer, inner.place)


def _inside(outer: Output, place: str) -> str:
    """Write how an output and a place below it conflict; empty if they do not."""
    if outer.place == place or os.path.commonpath([outer.place, place]) != outer.place:
        return ""
    if not outer.site:
        return "a file and what lies below it"
    whole = "a site and one of its own pages" if outer.publisher == SITE else "a folder and one of its own files"
    return whole if Path(os.path.relpath(place, outer.place)).parts[0] in outer.own else ""
