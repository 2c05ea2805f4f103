"""Pictures of streams: error against hit rate, and both over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness import Columns, FloatArray, Picture, Series

from .policy_metrics import Static, at_most
from .trace_metrics import frontier


def error_against_hits(columns: Columns) -> Picture:
    """Draw what thresholds and policies reach: the error of each against its hit rate."""
    values, facts = columns.values, columns.facts
    series = [frontier(values["similarity"], values["right"])]
    count = int(facts.get("static_thresholds", 0))
    if count and "static_hit" in values:
        for cache in sorted(set(facts["cache_of"])):
            chosen = slice(cache * count, (cache + 1) * count)
            hit = values["static_hit"][:, chosen]
            static = Static(hit, hit - values["static_right"][:, chosen])
            described = facts["described"][facts["cache_of"].index(cache)]
            series.append(
                Series(
                    static.hits.tolist(),
                    static.errors.tolist(),
                    name=f"thresholds, cache of {described}",
                )
            )
    if "hit" in values:
        hits, wrong = values["hit"].mean(axis=0), (values["hit"] - values["hit_right"]).mean(axis=0)
        series += [
            Series([float(hits[i])], [float(wrong[i])], name=label, form="points")
            for i, label in enumerate(facts.get("policies", []))
        ]
    return Picture(
        "Error against hit rate",
        "hit rate",
        "wrong hits a prompt",
        series,
        note="Of thresholds, chosen in hindsight, and of the policies, which choose as the prompts come.",
    )


def over_time(hit: FloatArray, wrong: FloatArray) -> Sequence[Picture]:
    """Draw the hit rate and the error of all prompts so far."""
    counts = np.arange(1, len(hit) + 1)
    kept = at_most(counts, 300)
    return [
        Picture(
            title,
            "prompts",
            axis,
            [Series(counts[kept].tolist(), (np.cumsum(values) / counts)[kept].tolist())],
        )
        for title, axis, values in (
            ("Hit rate over time", "hit rate of all prompts so far", hit),
            ("Error over time", "wrong hits a prompt, of all prompts so far", wrong),
        )
    ]
