"""The firewall: a chat model between detectors of its input and of its output, under a policy."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Annotated, Any, ClassVar

from harness import (
    INSIDE,
    Completion,
    Conversation,
    Failure,
    Generation,
    Model,
    OneOf,
    Range,
    Sampling,
    UsageError,
)

from . import transforms as plain_text
from .blocked import REFUSAL, BlockedReplies
from .guarding import Exchange, Guarding
from .policies import POLICIES, Policy, checked_policy
from .stages import SESSIONS, Course, StageDetectors, reply_as_read, timed


class Firewall(Model):
    """Lets a prompt through to its model, and the reply through to the user, where its policy does not block.

    Without a base it is a detector: its log-odds are the margin by which the policy blocks.

    Args:
        base: The chat model that is guarded; without it nothing is generated.
        input: Detectors of prompts, any number: ``input=[[keyword-list],[keyword-list:slope=2]]``.
        output: Detectors of replies.
        reward: A model whose ``score`` chooses among the replies that pass, for ``on_block=resample``.
        policy: ``any`` (one detector above its threshold blocks), ``k-of-n`` (k of all detectors asked so far),
            ``weighted-sum`` (of log-odds less thresholds), ``cascade`` (each is asked only where those before it lie
            within the band) or ``shadow`` (as ``any``, and never obeyed).
        k: Of ``k-of-n``.
        weights: Of ``weighted-sum``, a number a detector, those of the input first; 1 each by default.
        band: Of ``cascade``: nats below and above a threshold between which the next detector is asked: ``[-2,1]``.
        input_thresholds: Log-odds above which each detector of the input votes to block; 0 each by default.
        output_thresholds: The same for detectors of the output.
        transforms: Of what is read: ``nfkc``, ``confusables``, ``zero-width``, which the model reads too, and
            ``decode``, which detectors alone read.
        output_reads: Whether detectors of the output read the whole ``exchange`` or the ``reply`` alone.
        session: How a detector's log-odds of the user's turns become one: ``none`` (it reads the conversation as one),
            ``last``, ``max``, ``sum``, or ``decayed``.
        decay: What is left of a turn's score at the next, for ``decayed``.
        on_block: What becomes of a reply that is blocked: ``refuse``, ``redact`` (sentences that are blocked by
            themselves are removed) or ``resample`` (others are drawn). A blocked prompt is always refused.
        resample: How many replies ``on_block=resample`` draws.
        refusal: What the user is told instead.
    """

    batch_size = 256
    part_names: ClassVar[tuple[str, ...]] = ("base", "reward")
    part_lists: ClassVar[tuple[str, ...]] = ("input", "output")

    def __init__(
        self,
        base: str = "",
        input: Sequence[str] = (),  # noqa: A002 - the word for it in a specification
        output: Sequence[str] = (),
        reward: str = "",
        policy: Annotated[str, OneOf(*POLICIES)] = "any",
        k: Annotated[int, Range(least=0, most=1000)] = 0,
        weights: Sequence[float] = (),
        band: Sequence[float] = (),
        input_thresholds: Sequence[float] = (),
        output_thresholds: Sequence[float] = (),
        transforms: Sequence[str] = (),
        output_reads: Annotated[str, OneOf("exchange", "reply")] = "exchange",
        session: Annotated[str, OneOf(*SESSIONS)] = "none",
        decay: Annotated[float, INSIDE] = 0.5,
        on_block: Annotated[str, OneOf("refuse", "redact", "resample")] = "refuse",
        resample: Annotated[int, Range(least=0, most=1000)] = 0,
        refusal: str = REFUSAL,
    ) -> None:
        self.base, self.input, self.output, self.reward = base, input, output, reward
        self.policy, self.k, self.weights, self.band = policy, k, weights, band
        self.input_thresholds, self.output_thresholds = input_thresholds, output_thresholds
        self.transforms, self.output_reads, self.session, self.decay = transforms, output_reads, session, decay
        self.on_block, self.resample, self.refusal = on_block, resample, refusal
        self._actions: Counter[str] = Counter()

    def offers(self, known: Sequence[str]) -> tuple[str, ...]:
        """Check that policy, detectors and settings fit together; then offer what there are parts for.

        Raises:
            UsageError: they do not, or the firewall is over itself.
        """
        _ = self._policy, self._cuts, self._transforms
        if re.fullmatch(r"(?:[\w.-]+/)?firewall(?::.*)?", str(self.base), re.DOTALL):
            raise UsageError(
                "a firewall over itself: base= is a firewall; give the detectors of both to one, as input= and output="
            )
        if (self.on_block == "resample") != (self.resample > 0):
            raise UsageError(f"on_block={self.on_block} and resample={self.resample}: give both, as in resample=4")
        if self.reward and self.on_block != "resample":
            raise UsageError("reward= chooses among replies drawn anew: give on_block=resample,resample=4")
        if self.on_block != "refuse" and not self.output:
            raise UsageError(f"on_block={self.on_block} is of replies, and output= names no detector of replies")
        return tuple(name for name in super().offers(known) if name != "generate" or self.base)

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say what each part is asked for."""
        return {"base": ("generate",), "input": ("detect",), "output": ("detect",), "reward": ("score",)}

    def identity(self) -> Mapping[str, object]:
        """Return the version of Unicode's tables, where transforms rest on them."""
        return {"unicode": unicodedata.unidata_version} if self.transforms else {}

    @cached_property
    def _policy(self) -> Policy:
        names = [*self.input, *self.output]
        weights, band = _numbers("weights", self.weights), _numbers("band", self.band)
        return checked_policy(self.policy, self.k, weights, band, len(names), names)

    @cached_property
    def _cuts(self) -> Mapping[str, tuple[float, ...]]:
        """Return the thresholds by stage.

        Raises:
            UsageError: they are not one finite number a detector.
        """
        cuts = {}
        for stage, names, given in (
            ("input", self.input, self.input_thresholds),
            ("output", self.output, self.output_thresholds),
        ):
            numbers = _numbers(f"{stage}_thresholds", given) or (0.0,) * len(names)
            if len(numbers) != len(names):
                raise UsageError(f"{stage}_thresholds={list(numbers)}: expected {len(names)} numbers, one a detector")
            cuts[stage] = numbers
        return cuts

    @cached_property
    def _transforms(self) -> tuple[str, ...]:
        names = [self.transforms] if isinstance(self.transforms, str) else list(self.transforms)
        unknown = [name for name in names if name not in plain_text.NAMES]
        if unknown:
            raise UsageError(f"transforms={names}: expected some of {', '.join(plain_text.NAMES)}; got {unknown[0]!r}")
        return tuple(names)

    def load(self) -> None:
        """Lay out the stages.

        Raises:
            UsageError: the base turns out to be a firewall, under whatever name.
        """
        base = self.parts.get("base")
        if base is not None and "guard" in base.offers:
            raise UsageError(
                f"a firewall over itself: the base {base.specification} is a firewall; give the detectors of both to "
                "one, as input= and output="
            )
        self._blocked = BlockedReplies(self._passes, self.parts, self.on_block, self.resample, self.refusal)
        self._input, self._output = self._stage("input", 0), self._stage("output", len(self.input))

    def _stage(self, stage: str, first: int) -> StageDetectors:
        names = tuple(map(str, getattr(self, stage)))
        return StageDetectors(stage, names, tuple(self.parts.get(stage) or ()), self._cuts[stage], first)

    def remarks(self) -> Sequence[str]:
        """Say what was done with the replies since the last call."""
        done, self._actions = self._actions, Counter()
        if not done:
            return ()
        listed = ", ".join(f"{count:,} {action}" for action, count in sorted(done.items()))
        return [f"the firewall ({self.policy}) answered: {listed}"]

    # What is offered.

    def detect(self, requests: Sequence[Conversation]) -> list[Any]:
        """Return the margin by which the policy blocks a prompt, or a prompt and the reply behind it, in nats."""
        courses, replies = [], []
        for request in requests:
            answered = len(request.messages) > 1 and request.messages[-1].role == "assistant"
            prompt = dataclasses.replace(request, messages=request.messages[:-1]) if answered else request
            courses.append(self._course(prompt))
            replies.append(request.messages[-1].content if answered else None)
        self._check_input(courses)
        self._check_output([(c, r) for c, r in zip(courses, replies, strict=True) if r is not None])
        nothing = Failure("all detectors are of the output, and there is no reply behind the prompt")
        return [c.failure or (c.margin if c.margins else nothing) for c in courses]

    def guard(self, requests: Sequence[Exchange]) -> list[Any]:
        """Return what is done with each exchange, a `Guarding`."""
        answerable = [request for request in requests if self.base or request.reply is not None]
        asked = [Generation(r.prompt, 1, Sampling(), origin=r.origin) for r in answerable]
        given = [None if request.reply is None else (Completion(request.reply),) for request in answerable]
        found = iter([one if isinstance(one, Failure) else one[1][0] for one in self._guarded(asked, given)])
        nobody = Failure("a firewall without base= answers nothing itself, and no reply is on record")
        return [next(found) if self.base or request.reply is not None else nobody for request in requests]

    def generate(self, requests: Sequence[Generation]) -> list[Any]:
        """Return the replies, each as the firewall lets it through."""
        answers: list[Any] = []
        for one in self._guarded(requests, [None] * len(requests)):
            if isinstance(one, Failure):
                answers.append(one)
                continue
            completions, records = one
            self._actions.update(f"{r.action} at the {r.stage}" if r.blocked else r.action for r in records)
            answers.append(completions)
        return answers

    # How it goes.

    def _course(self, prompt: Conversation) -> Course:
        if not self._transforms:
            return Course(prompt, prompt)
        return Course(prompt, plain_text.applied(prompt, partial(plain_text.plain, names=self._transforms)))

    def _scanned(self, prompt: Conversation) -> Conversation:
        if not self._transforms:
            return prompt
        return plain_text.applied(prompt, partial(plain_text.scanned, names=self._transforms))

    def _check_input(self, courses: Sequence[Course]) -> None:
        if self.input:
            read = [self._scanned(course.prompt) for course in courses]
            self._input.judge(self._policy, courses, read, self.session, self.decay)

    def _check_output(self, pairs: Sequence[tuple[Course, str]]) -> None:
        """Ask the output's detectors about replies, where the input has not decided; in shadow always."""
        if not self.output:
            return
        open_ = [(c, r) for c, r in pairs if c.failure is None and not (c.stage and self._policy.blocks)]
        read = [
            reply_as_read(
                self._scanned(course.prompt),
                plain_text.scanned(reply, self._transforms) if self._transforms else reply,
                self.output_reads,
            )
            for course, reply in open_
        ]
        self._output.judge(self._policy, [course for course, _ in open_], read)

    def _guarded(self, requests: Sequence[Generation], given: Sequence[Any]) -> list[Any]:
        """Return completions with a `Guarding` each, or a failure, of every request.

        Args:
            requests: What is to be answered.
            given: Completions that were recorded, where there are any.
        """
        courses = [self._course(request.prompt) for request in requests]
        self._check_input(courses)
        replies, took = self._replies(requests, given, courses)
        pairs: list[tuple[int, int, Course, str]] = []
        for i, completions in enumerate(replies):
            for j, completion in enumerate(completions if isinstance(completions, tuple) else ()):
                own = dataclasses.replace(
                    courses[i],
                    scores=list(courses[i].scores),
                    margins=list(courses[i].margins),
                    milliseconds=dict(courses[i].milliseconds),
                )
                if given[i] is None and not (own.stage and self._policy.blocks):
                    own.milliseconds["model"] = took
                pairs.append((i, j, own, completion.text))
        self._check_output([(course, text) for _, _, course, text in pairs])
        changed = self._blocked.changed(requests, pairs) if self._policy.blocks else {}
        found: list[Any] = [Failure("nothing was answered")] * len(requests)
        for i, completions in enumerate(replies):
            found[i] = completions if isinstance(completions, Failure) else ([], [])
        for i, j, course, text in pairs:
            if isinstance(found[i], Failure):
                continue
            if course.failure is not None:
                found[i] = course.failure
                continue
            action, said = changed.get((i, j), ("allow", text))
            completion = replies[i][j]
            found[i][0].append(completion if said == text else dataclasses.replace(completion, text=said))
            found[i][1].append(
                Guarding(action, course.stage, course.margin, said, tuple(course.scores), course.milliseconds)
            )
        return [one if isinstance(one, Failure) else (tuple(one[0]), one[1]) for one in found]

    def _replies(
        self, requests: Sequence[Generation], given: Sequence[Any], courses: Sequence[Course]
    ) -> tuple[list[Any], float]:
        """Return the recorded replies, those of the base, and refusals of prompts that are blocked."""
        replies: list[Any] = list(given)
        asked = []
        for i, course in enumerate(courses):
            if course.failure is not None:
                replies[i] = course.failure
            elif given[i] is None and course.stage and self._policy.blocks:
                replies[i] = (Completion(self.refusal),) * requests[i].n
            elif given[i] is None:
                asked.append(i)
        base = [dataclasses.replace(requests[i], prompt=courses[i].shown) for i in asked]
        answers, took = timed(self.parts["base"], "generate", base) if base else ([], 0.0)
        for i, answer in zip(asked, answers, strict=True):
            replies[i] = answer
        return replies, took

    def _passes(self, courses: Sequence[Course], texts: Sequence[str]) -> list[bool]:
        """Return which replies the output's detectors let through, after the same input."""
        fresh = [
            Course(c.prompt, c.shown, [s for s in c.scores if s.stage == "input"], c.margins[: 1 if self.input else 0])
            for c in courses
        ]
        self._check_output(list(zip(fresh, texts, strict=True)))
        return [course.failure is None and not course.stage for course in fresh]


def _numbers(name: str, given: Any) -> tuple[float, ...]:
    """Read a list of numbers, as YAML or a specification gives it.

    Raises:
        UsageError: it holds something else.
    """
    listed = [given] if isinstance(given, (int, float, str)) and given != "" else list(given or ())
    try:
        numbers = tuple(float(each) for each in listed)
    except (TypeError, ValueError):
        numbers = (float("nan"),)
    if not all(abs(number) < float("inf") for number in numbers):
        raise UsageError(f"{name}={given}: expected finite numbers in brackets, such as [0,1.5]")
    return numbers
