"""Preference pairs: two responses to an everyday request, the better one by a stated rule.

    on-topic      the worse one answers another request
    specificity   the worse one could be said about anything
    tone          the worse one is curt or rude
    format        the worse one does not keep to the form that was asked
    refusal       the worse one declines a harmless request
    repetition    the worse one repeats or contradicts itself

Length is drawn apart from quality: each pair decides first whether the better response shall be the longer
one. One pair in ten is turned round, as people who label pairs err too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .draw import Draw
from .subjects import SUBJECTS, Subject

SIZES = {"train": 498, "test": 300}
NOISE = 10  # one label in so many is turned round
CATEGORIES = ("on-topic", "specificity", "tone", "format", "refusal", "repetition")
_TRIES = 400

_Pair = tuple[str, str]


def rows(split: str, taken: set[str]) -> list[dict[str, Any]]:
    """The rows of a split; no response or prompt that is in ``taken`` is used again."""
    order = Draw(f"preferences/{split}/noise")
    turned = set(order.some(range(SIZES[split]), SIZES[split] // NOISE))
    made = []
    for i in range(SIZES[split]):
        draw = Draw(f"preferences/{split}/{i:04d}")
        category = CATEGORIES[i % len(CATEGORIES)]
        prompt, better, worse = _fresh(draw, category, split, taken)
        chosen, rejected = (worse, better) if i in turned else (better, worse)
        made.append(
            {
                "id": f"preferences/{split}/{i:04d}",
                "category": category,
                "prompt": prompt,
                "chosen": chosen,
                "rejected": rejected,
            }
        )
    return made


def _fresh(draw: Draw, category: str, split: str, taken: set[str]) -> tuple[str, str, str]:
    """A prompt and a pair of which nothing was used before, the longer one as drawn."""
    subject = _subject(draw, split)
    better_is_longer = draw.chance(0.5)
    for attempt in range(_TRIES):
        if attempt % 20 == 19:
            subject = _subject(draw, split)
        prompt = _prompt(draw, subject)
        form, (better, worse) = _PAIRS[category](draw, subject, split)
        prompt = f"{prompt} {form}".strip()
        if (len(better) > len(worse)) is better_is_longer and len({prompt, better, worse} - taken) == 3:
            taken.update((prompt, better, worse))
            return prompt, better, worse
    raise RuntimeError(f"no fresh pair for {category!r} in {split!r}; add subjects or sentences")


def _subject(draw: Draw, split: str) -> Subject:
    """A subject; half of the test split is about subjects that train does not have."""
    unseen = split == "test" and draw.chance(0.5)
    return draw.pick([subject for subject in SUBJECTS if subject.unseen is unseen])


def _prompt(draw: Draw, subject: Subject) -> str:
    ask, aside = draw.pick(subject.asks), draw.pick(_ASIDES)
    return f"{ask} {aside}".strip() if draw.chance(0.5) else f"{draw.pick(_HELLOS)} {ask} {aside}".strip()


def _good(draw: Draw, subject: Subject, low: int = 2, high: int = 4) -> str:
    """A few of the facts, with or without a friendly word before and after."""
    return _wrap(draw, " ".join(draw.in_order(subject.facts, draw.between(low, high))), subject)


def _wrap(draw: Draw, body: str, subject: Subject) -> str:
    before = draw.pick(_BEFORE).format(doing=subject.doing, noun=subject.noun) if draw.chance(0.3) else ""
    after = draw.pick(_AFTER) if draw.chance(0.3) else ""
    return f"{before} {body} {after}".strip()


def _on_topic(draw: Draw, subject: Subject, split: str) -> tuple[str, _Pair]:
    other = draw.pick([s for s in SUBJECTS if s is not subject and (split == "test" or not s.unseen)])
    body = " ".join(draw.in_order(other.facts, draw.between(2, 4)))
    first = draw.pick(subject.facts) + " " if draw.chance(0.3) else ""
    first += draw.pick(_DRIFTS).format(doing=other.doing) + " " if draw.chance(0.4) else ""
    return "", (_good(draw, subject), _wrap(draw, first + body, draw.pick((subject, other))))


def _specificity(draw: Draw, subject: Subject, split: str) -> tuple[str, _Pair]:
    bank = _VAGUE if split == "train" else _VAGUE[3:] + _VAGUE_TEST
    said = [line.format(noun=subject.noun, doing=subject.doing) for line in draw.some(bank, draw.between(2, 4))]
    if draw.chance(0.4):
        said.insert(draw.below(len(said)), draw.pick(subject.facts))
    return "", (_good(draw, subject, 2, 4), _wrap(draw, _sentences(said), subject))


def _tone(draw: Draw, subject: Subject, split: str) -> tuple[str, _Pair]:
    bank = _CURT if split == "train" else _CURT[2:] + _CURT_TEST
    facts = draw.in_order(subject.facts, draw.between(2, 4))
    for line in draw.some(bank, draw.between(1, 3)):
        facts.insert(draw.below(len(facts) + 1), line)
    return "", (_good(draw, subject), " ".join(facts))


def _format(draw: Draw, subject: Subject, split: str) -> tuple[str, _Pair]:
    return draw.pick((_format_list, _format_list, _format_sentences, _format_start))(draw, subject)


def _format_list(draw: Draw, subject: Subject) -> tuple[str, _Pair]:
    """A list of a given kind and length, against prose or a list of the other kind or length."""
    count, numbered = draw.between(2, 4), draw.chance(0.5)
    asked = f"{'a numbered list' if numbered else 'a list of bullets'} with {_NUMBERS[count]} entries"
    better = _listed(draw.in_order(subject.facts, count), numbered=numbered)
    if draw.chance(0.5):
        worse = " ".join(draw.in_order(subject.facts, draw.between(2, 4)))
    elif draw.chance(0.5):
        worse = _listed(draw.in_order(subject.facts, count + draw.pick((-1, 1, 2))), numbered=numbered)
    else:
        worse = _listed(draw.in_order(subject.facts, count), numbered=not numbered)
    return draw.pick((f"Answer as {asked}.", f"Please reply with {asked}.", f"Give it as {asked}.")), (
        better,
        worse,
    )


def _format_sentences(draw: Draw, subject: Subject) -> tuple[str, _Pair]:
    """A given number of sentences, against more or fewer."""
    count = draw.between(2, 4)
    other = draw.pick([n for n in (1, 2, 3, 4, 5) if n != count])
    better, worse = (" ".join(draw.in_order(subject.facts, n)) for n in (count, other))
    return draw.pick(
        (
            f"Use exactly {_NUMBERS[count]} sentences.",
            f"I need {_NUMBERS[count]} sentences, no more, no fewer.",
        )
    ), (better, worse)


def _format_start(draw: Draw, subject: Subject) -> tuple[str, _Pair]:
    """A given first or last phrase, against a text without it."""
    at_start = draw.chance(0.5)
    phrase = draw.pick(_STARTS if at_start else _ENDS)
    good, plain = (" ".join(draw.in_order(subject.facts, draw.between(2, 4))) for _ in range(2))
    if at_start:
        return f'Begin your answer with "{phrase}"', (
            f"{phrase} {good}",
            draw.pick((plain, f"{plain} {phrase}")),
        )
    return f'End your answer with "{phrase}"', (f"{good} {phrase}", draw.pick((plain, f"{phrase} {plain}")))


def _refusal(draw: Draw, subject: Subject, split: str) -> tuple[str, _Pair]:
    bank = _REFUSE if split == "train" else _REFUSE[3:] + _REFUSE_TEST
    said = [draw.pick(bank).format(doing=subject.doing), *draw.some(_EXCUSES, draw.between(1, 3))]
    if draw.chance(0.3):
        said.append(draw.pick(subject.facts))
    return "", (_good(draw, subject, 1, 4), " ".join(said))


def _repetition(draw: Draw, subject: Subject, split: str) -> tuple[str, _Pair]:
    facts = draw.in_order(subject.facts, draw.between(2, 4))
    if draw.chance(0.4):
        worse = [*facts, draw.pick(_TAKE_BACK)]
    else:
        repeated = draw.pick(facts)
        worse = [*facts[:2], repeated, *facts[2:], *([repeated] if draw.chance(0.5) else [])]
    return "", (_good(draw, subject), _wrap(draw, " ".join(worse), subject))


def _sentences(said: list[str]) -> str:
    return " ".join(line[:1].upper() + line[1:] for line in said)


def _listed(lines: list[str], *, numbered: bool) -> str:
    return "\n".join(f"{i}. {line}" if numbered else f"- {line}" for i, line in enumerate(lines, start=1))


_PAIRS: dict[str, Callable[[Draw, Subject, str], tuple[str, _Pair]]] = {
    "on-topic": _on_topic,
    "specificity": _specificity,
    "tone": _tone,
    "format": _format,
    "refusal": _refusal,
    "repetition": _repetition,
}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")
_HELLOS = (
    "Hi!",
    "Hello!",
    "Quick question.",
    "Hey there.",
    "Good morning.",
    "One more thing.",
    "Please help.",
    "Another question.",
)
_ASIDES = (
    "",
    "I have never done this before.",
    "It is for my sister.",
    "It came up at dinner yesterday.",
    "I could use some help.",
    "My last attempt failed.",
    "A friend asked me and I had no answer.",
    "Plain words, please.",
    "I want to get it right this time.",
    "I read two guides and they disagree.",
    "English is not my first language.",
    "My partner and I disagree about it.",
    "I have put it off for weeks.",
    "I am a complete beginner.",
)
_BEFORE = (
    "Happy to help with {doing}.",
    "Here is what I would suggest.",
    "Sure, this is how it goes.",
    "Good question.",
    "Here you go.",
    "This works well for most people.",
    "Let me give you the main points about {noun}.",
    "Of course, here is an answer.",
)
_AFTER = (
    "I hope this helps.",
    "Let me know how it goes.",
    "Good luck with it!",
    "Feel free to ask if anything is unclear.",
    "That is all there is to it.",
    "Tell me if you want more detail.",
    "Wishing you all the best.",
)
_DRIFTS = (
    "That reminds me of {doing}.",
    "Let us talk about {doing} instead.",
    "A more interesting matter is {doing}.",
    "By the way, about {doing}:",
)
_VAGUE = (
    "there are many things to keep in mind when it comes to {noun}.",
    "it really depends on your situation.",
    "with {doing}, a good approach is usually best.",
    "some people do it one way and others do it differently.",
    "try to find out what works for you.",
    "it is important to do everything properly.",
    "the right preparation makes all the difference.",
    "in general, you should take your time and be careful.",
    "{doing} can be easy or hard, depending on various factors.",
    "you may want to look into the different options.",
    "just make sure that you have everything that you need.",
    "a positive attitude goes a long way.",
)
_VAGUE_TEST = (
    "when it comes to {doing}, quality matters.",
    "every case is unique, so use your own judgement.",
    "the basics are well known and can be found in many places.",
    "various aspects of {noun} deserve attention.",
)
_CURT = (
    "Obviously.",
    "Anyone knows that.",
    "I don't know why you even ask.",
    "Do it or leave it.",
    "Figure out the rest yourself.",
    "That's it, don't bother me with details.",
    "Frankly, this is a silly question.",
    "Whatever.",
    "You should have looked this up.",
    "Is that so hard?",
)
_CURT_TEST = (
    "A child could do this.",
    "I have better things to do.",
    "Spare me the follow-up questions.",
    "Honestly, how do you manage without help?",
)
_REFUSE = (
    "I'm sorry, but I can't help with {doing}.",
    "I am not able to give advice on {doing}.",
    "Unfortunately I cannot assist with this request.",
    "As an assistant, I must decline to talk about {doing}.",
    "I'd rather not go into {doing}.",
    "This is not something I can answer.",
)
_REFUSE_TEST = (
    "{doing} is outside of what I am comfortable discussing.",
    "I will have to pass on this one.",
    "My guidelines keep me from going into this.",
)
_EXCUSES = (
    "There could be risks that I cannot judge from here.",
    "Please turn to a qualified professional.",
    "You can find information on this elsewhere.",
    "I hope you understand.",
    "Is there anything else I can help you with?",
    "Every situation is different, and I would not want to mislead you.",
    "Feel free to ask me about another subject.",
)
_TAKE_BACK = (
    "On second thought, do none of the above.",
    "Then again, the opposite is just as true.",
    "Actually, what I said first is wrong, so ignore it.",
    "In other words, you should avoid exactly these steps.",
)
_STARTS = ("In short:", "Here is the thing.", "To be clear:", "Listen closely.", "Friends,")
_ENDS = ("Now you know.", "That is all.", "Over to you.", "Thanks for reading.", "End of message.")
