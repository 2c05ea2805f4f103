"""The polarity suite: prompts that look alike and must not share a response, and pairs that put one thing twice.

Two halves are made by one rule from two sets of words and of carriers that have nothing in common but the families
themselves: whoever writes a gate reads the half ``train``; the half ``test`` is for evaluation. The families are those
that users of caches report: on and off, before and after, most and least, numbers, names, who and when, negation, and
what goes from where to where.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations, product
from typing import Any, NamedTuple

import numpy as np

from .polarity_kinds import by_kind


class Family(NamedTuple):
    """A way in which two prompts differ."""

    carriers: Sequence[tuple[str, str]]
    """Two ways to put the same, with places ``{x}``, which differs, and perhaps ``{y}``."""
    opposites: Sequence[tuple[str, str]]
    """What ``{x}`` may be, and what turns the prompt into another."""
    things: Sequence[str] = ("",)
    """What ``{y}`` may be."""


_SEEN: Mapping[str, Family] = {
    "on and off": Family(
        [
            ("turn {x} the {y}", "could you turn {x} the {y}"),
            ("how do i switch {x} the {y}", "how to switch {x} the {y}"),
        ],
        [("on", "off")],
        ("kitchen light", "heating", "wifi", "alarm", "do not disturb mode"),
    ),
    "doing and undoing": Family(
        [("how do i {x} two factor login", "steps to {x} two factor login"), ("{x} my card", "please {x} my card")],
        [("enable", "disable"), ("lock", "unlock"), ("activate", "deactivate")],
    ),
    "before and after": Family(
        [
            ("should i take the pill {x} meals", "do i have to take the pill {x} meals"),
            ("can i eat {x} a blood test", "is it fine to eat {x} a blood test"),
        ],
        [("before", "after")],
    ),
    "most and least": Family(
        [
            ("what is the {x} temperature in july", "tell me the {x} temperature in july"),
            ("the {x} payment on a credit card", "what is the {x} payment on a credit card"),
        ],
        [("maximum", "minimum"), ("highest", "lowest"), ("largest", "smallest")],
    ),
    "number": Family(
        [
            ("what is {x} percent of {y}", "how much is {x} percent of {y}"),
            ("who won the world cup in {x}{y}", "who was it that won the world cup in {x}{y}"),
        ],
        [("10", "20"), ("1998", "2002"), ("5", "15")],
        ("",),
    ),
    "name": Family(
        [
            ("what is the capital of {x}", "tell me the capital of {x}"),
            ("weather in {x} tomorrow", "what is the weather in {x} tomorrow"),
        ],
        [("France", "Spain"), ("Boston", "Chicago"), ("Japan", "China")],
    ),
    "question": Family(
        [
            ("{x} wrote hamlet", "please tell me {x} wrote hamlet"),
            ("{x} was penicillin discovered", "{x} was penicillin found"),
        ],
        [("who", "when"), ("where", "when"), ("where", "why")],
    ),
    "negation": Family(
        [
            ("which foods {x} gluten", "what foods {x} gluten"),
            ("animals that {x} eggs", "which animals {x} eggs"),
        ],
        [("have", "do not have"), ("contain", "never contain")],
    ),
    "direction": Family(
        [
            ("convert {x}", "please convert {x}"),
            ("how many hours is it {x}", "how many hours does it take {x}"),
        ],
        [
            ("dollars to euros", "euros to dollars"),
            ("from rome to oslo", "from oslo to rome"),
            ("rupees to yen", "yen to rupees"),
        ],
    ),
}
_HELD_OUT: Mapping[str, Family] = {
    "on and off": Family(
        [
            ("i want the {y} {x}", "i would like to have the {y} {x}"),
            ("what happens when the {y} is {x}", "what happens if the {y} is {x}"),
        ],
        [("on", "off"), ("switched on", "switched off"), ("powered up", "powered down"), ("open", "closed")],
        ("garage door", "roaming", "night lamp", "dishwasher", "location sharing", "cruise control"),
    ),
    "doing and undoing": Family(
        [
            ("is there a way to {x} {y}", "is there any way to {x} {y}"),
            ("show me where to {x} {y}", "show me where i can {x} {y}"),
        ],
        [
            ("install", "uninstall"),
            ("mute", "unmute"),
            ("connect", "disconnect"),
            ("subscribe to", "unsubscribe from"),
            ("encrypt", "decrypt"),
            ("upload", "download"),
            ("import", "export"),
            ("hide", "show"),
            ("increase", "decrease"),
            ("add", "remove"),
        ],
        ("this app", "the channel", "my printer"),
    ),
    "before and after": Family(
        [
            ("is the office open {x} 6 pm", "will the office be open {x} 6 pm"),
            ("refunds for orders placed {x} may", "do i get a refund for orders placed {x} may"),
            ("events {x} the french revolution", "list events {x} the french revolution"),
        ],
        [("before", "after"), ("earlier than", "later than"), ("prior to", "following"), ("until", "from")],
    ),
    "most and least": Family(
        [
            ("which is the {x} {y}", "what is the {x} {y}"),
            ("name the {x} {y} please", "can you name the {x} {y}"),
        ],
        [
            ("fastest", "slowest"),
            ("longest", "shortest"),
            ("cheapest", "most expensive"),
            ("oldest", "newest"),
            ("best", "worst"),
            ("hottest", "coldest"),
            ("biggest", "smallest"),
            ("heaviest", "lightest"),
        ],
        ("train in europe", "phone you sell", "river in asia"),
    ),
    "number": Family(
        [
            ("set a timer for {x} minutes", "start a timer for {x} minutes"),
            ("recipe for a cake for {x} people", "a cake recipe for {x} people"),
            ("what is the square root of {x}", "tell me the square root of {x}"),
            ("summary of chapter {x} of the hobbit", "summarise chapter {x} of the hobbit"),
        ],
        [("3", "4"), ("twelve", "thirteen"), ("25", "52"), ("144", "169"), ("six", "8"), ("2.5", "2.6")],
    ),
    "name": Family(
        [
            ("how old is {x}", "what is the age of {x}"),
            ("who is the head of {x}", "tell me who is the head of {x}"),
            ("opening hours of {x}", "what are the opening hours of {x}"),
        ],
        [
            ("Serena Williams", "Venus Williams"),
            ("Toyota", "Honda"),
            ("Sydney", "Melbourne"),
            ("Marie Curie", "Pierre Curie"),
            ("North Korea", "South Korea"),
            ("Microsoft", "Apple"),
        ],
    ),
    "question": Family(
        [
            ("{x} did the orchestra play", "{x} did that orchestra play"),
            ("{x} is the treaty signed", "{x} does the treaty get signed"),
            ("{x} do storks fly south", "{x} do the storks fly south"),
        ],
        [("where", "when"), ("why", "where"), ("when", "why"), ("how many", "why"), ("how often", "where")],
    ),
    "negation": Family(
        [
            ("{x} i bring a dog on the ferry", "tell me if {x} i bring a dog on the ferry"),
            ("countries where women {x} vote in 1910", "list the countries where women {x} vote in 1910"),
            ("{x} pregnant women eat soft cheese", "i wonder {x} pregnant women eat soft cheese"),
        ],
        [("can", "can not"), ("could", "couldn't"), ("should", "should never"), ("may", "may not")],
    ),
    "with and without": Family(
        [
            ("pizza dough {x} yeast", "how to make pizza dough {x} yeast"),
            ("a loan {x} collateral", "get a loan {x} collateral"),
        ],
        [("with", "without")],
    ),
    "direction": Family(
        [
            ("translate {x}", "please translate {x}"),
            ("how do i get {x}", "tell me how to get {x}"),
            ("is {x}", "is it true that {x}"),
        ],
        [
            ("german into dutch", "dutch into german"),
            ("from the airport to the harbour", "from the harbour to the airport"),
            ("a whale heavier than a shark", "a shark heavier than a whale"),
            ("miles to kilometres", "kilometres to miles"),
        ],
    ),
}
HALVES: Mapping[str, Mapping[str, Family]] = {"train": _SEEN, "test": _HELD_OUT}
EACH = 24
"""Pairs of either label a family at most."""


def polarity(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield the pairs of a half, ``train`` or ``test``: in each family as many that differ as that are the same.

    >>> rows = list(polarity("test"))
    >>> sorted(rows[0]), {row["label"] for row in rows}
    (['family', 'first', 'group', 'id', 'label', 'second'], {0, 1})
    """
    draw = np.random.default_rng(len(split))
    for name, family in HALVES[split].items():
        made = list(_pairs(family))
        for label in (0, 1):
            rows = list(dict.fromkeys((first, second) for first, second, same in made if same == label))
            for k in sorted(draw.permutation(len(rows))[:EACH].tolist()):
                first, second = rows[k]
                word = name.replace(" ", "-")
                yield {
                    "id": f"{split}/{word}/{label}/{k}",
                    "first": first,
                    "second": second,
                    "label": label,
                    "family": name,
                    "group": f"{split} {name}",
                }
    if split == "train":
        yield from by_kind()


def _pairs(family: Family) -> Iterator[tuple[str, str, int]]:
    for (plain, other), opposite, thing in product(family.carriers, family.opposites, family.things):
        for x, against in permutations(opposite):
            said = [carrier.format(x=word, y=thing) for carrier in (plain, other) for word in (x, against)]
            yield said[0], said[1], 0
            yield said[0], said[2], 1
