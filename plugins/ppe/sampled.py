"""Best of k with pairs: k sampled responses to a prompt, and pairs of a right and a wrong one for judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from harness import (
    Answers,
    BadValue,
    Candidates,
    Failure,
    FieldSpec,
    FloatArray,
    Item,
    ItemFigures,
    Pair,
    Request,
    ResponseMark,
    Stage,
    Told,
    Verdict,
)
from harness.kinds import told
from harness.kinds.best_of_k import BestOfK
from harness.tasks import shorten


class SampledBestOfK(BestOfK):
    """Rows hold ``responses``, a ``correct`` flag for each, and ``pairs`` of indices for models that compare.

    A reward model scores all responses; a judge compares the two of every pair, in both orders unless the option
    ``orders: as given`` says otherwise. Columns beside ``scores`` and ``correct``: ``pair_first`` and ``pair_second``,
    (n, p) indices padded with NaN; ``pair_given`` and ``pair_exchanged``, the preference for the first of each pair in
    [0, 1] when shown first and when shown second (NaN: failed, or no verdict could be read); ``answered``, (n,), 1
    if no request of the row failed.

    A missing response (null) is left out together with its label and its pairs. Without ``pairs``, all pairs of a
    correct and a wrong response serve.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        **BestOfK.fields,
        "responses": FieldSpec("texts with gaps", description="null: that response is missing"),
        "pairs": FieldSpec("any", required=False, description="lists [i, j] of two indices, from 0"),
    }
    stages: Sequence[Stage] = (Stage(("score", "compare")),)
    columns: ClassVar[tuple[str, ...]] = (
        *BestOfK.columns,
        "pair_first",
        "pair_second",
        "pair_given",
        "pair_exchanged",
        "answered",
    )
    default_metrics: ClassVar[tuple[str, ...]] = ("best_of_k_accuracy", "conflict_pair_accuracy", "pooled_auroc")
    options: ClassVar[Mapping[str, Any]] = {"orders": "both"}
    option_forms: ClassVar[Mapping[str, Any]] = {"orders": Literal["both", "as given"]}

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Check that every response has a label and every pair one correct response; close gaps.

        Raises:
            BadValue: labels are missing, or a pair is not of that form.
        """
        responses, correct = fields["responses"], fields["correct"]
        if len(responses) != len(correct):
            raise BadValue(f"{len(responses)} responses, but {len(correct)} labels in 'correct'")
        pairs = _pairs(fields.get("pairs"), correct)
        kept = [i for i, response in enumerate(responses) if response is not None]
        place = {old: new for new, old in enumerate(kept)}
        fields["responses"] = [responses[i] for i in kept]
        fields["correct"] = [correct[i] for i in kept]
        fields["pairs"] = [(place[i], place[j]) for i, j in pairs if i in place and j in place]
        fields["positions"] = kept
        return super().prepare(fields)

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for all scores in one request, or for a comparison of each pair in each order."""
        f, kept = item.fields, item.fields["positions"]
        if capability == "score":
            return [Candidates(f["prompt"], tuple(f["responses"]), origin=item.origin(self.name, *kept))]
        asked: list[Request] = []
        for i, j in f["pairs"]:
            for first, second in [(i, j)] if self.settings["orders"] == "as given" else [(i, j), (j, i)]:
                origin = item.origin(self.name, kept[first], kept[second])
                asked.append(Pair(f["prompt"], f["responses"][first], f["responses"][second], origin=origin))
        return asked

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float | NDArray[Any]]:
        """Return scores, labels, pairs and preferences."""
        pairs = np.array(item.fields["pairs"], dtype=np.int64).reshape(-1, 2)
        correct = np.array(item.fields["correct"])
        if answers[0].capability == "score":
            answer = answers[0].responses[0]
            scores = np.full(len(correct), np.nan) if isinstance(answer, Failure) else np.asarray(answer, np.float64)
            given = exchanged = 0.5 + 0.5 * np.sign(scores[pairs[:, 0]] - scores[pairs[:, 1]])
        else:
            scores = np.full(len(correct), np.nan)
            given, exchanged = self._verdicts(answers[0].responses, len(pairs))
        return {
            "scores": scores,
            "correct": correct,
            "pair_first": pairs[:, 0].astype(np.float64),
            "pair_second": pairs[:, 1].astype(np.float64),
            "pair_given": given,
            "pair_exchanged": exchanged,
            "answered": float(not answers[0].failures),
        }

    def _verdicts(self, responses: Sequence[Any], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        preferences = np.array([_p_first(response) for response in responses], dtype=np.float64)
        if self.settings["orders"] == "as given":
            return preferences, np.full(count, np.nan)
        both = preferences.reshape(count, 2)
        return both[:, 0], 1 - both[:, 1]

    def tell(self, item: ItemFigures) -> Told | None:
        """Say which response has the highest score, or how many pairs a judge judged rightly."""
        correct = item.numbers("correct")
        if len(item.numbers("scores")):
            return super().tell(item)
        return _judged(item, correct, np.column_stack([item.numbers("pair_first"), item.numbers("pair_second")]))

    def facts(self) -> Mapping[str, Any]:
        """Return the orders in which judges were asked."""
        return {"orders": self.settings["orders"]}


def _judged(item: ItemFigures, correct: FloatArray, pairs: FloatArray) -> Told:
    """Tell of the pairs of an item that a judge compared; NaN where it gave no verdict."""
    asked = [tuple(map(int, pair)) for pair in pairs]
    rightly = 0.0
    read = 0
    for name in ("pair_given", "pair_exchanged"):
        preferences = item.columns.values[name][item.row][: len(asked)]
        for (first, second), preference in zip(asked, preferences, strict=True):
            if preference == preference:
                read += 1
                rightly += 0.5 + 0.5 * np.sign((preference - 0.5) * (correct[first] - correct[second]))
    # With gaps, the pairs alone tell which of the item's responses stands where.
    places = {i: i for i in range(len(correct))}
    if asked and len(item.positions) % len(asked) == 0 and item.positions:
        step = len(item.positions) // len(asked)
        for pair, shown in zip(asked, item.positions[::step], strict=True):
            places.update(zip(pair, shown, strict=False))
    marks = {places[i]: ResponseMark("correct" if c == 1 else "", bool(c == 1)) for i, c in enumerate(correct)}
    if not read:
        return Told(told.UNREADABLE if asked else "no pair of a correct and a wrong response", "", marks)
    return Told(f"{rightly:g} of {read} verdicts on pairs prefer the correct response", "", marks)


def _pairs(value: Any, correct: Sequence[float]) -> list[tuple[int, int]]:
    k = len(correct)
    if value is None:
        return [(i, j) for i in range(k) for j in range(k) if correct[i] > correct[j]]
    pairs: list[tuple[int, int]] = []
    for pair in value if isinstance(value, list) else [value]:
        if not (isinstance(pair, (list, tuple)) and len(pair) == 2 and all(isinstance(i, int) for i in pair)):
            raise BadValue(f"'pairs' holds {shorten(pair)}; expected lists [i, j] of two indices, from 0")
        i, j = pair
        if not (0 <= i < k and 0 <= j < k):
            raise BadValue(f"'pairs' holds {pair}, but there are {k} responses, numbered from 0")
        if correct[i] == correct[j]:
            raise BadValue(f"'pairs' holds {pair}, whose responses have the same label {correct[i]:g}")
        pairs.append((i, j))
    return pairs


def _p_first(response: Any) -> float:
    if isinstance(response, Verdict) and response.p_first is not None:
        return response.p_first
    return float("nan")
