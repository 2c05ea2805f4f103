"""A simulated judge with known faults: it asks nobody, and shows what the audit finds of them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Annotated, Any

from harness import ANY, COUNT_OR_NONE, SEED, SHARE, Failure, Model, Pair, Range, Verdict

from .corrections import sigmoid
from .made_up import worth_of
from .style import style_of

_SIDE = Annotated[float, ANY]


def doublings(first: str, second: str) -> float:
    """Return how many times longer one text is than another, in doublings: log2 of the ratio of their lengths.

    >>> doublings("abcdefg", "abc")
    1.0
    """
    return math.log2((len(first) + 1) / (len(second) + 1))


class SimulatedJudge(Model):
    """A simulation, not a judge: it knows the made-up questions' answers, and has the faults that it is given.

    Its log-odds that the response shown first is the better are a sum of the terms below; the verdict is drawn with
    that probability, by a hash of what it was asked, so that the same question has the same verdict. Of a question
    that is not made up it knows no answer.

    Args:
        skill: Log-odds for the better answer.
        position: Log-odds for the response shown first.
        length: Log-odds for the longer response, for each doubling of its length.
        lists: Log-odds for a response that has a list, beside one that has none.
        markdown: Log-odds for a response with headers or bold, beside one without.
        own: Log-odds for a response that holds ``mark``, beside one that does not.
        mark: The text by which it knows a response for its own.
        inconsistency: Share of verdicts that are a toss of a coin, another one with another ``seed``.
        ties: Share of verdicts that are ties.
        unread: Share of verdicts that nobody could read.
        failing: Share of requests that fail.
        soft: Answer with the probability itself instead of a verdict drawn with it.
        individual: Which of many judges with the same faults: their draws differ.
        seed: Seed of what differs when it is asked again.
    """

    batch_size = 2048

    def __init__(
        self,
        skill: Annotated[float, Range(least=0)] = 4.0,
        position: _SIDE = 0.0,
        length: _SIDE = 0.0,
        lists: _SIDE = 0.0,
        markdown: _SIDE = 0.0,
        own: _SIDE = 0.0,
        mark: str = "Written by Aster.",
        inconsistency: Annotated[float, SHARE] = 0.0,
        ties: Annotated[float, SHARE] = 0.0,
        unread: Annotated[float, SHARE] = 0.0,
        failing: Annotated[float, SHARE] = 0.0,
        soft: bool = False,
        individual: Annotated[int, COUNT_OR_NONE] = 0,
        seed: Annotated[int, SEED] = 0,
    ) -> None:
        self.skill, self.position, self.length, self.lists, self.markdown = skill, position, length, lists, markdown
        self.own, self.mark, self.inconsistency, self.ties = own, mark, inconsistency, ties
        self.unread, self.failing, self.soft = unread, failing, soft
        self.individual, self.seed = individual, seed

    def compare(self, requests: Sequence[Pair]) -> list[Any]:
        """Return a verdict for each pair, drawn by its content."""
        return [self._verdict(request) for request in requests]

    def log_odds(self, pair: Pair) -> float:
        """Return the log-odds, in nats, that the response shown first is called better."""
        prompt, texts = pair.prompt.text, (pair.first, pair.second)
        first, second = (worth_of(prompt, text) for text in texts)
        better = 0 if first is None or second is None else (first > second) - (first < second)
        styles = [style_of(text) for text in texts]
        lists = (styles[0].lists > 0) - (styles[1].lists > 0)
        marked = [style.headers + style.bold > 0 for style in styles]
        own = (self.mark in pair.first) - (self.mark in pair.second) if self.mark else 0
        return (
            self.position
            + self.skill * better
            + self.length * doublings(*texts)
            + self.lists * lists
            + self.markdown * (marked[0] - marked[1])
            + self.own * own
        )

    def _verdict(self, pair: Pair) -> Verdict | Failure:
        content = repr((self.individual, pair.content()))
        if _uniform("failing", content) < self.failing:
            return Failure("the simulated judge fails here on purpose")
        if _uniform("unread", content) < self.unread:
            return Verdict(None, "I would rather not say.")
        if _uniform("ties", content) < self.ties:
            return Verdict(0.5, "They are equally good.")
        if _uniform("inconsistency", f"{self.seed} {content}") < self.inconsistency:
            return Verdict(float(_uniform("coin", f"{self.seed} {content}") < 0.5))
        p = sigmoid(self.log_odds(pair))
        return Verdict(p if self.soft else float(_uniform("verdict", content) < p))


def _uniform(what: str, content: str) -> float:
    """Return a number in [0, 1) that looks drawn, and is a hash."""
    digest = hashlib.blake2b(f"{what}\0{content}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
