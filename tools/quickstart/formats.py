"""Instructions about form, and texts that obey or break them.

The other families have one right answer told in many styles; here the text itself must obey, so the right
and wrong responses are put together from a bank of short sentences on one topic.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .checks import check, words
from .draw import Draw
from .questions import NAMES

_SENTENCES: dict[str, tuple[str, ...]] = {
    "rain": (
        "Rain falls.",
        "Rain feeds rivers.",
        "It cools hot streets.",
        "Gutters fill up fast.",
        "Farmers wait for it all spring.",
        "Children jump in the puddles it leaves.",
        "Light rain hardly wets a coat.",
        "Roofs drum softly at night.",
        "Soil drinks it slowly.",
        "After a dry month, everyone welcomes the first drops.",
    ),
    "bread": (
        "Bread rises.",
        "Bread needs salt.",
        "Yeast makes it light.",
        "A hot oven gives crust.",
        "Good bread takes time and patience.",
        "Rye loaves stay moist for days.",
        "Toast brings back yesterday's slice.",
        "Bakers start work long before dawn.",
        "Kneading builds strength.",
        "A sharp knife cuts a fresh loaf without crushing it.",
    ),
    "cats": (
        "Cats nap.",
        "Cats hunt mice.",
        "They like warm windowsills.",
        "A cat washes many times daily.",
        "Most cats dislike loud sudden noise.",
        "Whiskers help cats judge a narrow gap.",
        "Kittens play to learn.",
        "Their claws slide back into soft paws.",
        "Old cats look for quiet.",
        "A purr does not always show that a cat is happy.",
    ),
    "libraries": (
        "Libraries lend books.",
        "Libraries are calm.",
        "Anyone may walk in.",
        "Staff know where to look.",
        "Many libraries now lend tools as well.",
        "Students find a free desk and warm light.",
        "Late returns cost little.",
        "A card opens every shelf.",
        "Small towns fight for theirs.",
        "Some libraries record local voices before they fade.",
    ),
    "cycling": (
        "Cycling saves fuel.",
        "Cycling builds stamina.",
        "Hills get easier.",
        "Good lights keep a rider visible.",
        "A dry chain wears out quickly.",
        "Cycling to work takes planning at first.",
        "Gloves help on cold days.",
        "Wide paths draw more families.",
        "Soft tyres slow a rider down.",
        "A short daily ride adds up to many miles.",
    ),
    "tea": (
        "Tea calms nerves.",
        "Tea grows on hills.",
        "Hot water wakes its scent.",
        "Black tea can stand boiling water.",
        "Too long a soak makes it bitter.",
        "Green tea likes a softer heat.",
        "Many guests expect a cup.",
        "A warm pot holds flavour.",
        "Some add milk, others lemon.",
        "Dry storage away from light keeps tea fresh for months.",
    ),
    "winter": (
        "Winter slows rivers.",
        "Winter brings frost.",
        "Days grow short.",
        "Birds gather near feeders.",
        "Snow muffles the noise of traffic.",
        "Thick socks make a walk pleasant.",
        "Bare trees show old nests.",
        "In winter, soup tastes best.",
        "Ice can hide on shaded paths.",
        "A clear winter night is good for watching stars.",
    ),
    "music": (
        "Music moves people.",
        "Music fills halls.",
        "A drum sets the pace.",
        "Choirs breathe as one.",
        "Slow music can lower a racing pulse.",
        "Practice turns clumsy hands into sure ones.",
        "Silence shapes a tune.",
        "Old songs bring back places.",
        "Bands argue about tempo.",
        "With headphones, music makes a crowded bus feel private.",
    ),
}
_OPENERS = (
    "Sure! Here you go:",
    "Of course.",
    "Here is my answer:",
    "Certainly, happy to help.",
    "Okay, let me try.",
)
_OFF_TOPIC = (
    "Formatting rules help readers find what they need.",
    "Clear writing starts with a clear thought.",
    "There are many things one could say about this subject.",
    "Every topic has several sides worth a look.",
    "A good text respects its reader's time.",
    "It depends on the context and on your goals.",
)
_REFUSALS = (
    "I'm sorry, but I can't count words reliably.",
    "I am not able to follow that kind of constraint.",
    "Unfortunately I cannot help with this request.",
    "Could you tell me more about what you need first?",
    "I'd rather not restrict my writing in that way.",
)
_COUNTS = ("two", "three", "four", "five")


@dataclass(frozen=True, slots=True)
class Instruction:
    """A prompt, its rule, and two makers of texts: one that tries to obey, one that tries to break it."""

    prompt: str
    check: dict[str, Any]
    obey: Callable[[Draw], str]
    break_it: Callable[[Draw], str]


def instruction(draw: Draw) -> Instruction:
    """One instruction about form."""
    return draw.pick((_word_count, _without_letter, _bullets, _json_order))(draw)


def compliant(draw: Draw, task: Instruction) -> str:
    """A text that obeys."""
    return _until(lambda: task.obey(draw), task.check, obeys=True)


def violating(draw: Draw, task: Instruction) -> str:
    """A text that does not: a near miss most of the time, else a refusal or an empty remark."""

    def attempt() -> str:
        kind = draw.weighted((("miss", 7), ("refusal", 1), ("off topic", 1)))
        if kind == "miss":
            return task.break_it(draw)
        return draw.pick(_REFUSALS) if kind == "refusal" else " ".join(draw.some(_OFF_TOPIC, draw.between(1, 3)))

    return _until(attempt, task.check, obeys=False)


def _until(attempt: Callable[[], str], rule: dict[str, Any], *, obeys: bool) -> str:
    for _ in range(2000):
        text = attempt()
        if check(rule, text) is obeys:
            return text
    raise RuntimeError(f"no text with obeys={obeys} found for the rule {rule}; widen the bank of sentences")


def _word_count(draw: Draw) -> Instruction:
    topic, count = draw.pick(sorted(_SENTENCES)), draw.between(13, 27)
    prompt = draw.pick(
        (
            f"Write about {topic} in exactly {count} words.",
            f"Describe {topic}. Your whole reply must have exactly {count} words.",
            f"Tell me something about {topic}, using {count} words, no more and no fewer.",
        )
    )
    rule = {"kind": "word_count", "value": count, "mention": topic[:-1] if topic.endswith("s") else topic}

    def near(d: Draw) -> str:
        """Close to the count, since that is the mistake that is hard to see."""
        text = ""
        for _ in range(200):
            text = _text(d, topic, d.between(2, 6))
            if 0 < abs(len(words(text)) - count) <= d.pick((1, 2, 4)):
                break
        return f"{d.pick(_OPENERS)} {text}" if d.chance(0.15) else text

    return Instruction(prompt, rule, lambda d: _text(d, topic, d.between(2, 6)), near)


def _without_letter(draw: Draw) -> Instruction:
    topic, letter = draw.pick(_lipograms())
    having = [s for s in _SENTENCES[topic] if letter in s.lower()]
    lacking = [s for s in _SENTENCES[topic] if letter not in s.lower()]
    prompt = draw.pick(
        (
            f'Write a few sentences about {topic} without using the letter "{letter}".',
            f'Say something about {topic}. The letter "{letter}" must not occur anywhere, in either case.',
            f'Give me a short text on {topic} that avoids the letter "{letter}" completely.',
        )
    )
    rule = {
        "kind": "without_letter",
        "value": letter,
        "mention": topic[:-1] if topic.endswith("s") else topic,
    }
    return Instruction(
        prompt,
        rule,
        lambda d: " ".join(d.some(lacking, d.between(2, 5))),
        lambda d: " ".join(d.shuffled([*d.some(lacking, d.between(1, 4)), d.pick(having)])),
    )


def _lipograms() -> list[tuple[str, str]]:
    """Topics and letters for which enough sentences do without, and some do not."""
    pairs = []
    for topic in sorted(_SENTENCES):
        for letter in "bcdfghklmpvwy":
            free = [s for s in _SENTENCES[topic] if letter not in s.lower()]
            if letter not in topic and 5 <= len(free) <= 8 and any(topic[:4] in s.lower() for s in free):
                pairs.append((topic, letter))
    return pairs


def _bullets(draw: Draw) -> Instruction:
    topic, count = draw.pick(sorted(_SENTENCES)), draw.between(2, 5)
    word = _COUNTS[count - 2]
    prompt = draw.pick(
        (
            (f'Give exactly {word} facts about {topic}, each on its own line starting with "- ", and nothing else.'),
            (f'List {word} points on {topic}. Every line must start with "- "; write no introduction and no ending.'),
        )
    )
    rule = {"kind": "bullets", "value": count, "mention": topic[:-1] if topic.endswith("s") else topic}

    def broken(d: Draw) -> str:
        lines = d.some(_SENTENCES[topic], count)
        flaw = d.below(4)
        if flaw == 0:
            return "\n".join(f"- {line}" for line in d.some(_SENTENCES[topic], count + d.pick((-1, 1, 2))))
        if flaw == 1:
            return "\n".join([d.pick(_OPENERS), *(f"- {line}" for line in lines)])
        if flaw == 2:
            return "\n".join(f"{i}. {line}" for i, line in enumerate(lines, start=1))
        return " ".join(lines)

    return Instruction(
        prompt, rule, lambda d: "\n".join(f"- {line}" for line in d.some(_SENTENCES[topic], count)), broken
    )


def _json_order(draw: Draw) -> Instruction:
    name, item = (
        draw.pick(NAMES),
        draw.pick(("lamp", "kettle", "scarf", "notebook", "chair", "bicycle bell", "clock")),
    )
    quantity, price = draw.between(2, 9), draw.between(6, 48)
    value: dict[str, Any] = {"customer": name, "item": item, "quantity": quantity, "total": quantity * price}
    prompt = (
        f'{name} orders {quantity} pieces of the article "{item}" at {price} euros each. Reply '
        "with nothing but a JSON object with the "
        'keys "customer", "item", "quantity" and "total" (numbers without quotes; total in euros).'
    )
    return Instruction(
        prompt,
        {"kind": "json", "value": value},
        lambda d: _dump(d, value),
        lambda d: _bad_json(d, value, price),
    )


def _dump(draw: Draw, value: dict[str, Any]) -> str:
    keys = draw.shuffled(list(value)) if draw.chance(0.6) else list(value)
    return json.dumps(
        {key: value[key] for key in keys},
        indent=draw.pick((None, None, 2, 4)),
        separators=draw.pick((None, (",", ": "))),
    )


def _bad_json(draw: Draw, value: dict[str, Any], price: int) -> str:
    flaw = draw.below(6)
    if flaw == 0:
        return f"```json\n{_dump(draw, value)}\n```"
    if flaw == 1:
        return f"{draw.pick(_OPENERS)}\n{_dump(draw, value)}"
    if flaw == 2:
        return _dump(draw, {**value, "total": value["total"] + draw.pick((-price, price, -1, 10))})
    if flaw == 3:
        return _dump(draw, {**value, "quantity": str(value["quantity"]), "total": f"{value['total']} euros"})
    if flaw == 4:
        return _dump(draw, {key: value[key] for key in draw.in_order(list(value), 3)})
    return _dump(draw, {**value, "price": price})


def _text(draw: Draw, topic: str, count: int) -> str:
    return " ".join(_some_sentences(draw, _SENTENCES[topic], count))


def _some_sentences(draw: Draw, bank: Sequence[str], count: int) -> list[str]:
    """Sentences of one topic, one that names it first more often than not."""
    first = draw.pick(bank[:2])
    return [first, *draw.some([s for s in bank if s != first], count - 1)]
