"""One setting in which an interval is simulated."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.metric import Columns
from harness.names.registry import Registry
from harness.stats import Estimate
from harness.tasks.build_metric import build_metric

Generator = np.random.Generator
_SEED = 2025


@dataclass(frozen=True)
class Case:
    """An interval, a setting, and how one sample of it is drawn."""

    what: str
    """What the interval is of."""
    setting: str
    """Of what sizes and truth."""
    once: Callable[[Generator], float]
    """Whether the interval of one sample holds the truth: 1 or 0, or the share of several that do."""
    rounds: int = 2000
    counts: str = "covers"
    """What the share of rounds is, where it is not how often an interval covers."""

    @property
    def name(self) -> str:
        """Tells the case apart, and its row in the table."""
        return f"{self.what}: {self.setting}"

    def simulate(self, share: float) -> tuple[float, float]:
        """Mean over the rounds in percent, and its standard error; seeded by the name.

        Args:
            share: Of the rounds of a full run.
        """
        rng = np.random.default_rng([_SEED, zlib.crc32(self.name.encode())])
        rounds = max(20, round(self.rounds * share))
        held = np.array([self.once(rng) for _ in range(rounds)], dtype=np.float64)
        return 100 * float(held.mean()), 100 * float(held.std(ddof=1) / np.sqrt(rounds))


def holds(estimate: Estimate | Any, truth: float) -> bool:
    """Whether the interval of an estimate or a difference holds the truth."""
    return bool(estimate.low <= truth <= estimate.high)


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
