"""The command ``harness docs``."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from harness.cli.options import json_option, print_json, table_options
from harness.errors import UsageError
from harness.terminal import Span, say, say_spans

if TYPE_CHECKING:
    from harness.documentation.matching import Found
    from harness.documentation.passages import Passage

_LONGEST = 40
"""Lines of a passage that are printed, so that the list below it stays in sight."""
_FURTHER = 6
_LINK = r"\[([^\]]+)\]\(([^()\s]+)\)"


@click.command("docs")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.option("-n", "--number", type=click.IntRange(min=1), default=2, help="How many passages are printed.")
@click.option("--open", "opens", is_flag=True, help="Open the best page in the browser, where the site was built.")
@table_options
@json_option
def command(words: tuple[str, ...], number: int, opens: bool, as_json: bool) -> int:
    """Explain a word that harness uses, or find what the documents say of some words.

    The glossary comes first, then the passages that match best, of the documents and of every installed plugin's
    README. Without words, all pages are listed. Words may be misspelt or only begun.

    \b
    Examples:
      harness docs detectable
      harness docs threshold false alarms
      harness docs @compat --json

    \b
    Exit status: 0 found, 1 nothing matches, 2 it cannot be done.
    """
    from harness.documentation.matching import best_passages
    from harness.documentation.passages import passages_of
    from harness.documentation.places import documents

    passages = [passage for name, path in documents().items() for passage in passages_of(name, path)]
    if not words:
        if opens:
            _open("docs/index.md")
            return 0
        _list(passages, as_json)
        return 0
    found, replaced = best_passages(passages, " ".join(words))
    if opens and found:
        _open(found[0].passage.document, found[0].passage.place.partition("#")[2])
        return 0
    if as_json:
        shown = found[: max(number, _FURTHER)]
        print_json({"words": list(words), "instead": replaced, "passages": [_document(one) for one in shown]})
        return 0 if found else 1
    if not found:
        say(f"no document has {' '.join(words)!r}; harness docs lists all pages", err=True)
        return 1
    for word, other in replaced.items():
        say(f"no document has {word!r}; this is about {other!r}", err=True)
    _show(found, number)
    return 0


def _show(found: Sequence[Found], number: int) -> None:
    for one in found[:number]:
        _print(one.passage, _LONGEST)
    # What matches by a word in passing only is no reading for anybody.
    best = max(one.score for one in found)
    further = [one for one in found[number : number + _FURTHER] if one.exact or one.score > best / 5]
    if further:
        say_spans([[("See also", "bold")]], colours=_colours())
        wide = min(max(len(one.passage.heading) for one in further), 60)
        for one in further:
            say_spans([[(f"  {one.passage.heading:<{wide}}  ", ""), (one.passage.place, "dim")]], colours=_colours())


def _print(passage: Passage, most: int) -> None:
    from harness.documentation.passages import GLOSSARY

    # An entry of the glossary is a few lines, of which the last says where more is.
    lines = list(_lines(re.sub(_LINK, r"\1 (\2)", passage.text) if passage.document == GLOSSARY else passage.text))
    head = passage.heading if passage.heading == passage.title else f"{passage.heading}: {passage.title}"
    say_spans([[(head, "bold"), (f"  {passage.place}", "dim")]], colours=_colours())
    say()
    say_spans(lines[:most], colours=_colours())
    if len(lines) > most:
        say_spans([[(f"... {len(lines) - most} more lines: {passage.path}:{passage.line}", "dim")]], colours=_colours())
    say()


def _lines(text: str) -> Iterator[list[Span]]:
    """The lines of a passage: paragraphs broken anew where a terminal is narrower, code and tables as they are."""
    from harness.documentation.passages import plain
    from harness.results.terminal_tables import for_a_terminal, width

    room = min(width(), 100) if for_a_terminal() else 100
    paragraph: list[str] = []
    fence = ""

    def broken() -> Iterator[list[Span]]:
        if paragraph:
            item = re.match(r"\s*(?:[-*]|\d+\.) +", paragraph[0])
            later = " " * len(item[0]) if item else ""
            text = " ".join(line.strip() for line in paragraph)
            paragraph.clear()
            for line in textwrap.wrap(
                plain(text), room, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
            ):
                yield [(line, "")]

    for line in text.split("\n"):
        if line.lstrip().startswith(("```", "~~~")):
            yield from broken()
            fence = "" if fence else line
            continue
        if fence:
            yield [(f"    {line}", "")]
        elif re.match(r"\s*\|", line):
            yield from broken()
            if not re.fullmatch(r"[\s|:-]+", line):
                yield [(plain(line), "")]
        elif not line.strip():
            yield from broken()
            yield [("", "")]
        else:
            if re.match(r"\s*(?:[-*]|\d+\.) +", line):
                yield from broken()
            paragraph.append(line)
    yield from broken()


def _list(passages: Sequence[Passage], as_json: bool) -> None:
    pages = {passage.document: passage.title for passage in reversed(passages)}
    pages = dict(sorted(pages.items()))
    if as_json:
        print_json({"pages": [{"document": name, "title": title} for name, title in pages.items()]})
        return
    wide = max(len(name) for name in pages)
    for name, title in pages.items():
        say_spans([[(f"{name:<{wide}}  ", "dim"), (title, "")]], colours=_colours())
    say()
    say("harness docs WORD... explains a word, or finds what these say of it")


def _document(one: Found) -> dict[str, object]:
    passage = one.passage
    return {
        "document": passage.document,
        "heading": passage.heading,
        "title": passage.title,
        "place": passage.place,
        "text": passage.text,
        "file": str(passage.path),
        "line": passage.line,
        "exact": one.exact,
        "score": round(one.score, 3),
    }


def _open(document: str, anchor: str = "") -> None:
    from harness.documentation.places import built_page

    page = built_page(document)
    if page is None:
        raise UsageError(
            f"the page of {document} is not built here; in a checkout: pip install -c constraints.txt -e '.[docs]' && "
            "python docs/build.py; without --open, harness docs prints the passage"
        )
    click.launch(page.as_uri() + (f"#{anchor}" if anchor else ""))
    say(str(page))


def _colours() -> bool:
    from harness.results.terminal_tables import colours

    return colours()
