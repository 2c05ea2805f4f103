"""Adapters between the core's capabilities; an adapter's cost is roughly its number of base requests per request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.conversions"


@hookimpl
def register_adapters(register: Register) -> None:
    """Register the adapters among score, compare, embed and detect."""
    register(
        "score-to-compare",
        f"{_HERE}.scores:ScoreToCompare",
        gives="compare",
        needs="score",
        cost=2.0,
        description="the response of the higher score wins; equal scores tie",
    )
    register(
        "compare-to-score",
        f"{_HERE}.round_robin:CompareToScore",
        gives="score",
        needs="compare",
        cost=100.0,
        description="round robin of all pairs in both orders, Bradley-Terry strengths",
    )
    register(
        "embed-to-score",
        f"{_HERE}.embeddings:EmbedToScore",
        gives="score",
        needs="embed",
        cost=2.0,
        description="cosine of prompt and response",
    )
    register(
        "embed-to-detect",
        f"{_HERE}.embeddings:EmbedToDetect",
        gives="detect",
        needs="embed",
        cost=3.0,
        description="how much nearer a text is to the description of the positive class than to the negative's",
    )
    register(
        "score-to-detect",
        f"{_HERE}.scores:ScoreToDetect",
        gives="detect",
        needs="score",
        cost=4.0,
        description="score of the positive class's description as a reply, less the negative's",
    )
    register(
        "detect-to-score",
        f"{_HERE}.detections:DetectToScore",
        gives="score",
        needs="detect",
        cost=6.0,
        description="log-odds that a response is not of the positive class",
    )
