"""The length-controlled win rate of one model, beside AlpacaEval 0.6's path through scikit-learn, in one process.

    python benchmarks/lc_speed.py [--repeats 5] [--quick]

The official path: rows are doubled, one weighted p with label 1 and one 1 - p with label 0; ``LogisticRegressionCV``,
L1, liblinear, ten values of C, ``GroupKFold(5)`` with each row a group, scored by the weighted log loss, refitted.
Three comparisons, each like with like or named as what it is: choice of C against choice of C, one fit against one fit
at the same C, and one fit here against the whole official path, which is what a board with C fixed saves. The data are
made: 805 instructions, and 1,610 rows of the regulariser. scikit-learn is asked for liblinear's default tolerance, as
the official path is; the figures differ by what that leaves.
"""

from __future__ import annotations

import argparse
import warnings
from typing import Any

import numpy as np
from _measure import best
from harness_plugins.alpaca_eval.fitting import GRID
from harness_plugins.alpaca_eval.length_control import FIXED_C, GAMED_WEIGHT, Design, length_controlled
from lc_coverage import drawn, own_weight


def doubled(made: Design) -> tuple[Any, Any, Any, Any, Any]:
    """Return features, labels, weights, groups and shares of every row twice, as scikit-learn takes them."""
    features = np.concatenate([made.held, made.features])
    share = np.concatenate([made.held_targets, made.better])
    weight = np.concatenate([np.full(len(made.held), GAMED_WEIGHT), np.ones(len(made.better))])
    label = np.repeat([1, 0], len(share))
    twice = np.concatenate([share, 1 - share])
    groups = np.tile(np.arange(len(share)), 2)
    return np.concatenate([features, features]), label, twice * np.tile(weight, 2), groups, (twice, np.tile(weight, 2))


def loss(truth: Any, predicted: Any, true_prob: Any, true_sample_weight: Any) -> float:
    """Return the weighted log loss of shares, as the official path scores a fold."""
    share = np.where(truth == 1, true_prob, 1 - true_prob)
    predicted = np.clip(predicted, 1e-15, 1 - 1e-15)
    return -float(np.mean((share * np.log(predicted) + (1 - share) * np.log(1 - predicted)) * true_sample_weight))


def official(made: Design, c: float | None) -> tuple[float, float]:
    """Return the length-controlled win rate and C by scikit-learn; with ``c`` by a single fit."""
    import sklearn
    from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
    from sklearn.metrics import make_scorer
    from sklearn.model_selection import GroupKFold

    features, label, weights, groups, (shares, plain) = doubled(made)
    settings: dict[str, Any] = {"penalty": "l1", "solver": "liblinear", "fit_intercept": False, "random_state": 123}
    with sklearn.config_context(enable_metadata_routing=True), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if c is None:
            scorer = make_scorer(loss, response_method="predict_proba", greater_is_better=False)
            scorer = scorer.set_score_request(true_prob=True, true_sample_weight=True)
            model = LogisticRegressionCV(cv=GroupKFold(5), scoring=scorer, Cs=10, dual=False, **settings)
            model.set_fit_request(sample_weight=True)
            more = {"groups": groups, "true_prob": shares, "true_sample_weight": plain}
            model.fit(features, label, sample_weight=weights, **more)
            c = float(np.ravel(model.C_)[0])
        else:
            model = LogisticRegression(C=c, dual=False, **settings)
            model.set_fit_request(sample_weight=True)
            model.fit(features, label, sample_weight=weights)
    return float(model.predict_proba(made.equal)[:, 1].mean()), c


def main() -> None:
    """Print a row a comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="once")
    options = parser.parse_args()
    repeats = 1 if options.quick else options.repeats
    made = drawn(805, own_weight(0.2), np.random.default_rng(3))
    official(made, None)  # imports
    chosen, theirs = length_controlled(made), official(made, None)
    print(
        f"choice of C: here {chosen.c:.5g}, {100 * chosen.value:.4f} %; "
        f"official {theirs[1]:.5g}, {100 * theirs[0]:.4f} %"
    )
    fixed, single = length_controlled(made, FIXED_C), official(made, GRID[6])
    print(f"C = {FIXED_C:.5g}: here {100 * fixed.value:.4f} %; official {100 * single[0]:.4f} %")
    seconds = {
        "chosen": best(lambda: length_controlled(made), repeats),
        "fixed": best(lambda: length_controlled(made, FIXED_C), 4 * repeats),
        "official chosen": best(lambda: official(made, None), repeats),
        "official fixed": best(lambda: official(made, GRID[6]), repeats),
    }
    for what, mine, other in (
        ("choice of C against choice of C", "chosen", "official chosen"),
        ("one fit at a C against one fit at that C", "fixed", "official fixed"),
        ("one fit at a fixed C against the official path", "fixed", "official chosen"),
    ):
        here, there = 1000 * seconds[mine], 1000 * seconds[other]
        print(f"{what:48} {here:8.2f} ms  {there:8.2f} ms  {there / here:6.1f} times")


if __name__ == "__main__":
    main()
