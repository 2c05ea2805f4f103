"""Words that say what a prompt is about, and whether the other prompt has a counterpart of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from .gate_common import COMMON
from .gate_kinds import KINDS
from .gate_numbers import CARDINALS, ORDINALS, ROMANS, SCALES, UNITS
from .gate_opposites import OPPOSITES
from .gate_words import FUNCTION_WORDS, NEGATIONS, QUESTIONS

_SYNONYMS = """
sofa couch settee; doctor physician; lawyer attorney; film movie; begin commence; buy purchase; car automobile auto;
fall autumn;
kid child toddler; error bug glitch; laptop notebook; garbage trash rubbish waste; cookie biscuit; soda pop; pants
trousers;
vacation holiday; flat apartment; lift elevator; petrol gasoline gas; rocket spacecraft; capsicum pepper; coriander
cilantro;
aubergine eggplant; courgette zucchini; prawn shrimp; sneaker trainer; diaper nappy; pavement sidewalk; torch
flashlight;
postcode zipcode zip; forecast weather; salary pay wage income; jail prison; pharmacy drugstore chemist; dentist
orthodontist;
author writer; novelist writer; teacher instructor; rapid quick fast; dwelling home; symptom sign; remedy treatment
cure; kill assassinate murder slay;
illness sickness disease ailment; heart cardiac; kidney renal; liver hepatic; teeth dental tooth; eye ocular; skin
dermal; sun solar;
moon lunar; fridge refrigerated; workout exercise; robot machine; sea marine; city municipal; stomach gastric tummy;
brain cerebral; hamburger burger; cab taxi; tires tyres; tire tyre; color colour;
repair mend; inhabitant resident citizen; population inhabitant; circumference perimeter; baggage luggage suitcase;
inexpensive affordable budget;
obtain acquire; located situated; construct erect build; deceased dead; physician medic; colleague coworker;
physicist scientist; chemist scientist;
spouse wife husband partner; sibling brother sister; infant baby newborn; adolescent teenager teen; puppy dog; kitten
cat; passcode password;
freeway highway motorway; subway metro underground; bathroom toilet restroom loo; faucet tap; stove cooker hob; oven
stove; microwave nuke; blender mixer;
sauce dressing; marinara sauce; spicy hot; delicious tasty; photo snapshot picture; cellphone smartphone mobile;
desktop computer pc; router modem;
"""
SYNONYMS = [frozenset(line.split()) for line in _SYNONYMS.split(";") if line.strip()]
_OTHERWISE_SAID = frozenset(word for thing in KINDS for word in thing) | frozenset(
    w for pair in OPPOSITES for w in pair
)


def stem(word: str) -> str:
    """Return a word without the commonest endings.

    >>> [stem(word) for word in ("stopped", "closing", "cities", "city", "owner's", "glass")]
    ['stop', 'clos', 'citi', 'citi', 'owner', 'glass']
    """
    if word.endswith("'s"):
        word = word[:-2]
    if word.endswith("ss"):
        return word
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            if ending in ("ing", "ed") and len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
                word = word[:-1]
            break
    return word[:-1] + "i" if word.endswith("y") and len(word) > 3 else word


_COMMON_STEMS = frozenset(map(stem, COMMON)) | frozenset(map(stem, FUNCTION_WORDS)) | frozenset(NEGATIONS)
_COMMON_STEMS |= frozenset(map(stem, (*CARDINALS, *ORDINALS, *SCALES, *ROMANS, *UNITS, *QUESTIONS)))


@lru_cache(maxsize=65536)
def telling(word: str) -> bool:
    """Tell whether a word says what a prompt is about: a name or a thing, none of the common words.

    >>> telling("lisbon"), telling("telescope"), telling("change"), telling("three")
    (False, True, False, False)
    """
    if len(word) < 3 or not word[0].isalpha() or word.split("'")[0] in FUNCTION_WORDS:
        return False
    return stem(word) not in _COMMON_STEMS and word not in _OTHERWISE_SAID


def distance(first: str, second: str) -> int:
    """Return the number of letters to insert, delete, replace or exchange with the next, from one word to another."""
    rows = [list(range(len(second) + 1))]
    for i, a in enumerate(first, start=1):
        row = [i]
        for j, b in enumerate(second, start=1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and b == first[i - 2]:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


@lru_cache(maxsize=65536)
def counterparts(first: str, second: str) -> bool:
    """Tell whether two words may be one: by stem, by a slip of the pen, by a common beginning, or as synonyms.

    >>> counterparts("separate", "seperate"), counterparts("nigeria", "nigerian"), counterparts("couch", "sofa")
    (True, True, True)
    >>> counterparts("violin", "piano"), counterparts("hinge", "singe")
    (False, False)
    """
    a, b = stem(first), stem(second)
    short, long = sorted((a, b), key=len)
    if a == b or (len(short) >= 4 and long.startswith(short)):
        return True
    common = next((k for k in range(len(short)) if short[k] != long[k]), len(short))
    if common >= 5 and common >= 0.7 * len(short):
        return True
    if len(short) >= 5 and short[0] == long[0] and distance(first, second) <= (2 if len(short) >= 8 else 1):
        return True
    return any(_among(first, group) and _among(second, group) for group in SYNONYMS)


def _among(word: str, group: frozenset[str]) -> bool:
    return word in group or stem(word) in {stem(other) for other in group}


def lonely(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """Return the telling words of a text of which the other text has no counterpart.

    Letters that begin words of the other in a row ("nasa") and words written apart ("data base") are counterparts.
    """
    initials, whole = "".join(w[0] for w in other), "".join(other)
    content = "".join(w[0] for w in other if w not in FUNCTION_WORDS)
    own_initials = "".join(w[0] for w in one)
    short = [w for w in other if len(w) in (2, 3, 4, 5) and w not in FUNCTION_WORDS and w in own_initials]
    if any(w not in one and telling(w) for w in short):
        return []
    return [
        w
        for w in one
        if telling(w)
        and not any(counterparts(w, v) for v in other)
        and not (len(w) <= 5 and (w in initials or w in content))
        and not (len(w) >= 6 and w in whole)
    ]
