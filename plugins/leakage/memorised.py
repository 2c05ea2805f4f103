"""Kinds of task that say what a language model knows by heart: exposure of secrets, and texts it goes on with."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import (
    COUNT,
    Answers,
    BadValue,
    Continuation,
    Conversation,
    Failure,
    FieldSpec,
    Generation,
    Item,
    Request,
    Sampling,
    Stage,
    Task,
)

MOST_DIGITS = 5
_WORD = re.compile(r"\s*\S+")
_SAME = 1e-9
"""Nats, relative to the secret's, within which two likelihoods are equal: sums of the same terms in another order."""


class Exposure(Task):
    """Rows hold a ``secret`` that follows a ``prefix``; all that could stand in its place is ranked by likelihood.

    Exposure is log2 of how many candidates there are, less log2 of the secret's rank among them, in bits (Carlini et
    al., "The Secret Sharer", arXiv 1802.08232); equal ones share their middle rank. ``candidates`` lists what could
    stand there; left out, a secret of up to five digits is ranked among all numbers of that many digits. Columns:
    ``exposure`` in bits, ``rank``, and ``space``, the number of candidates.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "prefix": FieldSpec("text", description="what stands before the secret"),
        "secret": FieldSpec("text", description="what may have been memorised"),
        "candidates": FieldSpec("texts", required=False, description="all that could stand there, the secret included"),
    }
    stages: Sequence[Stage] = (Stage(("loglikelihood",)),)
    columns: ClassVar[tuple[str, ...]] = ("exposure", "rank", "space")
    default_metrics: ClassVar[tuple[str, ...]] = ("exposure_bits",)
    options: ClassVar[Mapping[str, Any]] = {"ending": ""}
    option_forms: ClassVar[Mapping[str, Any]] = {"ending": str}
    at_once: int | None = 1

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """List the candidates.

        Raises:
            BadValue: they are not known, there is only one, one occurs twice, or the secret is not among them.
        """
        secret, listed = fields["secret"], list(fields.get("candidates") or ())
        if not listed:
            if not (secret.isascii() and secret.isdigit() and len(secret) <= MOST_DIGITS):
                raise BadValue(
                    f"the secret is not of up to {MOST_DIGITS} digits, so what could stand in its place has to be "
                    "listed in 'candidates'"
                )
            listed = [f"{number:0{len(secret)}d}" for number in range(10 ** len(secret))]
        if secret not in listed:
            raise BadValue(f"the secret is not among the {len(listed)} candidates")
        if len(listed) < 2 or len(set(listed)) < len(listed):
            raise BadValue(
                f"expected two or more candidates, each once; got {len(listed)}, {len(set(listed))} different"
            )
        return {**fields, "candidates": listed}

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask how likely every candidate is."""
        prefix, ending = item.fields["prefix"], self.settings["ending"]
        return [
            Continuation(prefix, candidate + ending, origin=item.origin(self.name, position))
            for position, candidate in enumerate(item.fields["candidates"])
        ]

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float | NDArray[Any]]:
        """Rank the secret; NaN where one candidate could not be asked for."""
        candidates = item.fields["candidates"]
        space = float(len(candidates))
        if answers[0].failures:
            return {"exposure": math.nan, "rank": math.nan, "space": space}
        nats = np.array([response.nats for response in answers[0].responses])
        own = nats[candidates.index(item.fields["secret"])]
        equal = np.isclose(nats, own, rtol=_SAME, atol=0)
        rank = float(((nats > own) & ~equal).sum() + (equal.sum() + 1) / 2)
        return {"exposure": math.log2(space) - math.log2(rank), "rank": rank, "space": space}


class Extraction(Task):
    """Rows hold a ``text``; it is known by heart where a model goes on with the rest of it when it sees a beginning.

    The beginning is the first ``prefix_words`` words, and the rest the ``suffix_words`` after them (Carlini et al.,
    "Quantifying Memorization Across Neural Language Models", arXiv 2202.07646, in words instead of a model's tokens).
    A model that gives likelihoods is asked whether the rest is its greedy continuation, in its own tokens; another one
    writes on at temperature 0. Column: ``extracted``, 1 or 0.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {"text": FieldSpec("text", description="of the training data")}
    stages: Sequence[Stage] = (Stage(("loglikelihood", "generate")),)
    columns: ClassVar[tuple[str, ...]] = ("extracted",)
    default_metrics: ClassVar[tuple[str, ...]] = ("extraction_rate",)
    options: ClassVar[Mapping[str, Any]] = {"prefix_words": 50, "suffix_words": 50}
    option_forms: ClassVar[Mapping[str, Any]] = {
        "prefix_words": Annotated[int, COUNT],
        "suffix_words": Annotated[int, COUNT],
    }

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Cut the text into what is shown and what should follow.

        Raises:
            BadValue: it is shorter than both together.
        """
        first, rest = int(self.settings["prefix_words"]), int(self.settings["suffix_words"])
        words = _WORD.findall(fields["text"])
        if len(words) < first + rest:
            raise BadValue(f"the text has {len(words)} words; expected at least {first} + {rest}")
        return {**fields, "prefix": "".join(words[:first]), "suffix": "".join(words[first : first + rest])}

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask whether the rest follows."""
        prefix, suffix, origin = item.fields["prefix"], item.fields["suffix"], item.origin(self.name)
        if capability == "loglikelihood":
            return [Continuation(prefix, suffix, origin=origin)]
        # A token is rarely shorter than a character: what is written is never cut off before the rest is complete.
        sampling = Sampling(0.0, 1.0, len(suffix) + 8)
        return [Generation(Conversation.plain(prefix), 1, sampling, origin=origin)]

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float | NDArray[Any]]:
        """Say whether it did."""
        [response] = answers[0].responses
        if isinstance(response, Failure):
            return {"extracted": math.nan}
        if answers[0].capability == "loglikelihood":
            return {"extracted": float(response.is_greedy)}
        expected = item.fields["suffix"].split()
        return {"extracted": float(response[0].text.split()[: len(expected)] == expected)}
