"""The judge of pairs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from harness import COUNT, COUNT_OR_NONE, SEED, SHARE, Completion, Failure, OneOf, Pair, Range, Verdict

from .asking import BY_LOG_PROBABILITY, BY_TEXT, LEAST_MASS, Judging, joined
from .weighing import expectation, listed


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
    """

    kind: ClassVar[str] = "pairwise"

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
    ) -> None:
        self.base, self.prompt, self.verdict, self.parser = base, prompt, verdict, parser
        self.votes, self.count, self.slight = votes, count, slight
        self.temperature, self.max_tokens, self.seed = temperature, max_tokens, seed
        self.rubric, self.references = rubric, references
        self.merge_system, self.max_characters = merge_system, max_characters
        self.least_mass = least_mass

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
        return [self._verdict(answer) for answer in self.answers(shown)]

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
