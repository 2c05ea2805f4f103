"""From the text of a final answer to symbols: what is only typography or a unit is dropped here."""

from __future__ import annotations

import re

LONGEST = 2000
"""Characters of an answer that is read."""


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
    """Whether the answer is given in percent."""
    return _PERCENT.search(text) is not None


def clean(text: str) -> str:
    """The answer without typography, units, percent and degree signs, thousands separators, and ``x =`` before it."""
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
    """An answer in words, lower case, such as ``evelyn`` or ``a``; None where it is no plain text."""
    inner = _DROPPED.sub(" ", text[:LONGEST].strip().rstrip("."))
    words = _TEXT.sub(r" \1 ", inner)
    words = " ".join(words.replace("(", " ").replace(")", " ").split()).lower()
    return words if re.fullmatch(r"[^\W_][\w ,'’-]*", words) else None


def tokens(text: str) -> list[str]:
    """Numbers, letters, commands and signs, one each.

    Raises:
        Unreadable: it is too long, or empty.
    """
    text = _ENVIRONMENT.sub(r"\\\1 ", clean(text))
    found = [_SAME.get(word, word) for word in _ONE.findall(text)]
    if not found:
        raise Unreadable("nothing is in it")
    return [word.replace("{", "").replace("}", "") if "_" in word and len(word) > 1 else word for word in _glued(found)]


def _glued(words: list[str]) -> list[str]:
    r"""``\log_2`` is a function with a base, not a letter with an index; ``10_8`` stays apart and is refused."""
    glued: list[str] = []
    for word in words:
        name, under, index = word.partition("_")
        if name in ("\\log",) and under:
            glued += ["\\log", "_", *(["{", index.strip("{}"), "}"])]
        else:
            glued.append(word)
    return glued


def _without_units(text: str) -> str:
    """Text beside a number is its unit; text by itself is left for the comparison of words."""
    bare = _TEXT.sub(" ", text)
    if not re.search(r"[\w)}\]]", bare):
        return text
    bare = re.sub(r"(?<=[\d}])\s+\^\s*\{?[23]\}?\s*$", "", bare)  # what is left of square metres
    # Words of plain letters after a number ("5 apples", "12 cm"); one letter is a variable.
    return re.sub(r"(?<=[\d}])\s+[a-zA-Z]{2,}(?:[ /^]+[a-zA-Z0-9]+)*\s*$", "", bare)
