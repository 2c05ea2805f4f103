"""What the order of two responses does to a judge: which position it favours, and how often it contradicts itself."""

from __future__ import annotations

import numpy as np

from harness import FloatArray, stats
from harness.kinds.preference_agreement import kappa

from .corrections import log_odds
from .figure import LOG_ODDS, SIGNED, Figure, beyond, flips, linear_figure, mean_figure, not_measured
from .judged import Judged

CONFLICT_TOLERANCE = 0.2
"""Share of pairs with a known better response on which a judge may contradict itself before it is flagged."""
_ONE_ORDER = "the set is asked in one order only"


def position_figures(judged: Judged, confidence: float) -> list[Figure]:
    """Return the figures of position bias, conflict between orders, and kappa between orders."""
    titles = {
        "first_position_rate": "decisive verdicts for the response shown first",
        "position_gap": "preference when shown first less when shown second",
        "position_intercept": "shift of the log-odds towards the first position",
        "conflict_rate": "pairs judged otherwise when the responses are exchanged",
        "order_kappa": "Cohen's kappa of the verdicts in both orders",
    }
    both = judged.both
    if not both.any():
        why = _ONE_ORDER if (judged.status[:, 1] == 3).all() else "no pair has a verdict in both orders"
        return [not_measured(key, title, why) for key, title in titles.items()]
    given, exchanged, clusters = judged.given[both], judged.exchanged[both], judged.prompts[both]
    gap = mean_figure(
        "position_gap",
        titles["position_gap"],
        given - exchanged,
        clusters,
        bounds=(-1, 1),
        confidence=confidence,
        unit=SIGNED,
        fair=0.0,
    )
    shift = np.array([(log_odds(p) + log_odds(q)) / 2 for p, q in zip(given, 1 - exchanged, strict=True)])
    soft = ~np.isin(given, (0.0, 0.5, 1.0)) & ~np.isin(exchanged, (0.0, 0.5, 1.0))
    if soft.any():
        estimate = stats.mean_estimate(shift[soft], clusters=clusters[soft], confidence=confidence)
        why = "mean over pairs; --adapter position-intercept:intercept=... takes it away"
        intercept = Figure("position_intercept", titles["position_intercept"], unit=LOG_ODDS, fair=0.0, note=why)
        intercept.value, intercept.low, intercept.high = estimate.value, estimate.low, estimate.high
        intercept.n = estimate.n
    else:
        why = "verdicts are no probabilities; the effect of position beside label and style is below"
        intercept = not_measured("position_intercept", titles["position_intercept"], why, unit=LOG_ODDS)
    return [
        _first_position(judged, titles["first_position_rate"], confidence),
        gap,
        intercept,
        _conflict(judged, titles["conflict_rate"], confidence),
        _order_kappa(judged, titles["order_kappa"], confidence),
    ]


def _first_position(judged: Judged, title: str, confidence: float) -> Figure:
    """Return the first-position rate, with the wider of two intervals.

    One is exact: a pair with the same winner in both orders has one verdict for each position, so that the rate rests
    on the others, whose number is taken as it is (Clopper and Pearson, one trial a pair that was judged for its
    position; the test is McNemar's). The other heeds prompts, and that this number varies.
    """
    both = judged.both
    clusters = judged.prompts[both]
    # +1 where what is shown first wins, -1 where it loses, 0 for a tie; by order.
    games = np.stack([np.sign(judged.given[both] - 0.5), -np.sign(judged.exchanged[both] - 0.5)])
    won, decisive = (games > 0).sum(axis=0), (games != 0).sum(axis=0)
    n, pairs = int(decisive.sum()), int((decisive > 0).sum())
    if n == 0:
        return not_measured("first_position_rate", title, f"calls all {both.sum():,} pairs a tie", fair=0.5)
    rate = float(won.sum() / n)
    influence = (won - rate * decisive) / decisive.mean()
    robust = stats.estimate_from_influence(rate, influence, clusters=clusters, bounds=(0, 1), confidence=confidence)
    low, high = _exact(games, confidence)
    ends = [end for end in (robust.low, robust.high) if end == end]
    return Figure(
        "first_position_rate",
        title,
        rate,
        min([low, *ends]),
        max([high, *ends]),
        n,
        fair=0.5,
        p_value=flips(games.sum(axis=0).astype(np.float64), clusters),
        more={
            "pairs": pairs,
            "for the first": int(won.sum()),
            "exact": [low, high],
            "by prompts": [robust.low, robust.high],
        },
    )


def _exact(games: FloatArray, confidence: float) -> tuple[float, float]:
    """Return the exact interval of the share of verdicts for the first position, from games in both orders, (2, n).

    A pair with a tie in one order counts half.
    """
    moved = games.sum(axis=0) / 2
    decisive = np.abs(games).sum(axis=0) / 2
    whole, away, towards = decisive.sum(), np.abs(moved).sum(), np.maximum(moved, 0).sum()
    if away == 0:  # no pair is moved; as many may be as the exact interval of none of them allows
        _, share = stats.clopper_pearson(0, int((decisive > 0).sum()), confidence=confidence)
        return 0.5 - share / 2, 0.5 + share / 2
    low, high = stats.clopper_pearson(float(towards), int(np.ceil(away)), confidence=confidence)
    return 0.5 + float(away / whole) * (low - 0.5), 0.5 + float(away / whole) * (high - 0.5)


def _conflict(judged: Judged, title: str, confidence: float) -> Figure:
    """Return the conflict rate on pairs with a known better response; without any such, on all."""
    both = judged.both & judged.has_winner
    known = bool(both.any())
    both = both if known else judged.both
    differ = (np.sign(judged.given[both] - 0.5) != np.sign(judged.exchanged[both] - 0.5)).astype(np.float64)
    clusters = judged.prompts[both]
    every = judged.both
    more = {"over all pairs": float((np.sign(judged.given - 0.5) != np.sign(judged.exchanged - 0.5))[every].mean())}
    figure = mean_figure("conflict_rate", title, differ, clusters, confidence=confidence, more=more)
    if known:  # where nobody knows which is better, two responses may be equally good, and a fair judge tosses a coin
        figure.fair, figure.p_value = CONFLICT_TOLERANCE, beyond(differ, clusters, CONFLICT_TOLERANCE)
        figure.note = "of pairs of which one response is known to be better"
    return figure


def _order_kappa(judged: Judged, title: str, confidence: float) -> Figure:
    both = judged.both
    codes = [(1 + np.sign(p[both] - 0.5)).astype(np.int64) for p in (judged.given, judged.exchanged)]
    try:
        value = kappa(codes[0], codes[1])
    except ValueError as error:
        return not_measured("order_kappa", title, str(error))
    clusters = judged.prompts[both]
    return linear_figure("order_kappa", title, value, clusters, bounds=(-1, 1), confidence=confidence)
