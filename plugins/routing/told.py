"""A routed question in a sentence: which model was chosen, whether that is right, and how many are."""

from __future__ import annotations

import numpy as np

from harness import ItemFigures, Told
from harness.kinds.told import short

from .choices import labels

RIGHT = 0.5
"""An outcome of at least this counts as right in a sentence."""


def routed(item: ItemFigures) -> Told | None:
    """Tell of a question from the columns that `task.Routing` makes; None where nothing is known of it.

    What is told is the choice by predicted correctness alone, without a cost weight.
    """
    names = labels(item.columns)
    predicted, outcome = (item.columns.values[name][item.row] for name in ("predicted", "outcome"))
    known = np.isfinite(outcome)
    right = int((outcome[known] >= RIGHT).sum())
    if not np.isfinite(predicted).all():
        return Told(f"no answer; {_count(right, int(known.sum()), len(names))}", "") if known.any() else None
    chosen = int(np.argmax(predicted))
    said = f"chose {names[chosen]} (predicted {short(float(predicted[chosen]))})"
    if not known[chosen]:
        return Told(f"{said}, whose outcome is unknown; {_count(right, int(known.sum()), len(names))}", "")
    value = float(outcome[chosen])
    if value in (0.0, 1.0):
        said += f", which is {'right' if value else 'wrong'}"
    else:
        said += f", whose outcome is {short(value)}"
    rest = f"{_count(right, int(known.sum()), len(names))}"
    if not right:
        rest = "no model is right" if known.all() else f"none of the {known.sum()} models with a known outcome is right"
    return Told(f"{said}; {rest}", "right" if value >= RIGHT else "wrong")


def _count(right: int, known: int, models: int) -> str:
    """Say how many models are right, of those whose outcome is known."""
    of = f"{models} models" if known == models else f"{known} models with a known outcome"
    return f"{right} of {of} {'is' if right == 1 else 'are'} right"
