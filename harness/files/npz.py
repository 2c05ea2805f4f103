"""Files of named arrays: written whole or not at all, read without ever executing what they hold."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.files.atomic import replacing


class DamagedArrays(ValueError):
    """A file that holds no whole arrays."""


def write_npz(path: Path, arrays: Mapping[str, NDArray[Any]], *, compressed: bool = False) -> None:
    """Write arrays by name so that the file is there whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    save: Any = np.savez_compressed if compressed else np.savez
    with replacing(path) as stream:
        save(stream, **arrays)


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an ``.npz`` file, by name.

    Raises:
        OSError: it is missing or cannot be read.
        DamagedArrays: it was cut off or overwritten, or holds something else than arrays.
    """
    content = path.read_bytes()
    if not content.startswith(b"PK"):
        raise DamagedArrays("empty" if not content else "not a file of arrays")
    try:
        # From memory: numpy leaves a damaged file open.
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except Exception as error:  # numpy, zipfile and zlib each have errors of their own for bytes that make no sense
        raise DamagedArrays("cut off or overwritten") from error
