"""Detectors at a threshold: given, at a false positive rate, certified at one, or the best one of the very texts."""

from __future__ import annotations

import math

import numpy as np
from harness_plugins.detectors.thresholds import certified

from coverage_cases.case import Case, Generator, computed, held, held_and_excess, lazily, too_high
from coverage_cases.detectors import CLUSTERS, FEW, MANY, PHI, ideal, in_clusters, scores
from harness.metric import Columns
from harness.names.registry import Registry
from harness.stats import estimate_from_influence, predictive_value
from harness.tasks.build_metric import build_metric


def _above(threshold: float, gap: float = 0.0) -> float:
    """Share of scores above a threshold."""
    return 1 - PHI.cdf(threshold - gap)


# at a false positive rate


def _caught(metric: str, positives: int, negatives: int, rate: float, gap: float):
    truth = _above(PHI.inv_cdf(1 - rate), gap)
    return lambda rng: held(computed(f"{metric}:rate={rate}", scores(rng, positives, negatives, gap)), truth)


def _caught_clustered(sizes: np.ndarray, rate: float):
    truth = _above(PHI.inv_cdf(1 - rate), 1.5)
    return lambda rng: held(computed(f"tpr_at_fpr:rate={rate}", *in_clusters(rng, sizes, 1.5)), truth)


_REAL = (362, 4721)
"""Positives and negatives of a real test set; a detector with an AUROC of 0.987 is simulated on as many."""


def _caught_by_influences(rate: float):
    gap = math.sqrt(2) * PHI.inv_cdf(0.987)
    truth = _above(PHI.inv_cdf(1 - rate), gap)
    metric = build_metric(Registry(), f"tpr_at_fpr:rate={rate}")

    def once(rng: Generator) -> tuple[float, ...]:
        columns = Columns(scores(rng, *_REAL, gap))
        found = metric.compute(columns)
        alone = estimate_from_influence(*metric.on(columns)[0], bounds=(0, 1), trials=_REAL[0])
        return held(found, truth), found.value, found.stderr, held(alone, truth)

    return once


def _of_influences(beside: np.ndarray) -> str:
    value, error, held = beside.T
    noise, mean = 100 * value.std(ddof=1), 100 * error.mean()
    alone = 100 * held.mean()
    return f"mean standard error {mean:.1f} points, noise {noise:.1f}; from influences alone {alone:.0f}"


def _worth_at_rate(positives: int, negatives: int, rate: float, gap: float, prevalence: float):
    truth = predictive_value(_above(PHI.inv_cdf(1 - rate), gap), rate, prevalence=prevalence)
    metric = f"ppv_at_prevalence:rate={rate},prevalence={prevalence}"
    return lambda rng: held(computed(metric, scores(rng, positives, negatives, gap)), truth)


# at a given threshold


def _decided(metric: str, positives: int, negatives: int, gap: float, truth: float):
    return lambda rng: held(computed(metric, scores(rng, positives, negatives, gap)), truth)


def _balanced(positives: int, negatives: int, gap: float, threshold: float):
    truth = (_above(threshold, gap) + 1 - _above(threshold)) / 2
    return _decided(f"balanced_accuracy:threshold={threshold}", positives, negatives, gap, truth)


def _worth(positives: int, negatives: int, threshold: float):
    truth = predictive_value(_above(threshold, 2.5), _above(threshold), prevalence=0.01)
    return _decided(f"ppv:prevalence=0.01,threshold={threshold}", positives, negatives, 2.5, truth)


def _mixed(metric: str, n: int, prevalence: float, gap: float, threshold: float):
    """Texts whose number of positives varies, as these metrics take it."""
    true, false = prevalence * _above(threshold, gap), (1 - prevalence) * _above(threshold)
    truth = true / (true + false) if metric == "precision" else 2 * true / (true + false + prevalence)

    def once(rng: Generator) -> float:
        positives = int(rng.binomial(n, prevalence))
        return held(computed(f"{metric}:threshold={threshold}", scores(rng, positives, n - positives, gap)), truth)

    return once


def _clustered(metric: str, sizes: np.ndarray):
    """At the threshold 0.75, half-way between the classes."""
    true, false = _above(0.75, 1.5), _above(0.75)
    truth = {
        "true_positive_rate": true,
        "false_positive_rate": false,
        "balanced_accuracy": (true + 1 - false) / 2,
        "f1": 2 * true / (true + false + 1),
        "precision": true / (true + false),
        "ppv": predictive_value(true, false, prevalence=0.01),
    }[metric]
    written = f"{metric}:{'prevalence=0.01,' if metric == 'ppv' else ''}threshold=0.75"
    return lambda rng: held(computed(written, *in_clusters(rng, sizes, 1.5)), truth)


# at the best threshold of the very texts


def _oracle(metric: str, n: int, prevalence: float):
    truth = computed(metric, ideal(prevalence, 1.2)).value

    def once(rng: Generator) -> tuple[float, float]:
        positives = int(rng.binomial(n, prevalence))
        return held_and_excess(computed(metric, scores(rng, positives, n - positives, 1.2)), truth)

    return once


# certified at a false positive rate


def _certified(negatives: int, rate: float, step: float = 0.0):
    """Whether the true false positive rate lies above the one certified."""
    labels = np.zeros(negatives, dtype=bool)

    def once(rng: Generator) -> bool:
        drawn = rng.normal(size=negatives)
        cut = certified(np.round(drawn / step) * step if step else drawn, labels, rate, 0.95).threshold
        return _above(cut + step / 2) > rate

    return once


CASES = [
    *(
        Case(
            "TPR at a false positive rate",
            f"{100 * r:g} %, {p} positives, {n} negatives",
            _caught("tpr_at_fpr", p, n, r, 2.0),
            rounds=1500,
        )
        for r, p, n in ((0.01, 20, 500), (0.01, 100, 1000), (0.01, 300, 300), (0.1, 100, 1000))
    ),
    Case(
        "TPR at a false positive rate",
        "1 %, 100 positives, 150 negatives, ties let in at random",
        _caught("tpr_at_fpr_interpolated", 100, 150, 0.01, 2.0),
        rounds=1500,
    ),
    *(
        Case(
            "TPR at a false positive rate",
            f"{100 * r:g} %, {_REAL[0]} positives, {_REAL[1]} negatives, AUROC 0.987",
            lazily(_caught_by_influences, r),
            rounds=1000,
            beside=_of_influences,
        )
        for r in (0.1, 0.01, 0.001, 0.0001)
    ),
    *(
        Case("TPR at a false positive rate, clustered", f"10 %, {name}", _caught_clustered(sizes, 0.1), rounds=1500)
        for name, sizes in CLUSTERS.items()
    ),
    *(
        Case(
            "ppv_at_prevalence",
            f"rate 1 %, prevalence 0.1 %, {p} positives, {n} negatives",
            _worth_at_rate(p, n, 0.01, 2.0, 0.001),
            rounds=1500,
        )
        for p, n in ((20, 500), (300, 3000))
    ),
    *(
        Case(metric, f"n = {n}, true rate {100 * truth:.2g} %", _decided(f"{metric}:threshold={t}", p, q, 2.5, truth))
        for metric, n, p, q, t, truth in (
            ("true_positive_rate", 20, 20, 30, 1.0, _above(1.0, 2.5)),
            ("false_positive_rate", 50, 20, 50, 2.0, _above(2.0)),
            ("false_positive_rate", 300, 20, 300, 2.0, _above(2.0)),
        )
    ),
    *(
        Case(
            "balanced accuracy", f"{p} positives, {n} negatives, threshold {t:g}", _balanced(p, n, 2.2, t), rounds=1500
        )
        for p, n, t in ((20, 500, 2.5), (20, 500, 1.0), (60, 300, 2.5), (300, 300, 1.0))
    ),
    *(
        Case("F1", f"{n} texts, {100 * share:g} % positive", _mixed("f1", n, share, 2.0, 1.0), rounds=1500)
        for n, share in ((60, 0.1), (300, 0.1), (1000, 0.3))
    ),
    *(
        Case("precision", f"{n} texts, {100 * share:g} % positive", _mixed("precision", n, share, 2.0, 1.5))
        for n, share in ((60, 0.1), (300, 0.1), (1000, 0.3))
    ),
    *(
        Case("ppv", f"prevalence 1 %, {p} positives, {n} negatives, threshold {t:g}", _worth(p, n, t), rounds=1500)
        for p, n, t in ((10, 100, 1.0), (60, 300, 1.0), (60, 300, 2.5))
    ),
    *(
        Case(f"{metric}, clustered", name, _clustered(metric, sizes), rounds=1500)
        for metric, name, sizes in (
            *((metric, "10 clusters of 1 to 89 texts", FEW) for metric in ("true_positive_rate", "f1", "ppv")),
            *(
                (metric, "40 clusters of 1 to 16 texts", MANY)
                for metric in ("true_positive_rate", "balanced_accuracy", "f1", "precision", "ppv")
            ),
        )
    ),
    *(
        Case(
            metric,
            f"{n:,} texts, {100 * share:g} % positive",
            lazily(_oracle, metric, n, share),
            rounds=1000,
            beside=too_high,
        )
        for metric in ("optimal_accuracy", "optimal_balanced_accuracy", "optimal_f1")
        for share in (0.4, 0.07)
        for n in (200, 1000, 5000)
    ),
    *(
        Case(
            "certified threshold",
            f"{100 * r:g} % of {n:,} negatives{', scores that tie' if step else ''}",
            _certified(n, r, step),
            counts="rate above what is certified, at most 5 %",
            rounds=4000,
        )
        for n, r, step in ((300, 0.01, 0.0), (300, 0.05, 0.0), (500, 0.1, 0.25), (5000, 0.01, 0.0))
    ),
]
