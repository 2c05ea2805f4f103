"""Detectors that people compare with: guards, word lists, probes, TF-IDF, ensembles, operating points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.detectors"

TEMPLATES = (
    "llama-guard",
    "llama-guard-2",
    "llama-guard-3",
    "own-template",
    "safe-unsafe",
    "shieldgemma",
    "yes-no",
)
"""The shipped templates for asking a guard."""


@hookimpl
def register_capabilities(register: Register) -> None:
    """Register the capability that a stack learns from."""
    register(
        "detect_each",
        f"{_HERE}.ensemble:DETECT_EACH",
        description="log-odds of a class by each of several detectors",
    )


@hookimpl
def register_models(register: Register) -> None:
    """Register the detectors."""
    register(
        "guard",
        f"{_HERE}.guard:GenerativeGuard",
        offers=("detect",),
        templates=TEMPLATES,
        description="asks a language model whether a conversation is harmful: base=MODEL,template=NAME or FILE.yaml",
    )
    register(
        "keyword-list",
        f"{_HERE}.keywords:KeywordList",
        offers=("detect",),
        description="counts terms of a list: path=FILE, one term or /expression/ a line",
    )
    register(
        "prompt-length",
        f"{_HERE}.keywords:PromptLength",
        offers=("detect",),
        description="log-odds that grow with the length of the prompt",
    )
    register(
        "detector-ensemble",
        f"{_HERE}.ensemble:DetectorEnsemble",
        offers=("detect", "detect_each"),
        description="mean, greatest or least log-odds of several detectors: detectors=[[MODEL],[MODEL]],how=max",
    )
    for name, reference, description in _TRAINED:
        register(name, f"{_HERE}.{reference}", offers=("detect",), description=f"{description} (path= its directory)")


_TRAINED = (
    ("embedding-probe", "probe:EmbeddingProbe", "logistic regression on an embedder's vectors"),
    ("tfidf-detector", "tfidf:TfidfDetector", "logistic regression on TF-IDF of words and characters"),
    ("detector-stack", "stack:DetectorStack", "logistic regression on the log-odds of several detectors"),
    ("operating-point", "operating_point:OperatingPoint", "a detector's log-odds less a chosen threshold"),
    ("calibrated-detector", "calibrated:CalibratedDetector", "a detector's log-odds, scaled to be calibrated"),
)


@hookimpl
def register_trainers(register: Register) -> None:
    """Register the trainers of the detectors that are fitted to data."""
    for name, reference, description in (
        (
            "embedding-probe",
            "probe:EmbeddingProbeTrainer",
            "fits a linear probe on the base embedder's vectors, its penalty by cross-validation",
        ),
        ("tfidf-detector", "tfidf:TfidfDetectorTrainer", "fits a logistic detector on TF-IDF of words and characters"),
        (
            "detector-stack",
            "stack:DetectorStackTrainer",
            "weighs the detectors of the base, a detector-ensemble, by logistic regression",
        ),
        (
            "operating-point",
            "operating_point:OperatingPointTrainer",
            "chooses the base detector's threshold: certified at a false positive rate, or the best",
        ),
        (
            "calibrated-detector",
            "calibrated:CalibratedDetectorTrainer",
            "scales the base detector's log-odds to be calibrated (Platt)",
        ),
    ):
        register(name, f"{_HERE}.{reference}", model=name, description=description)
