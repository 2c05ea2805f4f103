"""Reasons of failures without the texts that they quote: so they are printed and filed of sensitive tasks."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping

HIDDEN = "[hidden]"
"""What stands for a text of a sensitive task in a reason."""
RUN = 16
"""Characters in common from which on they are taken out: shorter runs are words of any sentence."""
_LEAST = 10
"""Characters of a text that is taken out whole where it is shorter than a run: "assistant" and "stop" are none."""
_WORDS = 3
"""Words of a quotation from which on it is taken out, wherever it comes from: a name or a number is shorter."""
_QUOTED = re.compile(r"""(?<!\w)(?P<mark>['"`])(?P<said>(?:\\.|(?!(?P=mark)).)+)(?P=mark)(?!\w)""", re.DOTALL)


def without_texts(reason: str, texts: Iterable[str]) -> str:
    """Return a reason without the passages that it shares with some texts, and without quotations of several words.

    A server or a chat template may quote what it was sent in any form, so runs of characters are compared; a grader may
    quote what it wrote itself, which is known to nobody else, so that quotations go as well.

    >>> without_texts("status 400: cannot serve 'Tell me the secret word, now'", ["Tell me the secret word, now"])
    "status 400: cannot serve '[hidden]'"
    >>> without_texts("the text holds no label ('yes', 'no'); it ends in 'so the secret word is tea'", [])
    "the text holds no label ('yes', 'no'); it ends in '[hidden]'"
    """
    hidden = [False] * len(reason)
    lowered = reason.lower() if len(reason.lower()) == len(reason) else reason
    for text in texts:
        _mark(lowered, text.strip().lower(), hidden)
    for found in _QUOTED.finditer(reason):
        if len(found["said"].split()) >= _WORDS:
            hidden[found.start("said") : found.end("said")] = [True] * (found.end("said") - found.start("said"))
    kept, i = [], 0
    while i < len(reason):
        if not hidden[i]:
            kept.append(reason[i])
            i += 1
            continue
        kept.append(HIDDEN)
        while i < len(reason) and hidden[i]:
            i += 1
    return "".join(kept)


def _mark(reason: str, text: str, hidden: list[bool]) -> None:
    """Mark the characters of a reason that are in a run of the text."""
    length = min(RUN, len(text))
    if length < _LEAST:
        return
    for i in range(len(reason) - length + 1):
        if reason[i : i + length] in text:
            hidden[i : i + length] = [True] * length


def texts_in(value: object) -> Iterator[str]:
    """Yield all texts in a value: a request, a response, the values of a row, and collections of such.

    >>> list(texts_in({"prompt": ["a", ("b", 3)], "label": 1}))
    ['a', 'b']
    """
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from texts_in(each)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from texts_in(getattr(value, field.name))
