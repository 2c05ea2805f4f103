"""What becomes of replies that are blocked: refused, redacted, or drawn anew."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness import Candidates, Conversation, Failure, Generation, Part, Sampling

from .stages import Course, timed

REFUSAL = "I'm sorry, but I can't help with that."
REMOVED = "[removed]"
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
Passes = Callable[[Sequence[Course], Sequence[str]], list[bool]]
"""Which replies the output's detectors let through, each after the input of its course."""
Reply = tuple[int, int, Course, str]
"""Number of the request, number of the reply, its course, its text."""


class BlockedReplies:
    """Finds what the user gets in the place of a blocked reply.

    Args:
        passes: Asks the detectors of the output.
        parts: The firewall's parts, of which ``base`` draws replies and ``reward`` scores them.
        on_block: ``refuse``, ``redact`` or ``resample``.
        resample: How many replies are drawn.
        refusal: What stands for a reply that nothing else can stand for.
    """

    def __init__(self, passes: Passes, parts: Mapping[str, Any], on_block: str, resample: int, refusal: str) -> None:
        self._passes, self._parts, self._refusal = passes, parts, refusal
        self._on_block, self._resample = on_block, resample

    def changed(
        self, requests: Sequence[Generation], replies: Sequence[Reply]
    ) -> dict[tuple[int, int], tuple[str, str]]:
        """Return what is done with the replies that are blocked, and what the user gets, by request and reply."""
        blocked = [one for one in replies if one[2].stage and one[2].failure is None]
        done = {(i, j): ("refuse", self._refusal) for i, j, _, _ in blocked}
        late = [one for one in blocked if one[2].stage == "output"]
        if self._on_block == "redact":
            for i, j, course, text in late:
                if said := self._redacted(course, text):
                    done[i, j] = ("redact", said)
        if self._on_block == "resample" and "base" in self._parts:
            for (i, j, _, _), drawn in zip(late, self._resampled(requests, late), strict=True):
                if drawn is not None:
                    done[i, j] = ("resample", drawn)
        return done

    def _redacted(self, course: Course, text: str) -> str:
        """Return a reply without the sentences that are blocked by themselves; empty where that is not enough."""
        sentences = [sentence for sentence in _SENTENCE.split(text) if sentence.strip()]
        kept = self._passes([course] * len(sentences), sentences)
        if not any(kept):
            return ""
        said = " ".join(s if fine else REMOVED for s, fine in zip(sentences, kept, strict=True))
        return said if said != text and self._passes([course], [said])[0] else ""

    def _resampled(self, requests: Sequence[Generation], late: Sequence[Reply]) -> list[str | None]:
        """Draw further replies in the place of blocked ones; return the best that passes, or None."""
        asked = [
            Generation(course.shown, self._resample, _drawn_anew(requests[i].sampling, j), origin=course.prompt.origin)
            for i, j, course, _ in late
        ]
        answers, _ = timed(self._parts["base"], "generate", asked)
        drawn = [
            [] if isinstance(answer, Failure) else list(dict.fromkeys(completion.text for completion in answer))
            for answer in answers
        ]
        flat = [(course, text) for (_, _, course, _), texts in zip(late, drawn, strict=True) for text in texts]
        passes = iter(self._passes([course for course, _ in flat], [text for _, text in flat]))
        fine = [[text for text in texts if next(passes)] for texts in drawn]
        return [self._best(course.prompt, texts) for (_, _, course, _), texts in zip(late, fine, strict=True)]

    def _best(self, prompt: Conversation, texts: Sequence[str]) -> str | None:
        if not texts or "reward" not in self._parts:
            return texts[0] if texts else None
        reward: Part = self._parts["reward"]
        scores = reward("score", [Candidates(prompt, tuple(texts), origin=prompt.origin)])[0]
        if isinstance(scores, Failure):
            return None  # a guardrail that cannot choose lets nothing through
        return max(zip(texts, scores, strict=True), key=lambda pair: float(pair[1]))[0]


def _drawn_anew(sampling: Sampling, place: int) -> Sampling:
    """Return a sampling that gives other replies than the one that was blocked."""
    warm = sampling.temperature or 1.0
    return dataclasses.replace(sampling, temperature=warm, seed=(sampling.seed + 1 + place) % 2**31)
