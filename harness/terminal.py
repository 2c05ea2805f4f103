"""The only way to the terminal: characters that a terminal would obey are shown as escapes, whoever wrote them.

A server's error, a model's answer, a name in somebody's YAML file or a path can hold characters that move the cursor,
set the window's title or turn the direction of writing. Every text for standard output or standard error passes `say`,
so none of them takes effect; a test forbids other ways of writing in the package.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Literal

_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
"""Controls of ASCII and of Latin-1 (C1, as powerful as escape sequences), except tab and line feed."""
_OTHERS = "".join(
    (
        "\ud800-\udfff",  # halves of surrogate pairs, which no stream can encode
        "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069",  # marks and overrides of the direction of writing
        "\u2028\u2029",  # ends of lines and paragraphs, to some terminals and to all scripts
        "\u00ad\u034f\u180b-\u180f\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb",  # marks without width
        "\U000e0000-\U000e0fff",  # tags and variants, which can hold a whole hidden text
    )
)
_JOINERS = "(?<![\u0590-\u200a\u2070-\ufe0f\ufe20-\ufefe\U00010000-\U000dffff])[\u200c\u200d]"
"""The joiners without width, except after letters that are written with them: Arabic, Indic, emoji."""
_OBEYED = re.compile(f"[{_CONTROLS}\t\n{_OTHERS}]|{_JOINERS}")
_OBEYED_IN_LINES = re.compile(f"[{_CONTROLS}{_OTHERS}]|{_JOINERS}")

Style = Literal["", "bold", "dim", "red", "bold red"]
"""How a text looks on a terminal."""
Span = tuple[str, Style]
"""A text that looks the same throughout."""


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()


def visible(text: str) -> str:
    """Show a name or a cell in one line: what a terminal or browser would obey becomes an escape, as ``\\x1b``."""
    return _OBEYED.sub(_escape, text)


def visible_lines(text: str) -> str:
    """Show a text of several lines like `visible`, but keep its line feeds and tabs."""
    return _OBEYED_IN_LINES.sub(_escape, text)


def one_entry(text: str) -> str:
    """Show somebody's text as one entry of a list: further lines are indented, so that no line passes for an entry."""
    return "\n  ".join(visible(line) for line in text.split("\n"))


def plain_json(text: str) -> str:
    """Escape the one control character (delete) that ``json.dumps`` leaves as it is; it occurs in strings only."""
    return text.replace("\x7f", "\\u007f")


def say(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Write a text to standard output; every character that a terminal would obey is shown as an escape.

    Args:
        text: One or several lines.
        err: Write to standard error instead.
        nl: End the text with a line feed.

    Raises:
        OSError: the stream is closed, or its disk is full.
    """
    _write(visible_lines(text), err=err, nl=nl)


def say_spans(lines: Iterable[Sequence[Span]], *, colours: bool) -> None:
    """Write lines to standard output, each of texts in a style of their own; every text is shown as `say` shows it.

    No text is markup: the styles are the only escapes that reach the terminal.

    Args:
        lines: The texts of each line; a line feed or tab inside one is shown as an escape, too.
        colours: Whether styles are written at all.

    Raises:
        OSError: the stream is closed, or its disk full.
    """
    if not colours:
        for line in lines:
            _write("".join(visible(text) for text, _ in line).rstrip())
        return
    from rich.color import ColorSystem
    from rich.style import Style as RichStyle

    for line in lines:
        styled = [
            RichStyle.parse(style).render(visible(text), color_system=ColorSystem.STANDARD) if style else visible(text)
            for text, style in line
        ]
        _write("".join(styled).rstrip(), colours=True)


def confirm(question: str) -> bool:
    """Ask a question that is answered with yes or no, on standard error; no answer is no.

    Args:
        question: One line; every character that a terminal would obey is shown as an escape.
    """
    import click

    return click.confirm(visible(question), default=False, err=True)


def _write(shown: str, *, err: bool = False, nl: bool = True, colours: bool | None = None) -> None:
    """Write what is safe for a terminal; None as `colours`: nothing in it is an escape."""
    import click

    try:
        click.echo(shown, err=err, nl=nl, color=colours)
    except UnicodeEncodeError as error:  # a terminal of another encoding than UTF-8
        shown = shown.encode(error.encoding, "backslashreplace").decode(error.encoding)
        click.echo(shown, err=err, nl=nl, color=colours)


def redraw(text: str) -> None:
    """Replace the last line on the terminal by another; standard error has to be a terminal."""
    sys.stderr.write(f"\r\033[K{visible(text)}")
    sys.stderr.flush()


def guard_libraries() -> None:
    """Let libraries' log messages, warnings and tracebacks pass `say` too, since they quote others' texts."""
    import logging
    import threading
    import traceback
    import warnings
    from types import TracebackType

    make, format_warning = logging.getLogRecordFactory(), warnings.formatwarning

    def record(*args: object, **more: object) -> logging.LogRecord:
        made: logging.LogRecord = make(*args, **more)
        plain = made.getMessage

        def shown() -> str:
            return visible_lines(plain())

        made.getMessage = shown  # type: ignore[method-assign]
        return made

    def formatted(*args: object, **more: object) -> str:
        return visible_lines(format_warning(*args, **more))  # type: ignore[arg-type]

    def died(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        say("".join(traceback.format_exception(kind, error, trace)), err=True, nl=False)

    logging.setLogRecordFactory(record)
    warnings.formatwarning = formatted
    sys.excepthook = died
    threading.excepthook = lambda args: died(args.exc_type, args.exc_value, args.exc_traceback)
