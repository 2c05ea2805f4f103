"""A stream of prompts that is made: intents put in many ways, prompts out of scope, tenants, costs, and what expires.

Nothing here is measured on people. Some intents are asked far oftener than others; an intent is a deed done to a thing,
so that prompts of two intents may differ in one word; a share repeats an earlier prompt word by word; and what is out
of scope is asked once and shares its response with nothing but itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .demonstration import DEEDS, FRAMES, THINGS

PROMPTS = 2500
TENANTS = {"north bank": 0.6, "south bank": 0.3, "east bank": 0.1}
"""By share of the prompts; a response to one tenant never serves another."""
OUT_OF_SCOPE, REPEATED = 0.15, 0.15
"""Shares of the prompts: that nothing else's response serves, and that repeat an earlier one word by word."""
STEADY, DAILY, LIVE = "steady", "daily", "live"
EXPIRES: Mapping[str, float | None] = {STEADY: None, DAILY: 86_400.0, LIVE: 1_800.0}
"""Seconds for which a response of a class of expiry holds; None: for ever."""
EXPIRY = {"price": DAILY, "trace": LIVE}
"""Class of expiry by deed; of other deeds it is `STEADY`."""
SECONDS = 90.0
"""Between two prompts, on average."""
USD_A_TOKEN = {"prompt": 2.5e-6, "response": 1e-5}
_OPENINGS = ("", "hi ", "sorry to bother you ", "ok so ", "hey there ", "one more thing ", "dear team ")
_ENDINGS = ("", " thanks", " asap", " if possible", " as a new customer", " this week", " from abroad")
_WHO = ("my uncle", "a neighbour", "the gardener", "our teacher", "a stranger", "my cousin", "the baker", "a pilot")
_DID = ("wrote", "painted", "forgot", "repaired", "sang", "buried", "invented", "stole", "weighed", "photographed")
_WHAT = ("a ballad", "the lighthouse", "three walnuts", "a bicycle", "the comet", "an umbrella", "seven swans", "a map")
_WHERE = (
    "in the attic",
    "under the bridge",
    "near the harbour",
    "at noon",
    "in winter",
    "on a train",
    "after the fair",
)
_ASK = ("why do you think {}", "write a limerick in which {}", "is it likely that {}", "tell a story where {}")


def stream(split: str, prompts: int = PROMPTS, seed: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield the prompts of a part in the order of time; parts are streams of their own about the same intents.

    >>> rows = list(stream("test", prompts=200))
    >>> len(rows), rows == list(stream("test", prompts=200)), {row["expiry"] for row in rows} == set(EXPIRES)
    (200, True, True)

    Args:
        split: ``train`` or ``test``.
        prompts: How many.
        seed: Of everything that is drawn.
    """
    draw = np.random.default_rng([seed, *split.encode()])
    popular = np.random.default_rng(seed)  # which intents are popular is the same in both parts
    intents = [(deed, thing) for deed in DEEDS for thing in THINGS]
    weights = (1.0 + popular.permutation(len(intents))) ** -0.8
    length = {intent: int(popular.integers(60, 400)) for intent in intents}
    weights = weights / weights.sum()
    tenants, shares = list(TENANTS), list(TENANTS.values())
    time = 0.0
    before: list[tuple[dict[str, str], int]] = []
    for i in range(prompts):
        time += float(draw.exponential(SECONDS))
        tenant = tenants[int(draw.choice(len(tenants), p=shares))]
        lot = draw.random()
        if lot < OUT_OF_SCOPE:
            text = _aside(draw)
            asked, tokens = {"prompt": text, "answer": text, "expiry": STEADY}, int(draw.integers(60, 400))
        elif lot < OUT_OF_SCOPE + REPEATED and before:
            asked, tokens = before[int(draw.integers(len(before)))]
        else:
            deed, thing = intents[int(draw.choice(len(intents), p=weights))]
            word, frame = DEEDS[deed][int(draw.integers(len(DEEDS[deed])))], FRAMES[int(draw.integers(len(FRAMES)))]
            asked = {
                "prompt": _put(draw, frame.format(word, thing.replace("_", " "))),
                "answer": f"{deed} {thing}",
                "expiry": EXPIRY.get(deed, STEADY),
            }
            tokens = length[deed, thing]
            before.append((asked, tokens))
        yield {"id": f"{split}/{i}", **asked, "tenant": tenant, "time": round(time, 1), **_spent(asked, tokens)}


def _spent(asked: Mapping[str, str], tokens: int) -> dict[str, Any]:
    """Return what asking the model takes: tokens, USD and seconds, and for how long its response holds."""
    own = len(asked["prompt"].split())
    cost = own * USD_A_TOKEN["prompt"] + tokens * USD_A_TOKEN["response"]
    spent = {"tokens": own + tokens, "cost": round(cost, 7), "latency": round(0.3 + 0.01 * tokens, 3)}
    expires = EXPIRES[asked["expiry"]]
    return spent if expires is None else {**spent, "expires": expires}


def _put(draw: np.random.Generator, text: str) -> str:
    """Return a prompt with an opening and an ending, which say nothing."""
    return f"{_OPENINGS[int(draw.integers(len(_OPENINGS)))]}{text}{_ENDINGS[int(draw.integers(len(_ENDINGS)))]}"


def _aside(draw: np.random.Generator) -> str:
    """Return a prompt out of scope, which few others repeat by chance."""
    who, did, what, where = (words[int(draw.integers(len(words)))] for words in (_WHO, _DID, _WHAT, _WHERE))
    return _ASK[int(draw.integers(len(_ASK)))].format(f"{who} {did} {what} {where}")
