"""RewardBench 2's Ties: several equally right answers must score alike, and all of them above the wrong ones.

Prompts come in pairs: ``ref:N`` has one right answer, ``tied:N`` several. For each, the margin is the worst right
score less the best wrong one, and the spread the best right score less the worst (Malik and others, arXiv 2506.01937,
and the scoring of their script):

    0.30 share of tied prompts with margin > 0          0.20 share of pairs with tied margin > spread
    0.30 share of reference prompts with margin > 0     0.20 share of pairs with both margins > spread
    0.01 mean over pairs of tanh(lower margin / spread - 1), 0 where both are 0

The score's maximum is 1.01. The last term breaks ties between models.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import (
    Answers,
    BadItem,
    BadValue,
    Candidates,
    Columns,
    Failure,
    FieldSpec,
    Item,
    ItemFigures,
    Judged,
    Linearised,
    Metric,
    Request,
    ResponseMark,
    Task,
    Told,
)
from harness.kinds import told

from .lists import at_least_one

FloatArray = NDArray[np.float64]
_ID = re.compile(r"(ref|tied):(\d+)")


class Ties(Task):
    """Rows hold an ``id`` such as ``ref:7`` or ``tied:7``, and lists of ``chosen`` and ``rejected`` answers.

    Columns: ``margin`` and ``spread`` of the scores, as above; ``reference``, 1 for a prompt with one right answer;
    ``pair``, the number after the colon, which is also the cluster.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "id": FieldSpec("text", description="ref:N or tied:N; N pairs them up"),
        "prompt": FieldSpec("conversation", description="a text or a list of messages"),
        "chosen": FieldSpec("texts", description="the right answers: one for ref, several for tied"),
        "rejected": FieldSpec("texts", description="the wrong answers"),
    }
    columns: ClassVar[tuple[str, ...]] = ("margin", "spread", "reference", "pair")
    default_metrics: ClassVar[tuple[str, ...]] = ("ties_score",)

    def items(self, split: str = "test", *, limit: int | None = None) -> Iterator[Item | BadItem]:
        """Yield the items, both prompts of a pair in one cluster."""
        for item in super().items(split, limit=limit):
            yield item if isinstance(item, BadItem) else dataclasses.replace(item, cluster=str(item.fields["pair"]))

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Tell reference from tied prompts, and read the number of the pair.

        Raises:
            BadValue: the id is not of the form, or the number of right answers does not fit it.
        """
        match = _ID.fullmatch(fields["id"])
        if not match:
            raise BadValue(f"'id' is {fields['id']!r}; expected 'ref:N' or 'tied:N' with a number N")
        chosen, rejected = at_least_one(fields, "chosen"), at_least_one(fields, "rejected")
        reference = match[1] == "ref"
        if reference != (len(chosen) == 1):
            expected = "one" if reference else "several"
            raise BadValue(f"'chosen' of {fields['id']} holds {len(chosen)}; expected {expected}")
        return {
            "prompt": fields["prompt"],
            "answers": (*chosen, *rejected),
            "right": len(chosen),
            "reference": float(reference),
            "pair": int(match[2]),
        }

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for the scores of all answers in one request: right, then wrong."""
        answers = item.fields["answers"]
        return [Candidates(item.fields["prompt"], answers, origin=item.origin(self.name, *range(len(answers))))]

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float]:
        """Return margin and spread of the scores."""
        scores, right = answers[0].responses[0], item.fields["right"]
        prompt = {"reference": item.fields["reference"], "pair": float(item.fields["pair"])}
        if isinstance(scores, Failure):
            return {"margin": float("nan"), "spread": float("nan"), **prompt}
        best, worst = float(np.max(scores[:right])), float(np.min(scores[:right]))
        return {"margin": worst - float(np.max(scores[right:])), "spread": best - worst, **prompt}

    def expected(self, item: Item) -> str:
        """Return how many of the answers are right: the first ones."""
        return f"{item.fields['right']} of {len(item.fields['answers'])} answers"

    def tell(self, item: ItemFigures) -> Told | None:
        """Say whether all right answers score above all wrong ones, and how far the right ones are apart."""
        margin, spread = item.number("margin"), item.number("spread")
        if margin != margin:
            return None
        scores: Any = item.response()
        marks = {}
        if scores is not None and item.expected:
            right = int(item.expected.split()[0])
            marks = {
                i: ResponseMark("correct" if i < right else "", i < right, score=float(score))
                for i, score in enumerate(scores)
            }
        judged: Judged = "right" if margin > 0 else "wrong"
        above = "every right answer scores above every wrong one"
        if margin <= 0:
            above = "a wrong answer scores as high as a right one, or higher"
        figures = f"margin {told.short(margin)}, spread of the right ones {told.short(spread)}"
        return Told(f"{above}; {figures}", judged, marks)


@dataclasses.dataclass(frozen=True, slots=True)
class _Part:
    """A mean over some of the rows, and its share of the score."""

    name: str
    weight: float
    rows: NDArray[np.bool_]
    values: FloatArray
    """(n,); only the values of ``rows`` count."""

    @property
    def mean(self) -> float:
        return float(self.values[self.rows].mean())

    @property
    def influence(self) -> FloatArray:
        """Return the centred influence, (n,), on the mean, which is a ratio of two sums."""
        return np.where(self.rows, self.values - self.mean, 0.0) / float(self.rows.mean())


class TiesScore(Metric):
    """The score of RewardBench 2's Ties subset."""

    needs: ClassVar[tuple[str, ...]] = ("margin", "spread", "reference", "pair")
    bounds: ClassVar[tuple[float, float]] = (-0.01, 1.01)

    def linearise(self, columns: Columns) -> Linearised:
        """Return the weighted sum of five means; a pair's figures count as the influence of its tied prompt."""
        parts = _parts(columns)
        return Linearised(
            sum(part.weight * part.mean for part in parts),
            np.sum([part.weight * part.influence for part in parts], axis=0),
        )

    def constant(self, columns: Columns) -> str:
        """Say so if all answers of every prompt got the same score."""
        same = not columns.values["margin"].any() and not columns.values["spread"].any()
        return (
            f"gives all answers of each of {len(columns):,} prompts the same score" if same and len(columns) > 1 else ""
        )

    def trials(self, columns: Columns) -> int:
        """Count the pairs of prompts."""
        return len(np.unique(columns.values["pair"]))

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return the five means, and the number of prompts without a partner, which have no part in the last three."""
        try:
            parts = _parts(columns)
        except ValueError:
            return {}
        v = columns.values
        alone = len(set(v["pair"][v["reference"] == 1]) ^ set(v["pair"][v["reference"] == 0]))
        return {**{part.name: part.mean for part in parts}, "without_partner": alone}


def _parts(columns: Columns) -> list[_Part]:
    """Compute the five means that make up the score.

    Raises:
        ValueError: no reference prompt has a tied partner.
    """
    v = columns.values
    margin, spread, reference = v["margin"], v["spread"], v["reference"] == 1
    numbers, pair = np.unique(v["pair"], return_inverse=True)
    margin_of_reference = np.full(len(numbers), np.inf)
    np.minimum.at(margin_of_reference, pair[reference], margin[reference])
    partner = margin_of_reference[pair]
    paired = ~reference & np.isfinite(partner)
    if not paired.any():
        raise ValueError("no reference prompt (ref:N) has a tied partner (tied:N)")
    lower = np.minimum(margin, partner)
    with np.errstate(divide="ignore", invalid="ignore"):
        closeness = np.nan_to_num(np.tanh(lower / spread - 1))  # 0/0, where margin and spread are both 0, counts 0
    right = (margin > 0).astype(np.float64)
    return [
        _Part("tied_accuracy", 0.30, ~reference, right),
        _Part("reference_accuracy", 0.30, reference, right),
        _Part("tied_margin_above_spread", 0.20, paired, (margin > spread).astype(np.float64)),
        _Part("both_margins_above_spread", 0.20, paired, (lower > spread).astype(np.float64)),
        _Part("closeness", 0.01, paired, closeness),
    ]
