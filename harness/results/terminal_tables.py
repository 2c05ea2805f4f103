"""Tables, prose and lists on a terminal, which fit its width; a pipe or a file gets the plain text, whatever its width.

A table keeps the columns that its reader cannot do without, takes the others from the left as they fit, and says how
many are left out. The libraries that this needs are imported only where a terminal's table is printed.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.terminal import Span, Style, say, say_spans, visible

COLOUR, WIDE = "harness.color", "harness.wide"
"""Where the options ``--color`` and ``--wide`` of the command that runs are kept, in click's context."""
_GAP = "  "
_LEAST = 8
"""Characters of a text column that is folded since not even the columns that stay have room."""
_INTERVAL = re.compile(r"(.*\S)( \[[^\[\]]*\])", re.DOTALL)
_FIGURE = re.compile(r"[+-]?\d|-?$")
"""Begins a cell of a column of figures: a number, also with a sign, or what stands where there is none."""
_BREAKS = re.compile(r"(?<=[-/ _:.=,])")
"""Where the name of a model or task may go on in the next line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedTable:
    """A table, and what of it matters most."""

    head: Sequence[str]
    """A heading with a line feed has two lines; a longer one without is broken at a blank."""
    rows: Sequence[Sequence[str]]
    left: Collection[int] = (0,)
    """Columns of text: they stand at the left, and are folded where they are long."""
    keep: Collection[int] = (0,)
    """Columns that are shown at any width."""
    best: Collection[tuple[int, int]] = ()
    """Cells, as (row, column), that are bold."""
    failed: Collection[tuple[int, int]] = ()
    """Cells that are red."""
    dividers: Mapping[int, str] = field(default_factory=dict)
    """What is said above a row, by its number."""


def _option(name: str, default: Any) -> Any:
    import click

    context = click.get_current_context(silent=True)
    return default if context is None else context.meta.get(name, default)


def for_a_terminal() -> bool:
    """Whether standard output is to be laid out for a reader: it is a terminal, or ``--color always`` says so."""
    return _option(COLOUR, "auto") == "always" or _is_terminal()


def _is_terminal() -> bool:
    try:
        return sys.stdout.isatty()
    except ValueError:  # closed
        return False


def colours() -> bool:
    """Whether styles are written: ``--color`` decides, else the variable NO_COLOR, else what the terminal is."""
    wanted = _option(COLOUR, "auto")
    if wanted != "auto":
        return bool(wanted == "always")
    return _is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns of the terminal, at least 40; the variable COLUMNS wins."""
    return max(shutil.get_terminal_size((80, 24)).columns, 40)


def say_table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    left: Collection[int] = (),
    keep: Collection[int] = (0,),
    parted: bool = False,
) -> None:
    """Print a table: fitted to a terminal, plain elsewhere.

    Args:
        head: The headings.
        rows: The cells of each row, as many as there are headings.
        left: Numbers of columns that stand at the left whatever they hold; the first one always does.
        keep: Numbers of columns that are shown at any width.
        parted: On a terminal, the first column stands as a divider above its rows, where all of a kind are together:
            a narrow table would else say of no row what it belongs to.
    """
    from harness.results.numbers import plain_table

    if not for_a_terminal():
        say(plain_table(head, rows, left=left))
        return
    dividers: dict[int, str] = {}
    if parted:
        firsts = [str(row[0]) for row in rows]
        dividers = {i: name for i, name in enumerate(firsts) if i == 0 or name != firsts[i - 1]}
        head, rows = head[1:], [row[1:] for row in rows]
        left, keep = [i - 1 for i in left if i], [i - 1 for i in keep if i]
    texts = [i for i in range(len(head)) if i == 0 or i in left or not all(_FIGURE.match(str(row[i])) for row in rows)]
    say_fitted(FittedTable(head=head, rows=rows, left=texts, keep=keep, dividers=dividers))


def say_fitted(table: FittedTable, more: str = "--wide") -> None:
    """Print a table on a terminal.

    Args:
        table: What it holds.
        more: Where the columns that do not fit can be seen.
    """
    lines, hidden = fitted(table, None if _option(WIDE, False) else width())
    say_spans(lines, colours=colours())
    if hidden:
        say_prose(f"+{hidden} column{'s' if hidden > 1 else ''}: {more}", style="dim")


def say_prose(text: str, *, style: Style = "") -> None:
    """Print text: broken at words on a terminal, as it is elsewhere."""
    if not for_a_terminal():
        say(text)
        return
    for line in visible_split(text):
        say_spans([[(piece, style)] for piece in fold(line, width())], colours=colours())


def say_entries(groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
    """Print names with a sentence each on a terminal, in groups with a heading; one without is not indented."""
    room = width()
    names = [name for _, entries in groups for name, _ in entries]
    column = min(max((cells(visible(name)) for name in names), default=0), max(room // 3, 16)) + len(_GAP)
    lines: list[list[Span]] = []
    for heading, entries in groups:
        lines += [[]] if lines else []
        lines += [[(piece, "bold")] for piece in fold(heading, room)] if heading else []
        indent = _GAP if heading else ""
        for name, description in entries:
            shown = visible(name)
            texts = fold(" ".join(visible(description).split()), max(room - column - len(indent), 20))
            first = f"{indent}{shown}{' ' * (column - cells(shown))}"
            if cells(shown) + len(_GAP) > column:  # a long name has a line of its own
                lines.append([(f"{indent}{shown}", "")])
                first = " " * (column + len(indent))
            lines.append([(f"{first}{texts[0]}", "")])
            lines += [[(" " * (column + len(indent)) + text, "")] for text in texts[1:]]
    say_spans(lines, colours=colours())


def fitted(table: FittedTable, room: int | None) -> tuple[list[list[Span]], int]:
    """Lay a table out; return its lines, and how many columns are left out.

    Args:
        table: What it holds.
        room: The width in characters; None: all columns, as wide as they are.
    """
    columns = [_Column(table, i) for i in range(len(table.head))]
    shown, widths = list(range(len(columns))), [column.width for column in columns]
    if room is not None:
        for most in (max(room // 4, 24), 20):  # names are folded further only where that makes room for a column
            narrow = [columns[i].narrowed(most) if i in table.left else columns[i].width for i in shown]
            if most > 20 or len(_chosen(narrow, table.keep, room)) > len(_chosen(widths, table.keep, room)):
                widths = narrow
        shown = _chosen(widths, table.keep, room)
        for i in table.left:  # as wide as there is room, now that it is known which columns stay
            most = widths[i] + max(room - _total([widths[j] for j in shown]), 0)
            widths[i] = columns[i].width = columns[i].narrowed(most)
        over = _total([columns[i].width for i in shown]) - room
        for i in (i for i in shown if i in table.left and over > 0):
            before, columns[i].width = columns[i].width, columns[i].narrowed(max(columns[i].width - over, _LEAST))
            over -= before - columns[i].width
    lines = [_joined([columns[i].head(line) for i in shown]) for line in _head_lines([columns[i] for i in shown])]
    lines.append([("-" * columns[i].width + (_GAP if i != shown[-1] else ""), "dim") for i in shown])
    for row in range(len(table.rows)):
        if row in table.dividers:
            lines.append([(f"-- {table.dividers[row]} ", "dim")])
        pieces = [columns[i].cell(row) for i in shown]
        for line in range(max(map(len, pieces))):
            texts = zip(pieces, shown, strict=True)
            lines.append(_joined([piece[line] if line < len(piece) else columns[i].blank() for piece, i in texts]))
    return lines, len(columns) - len(shown)


def _head_lines(columns: Sequence[_Column]) -> list[int]:
    """Return the lines of the heads, from the upper to the lower: the upper one only where a head needs it."""
    return [0, 1] if any(column.upper for column in columns) else [1]


def _chosen(widths: Sequence[int], keep: Collection[int], room: int) -> list[int]:
    """Return the columns that stay, and of the others those from the left that fit beside them."""
    chosen = set(keep)
    for i in range(len(widths)):
        if i not in chosen:
            if _total([widths[j] for j in {*chosen, i}]) > room:
                break  # no narrower one further right: what is left out is the right end
            chosen.add(i)
    return sorted(chosen)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _joined(pieces: Sequence[list[Span]]) -> list[Span]:
    """Return the pieces of one line with gaps between them."""
    gap: list[Span] = [(_GAP, "")]
    return [span for i, piece in enumerate(pieces) for span in ([*gap, *piece] if i else piece)]


class _Column:
    """One column: its texts as a terminal shows them, and how wide it is."""

    def __init__(self, table: FittedTable, number: int) -> None:
        self._left = number in table.left
        self._rows = [_value_and_interval(visible(str(row[number]))) for row in table.rows]
        self._styles: list[Style] = [
            "red" if (i, number) in table.failed else "bold" if (i, number) in table.best else ""
            for i in range(len(table.rows))
        ]
        self._value = max((cells(value) for value, _ in self._rows), default=0)
        self._interval = max((cells(interval) for _, interval in self._rows), default=0)
        self.upper, self.lower = _two_lines(table.head[number], self._value + self._interval)
        self.width = max(self._value + self._interval, cells(self.upper), cells(self.lower))

    def narrowed(self, most: int) -> int:
        """Return the width if texts longer than a number of characters are folded."""
        return min(self.width, max(most, cells(self.upper), cells(self.lower)))

    def head(self, line: int) -> list[Span]:
        """Return one line of the heading."""
        return self._padded((self.upper, self.lower)[line], "")

    def cell(self, row: int) -> list[list[Span]]:
        """Return the lines of one cell."""
        value, interval = self._rows[row]
        style = self._styles[row]
        if not self._interval or self._left:
            return [self._padded(piece, style) for piece in fold(value + interval, self.width)]
        before = " " * (self.width - self._interval - cells(value))
        after = " " * (self._interval - cells(interval))
        return [[(before, ""), (value, style), (interval, "dim"), (after, "")]]

    def blank(self) -> list[Span]:
        """Return a line without a text."""
        return [(" " * self.width, "")]

    def _padded(self, text: str, style: Style) -> list[Span]:
        space = " " * (self.width - cells(text))
        return [(text, style), (space, "")] if self._left else [(space, ""), (text, style)]


def _value_and_interval(text: str) -> tuple[str, str]:
    found = _INTERVAL.fullmatch(text)
    return (found[1], found[2]) if found else (text, "")


def _two_lines(heading: str, room: int) -> tuple[str, str]:
    """Return the two lines of a heading, the upper one empty where one is enough."""
    upper, feed, lower = str(heading).partition("\n")
    if feed:
        return visible(upper), visible(lower)
    words = visible(upper).split(" ")
    if len(words) == 1 or cells(visible(upper)) <= room:
        return "", visible(upper)
    splits = [(" ".join(words[:i]), " ".join(words[i:])) for i in range(1, len(words))]
    return min(splits, key=lambda two: max(map(cells, two)))


def visible_split(text: str) -> Iterator[str]:
    """Yield the lines of a text as a terminal may show them."""
    return map(visible, text.split("\n"))


def fold(text: str, room: int) -> list[str]:
    """Break a line where words and parts of names end, and anywhere where there is no such place.

    Args:
        text: What `visible` returned.
        room: Most columns of the terminal that a line may take.
    """
    if cells(text) <= room:
        return [text]
    lines = [""]
    # A sentence is broken at blanks alone; a name, which has none, at its hyphens and slashes.
    for part in re.split(r"(?<= )", text) if " " in text.strip() else _BREAKS.split(text):
        if cells((lines[-1] + part).rstrip()) <= room:
            lines[-1] += part
            continue
        lines += [""] if lines[-1] else []
        for character in part:
            if cells(lines[-1] + character) > room and character != " ":
                lines.append("")
            lines[-1] += character
    return [line.rstrip() for line in lines]


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes: letters of East Asia take two, combining ones none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return int(cell_len(text))
