"""Similarity: tell pairs of texts that mean the same from others."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from harness.kinds import detection, told
from harness.requests import Candidates, Conversation, Request, Text
from harness.task import Answers, FieldSpec, Item, ItemFigures, Stage, Task, Told


class Similarity(Task):
    """Rows hold two texts, ``first`` and ``second``, and a ``label``: 1 if both mean the same.

    An embedder is asked for both vectors, whose cosine is the similarity. A model that scores is asked for the score of
    the second text as a response to the first. Columns: ``similarity``, ``same``.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "first": FieldSpec("text"),
        "second": FieldSpec("text"),
        "label": FieldSpec("flag", description="1 where they mean the same"),
    }
    stages: Sequence[Stage] = (Stage(("embed", "score")),)
    columns: ClassVar[tuple[str, ...]] = ("similarity", "same")
    default_metrics: ClassVar[tuple[str, ...]] = ("similarity_auroc", "similarity_average_precision")

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for the vectors of both texts, or for the score of the second text as a response to the first."""
        first, second = item.fields["first"], item.fields["second"]
        if capability == "embed":
            return [
                Text(first, origin=item.origin(self.name, 0)),
                Text(second, origin=item.origin(self.name, 1)),
            ]
        return [Candidates(Conversation.user(first), (second,), origin=item.origin(self.name, 0))]

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float]:
        """Return the similarity of both texts, and the label."""
        return {"similarity": _similarity(answers[0]), "same": item.fields["label"]}

    def tell(self, item: ItemFigures) -> Told | None:
        """Say how similar both texts are to the model, beside other pairs, and whether they mean the same."""
        return told.similar(item)


def _similarity(answers: Answers) -> float:
    if answers.failures:
        return float("nan")
    if answers.capability == "score":
        return float(answers.responses[0][0])
    first, second = (np.asarray(vector, dtype=np.float64) for vector in answers.responses)
    length = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / length if length else 0.0


class SimilarityAreaUnderCurve(detection.AreaUnderCurve):
    """Area under the ROC curve of similarity for sameness."""

    description = "area under the ROC curve of similarity for sameness"
    needs = ("similarity", "same")


class SimilarityAveragePrecision(detection.AveragePrecision):
    """Average precision of similarity for sameness."""

    description = "average precision of similarity for sameness"
    needs = ("similarity", "same")


_RENAMED = {"AreaUnderCurve": "SimilarityAreaUnderCurve", "AveragePrecision": "SimilarityAveragePrecision"}
"""Names of before, which other kinds have too, and those of now."""


def __getattr__(name: str) -> Any:
    """Give what is still asked for by its name of before, and say the one of now."""
    if name not in _RENAMED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warnings.warn(f"{__name__}.{name} is now called {_RENAMED[name]}", DeprecationWarning, stacklevel=2)
    return globals()[_RENAMED[name]]
