"""What a judge likes beside what is better: the first position, length, lists, markdown, and its own writing."""

from __future__ import annotations

import numpy as np

from harness import FloatArray

from . import logistic
from .figure import LOG_ODDS, NAN, Figure, mean_figure, not_measured
from .judged import STYLE_NAMES, Judged

FEWEST = 5
"""Prompts with a difference, below which an effect is not estimated."""
ALIKE = 0.95
"""Share of a covariate's variance that the others explain, from which on it cannot be told from them."""
UNITS = {
    "position": "shown first",
    "length": "a doubling",
    "lists": "a list",
    "markdown": "headers or bold",
    "own": "own",
}
_PREFERRED = {
    "length": ("longer_preferred", "the longer response preferred"),
    "lists": ("list_preferred", "the response with a list preferred"),
    "markdown": ("markdown_preferred", "the response with headers or bold preferred"),
    "own": ("own_preferred", "the judge's own response preferred"),
}


def taste_figures(judged: Judged, confidence: float) -> list[Figure]:
    """Return the effect of each difference on the log-odds, and how often each is preferred."""
    effects = _effects(judged, confidence)
    shares = [_preferred(judged, name, confidence) for name in _PREFERRED]
    return [*effects, *shares]


def difference(judged: Judged, name: str) -> FloatArray:
    """Return the difference of the two responses of each pair, (n,): first less second."""
    return judged.own if name == "own" else judged.style[:, STYLE_NAMES.index(name)]


def _effects(judged: Judged, confidence: float) -> list[Figure]:
    labelled = ~np.isnan(judged.label)
    controlled = bool(labelled.any())
    names = ["position", *STYLE_NAMES, *(["own"] if (~np.isnan(judged.own)).any() else [])]
    rows = labelled if controlled else np.ones(len(judged), dtype=bool)
    if "own" in names:
        rows = rows & ~np.isnan(judged.own)
    x, p, clusters = _rows(judged, rows, names, controlled)
    found = {name: index for index, name in enumerate([*names, *(["label"] if controlled else [])])}
    usable = [i for i in found.values() if not _why_not(x, clusters, i)]
    fitted = logistic.fit(x[:, usable], p, clusters) if usable else None
    figures = []
    for name in names:
        key, title = f"{name}_effect", f"effect on the log-odds of {_words(name)}"
        why = _why_not(x, clusters, found[name]) or _collinear(x, usable, found[name])
        if why or fitted is None:
            figures.append(not_measured(key, title, why or "no verdict could be read", unit=LOG_ODDS, fair=0.0))
            continue
        at = usable.index(found[name])
        low, high = fitted.interval(at, confidence)
        figure = Figure(key, title, float(fitted.coefficients[at]), low, high, len(p), LOG_ODDS, 0.0)
        figure.note = "beside label, position and style" if controlled else "nobody said which is better"
        if abs(figure.value) > logistic.FAR:
            figure.note = "verdicts are separated by it: at least about that strong, and the interval says little"
        if controlled and name != "position":
            # Without labels, what looks like a taste for length may be one for better answers; and the position has its
            # own test, which needs no model.
            figure.p_value = logistic.without_effect(x[:, usable], p, clusters, at)
        figures.append(figure)
    return figures


def _rows(
    judged: Judged, rows: np.ndarray, names: list[str], controlled: bool
) -> tuple[FloatArray, FloatArray, np.ndarray]:
    """Return covariates, preferences and clusters of every verdict on some pairs, the two orders after another."""
    parts, p, clusters = [], [], []
    for order, values in enumerate((judged.given, judged.exchanged)):
        kept = rows & ~np.isnan(values)
        own = [np.full(kept.sum(), 1.0 - 2 * order) if n == "position" else difference(judged, n)[kept] for n in names]
        label = [2 * judged.label[kept] - 1] if controlled else []
        parts.append(np.column_stack([*own, *label]))
        p.append(values[kept])
        clusters.append(judged.prompts[kept])
    return np.vstack(parts), np.concatenate(p), np.concatenate(clusters)


def _why_not(x: FloatArray, clusters: np.ndarray, index: int) -> str:
    """Say why a covariate's effect cannot be estimated; empty where it can."""
    differing = len(np.unique(clusters[x[:, index] != 0]))
    if differing == 0:
        return "no verdict on responses that differ in it"
    return f"only {differing} prompts with responses that differ in it" if differing < FEWEST else ""


def _collinear(x: FloatArray, usable: list[int], index: int) -> str:
    others = [i for i in usable if i != index]
    if not others:
        return ""
    own = x[:, index]
    rest = own - x[:, others] @ np.linalg.lstsq(x[:, others], own, rcond=None)[0]
    share = 1 - float(rest @ rest) / float(own @ own)
    return "cannot be told from the other differences of these pairs" if share > ALIKE else ""


def _words(name: str) -> str:
    return {"length": "a doubling of the length", "own": "being the judge's own"}.get(name, UNITS[name])


def _preferred(judged: Judged, name: str, confidence: float) -> Figure:
    """Return how often the response with more of something wins, over pairs that differ in it; a tie counts half."""
    key, title = _PREFERRED[name]
    gap = difference(judged, name)
    credit = judged.credit()
    values = np.where(np.nan_to_num(gap) == 0, NAN, np.where(gap > 0, credit, 1 - credit))
    kept = ~np.isnan(values)
    if not kept.any():
        why = "no writers are marked, or none is the judge's own (--own)" if name == "own" else "no pair differs in it"
        return not_measured(key, title, why)
    equal = kept & (judged.label == 0.5)
    more: dict[str, float] = {}
    if equal.any():
        more = {"where the responses are equally good": float(values[equal].mean()), "of these": int(equal.sum())}
    better = kept & judged.has_winner
    right = np.where(gap > 0, judged.label, 1 - judged.label)
    if better.any():
        more["better by the labels"] = float(right[better].mean())
    return mean_figure(key, title, values, judged.prompts, confidence=confidence, more=more)
