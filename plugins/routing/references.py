"""What a train split would choose without reading a question: the best model, and the best of each category."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness import FloatArray, Item


class References:
    """The choices of a train split, by name, for questions that may have other models.

    Args:
        train: Questions of the train split.
        others: Those of other splits, whose categories get a code too.
    """

    def __init__(self, train: Sequence[Item], others: Sequence[Item] = ()) -> None:
        self.categories: list[str] = sorted(
            {name for item in (*train, *others) if (name := item.fields["category"]) is not None}
        )
        self._codes = {name: code for code, name in enumerate(self.categories)}
        self._models = {label: i for i, label in enumerate(train[0].fields["models"])} if train else {}
        outcomes = np.array([item.fields["outcomes"] for item in train]).reshape(len(train), len(self._models))
        codes = np.array([self._codes.get(item.fields["category"], -1) for item in train], dtype=np.int64)
        self._means = _means(outcomes)
        self._by_category = {
            code: _means(outcomes[codes == code]) for code in range(len(self.categories)) if (codes == code).any()
        }
        self._chosen: dict[tuple[tuple[str, ...], float], dict[str, float]] = {}

    def code(self, category: str | None) -> float:
        """Return the index of a category; NaN for none."""
        return float("nan") if category is None else float(self._codes.get(category, float("nan")))

    def chosen(self, item: Item) -> dict[str, float]:
        """Return the index, among the item's models, of the best on the train split, and of the best in its category.

        A category that the train split lacks gets the best of all; models that it lacks are not chosen.
        """
        key = (item.fields["models"], self.code(item.fields["category"]))
        if key not in self._chosen:
            overall = self._best(key[0], self._means)
            in_category = self._by_category.get(int(key[1])) if not np.isnan(key[1]) else None
            best = overall if in_category is None else self._best(key[0], in_category)
            self._chosen[key] = {
                "train_best": overall,
                "train_best_of_category": overall if np.isnan(best) else best,
            }
        return self._chosen[key]

    def _best(self, models: Sequence[str], means: FloatArray) -> float:
        known = [means[self._models[label]] if label in self._models else np.nan for label in models]
        return float("nan") if np.isnan(known).all() else float(np.nanargmax(known))


def _means(outcomes: FloatArray) -> FloatArray:
    """Return the mean of each model's known outcomes, (m,); NaN where none is known."""
    known = ~np.isnan(outcomes)
    counts = known.sum(axis=0)
    sums = np.where(known, outcomes, 0.0).sum(axis=0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
