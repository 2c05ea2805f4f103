"""The kind of task whose answers can be checked: a prompt, a reference, and a checker."""

from __future__ import annotations

import math
import os
import random
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import (
    COUNT,
    SEED,
    Answers,
    BadValue,
    Completion,
    ConfigurationError,
    Definition,
    Failure,
    FieldSpec,
    Generation,
    Item,
    ItemFigures,
    Range,
    Request,
    Sampling,
    Stage,
    Task,
    Told,
)
from harness.kinds import told
from harness.names import describe

from .checker import (
    NEEDS_NO_LEAVE,
    RUNS_CODE,
    BadReference,
    Checker,
    CheckResult,
    load_checker,
    permit_code,
    run_checker,
)


class Verifiable(Task):
    """Rows hold a ``prompt`` and a ``reference``; the option ``checker`` names the function that compares the answer.

    Every prompt is completed ``samples`` times. Columns of shape (n, samples): ``correct`` (1 or 0; NaN where the
    request or the checker failed), ``answered`` (1 where the text holds an answer) and ``truncated`` (1 where the
    completion reached ``max_tokens``).
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "prompt": FieldSpec("conversation", description="a text or a list of messages"),
        "reference": FieldSpec("any", description="what the checker compares with"),
    }
    stages: Sequence[Stage] = (Stage(("generate",)),)
    columns: ClassVar[tuple[str, ...]] = ("correct", "answered", "truncated")
    default_metrics: ClassVar[tuple[str, ...]] = ("pass_at_1", "answered_rate", "truncated_rate")
    options: ClassVar[Mapping[str, Any]] = {
        "checker": "",
        "settings": {},
        "samples": 1,
        "temperature": None,
        "top_p": 1.0,
        "max_tokens": 512,
        "stop": (),
        "seed": 0,
    }
    option_forms: ClassVar[Mapping[str, Any]] = {
        "checker": str,
        "samples": Annotated[int, COUNT],
        "top_p": Annotated[float, Range(above=0, most=1)],
        "max_tokens": Annotated[int, COUNT],
        "seed": Annotated[int, SEED],
    }

    def __init__(self, definition: Definition) -> None:
        super().__init__(definition)
        self.allow_code = False
        self._checker: Checker | None = None
        if not self.settings["checker"]:
            raise ConfigurationError(
                f"{self.name}: options.checker is missing: choice, boxed, instructions, python, ..."
            )
        samples, temperature = self.settings["samples"], self.settings["temperature"]
        if temperature is None:
            self.settings["temperature"] = temperature = 0.0 if samples == 1 else 0.8
        spread(temperature, f"{self.name}: options.temperature")
        if samples > 1 and temperature == 0:
            raise ConfigurationError(
                f"{self.name}: options.samples is {samples}, but at temperature 0 all samples are the same; "
                "give a higher options.temperature"
            )

    @property
    def checker(self) -> Checker:
        """Return the function that compares a completion with the reference, imported on first use.

        Raises:
            UsageError: no checker has that name, or the task file names code and leave was not given.
        """
        if self._checker is None:
            checker = load_checker(self.settings["checker"])
            if self.settings["checker"] not in RUNS_CODE:  # ours of these runs nothing before there is a response
                permit_code(self.settings["checker"], allowed=self.allow_code)
            self._checker = checker
        return self._checker

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Check that the checker can read the reference.

        Raises:
            BadValue: the reference is unreadable.
        """
        try:
            run_checker(self.checker, "", fields["reference"], self.settings["settings"])
        except BadReference as error:
            raise BadValue(f"unreadable reference: {error}") from None
        return fields

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Return one request for all samples; with several temperatures, one request a sample."""
        permit_code(self.settings["checker"], allowed=self.allow_code)
        samples, seed = self.settings["samples"], self.settings["seed"]
        origin = item.origin(self.name)
        prompt = item.fields["prompt"]
        low, mode, high = spread(self.settings["temperature"], "temperature")
        if low == high:
            return [Generation(prompt, samples, self._sampling(low, seed), origin=origin)]
        # From the item's id alone: the same item is asked the same whatever else is in the data.
        draw = random.Random(f"{seed}:{item.id}")
        drawn = [round(draw.triangular(low, high, mode), 4) for _ in range(samples)]
        return [Generation(prompt, 1, self._sampling(t, seed + i), origin=origin) for i, t in enumerate(drawn)]

    def _sampling(self, temperature: float, seed: int) -> Sampling:
        s = self.settings
        return Sampling(temperature, float(s["top_p"]), int(s["max_tokens"]), tuple(s["stop"]), seed)

    def completions(self, answers: Answers) -> list[Completion | Failure]:
        """Return one completion a sample; a failed request stands for all of its samples."""
        completions: list[Completion | Failure] = []
        for request, response in zip(answers.requests, answers.responses, strict=True):
            assert isinstance(request, Generation)
            completions += [response] * request.n if isinstance(response, Failure) else list(response)
        return completions

    def check(self, item: Item, completions: Sequence[Completion | Failure]) -> list[CheckResult | Failure]:
        """Check every completion; a `Failure` stands where there is no completion, or the checker broke."""
        # Samples repeat each other, the more so the easier the question.
        texts = list(dict.fromkeys(c.text for c in completions if isinstance(c, Completion)))
        if self.settings["checker"] in RUNS_CODE:  # waits for processes: one a core at a time
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                results = dict(zip(texts, pool.map(partial(self._check, item), texts), strict=True))
        else:
            results = {text: self._check(item, text) for text in texts}
        return [c if isinstance(c, Failure) else results[c.text] for c in completions]

    def _check(self, item: Item, text: str) -> CheckResult | Failure:
        try:
            return run_checker(self.checker, text, item.fields["reference"], self.settings["settings"])
        except Exception as error:  # a third party's code: says nothing about the response
            return Failure(f"the checker {self.settings['checker']!r} failed: {describe(error)}")

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float | NDArray[Any]]:
        """Return, for every sample, whether it is correct, answered and cut off."""
        completions = self.completions(answers[0])
        checked = self.check(item, completions)
        for completion, result in zip(completions, checked, strict=True):
            if isinstance(result, Failure) and isinstance(completion, Completion):
                warnings.warn(f"{self.name} item {item.id}: {result.reason}", RuntimeWarning, stacklevel=2)
        nan = float("nan")
        return {
            "correct": np.array([nan if isinstance(c, Failure) else float(c.correct) for c in checked]),
            "answered": np.array([nan if isinstance(c, Failure) else float(bool(c.parsed)) for c in checked]),
            "truncated": np.array(
                [nan if isinstance(c, Failure) else float(c.finish_reason == "length") for c in completions]
            ),
        }

    def expected(self, item: Item) -> str:
        """Return the reference, where it is a text or a number."""
        reference = item.fields["reference"]
        return str(reference) if isinstance(reference, (str, int, float)) else ""

    def tell(self, item: ItemFigures) -> Told | None:
        """Say what the model answered, whether that is correct, and what was expected."""
        correct = item.columns.values["correct"][item.row]
        if np.isnan(correct).all():
            return None
        return told.generated(item, correct, item.columns.values["answered"][item.row], self._extracted(item))

    def _extracted(self, item: ItemFigures) -> list[str]:
        """Return the answers that the checker reads out of what the model wrote.

        Only checkers that run nothing are asked: looking at a result must not run what a model wrote.
        """
        if self.settings["checker"] not in NEEDS_NO_LEAVE or not item.expected or not item.answers:
            return []
        written = [response for response in item.answers[0].responses if isinstance(response, tuple)]
        check = partial(run_checker, self.checker, reference=item.expected, settings=self.settings["settings"])
        return [check(completion.text).parsed for completions in written for completion in completions]


def spread(value: Any, where: str) -> tuple[float, float, float]:
    """Turn a temperature into (lowest, most likely, highest) of a triangular distribution; a number is all three.

    Raises:
        ConfigurationError: the value is neither a number nor three in order.
    """
    values = [value] * 3 if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    ok = isinstance(values, (list, tuple)) and len(values) == 3 and all(isinstance(v, (int, float)) for v in values)
    if not ok or not 0 <= values[0] <= values[1] <= values[2] < math.inf:
        raise ConfigurationError(
            f"{where}: expected a number of at least 0, or three in order [lowest, most likely, highest], got {value!r}"
        )
    low, mode, high = map(float, values)
    return low, mode, high
