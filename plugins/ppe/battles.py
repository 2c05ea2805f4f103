"""Battles of an arena: two models answer a prompt, a person says which answer is better, or that neither is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from harness import Answers, BadValue, Columns, FieldSpec, FloatArray, Item, ItemFigures, Told
from harness.errors import did_you_mean
from harness.kinds import told
from harness.kinds.preference import Preference
from harness.tasks import find_same, shorten


class ArenaBattles(Preference):
    """Rows hold the answers of two models, ``first`` and ``second``, the models' names, and the ``winner``.

    Columns beside those of `Preference`: ``outcome``, the credit that people gave the first model (1, 0, or 0.5 for a
    tie of either kind); ``first_model`` and ``second_model``, indices into the option ``models``. If people saw a tie,
    ``better`` is 0 by convention, and the row says nothing of accuracy but counts in ratings.

    A task file gives the names of all ``models``, so that a misspelt one is found and a model keeps its index.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "prompt": FieldSpec("conversation", description="a text or a list of messages"),
        "first": FieldSpec("text", description="the answer of the first model"),
        "second": FieldSpec("text", description="the answer of the second model"),
        "first_model": FieldSpec("text"),
        "second_model": FieldSpec("text"),
        "winner": FieldSpec("any", description="one of the options first_label, second_label and tie_labels"),
    }
    columns: ClassVar[tuple[str, ...]] = (*Preference.columns, "outcome", "first_model", "second_model")
    default_metrics: ClassVar[tuple[str, ...]] = ("battle_accuracy", "elo_spearman", "separability")
    options: ClassVar[Mapping[str, Any]] = {
        **Preference.options,
        "first_label": "model_a",
        "second_label": "model_b",
        "tie_labels": ["tie", "tie (bothbad)"],
        "models": [],
    }

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Check the winner and the models; derive ``label`` and ``outcome``.

        Raises:
            BadValue: the winner or a model is unknown, or a model battles with itself.
        """
        settings = self.settings
        credit = {settings["first_label"]: 1.0, settings["second_label"]: 0.0} | dict.fromkeys(
            settings["tie_labels"], 0.5
        )
        winner = find_same(fields["winner"], credit)
        if winner is None:
            given = shorten(fields["winner"])
            raise BadValue(f"'winner' is {given}; expected one of {', '.join(map(repr, credit))}")
        names = [fields["first_model"], fields["second_model"]]
        if names[0] == names[1]:
            raise BadValue(f"{names[0]!r} battles with itself; a battle needs two different models")
        for name in names:
            if name not in settings["models"]:
                raise BadValue(
                    f"the model {name!r} is not among the {len(settings['models'])} that the task's option 'models' "
                    f"names{did_you_mean(name, settings['models'])}"
                )
        outcome = credit[winner]
        label = settings["second_label"] if outcome == 0 else settings["first_label"]
        codes = [settings["models"].index(name) for name in names]
        return {**super().prepare({**fields, "label": label}), "outcome": outcome, "codes": codes}

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float]:
        """Return the preference in both orders, the outcome, and the models that battled."""
        first, second = item.fields["codes"]
        battle = {"outcome": item.fields["outcome"], "first_model": first, "second_model": second}
        return {**super().row(item, answers), **battle}

    def tell(self, item: ItemFigures) -> Told | None:
        """Say which answer the model prefers, and which one people did."""
        return told.pair(item, orders=self.settings["orders"], judged=item.number("outcome") != 0.5)

    def facts(self) -> Mapping[str, Any]:
        """Return the models' names, and the orders in which judges were asked."""
        return {**super().facts(), "models": tuple(self.settings["models"])}


def predicted_credit(columns: Columns) -> FloatArray:
    """Return the evaluated model's credit for the first of the two, shape (n,): 1 preferred, 0 not, 0.5 a tie.

    A judge asked in both orders gives the mean of its two verdicts. The credit is NaN if a verdict is missing.
    """
    given = np.sign(columns.values["as_given"] - 0.5)
    if columns.facts.get("orders") == "as given":
        towards_better = given
    else:
        towards_better = (given + np.sign(columns.values["exchanged"] - 0.5)) / 2
    sign = 1 - 2 * columns.values["better"]
    return np.asarray(0.5 + 0.5 * sign * towards_better)


def predicted_winner_compat(columns: Columns) -> FloatArray:
    """Return the credit by the authors' code, shape (n,): the order of the data only, a tie going to the second."""
    given = np.sign(columns.values["as_given"] - 0.5) * (1 - 2 * columns.values["better"])
    return np.where(np.isnan(given), np.nan, (given > 0).astype(np.float64))
