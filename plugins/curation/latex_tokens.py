"""Splits the text of a final answer into symbols; typography and units are dropped here."""

from __future__ import annotations

import re

LONGEST = 2000
"""Most characters of an answer that is read."""


class Unreadable(ValueError):
    """An answer outside the supported grammar."""


_DROPPED = re.compile(
    r"(?<!\\)\\(?:left|right|[bB]ig[lr]?|displaystyle|textstyle|limits|quad|qquad|hfill|enspace)(?![a-zA-Z])"
    r"|(?<!\\)\\[,;:! ()\[\]]|~|\\?\$|\u200b"
)
_TEXT = re.compile(r"\\(?:text|mbox|textbf|textit|textrm|mathrm|mathbf|mathit|operatorname|rm|bf)\s*\{([^{}]*)\}")
_DEGREES = re.compile(r"\^\s*\{?\s*\\circ\s*\}?|\\circ|\\degrees?|°")
_PERCENT = re.compile(r"\\?%|\\?\bpercent\b")
_THOUSANDS = re.compile(r"(?<![\d.])(?<!\d,)\d{1,3}(?:\{?,\}?\d{3})+(?![\d])(?!\s*,\s*\d)")
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{(?:[pbvB]?matrix|array)\}(?:\{[clr|]*\})?")
_ASSIGNED = re.compile(r"^\s*(?:[a-zA-Z](?:_\w|\([a-z]\))?\s*=|[a-zA-Z]\s*\\in(?![a-zA-Z]))\s*")
_ONE = re.compile(
    r"\s*(\d+(?:\.\d+)?|\.\d+|\*\*|\\[a-zA-Z]+(?:_(?:\{\w+\}|\w))?|\\[\\{}|]|(?!e\b)[^\W\d_](?:_(?:\{\w+\}|\w))?|\S)"
)
_SAME = {
    **dict.fromkeys(("\\dfrac", "\\tfrac", "\\cfrac"), "\\frac"),
    **dict.fromkeys(("\\lvert", "\\rvert", "\\vert"), "|"),
    **dict.fromkeys(("\\leqslant", "≤"), "\\le"),
    **dict.fromkeys(("\\geqslant", "≥"), "\\ge"),
    **dict.fromkeys(("−", "–"), "-"),
    "\\neq": "\\ne",
    "\\lbrace": "\\{",
    "\\rbrace": "\\}",
    "\\lt": "<",
    "\\gt": ">",
    "\\ast": "*",
    "∪": "\\cup",
    "±": "\\pm",
}


def is_percent(text: str) -> bool:
    """Tell whether the answer is given in percent."""
    return _PERCENT.search(text) is not None


def clean(text: str) -> str:
    """Drop typography, units, percent and degree signs, thousands separators, and ``x =`` before the answer.

    Raises:
        Unreadable: the answer is longer than LONGEST characters.
    """
    if len(text) > LONGEST:
        raise Unreadable(f"longer than {LONGEST} characters")
    text = text.strip().rstrip(".")
    text = re.sub(r"(?<=\d)\\[,!; ](?=\d{3})", "", text)
    text = re.sub(r"(?<=\d)(?:\\!)?\{?,\}?\\!(?=\d{3})", "", text)
    text = _DEGREES.sub("", _PERCENT.sub("", _DROPPED.sub(" ", text)))
    text = _without_units(text)
    if not re.match(r"\s*[(\[]|\s*\\\{", text):  # inside brackets a comma separates
        text = _THOUSANDS.sub(lambda match: re.sub(r"[{},]", "", match[0]), text)
    text = re.sub(r"(?<=\d)\{,\}(?=\d{3})", "", text)
    return _ASSIGNED.sub("", text).strip()


def plain_words(text: str) -> str | None:
    """Return an answer in words in lower case, such as ``evelyn`` or ``a``; None if it is no plain text."""
    inner = _DROPPED.sub(" ", text[:LONGEST].strip().rstrip("."))
    words = _TEXT.sub(r" \1 ", inner)
    words = " ".join(words.replace("(", " ").replace(")", " ").split()).lower()
    return words if re.fullmatch(r"[^\W_][\w ,'’-]*", words) else None


def tokens(text: str) -> list[str]:
    """Split an answer into numbers, letters, commands and signs.

    Raises:
        Unreadable: the answer is too long, or empty.
    """
    text = _ENVIRONMENT.sub(r"\\\1 ", clean(text))
    symbols = [_SAME.get(word, word) for word in _ONE.findall(text)]
    if not symbols:
        raise Unreadable("nothing is in it")
    symbols = _glued(symbols)
    return [word.replace("{", "").replace("}", "") if "_" in word and len(word) > 1 else word for word in symbols]


def _glued(words: list[str]) -> list[str]:
    r"""Part ``\log_2`` into a function and its base; ``10_8`` stays together and is refused later."""
    glued: list[str] = []
    for word in words:
        name, under, index = word.partition("_")
        if name in ("\\log",) and under:
            glued += ["\\log", "_", *(["{", index.strip("{}"), "}"])]
        else:
            glued.append(word)
    return glued


def _without_units(text: str) -> str:
    """Drop text beside a number, which is its unit; keep text by itself for the comparison of words."""
    bare = _TEXT.sub(" ", text)
    if not re.search(r"[\w)}\]]", bare):
        return text
    bare = re.sub(r"(?<=[\d}])\s+\^\s*\{?[23]\}?\s*$", "", bare)  # what is left of square metres
    # Words of plain letters after a number ("5 apples", "12 cm"); one letter is a variable.
    return re.sub(r"(?<=[\d}])\s+[a-zA-Z]{2,}(?:[ /^]+[a-zA-Z0-9]+)*\s*$", "", bare)
