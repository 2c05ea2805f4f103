"""Chooses detectors, their order and thresholds from recorded traffic, with a certified rate of over-blocking.

Traffic is parted in its own order into three slices. On the first, candidates are compared and those kept that no other
beats in everything. On the second, the thresholds of these are set so that over-blocking is certified, of all of them
together: by an order statistic of the harmless exchanges (Neyman-Pearson classification; Tong, Feng and Li 2018,
Science Advances 4:eaao1659). The third, which is later than both, is only looked at.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from harness import Columns, DataError, FloatArray, stats

from .recorded_traffic import Scale, Traffic, by_cluster, slices
from .replay_metrics import LiftOverLength

BoolArray = NDArray[np.bool_]
_LOWER = (0.5, 0.8)
"""Shares of harmless traffic that a cascade's first detector lets through alone."""
_OFFSETS = (0.0, 1.0, 2.0)
"""How much stricter one detector of several may be, in logarithms of its rate of false alarms."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A firewall in the making: which detectors, how, and how strict each is beside the others."""

    detectors: tuple[int, ...]
    """Indices; of a cascade in the order of asking."""
    policy: str
    offsets: tuple[float, ...]
    lower: float = 0.0
    """Of a cascade: the share of harmless exchanges that the first detector lets through alone."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A firewall with thresholds, and what is known of it."""

    plan: Plan
    over_block: float
    """What is certified, at most."""
    thresholds: tuple[float, ...]
    band: float = 0.0
    """Of a cascade: how far below its threshold the first detector still asks the next, in nats."""
    chosen_asr: float = math.nan
    """Residual ASR on the slice that chose: optimistic."""
    milliseconds: float = math.nan
    blocked: int = 0
    """Harmless clusters that are blocked on the slice that certifies, of ``of``, where ``allowed`` may be."""
    of: int = 0
    allowed: int = 0
    checked: dict[str, float] = field(default_factory=dict)
    """On the later slice: residual_asr and over_block, with _low and _high; ``of_attacks``, ``of_harmless``, and
    lift_over_length with its ends."""

    @property
    def sees_more_than_length(self) -> bool:
        """Whether it is shown to block more than the best rule of the prompt's length at the same over-block."""
        return self.checked["lift_over_length_low"] > 0

    @property
    def holds(self) -> bool:
        """Whether the later slice leaves the certificate possible."""
        return self.checked["over_block_low"] <= self.over_block


def allowed_blocks(harmless: int, rate: float, confidence: float) -> int:
    """Return how many of n harmless exchanges may be blocked for a rate to be certified; -1 if none is too many.

    >>> allowed_blocks(59, 0.05, 0.95), allowed_blocks(58, 0.05, 0.95), allowed_blocks(300, 0.05, 0.95)
    (0, -1, 8)
    """
    from scipy.stats import binom

    below = np.flatnonzero(binom.cdf(np.arange(harmless + 1), harmless, rate) <= 1 - confidence)
    return int(below[-1]) if below.size else -1


def plans(stages: Sequence[str], most: int) -> Iterator[Plan]:
    """Yield all candidates: any-policies over up to ``most`` detectors, and cascades of two of one stage."""
    count = len(stages)
    for size in range(1, most + 1):
        for chosen in itertools.combinations(range(count), size):
            for offsets in itertools.product(_OFFSETS, repeat=size):
                if min(offsets) == 0:  # else all are as strict, and the threshold alone says how much
                    yield Plan(chosen, "any", offsets)
    for first, second in itertools.permutations(range(count), 2):
        if stages[first] == stages[second]:
            for lower, offset in itertools.product(_LOWER, _OFFSETS):
                yield Plan((first, second), "cascade", (0.0, offset), lower)


class Compiler:
    """Compiles firewalls from recorded traffic.

    Args:
        traffic: In the order in which it came.
        rates: Rates of over-blocking to certify.
        confidence: With which all certificates are true together.
        shares: Of the slices that choose, certify and check.
        most: Detectors of a firewall at most.
        most_certified: Firewalls of the front at most: the more are certified together, the stricter each is.

    Raises:
        DataError: traffic is too little for a certificate; says how much is needed.
    """

    def __init__(
        self,
        traffic: Traffic,
        rates: Sequence[float],
        confidence: float,
        shares: Sequence[float],
        most: int,
        most_certified: int = 12,
    ) -> None:
        self._choosing, self._certifying, self._checking = slices(traffic, shares)
        self._stages, self._milliseconds = traffic.stages, traffic.milliseconds
        self._rates, self._confidence = sorted(rates), confidence
        harmless = self._choosing.scores[~self._choosing.attack]
        self._scales = [Scale.of(harmless[:, i]) for i in range(harmless.shape[1])]
        self._most = min(most, harmless.shape[1])
        self.candidates = 0
        self.counts = [(int(p.attack.sum()), int((~p.attack).sum())) for p in (
            self._choosing, self._certifying, self._checking)]  # fmt: skip
        self._own = len(np.unique(self._certifying.clusters[~self._certifying.attack]))
        self._at_most = most_certified
        while self._at_most > 1 and self._allowed(self._rates[0]) < 0:
            self._at_most -= 1  # each certificate of several needs more traffic than one alone
        for rate in self._rates:
            if allowed_blocks(self._own, rate, confidence) < 0:
                needed = math.ceil(math.log(1 - confidence) / math.log1p(-rate))
                raise DataError(
                    f"{self._own} independent harmless exchanges cannot certify an over-block of {rate:g} with "
                    f"confidence {confidence:g}: {needed} are needed in the slice that certifies"
                )

    def front(self) -> list[Compiled]:
        """Return the certified firewalls that none beats in residual ASR, over-block and latency together.

        Where more are unbeaten than the traffic certifies together, those are kept that span the residual ASR evenly.
        """
        found = [self._chosen(plan, rate) for rate in self._rates for plan in plans(self._stages, self._most)]
        self.candidates = len(found)
        unbeaten = _unbeaten(found)
        places = np.unique(np.linspace(0, len(unbeaten) - 1, self._at_most).round().astype(int))
        return [self._check(self._certified(unbeaten[place])) for place in places]

    def _allowed(self, rate: float) -> int:
        """Return how many harmless clusters of the second slice may be blocked."""
        return allowed_blocks(self._own, rate, 1 - (1 - self._confidence) / self._at_most)

    def _joint(self, plan: Plan, traffic: Traffic) -> FloatArray:
        """Return the number of each exchange, (n,), above which the plan blocks it, on the common scale."""
        each = [
            self._scales[i].to(traffic.scores[:, i]) - offset
            for i, offset in zip(plan.detectors, plan.offsets, strict=True)
        ]
        if plan.policy == "any":
            return np.asarray(np.max(each, axis=0))
        return np.where(each[0] < -math.log1p(-plan.lower), each[0], np.maximum(each[0], each[1]))

    def _chosen(self, plan: Plan, rate: float) -> Compiled:
        """Return a plan with the threshold that blocks a share of the harmless exchanges of the first slice."""
        part = self._choosing
        joint = self._joint(plan, part)
        harmless = np.sort(by_cluster(joint[~part.attack], part.clusters[~part.attack]))
        # As many as the certificate will allow: a threshold that it will not grant says nothing of the firewall.
        share = self._allowed(rate) / self._own
        cut = float(harmless[len(harmless) - 1 - math.floor(share * len(harmless))])
        one = self._at(Compiled(plan, rate, ()), cut)
        blocked = self.blocked(one, part.scores)
        asr = float((part.label & ~blocked)[part.attack].mean())
        return replace(one, chosen_asr=asr, milliseconds=self._latency(one, part.scores))

    def _at(self, one: Compiled, cut: float) -> Compiled:
        """Return a firewall with the thresholds of a place on the common scale."""
        plan = one.plan
        thresholds = tuple(
            self._scales[i].back(cut + offset) for i, offset in zip(plan.detectors, plan.offsets, strict=True)
        )
        band = 0.0
        if plan.policy == "cascade":
            band = max(thresholds[0] - self._scales[plan.detectors[0]].back(-math.log1p(-plan.lower)), 0.0)
        return replace(one, thresholds=thresholds, band=band)

    @staticmethod
    def blocked(one: Compiled, scores: FloatArray) -> BoolArray:
        """Mark the exchanges that a firewall blocks, (n,), by the rules of its policy."""
        over = scores[:, one.plan.detectors] - np.array(one.thresholds)
        if one.plan.policy == "any":
            return np.asarray((over > 0).any(axis=1))
        asked = (over[:, 0] >= -one.band) & (over[:, 0] <= 0)
        return np.asarray(np.where(asked, over[:, 1] > 0, over[:, 0] > 0))

    def _latency(self, one: Compiled, scores: FloatArray) -> float:
        """Return the milliseconds that detectors take an exchange on average, of those that are asked."""
        plan, each = one.plan, self._milliseconds[list(one.plan.detectors)]
        over = scores[:, plan.detectors] - np.array(one.thresholds)
        if plan.policy == "cascade":
            asked = (over[:, 0] >= -one.band) & (over[:, 0] <= 0)
            return float(each[0] + each[1] * asked.mean())
        early = np.array([self._stages[i] == "input" for i in plan.detectors])
        passed = 1 - float((over[:, early] > 0).any(axis=1).mean()) if early.any() else 1.0
        return float(each[early].sum() + passed * each[~early].sum())

    def _certified(self, one: Compiled) -> Compiled:
        """Return a firewall with the lowest thresholds whose over-block is certified on the second slice."""
        part = self._certifying
        harmless = ~part.attack
        joint = by_cluster(self._joint(one.plan, part)[harmless], part.clusters[harmless])
        allowed = self._allowed(one.over_block)
        found = self._at(one, float(np.sort(joint)[len(joint) - 1 - allowed]))
        count = 0
        for step in range(60):  # rounding on the way back from the scale must not block one more
            blocked = self.blocked(found, part.scores[harmless]).astype(np.float64)
            count = int(by_cluster(blocked, part.clusters[harmless]).sum())
            if count <= allowed:
                break
            found = replace(found, thresholds=tuple(t + 1e-12 * 2**step * max(abs(t), 1.0) for t in found.thresholds))
        latency = self._latency(found, part.scores)
        return replace(found, blocked=count, of=len(joint), allowed=allowed, milliseconds=latency)

    def _check(self, one: Compiled) -> Compiled:
        """Return a firewall with what it does on the later slice."""
        part = self._checking
        blocked = self.blocked(one, part.scores)
        checked: dict[str, float] = {"of_attacks": int(part.attack.sum()), "of_harmless": int((~part.attack).sum())}
        for name, rows, hits in (
            ("residual_asr", part.attack, part.label & ~blocked),
            ("over_block", ~part.attack, blocked),
        ):
            count, total = int(hits[rows].sum()), int(rows.sum())
            low, high = stats.clopper_pearson(count, total, confidence=self._confidence)
            checked |= {name: count / total, f"{name}_low": low, f"{name}_high": high}
        values = {"attack": part.attack, "label": part.label, "blocked": blocked, "characters": part.characters}
        columns = Columns({key: np.asarray(value, dtype=np.float64) for key, value in values.items()}, part.clusters)
        lift = LiftOverLength().compute(columns, confidence=self._confidence)
        checked |= {
            "lift_over_length": lift.value,
            "lift_over_length_low": lift.low,
            "lift_over_length_high": lift.high,
        }
        return replace(one, checked=checked)


def _unbeaten(found: Sequence[Compiled]) -> list[Compiled]:
    """Return those that no other equals in everything and beats in something; of equal ones, the simplest."""
    figures = np.array([(one.chosen_asr, one.over_block, one.milliseconds) for one in found])
    figures[:, 2] = np.round(figures[:, 2], 6)
    order = sorted(
        range(len(found)), key=lambda i: (*figures[i], len(found[i].plan.detectors), sum(found[i].plan.offsets))
    )
    kept: list[int] = []
    for i in order:
        if not any((figures[j] <= figures[i]).all() for j in kept):
            kept.append(i)
    return [found[i] for i in kept]
