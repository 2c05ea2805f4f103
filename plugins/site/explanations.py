"""What the columns of a table mean, in the words of metrics and benchmarks."""

from __future__ import annotations

from collections.abc import Sequence

from harness import Registry
from harness.leaderboard import COST_COLUMN, title_of
from harness.tasks import AggregateFile, BenchmarkFile

from .content import Content

_MOST_PARTS = 6
"""Most parts of an aggregate that a sentence names."""


def explanations(registry: Registry, content: Content) -> dict[str, str]:
    """Return what each metric and aggregate of a table means, by the word of `SiteColumn.about`."""
    aggregates = {aggregate.name: aggregate for aggregate in content.benchmark.aggregates}
    told: dict[str, str] = {}
    for column in content.columns:
        if column.about in told:
            continue
        if column.key == COST_COLUMN.key:
            told[column.about] = "time on the clock an item took, where every answer was computed; not ranked"
        elif not column.task:
            aggregate = aggregates.get(column.key)
            told[column.about] = _made_of(registry, content.benchmark, aggregate) if aggregate else ""
        else:
            told[column.about] = metric_description(registry, column.metric)
    return {word: text for word, text in told.items() if text}


def metric_description(registry: Registry, name: str) -> str:
    """Return what a metric's registration says of it; empty for one that no plugin registers."""
    plain = name.partition(":")[0]
    return registry.find("metric", plain).description if plain in registry.names("metric") else ""


def _made_of(registry: Registry, benchmark: BenchmarkFile, aggregate: AggregateFile) -> str:
    """Say how an aggregate is made, and of what."""
    parts = _some([title_of(benchmark, selector) for selector in aggregate.of])
    how = registry.find("aggregate", aggregate.how).description if aggregate.how in registry.names("aggregate") else ""
    sentences = [aggregate.description, f"{aggregate.how} of {parts}", how]
    return ". ".join(sentence[:1].upper() + sentence[1:].rstrip(".") for sentence in sentences if sentence)


def _some(parts: Sequence[str]) -> str:
    more = f" and {len(parts) - _MOST_PARTS} more" if len(parts) > _MOST_PARTS else ""
    return ", ".join(parts[:_MOST_PARTS]) + more
