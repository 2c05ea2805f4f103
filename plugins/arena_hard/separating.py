"""How many pairs of models a field tells apart, and whether as other intervals do: two figures of a board."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness import Estimate, NotDefined, stats


def told_apart(estimates: Mapping[str, Estimate], believed: Mapping[str, Sequence[float]]) -> list[str]:
    """Say what share of the pairs of models have intervals that do not overlap, and how that agrees with others.

    Args:
        estimates: Of the field, by label; those without an interval are left out.
        believed: Intervals of the same models, [low, high], in any unit; empty: none are known.

    Raises:
        NotDefined: an entry is no interval, or fewer than two models of the field have one.
    """
    known = {label: one for label, one in estimates.items() if math.isfinite(one.low) and math.isfinite(one.high)}
    said = []
    if len(known) > 1:
        ends = [[getattr(one, end) for one in known.values()] for end in ("low", "high")]
        count = len(known) * (len(known) - 1) // 2
        apart = stats.separability(*ends)
        said.append(f"separability with confidence: {apart:.3f} of {count} pairs have intervals that do not overlap")
    if not believed:
        return said
    for label, pair in believed.items():
        given: Any = pair  # as a file of YAML has it
        two = isinstance(given, list | tuple) and len(given) == 2
        if not two or not all(isinstance(end, int | float) for end in given) or not given[0] <= given[1]:
            raise NotDefined(f"believed: that of {label!r} is {pair!r}; expected [low, high]")
    both = [label for label in known if label in believed]
    if len(both) < 2:
        names = ", ".join(map(repr, known))
        raise NotDefined(f"believed: it needs two models of the field at least, which has {names}")
    truth = [[believed[label][end] for label in both] for end in (0, 1)]
    found = [[getattr(known[label], end) for label in both] for end in ("low", "high")]
    agreement = stats.agreement_with_confidence((truth[0], truth[1]), (found[0], found[1]))
    value = "none of them is told apart by what is believed" if math.isnan(agreement) else f"{agreement:.3f}"
    return [*said, f"agreement with confidence over {len(both)} models: {value}"]
