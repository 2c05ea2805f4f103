"""Sources of rows: a local file, a generator function, or a copy of a hub data set (the rest is in `hub`).

Every source streams: memory does not grow with the number of rows, except for ``.json`` files, which have to be read
whole. A row that cannot be read is yielded with its problem, so that the rest of the data is read all the same. A few
kilobytes of gzip may stand for any number of bytes, so the size of a line and of a JSON document in memory is bounded.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, AnyStr, cast

from harness.errors import DataError
from harness.files.generated_data import GeneratedData, find_generated
from harness.files.regular_files import is_file, why_no_file
from harness.names.plugins import import_attribute
from harness.tasks.data.rows import DataRow
from harness.tasks.data.values import from_cell, plain

MIRROR_VARIABLE = "HARNESS_DATA"
SUFFIXES = (
    ".jsonl",
    ".jsonl.gz",
    ".parquet",
    ".json",
    ".json.gz",
    ".csv",
    ".csv.gz",
    ".tsv",
    ".tsv.gz",
    ".txt",
    ".txt.gz",
)
_BATCH = 1000
LONGEST_LINE = 2**28
"""Bytes of one line, that is of one row of JSONL, CSV or text."""
LARGEST_DOCUMENT = 2**31
"""Bytes of a JSON document, which has to be in memory as a whole, when it is unpacked."""


def _decode(text: bytes) -> tuple[Any, str]:
    """Return the value of a JSON text and an empty text, or None and the reason why the text is not JSON."""
    import json

    import msgspec

    try:
        return msgspec.json.decode(text), ""
    except RecursionError:
        return None, "not valid JSON: nested too deeply"
    except ValueError as error:  # msgspec's errors and those of UTF-8
        reason = str(error)
    try:
        return json.loads(text), ""  # msgspec refuses NaN and Infinity, which Python writes: they are data, not damage
    except (ValueError, RecursionError):
        return None, f"not valid JSON: {reason}"


@dataclass(frozen=True, slots=True)
class FileSource:
    """Rows of a JSONL, JSON, CSV, TSV, Parquet or text file, plain or gzip."""

    path: Path
    records: str = ""
    """For JSON files: the dotted path of the list inside the document."""
    copy_of: str = ""
    """The data set of which the file is a copy below ``$HARNESS_DATA``; empty for a file that is the data itself."""

    @property
    def description(self) -> str:
        """Return the path of the file."""
        return str(self.path)

    def rows(self) -> Iterator[DataRow]:
        """Stream the rows of the file, a row with a problem for each row that cannot be read.

        Raises:
            DataError: the file is missing, of an unknown kind, or broken as a whole.
        """
        readers = {
            "jsonl": self._jsonl,
            "json": self._json,
            "csv": self._csv,
            "tsv": self._csv,
            "parquet": self._parquet,
            "txt": self._lines,
        }
        try:
            yield from readers[self._kind()]()
        except FileNotFoundError as error:
            raise DataError(f"{self.path}: no such file") from error
        except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
            raise DataError(f"{self.path}: cannot be read: {error}") from error

    def generated(self) -> GeneratedData | None:
        """Return what a marker says of the file, if a program made it; None for real data."""
        return copied(find_generated(self.path, mirror_root()), self.copy_of)

    def count(self) -> int | None:
        """Count the rows if that needs no parsing; otherwise return None."""
        if why_no_file(self.path):
            return None
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
        for suffix in ("jsonl", "ndjson", "json", "csv", "tsv", "parquet", "txt"):
            if name.endswith("." + suffix):
                return "jsonl" if suffix == "ndjson" else suffix
        raise DataError(f"{self.path}: unknown kind of file; expected one of {', '.join(SUFFIXES)}")

    def _open(self) -> IO[bytes]:
        reason = why_no_file(self.path)
        if reason:
            raise DataError(f"{self.path}: {reason}")
        if self.path.suffix == ".gz":
            import gzip

            return cast("IO[bytes]", gzip.open(self.path, "rb"))
        return self.path.open("rb")

    def _bounded(self, stream: IO[AnyStr]) -> Iterator[AnyStr]:
        """Stream the lines of a file.

        Raises:
            DataError: one is longer than any row can be.
        """
        number = 0
        while line := stream.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise DataError(f"{self.path}:{number}: a line of more than {LONGEST_LINE >> 20} MiB; a row is a line")
            yield line

    def _jsonl(self) -> Iterator[DataRow]:
        number = 0
        with self._open() as stream:
            for line_number, line in enumerate(self._bounded(stream), start=1):
                if not line.strip():
                    continue
                where = f"{self.path}:{line_number}"
                value, problem = _decode(line)
                if not problem and not isinstance(value, dict):
                    problem = f"expected a JSON object, got {type(value).__name__}"
                yield DataRow(number, where, {} if problem else value, problem)
                number += 1

    def _lines(self) -> Iterator[DataRow]:
        number = 0
        with self._open() as stream:
            for line_number, line in enumerate(self._bounded(stream), start=1):
                if not line.strip():
                    continue
                try:
                    values, problem = {"text": line.decode("utf-8-sig").strip()}, ""
                except UnicodeDecodeError as error:
                    values, problem = {}, f"not valid UTF-8: {error.reason}"
                yield DataRow(number, f"{self.path}:{line_number}", values, problem)
                number += 1

    def _json(self) -> Iterator[DataRow]:
        with self._open() as stream:
            content = bytearray()
            while block := stream.read(1 << 20):  # in blocks, since read(n) allocates n bytes even for a small file
                content += block
                if len(content) > LARGEST_DOCUMENT:
                    raise DataError(
                        f"{self.path}: a JSON document of more than {LARGEST_DOCUMENT >> 30} GiB, which has to be read "
                        "as a whole; write it as JSONL, a row a line"
                    )
        document, problem = _decode(bytes(content))
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
                yield DataRow(number, where, value)
            else:  # data sets are published as lists of bare values too: a table of one column
                yield DataRow(number, where, {"value": value})

    def _csv(self) -> Iterator[DataRow]:
        import csv
        import io

        # The default of 128 KiB is less than long conversations have. The process has one limit: never lower it.
        csv.field_size_limit(max(csv.field_size_limit(), LONGEST_LINE))
        with self._open() as stream, io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
            reader = csv.DictReader(self._bounded(text), strict=True, delimiter="\t" if self._kind() == "tsv" else ",")
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
                values = {} if problem else {name: from_cell(cell) for name, cell in value.items()}
                yield DataRow(number, where, values, problem)
                number += 1

    def _parquet(self) -> Iterator[DataRow]:
        import pyarrow
        import pyarrow.parquet

        reason = why_no_file(self.path)
        if reason:
            raise DataError(f"{self.path}: {reason}")
        try:
            with pyarrow.parquet.ParquetFile(self.path) as file:
                number = 0
                for batch in file.iter_batches(batch_size=_BATCH):
                    for value in batch.to_pylist():
                        yield DataRow(number, f"{self.path} row {number}", value)
                        number += 1
        except pyarrow.ArrowInvalid as error:
            raise DataError(f"{self.path}: not a readable Parquet file: {error}") from error


@dataclass(frozen=True, slots=True)
class GeneratorSource:
    """Rows that a function yields as mappings; it gets the split's name, and its settings as keyword arguments."""

    reference: str
    split: str
    """The name of the split that the function gets."""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def description(self) -> str:
        """Return the reference of the function, the split that the function gets, and its settings."""
        arguments = [repr(self.split), *(f"{name}={value!r}" for name, value in self.settings.items())]
        return f"{self.reference}({', '.join(arguments)})"

    def rows(self) -> Iterator[DataRow]:
        """Call the function, and stream the mappings that it yields as rows.

        Raises:
            DataError: the function raised.
        """
        function: Any = import_attribute(self.reference)
        try:
            for number, value in enumerate(function(self.split, **self.settings)):
                ok = isinstance(value, Mapping)
                problem = "" if ok else f"expected a mapping, got {type(value).__name__}"
                values = {key: plain(part) for key, part in value.items()} if ok else {}
                yield DataRow(number, f"{self.reference} row {number}", values, problem)
        except DataError:
            raise
        except (Exception, SystemExit) as error:
            raise DataError(f"the generator {self.description} failed: {type(error).__name__}: {error}") from error


def mirror_root() -> Path | None:
    """Return the folder of local copies of data; None where none is named."""
    root = os.environ.get(MIRROR_VARIABLE)
    return Path(root) if root else None


def copied(mark: GeneratedData | None, copy_of: str) -> GeneratedData | None:
    """Return the mark of data that lie where a copy of a data set is expected, so that they are taken for it."""
    return replace(mark, in_place_of=copy_of) if mark is not None and copy_of else mark


def mirror_file(hub: str | None, config: str | None, split: str, mirror: str | None) -> tuple[Path | None, str]:
    """Find a local copy below ``$HARNESS_DATA``; return its path or None, and where the search looked.

    The search tries ``mirror`` as given, then ``HUB_ID/CONFIG/SPLIT`` and ``HUB_ID/SPLIT`` with any known suffix.

    Args:
        hub: The data set's id on the hub; None for data that have no hub.
        config: The configuration of the hub's data set.
        split: The split of the hub's data set.
        mirror: The path below ``$HARNESS_DATA`` that the task names.
    """
    root = os.environ.get(MIRROR_VARIABLE)
    if not root:
        return None, f"a copy below {MIRROR_VARIABLE}, which is not set" if mirror else ""
    places = [Path(root) / mirror] if mirror else []
    if hub:
        folders = [Path(root) / hub / config, Path(root) / hub] if config else [Path(root) / hub]
        places += [folder / f"{split}{suffix}" for folder in folders for suffix in SUFFIXES]
    for place in places:
        if is_file(place):
            return place, str(place)
    return None, str(places[0]) if places else ""
