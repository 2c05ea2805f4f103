"""A trained router as two files: numbers, and what they mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray, UsageError, write_atomically
from harness.files import DamagedArrays, read_npz, write_npz

from .canonical import Canonical
from .prior import Spread

NUMBERS, WORDS = "embedllm.npz", "embedllm.json"
_FORMAT = 1
_TRAINERS = ("embedllm", "embedllm-compat")
_ARRAYS = ("weights", "intercepts", "centre", "offsets", "directions", "coordinates", "values", "replicates")


@dataclass(frozen=True, slots=True)
class Saved:
    """A router: log-odds of a right answer are ``vectors @ weights.T + intercepts``."""

    models: tuple[str, ...]
    weights: FloatArray
    """A, (m, d)."""
    intercepts: FloatArray
    """beta, (m,)."""
    centre: FloatArray
    """(d,), the mean vector of the train questions."""
    categories: tuple[str, ...]
    """Of the train questions, sorted."""
    offsets: FloatArray
    """(m, c): how far log-odds are off in each category. Forecasts for a new model use them, routes do not."""
    canonical: Canonical
    """The models' embeddings."""
    spread: Spread
    """Of the prior for a new model."""
    trainer: str
    base: str = ""
    base_fingerprint: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Of the fit."""
    added: Mapping[str, int] = field(default_factory=dict)
    """Models that were added from few answers, with the number of these."""

    @property
    def dimensions(self) -> int:
        """Length of the vectors."""
        return int(self.weights.shape[1])

    def save(self, directory: Path) -> None:
        """Write both files, each whole or not at all."""
        canonical = self.canonical
        arrays: dict[str, NDArray[Any]] = {
            "weights": self.weights,
            "intercepts": self.intercepts,
            "centre": self.centre,
            "offsets": self.offsets,
            "directions": canonical.directions,
            "coordinates": canonical.coordinates,
            "values": canonical.values,
            "replicates": canonical.replicates.astype(np.float32),
        }
        write_npz(directory / NUMBERS, arrays, compressed=True)
        words = {
            "format": _FORMAT,
            "trainer": self.trainer,
            "models": list(self.models),
            "categories": list(self.categories),
            "base": self.base,
            "base_fingerprint": self.base_fingerprint,
            "spread": {name: getattr(self.spread, name) for name in Spread.__slots__},
            "facts": dict(self.facts),
            "added": dict(self.added),
        }
        write_atomically(directory / WORDS, json.dumps(words, indent=1, sort_keys=True) + "\n")

    def with_model(
        self, label: str, weights: FloatArray, intercept: float, answers: int, replicates: FloatArray
    ) -> Saved:
        """Return the router with a model more.

        Args:
            label: Its name.
            weights: (d,).
            intercept: Its intercept.
            answers: How many answers it was learned from.
            replicates: (b, k), draws of its coordinates.

        Raises:
            UsageError: the router knows a model of that name.
        """
        if label in self.models:
            raise UsageError(f"the router knows a model {label!r} already; give the new one another name")
        canonical = self.canonical.with_model(weights, replicates)
        return replace(
            self,
            models=(*self.models, label),
            weights=np.vstack([self.weights, weights]),
            intercepts=np.append(self.intercepts, intercept),
            offsets=np.vstack([self.offsets, np.zeros(len(self.categories))]),
            canonical=canonical,
            added={**self.added, label: answers},
        )


def words_of(directory: str | Path) -> dict[str, Any]:
    """Read the words of a router.

    Raises:
        UsageError: the directory holds no such router, or a damaged one, or one of a newer version.
    """
    path = Path(directory) / WORDS
    try:
        words = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"{directory} holds no router of embedllm ({WORDS} is missing); train one: harness train embedllm "
            "--base EMBEDDER -t TASK -o DIRECTORY"
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is damaged: {error}; train it again") from error
    if not isinstance(words, dict) or words.get("trainer") not in _TRAINERS:
        raise UsageError(f"{path} was not written by {' or '.join(_TRAINERS)}")
    if words["format"] > _FORMAT:
        raise UsageError(f"{path} is of format {words['format']}, and this version knows {_FORMAT}: upgrade harness")
    return words


def load(directory: str | Path) -> Saved:
    """Read a router.

    Raises:
        UsageError: the directory holds no such router, or a damaged one.
    """
    words, path = words_of(directory), Path(directory) / NUMBERS
    try:
        arrays = read_npz(path)
        (weights, intercepts, centre, offsets, directions, coordinates, values, replicates) = (
            arrays[name] for name in _ARRAYS
        )
        models = tuple(words["models"])
        categories = tuple(words["categories"])
        shapes = (len(models), len(centre)), (len(models), len(categories))
        if (weights.shape, offsets.shape) != shapes or not np.isfinite(weights).all():
            raise ValueError("numbers of another shape")
    except (OSError, DamagedArrays, KeyError, ValueError) as error:
        raise UsageError(f"{path} is damaged: {error}; train it again") from error
    return Saved(
        models,
        weights,
        intercepts,
        centre,
        categories,
        offsets,
        Canonical(directions, coordinates, values, replicates.astype(np.float64)),
        Spread(**words["spread"]),
        words["trainer"],
        words["base"],
        words["base_fingerprint"],
        words["facts"],
        words["added"],
    )
