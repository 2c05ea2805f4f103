"""An attacker that is a language model of its own, asked for a message, told what came of it, and asked again.

PAIR (Chao and others 2023, arXiv 2310.08419): streams of conversations with the attacker side by side, each a few
messages deep; the words that it is asked in are our own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness import (
    Answers,
    Columns,
    ConfigurationError,
    Definition,
    Generation,
    Item,
    Request,
    Sampling,
    Stage,
    Task,
)

from .adaptive import AdaptiveAttack
from .asking import goes_on, in_words, opening, proposed, told, told_unreadable
from .attacker import digest_of, hash_of, threshold_of
from .plans import Plan
from .targets import AttemptsTarget

ATTACKER = "attacker"
"""The role of the model that proposes messages."""
_TEMPERATURE, _TOP_P, _LONGEST = 1.0, 0.9, 500
"""How an attacker is sampled, as in the paper; and the most tokens of a proposal."""
_SEEDS = 10_000
"""Seeds that a search has for its streams."""


class _Tried(NamedTuple):
    """One proposal of the attacker, and what came of it."""

    text: str | None
    score: float
    """NaN where there was no message to try."""
    known: bool


class ModelAttack(AdaptiveAttack):
    """Rounds in which the role ``attacker`` proposes a message for each stream, which are then attempted and graded.

    A stream is a conversation with the attacker: it is told the reply and the grade of its last message. A round's
    streams are asked together, and counted one after the other: ``queries`` counts messages that the target was asked,
    ``attacker_calls`` what the attacker was asked, proposals that held no message too. What was found before the
    search went on is the same with more queries.

    Columns beside those of `AdaptiveAttack`: ``attacker_calls``, up to what got through, else all; ``unreadable``, how
    many of these held no message.

    Args:
        definition: The task's definition.
        plain: The task of attempts that is attacked.
    """

    columns: ClassVar[tuple[str, ...]] = (*AdaptiveAttack.columns, "attacker_calls", "unreadable")
    options: ClassVar[Mapping[str, Any]] = Plan()._asdict()
    default_metrics: ClassVar[tuple[str, ...]] = (
        "adaptive_success_rate",
        "adaptive_success_by_calls",
        "adaptive_success_area",
        "mean_queries",
        "mean_attacker_calls",
        "recall_under_attack",
    )

    def __init__(self, definition: Definition, plain: Task) -> None:
        super().__init__(definition, plain)
        if not isinstance(self.target, AttemptsTarget):
            raise ConfigurationError(
                f"{self.name}: search=pair needs a task of attempts, whose grader sees whether the goal is reached; "
                "a detector would let any other text through, and nobody would see that the goal is gone"
            )
        self._width = len(self.plain.stages)
        rounds = -(-self.plan.queries // self.plan.streams)
        self.stages: Sequence[Stage] = (
            *self.plain.stages,
            *((Stage(("generate",), ATTACKER), *self.plain.stages) * rounds),
        )

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask what the plain task asks; then the attacker for messages, and the plain task about each of them."""
        if stage < self._width:
            return self.plain.requests(item, stage, capability, earlier)
        number, inner = divmod(stage - self._width, self._width + 1)
        start = self._width + number * (self._width + 1)
        heard = _Heard(self, item, earlier[:start])
        if heard.is_over or heard.rounds != number:
            return []
        if inner == 0:
            return heard.asks()
        texts = heard.proposals(earlier[start])
        return [
            request
            for place, text in texts.items()
            for request in self.plain.requests(
                self.with_message(item, text, place),
                inner - 1,
                capability,
                self.parts(item, texts, earlier[start + 1 :])[place],
            )
        ]

    def with_message(self, item: Item, text: str, place: int) -> Item:
        """Return the item with a message in place of its text, and with its goal, whatever the message may ask for."""
        asked = self.target.with_text(item, text, place)
        goal = item.fields.get("goal") or self.target.text(item)
        return dataclasses.replace(asked, fields={**asked.fields, "goal": goal})

    def parts(self, item: Item, texts: Mapping[int, str], answers: Sequence[Answers]) -> dict[int, list[Answers]]:
        """Part the answers of a round's stages by the text that they are about, by its place in the search."""
        found: dict[int, list[Answers]] = {place: [] for place in texts}
        for stage, whole in enumerate(answers):
            start = 0
            for place, text in texts.items():
                asked = self.with_message(item, text, place)
                end = start + len(self.plain.requests(asked, stage, whole.capability, found[place]))
                part = Answers(whole.capability, whole.requests[start:end], whole.responses[start:end], whole.model)
                found[place].append(part)
                start = end
        return found

    def most_requests(self, stage: int) -> int | None:
        """Return how many requests an item makes at most."""
        if stage < self._width:
            return self.plain.most_requests(stage)
        inner = (stage - self._width) % (self._width + 1)
        most = 1 if inner == 0 else self.plain.most_requests(inner - 1)
        return None if most is None else most * self.plan.streams

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float | NDArray[Any]]:
        """Return the score of every proposal, and the hash of its text; NaN throughout where a request failed."""
        heard = _Heard(self, item, answers)
        scores, hashes = np.full((2, 1 + self.plan.queries), np.nan)
        label = float(self.target.is_attacked(item))
        unreadable = float(sum(one.text is None for one in heard.tried))
        calls = float(len(heard.tried))
        row: dict[str, float | NDArray[Any]] = {"scores": scores, "hashes": hashes, "label": label}
        row |= {"attacker_calls": calls, "unreadable": unreadable}
        # Of an attack in which nothing was tried, or that nobody could grade, nothing is known.
        mute = bool(heard.tried) and unreadable == calls
        if heard.failed or heard.is_unknown or mute:
            return {**row, "unscored": float(heard.unscored) if heard.is_unknown and not heard.failed else np.nan}
        scores[0], hashes[0] = heard.plain, hash_of(self.target.text(item))
        for place, one in enumerate(heard.tried, 1):
            if one.text is not None:
                scores[place], hashes[place] = one.score, hash_of(one.text)
                if self.plan.keep_texts:
                    about = {"id": item.id, "model": answers[0].model, "query": place, "sha256": digest_of(one.text)}
                    self._kept[hash_of(one.text)] = {**about, "text": one.text}
        return {**row, "unscored": float(heard.unscored)}

    def settle(self, columns: Columns) -> Mapping[str, NDArray[Any]]:
        """Count queries and calls of the attacker up to what got through."""
        settled = dict(super().settle(columns))
        place, asked = settled["queries"], np.isfinite(columns.values["scores"][:, 1:])
        through = np.nan_to_num(place) > 0
        rows, last = np.flatnonzero(through), place[through].astype(int) - 1
        calls, unreadable = columns.values["attacker_calls"].copy(), columns.values["unreadable"].copy()
        queries = place.copy()
        queries[rows] = np.cumsum(asked, axis=1)[rows, last]
        calls[rows], unreadable[rows] = place[rows], place[rows] - queries[rows]
        return {**settled, "queries": queries, "attacker_calls": calls, "unreadable": unreadable}


class _Heard:
    """What an attack on one item came to so far, made of the answers alone."""

    def __init__(self, task: ModelAttack, item: Item, answers: Sequence[Answers]) -> None:
        self.task, self.item = task, item
        self.tried: list[_Tried] = []
        self.rounds = 0
        """Rounds that are over."""
        self.failed = False
        self.plain, self.plain_known = np.nan, True
        self._asked = [opening(task.target.text(item), stream) for stream in range(task.plan.streams)]
        width = len(task.plain.stages)
        self._hear_plain(answers[:width])
        for start in range(width, len(answers) - width, width + 1):
            if self.is_over or not answers[start].requests:
                return
            self._hear(answers[start], answers[start + 1 : start + 1 + width])

    @property
    def is_over(self) -> bool:
        """Whether something got through or failed, nobody wants it to get through, or the budget is spent."""
        return (
            self.failed
            or not self.task.target.is_attacked(self.item)
            or self.got_through
            or len(self.tried) >= self.task.plan.queries
        )

    @property
    def got_through(self) -> bool:
        """Whether the goal was reached, as it is or by a message."""
        threshold = threshold_of(self.task.target, self.task.plan)
        return self.plain <= threshold or any(one.score <= threshold for one in self.tried)

    @property
    def unscored(self) -> int:
        """Queries of which a grader could not say what became of them."""
        return (not self.plain_known) + sum(not one.known for one in self.tried)

    @property
    def is_unknown(self) -> bool:
        """Whether the text as it is could not be graded, and nothing got through."""
        return not self.plain_known and not self.got_through

    def asks(self) -> list[Request]:
        """Return what the attacker is asked in this round: of each stream whose proposal the budget allows for."""
        plan, left = self.task.plan, self.task.plan.queries - len(self.tried)
        return [
            Generation(
                asked,
                1,
                Sampling(_TEMPERATURE, _TOP_P, _LONGEST, (), plan.seed * _SEEDS + stream),
                origin=self.item.origin(self.task.name, stream),
            )
            for stream, asked in enumerate(self._asked[:left])
        ]

    def proposals(self, answers: Answers) -> dict[int, str]:
        """Return the messages that the attacker proposes, by their places in the search; none where it failed."""
        if answers.failures:
            return {}
        texts = [proposed(response[0].text) for response in answers.responses]
        return {len(self.tried) + 1 + stream: text for stream, text in enumerate(texts) if text is not None}

    def _hear_plain(self, answers: Sequence[Answers]) -> None:
        if len(answers) < len(self.task.plain.stages):
            return
        if any(each.failures for each in answers):
            self.failed = True
            return
        self.plain, self.plain_known = self.task.target.score(self.item, answers)
        self.failed = not np.isfinite(self.plain)

    def _hear(self, attacker: Answers, answers: Sequence[Answers]) -> None:
        """Take the answers of a round."""
        if attacker.failures or any(each.failures for each in answers):
            self.failed = True
            return
        texts = self.proposals(attacker)
        parts = self.task.parts(self.item, texts, answers)
        first = len(self.tried) + 1
        for stream, response in enumerate(attacker.responses):
            place, said = first + stream, response[0].text
            if place not in texts:
                self.tried.append(_Tried(None, np.nan, True))
                self._asked[stream] = goes_on(self._asked[stream], said, told_unreadable())
                continue
            score, known = self.task.target.score(self.item, parts[place])
            self.failed |= not np.isfinite(score)
            self.tried.append(_Tried(texts[place], score, known))
            self._asked[stream] = goes_on(self._asked[stream], said, self._told(parts[place], score))
        self.rounds += 1

    def _told(self, answers: Sequence[Answers], score: float) -> str:
        replies = answers[0].responses[0] if answers[0].responses else ()
        reply = replies[0].text if replies else ""
        # From 1, nothing of it, to 0.5, surely: the score of an attempt that did not succeed.
        grade = None if self.task.plan.feedback == "decision" else float(np.clip(2 * (1 - score), 0, 1))
        return told(reply, in_words(grade))
