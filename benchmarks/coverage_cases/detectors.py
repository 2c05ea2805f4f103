"""Detectors: areas, rates at thresholds, calibration, and best-of-K."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from coverage_cases.case import Case, Generator, computed, holds, lazily

PHI = NormalDist()


def _scores(rng: Generator, positives: int, negatives: int, gap: float) -> dict[str, np.ndarray]:
    labels = np.repeat([1.0, 0.0], [positives, negatives])
    return {"log_odds": rng.normal(size=labels.size) + gap * labels, "label": labels}


def _gap(area: float) -> float:
    return math.sqrt(2) * PHI.inv_cdf(area)


def _area(positives: int, negatives: int, area: float):
    return lambda rng: holds(computed("auroc", _scores(rng, positives, negatives, _gap(area))), area)


def _skewed_area():
    """Scores of a long tail, shifted."""
    tails = np.exp(np.random.default_rng(0).normal(size=(2, 4_000_000)))
    truth = float((tails[0] - tails[1] + _SHIFT > 0).mean())
    labels = np.repeat([1.0, 0.0], [20, 500])

    def once(rng: Generator) -> bool:
        scores = np.exp(rng.normal(size=520)) + _SHIFT * labels
        return holds(computed("auroc", {"log_odds": scores, "label": labels}), truth)

    return once


def _average_precision(positives: int, negatives: int, gap: float):
    # Of a very large sample with the same share of positives.
    rng = np.random.default_rng(0)
    big = _scores(rng, 400 * positives, 400 * negatives, gap)
    truth = computed("average_precision", big).value
    return lambda rng: holds(computed("average_precision", _scores(rng, positives, negatives, gap)), truth)


def _caught(positives: int, negatives: int, rate: float, gap: float):
    truth = 1 - PHI.cdf(PHI.inv_cdf(1 - rate) - gap)
    return lambda rng: holds(computed(f"tpr_at_fpr:rate={rate}", _scores(rng, positives, negatives, gap)), truth)


def _decided(metric: str, positives: int, negatives: int, gap: float, threshold: float, truth: float):
    return lambda rng: holds(
        computed(f"{metric}:threshold={threshold}", _scores(rng, positives, negatives, gap)), truth
    )


def _balanced(positives: int, negatives: int, gap: float, threshold: float):
    truth = (1 - PHI.cdf(threshold - gap) + PHI.cdf(threshold)) / 2
    return _decided("balanced_accuracy", positives, negatives, gap, threshold, truth)


def _f1(n: int, prevalence: float, gap: float, threshold: float):
    """Texts whose number of positives varies, as the metric takes it."""
    true, false = prevalence * (1 - PHI.cdf(threshold - gap)), (1 - prevalence) * (1 - PHI.cdf(threshold))
    truth = 2 * true / (true + false + prevalence)

    def once(rng: Generator) -> bool:
        positives = int(rng.binomial(n, prevalence))
        return holds(computed(f"f1:threshold={threshold}", _scores(rng, positives, n - positives, gap)), truth)

    return once


def _clustered(rng: Generator) -> bool:
    """The true positive rate in 40 clusters of unequal size, whose texts share half of their variance."""
    sizes = np.tile([1, 2, 4, 8, 16], 8)
    labels = np.repeat(np.arange(40), sizes)
    shared = rng.normal(size=40)[labels]
    label = (rng.random(labels.size) < 0.5).astype(float)
    scores = label + (shared + rng.normal(size=labels.size)) / math.sqrt(2)
    estimate = computed("true_positive_rate", {"log_odds": scores, "label": label}, labels)
    return holds(estimate, 1 - PHI.cdf(-1.0))


def _calibrated(n: int):
    """Of a calibrated model the true error is 0."""

    def once(rng: Generator) -> bool:
        log_odds = rng.normal(0, 1.5, n)
        label = (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(float)
        return holds(computed("expected_calibration_error", {"log_odds": log_odds, "label": label}), 0.0)

    return once


def _best_of_k(n: int, skill: float):
    def draw(rng: Generator, n: int) -> dict[str, np.ndarray]:
        correct = (rng.random((n, 8)) < rng.beta(1, 1, n)[:, None]).astype(float)
        return {"scores": rng.normal(size=(n, 8)) + skill * correct, "correct": correct}

    truth = computed("best_of_k_accuracy", draw(np.random.default_rng(0), 200_000)).value
    return lambda rng: holds(computed("best_of_k_accuracy", draw(rng, n)), truth)


_SHIFT = 2.5

CASES = [
    *(
        Case("AUROC", f"{p} positives, {n} negatives, true {area:g}", _area(p, n, area), rounds=1500)
        for p, n in ((10, 100), (20, 500), (60, 300), (60, 3000))
        for area in (0.65, 0.73, 0.89, 0.98)
    ),
    Case("AUROC", "20 positives, 500 negatives, scores of a long tail", lazily(_skewed_area), rounds=1500),
    *(
        Case("average precision", f"{p} positives, {n} negatives", lazily(_average_precision, p, n, 1.5), rounds=1500)
        for p, n in ((20, 500), (60, 500), (300, 3000))
    ),
    *(
        Case(
            "TPR at a false positive rate",
            f"{100 * r:g} %, {p} positives, {n} negatives",
            _caught(p, n, r, 2.0),
            rounds=1500,
        )
        for r, p, n in ((0.01, 20, 500), (0.01, 100, 1000), (0.01, 300, 300), (0.01, 362, 4721), (0.1, 100, 1000))
    ),
    *(
        Case(
            "balanced accuracy", f"{p} positives, {n} negatives, threshold {t:g}", _balanced(p, n, 2.2, t), rounds=1500
        )
        for p, n, t in ((20, 500, 2.5), (20, 500, 1.0), (60, 300, 2.5), (300, 300, 1.0))
    ),
    *(
        Case("F1", f"{n} texts, {100 * share:g} % positive", _f1(n, share, 2.0, 1.0), rounds=1500)
        for n, share in ((300, 0.1), (1000, 0.3))
    ),
    Case("true positive rate, clustered", "40 clusters of 1 to 16 texts", _clustered, rounds=1500),
    *(
        Case("expected calibration error", f"calibrated model, {n} texts", _calibrated(n), rounds=1000)
        for n in (400, 5000)
    ),
    *(
        Case("best-of-K accuracy", f"{n} prompts, skill {skill:g}", lazily(_best_of_k, n, skill), rounds=1000)
        for n, skill in ((30, 3.0), (100, 1.0))
    ),
]
