"""Metrics of what a named policy does with a stream: hits, errors, money, seconds, and what hindsight would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import INSIDE, Columns, FloatArray, Linearised, MeanMetric, Metric, Picture


class OfPolicy(Metric):
    """Base class: the columns of one policy.

    Args:
        policy: Its label, or its number in the task's option ``policies``, from 0.
    """

    needs: ClassVar[tuple[str, ...]] = ("hit", "hit_right")

    def __init__(self, policy: str = "0") -> None:
        self.policy = policy

    def place(self, columns: Columns) -> int:
        """Return the number of the policy.

        Raises:
            ValueError: there is none of that name.
        """
        return place_of(self.policy, columns)

    def of(self, name: str, columns: Columns) -> FloatArray:
        """Return the policy's column of a name, (n,)."""
        values = columns.values[name]
        return np.asarray(values if values.ndim == 1 else values[:, self.place(columns)])

    def wrong(self, columns: Columns) -> FloatArray:
        """Mark the wrong responses that were served, (n,)."""
        return self.of("hit", columns) - self.of("hit_right", columns)

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Name the policy and the way of insertion, which every figure depends on."""
        described = columns.facts.get("described", [])
        place = self.place(columns)
        return {"note": described[place]} if place < len(described) else {}


def place_of(policy: str, columns: Columns) -> int:
    """Return the number of a policy by its label or its number.

    Raises:
        ValueError: there is none of that name.
    """
    labels: Sequence[str] = columns.facts.get("policies", [])
    if policy in labels:
        return labels.index(policy)
    if policy.isdigit() and int(policy) < max(1, len(labels)):
        return int(policy)
    raise ValueError(f"the task has no policy {policy!r}; it has {', '.join(labels)}")


class CacheHitRate(OfPolicy, MeanMetric):
    """Share of prompts that were served from the cache."""

    description = "share of prompts served from the cache"

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the hits."""
        return self.of("hit", columns)

    def pictures(self, columns: Columns) -> Sequence[Picture]:
        """Draw hits and errors over time."""
        from .stream_pictures import over_time

        return over_time(self.of("hit", columns), self.wrong(columns))


class CacheErrorRate(OfPolicy, MeanMetric):
    """Share of prompts that were served a wrong response."""

    description = "share of prompts served a wrong response from the cache"
    higher_is_better = False

    def per_item(self, columns: Columns) -> FloatArray:
        """Return the false hits."""
        return self.wrong(columns)


class CachePrecision(OfPolicy):
    """Share of hits that are right."""

    description = "share of the served responses that are right"

    def linearise(self, columns: Columns) -> Linearised:
        """Return the ratio.

        Raises:
            ValueError: there is no hit.
        """
        hit, right = self.of("hit", columns), self.of("hit_right", columns)
        return ratio(right, hit, "nothing was served from the cache")


class CacheEfficiency(OfPolicy):
    """True less false hits, over the prompts that an earlier response would serve (arXiv 2402.01173)."""

    description = "true less false hits, over the prompts that some earlier response would have served"
    needs = ("hit", "hit_right", "possible")
    bounds = None

    def linearise(self, columns: Columns) -> Linearised:
        """Return the ratio.

        Raises:
            ValueError: no prompt could have been served.
        """
        net = self.of("hit_right", columns) - self.wrong(columns)
        return ratio(net, columns.values["possible"], "no earlier response would serve any prompt")


class CacheCostSaved(OfPolicy):
    """Share of the cost of asking the model for everything that hits save."""

    description = "share of the model's cost that was saved"
    needs = ("hit", "hit_right", "cost")

    def linearise(self, columns: Columns) -> Linearised:
        """Return the ratio.

        Raises:
            ValueError: asking the model costs nothing.
        """
        cost = columns.values["cost"]
        return ratio(cost * self.of("hit", columns), cost, "asking the model costs nothing")

    def nothing_valid(self, columns: Columns) -> str:
        """Say what is missing."""
        return "the data say nothing of costs" if np.isnan(columns.values["cost"]).all() else "every request failed"


class CacheMoneySaved(OfPolicy, MeanMetric):
    """USD that a prompt saves on average."""

    description = "USD saved a prompt"
    needs = ("hit", "hit_right", "cost")
    unit = "USD"
    bounds = None

    def per_item(self, columns: Columns) -> FloatArray:
        """Return what each prompt saves."""
        return columns.values["cost"] * self.of("hit", columns)

    def nothing_valid(self, columns: Columns) -> str:
        """Say what is missing."""
        return "the data say nothing of costs" if np.isnan(columns.values["cost"]).all() else "every request failed"


class CacheTokensSaved(OfPolicy):
    """Share of the tokens of asking the model for everything that hits save: the token-saving ratio (SCALM)."""

    description = "share of the model's tokens, in and out, that were saved"
    needs = ("hit", "hit_right", "tokens")

    def linearise(self, columns: Columns) -> Linearised:
        """Return the ratio.

        Raises:
            ValueError: asking the model takes no tokens.
        """
        tokens = columns.values["tokens"]
        return ratio(tokens * self.of("hit", columns), tokens, "asking the model takes no tokens")

    def nothing_valid(self, columns: Columns) -> str:
        """Say what is missing."""
        return "the data say nothing of tokens" if np.isnan(columns.values["tokens"]).all() else "every request failed"


class CacheSecondsSaved(OfPolicy, MeanMetric):
    """Seconds that a prompt saves on average, less what lookups and verifiers take."""

    description = "seconds saved a prompt, less those of lookups and verifiers"
    needs = ("hit", "hit_right", "latency", "asked_verifier")
    unit = "s"
    bounds = None

    def per_item(self, columns: Columns) -> FloatArray:
        """Return what each prompt saves."""
        facts = columns.facts
        taken = float(facts.get("lookup_latency", 0)) + float(facts.get("verifier_latency", 0)) * self.of(
            "asked_verifier", columns
        )
        return np.asarray(columns.values["latency"] * self.of("hit", columns) - taken)

    def nothing_valid(self, columns: Columns) -> str:
        """Say what is missing."""
        return (
            "the data say nothing of latencies" if np.isnan(columns.values["latency"]).all() else "every request failed"
        )


class CacheErrorGrowth(OfPolicy):
    """Error of the later half of the stream, less that of the earlier half: what filling does."""

    description = "error rate in the later half of the stream, less that in the earlier half"
    higher_is_better = False
    bounds = (-1.0, 1.0)

    def linearise(self, columns: Columns) -> Linearised:
        """Return the difference.

        Raises:
            ValueError: there are fewer than two prompts.
        """
        wrong = self.wrong(columns)
        n = len(wrong)
        if n < 2:
            raise ValueError("one prompt has no halves")
        late = np.arange(n) >= n // 2
        first, second = float(wrong[~late].mean()), float(wrong[late].mean())
        influence = np.where(late, (wrong - second) * (n / late.sum()), -(wrong - first) * (n / (~late).sum()))
        return Linearised(second - first, influence)


class CacheGainOverStatic(OfPolicy):
    """Hit rate less that of the best static threshold in hindsight, in a cache of the same kind, at the same error.

    Args:
        policy: Its label, or its number in the task's option ``policies``, from 0.
        budget: Error allowed to the static threshold; None: the error that the policy had.
    """

    description = "hit rate less that of the best static threshold in hindsight with as many wrong hits"
    needs = ("hit", "hit_right", "static_hit", "static_right")
    bounds = (-1.0, 1.0)
    compared_with = "the best static threshold in hindsight"

    def __init__(self, policy: str = "0", budget: Annotated[float | None, INSIDE] = None) -> None:
        super().__init__(policy)
        self.budget = budget

    def linearise(self, columns: Columns) -> Linearised:
        """Return the difference, paired by prompt.

        Raises:
            ValueError: the task replays no static thresholds.
        """
        static = self.static(columns)
        allowed = float(self.wrong(columns).mean()) if self.budget is None else self.budget
        difference = self.of("hit", columns) - static.at(allowed)
        value = float(difference.mean())
        return Linearised(value, difference - value)

    def static(self, columns: Columns) -> Static:
        """Return the static thresholds of the policy's kind of cache.

        Raises:
            ValueError: there are none.
        """
        count = int(columns.facts.get("static_thresholds", 0))
        if not count:
            raise ValueError("the task replays no static thresholds: set its option 'hindsight'")
        cache = columns.facts["cache_of"][self.place(columns)]
        chosen = slice(cache * count, (cache + 1) * count)
        hit, right = columns.values["static_hit"][:, chosen], columns.values["static_right"][:, chosen]
        return Static(hit, hit - right)


class Static:
    """Static thresholds in one kind of cache, from high to low.

    Args:
        hit: (n, t).
        wrong: (n, t).
    """

    def __init__(self, hit: FloatArray, wrong: FloatArray) -> None:
        self.hit, self.wrong = hit, wrong
        self.errors: FloatArray = wrong.mean(axis=0)
        self.hits: FloatArray = hit.mean(axis=0)

    def at(self, allowed: float) -> FloatArray:
        """Return the hits, (n,), of the best threshold with an error; between two thresholds, of their mixture."""
        within = np.flatnonzero(self.errors <= allowed + 1e-12)
        if not len(within):  # even the highest threshold errs more: as much of it as is allowed
            return np.asarray(self.hit[:, 0] * (allowed / self.errors[0]))
        best = int(within[self.hits[within].argmax()])
        beyond = [t for t in range(len(self.errors)) if self.errors[t] > allowed and self.hits[t] > self.hits[best]]
        if not beyond:
            return self.hit[:, best]
        slopes = [(self.hits[t] - self.hits[best]) / max(self.errors[t] - self.errors[best], 1e-12) for t in beyond]
        other = beyond[int(np.argmax(slopes))]
        part = (allowed - self.errors[best]) / (self.errors[other] - self.errors[best])
        return np.asarray((1 - part) * self.hit[:, best] + part * self.hit[:, other])


def ratio(part: FloatArray, whole: FloatArray, nothing: str) -> Linearised:
    """Return a ratio of means, with its influences.

    Raises:
        ValueError: the whole is nothing; says so in the given words.
    """
    mean = float(whole.mean())
    if not mean:
        raise ValueError(nothing)
    value = float(part.mean()) / mean
    return Linearised(value, np.asarray((part - value * whole) / mean))


def at_most(values: NDArray[Any], places: int) -> NDArray[Any]:
    """Return which of n places in order to keep so that a picture has so many at most."""
    return np.unique(np.linspace(0, len(values) - 1, min(len(values), places)).astype(int))
