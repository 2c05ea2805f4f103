"""Leakage: system prompts, canaries, memorised texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.leakage"


@hookimpl
def register_models(register: Register) -> None:
    """Register a language model that is counted, for tests and demonstrations."""
    register(
        "ngram-lm",
        f"{_HERE}.ngram_model:NgramLanguageModel",
        offers=("loglikelihood",),
        description="n-grams of characters, counted in a file of texts (path=FILE)",
    )


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kinds of task."""
    register("leak", f"{_HERE}.leak:Leak", description="keep a system prompt, and a canary in it, from an attacker")
    register("exposure", f"{_HERE}.memorised:Exposure", description="how exposed a secret of the training data is")
    register("extraction", f"{_HERE}.memorised:Extraction", description="whether a text is known by heart")


@hookimpl
def register_metrics(register: Register) -> None:
    """Register the rates of leaks."""
    for name, attribute in (
        ("leak_rate", "LeakRate"),
        ("leak_lift", "LeakLift"),
        ("control_leak_rate", "ControlLeakRate"),
        ("canary_rate", "CanaryRate"),
        ("verbatim_share", "VerbatimShare"),
        ("containment", "Containment"),
        ("leak@garak", "GarakScore"),
        ("exposure_bits", "ExposureBits"),
        ("extraction_rate", "ExtractionRate"),
    ):
        register(name, f"{_HERE}.rates:{attribute}")
