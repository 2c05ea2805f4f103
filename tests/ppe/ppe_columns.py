"""Columns of battles and of sampled responses, made by hand, for tests of metrics."""

import numpy as np

from harness import Columns

MODELS = tuple(f"model-{i}" for i in range(20))


def battles(n=4000, m=20, seed=0, noise=1.0, spread=1.2, ties=True):
    """Battles of m models; the evaluated model sees the strength through ``noise`` (0: sees people's mind)."""
    rng = np.random.default_rng(seed)
    strength = np.linspace(-spread, spread, m)
    first = rng.integers(0, m, n)
    second = (first + rng.integers(1, m, n)) % m
    mind = strength[first] - strength[second] + rng.logistic(size=n)
    outcome = np.where(np.abs(mind) < 0.8, 0.5, mind > 0).astype(float) if ties else (mind > 0).astype(float)
    seen = mind + noise * rng.logistic(size=n)
    return made(first, second, outcome, 0.5 + 0.5 * np.sign(seen))


def made(first, second, outcome, verdict, *, exchanged=None, orders="both", models=MODELS):
    """Columns from who battled, people's credit of the first and the model's preference for the first in [0, 1]."""
    better = (np.asarray(outcome) == 0).astype(float)

    def towards_better(p):
        return np.where(better == 1, 1 - np.asarray(p, float), p)

    given = towards_better(verdict)
    values = {
        "as_given": given,
        "exchanged": given if exchanged is None else towards_better(exchanged),
        "better": better,
        "answered": np.ones(len(better)),
        "outcome": np.asarray(outcome, float),
        "first_model": np.asarray(first, float),
        "second_model": np.asarray(second, float),
    }
    return Columns(values, None, {"models": models, "orders": orders})


def sampled(n=60, k=32, seed=0, levels=None, pairs=5, rate=None):
    """Sampled responses: scores that know something of correctness; ``levels`` quantises them, which makes ties."""
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.1, 0.9, (n, 1)) if rate is None else np.full((n, 1), rate)
    correct = (rng.random((n, k)) < share).astype(float)
    scores = rng.normal(size=(n, k)) + correct
    if levels:
        scores = np.round(scores * levels) / levels
    index = np.full((2, n, pairs), np.nan)
    for row in range(n):
        right, wrong = np.flatnonzero(correct[row]), np.flatnonzero(correct[row] == 0)
        if right.size and wrong.size:
            for p in range(pairs):
                pair = [rng.choice(right), rng.choice(wrong)]
                index[:, row, p] = pair if rng.random() < 0.5 else pair[::-1]
    return sampled_columns(scores, correct, index)


def sampled_columns(scores, correct, index):
    """Columns of a model that scores."""
    there = np.isfinite(index[0])
    first, second = (np.nan_to_num(side).astype(int) for side in index)
    gap = np.take_along_axis(scores, first, 1) - np.take_along_axis(scores, second, 1)
    given = np.where(there, 0.5 + 0.5 * np.sign(gap), np.nan)
    values = {
        "scores": scores,
        "correct": correct,
        "pair_first": index[0],
        "pair_second": index[1],
        "pair_given": given,
        "pair_exchanged": given,
        "answered": np.ones(len(scores)),
    }
    return Columns(values, None, {"orders": "both"})
