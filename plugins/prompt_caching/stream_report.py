"""What a stream is worth caching: the report of ``harness cache``, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from harness import Columns, Estimate, FloatArray
from harness.stats import mean_estimate, sequence_blocks

from .match_trace import Trace, trace_of
from .policy import Static
from .policy_names import NamedPolicy
from .replay import CacheSettings, Replayed
from .stream import Stream
from .stream_task import listed, run, thresholds_of
from .trace_metrics import MatchAuroc, PrecisionHitArea

_THRESHOLDS = 40
"""Static thresholds from which one is chosen for a budget."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PolicyFigures:
    """What a policy does with the stream."""

    policy: str
    hit_rate: Figure
    error_rate: Figure
    precision: float | None
    """Share of hits that are right; None without a hit."""
    usd_saved: float | None
    """On the whole stream; None where costs are unknown."""
    seconds_saved: float | None
    most_entries: int
    guarantee: str
    """What holds whatever the stream, in words; empty where nothing does."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """A threshold that was chosen on the earlier part of the stream, judged on the later part."""

    budget: float
    threshold: float | None
    """None: no threshold hits anything within the budget."""
    hit_rate: Figure | None
    error_rate: Figure | None
    kept: bool | None
    """Whether the error of the later part is within the budget; None where its interval holds the budget, so that the
    part is too short to tell."""


def policy_figures(stream: Stream, one: NamedPolicy, done: Replayed, *, confidence: float = 0.95) -> PolicyFigures:
    """Return what a policy did, with intervals from blocks of the stream."""
    there = stream.there
    hit = done.hit[there].astype(np.float64)
    wrong = done.false_hits[there].astype(np.float64)
    hits = float(hit.sum())
    return PolicyFigures(
        one.described,
        _figure(hit, confidence),
        _figure(wrong, confidence),
        float(1 - wrong.sum() / hits) if hits else None,
        _saved(stream.costs[done.hit], stream.costs),
        _saved(stream.latencies[done.hit], stream.latencies),
        done.most_entries,
        getattr(one.policy, "guarantee", ""),
    )


def transfers(
    stream: Stream,
    trace: Trace,
    budgets: Sequence[float],
    *,
    calibration: float = 0.5,
    settings: CacheSettings | None = None,
    confidence: float = 0.95,
) -> list[Transfer]:
    """Choose a static threshold for each budget on the earlier part of a stream, and judge it on the later part.

    Args:
        stream: The prompts.
        trace: Its trace.
        budgets: Wrong hits a prompt.
        calibration: Share of the prompts that the threshold is chosen on.
        settings: Of the cache, which fills throughout; None: what missed is inserted.
        confidence: Of the intervals.
    """
    settings = settings or CacheSettings()
    neighbours = listed(stream)
    n = len(stream)
    cut = int(n * calibration)
    rows = []
    for threshold in thresholds_of(trace, _THRESHOLDS):
        done = run(stream, NamedPolicy("", Static(threshold), settings), neighbours, trace)
        wrong = done.false_hits
        rows.append((threshold, done.hit[:cut].mean(), wrong[:cut].mean(), done.hit[cut:], wrong[cut:]))
    found = []
    for budget in budgets:
        able = [row for row in rows if row[2] <= budget and row[1] > 0]
        if not able:
            found.append(Transfer(budget, None, None, None, None))
            continue
        threshold, _, _, hit, wrong = max(able, key=lambda row: row[1])
        error = _figure(wrong.astype(np.float64), confidence)
        found.append(
            Transfer(budget, threshold, _figure(hit.astype(np.float64), confidence), error, _is_kept(error, budget))
        )
    return found


def _is_kept(error: Figure, budget: float) -> bool | None:
    """Tell whether an error is shown to be within a budget, or beyond it; None: neither."""
    if error.high <= budget:
        return True
    return False if error.low > budget else None


def report(
    stream: Stream,
    policies: Sequence[NamedPolicy],
    budgets: Sequence[float],
    *,
    calibration: float,
    insertion: CacheSettings,
    seed: int,
    confidence: float = 0.95,
) -> dict[str, Any]:
    """Return everything that the command says.

    Args:
        stream: The prompts.
        policies: What decides.
        budgets: Wrong hits a prompt, for which thresholds are chosen.
        calibration: Share of the prompts that thresholds are chosen on.
        insertion: The cache of those thresholds.
        seed: Of the policies' random numbers.
        confidence: Of the intervals.
    """
    neighbours = listed(stream)
    trace = trace_of(stream, neighbours)
    columns = Columns(
        {"similarity": trace.similarity, "right": trace.right.astype(np.float64)},
        sequence_blocks(len(stream)),
        ordered=True,
    )
    area: Estimate = PrecisionHitArea().compute(columns, confidence=confidence)
    told = MatchAuroc().compute(columns, confidence=confidence)
    figures = []
    for one in policies:
        done = run(stream, one, neighbours, trace, seed=seed)
        figures.append(asdict(policy_figures(stream, one, done, confidence=confidence)))
    later = transfers(stream, trace, budgets, calibration=calibration, settings=insertion, confidence=confidence)
    return {
        "prompts": len(stream),
        "without_vector": int((~stream.there).sum()),
        "scopes": len(np.unique(stream.scopes)),
        "nearest_right": float(trace.right.mean()) if len(stream) else None,
        "possible": float(trace.possible.mean()) if len(stream) else None,
        "match_auroc": asdict(Figure(told.value, told.low, told.high)),
        "precision_hit_area": asdict(Figure(area.value, area.low, area.high)),
        "policies": figures,
        "calibration_prompts": int(len(stream) * calibration),
        "cache_of_thresholds": str(insertion),
        "thresholds": [asdict(one) for one in later],
    }


def _figure(values: FloatArray, confidence: float) -> Figure:
    """Return a mean with its interval from blocks of the sequence."""
    estimate = mean_estimate(values, clusters=sequence_blocks(len(values)), bounds=(0, 1), confidence=confidence)
    return Figure(estimate.value, estimate.low, estimate.high)


def _saved(saved: FloatArray, all_: FloatArray) -> float | None:
    return None if np.isnan(all_).any() else float(saved.sum())
