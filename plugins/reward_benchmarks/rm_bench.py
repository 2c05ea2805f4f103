"""RM-Bench: each prompt has a chosen and a rejected answer in three styles, every pair of which is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import (
    Answers,
    BadValue,
    Candidates,
    Columns,
    Failure,
    FieldSpec,
    Item,
    ItemFigures,
    Judged,
    MeanMetric,
    Request,
    ResponseMark,
    Stage,
    Task,
    Told,
)
from harness.kinds.scored import same_scores

STYLES = ("concise", "detailed", "detailed with markdown")
"""The styles, plainest first, as in the data."""


class StyleMatrix(Task):
    """Rows hold ``chosen`` and ``rejected``, each a list of the answer in three styles, the plainest first.

    Columns of shape (n, 3): ``chosen`` and ``rejected``, the scores of both answers by style.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "prompt": FieldSpec("conversation"),
        "chosen": FieldSpec("texts", description="the better answer in three styles"),
        "rejected": FieldSpec("texts", description="the worse answer in three styles"),
    }
    stages: Sequence[Stage] = (Stage(("score",)),)
    columns: ClassVar[tuple[str, ...]] = ("chosen", "rejected")
    default_metrics: ClassVar[tuple[str, ...]] = (
        "style_accuracy",
        "style_accuracy_hard",
        "style_accuracy_normal",
        "style_accuracy_easy",
    )

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Check that both answers come in three styles.

        Raises:
            BadValue: an answer has another number of styles.
        """
        for name in ("chosen", "rejected"):
            if len(fields[name]) != len(STYLES):
                raise BadValue(f"{name!r} holds {len(fields[name])} texts; expected {len(STYLES)}: {', '.join(STYLES)}")
        return fields

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for the scores of all six answers in one request: chosen, then rejected."""
        answers = (*item.fields["chosen"], *item.fields["rejected"])
        return [Candidates(item.fields["prompt"], answers, origin=item.origin(self.name, *range(len(answers))))]

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, NDArray[Any]]:
        """Return the scores of both answers by style."""
        scores = answers[0].responses[0]
        if isinstance(scores, Failure):
            scores = np.full(2 * len(STYLES), np.nan)
        return {"chosen": scores[: len(STYLES)], "rejected": scores[len(STYLES) :]}

    def tell(self, item: ItemFigures) -> Told | None:
        """Say of how many pairs of styles the better answer scores higher."""
        chosen, rejected = item.numbers("chosen"), item.numbers("rejected")
        if len(chosen) != len(STYLES) or len(rejected) != len(STYLES):
            return None
        above = int((chosen[:, None] > rejected[None, :]).sum())
        marks = {i: ResponseMark("better", True, score=float(score)) for i, score in enumerate(chosen)}
        marks |= {len(STYLES) + i: ResponseMark("", False, score=float(score)) for i, score in enumerate(rejected)}
        judged: Judged = "right" if above == 9 else "wrong" if not above else ""
        return Told(f"{above} of 9 pairs of styles have the better answer above the worse", judged, marks)


class _Cells(MeanMetric):
    """Share of the cells (chosen style i, rejected style j) in which the chosen answer scores strictly higher."""

    needs = ("chosen", "rejected")
    cells: ClassVar[tuple[tuple[int, int], ...]] = ()

    def constant(self, columns: Columns) -> str:
        """Say so if all scores of all answers are equal."""
        return same_scores(np.concatenate([columns.values["chosen"], columns.values["rejected"]], axis=1))

    def chance(self, columns: Columns) -> float:
        """Return the value to expect of the same scores if a coin says which of both answers was chosen.

        Half, but for ties, where style plays no part; a model that goes by style alone has its own figure.
        """
        values = {"chosen": columns.values["rejected"], "rejected": columns.values["chosen"]}
        return float((self.per_item(columns) + self.per_item(Columns(values))).mean()) / 2

    def per_item(self, columns: Columns) -> NDArray[np.float64]:
        """Return the share of each prompt."""
        chosen, rejected = columns.values["chosen"], columns.values["rejected"]
        return np.asarray(np.mean([chosen[:, i] > rejected[:, j] for i, j in self.cells], axis=0))


class Hard(_Cells):
    """Share of the cells with the chosen answer in a plainer style than the rejected one."""

    cells: ClassVar[tuple[tuple[int, int], ...]] = ((0, 1), (0, 2), (1, 2))


class Normal(_Cells):
    """Share of the cells with both answers in the same style."""

    cells: ClassVar[tuple[tuple[int, int], ...]] = ((0, 0), (1, 1), (2, 2))


class Easy(_Cells):
    """Share of the cells with the chosen answer in a more elaborate style than the rejected one."""

    cells: ClassVar[tuple[tuple[int, int], ...]] = ((1, 0), (2, 0), (2, 1))


class Average(_Cells):
    """Share of all nine cells, which is the mean of hard, normal and easy."""

    cells: ClassVar[tuple[tuple[int, int], ...]] = (*Hard.cells, *Normal.cells, *Easy.cells)
