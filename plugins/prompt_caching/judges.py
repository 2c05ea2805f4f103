"""Judges of pairs: a language model that is asked whether one response serves both prompts, and a scripted one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np

from harness import (
    SEED,
    SHARE,
    Choice,
    Conversation,
    Failure,
    Generation,
    Model,
    OneOf,
    Sampling,
    UsageError,
    file_identity,
)
from harness.files import read_text

from .answers import lot
from .reuse import Reuse

TEXT, LOG_PROBABILITY = "text", "log-probability"
QUESTION = """\
Two users asked an assistant the following.

First: {cached}
Second: {prompt}
{response}
Would one and the same response fully serve both? Names, numbers, dates, negations and what is asked for have to agree.
Answer with one word, Yes or No."""
_VERDICT = re.compile(r"\b(yes|no)\b", re.IGNORECASE)


class ReuseJudge(Model):
    """Asks a language model whether one response serves both prompts.

    Args:
        base: The language model.
        verdict: ``text`` reads the first Yes or No that it writes; ``log-probability`` gives the probability of Yes.
    """

    part_names: ClassVar[tuple[str, ...]] = ("base",)

    def __init__(self, base: str, verdict: Annotated[str, OneOf(TEXT, LOG_PROBABILITY)] = TEXT) -> None:
        self.base, self.verdict = base, verdict

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say what the base is asked for."""
        return {"base": ("generate" if self.verdict == TEXT else "choose",)}

    def reuse(self, requests: Sequence[Reuse]) -> list[Any]:
        """Return 1 or 0, or the probability of Yes; a reply that is neither is a failure."""
        asked = [Conversation.user(question(request)) for request in requests]
        if self.verdict == TEXT:
            sampling = Sampling(max_tokens=16)
            given = self.parts["base"]("generate", [Generation(prompt, sampling=sampling) for prompt in asked])
            return [answer if isinstance(answer, Failure) else _read(answer[0].text) for answer in given]
        given = self.parts["base"]("choose", [Choice(prompt, ("Yes", "No")) for prompt in asked])
        return [answer if isinstance(answer, Failure) else _share(answer) for answer in given]


def question(request: Reuse) -> str:
    """Return what the language model is asked."""
    response = f"Response to the first: {request.response}\n" if request.response else ""
    return QUESTION.format(cached=request.cached, prompt=request.prompt, response=response)


def _read(text: str) -> float | Failure:
    found = _VERDICT.search(text)
    return float(found[1].lower() == "yes") if found else Failure(f"neither Yes nor No in {text[:60]!r}")


def _share(log_probabilities: Any) -> float:
    yes, no = (float(value) for value in np.asarray(log_probabilities)[:2])
    return float(1 / (1 + np.exp(no - yes)))


class ScriptedReuse(Model):
    """Knows the groups of prompts from a file, and is wrong as often as it is told: what an error of a judge costs.

    Args:
        path: JSONL file of rows with a ``prompt`` and its group.
        group: Name of the column of the group.
        error: Share of pairs on which it says the contrary, the same ones every time.
        seed: Another number, other pairs.
    """

    bound: ClassVar[str] = "looks at the labels"
    places: ClassVar[tuple[str, ...]] = ("path",)

    def __init__(
        self,
        path: str,
        group: str = "group",
        error: Annotated[float, SHARE] = 0.0,
        seed: Annotated[int, SEED] = 0,
    ) -> None:
        self.path, self.group, self.error, self.seed = path, group, error, seed

    def identity(self) -> Mapping[str, object]:
        """Return the hash of the file."""
        return {"groups": file_identity(Path(self.path))}

    def load(self) -> None:
        """Read the groups.

        Raises:
            UsageError: the file is not there, or a row has no prompt or group.
        """
        try:
            rows = [json.loads(line) for line in read_text(Path(self.path)).splitlines() if line.strip()]
            self._groups = {str(row["prompt"]): str(row[self.group]) for row in rows}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{self.path}: expected rows with 'prompt' and {self.group!r}: {error}") from error

    def reuse(self, requests: Sequence[Reuse]) -> list[Any]:
        """Return 1 or 0; a prompt that is not in the file is a failure."""
        answers: list[Any] = []
        for request in requests:
            ends = [self._groups.get(text) for text in (request.cached, request.prompt)]
            if None in ends:
                answers.append(Failure("the prompt is not in the file"))
                continue
            wrong = lot("\0".join(sorted((request.cached, request.prompt))), self.seed) < self.error
            answers.append(float((ends[0] == ends[1]) != wrong))
        return answers
