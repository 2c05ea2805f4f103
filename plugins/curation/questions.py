"""This project's own questions for every checker, made by rule: the tasks ``curation/*`` read them.

Every prompt follows from a `Puzzle`, and ``arithmetic-student`` reads the puzzle back out of the prompt's text.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

COUNT = 60
"""Questions a split and checker."""

_TOPICS = ("the sea", "a bicycle", "the moon", "bread", "a library", "winter", "honey bees", "a bridge", "maps", "tea")


class Puzzle(NamedTuple):
    """A sum, with the number of its steps: more steps are harder."""

    text: str
    answer: Fraction
    steps: int


def puzzle(draw: random.Random, steps: int) -> Puzzle:
    """Draw a sum of one to four steps, with the usual precedence."""
    terms: list[str] = []
    total = Fraction(0)
    for i in range(steps):
        a, b = draw.randint(2, 10 ** min(steps, 2) + 9), draw.randint(2, 12)
        sign = -1 if i and draw.random() < 0.4 else 1
        product = draw.random() < 0.6
        terms.append(("" if not i else " - " if sign < 0 else " + ") + (f"{a} × {b}" if product else str(a)))
        total += sign * (a * b if product else a)
    return Puzzle("".join(terms), total, steps)


_SUM = re.compile(r"What is ([\d+×/ -]+?)\?")


def solve(prompt: str) -> Puzzle | None:
    """Work out the sum in a prompt; None if the prompt holds no sum."""
    match = _SUM.search(prompt)
    if match is None:
        return None
    total, terms = Fraction(0), re.findall(r"([+-]?)\s*(\d+(?:\s*[×/]\s*\d+)*)", match[1])
    for sign, term in terms:
        value = Fraction(1)
        for operator, digits in re.findall(r"([×/]?)\s*(\d+)", term):
            value = value / int(digits) if operator == "/" else value * int(digits)
        total += -value if sign == "-" else value
    return Puzzle(match[1], total, len(terms))


def choice(split: str) -> Iterator[dict[str, Any]]:
    """Make sums with four to ten answers to choose from, for the checker ``choice``."""
    for number, draw, steps in _each("choice", split):
        sum_ = puzzle(draw, steps)
        count = draw.choice((4, 5, 8, 10))
        near = [sum_.answer + d for d in (-20, -11, -10, -9, -7, -3, -2, -1, 1, 2, 3, 7, 9, 10, 11, 20)]
        options = [sum_.answer, *draw.sample(near, count - 1)]
        draw.shuffle(options)
        listed = "\n".join(f"({chr(65 + i)}) {option}" for i, option in enumerate(options))
        yield {
            "id": f"choice/{split}/{number:03}",
            "prompt": f"What is {sum_.text}?\n{listed}\nThink, then finish with: The answer is (X).",
            "reference": [chr(65 + options.index(sum_.answer)), [str(option) for option in options]],
            "steps": f"{steps} steps",
        }


def boxed(split: str) -> Iterator[dict[str, Any]]:
    """Make sums of fractions, for the checker ``boxed``."""
    for number, draw, steps in _each("boxed", split):
        terms = [Fraction(draw.randint(1, 11), draw.randint(2, 9)) for _ in range(steps + 1)]
        text = " + ".join(f"{t.numerator}/{t.denominator}" for t in terms)
        yield {
            "id": f"boxed/{split}/{number:03}",
            "prompt": f"What is {text}? Put your final answer in \\boxed{{}}.",
            "reference": latex(sum(terms, Fraction(0))),
            "steps": f"{steps} steps",
        }


def latex(value: Fraction) -> str:
    """Write a fraction in LaTeX as people write it."""
    if value.denominator == 1:
        return str(value.numerator)
    return f"{'-' if value < 0 else ''}\\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"


def instructions(split: str) -> Iterator[dict[str, Any]]:
    """Make requests for short texts under one to four instructions, for the checker ``instructions``."""
    for number, draw, steps in _each("instructions", split):
        words = 5 * draw.randint(3, 9)
        wishes: list[tuple[str, dict[str, Any], str]] = [
            (
                "length_constraints:number_words",
                {"num_words": words, "relation": "at least"},
                f"Use at least {words} words.",
            ),
            ("change_case:english_lowercase", {}, "Use lowercase letters only."),
            ("punctuation:no_comma", {}, "Do not use any commas."),
            ("startend:end_checker", {"end_phrase": "that is all."}, "End with exactly: that is all."),
        ]
        wishes = draw.sample(wishes, steps)
        sentences = " ".join(sentence for _, _, sentence in wishes)
        yield {
            "id": f"instructions/{split}/{number:03}",
            "prompt": f"Write a few sentences about {draw.choice(_TOPICS)}. {sentences}",
            "reference": [[name for name, _, _ in wishes], [arguments for _, arguments, _ in wishes]],
            "steps": f"{steps} steps",
        }


def python(split: str) -> Iterator[dict[str, Any]]:
    """Make requests for functions of one number, for the checker ``python``."""
    for number, draw, steps in _each("python", split):
        factor, offset, limit = draw.randint(2, 9), draw.randint(1, 20), draw.randint(5, 30) * steps
        inputs = [0, 1, 7, -3, limit, limit + 1]
        tests = [f"assert scale({x}) == {min(factor * x + offset, limit)}" for x in inputs]
        yield {
            "id": f"python/{split}/{number:03}",
            "prompt": (
                f"Write a Python function scale(x) that multiplies x by {factor}, adds {offset}, "
                f"and returns the result, but never more than {limit}."
            ),
            "reference": tests,
            "steps": f"{steps} steps",
        }


def _each(name: str, split: str) -> Iterator[tuple[int, random.Random, int]]:
    for number in range(COUNT):
        yield number, random.Random(f"{name}/{split}/{number}"), 1 + number % 4
