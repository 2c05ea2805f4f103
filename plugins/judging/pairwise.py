"""The judge of pairs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from harness import (
    COUNT,
    COUNT_OR_NONE,
    SEED,
    SHARE,
    Completion,
    Conversation,
    Failure,
    Message,
    OneOf,
    Pair,
    Range,
    UsageError,
    Verdict,
)

from .asking import BY_LOG_PROBABILITY, BY_TEXT, LEAST_MASS, Judging, joined
from .weighing import expectation, listed

AGAIN = "Go on with your judgment, and end it with your final verdict as one of the labels."
"""What a judge is told that ended without a verdict."""


class Judge(Judging):
    """Asks a language model which of two responses is better.

    The responses are shown in the order of the request: tasks ask in both orders and report the position bias.

    Args:
        base: The language model; one with arguments in brackets: ``base=[NAME:key=value]``.
        prompt: A prompt that ships (``harness show judge`` lists them), or a file of your own ending in ``.yaml``.
        verdict: ``text`` reads the verdict from the judge's text; ``log-probability`` from the probability of each
            label as the beginning of the reply. Default: as the prompt says.
        parser: Name of the parser that reads the verdict from the text. Default: the prompt's.
        votes: Texts a request; needs a temperature.
        count: ``mean`` of the readable votes, or their ``majority``; equally many votes for both are a tie.
        slight: Worth of a slight preference (``A>B`` beside ``A>>B``), from 0.5 to 1. The default, 1, makes it as
            certain as a strong preference: ``p_first`` is the certainty that the first response is better, not by how
            much, and the sources count both as one win.
        temperature: Temperature of the judge's text. Default: the prompt's.
        max_tokens: Most tokens of the judge's text. Default: the prompt's.
        seed: Seed of the sampling.
        rubric: The rubric, a text or a ``.txt`` or ``.md`` file, for prompts that have a place for it.
        references: JSONL file of rows ``{"prompt", "reference"}``, for prompts that have a place for it.
        merge_system: Put the system message at the head of the first user message, for models that know no system role.
        max_characters: A longer request fails instead of being asked; 0: no limit.
        least_mass: Least probability of all weighed replies together; below it the request fails.
        again: Ask once more, to go on and end with a verdict, where the text names no label at all. Texts that name
            several are left as they are. For one vote read from text.
    """

    kind: ClassVar[str] = "pairwise"
    # `identity` says whether and how it asks again; judges that do not keep the fingerprints that they have.
    places: ClassVar[tuple[str, ...]] = (*Judging.places, "again")

    def __init__(
        self,
        base: str,
        prompt: str = "arena-hard",
        verdict: Annotated[str, OneOf("", BY_TEXT, BY_LOG_PROBABILITY)] = "",
        parser: str = "",
        votes: Annotated[int, COUNT] = 1,
        count: Literal["mean", "majority"] = "mean",
        slight: Annotated[float, Range(least=0.5, most=1)] = 1.0,
        temperature: Annotated[float | None, Range(least=0)] = None,
        max_tokens: Annotated[int | None, COUNT] = None,
        seed: Annotated[int, SEED] = 0,
        rubric: str = "",
        references: str = "",
        merge_system: bool = False,
        max_characters: Annotated[int, COUNT_OR_NONE] = 0,
        least_mass: Annotated[float, SHARE] = LEAST_MASS,
        again: bool = False,
    ) -> None:
        self.base, self.prompt, self.verdict, self.parser = base, prompt, verdict, parser
        self.votes, self.count, self.slight = votes, count, slight
        self.temperature, self.max_tokens, self.seed = temperature, max_tokens, seed
        self.rubric, self.references = rubric, references
        self.merge_system, self.max_characters = merge_system, max_characters
        self.least_mass = least_mass
        self.again = again

    def identity(self) -> Mapping[str, object]:
        """Return that of all judges, and what is said to one that is asked again."""
        return {**super().identity(), **({"again": AGAIN} if self.again else {})}

    def _check(self) -> None:
        super()._check()
        if self.again and (self.way != BY_TEXT or self.votes != 1):
            given = f"votes={self.votes}" if self.way == BY_TEXT else f"verdict={self.way}"
            raise UsageError(f"again=yes is for one vote read from text, and does not go with {given}")

    @cached_property
    def tells_degrees(self) -> bool:
        """Return whether the labels tell a slight preference from a clear one; else a verdict has no label."""
        return any(str(side).startswith("slightly") for side in self.the_prompt.file.labels.values())

    @cached_property
    def worth(self) -> dict[str, float]:
        """Return, for each label, the certainty that the first response is better."""
        sides = {
            "first": 1.0,
            "slightly first": float(self.slight),
            "tie": 0.5,
            "slightly second": 1.0 - float(self.slight),
            "second": 0.0,
        }
        return {label: sides[str(side)] for label, side in self.the_prompt.file.labels.items()}

    def compare(self, requests: Sequence[Pair]) -> list[Any]:
        """Return a verdict for each pair; ``p_first`` is None if no verdict could be read."""
        shown = [self.shown(r.prompt, {"first": r.first, "second": r.second}) for r in requests]
        answers = self.answers(shown)
        if self.again:
            answers = self._asked_again(shown, answers)
        return [self._verdict(answer) for answer in answers]

    def _asked_again(self, shown: Sequence[Conversation | Failure], answers: Sequence[Any]) -> list[Any]:
        """Return the answers; of those that name no label, with what the language model adds when told to go on."""
        texts = {
            i: answer[0].text
            for i, answer in enumerate(answers)
            if not isinstance(answer, Failure) and not self._names_label(answer[0].text)
        }
        more: list[Conversation | Failure] = []
        for i, text in texts.items():
            asked = shown[i]
            assert isinstance(asked, Conversation)  # it was answered
            more.append(Conversation((*asked.messages, Message("assistant", text), Message("user", AGAIN))))
        told = list(answers)
        for (i, text), answer in zip(texts.items(), self.answers(more), strict=True):
            failed = isinstance(answer, Failure)
            told[i] = answer if failed else (replace(answer[0], text=f"{text}\n{answer[0].text}"),)
        return told

    def _names_label(self, text: str) -> bool:
        """Return whether a text has a verdict, or several in brackets, which more words would not make one."""
        in_brackets = any(f"[{label}]" in text for label in self.worth)
        return in_brackets or self.the_parser.read_label(text, [*self.worth]) is not None

    def _verdict(self, answer: Any) -> Verdict | Failure:
        if isinstance(answer, Failure):
            return answer
        return self._from_texts(answer) if self.way == BY_TEXT else self._from_weights(answer)

    def _from_texts(self, completions: Sequence[Completion]) -> Verdict:
        labels = [self.the_parser.read_label(completion.text, list(self.worth)) for completion in completions]
        read = [self.worth[label] for label in labels if label is not None]
        self.noted(completions, unread=len(labels) - len(read))
        text = joined(completions)
        if not read:
            return Verdict(None, text)
        p_first = _majority(read) if self.count == "majority" else sum(read) / len(read)
        return Verdict(p_first, text, self._side({label for label in labels if label is not None}))

    def _side(self, labels: Collection[str]) -> str:
        """Return the side that all votes name; empty where they differ, or the labels tell no degrees."""
        sides = {str(self.the_prompt.file.labels[label]) for label in labels}
        return sides.pop() if self.tells_degrees and len(sides) == 1 else ""

    def _from_weights(self, log_probabilities: Any) -> Verdict | Failure:
        options = self.weighed.options
        text = listed(log_probabilities, options)
        p_first, mass = expectation(log_probabilities, list(options.values()), self.worth, normalise=True)
        failure = self.too_little(mass)
        return failure or Verdict(None if p_first is None else min(max(p_first, 0.0), 1.0), text)


def _majority(votes: Sequence[float]) -> float:
    """Return 1, 0 or one half by the side of most votes; ties vote for neither side, and win if they are most."""
    first, second = sum(vote > 0.5 for vote in votes), sum(vote < 0.5 for vote in votes)
    ties = len(votes) - first - second
    if first == second or ties > max(first, second):
        return 0.5
    return float(first > second)
