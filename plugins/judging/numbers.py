"""Reads a grade from a judge's text.

Every reader takes the text without thoughts and the ends of the scale, and returns a number on the scale, or None. A
grade out of range, of another scale (``75/100`` where 10 is the highest) or between two numbers (``7-8``) gives None.
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
    """Read the last number in double brackets, else after the last word such as "Rating:", else the last ``7/10``.

    Without these too, read the last number in single brackets, or a reply that is nothing but a number.
    """
    text = plain(text)
    for pattern in (_BRACKETED, _CUED, _FRACTION, _SINGLE):
        matches = list(pattern.finditer(text))
        if matches:
            return _value(matches[-1], lowest, highest)
    return number(text, lowest, highest)


def rating_first(text: str, lowest: float, highest: float) -> float | None:
    """Read the first number in double brackets, or else in single ones, whatever the scale: FastChat's rule."""
    for pattern in (r"\[\[(\d+\.?\d*)\]\]", r"\[(\d+\.?\d*)\]"):
        match = re.search(pattern, text)
        if match:
            return float(match[1])
    return None


def number(text: str, lowest: float, highest: float) -> float | None:
    """Read a reply that is a number, or whose last line is one."""
    text = plain(text).strip()
    for candidate in (text, text.rpartition("\n")[2]):
        match = _WHOLE.match(candidate)
        if match:
            return _value(match, lowest, highest)
    return None


def result_number(text: str, lowest: float, highest: float) -> float | None:
    """Read the number after the last ``[RESULT]`` (Prometheus's form)."""
    matches = list(_RESULT.finditer(plain(text)))
    return _value(matches[-1], lowest, highest) if matches else None


def json_number(text: str, lowest: float, highest: float) -> float | None:
    """Read the grade in the last JSON object that has one."""
    grade: float | None = None
    for value in json_values(plain(text)):
        if isinstance(value, dict):
            named = [value[key] for key in value if str(key).casefold() in _SCORE_KEYS]
            if named:
                whole = _WHOLE.match(str(named[-1])) if not isinstance(named[-1], bool) else None
                grade = _value(whole, lowest, highest) if whole else None
    return grade


def _value(match: re.Match[str], lowest: float, highest: float) -> float | None:
    top = match["top"]
    if match["range"] and (top is None or match["second"] is not None):  # "7/10 - 2 errors" goes on with something else
        return None
    if top is not None and float(top) != highest:
        return None
    value = float(match["number"].replace(",", "."))
    return value if lowest <= value <= highest else None
