"""What `harness correlate` says of few models: correlations with an outcome, and predictions of a further model."""

from __future__ import annotations

import numpy as np
from harness_plugins.outcomes.figures import Feature, OutcomeFigures
from harness_plugins.outcomes.prediction import predict

from coverage_cases.case import Case, Generator, holds
from harness.stats import pearson


def _correlated(n: int, correlation: float, long_tail: bool = False):
    """Of a long tail, both are exponentials of normal figures, whose correlation is another one."""
    own = np.sqrt(1 - correlation**2)
    truth = (np.exp(correlation) - 1) / (np.e - 1) if long_tail else correlation

    def once(rng: Generator) -> bool:
        x, noise = rng.normal(size=(2, n))
        y = correlation * x + own * noise
        return holds(pearson(*((np.exp(x), np.exp(y)) if long_tail else (x, y))), truth)

    return once


def _predicted(n: int, features: int, signal: float, kind: str):
    """Whether the interval of a further model holds its outcome; NaN where it is of the other kind.

    Half of the figures follow the outcome, with noise; the others are noise.
    """
    columns = [Feature("task", f"metric{j}", "overall", "fraction", higher_is_better=True) for j in range(features)]
    names = [f"model{i}" for i in range(n + 1)]

    def once(rng: Generator) -> float:
        outcome = rng.normal(size=n + 1)
        values = rng.normal(size=(n + 1, features))
        values[:, : (features + 1) // 2] += signal * outcome[:, None]
        figures = OutcomeFigures(names, columns, values, np.full(values.shape, np.nan))
        known, new = figures.select(models=names[:n]), figures.select(models=names[n:])
        _, (said,) = predict(known, outcome[:n].tolist(), new, permutations=99)
        if said.kind != kind:
            return float("nan")
        return float(said.low <= outcome[n] <= said.high)

    return once


CASES = [
    *(
        Case("correlation with an outcome (Fisher)", f"{n} models, true correlation {r:g}", _correlated(n, r))
        for n in (6, 20)
        for r in (0.0, 0.8)
    ),
    Case(
        "correlation with an outcome (Fisher)",
        "20 models, both of a long tail, true correlation 0.71",
        _correlated(20, 0.8, long_tail=True),
    ),
    *(
        Case(
            f"prediction ({kind})",
            f"{n} models, {features} {'figure' if features == 1 else 'figures'}{what}; nominal {level} %",
            once,
            rounds=rounds,
        )
        for kind, n, features, signal, what, level, rounds in (
            ("jackknife+", 12, 1, 2.0, ", which follows the outcome", "92.3", 500),
            ("jackknife+", 25, 6, 1.0, ", half of which follow the outcome", "95", 300),
            ("range", 12, 3, 0.0, " of chance", "84.6", 500),
            ("jackknife+", 12, 3, 0.0, " of chance", "92.3", 2500),
        )
        for once in (_predicted(n, features, signal, kind),)
    ),
]
