"""RewardBench: preference pairs in subsets, subsets in sections; the score is the mean over sections.

Within a section every pair counts alike, or as much as the task file says for its subset; sections count alike
(Lambert and others, arXiv 2403.13787, section 4.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import (
    Answers,
    BadValue,
    Columns,
    ConfigurationError,
    Definition,
    FieldSpec,
    Item,
    Linearised,
    MeanMetric,
    Metric,
)
from harness.errors import did_you_mean
from harness.kinds.preference import Preference, all_ties, labels_tossed

FloatArray = NDArray[np.float64]


class SectionedPreference(Preference):
    """Preference pairs whose rows also name their ``subset``; the options assign subsets to sections.

    Options beside those of preference: ``sections``, section to list of subsets; ``pair_weights``, subset to the weight
    of each of its pairs, 1 unless given. Further columns: ``subset`` and ``section``, as numbers in the order of the
    options; ``pair_weight``; and ``scored``, 1 if the model gave scores and 0 if it compared.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        **Preference.fields,
        "subset": FieldSpec("text", description="one of those listed in the option sections"),
    }
    columns: ClassVar[tuple[str, ...]] = (*Preference.columns, "subset", "section", "pair_weight", "scored")
    default_metrics: ClassVar[tuple[str, ...]] = ("section_mean", "accuracy_rewardbench@compat", "accuracy")
    options: ClassVar[Mapping[str, Any]] = {**Preference.options, "sections": {}, "pair_weights": {}}

    def __init__(self, definition: Definition) -> None:
        super().__init__(definition)
        sections, weights = self.settings["sections"], self.settings["pair_weights"]
        if not (isinstance(sections, Mapping) and sections and all(isinstance(s, list) for s in sections.values())):
            raise ConfigurationError(f"{self.name}: options.sections: expected sections, each a list of subsets")
        self._sections = [*sections]
        self._subsets = [subset for subsets in sections.values() for subset in subsets]
        self._section_of = [i for i, subsets in enumerate(sections.values()) for _ in subsets]
        for subset, weight in dict(weights).items():
            if subset not in self._subsets:
                hint = did_you_mean(str(subset), self._subsets)
                raise ConfigurationError(f"{self.name}: options.pair_weights: no section lists {subset!r}{hint}")
            if not (isinstance(weight, (int, float)) and 0 < weight < np.inf):
                raise ConfigurationError(
                    f"{self.name}: options.pair_weights: {subset!r} weighs {weight!r}; expected a positive number"
                )

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Prepare the pair, and number its subset.

        Raises:
            BadValue: no section lists the subset.
        """
        subset = fields.pop("subset")
        if subset not in self._subsets:
            raise BadValue(f"'subset' is {subset!r}, which no section lists{did_you_mean(subset, self._subsets)}")
        return {**super().prepare(fields), "subset": self._subsets.index(subset)}

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float]:
        """Return the columns of a preference, with subset, section, weight and whether the model gave scores."""
        subset = item.fields["subset"]
        return {
            **super().row(item, answers),
            "subset": float(subset),
            "section": float(self._section_of[subset]),
            "pair_weight": float(self.settings["pair_weights"].get(self._subsets[subset], 1)),
            "scored": float(answers[0].capability == "score"),
        }

    def facts(self) -> Mapping[str, Any]:
        """Return the names of the sections."""
        return {"sections": self._sections}


def credit(columns: Columns) -> FloatArray:
    """Return the credit of each pair by RewardBench's scripts, (n,), mean of both orders.

    Equal scores of a reward model are wrong; a judge's tie, or a verdict that cannot be read, counts half.
    """
    undecided = np.where(columns.values["scored"] == 1, 0.0, 0.5)
    games = [np.nan_to_num(np.sign(columns.values[order] - 0.5)) for order in ("as_given", "exchanged")]
    return np.asarray(np.mean([np.where(game == 0, undecided, game > 0) for game in games], axis=0))


class _Credited(Metric):
    needs: ClassVar[tuple[str, ...]] = ("as_given", "exchanged", "answered", "scored")

    def constant(self, columns: Columns) -> str:
        """Say so if every verdict is a tie."""
        return all_ties(columns)

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the rows that were answered, readable or not."""
        return np.asarray(columns.values["answered"] == 1)

    def chance(self, columns: Columns) -> float:
        """Return the value to expect of the same verdicts if a coin says which response of a pair is better."""
        return labels_tossed(self, columns)


class RewardBenchAccuracy(_Credited, MeanMetric):
    """Share of pairs judged rightly, with RewardBench's credit for undecided pairs."""

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the credit of each pair."""
        return credit(columns)


class SectionMean(_Credited):
    """Mean over sections of their weighted mean credit; sections without a pair in the slice are left out."""

    needs: ClassVar[tuple[str, ...]] = (*_Credited.needs, "subset", "section", "pair_weight")

    def linearise(self, columns: Columns) -> Linearised:
        """Return the value; the influence of a pair is its distance from its subset's mean: subset sizes were chosen.

        Distances from the mean of n pairs, or n clusters of them, are too small by the root of (n - 1) / n, which is
        made up for subset by subset (Cochran 1977, chapter 5); a subset of one pair says nothing of its own spread.
        """
        weights, values = _weights(columns), credit(columns)
        subset = columns.values["subset"].astype(int)
        counts = np.bincount(subset)
        means = np.bincount(subset, values) / np.maximum(counts, 1)
        independent, everyone = counts, len(columns)
        if columns.clusters is not None:
            pairs = np.unique(np.column_stack([subset, columns.clusters]), axis=0)
            independent, everyone = np.bincount(pairs[:, 0]), len(np.unique(pairs[:, 1]))
        # The estimate from all influences applies this factor for the whole already.
        spread = np.sqrt(independent / np.maximum(independent - 1, 1) * (1 - 1 / everyone))
        influence = weights * (values - means[subset]) * spread[subset] * len(columns)
        return Linearised(float(weights @ values), influence)

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return the sections' values, by name."""
        section = columns.values["section"].astype(int)
        shares = _weights(columns)
        total, of_section = np.bincount(section, shares), np.bincount(section, shares * credit(columns))
        names = columns.facts.get("sections", ())
        return {
            "sections": {
                str(names[i]) if i < len(names) else str(i): float(of_section[i] / total[i]) for i in np.unique(section)
            }
        }


def _weights(columns: Columns) -> FloatArray:
    """Return the weight of each pair, (n,); the weights add up to 1."""
    each, section = columns.values["pair_weight"], columns.values["section"].astype(int)
    return np.asarray(each / np.bincount(section, each)[section] / len(np.unique(section)))
