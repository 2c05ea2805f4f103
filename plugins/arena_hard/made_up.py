"""Made-up prompts, answers and verdicts, of which all is known: what is right, and how biased a judge is.

A shelf holds eight things with made-up names. An answer lists eight names, of which a writer knows some, and goes on as
long as it likes. A judge counts right and wrong names, errs, and may like long answers or what it is shown second.
"""

from __future__ import annotations

import functools
import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from harness import ANY, COUNT_OR_NONE, SEED, SHARE, Completion, Generation, Model, Pair, Range, Verdict

SHELVES = 120
NAMED = 8
BASELINE_SKILL, BASELINE_WORDS = 0.5, 40
_SYLLABLES = ("ba", "de", "fi", "go", "lu", "ma", "ne", "pi", "ro", "su", "ta", "ve")
_SHELF = re.compile(r"shelf (\d+)")
_NAMES = re.compile(r"holds a \**([a-z]{6})\b")
_FILLER = ["and", "there", "is", "more", "to", "be", "said", "of", "it", "than", "one", "would", "think", "at", "first"]
TIED, STRONG = 0.75, 2.5
"""Sizes of a judge's leaning up to which it calls a tie, and from which it is sure."""


@functools.cache
def things(shelf: int) -> frozenset[str]:
    """Return the names of what stands on a shelf."""
    drawn = random.Random(f"shelf {shelf}")
    names: set[str] = set()
    while len(names) < NAMED:
        names.add("".join(drawn.choices(_SYLLABLES, k=3)))
    return frozenset(names)


def catalogue(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield a prompt for every shelf, with the baseline's answer; two neighbouring shelves are of one topic.

    Args:
        split: Ignored: there is one.
    """
    for shelf in range(SHELVES):
        prompt = f"What stands on shelf {shelf}? Name eight things."
        answer = written(prompt, BASELINE_SKILL, BASELINE_WORDS, marked=False, seed=0)
        yield {"id": f"shelf-{shelf:03}", "prompt": prompt, "baseline": answer, "topic": f"aisle {shelf // 2}"}


def written(prompt: str, skill: float, words: int, *, marked: bool, seed: int) -> str:
    """Return an answer of eight names and about that many words of filler: from none to twice as many.

    Args:
        prompt: A prompt of `catalogue`.
        skill: Share of the names that are right, in [0, 1], on the mean.
        words: Words behind the names, on the mean.
        marked: Whether most answers have a header, a list and bold names; else few have.
        seed: Two writers of one seed know the same names.
    """
    found = _SHELF.search(prompt)
    shelf = int(found[1]) if found else -1
    drawn = random.Random(f"{seed} {shelf}")
    right = sorted(things(shelf))
    drawn.shuffle(right)
    names = [name if drawn.random() < skill else "".join(drawn.choices("aeiou", k=6)) for name in right]
    header, listed, bold = (drawn.random() < (0.8 if marked else 0.2) for _ in range(3))
    lines = [f"{'- ' if listed else ''}It holds a {f'**{name}**' if bold else name}." for name in names]
    filler = " ".join(_FILLER[i % len(_FILLER)] for i in range(round(2 * words * drawn.random())))
    parts = [f"## Shelf {shelf}" if header else "", ("\n" if listed else " ").join(lines), filler]
    return "\n\n".join(part for part in parts if part)


class MadeUpWriter(Model):
    """Answers made-up prompts.

    Args:
        skill: Share of the names that it knows, in [0, 1].
        words: Words of filler behind them, on the mean.
        marked: Whether most answers have a header, a list and bold names; else few have.
        how: ``write``; ``empty``, an empty answer; or ``copy``, the baseline's own answer.
        seed: Two writers of one seed know the same names.
    """

    batch_size = 512

    def __init__(
        self,
        skill: Annotated[float, SHARE] = 0.5,
        words: Annotated[int, COUNT_OR_NONE] = 40,
        marked: bool = False,
        how: Literal["write", "empty", "copy"] = "write",
        seed: Annotated[int, SEED] = 1,
    ) -> None:
        self.skill, self.words, self.marked, self.how, self.seed = skill, words, marked, how, seed

    def write_made_up(self, requests: Sequence[Generation]) -> list[Any]:
        """Return the answers, as often as asked for."""
        return [(Completion(self._answer(request.prompt.text)),) * request.n for request in requests]

    def _answer(self, prompt: str) -> str:
        if self.how == "empty":
            return ""
        if self.how == "copy":
            return written(prompt, BASELINE_SKILL, BASELINE_WORDS, marked=False, seed=0)
        return written(prompt, self.skill, self.words, marked=self.marked, seed=self.seed)


class MadeUpJudge(Model):
    """Compares made-up answers by their right names; errs by prompt, and is as biased as its arguments say.

    Its errors are the same whichever answer is shown first, so that the two games of a prompt are not independent.

    Args:
        length: How much better twice the characters seem, in right names.
        second: How much better the answer shown second seems, in right names.
        error: Standard deviation of its errors, in right names.
        seed: Of the errors.
    """

    batch_size = 512

    def __init__(
        self,
        length: Annotated[float, ANY] = 0.0,
        second: Annotated[float, ANY] = 0.0,
        error: Annotated[float, Range(least=0)] = 1.5,
        seed: Annotated[int, SEED] = 0,
    ) -> None:
        self.length, self.second, self.error, self.seed = length, second, error, seed

    version: ClassVar[str] = "1"

    def compare(self, requests: Sequence[Pair]) -> list[Any]:
        """Return one of five labels for each pair; no verdict where the prompt is none of the made-up ones."""
        return [self._verdict(request) for request in requests]

    def _verdict(self, request: Pair) -> Verdict:
        found = _SHELF.search(request.prompt.text)
        if found is None:
            return Verdict(None, "not a prompt of a shelf")
        right = things(int(found[1]))
        first, second = ((_worth(text, right), len(text)) for text in (request.first, request.second))
        longer = math.log2((first[1] + 1) / (second[1] + 1))
        lean = first[0] - second[0] + self._error(request) + self.length * longer - self.second
        side = "first" if lean > 0 else "second"
        if abs(lean) <= TIED:
            return Verdict(0.5, "[[A=B]]", "tie")
        strong = abs(lean) >= STRONG
        sign = (">>" if strong else ">") if side == "first" else ("<<" if strong else "<")
        return Verdict(float(lean > 0), f"[[A{sign}B]]", side if strong else f"slightly {side}")

    def _error(self, request: Pair) -> float:
        one, other = sorted((request.first, request.second))
        drawn = random.Random(f"{self.seed} {request.prompt.text} {one} {other}").gauss(0.0, self.error)
        return drawn if one == request.first else -drawn


def _worth(answer: str, right: frozenset[str]) -> float:
    named = set(_NAMES.findall(answer))
    return len(named & right) - 0.5 * len(named - right)
