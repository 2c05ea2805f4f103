"""One stage of a firewall: its detectors asked about a batch, each score kept, each call timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from harness import Conversation, Failure, Message, Part, Request

from .guarding import DetectorScore
from .policies import Policy

SESSIONS = ("none", "last", "max", "sum", "decayed")


@dataclass(slots=True)
class Course:
    """One exchange on its way through a firewall."""

    prompt: Conversation
    """As it came."""
    shown: Conversation
    """As the model is shown it."""
    scores: list[DetectorScore] = field(default_factory=list)
    margins: list[float] = field(default_factory=list)
    """Of the stages that were passed."""
    stage: str = ""
    """Where the policy said to block."""
    failure: Failure | None = None
    milliseconds: dict[str, float] = field(default_factory=dict)

    @property
    def margin(self) -> float:
        """Return how far the policy was from blocking, wherever it was nearest."""
        return max(self.margins)


def timed(part: Callable[[str, Sequence[Request]], list[Any]], capability: str, requests: Sequence[Any]) -> Any:
    """Ask a part; return its answers, and the milliseconds that it took a request."""
    if not requests:
        return [], 0.0
    begun = time.perf_counter()
    answers = part(capability, requests)
    return answers, 1000 * (time.perf_counter() - begun) / len(requests)


@dataclass(frozen=True, slots=True)
class StageDetectors:
    """The detectors of one stage, with their thresholds."""

    stage: str
    names: tuple[str, ...]
    parts: tuple[Part, ...]
    thresholds: tuple[float, ...]
    first: int
    """The place of the first of them among all detectors of the firewall."""

    def ask(
        self, position: int, conversations: Sequence[Conversation], session: str, decay: float
    ) -> tuple[list[Any], float]:
        """Return a detector's log-odds of each conversation, (n,), or a failure; and the milliseconds a conversation.

        Args:
            position: From 0.
            conversations: What it reads.
            session: How its log-odds of the user's turns become one number; ``none``: it reads the whole conversation.
            decay: Of ``decayed``: what is left of the score of a turn at the next one.
        """
        turns = [_turns(conversation, session) for conversation in conversations]
        answers, milliseconds = timed(self.parts[position], "detect", [turn for each in turns for turn in each])
        rest = iter(answers)
        found = [_over_turns([next(rest) for _ in each], session, decay) for each in turns]
        return found, milliseconds * sum(map(len, turns)) / max(len(conversations), 1)

    def judge(
        self,
        policy: Policy,
        courses: Sequence[Course],
        conversations: Sequence[Conversation],
        session: str = "none",
        decay: float = 0.5,
    ) -> None:
        """Ask the detectors about conversations, and note in each course what they said and what follows.

        A detector that fails fails the exchange: what was not looked at is never taken for harmless.
        """
        live = list(range(len(courses)))
        for position, name in enumerate(self.names):
            answers, took = self.ask(position, [conversations[i] for i in live], session, decay)
            threshold, open_ = self.thresholds[position], []
            for i, answer in zip(live, answers, strict=True):
                course = courses[i]
                if isinstance(answer, Failure):
                    course.failure = Failure(f"{self.stage} detector {position + 1} ({name}): {answer.reason}")
                    continue
                course.scores.append(DetectorScore(self.stage, position + 1, name, float(answer), threshold, took))
                course.milliseconds[self.stage] = course.milliseconds.get(self.stage, 0.0) + took
                if not (policy.in_order and policy.settles(float(answer) - threshold)):
                    open_.append(i)
            live = open_
        for course in courses:
            self._decide(policy, course)

    def _decide(self, policy: Policy, course: Course) -> None:
        if course.failure is not None or not self.names:
            return
        kept = course.scores if policy.together else [s for s in course.scores if s.stage == self.stage]
        first = 0 if policy.together and kept[0].stage == "input" else self.first
        margin = policy.margin([s.log_odds - s.threshold for s in kept], first)
        # What votes together replaces what it said before: fewer detectors had been asked.
        course.margins = [margin] if policy.together else [*course.margins, margin]
        if margin > 0 and not course.stage:
            course.stage = self.stage


def _turns(conversation: Conversation, session: str) -> list[Conversation]:
    """Return what a detector reads of a conversation, the user's turns one by one where a session is kept."""
    if session == "none":
        return [conversation]
    own = [message for message in conversation.messages if message.role in ("user", "text")]
    own = own[-1:] if session == "last" else own
    return [Conversation((message,), origin=conversation.origin) for message in own] or [conversation]


def _over_turns(answers: Sequence[Any], session: str, decay: float) -> Any:
    """Return the running score after the last turn, or the first failure."""
    failed = next((answer for answer in answers if isinstance(answer, Failure)), None)
    if failed is not None:
        return failed
    scores = [float(answer) for answer in answers]
    if session == "max":
        return max(scores)
    if session == "sum":
        return sum(scores)
    if session == "decayed":
        return list(accumulate(scores, lambda running, score: decay * running + score))[-1]
    return scores[-1]


def reply_as_read(prompt: Conversation, reply: str, shown: str) -> Conversation:
    """Return what detectors of the output read: the whole exchange, or the reply alone."""
    if shown == "exchange":
        return prompt.reply(reply)
    return Conversation((Message("assistant", reply),), origin=prompt.origin)
