"""Preference pairs: which of two responses is better; judged in both orders."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.errors import BadValue
from harness.kinds import told
from harness.metric import Columns, FloatArray, MeanMetric, Metric
from harness.pictures import Picture, Series
from harness.requests import Candidates, Failure, Pair, Request, Verdict
from harness.task import Answers, FieldSpec, Item, ItemFigures, Stage, Task, Told
from harness.tasks.data.field_mapping import shorten
from harness.tasks.data.values import same

NAN = float("nan")


class Preference(Task):
    """Rows hold ``chosen`` and ``rejected``, or ``first``, ``second`` and a ``label`` that names the better one.

    A judge is asked twice, with the responses exchanged; a reward model scores both responses once. Columns:
    ``as_given``, the preference for the better response in [0, 1], 0.5 a tie, in the order of the data (NaN: the
    request failed, or no verdict could be read); ``exchanged``, the same in the other order; ``better``, 0 for the
    first; and ``answered``, 1 if every request was answered, whether or not a verdict could be read. The option
    ``orders: as given`` asks only in the order of the data, as some published judges were asked; then only metrics of
    the first order are defined.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "prompt": FieldSpec("conversation", description="a text or a list of messages"),
        "chosen": FieldSpec("text", required=False, description="the better response"),
        "rejected": FieldSpec("text", required=False, description="the worse response"),
        "first": FieldSpec("text", required=False),
        "second": FieldSpec("text", required=False),
        "label": FieldSpec("any", required=False, description="which is better; see the options"),
    }
    stages: Sequence[Stage] = (Stage(("compare", "score")),)
    columns: ClassVar[tuple[str, ...]] = ("as_given", "exchanged", "better", "answered")
    default_metrics: ClassVar[tuple[str, ...]] = ("accuracy",)
    options: ClassVar[Mapping[str, Any]] = {"first_label": "first", "second_label": "second", "orders": "both"}
    option_forms: ClassVar[Mapping[str, Any]] = {"orders": Literal["both", "as given"]}

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Bring both forms of row to ``first``, ``second`` and ``better``: 0 the first, 1 the second.

        Raises:
            BadValue: a field is missing, or the label names neither response.
        """
        if "chosen" in fields and "rejected" in fields:
            return {
                "prompt": fields["prompt"],
                "first": fields["chosen"],
                "second": fields["rejected"],
                "better": 0,
            }
        chosen_form, first_form = ("chosen", "rejected"), ("first", "second", "label")
        # A row is of the form that it holds more of; one that holds nothing may be of either.
        in_first_form = any(name in fields for name in first_form) and not any(name in fields for name in chosen_form)
        missing = tuple(name for name in (first_form if in_first_form else chosen_form) if name not in fields)
        if "label" not in fields or "first" not in fields or "second" not in fields:
            raise BadValue(
                f"{', '.join(map(repr, missing))} is missing (give chosen and rejected, or first, second and label)",
                fields=missing,
            )
        labels = [self.settings["first_label"], self.settings["second_label"]]
        better = next((i for i, option in enumerate(labels) if same(fields["label"], option)), None)
        if better is None:
            raise BadValue(
                f"'label' is {shorten(fields['label'])}; expected {labels[0]!r} or {labels[1]!r} "
                "(options first_label, second_label)"
            )
        return {**fields, "label": labels[better], "better": better}

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for both scores in one request, or for a comparison in both orders."""
        f = item.fields
        if capability == "score":
            return [Candidates(f["prompt"], (f["first"], f["second"]), origin=item.origin(self.name, 0, 1))]
        given = Pair(f["prompt"], f["first"], f["second"], origin=item.origin(self.name, 0, 1))
        if self.settings["orders"] == "as given":
            return [given]
        return [given, Pair(f["prompt"], f["second"], f["first"], origin=item.origin(self.name, 1, 0))]

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float]:
        """Return the preference for the better response, in both orders."""
        better = item.fields["better"]
        answered = float(not answers[0].failures)
        responses = answers[0].responses
        if answers[0].capability == "score":
            preference = _from_scores(responses[0], better)
            return {"as_given": preference, "exchanged": preference, "better": better, "answered": answered}
        given = _p_first(responses[0])
        exchanged = _p_first(responses[1]) if len(responses) > 1 else NAN
        if better:
            given, exchanged = 1 - given, 1 - exchanged
        return {"as_given": given, "exchanged": 1 - exchanged, "better": better, "answered": answered}

    def tell(self, item: ItemFigures) -> Told | None:
        """Say which response the model picked, in either order, and which is better."""
        return told.pair(item, orders=self.settings["orders"])

    def facts(self) -> Mapping[str, Any]:
        """Return the orders in which judges were asked."""
        return {"orders": self.settings["orders"]}


def _from_scores(scores: Any, better: int) -> float:
    if isinstance(scores, Failure):
        return NAN
    return 0.5 + 0.5 * float(np.sign(scores[better] - scores[1 - better]))


def _p_first(response: Any) -> float:
    if isinstance(response, Verdict) and response.p_first is not None:
        return response.p_first
    return NAN


class OfVerdicts(Metric):
    """Base of metrics of verdicts; a request with an unreadable verdict has not failed."""

    def constant(self, columns: Columns) -> str:
        """Say so if every verdict is a tie: the figure then says what a tie counts."""
        return all_ties(columns)

    def nothing_valid(self, columns: Columns) -> str:
        """Say that no verdict could be read, if requests were answered all the same."""
        if (columns.values.get("answered", np.zeros(1)) == 1).any():
            return "no verdict could be read"
        return super().nothing_valid(columns)


def all_ties(columns: Columns) -> str:
    """Say so if a model calls every pair a tie, as it does if all its scores are equal; else return nothing."""
    return ties_alone([columns.values[name] for name in ("as_given", "exchanged") if name in columns.values])


def ties_alone(verdicts: Sequence[NDArray[np.float64]]) -> str:
    """Say so if verdicts, one array an order with NaN where there is none, are all ties; else return nothing.

    >>> ties_alone([np.full(3, 0.5), np.array([0.5, 0.5, np.nan])])
    'calls all 3 pairs a tie'
    """
    there = np.any([~np.isnan(verdict) for verdict in verdicts], axis=0) if verdicts else np.zeros(0, dtype=bool)
    tied = all(((verdict == 0.5) | np.isnan(verdict)).all() for verdict in verdicts)
    return f"calls all {there.sum():,} pairs a tie" if tied and there.sum() > 1 else ""


def labels_tossed(metric: Metric, columns: Columns) -> float:
    """Return the value to expect of the same verdicts if a coin says of each pair which response is better.

    It follows from how the answers were made: of a model that contradicts itself in half of the pairs when the
    responses are exchanged, and knows nothing of their worth, a quarter is right on balance of both orders; of one that
    never contradicts itself, half.
    """
    exchanged = ("as_given", "exchanged", "better")
    values = {name: 1 - column if name in exchanged else column for name, column in columns.values.items()}
    other = dataclasses.replace(columns, values=values, _made={})
    return (metric.linearise(columns).value + metric.linearise(other).value) / 2


class _Preference(OfVerdicts, MeanMetric):
    needs: ClassVar[tuple[str, ...]] = ("as_given", "exchanged")

    @staticmethod
    def games(columns: Columns) -> tuple[FloatArray, FloatArray]:
        """Return +1 if the better response wins, 0 for a tie, -1 if it loses; in each order."""
        return np.sign(columns.values["as_given"] - 0.5), np.sign(columns.values["exchanged"] - 0.5)


class _Unparsed(_Preference):
    """Counts an unreadable verdict as a verdict for neither response, as published figures do."""

    needs: ClassVar[tuple[str, ...]] = ("as_given", "exchanged", "answered")

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the rows that were answered, readable or not."""
        return np.asarray(columns.values["answered"] == 1)

    @staticmethod
    def games(columns: Columns) -> tuple[FloatArray, FloatArray]:
        """Return the games, with 0 for an unreadable verdict."""
        given, exchanged = _Preference.games(columns)
        return np.nan_to_num(given), np.nan_to_num(exchanged)


class Accuracy(_Preference):
    """Share of pairs judged rightly, mean of both orders; a tie counts half."""

    description = "share of pairs judged rightly, mean of both orders; a tie counts half"
    chance = 0.5

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the credit of each pair, the mean of both orders."""
        given, exchanged = self.games(columns)
        return 0.5 + 0.25 * (given + exchanged)

    def pictures(self, columns: Columns) -> Sequence[Picture]:
        """Draw the share of pairs by verdict in both orders, from right twice to wrong twice."""
        won = np.add(*self.games(columns))
        kinds = {"right twice": won == 2, "right once": won == 1, "undecided": won == 0}
        kinds |= {"wrong once": won == -1, "wrong twice": won == -2}
        shares = [
            stats.mean_estimate(k.astype(float), clusters=columns.clusters, bounds=(0, 1)) for k in kinds.values()
        ]
        value, low, high = ([getattr(e, name) for e in shares] for name in ("value", "low", "high"))
        picture = Picture(
            title="Verdicts",
            x="verdict, in both orders",
            y="share of pairs",
            series=[Series(list(kinds), value, low, high, form="bars")],
            note="A judge that contradicts itself when the responses are exchanged is undecided.",
        )
        return (picture,)


class StrictAccuracy(_Preference):
    """Share of pairs judged rightly, mean of both orders; a tie counts as wrong (LLMBar's average accuracy)."""

    description = "share of pairs judged rightly, mean of both orders; a tie counts as wrong"
    chance = labels_tossed

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the credit of each pair, the mean of both orders."""
        given, exchanged = self.games(columns)
        return np.asarray(0.5 * (given > 0) + 0.5 * (exchanged > 0))


class BothOrders(_Preference):
    """Share of pairs with more wins than losses over both orders (JudgeBench, section on evaluation)."""

    description = "rightly judged on balance of both orders (JudgeBench)"
    chance = labels_tossed

    def per_item(self, columns: Columns) -> FloatArray:
        """Return 1 where the pair is judged rightly on balance of both orders."""
        given, exchanged = self.games(columns)
        return (given + exchanged > 0).astype(np.float64)


class RightInBoth(_Preference):
    """Share of pairs judged rightly in both orders."""

    description = "rightly judged in both orders"
    chance = labels_tossed

    def per_item(self, columns: Columns) -> FloatArray:
        """Return 1 where the pair is judged rightly in both orders."""
        given, exchanged = self.games(columns)
        return ((given > 0) & (exchanged > 0)).astype(np.float64)


class FirstOrder(_Preference):
    """Share of pairs judged rightly in the order of the data; a tie counts as wrong."""

    description = "share judged rightly in the order of the data only; a tie counts as wrong"
    chance = labels_tossed
    needs: ClassVar[tuple[str, ...]] = ("as_given",)

    def per_item(self, columns: Columns) -> FloatArray:
        """Return 1 where the pair is judged rightly."""
        return (columns.values["as_given"] > 0.5).astype(np.float64)


class SecondOrder(_Preference):
    """Share of pairs judged rightly with the responses exchanged; a tie counts as wrong."""

    description = "share judged rightly with the responses exchanged only; a tie counts as wrong"
    chance = labels_tossed
    needs: ClassVar[tuple[str, ...]] = ("exchanged",)

    def per_item(self, columns: Columns) -> FloatArray:
        """Return 1 where the pair is judged rightly."""
        return (columns.values["exchanged"] > 0.5).astype(np.float64)


class Consistency(_Preference):
    """Share of pairs with the same verdict in both orders."""

    description = "share of pairs with the same verdict in both orders"

    def per_item(self, columns: Columns) -> FloatArray:
        """Return 1 where the verdict is the same in both orders."""
        given, exchanged = self.games(columns)
        return np.asarray(given == exchanged, dtype=np.float64)


class FirstPosition(_Preference):
    """Share of verdicts for the response shown first, ties half; both orders are needed, so that quality cancels."""

    description = "how often the response shown first wins; 0.5 is unbiased"
    higher_is_better = False
    needs: ClassVar[tuple[str, ...]] = ("as_given", "exchanged", "better")

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the mean of both orders, for each pair."""
        given, exchanged = self.games(columns)
        # Shown first is the better response in one order and the worse in the other; `better` says in which.
        sign = 1 - 2 * columns.values["better"]
        return np.asarray(0.5 + 0.25 * sign * (given - exchanged))


class TieRate(_Preference):
    """Share of verdicts that are ties."""

    description = "share of verdicts that are ties"
    higher_is_better = False

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the mean of both orders, for each pair."""
        given, exchanged = self.games(columns)
        return np.asarray(0.5 * (given == 0) + 0.5 * (exchanged == 0))


class StrictAccuracyCompat(_Unparsed, StrictAccuracy):
    """`StrictAccuracy` as LLMBar publishes it: an unreadable verdict is wrong."""

    description = "as LLMBar publishes it: unreadable verdicts are wrong"


class RightInBothCompat(_Unparsed, RightInBoth):
    """`RightInBoth` as LLMBar publishes it: an unreadable verdict is wrong."""

    description = "as LLMBar publishes it: unreadable verdicts are wrong"


class ConsistencyCompat(_Unparsed, Consistency):
    """`Consistency` as LLMBar publishes it: two unreadable verdicts are the same."""

    description = "as LLMBar publishes it: two unreadable verdicts are the same"


class BothOrdersCompat(_Unparsed, BothOrders):
    """`BothOrders` as JudgeBench publishes it: an unreadable verdict has no vote, and the other decides."""

    description = "as JudgeBench publishes it: unreadable verdicts abstain"


class FirstOrderCompat(_Unparsed, FirstOrder):
    """`FirstOrder` as JudgeBench publishes it: an unreadable verdict is wrong."""

    description = "as JudgeBench publishes it: unreadable is wrong"
    needs: ClassVar[tuple[str, ...]] = ("as_given", "answered")


class SecondOrderCompat(_Unparsed, SecondOrder):
    """`SecondOrder` as LLMBar publishes it: an unreadable verdict is wrong."""

    description = "as LLMBar publishes it (correct_True): unreadable is wrong"
    needs: ClassVar[tuple[str, ...]] = ("exchanged", "answered")


class TiesToSecondCompat(_Unparsed):
    """Accuracy in the order of the data, a tie going to the second response: JudgeBench's rule for equal scores."""

    description = "the order of the data, a tie going to the second response, as JudgeBench does with equal scores"
    chance = 0.5
    needs: ClassVar[tuple[str, ...]] = ("as_given", "better", "answered")

    def per_item(self, columns: Columns) -> FloatArray:
        """Return 1 where the pair is judged rightly."""
        given = np.nan_to_num(np.sign(columns.values["as_given"] - 0.5))
        return np.asarray(np.where(given == 0, columns.values["better"] == 1, given > 0), dtype=np.float64)


class UnparsedRate(_Unparsed):
    """Share of verdicts that could not be read."""

    description = "share of verdicts that could not be read"
    higher_is_better = False

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the share of unreadable verdicts among the orders that were asked, for each pair."""
        asked = ["as_given"] if columns.facts.get("orders") == "as given" else ["as_given", "exchanged"]
        return np.asarray(np.isnan([columns.values[name] for name in asked]).mean(axis=0))
