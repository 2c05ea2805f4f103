"""Made-up questions with answers that are right, half right and wrong, and twins of them that look otherwise.

Each question is asked about in several pairs: the three answers against each other, which makes a triple; an answer
against one that says the same, longer, as a list or in markdown; such a twin of the wrong answer against the right
one, and the other way round; and some answers against a copy of themselves. Which of two is shown first is drawn.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

QUESTIONS = 60
SEED = 23
LONG, LIST, MARKDOWN = "long", "list", "markdown"
STYLES = (LONG, LIST, MARKDOWN)
WRITERS = ("Aster", "Birch")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FILLER = (
    "To go over it once more, the question asks for one thing only, and the sentences above say what it is.",
    "Nothing else has to be considered here, and no further information would change what has been said.",
    "It may be useful to read the question again at this point and to hold it against these sentences.",
)


class Question(NamedTuple):
    """A question and its three answers, each in three sentences, of which the first one is the answer itself."""

    prompt: str
    right: tuple[str, str, str]
    halfway: tuple[str, str, str]
    wrong: tuple[str, str, str]


def _sum(draw: random.Random) -> Question:
    a, b = draw.randint(12, 79), draw.randint(12, 79)
    total, off = a + b, a + b + draw.choice((-10, 10, 9, -9))
    low = total // 10 * 10
    return Question(
        f"What is {a} + {b}?",
        (f"{a} + {b} is {total}.", f"First, {a} + {b // 10 * 10} is {a + b // 10 * 10}.", f"Then {b % 10} are added."),
        (f"{a} + {b} lies between {low} and {low + 10}.", "The tens alone show that.", "The ones decide where in it."),
        (f"{a} + {b} is {off}.", f"First, the tens of {a} and {b} are added.", "Then the ones are added to that."),
    )


def _day(draw: random.Random) -> Question:
    start, steps = draw.randrange(7), draw.randint(9, 40)
    right, wrong = _DAYS[(start + steps) % 7], _DAYS[(start + steps + draw.choice((1, 2, 5))) % 7]
    now = _DAYS[start]
    return Question(
        f"Today is {now}. Which day is it in {steps} days?",
        (f"In {steps} days it is {right}.", f"{steps // 7} whole weeks change nothing.", f"{steps % 7} days are left."),
        (f"In {steps} days it is {steps % 7} days after {now}.", "Whole weeks change nothing.", "Count on from there."),
        (f"In {steps} days it is {wrong}.", "Whole weeks change nothing.", f"The days left are counted from {now}."),
    )


def _order(draw: random.Random) -> Question:
    numbers = draw.sample(range(10, 99), 4)
    up = sorted(numbers)
    half, down = [up[0], up[2], up[1], up[3]], up[::-1]
    said = ", ".join(map(str, numbers))

    def line(order: list[int]) -> tuple[str, str, str]:
        listed = ", ".join(map(str, order))
        return f"From small to large: {listed}.", f"The least of them is {order[0]}.", f"At the end comes {order[-1]}."

    return Question(f"Sort these numbers from small to large: {said}.", line(up), line(half), line(down))


def _change(draw: random.Random) -> Question:
    price, count = draw.randint(3, 9), draw.randint(3, 8)
    paid = price * count + draw.randint(2, 30)
    left, off = paid - price * count, paid - price * count + draw.choice((-1, 1, 2, 5))
    return Question(
        f"{count} tickets cost {price} coins each. How much is left of {paid} coins?",
        (f"{left} coins are left.", f"The tickets cost {price * count} coins.", f"They are taken from {paid}."),
        (f"What is left is {paid} less {price * count} coins.", "The tickets are paid from it.", "The rest remains."),
        (f"{off} coins are left.", f"The tickets are {count} times {price} coins.", f"They are taken from {paid}."),
    )


@functools.cache
def questions() -> tuple[Question, ...]:
    """Return the questions, each once; the same in every process."""
    draw = random.Random(SEED)
    made: dict[str, Question] = {}
    families = (_sum, _day, _order, _change)
    while len(made) < QUESTIONS:
        question = families[len(made) % len(families)](draw)
        made.setdefault(question.prompt, question)
    return tuple(made.values())


@functools.cache
def _answers() -> Mapping[str, tuple[str, str, str]]:
    """Return by prompt the first sentences of the wrong, the half right and the right answer."""
    return {q.prompt: (q.wrong[0], q.halfway[0], q.right[0]) for q in questions()}


def worth_of(prompt: str, response: str) -> int | None:
    """Return 2 for the right answer to a made-up question, 1 for a half right one, 0 for a wrong one; None for others.

    >>> first = questions()[0]
    >>> [worth_of(first.prompt, styled(answer, LIST)) for answer in (first.right, first.halfway, first.wrong)]
    [2, 1, 0]
    """
    known = _answers().get(prompt, ())
    return next((worth for worth, sentence in enumerate(known) if sentence in response), None)


def styled(sentences: tuple[str, str, str], style: str = "") -> str:
    """Write three sentences plainly, or in a style that adds nothing to what they say."""
    if style == LIST:
        return "\n".join(f"- {sentence}" for sentence in sentences)
    if style == MARKDOWN:
        return f"## Answer\n\n**{sentences[0]}** {sentences[1]} {sentences[2]}"
    return " ".join((*sentences, *(_FILLER if style == LONG else ())))


def pairs(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield the pairs of every question, with the better one, or that they are equal.

    Args:
        split: Ignored: there is one.
    """
    draw = random.Random(SEED + 1)
    for number, question in enumerate(questions()):
        style = STYLES[number % len(STYLES)]
        right, halfway, wrong = (styled(answer) for answer in question[1:])
        made = [
            ("right-halfway", right, halfway, "first"),
            ("halfway-wrong", halfway, wrong, "first"),
            ("right-wrong", right, wrong, "first"),
            (f"{style}-twin", right, styled(question.right, style), "tie"),
            (f"{style}-against", right, styled(question.wrong, style), "first"),
            (f"{style}-with", styled(question.right, style), wrong, "first"),
        ]
        if number % 4 == 0:
            made.append(("copy", right, right, "tie"))
        for probe, first, second, label in made:
            yield _row(draw, number, question.prompt, probe, (first, second), label)


def signed_pairs(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield pairs of answers that two made-up writers signed: two right ones, and a right and a wrong one.

    Args:
        split: Ignored: there is one.
    """
    draw = random.Random(SEED + 2)
    for number, question in enumerate(questions()):
        one, other = WRITERS if number % 2 else WRITERS[::-1]
        right = styled(question.right)
        for probe, worse, label in (("equal", right, "tie"), ("better", styled(question.wrong), "first")):
            texts = (_signed(right, one), _signed(worse, other))
            yield _row(draw, number, question.prompt, probe, texts, label, (one, other))


def _signed(text: str, writer: str) -> str:
    return f"{text}\n\nWritten by {writer}."


def _row(
    draw: random.Random,
    number: int,
    prompt: str,
    probe: str,
    texts: tuple[str, str],
    label: str,
    writers: tuple[str, str] | None = None,
) -> Mapping[str, Any]:
    """Make a row, with the two responses exchanged in half of the draws."""
    exchange = draw.random() < 0.5
    if exchange:
        texts = texts[::-1]
        writers = writers and writers[::-1]
        label = {"first": "second"}.get(label, label)
    row = {"id": f"{number}-{probe}", "question": number, "probe": probe, "prompt": prompt, "label": label}
    row |= {"first": texts[0], "second": texts[1]}
    if writers:
        row |= {"first_model": writers[0].lower(), "second_model": writers[1].lower()}
    return row
