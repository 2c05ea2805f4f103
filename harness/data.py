"""Where rows come from: a hub data set, a local file, or a generator function.

Every source streams: memory does not grow with the number of rows, except for ``.json`` files, which have to be read
whole. A row that cannot be read is yielded with its problem, so that the rest of the data goes on.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, cast

from harness.errors import DataError
from harness.plugins import import_attribute
from harness.rows import Row, selected

MIRROR_VARIABLE = "HARNESS_DATA"
SUFFIXES = (".jsonl", ".jsonl.gz", ".parquet", ".json", ".json.gz", ".csv", ".csv.gz", ".txt", ".txt.gz")
_BATCH = 1000


def _decode(text: bytes) -> tuple[Any, str]:
    """A JSON value, or what is wrong with it."""
    import json

    import msgspec

    try:
        return msgspec.json.decode(text), ""
    except RecursionError:
        return None, "not valid JSON: nested too deeply"
    except ValueError as error:  # msgspec's errors and those of UTF-8
        reason = str(error)
    try:
        return json.loads(text), ""  # Python writes NaN and Infinity, which are data here, not damage
    except (ValueError, RecursionError):
        return None, f"not valid JSON: {reason}"


@dataclass(frozen=True, slots=True)
class FileSource:
    """Rows of a JSONL, JSON, CSV, Parquet or text file, plain or gzip."""

    path: Path
    records: str = ""
    """For JSON files: the dotted path of the list inside the document."""

    @property
    def description(self) -> str:
        """The path."""
        return str(self.path)

    def rows(self) -> Iterator[Row]:
        """All rows.

        Raises:
            DataError: the file is missing, of an unknown kind, or broken as a whole.
        """
        readers = {
            "jsonl": self._jsonl,
            "json": self._json,
            "csv": self._csv,
            "parquet": self._parquet,
            "txt": self._lines,
        }
        try:
            yield from readers[self._kind()]()
        except FileNotFoundError as error:
            raise DataError(f"{self.path}: no such file") from error
        except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
            raise DataError(f"{self.path}: cannot be read: {error}") from error

    def count(self) -> int | None:
        """Number of rows, where it can be had without parsing them."""
        try:
            if self.path.suffix == ".jsonl":
                with self.path.open("rb") as stream:
                    return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))
            if self.path.suffix == ".parquet":
                import pyarrow.parquet

                return int(pyarrow.parquet.read_metadata(self.path).num_rows)
        except (OSError, ValueError):
            return None
        return None

    def _kind(self) -> str:
        name = self.path.name.removesuffix(".gz")
        for suffix in ("jsonl", "ndjson", "json", "csv", "parquet", "txt"):
            if name.endswith("." + suffix):
                return "jsonl" if suffix == "ndjson" else suffix
        raise DataError(f"{self.path}: unknown kind of file; expected one of {', '.join(SUFFIXES)}")

    def _open(self) -> IO[bytes]:
        if self.path.suffix == ".gz":
            import gzip

            return cast("IO[bytes]", gzip.open(self.path, "rb"))
        return self.path.open("rb")

    def _jsonl(self) -> Iterator[Row]:
        number = 0
        with self._open() as stream:
            for line_number, line in enumerate(stream, start=1):
                if not line.strip():
                    continue
                where = f"{self.path}:{line_number}"
                value, problem = _decode(line)
                if not problem and not isinstance(value, dict):
                    problem = f"expected a JSON object, got {type(value).__name__}"
                yield Row(number, where, {} if problem else value, problem)
                number += 1

    def _lines(self) -> Iterator[Row]:
        number = 0
        with self._open() as stream:
            for line_number, line in enumerate(stream, start=1):
                if not line.strip():
                    continue
                try:
                    values, problem = {"text": line.decode("utf-8-sig").strip()}, ""
                except UnicodeDecodeError as error:
                    values, problem = {}, f"not valid UTF-8: {error.reason}"
                yield Row(number, f"{self.path}:{line_number}", values, problem)
                number += 1

    def _json(self) -> Iterator[Row]:
        with self._open() as stream:
            document, problem = _decode(stream.read())
        if problem:
            raise DataError(f"{self.path}: {problem}")
        for key in filter(None, self.records.split(".")):
            if not isinstance(document, dict) or key not in document:
                raise DataError(f"{self.path}: no {self.records!r} in it, which the task names as its list of rows")
            document = document[key]
        if not isinstance(document, list):
            raise DataError(
                f"{self.path}: expected a list of rows, got {type(document).__name__}; "
                "name the list inside the document with 'records'"
            )
        for number, value in enumerate(document):
            where = f"{self.path} row {number}"
            if isinstance(value, dict):
                yield Row(number, where, value)
            else:  # a list of bare values is a table of one column
                yield Row(number, where, {"value": value})

    def _csv(self) -> Iterator[Row]:
        import csv
        import io

        csv.field_size_limit(2**31 - 1)
        with self._open() as stream, io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
            reader = csv.DictReader(text, strict=True)
            number = 0
            header = reader.fieldnames or ()
            twice = [name for i, name in enumerate(header) if name in header[:i]]
            if twice:
                raise DataError(f"{self.path}:1: the column {twice[0]!r} occurs more than once in the header")
            while True:
                try:
                    value = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    raise DataError(f"{self.path}:{reader.line_num}: not valid CSV: {error}") from error
                where = f"{self.path}:{reader.line_num}"
                problem = ""
                if None in value:
                    problem = f"more fields than the {len(reader.fieldnames or ())} of the header"
                elif any(field is None for field in value.values()):
                    problem = f"fewer fields than the {len(reader.fieldnames or ())} of the header"
                yield Row(number, where, {} if problem else value, problem)
                number += 1

    def _parquet(self) -> Iterator[Row]:
        import pyarrow
        import pyarrow.parquet

        try:
            with pyarrow.parquet.ParquetFile(self.path) as file:
                number = 0
                for batch in file.iter_batches(batch_size=_BATCH):
                    for value in batch.to_pylist():
                        yield Row(number, f"{self.path} row {number}", value)
                        number += 1
        except pyarrow.ArrowInvalid as error:
            raise DataError(f"{self.path}: not a readable Parquet file: {error}") from error


@dataclass(frozen=True, slots=True)
class HubSource:
    """Rows of a data set on the hub, or of a local folder laid out like one, streamed by ``datasets``."""

    name: str
    split: str
    config: str | None = None
    revision: str | None = None
    where: Mapping[str, Any] | None = None
    """Only rows whose columns have these values, or one of a list of them."""
    looked_in: str = ""
    """Where the mirror was searched first, for the message when there is no network."""

    @property
    def description(self) -> str:
        """Hub id, config, split and revision."""
        config = f":{self.config}" if self.config else ""
        return f"hub data set {self.name}{config} split {self.split} revision {self.revision or 'latest'}"

    def rows(self) -> Iterator[Row]:
        """All rows.

        Raises:
            DataError: the data set cannot be reached or has no such split.
        """
        if not Path(self.name).is_dir() and not _hub_answers():
            raise DataError(self._unreadable("the hub does not answer"))
        import datasets

        try:
            with _no_progress_bars():
                stream = datasets.load_dataset(
                    self.name, self.config, split=self.split, revision=self.revision, streaming=True
                )
                for number, value in enumerate(stream):
                    if self.where and not selected(value, self.where):
                        continue
                    yield Row(number, f"{self.name}[{self.split}] row {number}", value)
        except DataError:
            raise
        except Exception as error:  # the library raises many kinds, from three packages
            first = (str(error).splitlines() or [""])[0]
            raise DataError(self._unreadable(f"{type(error).__name__}: {first}")) from error

    def _unreadable(self, reason: str) -> str:
        looked = f"; looked first for {self.looked_in}" if self.looked_in else ""
        return (
            f"{self.description} cannot be read: {reason}{looked}. "
            f"Connect to the network, or set {MIRROR_VARIABLE} to a folder that holds a copy"
        )


@cache
def _hub_answers() -> bool:
    """Whether the hub can be reached, asked once a process: the library would try for most of a minute a data set."""
    if os.environ.get("HF_HUB_OFFLINE") or os.environ.get("HF_DATASETS_OFFLINE"):
        return True  # the library then says so itself, at once, or finds the data in its cache
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(os.environ.get("HF_ENDPOINT", "https://huggingface.co"), timeout=10):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


class _no_progress_bars:
    """Streaming a data set must not draw bars over ours."""

    def __enter__(self) -> None:
        import datasets

        self._enabled = datasets.is_progress_bar_enabled()
        datasets.disable_progress_bars()

    def __exit__(self, *_: object) -> None:
        import datasets

        if self._enabled:
            datasets.enable_progress_bars()


@dataclass(frozen=True, slots=True)
class GeneratorSource:
    """Rows that a function yields as mappings; it gets the split's name."""

    reference: str
    split: str

    @property
    def description(self) -> str:
        """The function's reference."""
        return f"{self.reference}({self.split!r})"

    def rows(self) -> Iterator[Row]:
        """All rows.

        Raises:
            DataError: the function raised.
        """
        function: Any = import_attribute(self.reference)
        try:
            for number, value in enumerate(function(self.split)):
                ok = isinstance(value, Mapping)
                problem = "" if ok else f"expected a mapping, got {type(value).__name__}"
                yield Row(number, f"{self.reference} row {number}", value if ok else {}, problem)
        except DataError:
            raise
        except Exception as error:
            raise DataError(f"the generator {self.description} failed: {type(error).__name__}: {error}") from error


def mirror_file(hub: str | None, config: str | None, split: str, mirror: str | None) -> tuple[Path | None, str]:
    """A local copy below ``$HARNESS_DATA``, and where was looked.

    Looks for ``mirror`` as given, then for ``HUB_ID/CONFIG/SPLIT`` and ``HUB_ID/SPLIT`` with any known suffix.
    """
    root = os.environ.get(MIRROR_VARIABLE)
    if not root:
        return None, f"a copy below {MIRROR_VARIABLE}, which is not set" if mirror else ""
    places = [Path(root) / mirror] if mirror else []
    if hub:
        folders = [Path(root) / hub / config, Path(root) / hub] if config else [Path(root) / hub]
        places += [folder / f"{split}{suffix}" for folder in folders for suffix in SUFFIXES]
    for place in places:
        if place.is_file():
            return place, str(place)
    return None, str(places[0]) if places else ""
