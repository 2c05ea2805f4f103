"""How steady a judge is: whether it answers, can be read, calls ties, and says the same when it is asked again."""

from __future__ import annotations

import numpy as np

from harness import FloatArray

from .figure import NAN, Figure, beyond, mean_figure, not_measured
from .judged import FAILED, NOT_ASKED, UNREAD, Judged

FAILURE_TOLERANCE = UNREAD_TOLERANCE = 0.02
INCONSISTENCY_TOLERANCE = 0.1
"""Shares up to which nothing is flagged."""


def steadiness_figures(judged: Judged, confidence: float) -> list[Figure]:
    """Return the shares of failures, unread verdicts and ties, and self-consistency."""
    asked = judged.status != NOT_ASKED
    orders = asked.sum(axis=1)
    failed = (judged.status == FAILED).sum(axis=1) / orders
    answered = asked & (judged.status != FAILED)
    with np.errstate(invalid="ignore"):
        unread = (judged.status == UNREAD).sum(axis=1) / np.where(answered.any(axis=1), answered.sum(axis=1), NAN)
    return [
        _share("failure_rate", "requests that failed", failed, judged, FAILURE_TOLERANCE, confidence),
        _share(
            "unread_rate", "answers without a verdict that can be read", unread, judged, UNREAD_TOLERANCE, confidence
        ),
        _ties(judged, confidence),
        _self_consistency(judged, confidence),
        _identical(judged, confidence),
    ]


def _share(key: str, title: str, values: FloatArray, judged: Judged, tolerance: float, confidence: float) -> Figure:
    p = beyond(values, judged.prompts, tolerance)
    return mean_figure(key, title, values, judged.prompts, confidence=confidence, fair=tolerance, p_value=p)


def _ties(judged: Judged, confidence: float) -> Figure:
    tied = np.stack([np.where(np.isnan(p), NAN, p == 0.5) for p in (judged.given, judged.exchanged)])
    count = (~np.isnan(tied)).sum(axis=0)
    values = np.where(count > 0, np.nansum(tied, axis=0) / np.maximum(count, 1), NAN)
    if not (count > 0).any():
        return not_measured("tie_rate", "verdicts that are ties", "no verdict could be read")
    return mean_figure("tie_rate", "verdicts that are ties", values, judged.prompts, confidence=confidence)


def _self_consistency(judged: Judged, confidence: float) -> Figure:
    """Return the share of pairs of answers to the same question, under different seeds, that say the same."""
    key, title = "self_consistency", "same verdict when the same question is asked again"
    if not len(judged.again):
        return not_measured(key, title, "not asked again: a judge that samples and takes a seed is (--repeats)")
    answers = np.sign(np.vstack([judged.given[None], judged.again]) - 0.5)
    same, pairs = np.zeros(len(judged)), np.zeros(len(judged))
    for i in range(len(answers)):
        for j in range(i):
            there = ~np.isnan(answers[i]) & ~np.isnan(answers[j])
            pairs += there
            same += there & (answers[i] == answers[j])
    values = np.where(pairs > 0, same / np.maximum(pairs, 1), NAN)
    if not (pairs > 0).any():
        return not_measured(key, title, "no question has two verdicts that could be read")
    p = beyond(1 - values, judged.prompts, INCONSISTENCY_TOLERANCE)
    note = f"asked {len(answers)} times, in the order of the data"
    fair = 1 - INCONSISTENCY_TOLERANCE
    return mean_figure(key, title, values, judged.prompts, confidence=confidence, fair=fair, p_value=p, note=note)


def _identical(judged: Judged, confidence: float) -> Figure:
    """Return how often two copies of one text are told apart; a judge that may not call ties has to."""
    key, title = "copies_told_apart", "pairs of identical responses of which one is preferred"
    copies = judged.identical & ~np.isnan(judged.given)
    if not copies.any():
        return not_measured(key, title, "no two responses of a pair are identical")
    values = (judged.given[copies] != 0.5).astype(np.float64)
    note = "told, not flagged: a judge without a verdict for ties has to choose"
    return mean_figure(key, title, values, judged.prompts[copies], confidence=confidence, note=note)
