"""From documents to passages: a heading, and what stands below it up to the next heading."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

GLOSSARY = "docs/glossary.md"
HOW_TO = "docs/how-to/"
COMMANDS = "docs/cli.md"
_HEADING = re.compile(r"(#{1,6}) +(.*?)\s*#*")
_LINK = re.compile(r"!?\[([^\]\[]*)\]\([^()\s]*(?:\([^()\s]*\))?[^()\s]*\)")
_ALSO = re.compile(r"\*Also: (.*)\.\*$", re.MULTILINE)
"""Begins an entry of the glossary that explains several words: ``*Also: adapter.*``"""
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Passage:
    """One heading of a document, with its text."""

    document: str
    """The document's name, such as ``docs/metrics.md``."""
    title: str
    """The heading of the whole document."""
    heading: str
    """Its own heading, without marks."""
    text: str
    """Markdown, without the heading."""
    path: Path
    line: int
    """Where the heading stands in the file, from 1."""

    @property
    def place(self) -> str:
        """The document, and the anchor that forges and the built site give the heading."""
        return self.document if self.heading == self.title else f"{self.document}#{anchor(self.heading)}"

    @property
    def links(self) -> frozenset[str]:
        """The documents that it leads to, by name."""
        folder = PurePosixPath(self.document).parent
        targets = (target.partition("#")[0] for target in re.findall(r"\]\(([^()\s]+)\)", self.text))
        return frozenset(posixpath.normpath(folder / target) for target in targets if target.endswith(".md"))

    @property
    def names(self) -> tuple[str, ...]:
        """What a reader may call it, in lower case: its heading, the words that an entry explains, a command alone."""
        also = _ALSO.match(self.text) if self.document == GLOSSARY else None
        names = [self.heading, *(also[1].replace("\\", "").split(", ") if also is not None else ())]
        if self.document == COMMANDS:
            names.append(self.heading.removeprefix("harness "))
        return tuple(name.strip().lower() for name in names)


def anchor(heading: str) -> str:
    """Return the anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def passages_of(document: str, path: Path) -> Iterator[Passage]:
    """Yield the passages of a document, in order; headings without text below them are left out.

    Args:
        document: Its name.
        path: The file, Markdown in UTF-8.
    """
    title, heading, begin, fence = document, "", 1, ""
    lines: list[str] = []

    def passage() -> Iterator[Passage]:
        text = _COMMENT.sub("", "\n".join(lines)).strip()
        if text:
            yield Passage(document, title, heading or title, text, path, begin)

    for number, line in enumerate(path.read_text("utf-8", errors="replace").split("\n"), start=1):
        marks = re.match(r"\s*(`{3,}|~{3,})", line)
        if marks is not None:
            # A fence is ended by one of its own kind that is at least as long.
            fence = marks[1] if not fence else "" if marks[1].startswith(fence) else fence
        found = _HEADING.fullmatch(line) if not fence else None
        if found is None:
            lines.append(line)
            continue
        yield from passage()
        heading, begin, lines = plain(found[2]), number, []
        if len(found[1]) == 1:
            title = heading
    yield from passage()


def plain(text: str) -> str:
    """Return Markdown without its links' targets and without marks of code and emphasis."""
    text = _LINK.sub(r"\1", text)
    # A star that is escaped, or stands alone, is meant: tables mark models by it.
    return re.sub(r"`|(?<!\\)\*\*|(?<![\s*\\])\*|(?<!\\)\*(?![\s*,]|$)", "", text).replace("\\*", "*")
