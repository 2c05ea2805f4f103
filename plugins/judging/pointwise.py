"""The judge of single responses: a generative reward model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from statistics import fmean, median
from typing import Annotated, Any, ClassVar, Literal

from harness import COUNT, COUNT_OR_NONE, SEED, SHARE, Candidates, Completion, Failure, OneOf, Range

from .asking import BY_LOG_PROBABILITY, BY_TEXT, LEAST_MASS, Judging, ending
from .weighing import expectation


class PointwiseJudge(Judging):
    """Asks a language model for a grade of each response, which is shown alone.

    Args:
        base: The language model; one with arguments in brackets: ``base=[NAME:key=value]``.
        prompt: A prompt that ships (``harness show pointwise-judge`` lists them), or a file of your own ending in
            ``.yaml``.
        verdict: ``text`` takes the grade that the judge writes; ``log-probability`` the mean grade under the
            probabilities of all grades as the beginning of the reply. Default: as the prompt says.
        parser: Name of the parser that reads the grade from the text. Default: the prompt's.
        votes: Texts a response; needs a temperature.
        count: ``mean`` or ``median`` of the readable grades.
        temperature: Temperature of the judge's text. Default: the prompt's.
        max_tokens: Most tokens of the judge's text. Default: the prompt's.
        seed: Seed of the sampling.
        rubric: The rubric, a text or a ``.txt`` or ``.md`` file, for prompts that have a place for it.
        references: JSONL file of rows ``{"prompt", "reference"}``, for prompts that have a place for it.
        merge_system: Put the system message at the head of the first user message, for models that know no system role.
        max_characters: A longer request fails instead of being asked; 0: no limit.
        least_mass: Least probability of all weighed replies together; below it the request fails.
    """

    kind: ClassVar[str] = "pointwise"

    def __init__(
        self,
        base: str,
        prompt: str = "single-grade",
        verdict: Annotated[str, OneOf("", BY_TEXT, BY_LOG_PROBABILITY)] = "",
        parser: str = "",
        votes: Annotated[int, COUNT] = 1,
        count: Literal["mean", "median"] = "mean",
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
        self.votes, self.count = votes, count
        self.temperature, self.max_tokens, self.seed = temperature, max_tokens, seed
        self.rubric, self.references = rubric, references
        self.merge_system, self.max_characters = merge_system, max_characters
        self.least_mass = least_mass

    def score(self, requests: Sequence[Candidates]) -> list[Any]:
        """Return a grade for each response; a request fails if one of its responses has no grade.

        The grades of a request are used together.
        """
        shown = [self.shown(r.prompt, {"response": response}) for r in requests for response in r.responses]
        answers = iter(self.answers(shown))
        return [self._grades([next(answers) for _ in request.responses]) for request in requests]

    def _grades(self, answers: Sequence[Any]) -> list[float] | Failure:
        grades = [self._grade(answer) for answer in answers]
        for i, grade in enumerate(grades):
            if isinstance(grade, Failure):
                return Failure(f"response {i + 1} of {len(grades)}: {grade.reason}") if len(grades) > 1 else grade
        return [float(grade) for grade in grades if not isinstance(grade, Failure)]

    def _grade(self, answer: Any) -> float | Failure:
        if isinstance(answer, Failure):
            return answer
        return self._from_texts(answer) if self.way == BY_TEXT else self._from_weights(answer)

    def _from_texts(self, completions: Sequence[Completion]) -> float | Failure:
        grades = [self._read(completion.text) for completion in completions]
        read = [grade for grade in grades if grade is not None]
        self.noted(completions, unread=len(grades) - len(read))
        if not read:
            return Failure(f"no grade {self._expected} could be read; the text ends {ending(completions[-1].text)}")
        return median(read) if self.count == "median" else fmean(read)

    def _read(self, text: str) -> float | None:
        scale = self.the_prompt.file.scale
        if scale is not None:
            return self.the_parser.read_number(text, scale.lowest, scale.highest)
        label = self.the_parser.read_label(text, list(self._worth))
        return None if label is None else self._worth[label]

    @cached_property
    def _worth(self) -> dict[str, float]:
        return {label: float(grade) for label, grade in self.the_prompt.file.labels.items()}

    @property
    def _expected(self) -> str:
        scale = self.the_prompt.file.scale
        return f"from {scale.lowest:g} to {scale.highest:g}" if scale else f"among {', '.join(self._worth)}"

    def _from_weights(self, log_probabilities: Any) -> float | Failure:
        block = self.weighed
        values = list(block.options.values())
        worth = {value: self._worth[value] if isinstance(value, str) else value for value in values}
        grade, mass = expectation(log_probabilities, values, worth, normalise=block.normalise)
        failure = self.too_little(mass)
        if grade is None:
            return Failure(f"none of the replies {', '.join(map(repr, block.options))} has any probability")
        return failure or grade
