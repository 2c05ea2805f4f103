"""Made-up questions, pupils who answer them, and a grader who forgets to give a grade, most often to a wrong answer."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from harness import (
    SEED,
    SHARE,
    Capability,
    Completion,
    Conversation,
    Generation,
    Model,
    SampleRequests,
    Sampling,
    Stage,
)

from .single import JUDGE, MtBench

QUESTIONS = 40
_SUM = re.compile(r"What is (\d+) and (\d+)\?")
_MORE = re.compile(r"And (\d+) more\?")
_ANSWER = re.compile(r"Assistant:\n(.*?)\n(?:\nUser:|\[The End)", re.DOTALL)
_ONLY = re.compile(r"\[The Start of the Answer\]\n(.*?)\n\[The End of the Answer\]", re.DOTALL)
_NUMBER = re.compile(r"\d+")


def catalogue(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield both turns of every made-up question.

    Args:
        split: Ignored: there is one.
    """
    for number in range(QUESTIONS):
        drawn = random.Random(f"sum {number}")
        one, other, more = (drawn.randrange(10, 90) for _ in range(3))
        turns = [f"What is {one} and {other}?", f"And {more} more?"]
        for turn in (1, 2):
            yield {
                "id": f"sum-{number:02}-{turn}",
                "question": f"sum-{number:02}",
                "turns": turns,
                "turn": turn,
                "which": f"turn {turn}",
                "category": "math" if number % 2 else "stem",
                "references": [f"It is {one + other}.", f"It is {one + other + more}."],
            }


def right(text: str) -> int | None:
    """Return the sum that a text of questions asks for; None where it is none of these."""
    found = _SUM.search(text)
    if found is None:
        return None
    more = _MORE.search(text)
    return int(found[1]) + int(found[2]) + (int(more[1]) if more else 0)


class MadeUpPupil(Model):
    """Answers made-up questions.

    Args:
        skill: Share of the sums that it gets right, in [0, 1].
        how: ``answer``; ``constant``, always the same sum; ``empty``, an empty answer; or ``copy``, the question.
        seed: Of which sums it gets right.
    """

    batch_size = 512

    def __init__(
        self,
        skill: Annotated[float, SHARE] = 0.5,
        how: Literal["answer", "constant", "empty", "copy"] = "answer",
        seed: Annotated[int, SEED] = 0,
    ) -> None:
        self.skill, self.how, self.seed = skill, how, seed

    def answer_made_up(self, requests: Sequence[Generation]) -> list[Any]:
        """Return the answers, as often as asked for."""
        return [(Completion(self._answer(request.prompt)),) * request.n for request in requests]

    def _answer(self, prompt: Conversation) -> str:
        if self.how != "answer":
            return {"constant": "It is 100.", "empty": "", "copy": prompt.messages[-1].content}[self.how]
        asked = "\n".join(message.content for message in prompt.messages if message.role == "user")
        value = right(asked)
        if value is None:
            return "I do not know."
        drawn = random.Random(f"{self.seed} {asked}")
        return f"It is {value if drawn.random() < self.skill else value + drawn.randrange(1, 9)}."


class MadeUpGrader(Model):
    """Writes about made-up answers: 9 for a right sum, 3 for another; and often forgets the grade.

    Args:
        forgets_wrong: Share of wrong answers of which it writes no grade.
        forgets_right: Share of right answers of which it writes no grade.
        seed: Of what it forgets.
    """

    batch_size = 512

    def __init__(
        self,
        forgets_wrong: Annotated[float, SHARE] = 0.8,
        forgets_right: Annotated[float, SHARE] = 0.05,
        seed: Annotated[int, SEED] = 0,
    ) -> None:
        self.forgets_wrong, self.forgets_right, self.seed = forgets_wrong, forgets_right, seed

    def generate(self, requests: Sequence[Generation]) -> list[Any]:
        """Return what it writes, as often as asked for."""
        return [(Completion(self._written(request.prompt.messages[-1].content)),) * request.n for request in requests]

    def _written(self, text: str) -> str:
        answers = _ONLY.findall(text) or _ANSWER.findall(text)
        value = right(text)
        if value is None or not answers:
            return "This is none of the questions that I know."
        numbers = _NUMBER.findall(answers[-1])
        good = numbers == [str(value)]
        said = f"The sum is {value}; the answer {'has it' if good else 'has not'}."
        forgets = self.forgets_right if good else self.forgets_wrong
        if random.Random(f"{self.seed} {text}").random() < forgets:
            return said
        return f"{said} Rating: [[{9 if good else 3}]]"


def _problem(request: Generation, found: tuple[Completion, ...]) -> str | None:
    return None if len(found) == request.n else f"expected {request.n} answers, got {len(found)}"


def _samples() -> SampleRequests:
    texts = [str(row["turns"][0]) for row in list(catalogue("test"))[:6:2]]
    return SampleRequests([Generation(Conversation.user(text), 1, Sampling()) for text in texts])


ANSWER_MADE_UP = Capability(
    "answer_made_up",
    Generation,
    "record",
    record=tuple[Completion, ...],
    check=_problem,
    samples=_samples,
    description="an answer to a made-up question",
)


class MadeUpMtBench(MtBench):
    """`MtBench` whose candidates are asked for ``answer_made_up``."""

    stages: Sequence[Stage] = (
        Stage(("answer_made_up",)),
        Stage(("answer_made_up",)),
        Stage(("generate",), JUDGE),
    )
