"""A task of two stages, tasks and metrics that break."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from harness import FieldSpec, Generation, MeanMetric, Pair, Stage, Task
from harness.kinds.best_of_k import BestOfK


class Duel(Task):
    """The candidate writes a reply; the judge compares it with the reference."""

    fields: ClassVar = {"prompt": FieldSpec("conversation"), "reference": FieldSpec("text")}
    stages = (Stage(("generate",)), Stage(("compare",), "judge"))
    columns = ("win",)
    default_metrics = ("toy_wins",)

    def requests(self, item, stage, capability, earlier):
        if stage == 0:
            return [Generation(item.fields["prompt"], origin=item.origin(self.name))]
        if earlier[0].failures:
            return []
        written = earlier[0].responses[0][0].text
        return [Pair(item.fields["prompt"], written, item.fields["reference"], origin=item.origin(self.name, 0, 1))]

    def row(self, item, answers):
        if any(stage.failures for stage in answers):
            return {"win": np.nan}
        p_first = answers[1].responses[0].p_first
        return {"win": np.nan if p_first is None else p_first}


class Broken(BestOfK):
    """Cannot make a row."""

    def row(self, item, answers):
        raise KeyError("a bug in the task")


class Wins(MeanMetric):
    """Share won."""

    needs = ("win",)

    def per_item(self, columns):
        return columns.values["win"]


class FirstScore(MeanMetric):
    """Mean of the first response's score."""

    needs = ("scores",)
    bounds = None
    unit = "points"

    def per_item(self, columns):
        return columns.values["scores"][:, 0]


class Raises(FirstScore):
    """Has a bug."""

    def per_item(self, columns):
        raise ZeroDivisionError("a bug in the metric")
