"""The files that attacks take their texts from: templates, contexts, caches; of the user or below $HARNESS_DATA."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import ConfigurationError, DataError

if TYPE_CHECKING:
    from .attackfile import AttackFile

_USUAL = ("text", "template", "prompt", "value")
"""Columns that are looked for where none is named; a list of bare texts has the column ``value``."""


class Table:
    """The rows of one file.

    Args:
        attack: The attack that reads it, for messages.
        path: The file: JSONL, JSON, CSV, Parquet or lines of text, plain or gzip.
    """

    def __init__(self, attack: str, path: Path) -> None:
        self.attack, self.path = attack, path

    @cached_property
    def rows(self) -> list[Mapping[str, Any]]:
        """All rows.

        Raises:
            DataError: a row cannot be read.
            ConfigurationError: there is none.
        """
        from harness.tasks import FileSource

        rows = []
        for row in FileSource(self.path).rows():
            if row.problem:
                raise DataError(f"the attack {self.attack}: {row.where}: {row.problem}")
            rows.append(row.values)
        if not rows:
            raise self.wrong("it holds no row")
        return rows

    def selected(self, where: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Return the rows with certain values.

        Raises:
            ConfigurationError: there is none.
        """
        found = [row for row in self.rows if all(str(row.get(name)) == str(value) for name, value in where.items())]
        if not found:
            raise self.wrong(f"no row has {', '.join(f'{name} {value!r}' for name, value in where.items())}")
        return found

    def texts(self, column: str) -> list[str]:
        """Return a column's texts; without a name, those of the only column, or of one that is usually called so.

        Raises:
            ConfigurationError: the column is not there, or holds something that is no text.
        """
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        if not column:
            usual = [name for name in _USUAL if name in names]
            column = names[0] if len(names) == 1 else next(iter(usual), "")
        if column not in names:
            raise self.wrong(f"there is no column {column!r}" if column else "say which 'column' holds the texts")
        texts = [row.get(column) for row in self.rows]
        bad = [i for i, text in enumerate(texts, 1) if not isinstance(text, str) or not text.strip()]
        if bad:
            raise self.wrong(f"row {bad[0]} has no text in the column {column!r}")
        return [str(text) for text in texts]

    def wrong(self, problem: str) -> ConfigurationError:
        """Make the error about something in the file."""
        return ConfigurationError(f"the attack {self.attack}: {self.path}: {problem}")


def data_path(file: AttackFile, folder: Path) -> Path | None:
    """Return where the file that an attack names lies, there or not; None where it names none, or no mirror is set."""
    from harness.tasks import MIRROR_VARIABLE

    if file.file:
        return folder / Path(file.file).expanduser()
    root = os.environ.get(MIRROR_VARIABLE)
    return Path(root) / file.mirror if file.mirror and root else None


def find_table(attack: str, file: AttackFile, folder: Path) -> Table:
    """Find the file that an attack names.

    Raises:
        DataError: it is not there; says where it was looked for.
    """
    from harness.tasks import MIRROR_VARIABLE

    path = data_path(file, folder)
    if path is None:
        raise DataError(
            f"the attack {attack} is not shipped: set {MIRROR_VARIABLE} to a folder that holds {file.mirror}"
        )
    if not path.is_file():
        raise DataError(f"the attack {attack}: there is no file {path}")
    return Table(attack, path)
