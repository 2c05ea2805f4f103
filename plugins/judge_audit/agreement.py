"""How often a judge says what people say: of pairs with a winner, and in three classes where people call ties."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray, Linearised
from harness.kinds.preference_agreement import kappa

from .figure import NAN, Figure, beyond, linear_figure, mean_figure, not_measured
from .judged import UNREAD, Judged

Codes = NDArray[np.int64]
SECOND, TIE, FIRST = range(3)


def classes(preference: FloatArray) -> Codes:
    """Return the class of each preference for the first response: `SECOND`, `TIE` or `FIRST`."""
    return np.asarray(1 + np.sign(preference - 0.5), dtype=np.int64)


def macro(verdicts: Codes, people: Codes) -> dict[str, Linearised]:
    """Compute precision, recall and F1 of each class and their means over the classes that occur, with influences.

    A class that the judge never names has precision 0, and one that people never name recall 0, as published tables
    count.

    Args:
        verdicts: (n,) classes by the judge.
        people: (n,) classes by people.
    """
    n = len(people)
    present = np.union1d(verdicts, people)
    found = {"precision": [], "recall": [], "f1": []}  # type: dict[str, list[Linearised]]
    for each in present:
        said, true = (verdicts == each).astype(np.float64), (people == each).astype(np.float64)
        hit = said * true
        for name, total in (("precision", said), ("recall", true), ("f1", (said + true) / 2)):
            mean = float(total.mean())
            value = float(hit.mean()) / mean if mean else 0.0
            influence = (hit - value * total) / mean if mean else np.zeros(n)
            found[name].append(Linearised(value, influence))
    return {
        name: Linearised(
            float(np.mean([each.value for each in several])), np.mean([each.influence for each in several], axis=0)
        )
        for name, several in found.items()
    }


def agreement_figures(judged: Judged, confidence: float, *, ties: bool = True) -> list[Figure]:
    """Return accuracy in each order, their mean, right in both, kappa, and figures of three classes.

    Args:
        judged: The verdicts.
        confidence: Of the intervals.
        ties: Whether a label of a tie is a verdict of people, which a judge should give too; False: only that the two
            are equal, as twins are by their making, where a judge that has to choose tosses a coin.
    """
    winner = judged.has_winner
    if not winner.any():
        why = "no pair has a label that names the better response"
        return [not_measured("accuracy", "pairs judged as the labels say", why, fair=None)]
    figures = [
        _mean(
            "accuracy_as_given", "judged as the labels say, as given", _right(judged.given, judged), judged, confidence
        ),
        _mean("accuracy_exchanged", "the same, exchanged", _right(judged.exchanged, judged), judged, confidence),
    ]
    credit = np.where(winner, np.where(judged.label == 1, 1.0, -1.0) * (_mean_sign(judged) / 2) + 0.5, NAN)
    whole = _mean(
        "accuracy", "judged as the labels say, mean of both orders; a tie counts half", credit, judged, confidence
    )
    if (~np.isnan(credit)).any():
        # Worse than a coin: the judge is wrong, and not merely weak.
        whole.p_value, whole.fair = beyond(1 - credit, judged.prompts, 0.5), 0.5
        whole.note = "" if not whole.low <= 0.5 <= whole.high else "not shown to be better than a coin"
    both = np.where(judged.both, (_right(judged.given, judged) > 0.5) & (_right(judged.exchanged, judged) > 0.5), NAN)
    figures += [whole, _mean("accuracy_both", "right in both orders", np.where(winner, both, NAN), judged, confidence)]
    unread = np.where(judged.status[:, 0] == UNREAD, 0.0, _right(judged.given, judged))
    if (judged.status[:, 0] == UNREAD).any():
        title = "as given, an unread verdict counted as wrong, as published tables do"
        figures.append(_mean("accuracy_unread_wrong", title, np.where(winner, unread, NAN), judged, confidence))
    return [*figures, *_in_classes(judged, confidence, ties)]


def _right(preference: FloatArray, judged: Judged) -> FloatArray:
    """Return 1 where the better response wins, 0 where it does not, ties included; NaN without verdict or winner."""
    wins = np.where(judged.label == 1, preference > 0.5, preference < 0.5).astype(np.float64)
    return np.where(judged.has_winner & ~np.isnan(preference), wins, NAN)


def _mean_sign(judged: Judged) -> FloatArray:
    """Return the mean over the orders that have a verdict of +1 for the first response, 0 for a tie and -1, (n,)."""
    signs = np.sign(np.stack([judged.given, judged.exchanged]) - 0.5)
    count = (~np.isnan(signs)).sum(axis=0)
    return np.where(count > 0, np.nansum(signs, axis=0) / np.maximum(count, 1), NAN)


def _mean(key: str, title: str, values: FloatArray, judged: Judged, confidence: float) -> Figure:
    if np.isnan(values).all():
        return not_measured(key, title, "no verdict in that order that could be read")
    return mean_figure(key, title, values, judged.prompts, confidence=confidence)


def _in_classes(judged: Judged, confidence: float, ties: bool) -> list[Figure]:
    """Return kappa, and macro figures, of all verdicts with all labels; the two orders of a pair are one cluster."""
    counted = ~np.isnan(judged.label) if ties else judged.has_winner
    rows = [counted & ~np.isnan(p) for p in (judged.given, judged.exchanged)]
    if not any(row.any() for row in rows):
        return []
    verdicts = np.concatenate([classes(p[row]) for p, row in zip((judged.given, judged.exchanged), rows, strict=True)])
    people = np.concatenate([classes(judged.label[row]) for row in rows])
    clusters = np.concatenate([judged.prompts[row] for row in rows])

    def figure(key: str, title: str, value: Linearised, bounds: tuple[float, float]) -> Figure:
        return linear_figure(key, title, value, clusters, bounds=bounds, confidence=confidence)

    figures = []
    same = (verdicts == people).astype(np.float64)
    ties = ties and bool((people == TIE).any())
    if ties:
        share = Linearised(float(same.mean()), same - same.mean())
        figures.append(figure("agreement", "same class as the label: first, second or tie", share, (0, 1)))
    try:
        figures.append(figure("label_kappa", "Cohen's kappa with the labels", kappa(verdicts, people), (-1, 1)))
    except ValueError as error:
        figures.append(not_measured("label_kappa", "Cohen's kappa with the labels", str(error)))
    if ties:
        for name, value in macro(verdicts, people).items():
            figures.append(figure(f"macro_{name}", f"macro {name} over first, second and tie", value, (0, 1)))
    return figures
