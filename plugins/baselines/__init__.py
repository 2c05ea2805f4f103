"""Models that need no download: heuristics, TF-IDF, linear models fitted here; and any sentence encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.baselines"


@hookimpl
def register_models(register: Register) -> None:
    """Register the baseline models."""
    register("length", f"{_HERE}.heuristics:Length", offers=("score",), description="longer is better")
    register(
        "random",
        f"{_HERE}.heuristics:Random",
        offers=("score", "compare", "detect"),
        description="a seeded random number, the same for the same text",
    )
    register(
        "constant",
        f"{_HERE}.heuristics:Constant",
        offers=("score", "compare", "detect"),
        description="the same answer to everything",
    )
    register("tfidf", f"{_HERE}.tfidf:Tfidf", offers=("embed",), description="hashed TF-IDF vectors of words")
    register(
        "bt-linear",
        f"{_HERE}.reward_model:LinearRewardModel",
        offers=("score",),
        description="Bradley-Terry reward model on text features (path= where it was trained)",
    )
    register(
        "linear-detector",
        f"{_HERE}.detector:LinearDetector",
        offers=("detect",),
        description="logistic detector on TF-IDF (path= where it was trained)",
    )


@hookimpl
def register_trainers(register: Register) -> None:
    """Register the trainers of the two linear baselines."""
    register(
        "bt-linear",
        f"{_HERE}.reward_model:LinearRewardTrainer",
        model="bt-linear",
        description="fits a Bradley-Terry reward model on text features to preference pairs",
    )
    register(
        "linear-detector",
        f"{_HERE}.detector:LinearDetectorTrainer",
        model="linear-detector",
        description="fits a logistic detector on TF-IDF to labelled texts",
    )
