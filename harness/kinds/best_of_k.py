"""Best of k: whether the model scores a correct response highest."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.errors import BadValue
from harness.kinds import told
from harness.kinds.best_of_k_chance import all_of_the_top, reciprocal_rank_by_chance, share_of_ties
from harness.kinds.scored import same_scores
from harness.metric import Columns, FloatArray, MeanMetric, Metric
from harness.pictures import Picture, Series
from harness.requests import Candidates, Failure, Request
from harness.stats import Linearised
from harness.task import Answers, FieldSpec, Item, ItemFigures, Stage, Task, Told


class BestOfK(Task):
    """Rows hold ``responses`` and, for each, whether it is ``correct``.

    Columns of shape (n, k), padded with NaN where a row has fewer responses: ``scores`` (all NaN for a row whose
    request failed) and ``correct``.
    """

    fields: ClassVar[Mapping[str, FieldSpec]] = {
        "prompt": FieldSpec("conversation", description="a text or a list of messages"),
        "responses": FieldSpec("texts"),
        "correct": FieldSpec("flags", description="0 or 1 a response"),
    }
    stages: Sequence[Stage] = (Stage(("score",)),)
    columns: ClassVar[tuple[str, ...]] = ("scores", "correct")
    default_metrics: ClassVar[tuple[str, ...]] = ("best_of_k_accuracy", "best_of_k_area", "pairwise_accuracy")

    def prepare(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Check that there are at least two responses, and a label for each.

        Raises:
            BadValue: there are fewer than two responses, or not as many labels.
        """
        responses, correct = len(fields["responses"]), len(fields["correct"])
        if responses != correct:
            raise BadValue(f"{responses} responses, but {correct} labels in 'correct'")
        if responses < 2:
            raise BadValue("needs at least two responses")
        return fields

    def requests(self, item: Item, stage: int, capability: str, earlier: Sequence[Answers]) -> Sequence[Request]:
        """Ask for the scores of all responses in one request."""
        responses = tuple(item.fields["responses"])
        return [Candidates(item.fields["prompt"], responses, origin=item.origin(self.name, *range(len(responses))))]

    def row(self, item: Item, answers: Sequence[Answers]) -> Mapping[str, float | NDArray[Any]]:
        """Return the scores of the responses, and the labels."""
        correct = np.array(item.fields["correct"])
        scores = answers[0].responses[0]
        return {
            "scores": np.full(len(correct), np.nan) if isinstance(scores, Failure) else scores,
            "correct": correct,
        }

    def tell(self, item: ItemFigures) -> Told | None:
        """Say which response has the highest score, and whether it is correct."""
        positions = item.positions[0] if item.positions else ()
        return told.best_of(item, item.numbers("scores"), item.numbers("correct"), positions=positions)


class OfScores(Metric):
    """Base of metrics of the ``scores`` of k responses."""

    needs: ClassVar[tuple[str, ...]] = ("scores", "correct")

    def valid(self, columns: Columns) -> NDArray[np.bool_]:
        """Mark the rows whose responses are all scored, shape (n,)."""
        scored = np.isfinite(columns.values["scores"]) | np.isnan(columns.values["correct"])
        return np.asarray(scored.all(axis=1))

    def constant(self, columns: Columns) -> str:
        """Say so if all scores of all responses are equal."""
        return same_scores(columns.values["scores"])

    def nothing_valid(self, columns: Columns) -> str:
        """Explain, for a model that compares pairs, that it gives no scores."""
        if (columns.values.get("answered", np.zeros(1)) == 1).any():
            return "the model compares pairs of responses; this needs a score of each"
        return super().nothing_valid(columns)


def curves(columns: Columns) -> tuple[FloatArray, FloatArray]:
    """Return the exact best-of-K curves of the scores and of the oracle, both (n, k), made once for all metrics.

    A prompt with fewer responses than others keeps its last value.
    """
    return columns.once("best-of-k curves", _curves)


def _curves(columns: Columns) -> tuple[FloatArray, FloatArray]:
    scores, correct = columns.values["scores"], columns.values["correct"]
    last = np.maximum(np.isfinite(correct).sum(axis=1) - 1, 0)
    index = np.minimum(np.arange(correct.shape[1])[None, :], last[:, None])
    return (
        np.take_along_axis(stats.best_of_k_curve(scores, correct), index, axis=1),
        np.take_along_axis(stats.oracle_curve(correct), index, axis=1),
    )


def curve_picture(columns: Columns) -> Picture | None:
    """Draw the exact best-of-K curve with its 95 % band beside the oracle's; None if there are no rows."""
    if not len(columns):
        return None
    longest = int(np.isfinite(columns.values["correct"]).sum(axis=1).max())
    model, oracle = (both[:, :longest] for both in curves(columns))
    points = [stats.mean_estimate(at, clusters=columns.clusters, bounds=(0.0, 1.0)) for at in model.T]
    x = list(range(1, longest + 1))
    value, low, high = ([getattr(p, name) for p in points] for name in ("value", "low", "high"))
    return Picture(
        title="Best of K",
        x="K, responses to choose from",
        y="correctness of the choice",
        series=[Series(x, value, low, high), Series(x, oracle.mean(axis=0).tolist(), name="oracle", reference=True)],
        x_scale="log",
        note="Exact over all subsets of K responses, with 95 % bands; the oracle knows which are correct.",
    )


def share_correct(metric: Metric, columns: Columns) -> float:
    """Return the mean share of correct responses: what a choice that knows nothing is worth, out of however many."""
    correct = columns.values["correct"]
    return float(np.mean(np.nansum(correct, axis=1) / np.maximum(np.isfinite(correct).sum(axis=1), 1)))


class _BestOfK(OfScores, MeanMetric):
    pass


class BestOfKAccuracy(_BestOfK):
    """Expected correctness of the top-scored response; tied responses share evenly."""

    description = "how often the top-scored response is correct; tied ones share"
    chance = share_correct

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the expected correctness of each prompt's choice."""
        scores, correct = columns.values["scores"], columns.values["correct"]
        top = scores == np.nanmax(scores, axis=1, keepdims=True)
        return np.asarray(np.where(top, np.nan_to_num(correct), 0).sum(axis=1) / top.sum(axis=1))

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return the exact best-of-K curve, the oracle's, K = 1 to k, and the divergence in nats that each K costs."""
        correct = columns.values["correct"]
        if not len(correct):
            return {}
        # Columns beyond the longest prompt of this slice hold padding only.
        longest = int(np.isfinite(correct).sum(axis=1).max())
        curve, oracle = (both[:, :longest].mean(axis=0) for both in curves(columns))
        return {
            "curve": [round(v, 12) for v in curve.tolist()],
            "oracle": [round(v, 12) for v in oracle.tolist()],
            "expected_kl": [round(v, 12) for v in stats.expected_kl(np.arange(1, longest + 1)).tolist()],
        }

    def pictures(self, columns: Columns) -> Sequence[Picture]:
        """Draw the best-of-K curve, with the oracle's beside it."""
        picture = curve_picture(columns)
        return () if picture is None else (picture,)


class StrictBestOfKAccuracy(_BestOfK):
    """Share of prompts whose best correct response is scored above every wrong one (RewardMATH's accuracy)."""

    description = "how often a correct response is scored above all wrong ones"

    def chance(self, columns: Columns) -> float:
        """Return how likely all of the top-scored are correct, where any of the responses are as likely as others."""
        return float(all_of_the_top(columns, correct=True).mean())

    def per_item(self, columns: Columns) -> FloatArray:
        """Return 1 where the best correct response is scored strictly above the best wrong one."""
        right, wrong = _best_of_each(columns)
        return (right > wrong).astype(np.float64)


class AccuracyWithTies(_BestOfK):
    """Share of prompts with a correct response among the top-scored (RewardMATH's accuracy with ties)."""

    description = "how often a correct response is among the top-scored"

    def chance(self, columns: Columns) -> float:
        """Return how likely not all of the top-scored are wrong, where any responses are as likely as others."""
        return float(1 - all_of_the_top(columns, correct=False).mean())

    def per_item(self, columns: Columns) -> FloatArray:
        """Return 1 where the best correct response is scored at least as high as the best wrong one."""
        right, wrong = _best_of_each(columns)
        return (right >= wrong).astype(np.float64)


def _best_of_each(columns: Columns) -> tuple[FloatArray, FloatArray]:
    scores, correct = columns.values["scores"], columns.values["correct"]
    right = np.where(correct == 1, scores, -np.inf).max(axis=1)
    wrong = np.where(correct == 0, scores, -np.inf).max(axis=1)
    return right, wrong


class ReciprocalRank(_BestOfK):
    """1 / rank of the best correct response; wrong responses of the same score come before it."""

    description = "mean of 1/rank of the best correct response, ties against it"

    def chance(self, columns: Columns) -> float:
        """Return the value to expect with the labels of each prompt dealt anew."""
        return float(reciprocal_rank_by_chance(columns, in_favour=False).mean())

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the reciprocal rank of each prompt; 0 if no response is correct."""
        right, _ = _best_of_each(columns)
        scores, correct = columns.values["scores"], columns.values["correct"]
        before = ((correct == 0) & (scores >= right[:, None])).sum(axis=1)
        return np.where(np.isinf(right), 0.0, 1.0 / (1 + before))


class ReciprocalRankWithTies(_BestOfK):
    """1 / rank of the best correct response; wrong responses of the same score come after it."""

    description = "mean of 1/rank of the best correct response, ties in its favour"

    def chance(self, columns: Columns) -> float:
        """Return the value to expect with the labels of each prompt dealt anew."""
        return float(reciprocal_rank_by_chance(columns, in_favour=True).mean())

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the reciprocal rank of each prompt; 0 if no response is correct."""
        right, _ = _best_of_each(columns)
        scores, correct = columns.values["scores"], columns.values["correct"]
        before = ((correct == 0) & (scores > right[:, None])).sum(axis=1)
        return np.where(np.isinf(right), 0.0, 1.0 / (1 + before))


class PairwiseAccuracy(_BestOfK):
    """Share of (correct, wrong) pairs of a prompt ordered rightly, ties half; the mean over prompts with pairs.

    A prompt whose responses are all of one class has no pair: the prompt has not failed, but it does not count.
    """

    description = "share of correct-wrong pairs ordered rightly; a tie counts half"
    tie: ClassVar[float] = 0.5
    """Credit for equal scores."""

    def chance(self, columns: Columns) -> float | None:
        """Return the value to expect with the labels of each prompt dealt anew: half of the pairs that are no tie."""
        correct = columns.values["correct"]
        paired = (correct == 1).any(axis=1) & (correct == 0).any(axis=1)
        if not paired.any():
            return None
        ties = share_of_ties(columns.values["scores"][paired])
        return float((0.5 * (1 - ties) + self.tie * ties).mean())

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the share of each prompt; NaN if the prompt has no pair."""
        scores, correct = columns.values["scores"], columns.values["correct"]
        wrong = correct == 0
        credit = np.zeros(len(scores))
        for score, right in zip(scores.T, correct.T == 1, strict=True):
            above = (score[:, None] > scores) + self.tie * (score[:, None] == scores)
            credit += np.where(right, (above * wrong).sum(axis=1), 0.0)
        count = (correct == 1).sum(axis=1) * wrong.sum(axis=1)
        return np.asarray(np.divide(credit, count, out=np.full(len(scores), np.nan), where=count > 0))

    def linearise(self, columns: Columns) -> Linearised:
        """Return the mean over prompts with pairs, a ratio of two means, and the influence of each row on it."""
        shares = self.per_item(columns)
        paired = ~np.isnan(shares)
        if not paired.any():
            raise ValueError("no prompt has both a correct and a wrong response")
        mean = float(shares[paired].mean())
        return Linearised(mean, np.where(paired, shares - mean, 0.0) / paired.mean())

    def trials(self, columns: Columns) -> int | None:
        """Count the prompts with pairs; None if these are all prompts."""
        paired = int((~np.isnan(self.per_item(columns))).sum())
        return None if paired == len(columns) else paired

    def pictures(self, columns: Columns) -> Sequence[Picture]:
        """Draw the share of pairs ordered rightly by the gap between their scores."""
        gaps = _gaps(columns)
        if gaps.size < _GROUPS:
            return ()
        gaps = gaps[np.argsort(np.abs(gaps), kind="stable")]
        shares = [float((0.5 + 0.5 * np.sign(part)).mean()) for part in np.array_split(gaps, _GROUPS)]
        middles = [100 * (i + 0.5) / _GROUPS for i in range(_GROUPS)]
        picture = Picture(
            title="Pairs by the gap of their scores",
            x="gap of the scores, percentile",
            y="share ordered rightly",
            series=[Series(middles, shares), Series([0, 100], [0.5, 0.5], name="chance", reference=True)],
            x_range=(0.0, 100.0),
            note="Ten groups of as many (correct, wrong) pairs. Scores that mean something order far pairs better.",
        )
        return (picture,)


_GROUPS = 10
_MOST_PAIRS = 1_000_000


def _gaps(columns: Columns) -> FloatArray:
    """Return score of the correct less score of the wrong response, for up to a million pairs of the first rows."""
    scores, correct = columns.values["scores"], columns.values["correct"]
    rows = max(1, _MOST_PAIRS // max(1, scores.shape[1] ** 2))
    scores, correct = scores[:rows], correct[:rows]
    paired = (correct == 1)[:, :, None] & (correct == 0)[:, None, :]
    return np.asarray((scores[:, :, None] - scores[:, None, :])[paired])


class StrictPairwiseAccuracy(PairwiseAccuracy):
    """Share of (correct, wrong) pairs ordered rightly, equal scores counting as wrong."""

    description = "share of correct-wrong pairs ordered rightly; a tie counts as wrong"
    tie: ClassVar[float] = 0.0


class Area(_BestOfK):
    """Mean over K = 1..k of the exact best-of-K accuracy."""

    description = "mean over K of the best-of-K accuracy, exact"
    chance = share_correct

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the mean of each prompt's curve, up to its number of responses."""
        curve, count = curves(columns)[0], np.isfinite(columns.values["correct"]).sum(axis=1)
        there = np.arange(curve.shape[1])[None, :] < count[:, None]
        return np.asarray(np.where(there, curve, 0.0).sum(axis=1) / np.maximum(count, 1))


_RENAMED = {"Accuracy": "BestOfKAccuracy", "StrictAccuracy": "StrictBestOfKAccuracy"}
"""Names of before, which other kinds have too, and those of now."""


def __getattr__(name: str) -> Any:
    """Give what is still asked for by its name of before, and say the one of now."""
    if name not in _RENAMED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warnings.warn(f"{__name__}.{name} is now called {_RENAMED[name]}", DeprecationWarning, stacklevel=2)
    return globals()[_RENAMED[name]]
