"""Items of the kinds of the core in a sentence: pairs, best of k, detection, similarity; for plugins to build on."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.metric import Columns, FloatArray
from harness.task import ItemFigures, Judged, ResponseMark, Told

UNREADABLE = "no verdict could be read"
_PLACES = ("response 1", "response 2")


def short(value: float) -> str:
    """Write a score with three digits or so, as a sentence can bear them.

    >>> short(14.5512), short(-0.02), short(1234567.0)
    ('14.6', '-0.02', '1,234,567')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def listed(places: Sequence[int]) -> str:
    """Name responses by number, from 1, the first few of many.

    >>> listed([0, 3]), listed(range(9))
    ('responses 1 and 4', 'responses 1, 2, 3 and 6 more')
    """
    numbers = [str(place + 1) for place in places]
    if len(numbers) == 1:
        return f"response {numbers[0]}"
    shown, more = (numbers[:-1], numbers[-1]) if len(numbers) <= 4 else (numbers[:3], f"{len(numbers) - 3} more")
    return f"responses {', '.join(shown)} and {more}"


def pair(item: ItemFigures, *, orders: str = "both", judged: bool = True) -> Told | None:
    """Tell of a preference pair, from the columns that `harness.kinds.preference.Preference` makes.

    Args:
        item: The item.
        orders: ``both`` or ``as given``: the orders in which judges were asked.
        judged: Whether one of the two is better; else ``better`` means nothing, as where people saw a tie.
    """
    better, given = int(item.number("better")), item.number("as_given")
    exchanged = item.number("exchanged") if orders == "both" else given
    scores = _both_scores(item)
    picks = [_picked(preference, better) for preference in (given, exchanged)]
    truth = f"{_PLACES[better]} is better" if judged else "people saw a tie"
    if all(math.isnan(preference) for preference in (given, exchanged)):
        return (
            Told(f"{UNREADABLE}; {truth}", "", _of_pair(better, judged, scores, (None, None)))
            if _answered(item)
            else None
        )
    marks = _of_pair(better, judged, scores, picks)
    consistent = picks[0] == picks[1]
    if consistent and picks[0] is not None:
        verdict: Judged = "" if not judged else "tie" if picks[0] < 0 else "right" if picks[0] == better else "wrong"
        figures = ""
        if scores is not None:
            high, low = (scores[0], scores[1]) if picks[0] <= 0 else (scores[1], scores[0])
            figures = f" (both {short(high)})" if picks[0] < 0 else f" ({_over(high, low)})"
        what = "prefers neither" if picks[0] < 0 else f"picked {_PLACES[picks[0]]}"
        in_both = " in both orders" if orders == "both" and _asked_for(item, "compare") else ""
        agreed = picks[0] == better and judged
        return Told(f"{what}{figures}{in_both}" + ("" if agreed else f"; {truth}"), verdict, marks)
    said = f"{_verdict(picks[0])} as given, {_verdict(picks[1])} when exchanged"
    # Half right in one order and wrong in the other is what a judge without consistency has of every pair.
    credit = sum(0.5 if p is None or p < 0 else float(p == better) for p in picks) / 2
    verdict = "" if not judged or None in picks else "tie" if credit == 0.5 else "right" if credit > 0.5 else "wrong"
    kind = "no verdict in one order" if None in picks else "inconsistent"
    return Told(f"{kind}: {said}; {truth}", verdict, marks)


def _picked(preference: float, better: int) -> int | None:
    """Return the index of the response that a preference for the better one picks; -1 for neither, None if unread."""
    if math.isnan(preference):
        return None
    return -1 if preference == 0.5 else better if preference > 0.5 else 1 - better


def _verdict(pick: int | None) -> str:
    return "no verdict" if pick is None else "neither" if pick < 0 else f"picked {_PLACES[pick]}"


def _answered(item: ItemFigures) -> bool:
    return "answered" not in item.columns.values or item.number("answered") == 1


def _asked_for(item: ItemFigures, capability: str) -> bool:
    return bool(item.answers) and item.answers[0].capability == capability


def _over(high: float, low: float) -> str:
    """Write two scores with as many digits as tell them apart."""
    if short(high) != short(low):
        return f"{short(high)} over {short(low)}"
    return f"{high:.10g} over {low:.10g}"


def _both_scores(item: ItemFigures) -> tuple[float, float] | None:
    found: Any = item.response()
    if not _asked_for(item, "score") or found is None or np.shape(found) != (2,):
        return None
    return float(found[0]), float(found[1])


def _of_pair(
    better: int, judged: bool, scores: tuple[float, float] | None, picks: Sequence[int | None]
) -> dict[int, ResponseMark]:
    marks = {}
    for place in (0, 1):
        orders = [order for order, pick in zip(("as given", "exchanged"), picks, strict=True) if pick == place]
        good = place == better if judged else None
        marks[place] = ResponseMark(
            "better" if good else "",
            good,
            picked=bool(orders),
            how=orders[0] if len(orders) == 1 else "",
            score=None if scores is None else scores[place],
        )
    return marks


def best_of(
    item: ItemFigures,
    scores: FloatArray,
    correct: FloatArray,
    *,
    positions: Sequence[int] = (),
    word: str = "correct",
) -> Told:
    """Tell which of k responses the model scores highest, and whether it is correct.

    Args:
        item: The item.
        scores: (k,) the model's scores; empty or NaN where the request failed.
        correct: (k,) 1 for the responses that are correct.
        positions: Index of each response among the item's; default: its place here.
        word: What the data say of a correct one.
    """
    k, right = len(correct), np.flatnonzero(correct == 1)
    places = list(positions) if len(positions) == k else list(range(k))
    there = len(scores) == k and bool(np.isfinite(scores).all()) and k > 0
    top = np.flatnonzero(scores == scores.max()) if there else np.array([], dtype=np.int64)
    marks = {
        places[i]: ResponseMark(
            word if correct[i] == 1 else "",
            bool(correct[i] == 1),
            picked=i in top and len(top) < k,
            how="" if len(top) == 1 else "tied",
            score=float(scores[i]) if there else None,
        )
        for i in range(k)
    }
    count = f"{len(right)} of {k} {'is' if len(right) == 1 else 'are'}"
    if not there:
        return Told(f"no scores; {count} {word}", "", marks)
    best, hits = short(float(scores[top[0]])), int((correct[top] == 1).sum())
    if len(top) == 1:
        verdict: Judged = "right" if hits else "wrong"
        said = f"picked {listed([places[top[0]]])} of {k} (score {best}), which is {'' if hits else 'not '}{word}"
        return Told(f"{said}; {count}", verdict, marks)
    verdict = "right" if hits == len(top) else "wrong" if not hits else "tie"
    every = f"all {k}" if len(top) == k else listed([places[i] for i in top])
    of_these = "" if len(top) == k else f"{hits} of these {len(top)} and "
    return Told(f"{every} have the highest score, {best}; {of_these}{count} {word}", verdict, marks)


def threshold_of(metrics: Sequence[str]) -> float:
    """Return the threshold that the first of some metrics with one names; 0, even odds, where none does.

    >>> threshold_of(["auroc", "f1:threshold=1.5"]), threshold_of(["auroc"])
    (1.5, 0.0)
    """
    found = (re.search(r"[:,]threshold=([-+.\deE]+)", metric) for metric in metrics)
    return next((float(match[1]) for match in found if match), 0.0)


def detected(item: ItemFigures, *, threshold: float, positive: str = "", negative: str = "") -> Told | None:
    """Tell whether a text was flagged, and how its score stands among those of the negatives.

    Args:
        item: The item, with the columns ``log_odds`` and ``label``.
        threshold: What is above it is flagged.
        positive: The positive class in the words of the task's brief.
        negative: The negative class likewise.
    """
    score, label = item.number("log_odds"), item.number("label")
    if math.isnan(score) or math.isnan(label):
        return None
    flagged, is_positive = score > threshold, label == 1
    verdict: Judged = "right" if flagged == is_positive else "wrong"
    above = share_below(item, "log_odds", "label", 0.0)
    among = "" if above is None else f", above {above} of the {'' if is_positive else 'other '}negatives"
    words = positive if is_positive else negative
    said = f"{'' if flagged else 'not '}flagged at the threshold {short(threshold)}; score {short(score)}{among}"
    label_ = f"labelled {'positive' if is_positive else 'negative'}" + (f": {words}" if words else "")
    return Told(f"{said}; {label_}", verdict)


def share_below(item: ItemFigures, scores: str, labels: str, label: float) -> str | None:
    """Write the share of the items of a label, without this one, whose score is lower, ties half; None without any.

    Args:
        item: The item whose score it is.
        scores: Name of the column of scores.
        labels: Name of the column of labels.
        label: The label of the items that it is held against.
    """
    name = f"{scores} where {labels} is {label:g}, sorted"
    ordered: FloatArray = item.columns.once(name, lambda these: _sorted_scores(these, scores, labels, label))
    own, value = item.number(labels) == label, item.number(scores)
    count = len(ordered) - own
    if count <= 0:
        return None
    low, high = (int(np.searchsorted(ordered, value, side=side)) for side in ("left", "right"))
    share = (low + 0.5 * (high - low - own)) / count
    # No rounding to none or to all of what is not.
    return "none" if high - own <= 0 else "all" if low >= count else f"{min(99.9, max(0.1, 100 * share)):.3g} %"


def _sorted_scores(columns: Columns, scores: str, labels: str, label: float) -> FloatArray:
    values = columns.values[scores]
    return np.sort(values[(columns.values[labels] == label) & ~np.isnan(values)])


def similar(item: ItemFigures) -> Told | None:
    """Tell how similar a pair is to the model, beside those that mean something else, and whether it means the same."""
    similarity, same = item.number("similarity"), item.number("same") == 1
    if math.isnan(similarity):
        return None
    below = share_below(item, "similarity", "same", 0.0 if same else 1.0)
    other = "differ" if same else "mean the same"
    among = "" if below is None else f", above {below} of the pairs that {other}"
    return Told(f"similarity {short(similarity)}{among}; these {'mean the same' if same else 'differ'}")


def generated(item: ItemFigures, correct: FloatArray, answered: FloatArray | None, extracted: Sequence[str]) -> Told:
    """Tell of answers that a model wrote and a program checked.

    Args:
        item: The item, with what was expected.
        correct: (k,) 1 for each correct sample, 0 for a wrong one, NaN for one that failed.
        answered: (k,) 1 for each sample that holds an answer; None: all do.
        extracted: The answer found in each sample; empty where it is not known.
    """
    k, right = len(correct), int(np.nansum(correct))
    marks = {i: ResponseMark("correct" if c == 1 else "wrong", bool(c == 1)) for i, c in enumerate(correct) if c == c}
    expected = f"expected {quoted(item.expected)}" if item.expected else ""
    if k == 1:
        verdict: Judged = "right" if right else "wrong"
        found = extracted[0] if len(extracted) == 1 and extracted[0] else ""
        has = answered is None or len(answered) != 1 or answered[0] == 1
        said = f"answered {quoted(found)}" if found else f"its answer is {'' if right else 'not '}correct"
        said = said if has else "no answer was found in what it wrote"
        return Told("; ".join(part for part in (said, expected) if part), verdict, marks)
    verdict = "right" if right == k else "wrong" if not right else ""
    said = f"{right} of {k} samples are correct" if right != 1 else f"1 of {k} samples is correct"
    empty = 0 if answered is None else int((answered == 0).sum())
    none = f"{empty} hold{'s' if empty == 1 else ''} no answer" if empty else ""
    return Told("; ".join(part for part in (said, none, expected) if part), verdict, marks)


def quoted(text: str, most: int = 120) -> str:
    """Put an answer between quotation marks, on one line, cut if it is long.

    >>> quoted("  7\\n")
    '“7”'
    """
    line = " ".join(text.split())
    return f"“{line if len(line) <= most else line[:most].rstrip() + ' …'}”"
