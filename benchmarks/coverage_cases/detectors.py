"""Detectors: areas under their curves."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from scipy import special

from coverage_cases.case import Case, Generator, computed, held, holds, lazily

PHI = NormalDist()


def scores(rng: Generator, positives: int, negatives: int, gap: float) -> dict[str, np.ndarray]:
    """Normal scores of both classes, so many standard deviations apart."""
    labels = np.repeat([1.0, 0.0], [positives, negatives])
    return {"log_odds": rng.normal(size=labels.size) + gap * labels, "label": labels}


def ideal(prevalence: float, gap: float) -> dict[str, np.ndarray]:
    """The same, so many that there is no noise: quantiles."""
    counts = np.round(400_000 * np.array([prevalence, 1 - prevalence])).astype(int)
    parts = [special.ndtri((np.arange(count) + 0.5) / count) for count in counts]
    labels = np.repeat([1.0, 0.0], counts)
    return {"log_odds": np.concatenate(parts) + gap * labels, "label": labels}


def in_clusters(
    rng: Generator, sizes: np.ndarray, gap: float, *, of_one_class: bool = False
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The same in clusters that share a third of the variance, with their labels; half of the texts are positive."""
    clusters = np.repeat(np.arange(sizes.size), sizes)
    label = rng.random(clusters.size) < 0.5
    if of_one_class:
        label = (np.arange(sizes.size) % 2 == 0)[clusters]
    shared = rng.normal(size=sizes.size)[clusters]
    noise = math.sqrt(1 / 3) * shared + math.sqrt(2 / 3) * rng.normal(size=clusters.size)
    return {"log_odds": noise + gap * label, "label": label.astype(float)}, clusters


FEW = np.array([1, 2, 3, 5, 8, 13, 21, 34, 55, 89])
MANY = np.tile([1, 2, 4, 8, 16], 8)
CLUSTERS = {"10 clusters of 1 to 89 texts": FEW, "40 clusters of 1 to 16 texts": MANY}


def _gap(area: float) -> float:
    return math.sqrt(2) * PHI.inv_cdf(area)


def _area(positives: int, negatives: int, area: float):
    return lambda rng: holds(computed("auroc", scores(rng, positives, negatives, _gap(area))), area)


def _skewed_area():
    """Scores of a long tail, shifted."""
    tails = np.exp(np.random.default_rng(0).normal(size=(2, 4_000_000)))
    truth = float((tails[0] - tails[1] + _SHIFT > 0).mean())
    labels = np.repeat([1.0, 0.0], [20, 500])

    def once(rng: Generator) -> bool:
        drawn = np.exp(rng.normal(size=520)) + _SHIFT * labels
        return holds(computed("auroc", {"log_odds": drawn, "label": labels}), truth)

    return once


def _near(metric: str, positives: int, negatives: int, gap: float):
    """Of a figure whose truth is that of very many texts with the same share of positives."""
    truth = computed(metric, ideal(positives / (positives + negatives), gap)).value
    return lambda rng: held(computed(metric, scores(rng, positives, negatives, gap)), truth)


def _clustered(metric: str, sizes: np.ndarray, truth: float, *, of_one_class: bool = False):
    return lambda rng: held(computed(metric, *in_clusters(rng, sizes, 1.5, of_one_class=of_one_class)), truth)


_SHIFT = 2.5

CASES = [
    *(
        Case("AUROC", f"{p} positives, {n} negatives, true {area:g}", _area(p, n, area), rounds=1500)
        for p, n in ((10, 100), (20, 500), (60, 300), (60, 3000))
        for area in (0.65, 0.73, 0.89, 0.98)
    ),
    Case("AUROC", "20 positives, 500 negatives, scores of a long tail", lazily(_skewed_area), rounds=1500),
    *(
        Case("AUROC, clustered", name, _clustered("auroc", sizes, PHI.cdf(1.5 / math.sqrt(2))), rounds=1500)
        for name, sizes in CLUSTERS.items()
    ),
    Case(
        "AUROC, clustered",
        "40 clusters of 1 to 16 texts, each of one class",
        _clustered("auroc", MANY, PHI.cdf(1.5 / math.sqrt(2)), of_one_class=True),
        rounds=1500,
    ),
    *(
        Case(
            "average precision",
            f"{p} positives, {n} negatives{', close to 1' if gap > 2 else ''}",
            lazily(_near, "average_precision", p, n, gap),
            rounds=1500,
        )
        for p, n, gap in ((8, 200, 1.5), (20, 500, 1.5), (20, 500, 3.5), (60, 500, 1.5), (300, 3000, 1.5))
    ),
    Case(
        "average precision",
        "20 positives, 500 negatives, by straight lines",
        lazily(_near, "auprc_trapezoid@compat", 20, 500, 1.5),
        rounds=1500,
    ),
    *(
        Case(
            "partial AUROC",
            f"up to {100 * rate:g} %, {p} positives, {n} negatives",
            lazily(_near, f"partial_auroc:rate={rate}", p, n, 1.5),
            rounds=1500,
        )
        for rate, p, n in (
            (0.1, 20, 30),
            (0.1, 20, 100),
            (0.1, 60, 300),
            (0.01, 100, 150),
            (0.01, 100, 600),
            (0.01, 300, 3000),
        )
    ),
]
