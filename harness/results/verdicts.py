"""What a comparison of two models says in a sentence: who is better by how much, or what the items could have shown."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness import stats
from harness.results.comparison import Comparison
from harness.results.numbers import NO_FIGURE, figure, p_value, percent
from harness.results.result_notes import a_bound

MOST_SENTENCES = 4
"""Most tasks of which each has a sentence of its own below the one that sums up."""
_LEAST_SAID = 0.001
"""Probabilities below are said to be less than it: a sentence needs no more."""


def verdict(first: str, second: str, comparisons: Sequence[Comparison]) -> str:
    """Return the result of a comparison in a sentence, by the headline metric of each task; empty without comparisons.

    Args:
        first: Label of the first model.
        second: Label of the second.
        comparisons: As `compare_models` returns them; of each task the first metric over all items counts.
    """
    headlines = headlines_of(comparisons)
    if not headlines:
        return ""
    said = sentence(first, second, headlines[0]) if len(headlines) == 1 else _sum(first, second, headlines)
    bounds = {label: why for c in headlines for label, why in c.bounds.items()}
    return "; ".join([said, *(f"{label} is {a_bound(why)}" for label, why in bounds.items())])


def sentences(first: str, second: str, comparisons: Sequence[Comparison]) -> list[str]:
    """Return the verdict, and below it one sentence a task where few tasks were compared; arguments as of `verdict`."""
    headlines = headlines_of(comparisons)
    said = verdict(first, second, comparisons)
    if not 1 < len(headlines) <= MOST_SENTENCES:
        return [said] if said else []
    return [said, *(f"{c.task}: {sentence(first, second, c)}" for c in headlines)]


def headlines_of(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Return the first comparison over all items of each task, which is by its headline metric unless others are asked.

    No figure is picked for its result: which metric speaks is known before it is computed.
    """
    firsts: dict[str, Comparison] = {}
    for comparison in comparisons:
        if comparison.domain == "overall":
            firsts.setdefault(comparison.task, comparison)
    return list(firsts.values())


def sentence(first: str, second: str, c: Comparison) -> str:
    """Return the result of one comparison in a sentence.

    Args:
        first: Label of the first model.
        second: Label of the second.
        c: The first against the second.
    """
    d = c.difference
    if c.unresolvable:
        return f"{first} and {second} cannot be told apart by {c.metric}: {c.unresolvable}"
    if not math.isfinite(d.value):
        return f"{first} and {second} have no figures to compare by {c.metric}"
    if c.better == "neither":
        could = f"; {_items(d.n)} could show a difference of {detectable}" if (detectable := _detectable(c)) else ""
        return f"No difference shown between {first} and {second}: {c.metric} {_gap(c, 1, sign=True)}{_p(c)}{could}"
    better, worse = (first, second) if c.better == "first" else (second, first)
    turn = 1 if d.value > 0 else -1
    higher = f" by {_gap(c, turn, of=c.metric)}"
    how = higher if c.higher_is_better else f": {c.metric} is lower by {_gap(c, turn)}"
    detectable = _detectable(c).removesuffix(" points")
    could = f"; these could show a difference of {detectable}" if detectable else ""
    return f"{better} is better than {worse}{how}{_p(c)} ({_items(d.n)}{could})"


def _sum(first: str, second: str, headlines: Sequence[Comparison]) -> str:
    """Return on how many tasks which is better, and how many of these differences many tests leave standing."""
    won = {who: [c for c in headlines if c.better == who] for who in ("first", "second", "neither")}
    total, decided = len(headlines), len(won["first"]) + len(won["second"])
    if not decided:
        return f"No difference shown between {first} and {second} on any of {total} tasks, by their headline metrics"
    ahead, behind = ("first", "second") if len(won["first"]) >= len(won["second"]) else ("second", "first")
    names = {"first": first, "second": second}
    worse = len(won[behind]) or "none"
    counts = f"{names[ahead]} is better than {names[behind]} on {len(won[ahead])} of {total} tasks and worse on {worse}"
    undecided = f", with no difference shown on {len(won['neither'])}" if won["neither"] else ""
    tested = [c for c in headlines if math.isfinite(c.difference.p_value)]
    alpha = 1 - headlines[0].confidence
    adjusted = stats.benjamini_hochberg([c.difference.p_value for c in tested])
    standing = sum(c.better != "neither" and bool(p <= alpha) for c, p in zip(tested, adjusted.tolist(), strict=True))
    if decided == 1:
        kept = "this stands" if standing else "this does not stand"
    else:
        kept = {decided: "all of these stand", 0: "none of these stands"}.get(standing, f"{standing} of these stand")
    rate = f"at a false discovery rate of {percent(alpha)} over the {len(tested)} tests"
    return f"{counts}{undecided}, by their headline metrics; {kept} {rate}"


def _gap(c: Comparison, turn: int, *, of: str = "", sign: bool = False) -> str:
    """``16.3 points of accuracy [8.5, 24.1]``; the other way round where `turn` is -1."""
    d = c.difference
    ends = sorted((turn * d.low, turn * d.high))
    plus = "+" if sign and turn * d.value > 0 else ""
    if c.unit == "fraction":
        value, low, high = (f"{100 * v:.1f}" for v in (turn * d.value, *ends))
    else:
        value, low, high = (figure(v, c.unit) for v in (turn * d.value, *ends))
    level = "" if c.confidence == 0.95 else f"; {percent(c.confidence)}"
    known = f" [{low}, {high}{level}]" if math.isfinite(d.low) else ""
    return f"{plus}{value}{_unit(c)}{f' of {of}' if of else ''}{known}"


def _unit(c: Comparison) -> str:
    return " points" if c.unit == "fraction" else f" {c.unit}" if c.unit else ""


def _detectable(c: Comparison) -> str:
    value = c.difference.minimum_detectable
    if not math.isfinite(value):
        return ""
    return f"{100 * value:.1f} points" if c.unit == "fraction" else f"{figure(value, c.unit)}{_unit(c)}"


def _p(c: Comparison) -> str:
    p = c.difference.p_value
    text = p_value(p, digits=3)
    if text == NO_FIGURE:
        return ""
    return f", p < {_LEAST_SAID}" if p < _LEAST_SAID else f", p = {text}"


def _items(n: float) -> str:
    return f"{n:,} item{'' if n == 1 else 's'}"
