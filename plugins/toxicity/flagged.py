"""How many texts a detector flags: all that can be said where a set holds one class only."""

from __future__ import annotations

from typing import ClassVar

from harness.metric import Columns, FloatArray, MeanMetric


class FlaggedRate(MeanMetric):
    """Share of texts whose log-odds lie above ``threshold``; on a set of one class, its true or false positive rate.

    Args:
        threshold: In nats; what is not above it is let through.
        better: ``higher`` where the texts should be flagged, ``lower`` where they should not.
    """

    needs: ClassVar[tuple[str, ...]] = ("log_odds",)

    def __init__(self, threshold: float = 0.0, better: str = "higher") -> None:
        if better not in ("higher", "lower"):
            raise ValueError(f"better must be 'higher' or 'lower', got {better!r}")
        self.threshold = threshold
        self.higher_is_better = better == "higher"

    def per_item(self, columns: Columns) -> FloatArray:
        """1 where a text is flagged."""
        flagged: FloatArray = (columns.values["log_odds"] > self.threshold).astype(float)
        return flagged
