"""Models that look at the outcomes: bounds that no router can reach, on the board beside those that can be used.

They answer by the item that a request was made for, as recorded models do, from the very task that asks. What they
answer is filed under the item and a stamp of all outcomes of its split: other outcomes are asked anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from harness import Failure, FloatArray, Item, Model, Query

from .choices import known_means
from .questions import Questions
from .task import asked_task

_NEVER = -1e-6
"""Of an outcome that is not known: less than any that is, so that it is never chosen."""


class _Looking(Model):
    """Base class of models that look at the outcomes."""

    bound: ClassVar[str] = "looks at the outcomes"
    reads_text: ClassVar[bool] = False
    batch_size = 4096

    def route(self, requests: Sequence[Query]) -> list[Any]:
        """Return what each question's data say; a failure where the question is not of a routing task."""
        return [self._route(request) for request in requests]

    def _route(self, request: Query) -> Any:
        origin = request.origin
        task = None if origin is None else asked_task(origin.task)
        found = None
        if origin is not None and task is not None and origin.positions:
            found = task.asked_about(origin.id, origin.positions[0])
        if found is None:
            return Failure("it looks at the outcomes of an item of a routing task, and this request was made for none")
        values = self.of_question(*found)
        places = {label: i for i, label in enumerate(found[0].models)}
        return np.where(np.isfinite(values), values, _NEVER)[[places[label] for label in request.models]]

    def of_question(self, questions: Questions, item: Item) -> FloatArray:
        """Return a number a model, in the order of the questions' models; NaN where nothing is known."""
        raise NotImplementedError

    def remarks(self) -> Sequence[str]:
        """Say, with every result, that this is no router."""
        return ["it looks at the outcomes of the questions that it is evaluated on: a bound, and no router"]


class OracleRouter(_Looking):
    """Predicts each outcome as it is, and so chooses a best model of every question."""

    def of_question(self, questions: Questions, item: Item) -> FloatArray:
        """Return the outcomes."""
        return np.asarray(item.fields["outcomes"], dtype=np.float64)


class BestOnTestRouter(_Looking):
    """Predicts each model's mean over the evaluated split, and so always chooses the one that is best there.

    What it reaches is biased upward; `constant-router` chooses on train.
    """

    def load(self) -> None:
        """Begin without means."""
        self._means: dict[int, FloatArray] = {}

    def of_question(self, questions: Questions, item: Item) -> FloatArray:
        """Return the means over the split."""
        mark = item.fields["stamp"]
        if mark not in self._means:
            outcomes = [one.fields["outcomes"] for one in questions.by_id().values()]
            self._means[mark] = known_means(np.array(outcomes))
        return self._means[mark]
