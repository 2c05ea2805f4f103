"""A trained detector as one readable file: the tokens that have a weight, and the base that they belong to."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import CellError, LinearReadout, UsageError, write_atomically

from .features import TokenFeature
from .prompts import Prompting

FILE = "detector.json"
FORMAT = 1


@dataclass(frozen=True)
class Detector:
    """The trained weights: score = bias + sum over tokens of weight * (feature - mean) * factor, in log-odds.

    The score stands for the positive class. Training with balanced classes makes it higher than the log-odds by the
    logarithm of negatives over positives.
    """

    tokens: NDArray[np.int64]
    """Ids, shape (k,)."""
    texts: tuple[str, ...]
    """Texts of the tokens, shape (k,)."""
    weights: NDArray[np.float64]
    """Weights of the standardised features, shape (k,)."""
    means: NDArray[np.float64]
    """Means of the features over the train set, shape (k,)."""
    factors: NDArray[np.float64]
    """One over the standard deviation of each feature, shape (k,)."""
    bias: float
    vocabulary_size: int
    vocabulary: str = ""
    """Hash of the text of every token."""
    template: str = ""
    """Hash of the base model's rendering of a fixed conversation."""
    base: str = ""
    """Specification of the base model."""
    base_fingerprint: str = ""
    prompting: Prompting = field(default_factory=Prompting)
    feature: TokenFeature = field(default_factory=TokenFeature)
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Facts of the fit: penalty, objective, gap, ..."""

    @cached_property
    def slopes(self) -> NDArray[np.float64]:
        """Return the weights of the unscaled features, shape (k,)."""
        return self.weights * self.factors

    @cached_property
    def readout(self) -> LinearReadout:
        """Return the score as a linear function of log-odds."""
        constant = self.bias - float(self.slopes @ self.means)
        return LinearReadout(tuple(self.tokens.tolist()), tuple(self.slopes.tolist()), constant)

    def contributions(self, features: NDArray[Any]) -> NDArray[np.float64]:
        """Return what each token adds to the score, shape (..., k), for features of the whole vocabulary, (..., V)."""
        return self.slopes * (np.asarray(features)[..., self.tokens].astype(np.float64) - self.means)

    def score(self, features: NDArray[Any]) -> NDArray[np.float64]:
        """Compute scores, shape (...), for features of the whole vocabulary, (..., V)."""
        scores: NDArray[np.float64] = self.contributions(features).sum(axis=-1) + self.bias
        return scores

    def save(self, directory: Path) -> None:
        """Write the detector to its file, the weightiest token first."""
        order = np.argsort(-np.abs(self.weights), kind="stable")
        listed = [
            {
                "id": int(self.tokens[i]),
                "token": self.texts[i],
                "weight": float(self.weights[i]),
                "mean": float(self.means[i]),
                "factor": float(self.factors[i]),
            }
            for i in order
        ]
        head: dict[str, Any] = {
            "format": FORMAT,
            "bias": self.bias,
            "vocabulary_size": self.vocabulary_size,
            "vocabulary": self.vocabulary,
            "template": self.template,
            "base": self.base,
            "base_fingerprint": self.base_fingerprint,
            "prompting": asdict(self.prompting),
            "feature": asdict(self.feature),
            "facts": dict(self.facts),
        }
        lines = ",\n    ".join(json.dumps(token, ensure_ascii=False) for token in listed)
        text = json.dumps(head, indent=2, ensure_ascii=False)
        write_atomically(directory / FILE, f'{text[:-2]},\n  "tokens": [\n    {lines}\n  ]\n}}\n')


def load(directory: str | Path) -> Detector:
    """Read a detector as `Detector.save` wrote it.

    Raises:
        UsageError: the directory holds no detector, or another trainer's.
        CellError: the file is damaged, or of a newer version.
    """
    path = Path(directory) / FILE
    if not path.is_file():
        raise UsageError(
            f"{directory} holds no trained detector ({FILE} is missing); "
            "train one with: harness train muli --base MODEL -t TASK -o DIRECTORY"
        )
    try:
        content = json.loads(path.read_text("utf-8"))
        if not isinstance(content, dict) or "vocabulary_size" not in content:
            raise UsageError(f"{path}: not written by the trainers muli and muli-compat, but by another")
        if content["format"] > FORMAT:
            raise CellError(f"{path}: of format {content['format']}, and this version knows {FORMAT}: upgrade harness")
        return _from(content)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CellError(f"{path}: damaged: {type(error).__name__}: {error}; train it again") from error


def _from(content: Mapping[str, Any]) -> Detector:
    tokens = content["tokens"]
    numbers = {
        key: np.array([token[key] for token in tokens], dtype=np.float64) for key in ("weight", "mean", "factor")
    }
    ids = np.array([token["id"] for token in tokens], dtype=np.int64)
    size = int(content["vocabulary_size"])
    if not all(np.isfinite(array).all() for array in numbers.values()) or not math.isfinite(content["bias"]):
        raise ValueError("a number is not finite")
    if len(ids) and not 0 <= ids.min() <= ids.max() < size:
        raise ValueError(f"token {ids.max()} is not in the vocabulary of {size}")
    return Detector(
        ids,
        tuple(str(token["token"]) for token in tokens),
        numbers["weight"],
        numbers["mean"],
        numbers["factor"],
        float(content["bias"]),
        size,
        content["vocabulary"],
        content["template"],
        content["base"],
        content["base_fingerprint"],
        Prompting(**content["prompting"]),
        TokenFeature(**content["feature"]),
        content["facts"],
    )
