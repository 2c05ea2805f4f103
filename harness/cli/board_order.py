"""The order to ``harness leaderboard``, given by its command line or by a run file, and how it is carried out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.leaderboard.outputs import (
    file_format,
    is_site,
    refuse_several,
    refuse_to_replace,
    refuse_unwritable,
    refuse_what_is_read,
    web_address,
    why_no_place,
)
from harness.publisher import SITE, OutcomeFile
from harness.terminal import say

if TYPE_CHECKING:
    from harness.cli.gates import Gate
    from harness.leaderboard.inputs import BoardInputs
    from harness.names.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardOrder:
    """The leaderboards to write: of which benchmarks, from which results, where and in which format."""

    benchmarks: Sequence[str]
    """Names of benchmarks or tasks, or globs of tasks; several only if a folder is filled."""
    inputs: BoardInputs
    """The stores and files that the figures come from."""
    output: str | None = None
    """File, or folder for a publisher; None: standard output."""
    format: str | None = None
    """A format of `harness.leaderboard.FORMATS`; None: by the ending of the output, else a table."""
    publisher: str | None = None
    """Name of the publisher that fills the folder; None: the publisher of sites."""
    texts: bool = False
    """Whether a site shows the beginnings of items' texts."""
    show_sensitive: bool = False
    """Whether a site shows texts of sensitive tasks too."""
    outcome: OutcomeFile | None = None
    """A table with one outcome for each model, for a site."""
    url: str | None = None
    """The address at which a site will be found."""
    gates: Sequence[Gate] = ()
    """Conditions on the figures of a leaderboard of one benchmark."""

    def __post_init__(self) -> None:
        """Refuse options that only a folder can show if no folder is named, and what the format has no place for.

        Raises:
            UsageError: publisher, texts, show_sensitive, outcome or url stand beside a file, or several benchmarks do;
                or the url is no address, or a title or an introduction stands beside a format without one.
            UnknownName: there is no such format.
        """
        if self.url is not None:
            web_address(self.url)
        if self.fills_a_folder:
            if self.gates:
                raise UsageError("--fail-if is of one leaderboard; name no folder with -o")
            return
        if self.publisher is not None:
            raise UsageError(
                f"--publisher {self.publisher} fills a folder; name one with -o, such as {self.publisher}/"
            )
        of_sites = {
            "--texts": self.texts,
            "--show-sensitive": self.show_sensitive,
            "--outcome": self.outcome is not None,
            "--url": self.url is not None,
        }
        if any(of_sites.values()):
            option = next(name for name, given in of_sites.items() if given)
            raise UsageError(f"{option} is for a site; name a folder with -o, such as site/")
        refuse_several(self.benchmarks)
        self._refuse_without_place()

    def _refuse_without_place(self) -> None:
        """Refuse a title or an introduction that the format of a file cannot show.

        Raises:
            UsageError: names the formats that can.
        """
        for key, given in (("title", bool(self.inputs.title)), ("about", self.inputs.about is not None)):
            why = why_no_place(key, file_format(self.output, self.format)) if given else ""
            if why:
                raise UsageError(f"--{key}: {why}")

    @property
    def fills_a_folder(self) -> bool:
        """Whether a publisher fills a folder; False if one file is written.

        Raises:
            UsageError, UnknownName: as `is_site`.
        """
        return self.output is not None and is_site(self.output, self.format)


def outcome_file(
    path: Path | None, model_column: str | None = None, value_column: str | None = None
) -> OutcomeFile | None:
    """Return a table of outcomes with its columns; None if no table is named.

    Raises:
        UsageError: a column is named without a table.
    """
    if path is not None:
        return OutcomeFile(path, model_column, value_column)
    for option, column in (("--model-column", model_column), ("--value-column", value_column)):
        if column is not None:
            raise UsageError(f"{option} is of the table of --outcome; name that too")
    return None


def carry_out(registry: Registry, order: BoardOrder) -> list[dict[str, Any]]:
    """Write the leaderboards, or print the leaderboard; return what tripped its gates.

    Args:
        registry: The registry of names.
        order: The leaderboards to write.

    Raises:
        UsageError: there is no result, or the output is read by the command or cannot be written.
        HarnessError: a leaderboard cannot be made, as `harness.leaderboard.inputs` says.
    """
    if order.fills_a_folder:
        _publish(registry, order)
        return []
    return _write_file(registry, order)


def _publish(registry: Registry, order: BoardOrder) -> None:
    from harness.leaderboard.inputs import Publication, publish_boards

    assert order.output is not None
    publication = Publication(
        benchmarks=order.benchmarks,
        folder=Path(order.output),
        inputs=order.inputs,
        publisher=order.publisher or SITE,
        texts=order.texts,
        show_sensitive=order.show_sensitive,
        outcome=order.outcome,
        url=order.url,
    )
    entry = registry.find("publisher", publication.publisher)
    refuse_what_is_read(publication.folder, _files_read(registry, order.inputs))
    files = publish_boards(registry, publication, lambda note: say(f"note: {note}", err=True))
    say(f"{entry.name} of {files} files written; open {publication.folder / entry.facts.opens}", err=True)


def _files_read(registry: Registry, inputs: BoardInputs) -> list[Path]:
    """Return the stores, registry files and introduction that a leaderboard is made from."""
    about = [] if inputs.about is None else [inputs.about]
    return [*inputs.stores.paths(registry), *(file._path for file in registry.files), *about]


def _write_file(registry: Registry, order: BoardOrder) -> list[dict[str, Any]]:
    from harness.cli.gates import check_board, figures_of_board, tripped
    from harness.files.atomic import write_atomically
    from harness.leaderboard.inputs import make_board
    from harness.leaderboard.rendering import render

    output = None if order.output is None else Path(order.output)
    if output is not None:
        refuse_to_replace(output, [*_files_read(registry, order.inputs), *order.inputs.published])
        refuse_unwritable(output)
    [benchmark] = order.benchmarks
    board = make_board(registry, benchmark, order.inputs)
    if not board.entries:
        raise UsageError(board.why_empty)
    check_board(order.gates, board)
    failed = tripped(order.gates, figures_of_board(board))
    format_ = file_format(order.output, order.format)
    if output is None and format_ == "table":
        from harness.leaderboard.terminal_board import say_board

        say_board(board, blank=False)
        return failed
    text = render(board, format_)
    if output is None:
        say(text, nl=False)
        return failed
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(output, text)
    except OSError as error:
        raise UsageError(f"{output}: cannot be written: {error.strerror}") from error
    say(f"written to {output}", err=True)
    return failed
