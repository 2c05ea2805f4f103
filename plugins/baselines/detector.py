"""A logistic detector on TF-IDF."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from harness import Ask, Conversation, Item, Model, Progress, Range, Task, Trainer, UsageError, file_identity

from . import linear


def _counts(texts: Sequence[str], *, dimensions: int, ngrams: int, unit: str) -> Any:
    """Count the hashed runs of words or characters in every text: sparse, shape (n, dimensions)."""
    from sklearn.feature_extraction.text import HashingVectorizer

    analyser = {"word": "word", "character": "char_wb"}[unit]
    lowest = 1 if unit == "word" else 3
    vectoriser = HashingVectorizer(
        n_features=dimensions,
        ngram_range=(lowest, ngrams),
        analyzer=analyser,
        alternate_sign=False,
        norm=None,
    )
    return vectoriser.transform(texts)


def _weighted(counts: Any, rarity: Any) -> Any:
    """Turn counts into unit-length TF-IDF, with a last column of ones for the intercept."""
    from scipy import sparse
    from sklearn.preprocessing import normalize

    weighted = normalize(counts.multiply(rarity).tocsr())
    return sparse.hstack([weighted, np.ones((counts.shape[0], 1))], format="csr")


class LinearDetector(Model):
    """A detector that `LinearDetectorTrainer` fitted.

    Args:
        path: The directory that the trainer wrote.
    """

    batch_size = 512
    places: ClassVar[tuple[str, ...]] = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def identity(self) -> Mapping[str, object]:
        """Return the hashes of the weights and of the feature settings.

        Raises:
            UsageError: the directory holds no trained model.
        """
        weights = Path(self.path) / linear.WEIGHTS
        if not weights.is_file():
            raise UsageError(
                f"{self.path} holds no trained model; "
                "train one with: harness train linear-detector -t TASK -o DIRECTORY"
            )
        return {
            "weights": file_identity(weights),
            "features": file_identity(weights.with_name("features.json")),
        }

    def load(self) -> None:
        """Read the weights, the feature settings and the rarity of every feature."""
        self._weights, self._settings, arrays = linear.load_model(Path(self.path))
        self._rarity = arrays["rarity"]

    def detect(self, requests: Sequence[Conversation]) -> list[float]:
        """Return the log-odds of the positive class, in nats, for every text."""
        if not requests:  # which the vectoriser refuses
            return []
        counts = _counts([request.text for request in requests], **self._settings)
        return [float(v) for v in _weighted(counts, self._rarity) @ self._weights]


class LinearDetectorTrainer(Trainer):
    """Logistic regression with an L2 penalty.

    Args:
        penalty: Strength of the penalty.
        dimensions: Number of hashed features.
        ngrams: Longest run of units that is counted.
        unit: ``word`` or ``character``: the unit that runs are made of.
    """

    model: ClassVar[str] = "linear-detector"
    trains_on: ClassVar[tuple[str, ...]] = ("detection",)

    def __init__(
        self,
        penalty: Annotated[float, Range(least=0)] = 1e-4,
        dimensions: Annotated[int, Range(least=1, most=2**24)] = 2**16,
        ngrams: Annotated[int, Range(least=1, most=8)] = 2,
        unit: Literal["word", "character"] = "word",
    ) -> None:
        self.penalty, self.dimensions, self.ngrams, self.unit = penalty, dimensions, ngrams, unit

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Fit the weights to the labelled texts, and save them with the rarity of every feature.

        Raises:
            ValueError: all texts are of one class, or the fit does not converge.
        """
        settings = {"dimensions": self.dimensions, "ngrams": self.ngrams, "unit": self.unit}
        texts: list[str] = []
        labels: list[float] = []
        for item in items:
            texts.append(item.fields["text"].text)
            labels.append(item.fields["label"])
        positives = int(sum(labels))
        if not 0 < positives < len(labels):
            raise ValueError(f"it needs texts of both classes, and has {positives} of {len(labels)} positive")
        counts = _counts(texts, dimensions=self.dimensions, ngrams=self.ngrams, unit=self.unit)
        seen_in = np.asarray((counts > 0).sum(axis=0)).ravel()
        rarity = np.log((1 + len(texts)) / (1 + seen_in)) + 1
        features = _weighted(counts, rarity)
        weights, loss = linear.fit_logistic(features, np.array(labels), self.penalty, progress)
        linear.save_model(workdir, weights, settings, rarity=rarity.astype(np.float64))
        return {"texts": len(texts), "positives": positives, "loss": loss}
