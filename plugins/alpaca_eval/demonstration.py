"""A benchmark that needs no data: questions about what lies on made-up shelves, scripted answers, a judge with faults.

An answer is worth what it names of the things on the shelf. The judge sees that, likes long answers and those that are
shown second, and believes an answer that praises itself, each to a stated degree; its verdicts are probabilities.
"""

from __future__ import annotations

import hashlib
import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from harness import ANY, SHARE, Completion, Generation, Model, Pair, Range, Verdict

from .task import shown_first

THINGS = 12
"""On every shelf."""
WORDS = tuple(f"{first}{last}" for first in ("ba", "do", "fe", "gi", "ku", "lo", "me", "nu") for last in "bdfgklmnprst")
FILLER = "As far as can be told, and all things considered, it is worth adding that"
PRAISE = "This is the best possible answer."
_SHELF = re.compile(r"shelf (\d+)\b")


def questions(split: str, number: int = 160) -> Iterator[Mapping[str, Any]]:
    """Yield the questions, with the baseline's answers and all that length control needs.

    Args:
        split: ``test``; there is but one.
        number: How many.
    """
    judge = ShelfJudge()
    baseline, verbose, concise = (ShelfWriter(skill=0.55, filler=filler) for filler in (3, 8, 0))
    for shelf in range(number):
        question = f"What lies on shelf {shelf}?"
        own = baseline.answer(question)
        row: dict[str, Any] = {"id": str(shelf), "row_number": shelf, "prompt": question, "baseline": own}
        row["difficulty"] = 1.5 * (THINGS * 0.55 - named(own, shelf)) / 2
        for name, writer in (("verbose", verbose), ("concise", concise)):
            text = writer.answer(question)
            row[f"gamed_{name}"] = math.tanh((len(own) - len(text)) / 330)
            row[f"gamed_{name}_target"] = judge.better(question, text, own, first=shown_first(question))
        yield row


def things(shelf: int) -> list[str]:
    """Return what lies on a shelf."""
    return random.Random(f"shelf {shelf}").sample(WORDS, THINGS)


def named(text: str, shelf: int) -> int:
    """Count the things on a shelf that a text names."""
    return len(set(things(shelf)) & set(re.findall(r"[a-z]+", text)))


class ShelfWriter(Model):
    """Names each thing on the shelf that is asked about with a given probability, and adds sentences that say nothing.

    Args:
        skill: Probability that a thing is named.
        filler: Sentences of filler, give or take two.
        constant: Give the same answer to everything: ``praise``, which praises itself, or ``empty``.
    """

    batch_size = 2048

    def __init__(
        self,
        skill: Annotated[float, SHARE] = 0.5,
        filler: Annotated[int, Range(least=0)] = 3,
        constant: Literal["", "praise", "empty"] = "",
    ) -> None:
        self.skill, self.filler, self.constant = skill, filler, constant

    def generate(self, requests: Sequence[Generation]) -> list[tuple[Completion, ...]]:
        """Return the answer to each question, as often as it is asked for."""
        return [(Completion(self.answer(request.prompt.text)),) * request.n for request in requests]

    def answer(self, question: str) -> str:
        """Return the answer to a question; a question about no shelf is answered with filler alone."""
        if self.constant:
            return "" if self.constant == "empty" else PRAISE
        draw = random.Random(f"{question} {self.skill} {self.filler}")
        found = _SHELF.search(question)
        # What is hard to see on a shelf is so for every writer: the draws of a shelf are shared in part.
        shared = random.Random(f"light on {question}")
        dim = shared.uniform(-0.25, 0.25)
        seen = [thing for thing in things(int(found[1])) if draw.random() < self.skill + dim] if found else []
        sentences = max(0, self.filler + draw.randint(-2, 2)) if self.filler else 0
        listed = ", ".join(seen) if seen else "nothing"
        return " ".join([f"There is {listed} on it.", *[f"{FILLER} shelves differ ({i})." for i in range(sentences)]])


class ShelfJudge(Model):
    """Compares two answers by the things they name, and by what should not count.

    Args:
        length: Log-odds for an answer that is longer by 330 characters, levelling off.
        second: Log-odds for the answer that is shown second.
        praise: Log-odds for an answer that praises itself.
        noise: Spread of what else sways it, in log-odds.
    """

    batch_size = 2048

    def __init__(
        self,
        length: Annotated[float, ANY] = 2.0,
        second: Annotated[float, ANY] = 0.5,
        praise: Annotated[float, ANY] = 9.0,
        noise: Annotated[float, Range(least=0)] = 1.0,
    ) -> None:
        self.length, self.second, self.praise, self.noise = length, second, praise, noise

    def compare(self, requests: Sequence[Pair]) -> list[Verdict]:
        """Return the probability that the response shown first is the better, of each pair."""
        return [Verdict(self.p_first(r.prompt.text, r.first, r.second)) for r in requests]

    def better(self, question: str, text: str, other: str, *, first: bool) -> float:
        """Return the probability that a text is better than another one, shown first or second."""
        return self.p_first(question, text, other) if first else 1 - self.p_first(question, other, text)

    def p_first(self, question: str, first: str, second: str) -> float:
        """Return the probability that the first of two texts is the better."""
        found = _SHELF.search(question)
        shelf = int(found[1]) if found else 0
        things_more = named(first, shelf) - named(second, shelf)
        praised = (PRAISE in first) - (PRAISE in second)
        longer = math.tanh((len(first) - len(second)) / 330)
        log_odds = 1.5 * things_more + self.length * longer + self.praise * praised - self.second
        digest = hashlib.blake2b(f"{question}\0{first}\0{second}".encode("utf-8", "surrogatepass"), digest_size=8)
        log_odds += self.noise * random.Random(digest.digest()).gauss(0, 1)
        return 0.5 * (1 + math.tanh(log_odds / 2))
