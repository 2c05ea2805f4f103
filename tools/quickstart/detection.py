"""Detection: does this message ask its reader to reveal a secret credential?

A secret credential is a password, a one-time code, a PIN, a private key or recovery phrase, or a card's
security code. Asking for it makes the label 1, however polite or indirect. Speaking of it does not: advice,
notices, and messages that carry a code are 0. Nor does asking for anything else.

Both classes share greetings, reasons for writing, padding and closings; one sentence in the middle decides.
"""

from __future__ import annotations

from typing import Any

from . import messages as m
from .draw import Draw
from .questions import NAMES

SIZES = {"train": 670, "test": 500}
POSITIVE_KINDS = {"direct": 10, "polite": 7, "indirect": 6, "obfuscated": 4, "long-mail": 3}
NEGATIVE_KINDS = {"advice": 16, "never-ask": 11, "notice": 14, "harmless-request": 17, "ordinary": 12}
_POSITIVE_TENTHS = 3
_CASUAL = {
    "ordinary": 0.85,
    "harmless-request": 0.3,
    "polite": 0.3,
    "indirect": 0.45,
}  # how often a note, not a letter
_UNSEEN_SHARE = {"train": 0.0, "test": 0.4}

_WORDINGS = {
    "direct": (m.DIRECT, m.DIRECT_UNSEEN),
    "polite": (m.POLITE, m.POLITE_UNSEEN),
    "indirect": (m.INDIRECT, m.INDIRECT_UNSEEN),
    "obfuscated": (m.DIRECT, m.DIRECT_UNSEEN),
    "long-mail": (m.DIRECT + m.POLITE, m.DIRECT_UNSEEN + m.POLITE_UNSEEN),
    "advice": (m.ADVICE, m.ADVICE_UNSEEN),
    "never-ask": (m.NEVER_ASK, m.NEVER_ASK_UNSEEN),
    "notice": (m.NOTICE, m.NOTICE_UNSEEN),
    "harmless-request": (m.REQUEST, m.REQUEST_UNSEEN),
    "ordinary": (m.ORDINARY, m.ORDINARY_UNSEEN),
}


def rows(split: str, taken: set[str]) -> list[dict[str, Any]]:
    """The rows of a split, three in ten of them positive; no text that is in ``taken`` is used again."""
    made = []
    for i in range(SIZES[split]):
        draw = Draw(f"detection/{split}/{i:04d}")
        label = int(i % 10 < _POSITIVE_TENTHS)
        kind = draw.weighted(tuple((POSITIVE_KINDS if label else NEGATIVE_KINDS).items()))
        text = _message(draw, kind, split)
        while text in taken:
            text = _message(draw, kind, split)
        taken.add(text)
        made.append({"id": f"detection/{split}/{i:04d}", "kind": kind, "text": text, "label": label})
    return made


def _message(draw: Draw, kind: str, split: str) -> str:
    """A greeting, a reason, padding, the sentence that decides, a closing; most of them optional."""
    seen, unseen = _WORDINGS[kind]
    slots = _slots(draw)
    core = draw.pick(unseen if draw.chance(_UNSEEN_SHARE[split]) else seen)
    core = core.format(**{**slots, "secret": _disguised(draw, slots["secret"])} if kind == "obfuscated" else slots)
    parts = _casual(draw, kind, core) if draw.chance(_CASUAL.get(kind, 0.0)) else _official(draw, kind, core)
    return "\n".join(part for part in parts if part).format(**slots)


def _official(draw: Draw, kind: str, core: str) -> tuple[str, str, str]:
    """A letter of a firm: greeting, body, closing."""
    long = kind == "long-mail" or draw.chance(0.08)
    reason = [draw.pick(m.CONTEXTS)] if long or draw.chance(0.7) else []
    padding = draw.some(m.FILLER, draw.between(3, 4) if long else draw.pick((0, 0, 0, 1, 1)))
    return draw.pick(m.GREETINGS), " ".join([*reason, *_among(draw, core, padding)]), draw.pick(m.CLOSINGS)


def _casual(draw: Draw, kind: str, core: str) -> tuple[str, str, str]:
    """A note from a friend or a colleague: greeting, body, closing."""
    reason = [draw.pick(m.CASUAL_CONTEXTS)] if draw.chance(0.6) else []
    padding = draw.some(m.CASUAL_FILLER, draw.pick((0, 1, 1, 2)))
    return (
        draw.pick(m.CASUAL_GREETINGS),
        " ".join([*reason, *_among(draw, core, padding)]),
        draw.pick(m.CASUAL_CLOSINGS),
    )


def _among(draw: Draw, core: str, padding: list[str]) -> list[str]:
    place = draw.below(len(padding) + 1)
    return [*padding[:place], core, *padding[place:]]


def _slots(draw: Draw) -> dict[str, str]:
    name, sender = draw.some(NAMES, 2)
    return {
        "secret": draw.pick(m.SECRETS),
        "firm": draw.pick(m.FIRMS),
        "name": name,
        "sender": sender,
        "department": draw.pick(m.DEPARTMENTS),
        "deadline": draw.pick(m.DEADLINES),
        "channel": draw.pick(m.CHANNELS),
        "amount": str(draw.between(12, 980)),
        "digits": "".join(str(draw.below(10)) for _ in range(6)),
    }


def _disguised(draw: Draw, secret: str) -> str:
    """The secret's name spelled so that a list of words misses it."""
    way = draw.below(4)
    if way == 0:
        return draw.pick((" ", ".", "-")).join(secret.replace(" ", "").replace("-", ""))
    if way == 1:
        return secret.translate(str.maketrans("aeios", "4310$"))
    if way == 2:
        middle = len(secret) // 2
        return f"{secret[:middle]}{draw.pick(('*', '_', '/', '~'))}{secret[middle:]}"
    return "".join(char for char in secret if char not in "aeiou")
