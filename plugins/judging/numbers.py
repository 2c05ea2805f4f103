"""Reads a grade from a judge's text.

Every reader takes the text without thoughts and the ends of the scale, and gives a number on it, or None: a grade out
of range, of another scale (``75/100`` where 10 is the highest) or between two numbers (``7-8``) is not one.
"""

from __future__ import annotations

import re

from .labels import json_values, plain

_NUMBER = r"[-+]?\d+(?:[.,]\d+)?"
_OF = r"(?:\s*(?:/|out of|of|von|sur|de|из)\s*(?P<top>\d+))?"
_GAP = r"[^\S\r\n]*"
_RANGE = (  # on one line: a dash that begins the next is a list's
    rf"(?P<range>{_GAP}(?:-|–|—|~|to|or|bis){_GAP}\d+(?:[.,]\d+)?"
    rf"(?P<second>{_GAP}(?:/|out of|von|sur|de|из){_GAP}\d+|(?=[^\w\r\n]*(?:[\r\n]|\Z)))?)?"
)
_WORDS = (
    r"(?:rating|score|grade|mark|points|bewertung|note|punktzahl|puntuaci[oó]n|calificaci[oó]n|valutazione|punteggio"
    r"|оценка|балл|评分|評分|分数|得分|評価|スコア|평점|점수)"
)
_SCORE_KEYS = ("rating", "score", "grade", "overall", "overall_score", "final_score", "result")
_BRACKETED = re.compile(rf"\[\s*\[\s*(?P<number>{_NUMBER}){_OF}{_RANGE}[^\[\]\d]*\]\s*\]", re.IGNORECASE)
_CUED = re.compile(
    rf"{_WORDS}(?:\s*(?:is|of|would be|ist|est|es|:|=|は|是|为)|\*\*|\*|[\"'`_\s])*\s*[\[(]*\s*"
    rf"(?P<number>{_NUMBER}){_OF}{_RANGE}(?![\d.,]*\d)",
    re.IGNORECASE,
)
_FRACTION = re.compile(
    rf"(?<![\d/.,])(?P<number>{_NUMBER})\s*(?:/|out of)\s*(?P<top>\d+){_RANGE}(?![\d/])", re.IGNORECASE
)
_SINGLE = re.compile(rf"(?<!\[)\[\s*(?P<number>{_NUMBER}){_OF}{_RANGE}\s*\](?!\])")
_WHOLE = re.compile(
    rf"^[\s*_`\"'(\[]*(?P<number>{_NUMBER}){_OF}{_RANGE}\s*(?:points?|stars?|分|点|점)?[\s*_`\"')\].。!]*$",
    re.IGNORECASE,
)
_RESULT = re.compile(
    rf"\[\s*RESULT\s*\][\s:(\[*_`\"']*(?:{_WORDS}\s*:?\s*)?(?P<number>{_NUMBER}){_OF}{_RANGE}", re.IGNORECASE
)


def rating(text: str, lowest: float, highest: float) -> float | None:
    """The last number in double brackets; failing any, after the last word such as "Rating:"; or the last ``7/10``.

    Failing these too, the last number in single brackets, or a reply that is nothing but a number.
    """
    text = plain(text)
    for pattern in (_BRACKETED, _CUED, _FRACTION, _SINGLE):
        found = list(pattern.finditer(text))
        if found:
            return _value(found[-1], lowest, highest)
    return number(text, lowest, highest)


def rating_first(text: str, lowest: float, highest: float) -> float | None:
    """The first number in double brackets, or else in single ones, whatever the scale: FastChat's rule."""
    for pattern in (r"\[\[(\d+\.?\d*)\]\]", r"\[(\d+\.?\d*)\]"):
        found = re.search(pattern, text)
        if found:
            return float(found[1])
    return None


def number(text: str, lowest: float, highest: float) -> float | None:
    """A reply that is a number, or whose last line is one."""
    text = plain(text).strip()
    for candidate in (text, text.rpartition("\n")[2]):
        found = _WHOLE.match(candidate)
        if found:
            return _value(found, lowest, highest)
    return None


def result_number(text: str, lowest: float, highest: float) -> float | None:
    """The number after the last ``[RESULT]`` (Prometheus's form)."""
    found = list(_RESULT.finditer(plain(text)))
    return _value(found[-1], lowest, highest) if found else None


def json_number(text: str, lowest: float, highest: float) -> float | None:
    """The grade in the last JSON object that has one."""
    grade: float | None = None
    for value in json_values(plain(text)):
        if isinstance(value, dict):
            named = [value[key] for key in value if str(key).casefold() in _SCORE_KEYS]
            if named:
                whole = _WHOLE.match(str(named[-1])) if not isinstance(named[-1], bool) else None
                grade = _value(whole, lowest, highest) if whole else None
    return grade


def _value(found: re.Match[str], lowest: float, highest: float) -> float | None:
    top = found["top"]
    if found["range"] and (top is None or found["second"] is not None):  # "7/10 - 2 errors" goes on with something else
        return None
    if top is not None and float(top) != highest:
        return None
    value = float(found["number"].replace(",", "."))
    return value if lowest <= value <= highest else None
