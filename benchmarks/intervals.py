"""Every metric with its interval on 10,000 items, against a bootstrap of the same metric in the same process.

Run: python benchmarks/intervals.py [--items 10000]
Baseline: 1,000 resamples of the items, the metric computed anew on each (timed on 20 of them and scaled).
Limit: the metric's value alone.
"""

from __future__ import annotations

import argparse

import numpy as np
from _measure import best

from harness.metric import Columns, Metric
from harness.names.registry import Registry
from harness.tasks.build_metric import build_metric

REPLICATES = 1000


def columns(n: int, rng: np.random.Generator) -> Columns:
    """All columns that the core's task kinds give; ten items a cluster."""
    labels = (rng.random(n) < 0.3).astype(float)
    scores = rng.standard_normal(n) + labels
    quality = rng.random((n, 16))
    verdicts = rng.choice([0.0, 0.5, 1.0], size=(2, n), p=[0.3, 0.1, 0.6])
    return Columns(
        {
            "log_odds": scores,
            "label": labels,
            "similarity": scores,
            "same": labels,
            "as_given": verdicts[0],
            "exchanged": verdicts[1],
            "better": labels,
            "answered": np.ones(n),
            "scores": quality + rng.random((n, 16)),
            "correct": (quality > 0.5).astype(float),
            "chosen": rng.random((n, 3)) + 0.2,
            "rejected": rng.random((n, 3)),
        },
        clusters=np.arange(n) // 10,
    )


def resampled(metric: Metric, table: Columns, rng: np.random.Generator, count: int) -> None:
    """The metric on ``count`` resamples of the items."""
    for _ in range(count):
        metric.on(table.take(rng.integers(0, len(table), len(table))))


def main() -> None:
    """Print a row a metric."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000)
    n = parser.parse_args().items
    rng = np.random.default_rng(0)
    table = columns(n, rng)
    registry = Registry()
    print(f"{'metric':<34}{'ms with interval':>18}{'ms value':>10}{'bootstrap ms':>14}{'ratio':>8}")
    slowest = 0.0
    for name in registry.names("metric"):
        metric = build_metric(registry, name)
        if any(need not in table.values for need in metric.needs):
            continue
        whole = 1e3 * best(lambda m=metric: m.compute(table))
        alone = 1e3 * best(lambda m=metric: m.on(table))
        boot = 1e3 * best(lambda m=metric: resampled(m, table, rng, 20), repeats=1) * REPLICATES / 20
        slowest = max(slowest, whole)
        print(f"{name:<34}{whole:>18.2f}{alone:>10.2f}{boot:>14.0f}{boot / whole:>7.0f}x")
    print(f"slowest: {slowest:.1f} ms")


if __name__ == "__main__":
    main()
