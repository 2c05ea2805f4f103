"""Detectors: whether their probabilities mean what they say."""

from __future__ import annotations

import numpy as np

from coverage_cases.case import Case, Generator, held, lazily
from harness.metric import Columns
from harness.names.registry import Registry
from harness.stats import estimate_from_influence
from harness.tasks.build_metric import build_metric


def _draw(rng: Generator, n: int, overconfident: float) -> Columns:
    truth = rng.normal(0, 1.5, n)
    label = (rng.random(n) < 1 / (1 + np.exp(-truth))).astype(float)
    return Columns({"log_odds": overconfident * truth, "label": label})


def _error(n: int, overconfident: float, binning: str = "width"):
    """Of a calibrated model the true error is 0."""
    metric = build_metric(Registry(), f"expected_calibration_error:binning={binning}")
    rng = np.random.default_rng(0)
    truth = 0.0 if overconfident == 1 else metric.compute(_draw(rng, 2_000_000, overconfident)).value

    def once(rng: Generator) -> tuple[float, ...]:
        columns = _draw(rng, n, overconfident)
        found = metric.compute(columns)
        alone = estimate_from_influence(*metric.on(columns)[0], bounds=(0, 1))
        return held(found, truth), found.value - truth, held(alone, truth)

    return once


def _of_bias(beside: np.ndarray) -> str:
    excess, held = 100 * beside.mean(axis=0)
    return f"value too high by {excess:.1f} points; without reaching down for that {held:.0f}"


def _brier(n: int, overconfident: float):
    metric = build_metric(Registry(), "brier")
    truth = metric.compute(_draw(np.random.default_rng(0), 4_000_000, overconfident)).value
    return lambda rng: held(metric.compute(_draw(rng, n, overconfident)), truth)


CASES = [
    *(
        Case(
            "expected calibration error",
            f"{what}, {n} texts{'' if binning == 'width' else ', bins of equal mass'}",
            lazily(_error, n, factor, binning),
            rounds=1000,
            beside=_of_bias,
        )
        for what, n, factor, binning in (
            ("calibrated model", 400, 1.0, "width"),
            ("calibrated model", 5000, 1.0, "width"),
            ("model overconfident by half", 60, 1.5, "width"),
            ("model overconfident by half", 400, 1.5, "width"),
            ("model overconfident by half", 400, 1.5, "mass"),
            ("model overconfident by half", 5000, 1.5, "width"),
        )
    ),
    *(Case("brier", f"model overconfident by half, {n} texts", lazily(_brier, n, 1.5)) for n in (30, 300)),
]
