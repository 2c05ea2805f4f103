"""Gates beside cosine: in which ways two prompts that look alike ask for different things.

Each looks at words alone, knows nothing of a data set, and says so where both prompts commit themselves and differ.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from .gate_words import (
    ALIKE,
    AMBIGUOUS,
    FUNCTION_WORDS,
    HOW,
    LENGTHS,
    LINKS,
    NEGATIONS,
    NO_NEGATION_BEFORE,
    NUMBERS,
    OF_WHAT,
    OPPOSITES,
    QUESTIONS,
    UNDOING,
)

TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)?")


def tokens(text: str) -> list[str]:
    """Return words in lower case, and numbers.

    >>> tokens("Don't wake me at 7:30, please!")
    ["don't", 'wake', 'me', 'at', '7:30', 'please']
    """
    return [token.lower().replace("\u2019", "'") for token in TOKEN.findall(text.replace("\u2019", "'"))]


def numbers(words: Sequence[str]) -> Counter[str]:
    """Return the numbers of a text, as digits; "one" and its like only where no other word says what they count."""
    found: Counter[str] = Counter()
    for word in words:
        if word[0].isdigit():
            found[word.replace(",", "").rstrip(".:")] += 1
        elif word in NUMBERS and word not in AMBIGUOUS:
            found[NUMBERS[word]] += 1
    return found


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
    """Tell whether both name numbers, and not the same ones."""
    one, other = numbers(tokens(first)), numbers(tokens(second))
    return bool(one and other and set(one) != set(other))


def negation_conflict(first: str, second: str) -> bool:
    """Tell whether one negates oftener than the other, by an odd number of times; "incorrect" is "not correct"."""
    one, other = tokens(first), tokens(second)
    return (_negations(one) - _negations(other) + len(_undone(one, other))) % 2 == 1


def _negations(words: Sequence[str]) -> int:
    count = 0
    for k, word in enumerate(words):
        before, after = words[k - 1] if k else "", words[k + 1] if k + 1 < len(words) else ""
        idle = word in ("no", "not") and (k == 0 or before == "or")  # "no, that is wrong", "or not"
        count += word in NEGATIONS and not idle and after not in NO_NEGATION_BEFORE
    return count


def _undone(one: Sequence[str], other: Sequence[str]) -> list[tuple[str, str]]:
    """Return the words of one text alone that are a word of the other alone with a syllable that undoes it."""
    return [(a, b) for a, b in _differing(one, other) if _undoes(a, b)]


def _differing(one: Sequence[str], other: Sequence[str]) -> list[tuple[str, str]]:
    first, second = Counter(one), Counter(other)
    return [(a, b) for a in first - second for b in second - first]


def opposite_conflict(first: str, second: str) -> bool:
    """Tell whether a word of one prompt alone is the opposite of a word of the other alone.

    Of words with a syllable that undoes, only where neither is negated: "not correct" is "incorrect".
    """
    one, other = tokens(first), tokens(second)
    if any(opposite(a, b) and not _undoes(a, b) for a, b in _differing(one, other)):
        return True
    return bool(_undone(one, other)) and (_negations(one) - _negations(other)) % 2 == 0


def opposite(first: str, second: str) -> bool:
    """Tell whether two words are opposites: on the list, or one is the other with a syllable that undoes it.

    >>> opposite("on", "off"), opposite("install", "uninstalled"), opposite("useful", "useless"), opposite("on", "in")
    (True, True, True, False)
    """
    if frozenset((first, second)) in OPPOSITES:
        return True
    if _undoes(first, second):
        return True
    if first[:-3] == second[:-4] or second[:-3] == first[:-4]:
        return {first[-3:], second[-4:]} == {"ful", "less"} or {second[-3:], first[-4:]} == {"ful", "less"}
    return False


def _undoes(first: str, second: str) -> bool:
    short, long = sorted((stem(first), stem(second)), key=len)
    return len(short) >= 3 and any(long == prefix + short for prefix in UNDOING)


def stem(word: str) -> str:
    """Return a word without the commonest endings."""
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def name_conflict(first: str, second: str) -> bool:
    """Tell whether both name something by a capital within the text, and one lacks a name of the other in return.

    A text that is all small or all capital letters names nothing so.
    """
    one, other = names(first), names(second)
    return bool(one - other and other - one)


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


def direction_conflict(first: str, second: str) -> bool:
    """Tell whether two prompts of the same words exchange two of them, or what is from and what is to."""
    one, other = tokens(first), tokens(second)
    if len(one) == len(other):
        ends = [k for k in range(len(one)) if one[k] != other[k]]
        if len(ends) == 2 and one[ends[0]] == other[ends[1]] and one[ends[1]] == other[ends[0]]:
            return True
    return _turned(one, other)


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
            behind = next((w for w in words[k + 1 :] if w not in FUNCTION_WORDS), "")
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
