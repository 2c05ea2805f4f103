"""The reward that a language model trained by direct preference optimisation implies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

import numpy as np

from harness import Candidates, Continuation, Failure, Likelihood, Model, OneOf, Range, Response

REDUCTIONS = ("sum", "average")


class ImplicitReward(Model):
    """Scores a response y to a prompt x by ``beta * (log pi(y|x) - log pi_ref(y|x))``, in nats.

    This is the reward of Rafailov et al. 2023, "Direct Preference Optimization", section 4, less the part that depends
    on the prompt alone. Without a reference the reward is ``beta * log pi(y|x)``. RewardBench's third variant without a
    reference, a norm over the tokens' log-probabilities, needs each token's and is not offered.

    Args:
        policy: The model that was trained.
        reference: The model that the policy was trained from; may be left out.
        beta: Strength of the pull towards the reference in training, positive; beta changes no ranking.
        reduction: ``sum`` over the response's tokens, or ``average``, by each model's own count of tokens.
        end: Text added to every response: the mark by which the template ends a turn, if its probability is to count.

    Raises:
        UsageError: beta is not positive and finite, or there is no such reduction.
    """

    batch_size = 256
    part_names: ClassVar[tuple[str, ...]] = ("policy", "reference")

    def __init__(
        self,
        policy: str,
        reference: str = "",
        beta: Annotated[float, Range(above=0)] = 1.0,
        reduction: Annotated[str, OneOf(*REDUCTIONS)] = "sum",
        end: str = "",
    ) -> None:
        self.policy, self.reference = policy, reference
        self.beta, self.reduction, self.end = beta, reduction, end
        self._failed: dict[str, int] = {}

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that both parts have to offer ``loglikelihood``."""
        names = ("policy", "reference") if self.reference else ("policy",)
        return dict.fromkeys(names, ("loglikelihood",))

    def score(self, requests: Sequence[Candidates]) -> list[Response]:
        """Return scores of shape (k,) a request, in nats; NaN for a response without a known likelihood."""
        asked = [
            Continuation(request.prompt, response + self.end) for request in requests for response in request.responses
        ]
        values, reasons = self._values("policy", asked)
        if self.reference:
            others, further = self._values("reference", asked)
            values = values - others
            reasons = [a or b for a, b in zip(reasons, further, strict=True)]
        answers: list[Response] = []
        first = 0
        for request in requests:
            here = slice(first, first + len(request.responses))
            answers.append(self._answer(values[here], reasons[here]))
            first = here.stop
        return answers

    def remarks(self) -> list[str]:
        """Report how many responses have no score, and why."""
        remarks = [f"{count} responses have no score: {reason}" for reason, count in self._failed.items()]
        self._failed = {}
        return remarks

    def _values(self, part: str, asked: Sequence[Continuation]) -> tuple[np.ndarray, list[str]]:
        """Return each continuation's reduced log-probability, NaN if there is none, and the reasons of the NaN."""
        values, reasons = np.full(len(asked), math.nan), [""] * len(asked)
        for i, response in enumerate(self.parts[part]("loglikelihood", asked)):
            if isinstance(response, Failure):
                reasons[i] = f"{part}: {response.reason}"
            elif not isinstance(response, Likelihood) or not math.isfinite(response.nats):
                reasons[i] = f"{part}: the log-likelihood is not finite"
            elif self.reduction == "sum":
                values[i] = response.nats
            elif response.tokens:
                values[i] = response.nats / response.tokens
            else:
                reasons[i] = f"{part}: an empty response has no average"
        return values, reasons

    def _answer(self, values: np.ndarray, reasons: Sequence[str]) -> Response:
        for reason in filter(None, reasons):
            self._failed[reason] = self._failed.get(reason, 0) + 1
        if reasons and all(reasons):
            return Failure(reasons[0])
        return np.asarray(self.beta * values)
