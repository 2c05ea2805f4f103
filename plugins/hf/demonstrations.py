"""The kind of task whose rows show how to reply: a prompt and the response that is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from harness import (
    Answers,
    BadValue,
    Columns,
    Continuation,
    Failure,
    FieldSpec,
    Item,
    Request,
    Stage,
    Task,
    mean_metric,
)


class Demonstrations(Task):
    """Rows hold a ``prompt`` and a ``response``; a model is asked how likely the response is to it.

    Columns of shape (n,): ``nats``, minus the log-likelihood of the response, and ``tokens``, how many it has. A
    response without any token has none to predict, and counts as failed.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "prompt": FieldSpec("conversation", description="a text or a list of messages"),
        "response": FieldSpec("text", description="the reply that is shown"),
    }
    stages: Sequence[Stage] = (Stage(("loglikelihood",)),)
    columns: ClassVar[tuple[str, ...]] = ("nats", "tokens")
    default_metrics: ClassVar[tuple[str, ...]] = ("response_loss",)

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Refuse a response of blanks alone: nothing is shown by it."""
        if not fields["response"].strip():
            raise BadValue("'response' is empty; a row has to show a reply", fields=("response",))
        return fields

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for the likelihood of the response after the prompt."""
        return [Continuation(item.fields["prompt"], item.fields["response"], origin=item.origin(self.name, 0))]

    def most_requests(self, stage: int) -> int | None:
        """Return how many requests an item makes at most."""
        return 1

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float]:
        """Return how unlikely the response is, and how long."""
        likelihood = answers[0].responses[0]
        if isinstance(likelihood, Failure) or not likelihood.tokens:
            return {"nats": np.nan, "tokens": np.nan}
        return {"nats": -likelihood.nats, "tokens": float(likelihood.tokens)}


@mean_metric(
    needs=("nats", "tokens"),
    description="how unlikely the shown response is, nats a token, mean over items",
    unit="nats",
    higher_is_better=False,
    bounds=None,
)
def response_loss(columns: Columns) -> Any:
    """Give minus the log-likelihood a token of each response."""
    return columns.values["nats"] / columns.values["tokens"]
