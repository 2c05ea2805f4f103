"""Gates beside cosine: in which ways two prompts that look alike ask for different things.

Each looks at words alone, knows nothing of a data set, and says so where both prompts commit themselves and differ.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from .gate_alignment import lonely, stem
from .gate_kinds import kinds_of, one_name
from .gate_numbers import UNITS, numbers_differ, units_differ
from .gate_opposites import COMPLEMENTS, NO_UNDOING, OPPOSITES, PAIRED, PAIRED_ENDS, UNDOING
from .gate_roles import roles_exchanged, ways_exchanged
from .gate_words import (
    ALIKE,
    FUNCTION_WORDS,
    HOW,
    IDLE_NEGATIONS,
    LENGTHS,
    LINKS,
    NEGATIONS,
    NO_NEGATION_BEFORE,
    OF_WHAT,
    QUESTIONS,
)

TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)?")


@lru_cache(maxsize=16384)
def _tokens(text: str) -> tuple[str, ...]:
    found = TOKEN.findall(one_name(text.replace("\u2019", "'")))
    return tuple(token.lower() for token in found)


def tokens(text: str) -> list[str]:
    """Return words in lower case, and numbers; what has several names bears one.

    >>> tokens("Don't wake me at 7:30, please!"), tokens("the U.S. president")
    (["don't", 'wake', 'me', 'at', '7:30', 'please'], ['the', 'usa', 'president'])
    """
    return list(_tokens(text))


def asked_for(words: Sequence[str]) -> set[str]:
    """Return what a text asks for, by its question words: a person, a time, a place, a reason, a number.

    >>> asked_for(tokens("what year was it built")), asked_for(tokens("how is it built"))
    ({'time'}, set())
    """
    found = {QUESTIONS[word] for word in words if word in QUESTIONS}
    for word, after in pairwise(words):
        if word == "how" and after in HOW:
            found.add(HOW[after])
        if word in ("many", "much") and after in LENGTHS:  # "how many minutes" is "how long"
            found = found - {"count"} | {"length"}
        if word == "much" and after == "farther":
            found = found - {"count"} | {"distance"}
        if word in ("what", "which") and after in OF_WHAT:
            found.add(OF_WHAT[after])
    return found


def question_conflict(first: str, second: str) -> bool:
    """Tell whether both ask for something, and for nothing in common."""
    one, other = asked_for(tokens(first)), asked_for(tokens(second))
    if not one or not other or not one.isdisjoint(other):
        return False
    return not any(pair & one and pair & other for pair in ALIKE)


def number_conflict(first: str, second: str) -> bool:
    """Tell whether both count, and not the same, or one asks for the second largest and the other for the largest."""
    return numbers_differ(one_name(first), one_name(second))


def unit_conflict(first: str, second: str) -> bool:
    """Tell whether both name units or currencies, and others, where it is not the same amount put otherwise."""
    return units_differ(one_name(first), one_name(second))


def negation_conflict(first: str, second: str) -> bool:
    """Tell whether one negates oftener than the other, by an odd number of times; "incorrect" is "not correct".

    What is "sugar-free" or "sugarless" is without sugar, and what is not open is closed.
    """
    one, other = tokens(first), tokens(second)
    odd = _negated(first, one, other) - _negated(second, other, one) + len(_undone(one, other))
    return (odd - len(_complements(one, other))) % 2 == 1


def _negated(text: str, own: Sequence[str], other: Sequence[str]) -> int:
    """Return how often a text negates, beside another text."""
    without = len(FREE.findall(text)) + sum(w.endswith("less") and stem(w[:-4]) in set(map(stem, other)) for w in own)
    for before, word in pairwise(own):  # "gluten free" without a hyphen, where the other tells of gluten too
        without += word == "free" and before in other and "free" not in other and not FREE.search(text)
    return _negations(tokens(IDLE_NEGATIONS.sub(" ", text.replace("\u2019", "'")))) + without


def _negations(words: Sequence[str]) -> int:
    count = 0
    for k, word in enumerate(words):
        before, after = words[k - 1] if k else "", words[k + 1] if k + 1 < len(words) else ""
        idle = word in ("no", "not") and (k == 0 or before == "or")  # "no, that is wrong", "or not"
        count += word in NEGATIONS and not idle and after not in NO_NEGATION_BEFORE
    return count


def _undone(one: Sequence[str], other: Sequence[str]) -> list[tuple[str, str]]:
    """Return the words of one text alone that are a word of the other alone with a syllable that undoes it."""
    differing = _differing(one, other)
    return [(a, b) for a, b in differing if _undoes(a, b) and a not in NEGATIONS and b not in NEGATIONS]


def _complements(one: Sequence[str], other: Sequence[str]) -> list[tuple[str, str]]:
    """Return opposites of which one text alone negates its own, so that both say one thing: "not open", "closed"."""
    found = [(a, b) for a, b in _differing(one, other) if frozenset((a, b)) in COMPLEMENTS]
    return [(a, b) for a, b in found if _behind_not(one, a) != _behind_not(other, b)]


def _behind_not(words: Sequence[str], word: str) -> bool:
    k = list(words).index(word)
    return any(w in NEGATIONS for w in words[max(0, k - 3) : k])


def _differing(one: Sequence[str], other: Sequence[str]) -> list[tuple[str, str]]:
    first, second = Counter(one), Counter(other)
    return [(a, b) for a in first - second for b in second - first]


def opposite_conflict(first: str, second: str) -> bool:
    """Tell whether a word of one prompt alone is the opposite of a word of the other alone.

    Of words with a syllable that undoes, only where neither is negated: "not correct" is "incorrect". What is bigger
    than another thing leaves that smaller, and what comes before another thing has that after it: these are the same.
    """
    one, other = tokens(first), tokens(second)
    same = _complements(one, other)
    for a, b in _differing(one, other):
        if opposite(a, b) and not _undoes(a, b) and (a, b) not in same and not _converse(one, a, other, b):
            return True
    return bool(_undone(one, other)) and (_negated(first, one, other) - _negated(second, other, one)) % 2 == 0


def _converse(one: Sequence[str], a: str, other: Sequence[str], b: str) -> bool:
    """Tell whether what stands before a word in one text stands behind its opposite in the other, and in return."""
    return any((behind, before) in _around(other, b) for before, behind in _around(one, a) if before != behind)


@lru_cache(maxsize=65536)
def opposite(first: str, second: str) -> bool:
    """Tell whether two words are opposites: on the list, or one word with syllables that make it two.

    >>> opposite("on", "off"), opposite("install", "uninstalled"), opposite("useful", "useless"), opposite("on", "in")
    (True, True, True, False)
    >>> opposite("overpaid", "underpaid"), opposite("inhales", "exhales"), opposite("payer", "payee")
    (True, True, True)
    """
    if frozenset((first, second)) in OPPOSITES or frozenset((stem(first), stem(second))) in OPPOSITE_STEMS:
        return True
    return _undoes(first, second) or _paired(first, second)


def _paired(first: str, second: str) -> bool:
    for a, b in ((first, second), (second, first)):
        for x, y in PAIRED:
            if a.startswith(x) and b.startswith(y) and len(a) - len(x) >= 3 and stem(a[len(x) :]) == stem(b[len(y) :]):
                return True
        for x, y in PAIRED_ENDS:
            if a.endswith(x) and b.endswith(y) and len(a) - len(x) >= 3 and a[: -len(x)] == b[: -len(y)]:
                return True
    return False


OPPOSITE_STEMS = frozenset(frozenset(map(stem, pair)) for pair in OPPOSITES if all(len(word) > 3 for word in pair))
NO_UNDOING_STEMS = frozenset(map(stem, NO_UNDOING))
FREE = re.compile(r"\w-free\b|\bfree (?:of|from)\b|\bnon-\w", re.I)
"""What has none of something: "gluten-free", "free of gluten", "non-alcoholic"."""


@lru_cache(maxsize=65536)
def _undoes(first: str, second: str) -> bool:
    short, long = sorted((stem(first), stem(second)), key=len)
    if len(short) < 3 or long in NO_UNDOING_STEMS:
        return False
    return any(long == prefix + short for prefix in UNDOING)


def name_conflict(first: str, second: str) -> bool:
    """Tell whether both name something by a capital within the text, and one lacks a name of the other in return.

    A text that is all small or all capital letters names nothing so. First letters stand for the words they begin.
    """
    one, other = names(one_name(first)), names(one_name(second))
    left, right = one - other, other - one
    for own, text in ((left, second), (right, first)):
        initials = "".join(w[0] for w in TOKEN.findall(text) if w[0].isupper()).lower()
        if any(len(word) > 1 and word in initials for word in own):
            return False
    return bool(left and right)


def names(text: str) -> set[str]:
    """Return the words with a capital that do not begin a sentence, in lower case.

    >>> sorted(names("What is the capital of South Korea? Tell me."))
    ['korea', 'south']
    """
    if text.upper() == text or text.lower() == text:
        return set()
    found, begins = set(), True
    for match in re.finditer(r"[^\W\d_]+|[.!?]", text):
        word = match[0]
        if word in ".!?":
            begins = True
            continue
        if word[0].isupper() and not begins and word != "I":
            found.add(word.lower())
        begins = False
    return found


def kind_conflict(first: str, second: str) -> bool:
    """Tell whether each names a thing that the other does not, both of one kind: weekdays, countries, quantifiers."""
    words = [_tokens(text) for text in (first, second)]
    one, other = map(kinds_of, words)
    if any(_converse(words[k], "before", words[1 - k], "after") for k in (0, 1)):
        one.pop("time order", None)  # what comes before another thing has that after it
    return any(one[kind] - other[kind] and other[kind] - one[kind] for kind in one.keys() & other.keys())


def word_conflict(first: str, second: str) -> bool:
    """Tell whether each has a word, none of the common ones, without a counterpart in the other, in like company.

    Names in small letters are such words.
    """
    one, other = tokens(first), tokens(second)
    left, right = lonely(one, other), lonely(other, one)
    return bool(left and right) and _company(one, other, left, right)


def _company(one: Sequence[str], other: Sequence[str], left: Sequence[str], right: Sequence[str]) -> bool:
    """Tell whether what is left beside some words is alike."""
    a = {stem(w) for w in one if w not in FUNCTION_WORDS and w not in left}
    b = {stem(w) for w in other if w not in FUNCTION_WORDS and w not in right}
    return len(a & b) >= COMPANY * len(a | b)


COMPANY = 0.3
"""Share of the other content words that two prompts have in common, from which on two words can be compared."""


def direction_conflict(first: str, second: str) -> bool:
    """Tell whether two prompts of the same words exchange two of them, or exchange from and to, or who does what."""
    one, other = _in_one_unit(tokens(first)), _in_one_unit(tokens(second))
    if len(one) == len(other):
        ends = [k for k in range(len(one)) if one[k] != other[k]]
        if len(ends) == 2 and one[ends[0]] == other[ends[1]] and one[ends[1]] == other[ends[0]]:
            return True
    return roles_exchanged(one, other) or ways_exchanged(one, other) or _turned(one, other)


def _in_one_unit(words: Sequence[str]) -> list[str]:
    """Return words with each unit by one of its names, so that a kilometre in miles turns miles in kilometres."""
    return [UNITS[word].name if word in UNITS else word for word in words]


def _turned(one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether what stands before a link in one text stands behind it in the other, and the other way round."""
    for link in LINKS:
        pairs = [_around(words, link) for words in (one, other)]
        for before, behind in pairs[0]:
            if before != behind and (behind, before) in pairs[1]:
                return True
    return False


def _around(words: Sequence[str], link: str) -> set[tuple[str, str]]:
    found = set()
    for k, word in enumerate(words):
        if word == link:
            before = next((w for w in reversed(words[:k]) if w not in FUNCTION_WORDS), "")
            behind = next((w for w in words[k + 1 :] if w not in FUNCTION_WORDS and w != "than"), "")
            if before and behind:
                found.add((before, behind))
    return found


GATES: Mapping[str, Callable[[str, str], bool]] = {
    "question": question_conflict,
    "number": number_conflict,
    "negation": negation_conflict,
    "opposite": opposite_conflict,
    "name": name_conflict,
    "direction": direction_conflict,
    "unit": unit_conflict,
    "kind": kind_conflict,
    "word": word_conflict,
}
"""By name; each tells whether two prompts ask for different things."""


def conflicts(first: str, second: str, gates: Sequence[str] = tuple(GATES)) -> list[str]:
    """Return the gates that say that two prompts ask for different things.

    >>> conflicts("turn the light on", "turn the light off"), conflicts("who wrote it", "it was written by whom")
    (['opposite'], [])
    """
    return [name for name in gates if GATES[name](first, second)]


def overlap(first: str, second: str) -> float:
    """Return the share of content words that two prompts have in common, of all that either has; 1 for none at all."""
    one, other = ({stem(w) for w in tokens(text) if w not in FUNCTION_WORDS} for text in (first, second))
    return len(one & other) / len(one | other) if one | other else 1.0
