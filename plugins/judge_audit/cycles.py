"""Whether a judge's preferences go in circles, more often than its noise alone would have them.

The verdicts on the three pairs of a triple are in a circle if they say a > b > c > a, or the other way round. Even a
judge with an order in mind draws circles if it errs. Let e_i, at most one half, be the chance that a verdict on pair i
goes against that order, and 2 e_i (1 - e_i) the chance that two verdicts on it differ. If the two that lie furthest
apart are told apart at least as surely as the others (strong stochastic transitivity), the chance of a circle is at
most 3/4 of the mean of these chances over the three pairs; it is reached by two coin tosses and one sure verdict. So
the circles beyond 3/4 of the conflicts between orders, which are seen, are more than noise of any such strength.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import NamedTuple

import numpy as np

from harness import FloatArray

from .figure import SIGNED, Figure, beyond, mean_figure, not_measured
from .judged import Judged

BOUND = 0.75
MOST = 20_000
"""Triples that are looked at, in the order of the data."""


class Triples(NamedTuple):
    """The triples of a set, of which every pair has a decisive verdict in both orders."""

    circles: FloatArray
    """(t,) chance that three verdicts, one of the two on each pair, are in a circle."""
    conflicts: FloatArray
    """(t,) share of the three pairs with different verdicts in the two orders."""
    prompts: np.ndarray
    """(t,) codes."""


def triples_of(judged: Judged) -> Triples:
    """Find the triples: three responses to one prompt, each two of which were compared."""
    decisive = judged.both & (judged.given != 0.5) & (judged.exchanged != 0.5)
    edges: dict[int, dict[tuple[str, str], float]] = defaultdict(dict)
    for i in np.flatnonzero(decisive):
        first, second = judged.texts[int(i)]
        if first != second:
            # Share of the two verdicts for the first.
            share = (float(judged.given[i] > 0.5) + float(judged.exchanged[i] > 0.5)) / 2
            edges[int(judged.prompts[i])][first, second] = share
            edges[int(judged.prompts[i])][second, first] = 1 - share
    circles: list[float] = []
    conflicts: list[float] = []
    prompts: list[int] = []
    for prompt, known in edges.items():
        responses = list(dict.fromkeys(first for first, _ in known))
        for a, b, c in combinations(responses, 3):
            ring = [known.get(edge) for edge in ((a, b), (b, c), (c, a))]
            if len(circles) >= MOST or None in ring:
                continue
            m = np.array(ring, dtype=np.float64)
            circles.append(float(m.prod() + (1 - m).prod()))
            conflicts.append(float((m == 0.5).mean()))
            prompts.append(prompt)
    return Triples(np.array(circles), np.array(conflicts), np.array(prompts, dtype=np.int64))


def cycle_figures(judged: Judged, confidence: float, *, independent: bool = True) -> list[Figure]:
    """Return the share of triples in a circle, and how far it is beyond what the conflicts between orders explain.

    Args:
        judged: The verdicts.
        confidence: Of the intervals.
        independent: Whether the judge answered anew in the other order. Where both orders are made from the same
            answers, as by an adapter that averages them, they cannot differ, and how much of the judge's noise is left
            is not seen.
    """
    titles = ("triples of verdicts in a circle", "circles beyond what noise of the same strength gives")
    circles, conflicts, prompts = triples_of(judged)
    if not len(circles):
        why = "no three responses to a prompt were all compared, with decisive verdicts in both orders"
        return [not_measured("cycle_rate", titles[0], why), not_measured("excess_cycles", titles[1], why)]
    excess = circles - BOUND * conflicts
    explained = {"conflicts": float(conflicts.mean()), "explained at most": float(BOUND * conflicts.mean())}
    rate = mean_figure("cycle_rate", titles[0], circles, prompts, confidence=confidence, more=explained)
    if not independent:
        rate.more = {}
        why = "both orders are made from the same answers, so that the noise in them is not seen"
        return [rate, not_measured("excess_cycles", titles[1], why)]
    return [
        rate,
        mean_figure(
            "excess_cycles",
            titles[1],
            excess,
            prompts,
            bounds=(-BOUND, 1),
            confidence=confidence,
            unit=SIGNED,
            fair=0.0,
            p_value=beyond(excess, prompts, 0.0),
        ),
    ]
