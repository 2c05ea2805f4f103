"""Several responses a prompt: best of K, pairs of them, and how often one of several samples passes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coverage_cases.case import Case, Generator, computed, held, held_and_excess, lazily, too_high

K = 8
Draw = Callable[[Generator, int], dict[str, np.ndarray]]


def _scored(skill: float, ease: tuple[float, float], ties: bool = False) -> Draw:
    """Draws prompts whose ease, the share of correct responses, is of a beta distribution."""

    def draw(rng: Generator, n: int) -> dict[str, np.ndarray]:
        correct = (rng.random((n, K)) < rng.beta(*ease, n)[:, None]).astype(float)
        scores = rng.normal(size=(n, K)) + skill * correct
        return {"scores": np.round(scores) if ties else scores, "correct": correct}

    return draw


SETS: dict[str, tuple[int, Draw]] = {
    "20 prompts, skill 1": (20, _scored(1.0, (1, 1))),
    "100 prompts, skill 1, hardly any solved": (100, _scored(1.0, (0.2, 1.5))),
    "100 prompts, skill 3, scores that tie": (100, _scored(3.0, (1, 1), ties=True)),
}
LARGE = 100_000
"""Prompts of the sample that the truth is taken from."""


def _of_scores(metric: str, n: int, draw: Draw):
    truth = computed(metric, draw(np.random.default_rng(0), LARGE)).value
    return lambda rng: held_and_excess(computed(metric, draw(rng, n)), truth)


def _pairs(rng: Generator, n: int) -> dict[str, np.ndarray]:
    """Two correct and two wrong responses a prompt, of which a judge sees up to three pairs; a third has none."""
    there = np.where(rng.random(n) < 2 / 3, rng.integers(1, 4, n), 0)[:, None] > np.arange(3)
    right = rng.random((2, n, 3)) < rng.beta(4, 1, n)[:, None]
    first = np.array([0, 1, 0])
    given, exchanged = (np.where(there, side.astype(float), np.nan) for side in right)
    return {
        "correct": np.tile([1.0, 1.0, 0.0, 0.0], (n, 1)),
        "pair_first": np.where(there, first, np.nan),
        "pair_second": np.where(there, np.array([2, 3, 3]), np.nan),
        "pair_given": given,
        "pair_exchanged": exchanged,
        "answered": np.ones(n),
    }


def _judged_pairs(n: int):
    truth = computed("conflict_pair_accuracy", _pairs(np.random.default_rng(0), LARGE)).value
    return lambda rng: held(computed("conflict_pair_accuracy", _pairs(rng, n)), truth)


def _passes(k: int, n: int, samples: int, ease: tuple[float, float]):
    """The truth is the mean of 1 - (1 - p)^k."""
    chance = np.random.default_rng(0).beta(*ease, 4_000_000)
    truth = float((1 - (1 - chance) ** k).mean())

    def once(rng: Generator) -> float:
        correct = rng.random((n, samples)) < rng.beta(*ease, n)[:, None]
        return held(computed(f"pass_at_k:k={k}", {"correct": correct}), truth)

    return once


METRICS = (
    "best_of_k_accuracy",
    "best_of_k_area",
    "best_of_k_max",
    "best_of_k_loss",
    "best_of_k_squared_gap",
    "pooled_auroc",
    "pairwise_accuracy",
    "reciprocal_rank",
)
BIASED = ("best_of_k_max", "best_of_k_squared_gap")
"""Not linear in the prompts, so that their values lie too high or too low."""

CASES = [
    *(
        Case(
            metric,
            setting,
            lazily(_of_scores, metric, n, draw),
            rounds=1000,
            beside=too_high if metric in BIASED else None,
        )
        for metric in METRICS
        for setting, (n, draw) in SETS.items()
    ),
    *(Case("conflict_pair_accuracy", f"{n} prompts", lazily(_judged_pairs, n), rounds=1000) for n in (20, 200)),
    *(
        Case("pass_at_k", f"k = {k}, {n} prompts of {samples} samples, {ease}", lazily(_passes, k, n, samples, shape))
        for k, n, samples, ease, shape in (
            (1, 20, 4, "all or nothing", (0.3, 0.3)),
            (5, 20, 10, "hard", (0.3, 1.5)),
            (5, 100, 10, "hard", (0.3, 1.5)),
            (8, 100, 8, "hard", (0.3, 3.0)),
        )
    ),
]
