"""The model that embeds by looking vectors up: of texts in a file, in a data set on the hub, or in an array."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import COUNT, DataError, Failure, Model, Text, UsageError, file_identity

if TYPE_CHECKING:
    from harness.tasks import DataRow

Vector = NDArray[np.float32]


class RecordedVectors(Model):
    """Embeds a text as the vector that is on file for it; a text that is not is a failed request.

    Three forms: rows with a text and its vector (``path=rows.parquet,text=prompt,vector=emb``), the same in a data set
    on the hub (``hub=ID,split=train``, with a copy below ``$HARNESS_DATA`` taken first), and an array of vectors in the
    order of the rows of one or several other files (``path=vectors.npz,vector=emb,texts=[a.jsonl,b.jsonl]``). Where a
    text occurs more than once its first vector counts.

    Args:
        path: JSONL, JSON, CSV, TSV or Parquet file of rows; or ``.npz`` or ``.npy`` of vectors, with ``texts``.
        hub: A data set's id on the hub, in place of ``path``.
        split: Of the hub's data set.
        config: Its configuration; empty: none.
        revision: Its revision; empty: the latest.
        text: Column of the texts.
        vector: Column of the vectors, or name of the array in an ``.npz``.
        texts: Files whose rows, one file after another, are what the array's rows are vectors of.
        rows: Only the first so many rows; 0: all.
    """

    batch_size = 4096
    places: ClassVar[tuple[str, ...]] = ("path", "texts")
    paths: ClassVar[tuple[str, ...]] = ("path",)

    def __init__(
        self,
        path: str = "",
        hub: str = "",
        split: str = "train",
        config: str = "",
        revision: str = "",
        text: str = "prompt",
        vector: str = "vector",
        texts: Sequence[str] = (),
        rows: Annotated[int | None, COUNT] = None,
    ) -> None:
        if bool(path) == bool(hub):
            raise UsageError("recorded-vectors: give path=FILE or hub=ID, and not both")
        self.path, self.hub, self.split, self.config, self.revision = path, hub, split, config, revision
        self.text, self.vector, self.rows = text, vector, rows
        self.texts = [texts] if isinstance(texts, str) else [str(one) for one in texts]
        if bool(self.texts) != path.endswith((".npz", ".npy")):
            raise UsageError("recorded-vectors: texts=FILE goes with a path of .npz or .npy, and with no other")
        self._found: dict[str, Vector] = {}

    def identity(self) -> Mapping[str, object]:
        """Return hashes of the files; of what is on the hub its name and revision, which the arguments hold."""
        files = [self.path, *self.texts] if self.path else []
        return {f"file {i}": file_identity(Path(each)) for i, each in enumerate(files)}

    def load(self) -> None:
        """Read all vectors.

        Raises:
            UsageError: there are none, or a row is not of the form; names it.
        """
        try:
            self._found = self._from_array() if self.texts else self._from_rows(self._source())
        except DataError as error:
            raise UsageError(f"recorded-vectors: {error}") from error
        if not self._found:
            raise UsageError(f"recorded-vectors: {self.path or self.hub} holds no vectors")

    def embed(self, requests: Sequence[Text]) -> list[Any]:
        """Return the vectors of texts."""
        where = Path(self.path).name if self.path else self.hub
        missing = Failure(f"{where} holds no vector of this text")
        return [self._found.get(request.text, missing) for request in requests]

    def _source(self) -> Iterator[DataRow]:
        from harness.tasks import FileSource, hub_source

        if self.path:
            return FileSource(Path(self.path)).rows()
        return hub_source(self.hub, self.split, self.config or None, revision=self.revision or None).rows()

    def _from_rows(self, rows: Iterable[DataRow]) -> dict[str, Vector]:
        found: dict[str, Vector] = {}
        width = None
        for row in rows:
            if self.rows is not None and row.number >= self.rows:
                break
            if row.problem:
                raise UsageError(f"recorded-vectors: {row.where}: {row.problem}")
            for name in (self.text, self.vector):
                if name not in row.values:
                    there = ", ".join(row.values)
                    raise UsageError(f"recorded-vectors: {row.where}: no column {name!r}; it has {there}")
            vector = _vector(row.values[self.vector], row.where)
            if width is not None and len(vector) != width:
                raise UsageError(f"recorded-vectors: {row.where}: {len(vector)} numbers, where others have {width}")
            width = len(vector)
            found.setdefault(str(row.values[self.text]), vector)
        return found

    def _from_array(self) -> dict[str, Vector]:
        vectors = self._array()
        texts = [text for place in self.texts for text in self._texts(Path(place))]
        if len(texts) != len(vectors):
            raise UsageError(
                f"recorded-vectors: {self.path} holds {len(vectors)} vectors, and texts= names {len(texts)} texts; "
                "they must be those of the vectors, in their order"
            )
        found: dict[str, Vector] = {}
        for text, vector in zip(texts[: self.rows], vectors[: self.rows], strict=True):
            found.setdefault(text, np.asarray(vector, dtype=np.float32))
        return found

    def _array(self) -> NDArray[Any]:
        try:
            with open(self.path, "rb") as stream:
                held: Any = np.load(stream, allow_pickle=False)
                names = list(getattr(held, "files", ()))
                if names and self.vector not in names:
                    raise UsageError(f"recorded-vectors: {self.path} has no {self.vector!r}; it has {', '.join(names)}")
                vectors = np.asarray(held[self.vector] if names else held)
        except (OSError, ValueError, EOFError) as error:
            raise UsageError(f"recorded-vectors: {self.path} cannot be read: {error}") from error
        if vectors.ndim != 2 or vectors.dtype.kind not in "fiu" or not np.isfinite(vectors).all():
            raise UsageError(
                f"recorded-vectors: {self.path}: expected finite numbers of shape (texts, width), got {vectors.dtype} "
                f"of shape {vectors.shape}"
            )
        return vectors

    def _texts(self, path: Path) -> Iterator[str]:
        from harness.tasks import FileSource

        for row in FileSource(path).rows():
            if row.problem:
                raise UsageError(f"recorded-vectors: {row.where}: {row.problem}")
            if self.text not in row.values:
                there = ", ".join(row.values)
                raise UsageError(f"recorded-vectors: {row.where}: no column {self.text!r}; it has {there}")
            yield str(row.values[self.text])


def _vector(value: Any, where: str) -> Vector:
    """Return a row's vector; CSV holds it as a JSON list.

    Raises:
        UsageError: it is no list of finite numbers.
    """
    if isinstance(value, str):
        import json

        try:
            value = json.loads(value)
        except ValueError:
            value = None
    try:
        vector = np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError):
        vector = np.empty(0, dtype=np.float32)
    if vector.ndim != 1 or not len(vector) or not np.isfinite(vector).all():
        raise UsageError(f"recorded-vectors: {where}: expected a list of finite numbers for a vector")
    return vector
