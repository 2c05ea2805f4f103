"""Files of named arrays: written whole or not at all, and read without executing anything that they hold."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.files.atomic import replacing


class DamagedArrays(ValueError):
    """A file does not hold whole arrays."""


def write_npz(path: Path, arrays: Mapping[str, NDArray[Any]], *, compressed: bool = False) -> None:
    """Write arrays by name so that the file exists whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    save: Any = np.savez_compressed if compressed else np.savez
    with replacing(path) as stream:
        save(stream, **arrays)


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Return all arrays of an ``.npz`` file, by name.

    Raises:
        OSError: the file is missing or cannot be read.
        DamagedArrays: the file was cut off or overwritten, or holds something else than arrays.
    """
    content = path.read_bytes()
    if not content.startswith(b"PK"):
        raise DamagedArrays("empty" if not content else "not a file of arrays")
    try:
        # Read from memory: numpy does not close a damaged file. No pickles: they could execute code.
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except Exception as error:  # numpy, zipfile and zlib each raise errors of their own for damaged bytes
        raise DamagedArrays("cut off or overwritten") from error
