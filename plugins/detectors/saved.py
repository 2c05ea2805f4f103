"""The files that a trainer here writes: numbers in an npz file, words in a JSON file, and no pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray

from harness import Model, UsageError, file_identity, write_atomically
from harness.files import DamagedArrays, read_npz, write_npz

NUMBERS, WORDS = "detector.npz", "detector.json"


def write(workdir: Path, words: Mapping[str, Any], **numbers: NDArray[Any]) -> None:
    """Write both files, each whole or not at all."""
    write_npz(workdir / NUMBERS, numbers, compressed=True)
    write_atomically(workdir / WORDS, json.dumps(words, indent=1, sort_keys=True) + "\n")


def read_words(directory: Path, trainer: str) -> dict[str, Any]:
    """Read the JSON file of a trained detector.

    Raises:
        UsageError: the directory holds no such model, or a damaged one; the message says how to train one.
    """
    try:
        words = json.loads((directory / WORDS).read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"{directory} holds no trained model; train one with: harness train {trainer} -t TASK -o DIRECTORY"
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{directory} holds a damaged model: {WORDS}: {error}") from error
    if not isinstance(words, dict) or words.get("trainer") != trainer:
        made = words.get("trainer") if isinstance(words, dict) else None
        raise UsageError(f"{directory} was trained by {made or 'another trainer'}, not by {trainer!r}")
    return words


def read_numbers(directory: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays of the npz file by name.

    Raises:
        UsageError: the file is missing or damaged.
    """
    try:
        return read_npz(directory / NUMBERS)
    except (OSError, DamagedArrays) as error:
        raise UsageError(f"{directory} holds a damaged model: {NUMBERS}: {error}; train it again") from error


class Fitted(Model):
    """A detector that a trainer here made; ``path`` is the directory."""

    trainer: ClassVar[str]
    """Name of the trainer that writes such directories."""
    places: ClassVar[tuple[str, ...]] = ("path",)
    path: str

    def identity(self) -> Mapping[str, object]:
        """Return the hashes of both files.

        Raises:
            UsageError: the directory holds no such model.
        """
        self.words()
        folder = Path(self.path)
        return {name: file_identity(folder / name) for name in (NUMBERS, WORDS) if (folder / name).is_file()}

    def words(self) -> dict[str, Any]:
        """Read the JSON file of this detector."""
        return read_words(Path(self.path), self.trainer)


class FittedOver(Fitted):
    """A detector that was trained over another model, which it asks again unless ``base`` names another."""

    part_names: ClassVar[tuple[str, ...]] = ("base",)
    base: str

    def identity(self) -> Mapping[str, object]:
        """Hash the numbers and the words, but not the place of the base.

        The base is a part of the model, with a fingerprint of its own.
        """
        words = {key: value for key, value in self.words().items() if key not in ("base", "base_fingerprint")}
        numbers = Path(self.path) / NUMBERS
        content = json.dumps(words, sort_keys=True).encode()
        return {
            WORDS: hashlib.sha256(content).hexdigest(),
            **({NUMBERS: file_identity(numbers)} if numbers.is_file() else {}),
        }

    def default_parts(self) -> Mapping[str, str]:
        """Return the specification of the base that was trained over."""
        return {"base": str(self.words()["base"])}

    def remarks(self) -> Sequence[str]:
        """Remark, once, that the base is not the one that was trained over."""
        trained_over = self.words().get("base_fingerprint")
        part = self.parts["base"] if hasattr(self, "parts") else None
        if getattr(self, "_said", False) or part is None or part.fingerprint == trained_over:
            return ()
        self._said = True
        return [
            f"the base ({part.specification}) is not what {self.path} was trained over, in its weights, settings or "
            "kind of device: expect other log-odds than those measured then"
        ]
