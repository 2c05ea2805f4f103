"""Reads which of several labels a judge's text names.

Every reader takes the text without thoughts and the labels, in the order of the prompt file, and returns one of the
labels, or None if it cannot tell: an unreadable verdict is reported, never guessed.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

_BRACKETS = str.maketrans({"【": "[", "】": "]", "〔": "[", "〕": "]", "≫": ">>", "≪": "<<"})
_DOUBLE = re.compile(r"\[\s*\[\s*([^\[\]\n]{1,40}?)\s*\]\s*\]")
_SINGLE_AT_END = re.compile(r"\[\s*([^\[\]\n]{1,40}?)\s*\][\s.!*_`\"'。]*$")
_RESULT = re.compile(r"\[\s*RESULT\s*\][\s:(\[*_`\"']*(?:response\s+)?([^\s()\[\]*_`\"'.,;:]+)", re.IGNORECASE)
_OPENING = re.compile(r"\{\s*[\"}]|\[\s*\{")  # of an object, or of a list of them
_NOUN = r"(?:(?:the|assistant|answer|response|output|model|option|candidate)\s+)*"
_TRIM = " \t\r\n*_`\"'“”‘’.,;:!。，：！()（）"
_GOES_ON = re.compile(r"\s+(?!(?:because|since|as|for|over|due)\b)[a-z]")
_VERDICT_KEYS = ("verdict", "winner", "better", "best", "preferred", "choice", "answer", "decision", "result", "label")


def plain(text: str) -> str:
    """Bring characters that look the same into one form: full-width characters, HTML entities, escaped brackets."""
    text = unicodedata.normalize("NFKC", html.unescape(text)).translate(_BRACKETS)
    return re.sub(r"\\([\[\]<>=_*])", r"\1", text)


def match_label(text: str, labels: Sequence[str]) -> str | None:
    """Return the label that a short text is, whatever its spaces, quotes, markdown or case.

    Case counts if labels differ in nothing else.
    """
    text = re.sub(rf"^{_NOUN}", "", text.strip(_TRIM), flags=re.IGNORECASE).strip(_TRIM)
    text = re.sub(r"\s*([<>=]+)\s*", r"\1", text)
    forms = (text, _turned(text))
    for form in forms:
        if form in labels:
            return form
    folded = {label.casefold(): label for label in labels}
    if len(folded) < len(labels):
        return None  # m and M
    for form in forms:
        if form.casefold() in folded:
            return folded[form.casefold()]
    return None


def _turned(text: str) -> str:
    """Turn ``A<B`` into ``B>A``, and ``B=A`` into ``A=B``: both say the same."""
    parts = re.fullmatch(r"(\w+)([<>=]+)(\w+)", text)
    if parts is None:
        return text
    left, sign, right = parts.groups()
    return f"{right}{sign.translate(str.maketrans('<>', '><'))}{left}"


def bracketed(text: str, labels: Sequence[str]) -> str | None:
    """Read the last text in double brackets, be it a label or not; without any, a bracketed label at the end."""
    text = plain(text)
    marked = _DOUBLE.findall(text)
    if marked:
        return match_label(marked[-1], labels)
    last = _SINGLE_AT_END.search(text)
    return match_label(last[1], labels) if last else None


def bracketed_unanimous(text: str, labels: Sequence[str]) -> str | None:
    """Read the one label that stands in double brackets, however often; several different labels decide nothing.

    This is Arena-Hard's rule (``show_result`` of v0.1): only texts made of the labels' characters count.
    """
    alphabet = {*"".join(labels), *("<>=" if any(sign in label for label in labels for sign in "<>=") else "")}
    marked = {token for token in re.findall(r"\[\[([^\[\]]+)\]\]", text) if set(token) <= alphabet}
    return match_label(marked.pop(), labels) if len(marked) == 1 else None


def bracketed_last(text: str, labels: Sequence[str]) -> str | None:
    """Read the last label in double brackets; without any, the last in single ones; in capitals: Arena-Hard v2's rule.

    What stands in brackets and is no label, such as ``[A]``, is passed over; its code fails on that.
    """
    text = text.upper()
    for pattern in (r"\[\[([^\[\]\s]+)\]\]", r"\[([^\[\]\s]+)\]"):
        named = [label for label in (match_label(token, labels) for token in re.findall(pattern, text)) if label]
        if named:
            return named[-1]
    return None


def bracketed_listed(text: str, labels: Sequence[str]) -> str | None:
    """Read the first label of the list that is in double brackets anywhere: the rule of FastChat and RewardBench."""
    return next((label for label in labels if f"[[{label}]]" in text), None)


def bare(text: str, labels: Sequence[str]) -> str | None:
    """Read a reply that is a label, begins with one, ends with one on a line of its own, or names the answer."""
    text = plain(text).strip()
    lines = [line for line in text.splitlines() if line.strip(_TRIM)]
    if not lines:
        return None
    whole = match_label(text, labels)
    if whole:
        return whole
    if len(lines) > 1:
        ends = match_label(lines[-1], labels)
        if ends:
            return ends
    cued = _last_cued(text, labels)
    return cued or _first_word(lines[0], labels)


def _last_cued(text: str, labels: Sequence[str]) -> str | None:
    """Read the last label after words such as "the better answer is"."""
    cue = (
        r"\b(?:final verdict|verdict|final answer|answer|winner|choice|decision|preferred|better|best|judg(?:e)?ment)\b"
        r"(?:\s+(?:one|response|output|answer|model|assistant))?"
        rf"(?:\s+(?:is|would be|goes to)\b|\s*[:=])\W{{0,4}}{_NOUN}\W{{0,4}}"
        r"(?P<label>[^\s\"'*`.,;:!?()\[\]]+)"
    )
    last: str | None = None
    for match in re.finditer(cue, text, re.IGNORECASE):
        label = match_label(match["label"], labels)
        # "The answer is a good one": a letter that goes on as an article would is none.
        if label and not (len(label) == 1 and _GOES_ON.match(text, match.end())):
            last = label
    return last


def _first_word(line: str, labels: Sequence[str]) -> str | None:
    """Read a label as the first word: ``Yes, since ...``.

    An article or a pronoun is no verdict, so a single letter needs a sign after it.
    """
    first = re.match(r"[\s*_`\"'(\[]*([^\s.,;:!?*_`\"'()\[\]]+)([\s\S]?)", line)
    if first is None:
        return None
    label = match_label(first[1], labels)
    return label if label and (len(label) > 1 or first[2] not in (" ", "'", "")) else None


def result(text: str, labels: Sequence[str]) -> str | None:
    """Read the label after the last ``[RESULT]`` (Prometheus's form)."""
    results = _RESULT.findall(plain(text))
    return match_label(results[-1], labels) if results else None


def in_json(text: str, labels: Sequence[str]) -> str | None:
    """Read the verdict in the last JSON object that has one; a list of ranks names the label of rank 1."""
    verdict: str | None = None
    for value in json_values(plain(text)):
        if isinstance(value, dict):
            named = [value[key] for key in value if str(key).casefold() in _VERDICT_KEYS]
            if named:
                verdict = match_label(str(named[-1]), labels)
        elif isinstance(value, list) and value and all(isinstance(v, dict) and "rank" in v for v in value):
            first = [v.get("model") for v in value if str(v["rank"]) == "1"]
            verdict = match_label(str(first[0]), labels) if len(first) == 1 else None
    return verdict


def json_values(text: str) -> Iterator[Any]:
    """Yield the JSON objects and lists in a text, in order, without those inside others."""
    decoder, position = json.JSONDecoder(), 0
    while (opening := _OPENING.search(text, position)) is not None:
        try:
            value, position = decoder.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            position = opening.start() + 1
            continue
        yield value
