"""Gates beside cosine: in which ways two prompts that look alike ask for different things.

Each looks at words alone, knows nothing of a data set, and says so where both prompts commit themselves and differ.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)?")
_UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
]
_UNITS += ["seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
NUMBERS: Mapping[str, str] = {
    **{word: str(i) for i, word in enumerate(_UNITS)},
    **{word: str(10 * i) for i, word in enumerate(_TENS, start=2)},
    **{word: f"{i}." for i, word in enumerate(_ORDINALS, start=1)},
    **{"hundred": "100", "thousand": "1000", "million": "1000000", "half": "0.5", "dozen": "12", "twice": "2x"},
}
_AMBIGUOUS = frozenset({"one", "second", "first", "half"})
"""Words that often count nothing: "the one", "wait a second"."""
QUESTIONS: Mapping[str, str] = {
    **dict.fromkeys(("who", "whom", "whose", "who's"), "person"),
    **dict.fromkeys(("when", "when's"), "time"),
    **dict.fromkeys(("where", "where's"), "place"),
    **dict.fromkeys(("why", "why's"), "reason"),
}
_HOW = {"many": "count", "much": "count", "often": "frequency", "long": "length", "old": "age", "far": "distance"}
_LENGTHS = frozenset(["time", "long", "longer", "minutes", "hours", "days", "weeks", "months", "years", "seconds"])
_OF_WHAT = {"year": "time", "time": "time", "date": "time", "day": "time", "month": "time"}
_ALIKE = (frozenset(("time", "length")), frozenset(("length", "distance")))
"""What one answer often serves both: when it ends, and how long it takes."""
NEGATIONS = frozenset(
    [
        "not",
        "no",
        "never",
        "without",
        "cannot",
        "can't",
        "don't",
        "doesn't",
        "didn't",
        "won't",
        "wouldn't",
        "isn't",
        "aren't",
        "wasn't",
        "weren't",
        "shouldn't",
        "couldn't",
        "mustn't",
        "haven't",
        "hasn't",
        "hadn't",
        "neither",
        "nor",
        "none",
        "nobody",
        "nothing",
        "nowhere",
        "except",
        "excluding",
        "minus",
        "unable",
        "dont",
        "cant",
        "wont",
        "doesnt",
        "didnt",
        "isnt",
        "arent",
    ]
)
_NO_NEGATION_BEFORE = frozenset(["forget", "know", "remember", "recall", "mind", "understand", "think"])
"""Who does not know asks, and who says "do not forget" asks for it."""
_OPPOSITES = """
on off; in out; up down; over under; above below; before after; with without; inside outside; front back
open close; open closed; opened closed; opening closing; start stop; start end; begin end; start finish; begin finish
first last; earlier later; early late; earliest latest; since until; until from; prior following; previous next; past future
old new; old young; oldest newest; oldest youngest; older newer; older younger; ancient modern
max min; maximum minimum; most least; more less; more fewer; high low; higher lower; highest lowest; big small; big little
bigger smaller; biggest smallest; large small; larger smaller; largest smallest; long short; longer shorter; longest shortest
tall short; tallest shortest; fast slow; faster slower; fastest slowest; good bad; better worse; best worst; hot cold
hotter colder; hottest coldest; warm cool; warmer cooler; heavy light; heavier lighter; heaviest lightest; thick thin
strong weak; strongest weakest; deep shallow; deepest shallowest; wide narrow; near far; nearest farthest; closest farthest
cheap expensive; cheaper expensive; cheapest expensive; cheapest dearest; rich poor; richest poorest; hard easy
hard soft; hardest easiest; difficult easy; full empty; wet dry; clean dirty; dark bright; dark light; loud quiet
enable disable; add remove; add delete; add subtract; create delete; insert remove; increase decrease; raise lower
raise reduce; increase reduce; grow shrink; gain lose; win lose; won lost; buy sell; bought sold; borrow lend
send receive; sent received; push pull; upload download; import export; encrypt decrypt; encode decode; compress extract
show hide; accept reject; accept decline; accept refuse; allow deny; allow forbid; allow block; allow prevent; approve reject
join leave; enter exit; arrive depart; arrival departure; arrivals departures; login logout; rise fall; rise set
sunrise sunset; pass fail; passed failed; success failure; save spend; save delete; keep delete; keep remove; pause resume
play pause; play stop; attach detach; connect disconnect; lock unlock; load unload; expand collapse; inflate deflate
deposit withdraw; deposit withdrawal; debit credit; income expense; profit loss; supply demand; import export; assets liabilities
positive negative; true false; yes no; right wrong; right left; north south; east west; northern southern; eastern western
male female; man woman; men women; boy girl; father mother; brother sister; son daughter; husband wife; king queen
teacher student; parent child; employer employee; landlord tenant; buyer seller; host guest; winner loser; summer winter
morning evening; day night; am pm; today tomorrow; today yesterday; yesterday tomorrow; birth death; born died; born die
alive dead; love hate; like dislike; advantages disadvantages; pros cons; benefits risks; cause prevent; causes prevents
legal illegal; safe dangerous; safe unsafe; public private; input output; ascending descending; vertical horizontal
include exclude; including excluding; internal external; indoor outdoor; plus minus; multiply divide; always never
forward backward; forwards backwards; clockwise counterclockwise; top bottom; upper lower; upstairs downstairs; all none
"""
OPPOSITES = frozenset(
    frozenset(pair.split()) for line in _OPPOSITES.strip().splitlines() for pair in line.split(";") if pair.strip()
)
_UNDOING = ("un", "dis", "de", "in", "im", "il", "ir", "non", "anti", "mis")
_FUNCTION_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "for",
        "in",
        "on",
        "at",
        "to",
        "from",
        "by",
        "with",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "do",
        "does",
        "did",
        "can",
        "could",
        "would",
        "will",
        "should",
        "may",
        "might",
        "i",
        "me",
        "my",
        "we",
        "our",
        "you",
        "your",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "there",
        "please",
        "tell",
        "what",
        "which",
        "who",
        "whom",
        "whose",
        "when",
        "where",
        "why",
        "how",
        "and",
        "or",
        "if",
        "any",
        "some",
        "so",
        "just",
        "hey",
        "hi",
        "hello",
        "ok",
        "okay",
        "need",
        "want",
        "like",
        "know",
        "show",
        "give",
        "let",
        "get",
        "have",
        "has",
        "had",
        "about",
        "into",
        "as",
    ]
)


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
        elif word in NUMBERS and word not in _AMBIGUOUS:
            found[NUMBERS[word]] += 1
    return found


def asked_for(words: Sequence[str]) -> set[str]:
    """Return what a text asks for, by its question words: a person, a time, a place, a reason, a number.

    >>> asked_for(tokens("what year was it built")), asked_for(tokens("how is it built"))
    ({'time'}, set())
    """
    found = {QUESTIONS[word] for word in words if word in QUESTIONS}
    for word, after in zip(words, words[1:], strict=False):
        if word == "how" and after in _HOW:
            found.add(_HOW[after])
        if word in ("many", "much") and after in _LENGTHS:  # "how many minutes" is "how long"
            found = found - {"count"} | {"length"}
        if word == "much" and after == "farther":
            found = found - {"count"} | {"distance"}
        if word in ("what", "which") and after in _OF_WHAT:
            found.add(_OF_WHAT[after])
    return found


def question_conflict(first: str, second: str) -> bool:
    """Tell whether both ask for something, and for nothing in common."""
    one, other = asked_for(tokens(first)), asked_for(tokens(second))
    if not one or not other or not one.isdisjoint(other):
        return False
    return not any(pair & one and pair & other for pair in _ALIKE)


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
        count += word in NEGATIONS and not idle and after not in _NO_NEGATION_BEFORE
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
    return len(short) >= 3 and any(long == prefix + short for prefix in _UNDOING)


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


_LINKS = ("to", "into", "than", "from", "by", "over")


def _turned(one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether what stands before a link in one text stands behind it in the other, and the other way round."""
    for link in _LINKS:
        pairs = [_around(words, link) for words in (one, other)]
        for before, behind in pairs[0]:
            if before != behind and (behind, before) in pairs[1]:
                return True
    return False


def _around(words: Sequence[str], link: str) -> set[tuple[str, str]]:
    found = set()
    for k, word in enumerate(words):
        if word == link:
            before = next((w for w in reversed(words[:k]) if w not in _FUNCTION_WORDS), "")
            behind = next((w for w in words[k + 1 :] if w not in _FUNCTION_WORDS), "")
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
    one, other = ({stem(w) for w in tokens(text) if w not in _FUNCTION_WORDS} for text in (first, second))
    return len(one & other) / len(one | other) if one | other else 1.0
