"""Verifiable instructions about words, letters, case and length, by IFEval's ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Instruction = Callable[..., bool]


class Invalid(ValueError):
    """Raised where the arguments of an instruction make no sense."""


def holds(count: int, relation: str, limit: int) -> bool:
    """Compare a count with a limit: ``at least`` includes the limit, ``less than`` excludes it.

    Raises:
        Invalid: the relation is another one, or the limit is no whole number.
    """
    if relation not in ("at least", "less than"):
        raise Invalid(f"the relation is {relation!r}; expected 'at least' or 'less than'")
    return count >= number(limit) if relation == "at least" else count < number(limit)


def number(value: object) -> int:
    """Read a count from data, which may hold it as a float.

    Raises:
        Invalid: the value is no whole number of at least 0.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value) or value < 0:
        raise Invalid(f"expected a whole number, got {value!r}")
    return int(value)


def words(text: str) -> list[str]:
    """Split a text into runs of letters, digits and underscores."""
    return re.findall(r"\w+", text)


_ABBREVIATIONS = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|vs|etc|e\.g|i\.e|[A-Z])\.$")
_END = re.compile(r"[.!?…]{1,9}[\"'”’)\]]{0,3}(?=\s|$)|\n\s{0,99}\n")


def sentences(text: str) -> int:
    """Count sentences, each of which holds a letter or digit.

    A sentence ends in ``.``, ``!`` or ``?`` before a space, or in an empty line.
    """
    count, start = 0, 0
    for end in _END.finditer(text):
        following = text[end.end() : end.end() + 2].lstrip()
        if _ABBREVIATIONS.search(text[max(start, end.start() - 8) : end.end()]) and following and end[0][0] != "\n":
            continue
        count += any(c.isalnum() for c in text[start : end.start()])
        start = end.end()
    return count + any(c.isalnum() for c in text[start:])


def _keywords(response: str, *, keywords: Sequence[str]) -> bool:
    return all(keyword.lower() in response.lower() for keyword in _list(keywords))


def _frequency(response: str, *, keyword: str, frequency: int, relation: str = "at least") -> bool:
    return holds(response.lower().count(_text(keyword).lower()), relation, frequency)


def _forbidden(response: str, *, forbidden_words: Sequence[str]) -> bool:
    return not any(re.search(rf"\b{re.escape(word)}\b", response, re.IGNORECASE) for word in _list(forbidden_words))


def _letters(response: str, *, letter: str, let_frequency: int, let_relation: str = "at least") -> bool:
    if len(_text(letter)) != 1:
        raise Invalid(f"expected one letter, got {letter!r}")
    return holds(response.lower().count(letter.lower()), let_relation, let_frequency)


def _list(value: Any) -> Sequence[str]:
    if isinstance(value, str) or not value or not all(isinstance(word, str) and word for word in value):
        raise Invalid(f"expected a list of words, got {value!r}")
    words_: Sequence[str] = value
    return words_


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise Invalid(f"expected a text, got {value!r}")
    return str(value)


def _number_words(response: str, *, num_words: int, relation: str = "at least") -> bool:
    return holds(len(words(response)), relation, num_words)


def _number_sentences(response: str, *, num_sentences: int, relation: str = "at least") -> bool:
    return holds(sentences(response), relation, num_sentences)


def _number_paragraphs(response: str, *, num_paragraphs: int) -> bool:
    """Count paragraphs divided by ``***``; an empty paragraph is allowed only at either end."""
    parts = [part.strip() for part in response.split("***")]
    inner = parts[1 if not parts[0] else 0 : -1 if len(parts) > 1 and not parts[-1] else None]
    return all(inner) and len(inner) == number(num_paragraphs)


def _first_word(response: str, *, num_paragraphs: int, nth_paragraph: int, first_word: str) -> bool:
    """Check the first word of a paragraph; empty lines divide paragraphs.

    The count leaves out empty paragraphs; the position counts them.
    """
    parts = response.split("\n\n")
    paragraphs, nth = number(num_paragraphs), number(nth_paragraph)
    first = _text(first_word).lower()
    if not 1 <= nth <= paragraphs:
        raise Invalid(f"paragraph {nth} of {paragraphs}")
    if nth > len(parts) or len([part for part in parts if part.strip()]) != paragraphs:
        return False
    begun = parts[nth - 1].split()
    return bool(begun) and re.split(r"[.,?!'\"]", begun[0].lstrip("'\""))[0].lower() == first


def _capital_words(response: str, *, capital_frequency: int, capital_relation: str = "at least") -> bool:
    return holds(sum(word.isupper() for word in re.findall(r"[\w'-]+", response)), capital_relation, capital_frequency)


WORDS: Mapping[str, Instruction] = {
    "keywords:existence": _keywords,
    "keywords:frequency": _frequency,
    "keywords:forbidden_words": _forbidden,
    "keywords:letter_frequency": _letters,
    "length_constraints:number_words": _number_words,
    "length_constraints:number_sentences": _number_sentences,
    "length_constraints:number_paragraphs": _number_paragraphs,
    "length_constraints:nth_paragraph_first_word": _first_word,
    "change_case:capital_word_frequency": _capital_words,
    "change_case:english_capital": lambda response: response.isupper(),
    "change_case:english_lowercase": lambda response: response.islower(),
    "punctuation:no_comma": lambda response: "," not in response,
}
