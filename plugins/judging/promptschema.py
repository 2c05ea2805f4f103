"""The schema of prompt files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from harness.files import Strict

COMMON = ("conversation", "question", "reference", "rubric", "fence")
PLACES: Mapping[str, tuple[str, ...]] = {
    "pairwise": (*COMMON, "first", "second"),
    "pointwise": (*COMMON, "response"),
}
"""The placeholders of each kind of prompt."""
NEEDED: Mapping[str, tuple[str, ...]] = {"pairwise": ("first", "second"), "pointwise": ("response",)}
SIDES = ("first", "slightly first", "tie", "slightly second", "second")


class TurnFile(Strict):
    """One turn of an example, shown before the question as it stands."""

    role: Literal["user", "assistant"]
    content: str


class SamplingFile(Strict):
    """The sampling of the judge's text, unless the model's arguments say otherwise."""

    temperature: float = Field(0.0, ge=0)
    top_p: float = Field(1.0, gt=0, le=1)
    max_tokens: int = Field(1024, ge=1)
    stop: list[str] = Field(default_factory=list)


class ScaleFile(Strict):
    """The ends of a scale of grades."""

    lowest: float
    highest: float

    @model_validator(mode="after")
    def _ordered(self) -> ScaleFile:
        if self.lowest >= self.highest:
            raise ValueError(f"'lowest' ({self.lowest:g}) has to be below 'highest' ({self.highest:g})")
        return self


class LogProbabilityFile(Strict):
    """The possible beginnings of a reply, for verdicts by log-probability."""

    prefill: str = Field("", description="beginning of the reply, which the judge goes on with")
    options: dict[str, str | float] = Field(
        min_length=2, description="what may follow, and the label or grade that it stands for"
    )
    normalise: bool = Field(True, description="divide by the probability of all options together")


class PromptFile(Strict):
    """The schema of a prompt file: one way to ask a language model for a verdict."""

    name: str
    version: str = Field(coerce_numbers_to_str=True, description="raise it when the wording changes")
    kind: Literal["pairwise", "pointwise"]
    description: str = ""
    source: str = Field("", description="paper and section that the form comes from")
    licence: str = ""
    system: str = Field("", description="template of the system message")
    turns: list[TurnFile] = Field(default_factory=list, description="examples shown before the question")
    user: str = Field(description="template of the user message")
    rubric: str = Field("", description="what to judge by, unless the model's argument says otherwise")
    labels: dict[str, str | float] = Field(
        default_factory=dict, description="label to the side it favours (pairwise) or to a grade (pointwise)"
    )
    scale: ScaleFile | None = Field(None, description="of grades written as numbers (pointwise)")
    parser: str = Field(description="what reads the verdict from the text")
    log_probability: LogProbabilityFile | None = None
    verdict: Literal["text", "log-probability"] = "text"
    sampling: SamplingFile = Field(default_factory=lambda: SamplingFile.model_validate({}))
