"""The only way to the terminal: characters that a terminal would obey are shown as escapes, whoever wrote them.

A server's error, a model's answer, a name in somebody's YAML file or a path can hold characters that move the cursor,
set the window's title or turn the direction of writing. Every text for standard output or standard error passes `say`,
so none of them takes effect; a test forbids other ways of writing in the package.
"""

from __future__ import annotations

import re
import sys

_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
"""Controls of ASCII and of Latin-1 (C1, as powerful as escape sequences), except tab and line feed."""
_OTHERS = "\ud800-\udfff\u202a-\u202e\u2066-\u2069"
"""Halves of surrogate pairs, which no stream can encode; overrides of the direction of writing."""
_OBEYED = re.compile(f"[{_CONTROLS}\t\n{_OTHERS}]")
_OBEYED_IN_LINES = re.compile(f"[{_CONTROLS}{_OTHERS}]")


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
    import click

    shown = visible_lines(text)
    try:
        click.echo(shown, err=err, nl=nl)
    except UnicodeEncodeError as error:  # the terminal has another encoding than UTF-8
        click.echo(shown.encode(error.encoding, "backslashreplace").decode(error.encoding), err=err, nl=nl)


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
