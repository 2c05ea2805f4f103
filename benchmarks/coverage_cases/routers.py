"""Routers: forecasts, choices, cost and quality, cascades, and two models, one row a question.

Five models, of which the dearer ones are better, answer questions of three subjects; a router sees how likely each is
right, with noise. What is chosen on the evaluated questions themselves is held against what the truly best model gives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coverage_cases.case import Case, Generator, computed, held, held_and_excess, lazily, too_high
from harness.stats import Estimate

MODELS = ("tiny", "small", "medium", "large", "huge")
_COSTS = np.array([0.0002, 0.001, 0.002, 0.004, 0.01])
_APART = np.array([-0.6, 0.0, 0.3, 0.6, 1.2])
_SUBJECTS = np.array([[0.0, 1.5, -0.5, 0.0, 0.0], [0.0, -0.5, 1.5, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]])


@dataclass(frozen=True)
class World:
    """Of what kind questions and models are."""

    name: str
    equal: bool = False
    """Whether all models are equally good everywhere, so that which is best of a sample is chance."""
    unknown: float = 0.0
    """Share of outcomes that are unknown."""


FULL, GAPS, EQUAL = World(""), World(", a tenth unknown", unknown=0.1), World(", models equally good", equal=True)


def draw(rng: Generator, n: int, world: World, labels: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Columns of n questions.

    Args:
        rng: Draws them.
        n: Questions.
        world: Of what kind.
        labels: Clusters of questions, which say the same in other words.
    """
    groups = n if labels is None else int(labels.max()) + 1
    subject, base = rng.integers(3, size=groups), np.full(5, 0.4) if world.equal else _APART
    odds = base + rng.normal(size=(groups, 1)) + rng.normal(0, 1.2, (groups, 5))
    if not world.equal:
        odds = odds + _SUBJECTS[subject]
    if labels is not None:
        odds, subject = odds[labels], subject[labels]
    outcome = (rng.random((n, 5)) < 1 / (1 + np.exp(-odds))).astype(float)
    score = outcome + rng.normal(0, 0.5, (n, 5))
    if world.unknown:
        outcome[rng.random((n, 5)) < world.unknown] = np.nan
    return {
        "predicted": 1 / (1 + np.exp(-odds - rng.normal(0, 0.8, (n, 5)))),
        "outcome": outcome,
        "cost": _COSTS * rng.uniform(0.5, 1.5, (n, 5)),
        "score": score,
        "category": subject.astype(float),
        "train_best": np.full(n, 4.0),
        "train_best_of_category": np.array([1.0, 2.0, 4.0])[subject],
    }


def _found(metric: str, columns: dict[str, np.ndarray], labels: np.ndarray | None = None) -> Estimate:
    return computed(metric, columns, labels, models=MODELS, categories=("code", "law", "maths"))


def _truth(metric: str, world: World) -> float:
    """Of eight great samples; where the models are equally good, of none of them as if it were the best."""
    rng, values = np.random.default_rng(0), []
    for _ in range(8):
        columns = draw(rng, 20_000, world)
        if world.equal:
            chosen, constant = _found("route_accuracy", columns).value, float(columns["outcome"].mean())
            values.append(
                {"gain": chosen / constant - 1, "ratio": chosen / constant, "mean": constant}[_SELECTING[metric]]
            )
        else:
            values.append(_found(metric, columns).value)
    return float(np.mean(values))


_SELECTING = {
    "best_constant_on_test": "mean",
    "best_of_category_on_test": "mean",
    "gain_at_best": "gain",
    "best_single_ratio": "ratio",
    "perf_gain": "gain",
}
"""Metrics that choose a model on the evaluated questions, and what they are where all are equally good."""


def _once(metric: str, n: int, world: World):
    truth = _truth(metric, world)
    return lambda rng: held(_found(metric, draw(rng, n, world)), truth)


def _once_and_excess(metric: str, n: int, world: World):
    truth = _truth(metric, world)
    return lambda rng: held_and_excess(_found(metric, draw(rng, n, world)), truth)


CLUSTERS = np.repeat(np.arange(100), np.tile(np.arange(1, 6), 20))


def _clustered(metric: str, world: World):
    truth = _truth(metric, world)
    return lambda rng: held(_found(metric, draw(rng, CLUSTERS.size, world, CLUSTERS), CLUSTERS), truth)


def _name(metric: str) -> str:
    return metric.split(":")[0]


_PAIR = "strong=huge,weak=tiny"
_PLAIN = [
    *(
        (metric, GAPS)
        for metric in (
            "forecast_accuracy",
            "forecast_accuracy_by_model",
            "forecast_auroc",
            "forecast_brier",
            "forecast_log_loss",
            "gap_at_oracle",
            "route_gain",
            "scorer_error",
            "usage_entropy",
            "weighted_router",
        )
    ),
    *(
        (metric, FULL)
        for metric in (
            "aiq",
            "aiq@compat",
            "cascade_aiq",
            "cascade_cost_saved",
            "cost_saved",
            "quality_at_budget",
            "router_arena_score",
            "scored_cascade_aiq",
            "scored_cascade_cost_saved",
            "zero_router_aiq",
            f"apgr:{_PAIR}",
            f"apgr@compat:{_PAIR}",
        )
    ),
]
CASES = [
    *(
        Case(_name(metric), f"{n} questions{world.name}", lazily(_once, metric, n, world), rounds=1000)
        for metric, world in _PLAIN
        for n in (100, 500)
    ),
    *(
        Case(_name(metric), "100 clusters of 1 to 5 questions", lazily(_clustered, metric, FULL), rounds=1000)
        for metric in ("forecast_auroc", "aiq", f"apgr:{_PAIR}")
    ),
    *(
        Case(_name(metric), f"{n} questions", lazily(_once, metric, n, FULL), rounds=400)
        for metric in (f"cpt:{_PAIR}", f"cpt@compat:{_PAIR}")
        for n in (100, 500)
    ),
    *(
        Case(metric, f"{n} questions", lazily(_once_and_excess, metric, n, FULL), rounds=1000, beside=too_high)
        for metric in ("forecast_calibration_error",)
        for n in (100, 500)
    ),
    *(
        Case(
            metric,
            f"{n} questions{world.name}",
            lazily(_once_and_excess, metric, n, world),
            rounds=1000,
            beside=too_high,
        )
        for metric in _SELECTING
        for n, world in ((100, FULL), (100, EQUAL), (500, EQUAL))
    ),
]
