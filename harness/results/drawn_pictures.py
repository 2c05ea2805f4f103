"""The pictures that metrics draw of models from their columns: what sites and viewers show, each in its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from harness.metric import Metric
from harness.names.plugins import describe
from harness.pictures import Matrix, Picture
from harness.running.table import Table

MOST_MODELS = 24
"""Most models in one frame, the best ranked ones: nobody tells more curves apart."""


class Drawing(NamedTuple):
    """A picture that one metric drew of one model."""

    metric: str
    model: str
    """Name of the model's page."""
    picture: Picture | Matrix


def drawings(
    metrics: Sequence[Metric], tables: Mapping[str, Table], say: Callable[[str], None] = lambda text: None
) -> list[Drawing]:
    """Return the pictures that the metrics of a task draw of its best-ranked models, each model on its own.

    Args:
        metrics: The metrics of the task.
        tables: The columns of each model, by the name of its page, the best ranked first.
        say: Called with a note about each metric that cannot draw; the other metrics still draw.
    """
    pictures = []
    for metric in metrics:
        try:
            for model, table in islice(tables.items(), MOST_MODELS):
                mask = metric.valid(table.columns)
                if mask.any():
                    pictures += [Drawing(metric.name, model, p) for p in metric.pictures(table.columns.only(mask))]
        except (Exception, SystemExit) as error:  # of any plugin
            say(no_picture(metric.name, error))
    return pictures


def no_picture(metric: str, error: BaseException) -> str:
    """Write why a metric has no picture, or lacks some."""
    return f"no picture of {metric}: {describe(error)}"


def thinned(count: int, limit: int) -> list[int]:
    """Return evenly spaced indices, at most ``limit`` of them, with both ends among them."""
    return [int(i) for i in np.unique(np.linspace(0, count - 1, min(count, limit)).round())] if count else []
