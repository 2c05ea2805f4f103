"""Markdown, code, tables and LaTeX of models and data sets as safe elements: no markup of theirs, no link, no image.

Two walls stand behind each other: the renderer takes HTML for text, and a sanitiser lets only a short list of elements
through, whatever the renderer made. Both are libraries that others look after; only what is to be shown is said here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

LONGEST = 200_000
"""Most characters of a text that is rendered; a longer one is shown as it was written."""
_LONGEST_PARAGRAPH = 10_000
"""Most characters of a paragraph: some marks take the square of its length."""
_MOST = {"[": 2_000, "|": 10_000, "$$": 200, "\\begin{": 200, "\\[": 2_000, "\\(": 5_000, "$": 5_000}
"""Most marks that may begin a link, a cell of a table, a formula; beyond, they are letters like any other."""
_MOST_CELLS = 100_000
_LONGEST_FORMULA = 2_000
_DEEPEST = 40
"""Quotations and lists inside each other; what is deeper would be left out."""

_TEXT = {
    *("p", "br", "hr", "h4", "em", "strong", "s", "code", "pre", "blockquote"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "span", "mark", "div"),
}
_MATH = {
    *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup"),
    *("munder", "mover", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom", "menclose"),
}
_MATH_ATTRIBUTES = {
    "math": {"display"},
    "mo": {"stretchy", "fence", "form", "separator", "minsize", "maxsize"},
    "mi": {"mathvariant"},
    "mfrac": {"linethickness"},
    "mspace": {"width"},
    "mtable": {"columnalign"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "menclose": {"notation"},
    "mover": {"accent"},
    "munder": {"accentunder"},
}
_CLASSES = {"span": {"link", "address", "image", "formula", "language"}, "div": {"table", "formula"}}
_CLASSES["h4"] = {f"level{level}" for level in range(1, 7)}


@dataclass(frozen=True, slots=True)
class ShownText:
    """A text in both forms in which a page shows it."""

    source: Markup
    """The text as it was written, for an element that keeps blanks and lines."""
    rendered: Markup | None
    """The text as elements; None where both forms are the same, or rendering was refused."""
    why_source: str = ""
    """Why the text is not rendered; empty for one that is, and for one without any marks."""


def shown_text(text: str, hits: re.Pattern[str] | None = None) -> ShownText:
    """Make both forms of a text.

    Args:
        text: The text, without characters that a browser obeys: see `harness_plugins.view.texts.shown`.
        hits: What a reader searched for, marked in both forms; None: nothing.
    """
    return _shown(text, hits)


@lru_cache(maxsize=64)
def _shown(text: str, hits: re.Pattern[str] | None) -> ShownText:
    source = Markup(marked(text, hits))
    if len(text) > LONGEST:
        return ShownText(source, None, f"longer than {LONGEST:,} characters")
    parser, prepared = _parser_for(text), _with_fenced_calls(text)
    environment: dict[str, Any] = {"hits": hits}
    try:
        tokens = parser.parse(prepared, environment)
    except _LongParagraph:
        return ShownText(source, None, f"a paragraph is longer than {_LONGEST_PARAGRAPH:,} characters")
    if any(token.level >= _DEEPEST - 2 for token in tokens):
        return ShownText(source, None, "quotations or lists too deep inside each other")
    if _is_plain(tokens, text):
        return ShownText(source, None)
    made = parser.renderer.render(tokens, parser.options, environment)
    if len(made) > 20 * len(text) + 10_000:  # rows that are cut short are filled up with cells
        return ShownText(source, None, "a table with many empty cells")
    return ShownText(source, Markup(_clean(made)))


def marked(text: str, hits: re.Pattern[str] | None) -> str:
    """Escape a text, and mark what was searched for in it."""
    if hits is None:
        return html.escape(text)
    parts, end = [], 0
    for match in hits.finditer(text):
        parts += [html.escape(text[end : match.start()]), f"<mark>{html.escape(match[0])}</mark>"]
        end = match.end()
    return "".join([*parts, html.escape(text[end:])])


def _is_plain(tokens: Sequence[Token], text: str) -> bool:
    """Tell whether a text has no marks at all, so that paragraphs and lines are all that can be shown of it."""
    if any(token.type not in ("paragraph_open", "inline", "paragraph_close") for token in tokens):
        return False
    words = []
    for token in tokens:
        for child in token.children or ():
            if child.type not in ("text", "softbreak", "hardbreak"):
                return False
            words.append(child.content or " ")
        words.append(" ")
    # What an escape or a character reference says is not what is written.
    return "".join(words).split() == text.split()


# the parser


def _parser_for(text: str) -> MarkdownIt:
    """Return the parser for a text; without the marks of which the text has so many that they would take long."""
    few = {mark: text.count(mark) <= most for mark, most in _MOST.items()}
    # Rows that are cut short are filled up, so that a wide head above many lines makes a very large table.
    widest = max((line.count("|") for line in text.split("\n")), default=0)
    few["|"] = few["|"] and widest * text.count("\n") <= _MOST_CELLS
    return _parser(few.pop("["), few.pop("|"), all(few.values()))


@cache
def _parser(links: bool, tables: bool, maths: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False, "maxNesting": _DEEPEST})
    parser.core.ruler.after("block", "refuse_long_paragraphs", _refuse_long_paragraphs)
    parser.enable(["strikethrough", *(["table"] if tables else [])])
    if not links:
        parser.disable(["link", "image"])
    if maths:
        parser.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True)
        parser.use(amsmath_plugin)
        parser.inline.ruler.before("escape", "bracket_math", _bracket_math)
        parser.block.ruler.before(
            "paragraph", "bracket_math_block", _bracket_math_block, {"alt": ["paragraph", "list", "blockquote"]}
        )
    rules: dict[str, Any] = parser.renderer.rules  # type: ignore[attr-defined]
    rules.update(_RULES)
    return parser


class _LongParagraph(Exception):
    """A paragraph would take too long."""


def _refuse_long_paragraphs(state: StateCore) -> None:
    if any(token.type == "inline" and len(token.content) > _LONGEST_PARAGRAPH for token in state.tokens):
        raise _LongParagraph


def _bracket_math(state: StateInline, silent: bool) -> bool:
    r"""Read a formula between ``\(`` and ``\)``, or between ``\[`` and ``\]``."""
    opening = state.src[state.pos : state.pos + 2]
    if opening not in ("\\(", "\\["):
        return False
    end = state.src.find("\\)" if opening == "\\(" else "\\]", state.pos + 2)
    if end < 0 or end >= state.posMax:
        return False
    if not silent:
        token = state.push("math_inline" if opening == "\\(" else "math_inline_double", "math", 0)
        token.content, token.markup = state.src[state.pos + 2 : end], opening
    state.pos = end + 2
    return True


def _bracket_math_block(state: StateBlock, start: int, last: int, silent: bool) -> bool:
    r"""Read a formula whose first line begins with ``\[`` and whose last ends with ``\]``; at most 60 lines."""
    first = state.bMarks[start] + state.tShift[start]
    if not state.src.startswith("\\[", first):
        return False
    for line in range(start, min(last, start + 60)):
        if state.src[first : state.eMarks[line]].rstrip().endswith("\\]"):
            if not silent:
                state.line = line + 1
                token = state.push("math_block", "math", 0)
                token.content = state.src[first : state.eMarks[line]].strip()[2:-2]
                token.markup, token.map, token.block = "\\[", [start, state.line], True
            return True
    return False


_CALL = re.compile(r"<(tool_call|tool_response|function_call)>\s*(.+?)\s*</\1>", re.DOTALL)


def _with_fenced_calls(text: str) -> str:
    """Make code of the calls of tools that models write between tags."""
    if "_call>" not in text and "_response>" not in text:
        return text
    return _CALL.sub(lambda m: f"\n\n~~~~~~ {m[1].replace('_', '-')}\n{m[2]}\n~~~~~~\n\n", text)


# elements


def _text(tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return marked(tokens[i].content, env["hits"])


def _code(tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return f"<code>{marked(tokens[i].content, env['hits'])}</code>"


def _block(tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    language = html.escape(tokens[i].info.strip()[:40])
    named = f'<span class="language">{language}</span>' if language else ""
    return f"<pre>{named}<code>{marked(tokens[i].content, env['hits'])}</code></pre>\n"


def _link_open(tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return '<span class="link">'


def _link_close(tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    """End a link with its address, which is to be seen and not to be followed by mistake."""
    depth = 0
    for token in reversed(tokens[: i + 1]):
        depth += (token.type == "link_close") - (token.type == "link_open")
        if depth == 0:
            address = str(token.attrs.get("href", ""))
            same = token.info == "auto"
            return "</span>" if same else f'</span> <span class="address">({marked(address, env["hits"])})</span>'
    return "</span>"


def _image(tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    token = tokens[i]
    written = f"![{token.content}]({token.attrs.get('src', '')})"
    return f'<span class="image">{marked(written, env["hits"])}</span>'


def _inline_formula(tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return _formula(tokens[i].content, "inline", tokens[i].markup)


def _display_formula(tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return f'<div class="formula">{_formula(tokens[i].content, "block", tokens[i].markup)}</div>\n'


def _formula_in_line(tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return _formula(tokens[i].content, "block", tokens[i].markup)


def _table_open(tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return '<div class="table"><table>\n'


def _table_close(tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return "</table></div>\n"


def _heading_open(tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    """Begin a heading below those of the page, so that the page's own outline stays whole."""
    return f'<h4 class="level{tokens[i].tag[1:]}">'


def _heading_close(tokens: Sequence[Token], i: int, options: Any, env: Any) -> str:
    return "</h4>\n"


_RULES = {
    "heading_open": _heading_open,
    "heading_close": _heading_close,
    "text": _text,
    "text_special": _text,
    "code_inline": _code,
    "code_block": _block,
    "fence": _block,
    "link_open": _link_open,
    "link_close": _link_close,
    "image": _image,
    "math_inline": _inline_formula,
    "math_inline_double": _formula_in_line,
    "math_block": _display_formula,
    "math_block_label": _display_formula,
    "amsmath": _display_formula,
    "table_open": _table_open,
    "table_close": _table_close,
}


_MARKS_IN_WORDS = re.compile(r"\\(?:text\w*|mbox|hbox)\s*\{[^}]*[<>]")


@lru_cache(maxsize=4096)
def _formula(latex: str, display: str, markup: str) -> str:
    """Turn LaTeX into MathML; a formula that cannot be read stays as it was written."""
    from latex2mathml.converter import convert

    if len(latex) <= _LONGEST_FORMULA and latex.strip() and not _MARKS_IN_WORDS.search(latex):
        try:
            # It takes character references of its own for characters, and writes letters between tags unescaped.
            made = convert(
                re.sub(r"&(?=#|\w+;)", r"\\&", latex).replace("<", r"\lt ").replace(">", r"\gt "), display=display
            )
            return nh3.clean(made, tags=_MATH, clean_content_tags=set(), attributes=_MATH_ATTRIBUTES, link_rel=None)
        except (Exception, RecursionError):  # of another's code, which reads anything
            pass
    closing = {"\\(": "\\)", "\\[": "\\]"}.get(markup, markup)
    opening = markup if markup in ("$", "$$", "\\(", "\\[") else ""
    return f"<code>{html.escape(opening + latex + (closing if opening else ''))}</code>"


def _clean(made: str) -> str:
    """Let only the elements through that are meant."""
    attributes = {**_MATH_ATTRIBUTES, "ol": {"start"}}
    return nh3.clean(
        made,
        tags=_TEXT | _MATH,
        clean_content_tags=set(),
        attributes=attributes,
        allowed_classes=_CLASSES,
        link_rel=None,
        url_schemes=set(),
    )
