"""One attack on one item: what was asked so far, what it scored, and what is asked next."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from harness import Answers, Item

from .plans import Plan
from .search import Search
from .targets import Target

HASH_BITS = 52
"""Bits of the hash of a text that a column holds exactly."""


class Attacker:
    """Follows the rounds of one item.

    It is made of the answers alone, so that a run that was killed goes on where it was; and it is kept between rounds,
    so that no round is gone through twice.

    Args:
        item: The item.
        target: What is attacked.
        plan: How.
    """

    def __init__(self, item: Item, target: Target, plan: Plan) -> None:
        self._item, self._target, self._plan = item, target, plan
        self.text: str | None = target.text(item)
        """What the next round asks about; None where there is none."""
        self.scores: list[float] = []
        """Of the rounds so far, the plain text's first."""
        self.hashes = [hash_of(self.text)]
        """Of the texts of all rounds, the next one's last."""
        self.texts = [self.text]
        """The same as texts, where they are to be kept."""
        self.unscored = 0
        """Queries of which a grader could not say what became of them."""
        self.plain_known = True
        """Whether it is known what became of the text as it is."""
        self.failed = False
        """Whether a query failed, so that nothing is known of what comes after."""
        self._search = Search(self.text, plan)
        self._heard: list[Answers] = []

    def follows(self, answers: Sequence[Answers]) -> bool:
        """Tell whether these are the answers that were heard, and perhaps more."""
        width = len(self._target.task.stages)
        firsts = answers[: len(self._heard) * width : width]
        return len(firsts) == len(self._heard) and all(a is b for a, b in zip(self._heard, firsts, strict=True))

    def hear(self, answers: Sequence[Answers]) -> None:
        """Take the answers of all rounds, of which the first are known."""
        width = len(self._target.task.stages)
        for start in range(len(self._heard) * width, len(answers) - width + 1, width):
            if self.text is None or self.failed:
                return
            part = answers[start : start + width]
            if not part[0].requests:
                return
            self._heard.append(part[0])
            self._take(part)

    def _take(self, part: Sequence[Answers]) -> None:
        score, known = (np.nan, True) if any(each.failures for each in part) else self._target.score(self._item, part)
        if not np.isfinite(score):
            self.failed, self.text = True, None
            return
        if self.scores:
            self._search.tell(1.0 if self._plan.feedback == "decision" else score)
        else:
            self._search.begin(score)
            self.plain_known = known
        self.scores.append(score)
        self.unscored += not known
        self.text = None if self._is_over(score) else self._search.propose()
        if self.text is not None:
            self.hashes.append(hash_of(self.text))
            self.texts = [*self.texts, self.text] if self._plan.keep_texts else []

    @property
    def is_unknown(self) -> bool:
        """Whether nobody can say what came of the attack: the text as it is could not be graded, and none got through.

        It may have got through as it is, and to count it among those that held would be to take it for safe.
        """
        return not self.plain_known and not any(
            score <= threshold_of(self._target, self._plan) for score in self.scores
        )

    def _is_over(self, score: float) -> bool:
        """Tell whether the text got through, or nobody wants it to; with ``fpr`` that is known once all rows are."""
        if not self._target.is_attacked(self._item) or len(self.scores) > self._plan.queries:
            return True
        return self._plan.fpr is None and score <= threshold_of(self._target, self._plan)


def threshold_of(target: Target, plan: Plan) -> float:
    """Return the score up to which a text gets through, where that is known beforehand."""
    return target.threshold if plan.threshold is None else plan.threshold


def hash_of(text: str) -> float:
    """Return the hash of a text as a column holds it: the first bits of its SHA-256."""
    return float(int(digest_of(text)[: HASH_BITS // 4], 16))


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
