"""Decide from its text alone whether a response is right.

A check is a small JSON object stored beside each prompt, and ``check`` reads it::

    {"kind": "number", "value": 42}                        the last number of the text
    {"kind": "clock", "value": "17:25"}                    the last HH:MM of the text
    {"kind": "choice", "value": "Ana", "options": [...]}   the last option named
    {"kind": "string", "value": "tenalp"}                  the last quoted string, else the last word
    {"kind": "order", "value": ["ant", "bee"]}             the last items named, in this order
    {"kind": "word_count", "value": 9, "mention": "rain"}  exactly so many words, naming the topic
    {"kind": "without_letter", "value": "m", "mention": "rain"}
    {"kind": "bullets", "value": 3, "mention": "rain"}     only lines that start with "- ", so many of them
    {"kind": "json", "value": {...}}                       the whole text is this JSON object

"The last one counts" is the rule by which people mark sums: what you end on is what you answered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

_NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?")
_CLOCK = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)\b")
_QUOTED = re.compile(r'"([^"\n]+)"')
_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")


def check(rule: Mapping[str, Any], response: str) -> bool:
    """Whether the response satisfies the rule, one of the kinds listed above."""
    kind = rule["kind"]
    if kind not in _KINDS:
        raise ValueError(f"unknown kind of check {kind!r}; known: {', '.join(sorted(_KINDS))}")
    return _KINDS[kind](rule, response)


def words(text: str) -> list[str]:
    """The words of a text; an apostrophe or a hyphen does not end a word."""
    return _WORD.findall(text)


def _number(rule: Mapping[str, Any], response: str) -> bool:
    found = _NUMBER.findall(response)
    return bool(found) and float(found[-1].replace(",", "")) == float(rule["value"])


def _clock(rule: Mapping[str, Any], response: str) -> bool:
    found = _CLOCK.findall(response)
    return bool(found) and f"{int(found[-1][0]):02d}:{found[-1][1]}" == rule["value"]


def _choice(rule: Mapping[str, Any], response: str) -> bool:
    found = _named(rule["options"], response)
    return bool(found) and found[-1] == rule["value"].lower()


def _string(rule: Mapping[str, Any], response: str) -> bool:
    found = _QUOTED.findall(response) or words(response)
    return bool(found) and found[-1] == rule["value"]


def _order(rule: Mapping[str, Any], response: str) -> bool:
    expected = [item.lower() for item in rule["value"]]
    return _named(expected, response)[-len(expected) :] == expected


def _word_count(rule: Mapping[str, Any], response: str) -> bool:
    return len(words(response)) == rule["value"] and _mentions(rule, response)


def _without_letter(rule: Mapping[str, Any], response: str) -> bool:
    return rule["value"] not in response.lower() and _mentions(rule, response)


def _bullets(rule: Mapping[str, Any], response: str) -> bool:
    lines = [line for line in response.split("\n") if line.strip()]
    only_bullets = all(line.startswith("- ") for line in lines)
    return only_bullets and len(lines) == rule["value"] and _mentions(rule, response)


def _json(rule: Mapping[str, Any], response: str) -> bool:
    try:
        return bool(json.loads(response) == rule["value"])
    except json.JSONDecodeError:
        return False


def _mentions(rule: Mapping[str, Any], response: str) -> bool:
    return rule["mention"] in response.lower()


def _named(items: list[str], response: str) -> list[str]:
    """The items in the order in which the text names them, repeats included, in lower case."""
    either = "|".join(re.escape(item) for item in sorted(items, key=len, reverse=True))
    return [hit.lower() for hit in re.findall(rf"(?<!\w)(?:{either})(?!\w)", response, re.IGNORECASE)]


_KINDS: dict[str, Callable[[Mapping[str, Any], str], bool]] = {
    "number": _number,
    "clock": _clock,
    "choice": _choice,
    "string": _string,
    "order": _order,
    "word_count": _word_count,
    "without_letter": _without_letter,
    "bullets": _bullets,
    "json": _json,
}
