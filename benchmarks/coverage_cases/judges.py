"""Judges of pairs: agreement beyond chance, means of sections, and the ties of RewardBench 2."""

from __future__ import annotations

import numpy as np

from coverage_cases.case import Case, Generator, computed, held, lazily


def _verdicts(rng: Generator, n: int, first: float, labels: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Verdicts in both orders, right more often on easy pairs; one in twenty is a tie.

    Args:
        rng: Draws them.
        n: Pairs.
        first: Share of pairs of which the first response is the better one.
        labels: Clusters of the pairs, which share how easy they are.
    """
    ease = rng.beta(3, 1, n) if labels is None else rng.beta(3, 1, int(labels.max()) + 1)[labels]
    right = (rng.random((2, n)) < ease).astype(float)
    given, exchanged = np.where(rng.random((2, n)) < 0.05, 0.5, right)
    better = (rng.random(n) >= first).astype(float)
    return {"as_given": given, "exchanged": exchanged, "better": better, "answered": np.ones(n)}


def _kappa(metric: str, n: int, first: float):
    truth = computed(metric, _verdicts(np.random.default_rng(0), 500_000, first)).value
    return lambda rng: held(computed(metric, _verdicts(rng, n, first)), truth)


def _clustered_kappa(metric: str, sizes: np.ndarray):
    labels = np.repeat(np.arange(sizes.size), sizes)
    truth = computed(metric, _verdicts(np.random.default_rng(0), 500_000, 0.5)).value
    return lambda rng: held(computed(metric, _verdicts(rng, labels.size, 0.5, labels), labels), truth)


SUBSETS = np.array([5, 10, 40, 8, 100, 20])
"""Pairs of each subset; two subsets a section."""
RIGHT = np.array([0.6, 0.9, 0.8, 0.95, 0.7, 0.85])


def _sections(rng: Generator) -> float:
    subset = np.repeat(np.arange(6), SUBSETS)
    n = subset.size
    right = (rng.random(n) < RIGHT[subset]).astype(float)
    columns = {
        "as_given": right,
        "exchanged": right,
        "answered": np.ones(n),
        "scored": np.ones(n),
        "subset": subset,
        "section": subset // 2,
        "pair_weight": np.ones(n),
    }
    sections = SUBSETS.reshape(3, 2)
    truth = float(((RIGHT.reshape(3, 2) * sections).sum(axis=1) / sections.sum(axis=1)).mean())
    return held(computed("section_mean", columns), truth)


def _ties(rng: Generator, pairs: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """A prompt with one right answer and one with several, whose margins share half of their variance."""
    shared = rng.normal(size=pairs)
    margin = 1.0 + (shared + rng.normal(size=(2, pairs))) / np.sqrt(2)
    spread = np.array([np.zeros(pairs), np.abs(rng.normal(0, 0.6, pairs))])
    columns = {
        "margin": margin.ravel(),
        "spread": spread.ravel(),
        "reference": np.repeat([1.0, 0.0], pairs),
        "pair": np.tile(np.arange(pairs), 2),
    }
    return columns, np.tile(np.arange(pairs), 2)


def _ties_score(pairs: int):
    truth = computed("ties_score", *_ties(np.random.default_rng(0), 400_000)).value
    return lambda rng: held(computed("ties_score", *_ties(rng, pairs)), truth)


CASES = [
    *(
        Case(metric, f"{n} pairs, {100 * first:g} % of labels first", lazily(_kappa, metric, n, first), rounds=1500)
        for metric in ("label_kappa", "order_kappa")
        for n, first in ((20, 0.5), (100, 0.5), (100, 0.9))
    ),
    Case(
        "label_kappa",
        "10 clusters of 1 to 89 pairs",
        lazily(_clustered_kappa, "label_kappa", np.array([1, 2, 3, 5, 8, 13, 21, 34, 55, 89])),
        rounds=1000,
    ),
    Case("section_mean", "6 subsets of 5 to 100 pairs in 3 sections", _sections, rounds=1500),
    *(Case("ties_score", f"{pairs} pairs of prompts", lazily(_ties_score, pairs), rounds=1000) for pairs in (20, 100)),
]
