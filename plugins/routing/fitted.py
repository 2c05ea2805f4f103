"""What every trained router shares: its files, its models by name, and the outcomes that it learns from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness import Conversation, Failure, FloatArray, Item, Model, Query, UsageError, file_identity, write_atomically
from harness.files import DamagedArrays, read_npz, write_npz

from .choices import known_means

NUMBERS, WORDS = "router.npz", "router.json"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The matrix that a router learns from: questions by models."""

    models: tuple[str, ...]
    prompts: list[Conversation]
    categories: list[str | None]
    values: FloatArray
    """(n, m), in [0, 1]; NaN where unknown."""

    @property
    def means(self) -> FloatArray:
        """The mean known outcome of each model, (m,)."""
        return known_means(self.values)


def outcomes_of(items: Iterable[Item], task: str) -> Outcomes:
    """Collect the outcomes of a train split.

    Raises:
        ValueError: there are none, or a model has no known outcome.
    """
    read = list(items)
    if not read:
        raise ValueError(f"{task}: the train split is empty")
    models = tuple(read[0].fields["models"])
    values = np.array([item.fields["outcomes"] for item in read], dtype=np.float64)
    unknown = [models[i] for i in np.flatnonzero(~np.isfinite(values).any(axis=0))]
    if unknown:
        raise ValueError(f"{task}: no outcome of {', '.join(unknown)} is known in the train split; leave it out")
    return Outcomes(
        models, [item.fields["prompt"] for item in read], [item.fields["category"] for item in read], values
    )


def write(
    workdir: Path, trainer: str, models: Sequence[str], words: Mapping[str, Any], **numbers: NDArray[Any]
) -> None:
    """Write both files of a router, each whole or not at all."""
    write_npz(workdir / NUMBERS, numbers, compressed=True)
    content = {"trainer": trainer, "models": list(models), **words}
    write_atomically(workdir / WORDS, json.dumps(content, indent=1, sort_keys=True) + "\n")


class Router(Model):
    """Base class of routers: a subclass predicts for all models that it knows, and this matches them by name."""

    def known(self) -> Sequence[str]:
        """Return the labels of the models that it knows, in the order of its predictions."""
        raise NotImplementedError

    def predict(self, requests: Sequence[Query]) -> Sequence[FloatArray | Failure]:
        """Return for each question the predicted correctness of every known model, (m,), or why there is none."""
        raise NotImplementedError

    def route(self, requests: Sequence[Query]) -> list[Any]:
        """Return the predicted correctness of the models that each question names, in its order.

        A question that names a model that the router was not trained on fails, and says which.
        """
        places = {label: i for i, label in enumerate(self.known())}
        answers: list[Any] = []
        for request, predicted in zip(requests, self.predict(requests), strict=True):
            unknown = [label for label in request.models if label not in places]
            if unknown:
                known = ", ".join(places)
                answers.append(
                    Failure(f"the router knows nothing of {', '.join(map(repr, unknown))}; it knows {known}")
                )
            elif isinstance(predicted, Failure) or not request.models:
                answers.append(predicted)
            else:
                answers.append(predicted[[places[label] for label in request.models]])
        return answers


class Fitted(Router):
    """A router that a trainer here made; ``path`` is the directory.

    Args:
        path: The directory that the trainer wrote.
    """

    trainer: ClassVar[str]
    """Name of the trainer that writes such directories."""
    places: ClassVar[tuple[str, ...]] = ("path",)
    batch_size = 4096

    def __init__(self, path: str) -> None:
        self.path = path

    def identity(self) -> Mapping[str, object]:
        """Return the hashes of both files.

        Raises:
            UsageError: the directory holds no such router.
        """
        self.words()
        return {name: file_identity(Path(self.path) / name) for name in (NUMBERS, WORDS)}

    def words(self) -> dict[str, Any]:
        """Read the JSON file.

        Raises:
            UsageError: the directory holds no such router, or a damaged one.
        """
        path = Path(self.path) / WORDS
        try:
            words = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise UsageError(
                f"{self.path} holds no trained router; train one: harness train {self.trainer} -t TASK -o DIRECTORY"
            ) from None
        except (OSError, ValueError) as error:
            raise UsageError(f"{path} is damaged: {error}; train it again") from error
        if not isinstance(words, dict) or words.get("trainer") != self.trainer:
            made = words.get("trainer") if isinstance(words, dict) else None
            raise UsageError(f"{self.path} was made by {made or 'another trainer'}, not by {self.trainer!r}")
        return words

    def load(self) -> None:
        """Read the labels and the numbers.

        Raises:
            UsageError: a file is missing or damaged.
        """
        words = self.words()
        self.models: tuple[str, ...] = tuple(words["models"])
        try:
            self.numbers = read_npz(Path(self.path) / NUMBERS)
        except (OSError, DamagedArrays) as error:
            raise UsageError(f"{Path(self.path) / NUMBERS} is damaged: {error}; train it again") from error

    def known(self) -> Sequence[str]:
        """Return the labels of the models that it was trained on."""
        return self.models
