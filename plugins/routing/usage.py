"""Pictures of which models a router chooses: in all, and by category."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness import Columns, Matrix, Picture, Series, stats

from .choices import IntArray, labels

_MODELS, _CATEGORIES = 20, 30
"""Most models and categories that a picture shows: those that are chosen most, and the largest."""


def usage_of_models(columns: Columns, model: IntArray) -> Picture:
    """Draw the share of questions that each model gets.

    Args:
        columns: The cell's columns.
        model: (n,) index of the chosen model, of questions that are all answered.
    """
    names, order = labels(columns), _most_chosen(columns, model)
    shares = np.bincount(model, minlength=len(names))[order] / len(model)
    return Picture(
        "Models chosen",
        x="model",
        y="share of questions",
        series=[Series([names[i] for i in order], shares.tolist(), form="bars")],
        y_range=(0, 1),
    )


def usage_by_category(columns: Columns, model: IntArray) -> Sequence[Matrix]:
    """Draw the share of each category's questions that each model gets; nothing where there are no two categories.

    Args:
        columns: The cell's columns.
        model: (n,) as of `usage_of_models`.
    """
    if "category" not in columns.values:
        return ()
    codes = columns.values["category"]
    found, counts = np.unique(codes[np.isfinite(codes)], return_counts=True)
    if len(found) < 2:
        return ()
    largest = np.sort(found[np.argsort(-counts, kind="stable")[:_CATEGORIES]])
    names, order = labels(columns), _most_chosen(columns, model)
    named = tuple(columns.facts.get("categories", ()))
    rows = [named[int(code)] if int(code) < len(named) else f"category {int(code) + 1}" for code in largest]
    values, low, high, items = [], [], [], []
    for code in largest:
        chosen = model[codes == code]
        hits = np.bincount(chosen, minlength=len(names))[order]
        ends = [stats.wilson(int(hit), len(chosen)) for hit in hits]
        values.append((hits / len(chosen)).tolist())
        low.append([float(end[0]) for end in ends])
        high.append([float(end[1]) for end in ends])
        items.append([len(chosen)] * len(order))
    left_out = [
        f"{len(part) - shown} more {what} are left out"
        for part, shown, what in ((found, len(largest), "categories"), (names, len(order), "models"))
        if len(part) > shown
    ]
    even = 1 / len(names)
    return [
        Matrix(
            "Models chosen by category",
            "share of the row's questions that the column's model gets",
            rows,
            [names[i] for i in order],
            values,
            low,
            high,
            middle=even,
            reach=1 - even,
            counts=items,
            note="; ".join(left_out),
        )
    ]


def _most_chosen(columns: Columns, model: IntArray) -> IntArray:
    names = labels(columns)
    return np.argsort(-np.bincount(model, minlength=len(names)), kind="stable")[:_MODELS]
