"""Detection: tell texts of a class from the others, by log-odds; with the metrics that are areas under curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.kinds import detection_pictures, told
from harness.kinds.scored import ScoredMetric
from harness.metric import Columns
from harness.pictures import Picture
from harness.requests import Conversation, Failure, Request
from harness.stats import Estimate, Linearised
from harness.task import Answers, FieldSpec, Item, ItemFigures, Stage, Task, Told


class Detection(Task):
    """Rows hold a ``text`` and a ``label``: 1 for the positive class.

    The task's ``brief`` should describe the classes (``positive``, ``negative``), so that models without a class of
    their own can be asked. Columns: ``log_odds`` of the positive class in nats, ``label``.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "text": FieldSpec("conversation", description="a text or a list of messages"),
        "label": FieldSpec("flag", description="1 for the positive class"),
    }
    stages: Sequence[Stage] = (Stage(("detect",)),)
    columns: ClassVar[tuple[str, ...]] = ("log_odds", "label")
    default_metrics: ClassVar[tuple[str, ...]] = ("auroc", "average_precision", "tpr_at_fpr:rate=0.05")

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for the log-odds of the text."""
        text: Conversation = item.fields["text"]
        return [Conversation(text.messages, origin=item.origin(self.name, 0))]

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float]:
        """Return the log-odds of the positive class, and the label."""
        response = answers[0].responses[0]
        return {
            "log_odds": np.nan if isinstance(response, Failure) else response,
            "label": item.fields["label"],
        }

    def tell(self, item: ItemFigures) -> Told | None:
        """Say whether the text was flagged, where its score stands among the negatives, and what it is."""
        brief, threshold = self.definition.brief, told.threshold_of(self.metrics)
        classes = {name: brief.get(name, "") for name in ("positive", "negative")}
        return told.detected(item, threshold=threshold, **classes)


class AreaUnderCurve(ScoredMetric):
    """Area under the ROC curve; ties count half."""

    description = "area under the ROC curve; ties count half"
    chance = 0.5

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value, and DeLong's placements as the influence of each row on it."""
        return stats.auroc(self.levels(columns))

    def classes(self, columns: Columns) -> NDArray[np.int64] | None:
        """Return the labels as classes if rows are clustered."""
        return self.labels_if_clustered(columns)

    def interval(self, columns: Columns, estimate: Estimate, confidence: float) -> tuple[float, float]:
        """Return the wider of the interval of the influences and Newcombe's; for clustered rows, the former."""
        if columns.clusters is not None:
            return estimate.low, estimate.high
        low, high = stats.auroc_interval(estimate.value, *self.levels(columns).counts, confidence=confidence)
        # Without a standard error the interval of the influences is the whole range of the metric already.
        return min(estimate.low, low), max(estimate.high, high)

    def pictures(self, columns: Columns) -> Sequence[Picture]:
        """Draw the ROC curve, with the line of chance."""
        return detection_pictures.roc(self.levels(columns))


class AveragePrecision(ScoredMetric):
    """Step-wise area under the precision-recall curve."""

    description = "area under the precision-recall curve, step-wise"

    def chance(self, columns: Columns) -> float | None:
        """Return the value to expect of these scores with the labels dealt anew: about the share of positives."""
        return stats.average_precision_by_chance(self.levels(columns)) if self.both_classes(columns) else None

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value, and the influence of each row on it."""
        return stats.average_precision(self.levels(columns))

    def pictures(self, columns: Columns) -> Sequence[Picture]:
        """Draw the precision-recall curve, with the line of chance."""
        return detection_pictures.precision_recall(self.levels(columns))


class TrapezoidalArea(ScoredMetric):
    """Area under straight lines between the points of the precision-recall curve."""

    description = "as MULI publishes it: straight lines between points, optimistic where scores tie"

    def chance(self, columns: Columns) -> float | None:
        """Return the value to expect of these scores with the labels dealt anew."""
        return stats.auprc_trapezoid_by_chance(self.levels(columns)) if self.both_classes(columns) else None

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value, and the influence of each row on it."""
        return stats.auprc_trapezoid(self.levels(columns))
