"""The picture that chat programs show with a link to a board: its first rows with their intervals, as PNG.

They take no SVG. The font is the one inside Pillow, so that the same board gives the same picture on every machine; it
has the letters of English, to which others are brought as far as they can be.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from harness.results import visible

from .summary import TopRows

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

WIDTH, HEIGHT = 1200, 630
"""In pixels, as the sites that show previews ask for."""
_LEFT, _RIGHT = 72, 1128
_INK, _SOFT, _PAPER, _LINE = "#1a1d21", "#5b636d", "#ffffff", "#dfe3e8"
_BAR, _MARK, _TIED = "#b9d4f5", "#1456a8", "#eef6ee"
_COLOURS = 64
"""Of the file, which most of them shade the edges of letters."""
_PLAIN = str.maketrans({"–": "-", "—": "-", "‐": "-", "‑": "-", "“": '"', "”": '"', "’": "'", "‘": "'", "…": "..."})


def board_preview(name: str, sentence: str, top: TopRows | None, foot: str) -> bytes:
    """Draw the preview of a board.

    Args:
        name: The benchmark.
        sentence: What the board says.
        top: Its first rows; None: the sentence stands alone.
        foot: What stands below: how many models and tasks, and who made it.
    """
    draw, finish = _canvas(name, sentence, foot)
    if top is not None:
        _draw_rows(draw, top)
    return finish()


def index_preview(heading: str, boards: Sequence[tuple[str, str]], foot: str) -> bytes:
    """Draw the preview of a site of several boards: the name of each, with who leads."""
    draw, finish = _canvas(heading, "", foot)
    for i, (name, lead) in enumerate(boards):
        y = 190 + 74 * i
        draw.text((_LEFT, y), _fitted(name, 32, 420), fill=_INK, font=_font(32), anchor="ls")
        draw.text((_LEFT + 450, y), _fitted(lead, 28, _RIGHT - _LEFT - 450), fill=_SOFT, font=_font(28), anchor="ls")
        draw.line((_LEFT, y + 24, _RIGHT, y + 24), fill=_LINE, width=2)
    return finish()


def _canvas(heading: str, sentence: str, foot: str) -> tuple[ImageDraw, Callable[[], bytes]]:
    """Return a drawing with heading, sentence and foot, and the function that ends it as a file."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, WIDTH, 11), fill=_MARK)
    draw.text((_LEFT, 104), _fitted(heading, 58, _RIGHT - _LEFT), fill=_INK, font=_font(58), anchor="ls")
    for i, line in enumerate(_lines(sentence, 27, _RIGHT - _LEFT, most=2)):
        draw.text((_LEFT, 156 + 38 * i), line, fill=_SOFT, font=_font(27), anchor="ls")
    draw.text((_LEFT, HEIGHT - 34), _fitted(foot, 22, _RIGHT - _LEFT), fill=_SOFT, font=_font(22), anchor="ls")

    def finish() -> bytes:
        stream = io.BytesIO()
        few = image.quantize(
            _COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        )  # six times as fast as others
        few.save(stream, "PNG")
        return stream.getvalue()

    return draw, finish


def _draw_rows(draw: ImageDraw, top: TopRows) -> None:
    """Draw one row a model, below each other: name, interval with the value as a mark in it, and both as numbers."""
    start, end, first, step = 480, 900, 280, 60
    direction = "" if top.column.higher_is_better else ", lower is better"
    marked = "; grey line: chance" if any(row.chance is not None for row in top.rows) else ""
    caption = _fitted(f"{top.column.title}{direction}{marked}", 21, _RIGHT - start)
    draw.text((start, first - 36), caption, fill=_SOFT, font=_font(21), anchor="ls")
    for i, row in enumerate(top.rows):
        y = first + step * i
        if row.tied:
            draw.rectangle((_LEFT - 20, y - 18, _RIGHT + 20, y + step - 24), fill=_TIED)
        label = f"{row.label} (published)" if row.published else row.label
        ink = _SOFT if row.published else _INK
        draw.text((_LEFT, y + 10), _fitted(label, 29, start - _LEFT - 36), fill=ink, font=_font(29), anchor="lm")
        low, high, at = (start + (end - start) * place / 100 for place in (row.low, row.high, row.at))
        draw.line((start, y + 9, end, y + 9), fill=_LINE, width=2)
        draw.rounded_rectangle((low, y + 2, max(high, low + 2), y + 16), radius=3, fill=_BAR)
        if row.chance is not None:
            chance = start + (end - start) * row.chance / 100
            draw.line((chance, y - 8, chance, y + 26), fill=_SOFT, width=2)
        draw.rectangle((at - 3, y - 5, at + 3, y + 23), fill=_MARK)
        draw.text((end + 110, y + 10), row.value, fill=ink, font=_font(29), anchor="rm")
        draw.text((end + 124, y + 11), row.interval, fill=_SOFT, font=_font(19), anchor="lm")


@cache
def _font(size: int) -> FreeTypeFont:
    from PIL import ImageFont

    font = ImageFont.load_default(size=size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # Pillow's own wheels have FreeType
    return font


def _plain(text: str) -> str:
    """Bring a text to the letters that the font has; what cannot be brought becomes a question mark."""
    apart = unicodedata.normalize("NFKD", visible(" ".join(text.split())).translate(_PLAIN))
    return "".join(c for c in apart if not unicodedata.combining(c)).encode("ascii", "replace").decode()


def _fitted(text: str, size: int, width: float) -> str:
    """Shorten a text to a width in pixels, in its middle: beginnings and ends of names of models tell them apart."""
    plain = _plain(text)[:400]
    if _font(size).getlength(plain) <= width:
        return plain
    kept = len(plain)
    while kept > 2 and _font(size).getlength(_shortened(plain, kept)) > width:
        kept -= 1
    return _shortened(plain, kept)


def _shortened(text: str, kept: int) -> str:
    return f"{text[: kept - kept // 2]}...{text[len(text) - kept // 2 :]}"


def _lines(text: str, size: int, width: float, *, most: int) -> list[str]:
    """Break a text into at most so many lines; what is left over is cut from the last one."""
    lines = [""]
    for word in _plain(text).split():
        longer = f"{lines[-1]} {word}".strip()
        if _font(size).getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]} ..."]
    return [_fitted(line, size, width) for line in lines if line]
