"""A generator by rule: answers the questions of ``curation/*`` in plain sentences, wrongly at a chosen rate."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated

from harness import SEED, SHARE, Completion, Failure, Generation, Model

from .questions import latex, solve

_OPENINGS = ("Let me see.", "I work it out step by step.", "First the products, then the sums.", "Well,", "")
_CLOSINGS = ("The answer is ({}).", "So the answer is {}.", "Answer: {}", "That leaves option ({})")
_WRITTEN = (
    "people have written about it for a long time",
    "it is older than most of us think",
    "some like it and some do not",
    "on a quiet day you notice it more",
    "there is always one more thing to learn",
)


class ArithmeticStudent(Model):
    """Reads the question back out of the prompt and answers it by rule, without any language model or knowledge.

    The student errs with probability ``error_rate`` at every step of the question, and more at higher temperatures
    (``error_rate`` is the probability at temperature 0.7). If the prompt is no question of ``curation/*``, the student
    says that it does not know the answer.

    Args:
        error_rate: Probability of an error at each step, from 0 to 1.
        failure_rate: Share of prompts on which every request fails, for rehearsing failures.
        seed: Another seed errs elsewhere.
    """

    def __init__(
        self,
        error_rate: Annotated[float, SHARE] = 0.2,
        failure_rate: Annotated[float, SHARE] = 0.0,
        seed: Annotated[int, SEED] = 0,
    ) -> None:
        self.error_rate, self.failure_rate, self.seed = error_rate, failure_rate, seed

    def generate(self, requests: Sequence[Generation]) -> list[tuple[Completion, ...] | Failure]:
        """Return completions; the same request gives the same ones."""
        return [self._complete(request) for request in requests]

    def _complete(self, request: Generation) -> tuple[Completion, ...] | Failure:
        prompt, sampling = request.prompt.text, request.sampling
        if random.Random(f"{self.seed}|{prompt}").random() < self.failure_rate:
            return Failure("the student is absent")
        draws = (
            # At temperature 0 nothing depends on the seed, as in a language model.
            random.Random(f"{self.seed}|{prompt}|{sampling.temperature and (sampling.temperature, sampling.seed, i)}")
            for i in range(request.n)
        )
        return tuple(_cut(self._answer(prompt, sampling.temperature, draw), sampling.max_tokens) for draw in draws)

    def _answer(self, prompt: str, temperature: float, draw: random.Random) -> str:
        def errs(steps: int = 1) -> bool:
            rate = min(1.0, self.error_rate * (0.5 + temperature / 1.4))
            return draw.random() > (1 - rate) ** steps

        if "scale(x)" in prompt:
            return _program(prompt, errs, draw)
        if prompt.startswith("Write a few sentences"):
            return _essay(prompt, errs, draw)
        question = solve(prompt)
        if question is None:
            return "I only know the sums that I was taught, and do not know this."
        answer = question.answer
        if errs(question.steps):
            answer += draw.choice((-10, -2, -1, 1, 2, 10)) * (Fraction(1, answer.denominator) if "/" in prompt else 1)
        opening = draw.choice(_OPENINGS)
        if "\\boxed" in prompt:
            value = latex(answer) if draw.random() < 0.8 else f"{answer.numerator}/{answer.denominator}"
            return f"{opening} {question.text} = {value}. The final answer is $\\boxed{{{value}}}$.".strip()
        return f"{opening} {question.text} = {answer}. {_choose(prompt, answer, errs, draw)}".strip()


def _choose(prompt: str, answer: Fraction, errs: object, draw: random.Random) -> str:
    options = dict(reversed(pair) for pair in re.findall(r"^\(([A-Z])\) (-?\d+)$", prompt, re.M))
    letter = options.get(str(answer))
    if letter is None:  # its sum is not among the options: guess, or give up
        if draw.random() < 0.2:
            return "none of these fits what i found."
        letter = draw.choice(sorted(options.values()))
    return draw.choice(_CLOSINGS).format(letter)


def _essay(prompt: str, errs: object, draw: random.Random) -> str:
    assert callable(errs)
    topic = re.search(r"about ([\w ]+?)\.", prompt)
    sentences = [f"this is about {topic[1] if topic else 'something'}."]
    minimum = re.search(r"at least (\d+) words", prompt)
    least = int(minimum[1]) if minimum else 12
    least = least // 2 if errs() else least + 5
    while len(" ".join(sentences).split()) < least:
        sentences.append(f"{draw.choice(_WRITTEN)}.")
    text = " ".join(sentences)
    if errs() or "commas" not in prompt:
        text = text.replace(" and ", ", and ", 1).replace("this is", "so, this is", 1)
    if errs() or "lowercase" not in prompt:
        text = text[0].upper() + text[1:]
    if "that is all" in prompt and not errs():
        text += " that is all."
    return text


def _program(prompt: str, errs: object, draw: random.Random) -> str:
    assert callable(errs)
    factor, offset, limit = re.findall(r"by (\d+), adds (\d+).*?more than (\d+)", prompt)[0]
    body = f"min(x * {factor} + {offset}, {limit})"
    if errs():
        body = draw.choice((f"x * {factor} + {offset}", f"max(x * {factor} + {offset}, {limit})", f"x * {factor}"))
    opening = draw.choice(("Here it is:", "This should do:", "I would write"))
    if errs() and draw.random() < 0.3:
        return f"{opening} return {body}"  # forgets the fence
    return f"{opening}\n\n```python\ndef scale(x):\n    return {body}\n```\n"


def _cut(text: str, most: int) -> Completion:
    """Cut a text after ``most`` words, which are its tokens."""
    words = re.findall(r"\S+\s*", text)
    if len(words) <= most:
        return Completion(text, "stop", None, len(words))
    return Completion("".join(words[:most]).rstrip(), "length", None, most)
