"""TF-IDF and a linear classifier, as people use it: runs of words, runs of characters, balanced classes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np

from harness import (
    Ask,
    Conversation,
    Item,
    OneOf,
    Progress,
    Range,
    Task,
    Trainer,
    UsageError,
    file_identity,
    write_atomically,
)

from . import logistic, saved
from .labelled import labelled

VOCABULARY = "vocabulary.json"
UNIT_SETS = ("word", "character", "word+character", "character+word")
UNITS: Mapping[str, Mapping[str, Any]] = {
    "word": {"analyzer": "word", "ngram_range": (1, 2), "min_df": 2},
    "character": {"analyzer": "char_wb", "ngram_range": (3, 5), "min_df": 3},
}
"""The counted units: words and pairs of words in at least two texts; runs of 3 to 5 characters in words, in three."""


def _vectoriser(unit: str, vocabulary: Sequence[str] | None = None) -> Any:
    """Build scikit-learn's TF-IDF vectoriser, with 1 + ln(count) and rows of unit length."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    settings = dict(UNITS[unit])
    if vocabulary is not None:
        del settings["min_df"]
    return TfidfVectorizer(**settings, sublinear_tf=True, vocabulary=vocabulary)


class TfidfDetector(saved.Fitted):
    """A detector that `TfidfDetectorTrainer` fitted.

    Args:
        path: The directory that the trainer wrote.
    """

    batch_size = 512
    trainer: ClassVar[str] = "tfidf-detector"

    def __init__(self, path: str) -> None:
        self.path = path

    def identity(self) -> Mapping[str, object]:
        """Return the hashes of weights, settings and vocabulary.

        Raises:
            UsageError: the directory holds no such model, or a damaged one.
        """
        hashes = dict(super().identity())
        vocabulary = Path(self.path) / VOCABULARY
        if not vocabulary.is_file():
            raise UsageError(f"{self.path} holds a damaged model: {VOCABULARY} is missing")
        return {**hashes, VOCABULARY: file_identity(vocabulary)}

    def load(self) -> None:
        """Read vocabulary, rarities and weights.

        Raises:
            UsageError: a file is damaged, or the files do not fit together.
        """
        folder = Path(self.path)
        numbers = saved.read_numbers(folder)
        self._line = logistic.LinearLogOdds(numbers["weights"], float(numbers["intercept"]))
        try:
            terms: dict[str, list[str]] = json.loads((folder / VOCABULARY).read_text("utf-8"))
            self._vectorisers = [_vectoriser(unit, listed) for unit, listed in terms.items()]
            for unit, vectoriser in zip(terms, self._vectorisers, strict=True):
                vectoriser.idf_ = numbers[f"rarity_{unit}"]
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise UsageError(f"{folder} holds a damaged model: {VOCABULARY}: {error}") from error
        if sum(map(len, terms.values())) != len(self._line.weights):
            raise UsageError(f"{folder} holds a damaged model: its weights are not those of its vocabulary")

    def detect(self, requests: Sequence[Conversation]) -> list[float]:
        """Return log-odds in nats; both classes are taken to be equally frequent."""
        from scipy import sparse

        if not requests:
            return []
        texts = [request.text for request in requests]
        features = sparse.hstack([vectoriser.transform(texts) for vectoriser in self._vectorisers], format="csr")
        return [float(v) for v in features @ self._line.weights + self._line.intercept]


class TfidfDetectorTrainer(Trainer):
    """Fits logistic regression to TF-IDF of runs of words and of characters, by L-BFGS.

    Args:
        strength: C, the inverse of the penalty.
        units: ``word``, ``character`` or ``word+character``: the units that runs are made of.
        balanced: Weigh both classes the same.
    """

    model: ClassVar[str] = "tfidf-detector"
    trains_on: ClassVar[tuple[str, ...]] = ("detection",)

    def __init__(
        self,
        strength: Annotated[float, Range(above=0)] = 10.0,
        units: Annotated[str, OneOf(*UNIT_SETS)] = "word+character",
        balanced: bool = True,
    ) -> None:
        self.strength, self.units, self.balanced = strength, units, balanced

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Count the runs, weigh them, fit the detector, and save it.

        Raises:
            ValueError: a class is missing, or no run is in enough texts.
        """
        from scipy import sparse

        units = self.units.split("+")
        data = labelled(items, task.name)
        vectorisers = {unit: _vectoriser(unit) for unit in units}
        features = sparse.hstack([v.fit_transform(data.texts) for v in vectorisers.values()], format="csr")
        progress(1, features=float(features.shape[1]))
        line = logistic.fit(features, data.labels, strength=self.strength, balanced=self.balanced)
        terms = {unit: vectoriser.get_feature_names_out().tolist() for unit, vectoriser in vectorisers.items()}
        write_atomically(workdir / VOCABULARY, json.dumps(terms))
        rarities = {f"rarity_{unit}": vectoriser.idf_ for unit, vectoriser in vectorisers.items()}
        settings = {"trainer": "tfidf-detector", "strength": self.strength, "balanced": self.balanced}
        saved.write(workdir, settings, weights=line.weights, intercept=np.array(line.intercept), **rarities)
        return {"texts": len(data.labels), "positives": int(data.labels.sum()), "features": features.shape[1]}
