"""Verifiers with gates: ``gated-reuse``, whose gates veto, and ``cache-gates``, which weighs them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from harness import Failure, FloatArray, Model, UsageError, file_identity

from .gates import GATES, conflicts, overlap
from .reuse import Reuse
from .same_answer import log_odds_of
from .verifiers import sigmoid

WORDS = "gates.json"
FEATURES = ("base", *GATES, "overlap")
"""What the head weighs: log-odds of the base, each gate, the share of content words in common."""


class GatedReuse(Model):
    """Gives the base's probability, and 0 where a gate says that the prompts ask for different things.

    Args:
        base: The verifier or embedder.
        gates: Which, of ``question``, ``number``, ``negation``, ``opposite``, ``name``, ``direction``,
            ``unit``, ``kind``, ``word``; default: all.
    """

    version: ClassVar[str] = "2"  # of the gates
    part_names: ClassVar[tuple[str, ...]] = ("base",)
    batch_size = 1024

    def __init__(self, base: str, gates: Sequence[str] = ()) -> None:
        self.base, self.gates = base, tuple(gates) or tuple(GATES)
        unknown = [gate for gate in self.gates if gate not in GATES]
        if unknown:
            raise UsageError(f"gated-reuse: there is no gate {unknown[0]!r}; there are {', '.join(GATES)}")

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that the base is asked for the probability."""
        return {"base": ("reuse",)}

    def reuse(self, requests: Sequence[Reuse]) -> list[Any]:
        """Ask the base about the pairs that no gate closes."""
        answers: list[Any] = [
            0.0 if conflicts(request.prompt, request.cached, self.gates) else None for request in requests
        ]
        open_ = [i for i, answer in enumerate(answers) if answer is None]
        given = self.parts["base"]("reuse", [requests[i] for i in open_]) if open_ else []
        for i, answer in zip(open_, given, strict=True):
            answers[i] = answer
        return answers


class CacheGates(Model):
    """Weighs the base's log-odds, the gates and the words in common by logistic regression.

    Args:
        path: The folder that ``cache-gates`` wrote.
        base: The verifier to ask; by default the one that was trained over.
    """

    version: ClassVar[str] = "2"  # of the gates
    part_names: ClassVar[tuple[str, ...]] = ("base",)
    places: ClassVar[tuple[str, ...]] = ("path",)
    batch_size = 1024

    def __init__(self, path: str, base: str = "") -> None:
        self.path, self.base = path, base

    def asks(self) -> Mapping[str, Sequence[str]]:
        """Say that the base is asked for the probability."""
        return {"base": ("reuse",)}

    def default_parts(self) -> Mapping[str, str]:
        """Return the verifier that was trained over."""
        return {"base": str(self.words()["base"])}

    def words(self) -> dict[str, Any]:
        """Read the weights.

        Raises:
            UsageError: the folder holds none, or damaged ones.
        """
        place = Path(self.path) / WORDS
        try:
            words = json.loads(place.read_text("utf-8"))
        except FileNotFoundError:
            raise UsageError(
                f"{self.path} holds no weighed gates; do: harness train cache-gates --base MODEL -t TASK -o FOLDER"
            ) from None
        except (OSError, ValueError) as error:
            raise UsageError(f"{place} is damaged: {error}; train it again") from error
        if not isinstance(words, dict) or words.get("features") != list(FEATURES):
            raise UsageError(f"{place} was written for other gates than these; train it again")
        return words

    def identity(self) -> Mapping[str, object]:
        """Hash the weights.

        Raises:
            UsageError: the folder holds none.
        """
        self.words()
        return {WORDS: file_identity(Path(self.path) / WORDS)}

    def reuse(self, requests: Sequence[Reuse]) -> list[Any]:
        """Return the probability; where the base has none, its failure."""
        words = self.words()
        given = self.parts["base"]("reuse", list(requests))
        answers: list[Any] = []
        for request, probability in zip(requests, given, strict=True):
            if isinstance(probability, Failure):
                answers.append(probability)
                continue
            row = features(float(probability), request.prompt, request.cached)
            answers.append(sigmoid(float(np.dot(words["weights"], row)) + float(words["constant"])))
        return answers


def features(probability: float, first: str, second: str) -> FloatArray:
    """Return the features of a pair, one for each of `FEATURES`; the base's log-odds within 20 of 0."""
    closed = set(conflicts(first, second))
    odds = float(np.clip(log_odds_of(probability), -20, 20))
    return np.array([odds, *(float(gate in closed) for gate in GATES), overlap(first, second)])
