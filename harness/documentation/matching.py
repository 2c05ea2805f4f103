"""Which passages answer a question: words weighed by how rare they are (BM25), headings above texts."""

from __future__ import annotations

import difflib
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from harness.documentation.passages import COMMANDS, GLOSSARY, HOW_TO, Passage, plain

_WORD = re.compile(r"@?[^\W_]+(?:[@_.-][^\W_]+)*%?")
_COMMON = frozenset(
    """
    a an and are as at be by can do does for from get has have how i if in into is it its me mean meaning means my not
    of on one or our so some that the their them there they this to up use using was what when where which who why will
    with without you your
    """.split()  # noqa: SIM905 (a list of a word a line would be forty lines)
)
"""Words that tell no passage from another."""
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ied", "ers", "er", "ed", "es", "s", "y", "e")
_HEADING, _TITLE = 5, 2
"""How many times a word of the heading, and of the document's title, counts."""
_SATURATION, _LENGTH = 1.2, 0.6
"""The two constants of BM25: when further mentions add little, and how far long texts are discounted."""
_FUZZY = 0.75
LISTS = frozenset({f"{HOW_TO}README.md", "docs/index.md", "docs/modules.md", "plugins/README.md"})
"""Pages that lead to others."""


@dataclass(frozen=True, slots=True)
class Found:
    """A passage, and how well it matches; only the order of the scores means something."""

    passage: Passage
    score: float
    exact: bool
    """The query is its heading, or the word that it explains."""


def words_of(text: str) -> list[str]:
    """Return the stems of a text's words, in order; names of several parts count whole and by their parts."""
    return [stem for word in _WORD.findall(plain(text).lower()) for stem in _stems(word)]


@cache
def _stems(word: str) -> tuple[str, ...]:
    parts = re.split(r"[@_.-]", word)
    found = [_stem(word), *(_stem(part) for part in parts if len(parts) > 1 and len(part) > 1)]
    return tuple(stem for stem in found if stem not in _COMMON)


def best_passages(passages: Sequence[Passage], query: str) -> tuple[list[Found], dict[str, str]]:
    """Return the passages that match a query, the best first, and by unknown word the near one searched instead.

    Args:
        passages: All there are.
        query: Some words.
    """
    whole = " ".join(query.lower().split())
    counts = [_counts(passage) for passage in passages]
    holders = Counter(word for count in counts for word in count)
    mean_length = sum(sum(count.values()) for count in counts) / max(len(counts), 1)
    wanted, instead = _known(list(dict.fromkeys(words_of(query))), holders)
    replaced = {_as_written(stem, [query]): _as_written(near, _texts(passages)) for stem, near in instead.items()}
    found = []
    for passage, count in zip(passages, counts, strict=True):
        length = sum(count.values()) / mean_length
        score, matched = 0.0, 0
        for word in wanted:
            often = count[word]
            if often:
                matched += 1
                rare = math.log(1 + len(passages) / holders[word])
                score += rare * often * (_SATURATION + 1) / (often + _SATURATION * (1 - _LENGTH + _LENGTH * length))
        exact = whole in passage.names or any(bool(wanted) and words_of(name) == wanted for name in passage.names)
        if score or exact:
            share = matched / max(len(wanted), 1)
            found.append(Found(passage, score * share * share * _worth(passage), exact))
    entries = [one.passage for one in found if one.exact and one.passage.document == GLOSSARY]
    # "chance" is an entry of its own, and all that is left of "at chance" without words that mean little.
    entry = next((one for one in entries if whole in one.names), entries[0] if entries else None)
    linked = entry.links if entry is not None else frozenset()

    def place(one: Found) -> tuple[bool, bool, float]:
        # What the entry itself sends its reader to is the next best answer.
        sent = one.passage.document in linked and one.passage.document.startswith(HOW_TO)
        return one.passage is not entry, not sent, -one.score * (3 if one.exact else 1)

    found.sort(key=place)
    return found, replaced


def _counts(passage: Passage) -> Counter[str]:
    count = Counter(words_of(passage.text))
    for name in passage.names:
        for word in words_of(name):
            count[word] += _HEADING
    for word in words_of(passage.title):
        count[word] += _TITLE
    return count


def _worth(passage: Passage) -> float:
    """Pages that answer questions before those that list everything."""
    if passage.document in LISTS:
        return 0.4
    if passage.document.startswith(HOW_TO):
        return 1.6
    if passage.document == GLOSSARY:
        return 1.3
    if passage.document.startswith("docs/decisions/"):
        return 0.4
    return 0.7 if passage.document == COMMANDS else 1.0


def _texts(passages: Sequence[Passage]) -> Iterator[str]:
    yield from (passage.heading for passage in passages)
    yield from (passage.text for passage in passages)


def _as_written(stem: str, texts: Iterable[str]) -> str:
    """Return the first word of some texts that has a stem; the stem itself where none has."""
    for text in texts:
        for word in _WORD.findall(plain(text).lower()):
            if stem in words_of(word):
                return str(word)
    return stem


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _known(wanted: Iterable[str], holders: Counter[str]) -> tuple[list[str], dict[str, str]]:
    """Words as they occur; one that does not is taken for the most frequent that it begins, else for the nearest."""
    known, replaced = [], {}
    for word in wanted:
        if word in holders:
            known.append(word)
            continue
        begun = [other for other in holders if len(word) > 2 and other.startswith(word)]
        near = begun or difflib.get_close_matches(word, holders, n=1, cutoff=_FUZZY)
        if near:
            other = max(near, key=lambda one: holders[one])
            replaced[word] = other
            known.append(other)
    return known, replaced
