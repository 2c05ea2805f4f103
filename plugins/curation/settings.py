"""The settings of a curation, checked before anything is generated."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from harness import UsageError

PAPER_TEMPERATURE = (0.0, 0.7, 1.3)
"""Lowest, most likely and highest of PPE's triangular distribution."""
PAPER_MAX_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class CurationSettings:
    """The settings of a curation; the defaults are PPE's (arXiv 2410.14872)."""

    k: int = 32
    """Samples a prompt and generator."""
    keep: tuple[float, float] = (0.1, 0.9)
    """Prompts whose share of correct samples lies strictly between these are kept."""
    per_generator: int = 128
    """Most prompts a generator; more are drawn at random."""
    pairs: int = 5
    """Most pairs of a correct and a wrong response that are sampled for each prompt."""
    seed: int = 42
    temperature: tuple[float, float, float] = PAPER_TEMPERATURE
    max_tokens: int | None = None
    """Of a completion; None: what the task's file says, else `PAPER_MAX_TOKENS`."""
    split: str = "test"
    limit: int | None = None
    """Only the first prompts of the task."""

    def __post_init__(self) -> None:
        low, high = self.keep
        if self.k < 2:
            raise UsageError(f"-k {self.k}: a best-of-k set needs at least 2 samples a prompt")
        if not 0 <= low < high <= 1:
            raise UsageError(
                f"--keep {low:g} {high:g}: expected two shares in order, from 0 to 1, such as --keep 0.1 0.9"
            )
        if self.per_generator < 1 or self.pairs < 1:
            raise UsageError("--per-generator and --pairs have to be at least 1")
        lowest, mode, highest = self.temperature
        if not 0 <= lowest <= mode <= highest or highest == 0:
            shown = " ".join(f"{t:g}" for t in self.temperature)
            raise UsageError(
                f"--temperature {shown}: expected lowest, most likely and highest in order, and the highest above 0: "
                "at temperature 0 all samples are the same"
            )

    def as_json(self) -> dict[str, Any]:
        """Return all settings as they stand in the provenance file."""
        return dataclasses.asdict(self)


def temperatures(text: str) -> tuple[float, float, float]:
    """Parse ``0.8``, or ``LOW,MODE,HIGH`` of a triangular distribution, into (lowest, most likely, highest).

    Raises:
        UsageError: the text is neither one number nor three.
    """
    try:
        values = [float(part) for part in text.replace(",", " ").split()]
    except ValueError:
        values = []
    if len(values) not in (1, 3):
        raise UsageError(f"--temperature {text}: expected a number, or three: lowest,most likely,highest")
    low, mode, high = values * 3 if len(values) == 1 else values
    return low, mode, high
