"""Chosen and rejected responses as lists: RewardBench 2's best of four, RMB's one winner against its losers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from harness import BadValue, FieldSpec
from harness.kinds.best_of_k import BestOfK


class ChosenRejected(BestOfK):
    """Best of k over rows that hold ``chosen`` and ``rejected``, each one text or a list, instead of flags.

    The responses of a request are the chosen ones, then the rejected; columns as in best-of-k.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "prompt": FieldSpec("conversation", description="a text or a list of messages"),
        "chosen": FieldSpec("texts", description="the better responses"),
        "rejected": FieldSpec("texts", description="the worse responses"),
    }
    default_metrics: ClassVar[tuple[str, ...]] = ("best_of_k_accuracy", "best_of_k_strict", "pairwise_accuracy")

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Join both lists of responses, with a flag for each."""
        chosen, rejected = at_least_one(fields, "chosen"), at_least_one(fields, "rejected")
        correct = [1.0] * len(chosen) + [0.0] * len(rejected)
        return super().prepare({"prompt": fields["prompt"], "responses": [*chosen, *rejected], "correct": correct})


def at_least_one(fields: Mapping[str, Any], name: str) -> list[str]:
    """Return a field's texts.

    Raises:
        BadValue: the field has no text.
    """
    texts: list[str] = fields[name]
    if not texts:
        raise BadValue(f"{name!r} is empty; expected at least one response")
    return texts
