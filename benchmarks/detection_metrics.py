"""All metrics of detection with their intervals on 200,000 scores, against scikit-learn's and one numpy sort.

Run: python benchmarks/detection_metrics.py [--items 200000] [--digits 0]
Baselines: scikit-learn's function of the same metric, value only; one np.sort and one np.argsort of the scores.
`--digits 2` rounds the scores, so that they tie.
"""

from __future__ import annotations

import argparse

import numpy as np
from _measure import best
from sklearn import metrics as reference

from harness.metric import Columns
from harness.names.registry import Registry
from harness.stats import levels
from harness.tasks.build_metric import build_metric

METRICS = {
    "auroc": reference.roc_auc_score,
    "partial_auroc:rate=0.01": lambda y, s: reference.roc_auc_score(y, s, max_fpr=0.01),
    "average_precision": reference.average_precision_score,
    "auprc_trapezoid@compat": lambda y, s: reference.auc(*reference.precision_recall_curve(y, s)[1::-1]),
    "tpr_at_fpr:rate=0.1": reference.roc_curve,
    "tpr_at_fpr:rate=0.01": reference.roc_curve,
    "tpr_at_fpr:rate=0.001": reference.roc_curve,
    "tpr_at_fpr:rate=0.0001": reference.roc_curve,
    "tpr_at_fpr_interpolated:rate=0.001": reference.roc_curve,
    "ppv_at_prevalence": None,
    "ppv": None,
    "true_positive_rate": lambda y, s: reference.recall_score(y, s > 0),
    "false_positive_rate": None,
    "precision": lambda y, s: reference.precision_score(y, s > 0),
    "f1": lambda y, s: reference.f1_score(y, s > 0),
    "balanced_accuracy": lambda y, s: reference.balanced_accuracy_score(y, s > 0),
    "optimal_accuracy": None,
    "optimal_accuracy@compat": None,
    "optimal_balanced_accuracy": None,
    "optimal_f1": None,
    "brier": lambda y, s: reference.brier_score_loss(y, 1 / (1 + np.exp(-s))),
    "log_loss": lambda y, s: reference.log_loss(y, 1 / (1 + np.exp(-s))),
    "expected_calibration_error": None,
    "expected_calibration_error:binning=mass": None,
}


def main() -> None:
    """Print a row a metric, then all of them together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--digits", type=int, default=0, help="Round scores to so many digits; 0: do not.")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    labels = (rng.random(options.items) < 0.07).astype(float)
    scores = rng.normal(size=options.items) + 2.2 * labels
    if options.digits:
        scores = np.round(scores, options.digits)
    registry = Registry()
    built = {name: build_metric(registry, name) for name in METRICS}

    def table() -> Columns:
        return Columns({"log_odds": scores, "label": labels})

    def everything() -> None:
        columns = table()
        for metric in built.values():
            metric.compute(columns)

    everything()
    print(f"{'metric':<42}{'alone ms':>10}{'sorted ms':>11}{'scikit-learn ms':>17}")
    shared = table()
    built["auroc"].levels(shared)
    for name, metric in built.items():
        alone = 1e3 * best(lambda m=metric: m.compute(table()))
        after = 1e3 * best(lambda m=metric: m.compute(shared))
        theirs = METRICS[name]
        told = "-" if theirs is None else f"{1e3 * best(lambda f=theirs: f(labels, scores), repeats=3):.1f}"
        print(f"{name:<42}{alone:>10.1f}{after:>11.1f}{told:>17}")
    sort, order, distinct = (
        1e3 * best(call)
        for call in (lambda: np.sort(scores), lambda: np.argsort(scores), lambda: levels(scores, labels))
    )
    ours = 1e3 * best(everything)
    calls = [theirs for theirs in METRICS.values() if theirs is not None]
    others = 1e3 * best(lambda: [theirs(labels, scores) for theirs in calls], repeats=3)
    pair = 1e3 * best(
        lambda: (reference.roc_auc_score(labels, scores), reference.average_precision_score(labels, scores))
    )
    print(f"one np.sort {sort:.1f} ms, np.argsort {order:.1f} ms, sorted levels {distinct:.1f} ms")
    print(f"all {len(built)} with intervals: {ours:.0f} ms, {ours / sort:.0f} sorts")
    print(f"scikit-learn, {len(calls)} values: {others:.0f} ms; AUROC and average precision alone {pair:.0f} ms")


if __name__ == "__main__":
    main()
