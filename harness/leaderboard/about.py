"""The introduction of a board: a Markdown file of its maker, shown without anything that a browser would obey.

HTML in it is text. Its pictures are links, since boards load nothing from elsewhere. Links lead to web pages, mail
addresses and places of the same site only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.files.regular_files import is_file
from harness.terminal import visible_lines

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_MOST_BYTES = 200_000
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CODE_OR_TAG = re.compile(
    r"(?P<code>(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`))|<(?=[A-Za-z/!?])(?!(?:https?|mailto):)"
)


def read_about(path: Path | None) -> str:
    """Return the text of an introduction; empty where no file is named.

    Raises:
        UsageError: there is no such file, it is no text in UTF-8, holds nothing, or is too long for a page's head.
    """
    if path is None:
        return ""
    path = path.expanduser()
    if not is_file(path):
        raise UsageError(f"{path}: no such file; an introduction is a Markdown file")
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > _MOST_BYTES:  # before it is read as text: the last character may be cut in two
        raise UsageError(f"{path}: longer than {_MOST_BYTES:,} bytes; an introduction stands above a board, so cut it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: no text in UTF-8, at byte {error.start}; an introduction is Markdown") from error
    if not text.strip():
        raise UsageError(f"{path}: holds no text; leave it out, or write an introduction")
    return "\n".join(text.splitlines()).strip("\n") + "\n"


def about_html(text: str) -> str:
    """Return an introduction as HTML in which its author's HTML is text; headings begin below that of the page."""
    return str(_parser().render(visible_lines(text)))


def about_markdown(text: str) -> str:
    """Return an introduction as Markdown in which its author's HTML is text, wherever that is rendered."""
    lines, fence = [], ""
    for line in visible_lines(text).splitlines():
        mark = _FENCE.match(line)
        if fence:
            closing = mark and mark[1][0] == fence[0] and len(mark[1]) >= len(fence) and not line[mark.end() :].strip()
            fence = "" if closing else fence
        elif mark:
            fence = mark[1]
        else:
            line = _CODE_OR_TAG.sub(lambda found: found["code"] or "&lt;", line)
        lines.append(line)
    if fence:  # left open it would swallow the board below
        lines.append(fence)
    return "\n".join(lines) + "\n"


def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.add_render_rule("image", _picture_as_link)
    parser.core.ruler.push("below_the_heading", _lower_headings)
    parser.validateLink = _may_be_opened  # type: ignore[method-assign]  # it is there to be replaced
    return parser


def _may_be_opened(url: str) -> bool:
    """Return whether a link may be followed: to the web, to a mail address, or to a place without a scheme."""
    scheme = re.match(r"\s*([^/?#]*?):", url)
    return scheme is None or scheme[1].lower() in ("http", "https", "mailto")


def _picture_as_link(renderer: Any, tokens: Sequence[Any], index: int, options: Any, env: Any) -> str:
    """Return a link to a picture, since a board's pages load nothing that does not lie beside them."""
    from markupsafe import escape

    token = tokens[index]
    said = renderer.renderInlineAsText(token.children or [], options, env) or str(token.attrs["src"])
    before = [other.type for other in tokens[:index]]
    if before.count("link_open") > before.count("link_close"):  # links have no place inside links
        return str(escape(said))
    return f'<a href="{escape(token.attrs["src"])}">{escape(said)}</a>'


def _lower_headings(state: Any) -> None:
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + 1)}"
