"""The folder of an embedder that knows its probability: numbers, words, and perhaps an encoder of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import UsageError, file_identity, write_atomically
from harness.files import DamagedArrays, read_npz, write_npz

from .head_fitting import Head

NUMBERS, WORDS, ENCODER = "head.npz", "head.json", "encoder"
_ABOUT_THE_BASE = ("base", "base_fingerprint")


def write_head(workdir: Path, head: Head, words: Mapping[str, Any]) -> None:
    """Write both files, each whole or not at all.

    Args:
        workdir: The folder.
        head: The head.
        words: ``base`` and ``base_fingerprint``, or ``encoder``, the folder beside; the card; figures of the training.
    """
    numbers = {"weights": head.weights, "two": np.array([head.temperature, head.offset])}
    write_npz(workdir / NUMBERS, numbers, compressed=True)
    write_atomically(workdir / WORDS, json.dumps({"head": 1, **words}, indent=1, sort_keys=True) + "\n")


def words_of(path: str) -> dict[str, Any]:
    """Read the words.

    Raises:
        UsageError: the folder holds no such embedder, or a damaged one.
    """
    place = Path(path) / WORDS
    try:
        words = json.loads(place.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"{path} holds no head over an embedder; train one: harness train cache-head --base MODEL -t TASK -o FOLDER"
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{place} is damaged: {error}; train it again") from error
    if not isinstance(words, dict) or words.get("head") != 1:
        raise UsageError(f"{place} is not what cache-head or cache-encoder writes; name another folder")
    return words


def read_head(path: str) -> Head:
    """Read the numbers.

    Raises:
        UsageError: the file is missing or damaged.
    """
    place = Path(path) / NUMBERS
    try:
        kept: Mapping[str, NDArray[Any]] = read_npz(place)
        return Head(kept["weights"].astype(np.float32), float(kept["two"][0]), float(kept["two"][1]))
    except (OSError, DamagedArrays, KeyError) as error:
        raise UsageError(f"{place} is damaged: {error}; train it again") from error


def identity_of(path: str) -> dict[str, object]:
    """Hash words and numbers, but not where the base lies: it has a fingerprint of its own.

    Raises:
        UsageError: the folder holds no such embedder.
    """
    words = {key: value for key, value in words_of(path).items() if key not in _ABOUT_THE_BASE}
    content = json.dumps(words, sort_keys=True).encode()
    return {WORDS: hashlib.sha256(content).hexdigest(), NUMBERS: file_identity(Path(path) / NUMBERS)}
