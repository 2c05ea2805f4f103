"""One setting in which an interval is simulated."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from harness.metric import Columns
from harness.names.registry import Registry
from harness.stats import Estimate
from harness.tasks.build_metric import build_metric

Generator = np.random.Generator
_SEED = 2025


class Share(NamedTuple):
    """What a row of the table says, in percent."""

    value: float
    error: float
    """Standard error of the simulation."""
    beside: str = ""
    """What else is said of the rounds."""


@dataclass(frozen=True)
class Case:
    """An interval, a setting, and how one sample of it is drawn."""

    what: str
    """What the interval is of."""
    setting: str
    """Of what sizes and truth."""
    once: Callable[[Generator], float | tuple[float, ...]]
    """Whether the interval of one sample holds the truth: 1 or 0, or the share of several that do; NaN: it has none.

    A tuple holds further figures of the sample after that, which ``beside`` reads.
    """
    rounds: int = 2000
    counts: str = "covers"
    """What the share of rounds is, where it is not how often an interval covers."""
    beside: Callable[[np.ndarray], str] | None = None
    """What is said beside the share, of the further figures (rounds, k)."""

    @property
    def name(self) -> str:
        """Tells the case apart, and its row in the table."""
        return f"{self.what}: {self.setting}"

    def simulate(self, share: float) -> Share:
        """Mean over the rounds in percent; seeded by the name.

        Args:
            share: Of the rounds of a full run.
        """
        rng = np.random.default_rng([_SEED, zlib.crc32(self.name.encode())])
        rounds = max(20, round(self.rounds * share))
        found = np.array([self.once(rng) for _ in range(rounds)], dtype=np.float64).reshape(rounds, -1)
        held = found[~np.isnan(found[:, 0]), 0]
        beside = self.beside(found[:, 1:]) if self.beside else ""
        without = 100 - 100 * held.size / rounds
        if without >= 0.05:
            beside = "; ".join(filter(None, (beside, f"{without:.1f} % have none")))
        return Share(100 * float(held.mean()), 100 * float(held.std(ddof=1) / np.sqrt(held.size)), beside)


def holds(estimate: Estimate | Any, truth: float) -> bool:
    """Whether the interval of an estimate or a difference holds the truth."""
    return bool(estimate.low <= truth <= estimate.high)


def held(estimate: Estimate, truth: float) -> float:
    """The same, NaN where there is no interval."""
    return float("nan") if np.isnan(estimate.low) else float(holds(estimate, truth))


def held_and_excess(estimate: Estimate, truth: float) -> tuple[float, float]:
    """The same, and by how much the value is too high."""
    return held(estimate, truth), estimate.value - truth


def too_high(beside: np.ndarray) -> str:
    """By how many points values are too high on average."""
    excess = round(100 * float(np.nanmean(beside[:, 0])), 1)
    return f"value too high by {excess + 0.0:.1f} points"


def lazily(make: Callable[..., Callable[[Generator], float]], *arguments: Any) -> Callable[[Generator], float]:
    """What ``make`` returns, made when the first sample is drawn: a truth found by simulation takes seconds."""
    made: list[Callable[[Generator], float]] = []

    def once(rng: Generator) -> float:
        if not made:
            made.append(make(*arguments))
        return made[0](rng)

    return once


_REGISTRY = Registry()


def computed(metric: str, values: dict[str, Any], clusters: Any = None, **facts: Any) -> Estimate:
    """A registered metric on columns."""
    columns = {name: np.asarray(column, dtype=np.float64) for name, column in values.items()}
    return build_metric(_REGISTRY, metric).compute(Columns(columns, clusters, facts))
