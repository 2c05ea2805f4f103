"""What makes a page good to pass on: what previews of links show, how to cite a board, and how it was made."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from harness import Edition
from harness.leaderboard import latex_text

from .content import Content
from .preview import board_preview, index_preview
from .summary import headline, sentence, title, top_rows

PREVIEW = "preview.png"
NOT_FOUND = "404.html"
_BOARDS = 5
"""Most boards that the preview of an index lists."""
_SAID = 300
"""Most characters of a description; previews show fewer."""


@dataclass(frozen=True, slots=True)
class Share:
    """What the head of a page says of it to who is sent a link."""

    description: str
    image: str
    """Address of the picture: absolute where the site's address is known, which most chat programs need."""
    address: str
    """Address of the page itself; empty where the site's is not known."""
    whole: bool = False
    """Whether the page is one that is passed on most, a board or the index, with everything that previews read."""


@dataclass(frozen=True, slots=True)
class Making:
    """How a board was made, so that a reader can check it and cite it."""

    digest: str
    """SHA-256 of the file ``leaderboard.json`` beside the page."""
    command: str
    citation: str
    """BibTeX entries."""


def shared(edition: Edition, path: str, description: str, image: str, *, whole: bool = False) -> Share:
    """Return what the head of a page says.

    Args:
        edition: Knows the site's address, if anybody has said it.
        path: Of the page, from the site's folder.
        description: What the page shows, as plain text.
        image: Path of the preview from the site's folder.
        whole: As in `Share`.
    """
    depth = "../" * path.count("/")
    base = edition.address
    said = " ".join(description.split())
    said = said if len(said) <= _SAID else said[: _SAID - 1].rstrip() + "…"
    own = "" if not base else base + path.removesuffix("index.html")
    return Share(said, (base or depth) + image, own, whole)


def description(content: Content) -> str:
    """Return what a board shows, for previews: who is best, and what it is about."""
    about = content.board.description
    said = sentence(content)
    return said if said == about else f"{said} {about}"


def preview(content: Content, version: str) -> bytes:
    """Draw the preview of a board."""
    counted = [_count(len(content.evaluated), "model"), _count(len(content.tasks), "task")]
    published = len(content.rows) - len(content.evaluated)
    parts = [*counted, *([f"{published} published"] if published else [])]
    foot = f"{', '.join(parts)}  |  {100 * content.board.confidence:.6g} % intervals  |  harness {version}"
    return board_preview(content.board.benchmark, sentence(content), top_rows(content), foot)


def index_picture(contents: Sequence[Content], version: str) -> bytes:
    """Draw the preview of an index of several boards."""
    boards = [(content.board.benchmark, headline(content) or content.board.description) for content in contents]
    more = f"{len(boards) - _BOARDS} more  |  " if len(boards) > _BOARDS else ""
    return index_preview("Leaderboards", boards[:_BOARDS], f"{more}harness {version}")


def making(edition: Edition, content: Content, written: bytes, version: str, date: str) -> Making:
    """Return how a board was made.

    Args:
        edition: What was asked for.
        content: The board.
        written: The content of its ``leaderboard.json``.
        version: Of harness.
        date: Of the build, ``2026-11-30``.
    """
    digest = hashlib.sha256(written).hexdigest()
    return Making(digest, command(edition), _citation(edition, content, digest, version, date))


def command(edition: Edition) -> str:
    """Return the command that makes the site again, without the places of files, which are not published."""
    words = ["harness", "leaderboard", *dict.fromkeys(edition.benchmarks), "-o", "site/"]
    if edition.confidence is not None:
        words += ["--confidence", f"{edition.confidence:g}"]
    words += ["--texts"] * edition.texts
    words += ["--show-sensitive"] * edition.show_sensitive
    if edition.address:
        words += ["--url", edition.address]
    return shlex.join(words)


def _citation(edition: Edition, content: Content, digest: str, version: str, date: str) -> str:
    name = content.board.benchmark
    key = "".join(c if c.isascii() and c.isalnum() else "-" for c in name).strip("-").lower() or "board"
    where = f"  howpublished = {{\\url{{{edition.address}{content.slug}/}}}},\n" if edition.address else ""
    year = date[:4]
    return (
        f"@misc{{{key}-leaderboard-{date},\n"
        f"  title = {{{latex_text(title(content))}}},\n{where}"
        f"  year = {{{year}}},\n"
        f"  note = {{Made with harness {latex_text(version)} on {date}; leaderboard.json with SHA-256 {digest}}},\n"
        f"}}\n"
        f"@software{{harness,\n"
        f"  title = {{harness: evaluation with honest error bars}},\n"
        f"  version = {{{latex_text(version)}}},\n"
        f"  year = {{{year}}},\n"
        f"}}\n"
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
