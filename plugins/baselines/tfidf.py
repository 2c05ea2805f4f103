"""TF-IDF as an embedder: hashed words, weighted by their rarity in a corpus that is part of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

from harness import Model, Range, Text, UsageError, file_identity


class Tfidf(Model):
    """Hashed, sublinear word counts times inverse document frequency, of unit length.

    The frequencies come from a fixed corpus, never from the embedded texts: a text's vector must not depend on the
    other texts in the request. Without a corpus English stop words are dropped and all other words weigh the same.

    Args:
        corpus: A text file, one document a line.
        dimensions: Length of the vectors.
        ngrams: Longest run of words counted.
    """

    batch_size = 512
    places: ClassVar[tuple[str, ...]] = ("corpus",)
    paths: ClassVar[tuple[str, ...]] = ("corpus",)

    def __init__(
        self,
        corpus: str = "",
        dimensions: Annotated[int, Range(least=1, most=2**24)] = 1024,
        ngrams: Annotated[int, Range(least=1, most=8)] = 1,
    ) -> None:
        self.corpus, self.dimensions, self.ngrams = corpus, dimensions, ngrams

    def identity(self) -> Mapping[str, object]:
        """Return the hash of the corpus; nothing without a corpus.

        Raises:
            UsageError: the corpus is no file.
        """
        if not self.corpus:
            return {}
        if not Path(self.corpus).is_file():
            raise UsageError(f"tfidf: the corpus {self.corpus} is no file; give corpus=FILE with one document a line")
        return {"corpus": file_identity(Path(self.corpus))}

    def load(self) -> None:
        """Set up scikit-learn's vectoriser, and learn the document frequencies from the corpus."""
        from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

        self._counts = HashingVectorizer(
            n_features=self.dimensions,
            ngram_range=(1, self.ngrams),
            alternate_sign=False,
            norm=None,
            stop_words=None if self.corpus else "english",
        )
        self._weights = TfidfTransformer(sublinear_tf=True, use_idf=bool(self.corpus))
        if not self.corpus:
            self._weights.fit(self._counts.transform([""]))  # nothing to learn, but scikit-learn wants it said
            return
        if not Path(self.corpus).stat().st_size:
            raise ValueError(f"the corpus {self.corpus} is empty")
        with Path(self.corpus).open(encoding="utf-8") as lines:
            self._weights.fit(self._counts.transform(lines))

    def embed(self, requests: Sequence[Text]) -> list[Any]:
        """Return a vector of shape (dimensions,) for every text."""
        if not requests:
            return []
        counts = self._counts.transform([request.text for request in requests])
        return list(self._weights.transform(counts).toarray().astype("float32"))
