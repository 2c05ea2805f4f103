"""Duplicates: do two questions ask the same thing?

paraphrase   1   the same intent and slots, in wordings that share few words
reordered    1   the same words, moved about
near-miss    0   the same intent, one decisive slot different
unrelated    0   two intents, with a slot in common where they have one
"""

from __future__ import annotations

from typing import Any

from .draw import Draw
from .intents import INTENTS, Intent

SIZES = {"train": 300, "test": 400}
KINDS = (
    "paraphrase",
    "near-miss",
    "paraphrase",
    "unrelated",
    "reordered",
    "paraphrase",
    "unrelated",
    "near-miss",
    "reordered",
    "unrelated",
)
_SAME = ("paraphrase", "reordered")

_Slots = dict[str, str]


def rows(split: str, taken: set[str]) -> list[dict[str, Any]]:
    """The rows of a split; no question that is in ``taken`` is used again."""
    made = []
    for i in range(SIZES[split]):
        draw = Draw(f"duplicates/{split}/{i:04d}")
        kind = KINDS[i % len(KINDS)]
        first, second = _pair(draw, kind, split)
        while first == second or first in taken or second in taken:
            first, second = _pair(draw, kind, split)
        taken.update((first, second))
        made.append(
            {
                "id": f"duplicates/{split}/{i:04d}",
                "kind": kind,
                "first": first,
                "second": second,
                "label": int(kind in _SAME),
            }
        )
    return made


def _pair(draw: Draw, kind: str, split: str) -> tuple[str, str]:
    intent = _intent(draw, split)
    slots = _fill(draw, intent)
    if kind == "reordered":
        pair = [_ask(intent.base, slots), _ask(intent.moved, slots)]
    elif kind == "paraphrase":
        pair = [_ask(form, slots) for form in _far_apart(draw, intent)]
    elif kind == "near-miss":
        pair = _near_miss(draw, intent, slots)
    else:
        pair = [_ask(draw.pick(_forms(intent)), slots), _elsewhere(draw, intent, slots, split)]
    first, second = draw.shuffled(pair)
    return first, second


def _intent(draw: Draw, split: str) -> Intent:
    unseen = split == "test" and draw.chance(0.45)
    return draw.pick([intent for intent in INTENTS if intent.unseen is unseen])


def _fill(draw: Draw, intent: Intent) -> _Slots:
    return {name: draw.pick(values) for name, values in intent.slots.items()}


def _forms(intent: Intent) -> tuple[str, ...]:
    return (intent.base, intent.moved, *intent.others)


def _far_apart(draw: Draw, intent: Intent) -> list[str]:
    """Two wordings of which at least one is not the base nor the base moved about."""
    return (
        [draw.pick(intent.others), draw.pick((intent.base, intent.moved))]
        if draw.chance(0.7)
        else list(intent.others[:2])
    )


def _near_miss(draw: Draw, intent: Intent, slots: _Slots) -> list[str]:
    """One slot different; in the same wording, or in another to hide it better."""
    name = draw.pick(sorted(intent.slots))
    other = {**slots, name: draw.pick([value for value in intent.slots[name] if value != slots[name]])}
    form = draw.pick(_forms(intent))
    return [_ask(form, slots), _ask(form if draw.chance(0.6) else draw.pick(_forms(intent)), other)]


def _elsewhere(draw: Draw, intent: Intent, slots: _Slots, split: str) -> str:
    """A question of another intent; it shares the values of the slots that both have, such as the city."""
    other = intent
    while other is intent:
        other = _intent(draw, split)
    shared = {name: slots[name] for name in other.slots if slots.get(name) in other.slots[name]}
    return _ask(draw.pick(_forms(other)), {**_fill(draw, other), **shared})


def _ask(form: str, slots: _Slots) -> str:
    text = form.format(**slots)
    return text[:1].upper() + text[1:]
