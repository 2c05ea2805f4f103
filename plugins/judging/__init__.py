"""Judges and generative reward models over any language model, from versioned prompt files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.judging"

PAIRWISE = (
    "alpaca-eval",
    "arena-hard",
    "arena-hard-creative",
    "arena-hard-v2",
    "fenced",
    "mt-bench",
    "ppe",
    "prometheus-pairwise",
    "rewardbench",
)
"""The shipped prompts that show two responses."""
POINTWISE = ("prometheus", "single-grade", "yes-no")
"""The shipped prompts that show one response."""


@hookimpl
def register_models(register: Register) -> None:
    """Register a judge of pairs and a judge of single responses."""
    register(
        "judge",
        f"{_HERE}.pairwise:Judge",
        offers=("compare",),
        prompts=PAIRWISE,
        description="asks a language model which of two responses is better: base=MODEL,prompt=NAME or FILE.yaml",
    )
    register(
        "pointwise-judge",
        f"{_HERE}.pointwise:PointwiseJudge",
        offers=("score",),
        prompts=POINTWISE,
        description="asks a language model for a grade of each response: base=MODEL,prompt=NAME or FILE.yaml",
    )
