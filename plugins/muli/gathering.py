"""Turns a task's items into a matrix of features on disk, asked for through the one client."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness import Ask, Conversation, Failure, Item, Progress, Response

from .features import DONE, TokenFeature, extract
from .prompts import Prompting

MATRIX = "features.f32"
ASKED_AT_ONCE = 512
"""Number of prompts asked for together: a model orders them itself, and V numbers a prompt are in memory."""


@dataclass(frozen=True)
class TrainingFeatures:
    """The features, labels and groups that a detector is fitted to."""

    matrix: NDArray[np.float32]
    """(n, V), mapped from disk."""
    labels: NDArray[np.int64]
    """(n,) of 0 and 1."""
    groups: list[str | None]
    """(n,); items of one group are near-duplicates. None: the item is a group of its own."""
    failed: list[str]
    """The reasons why prompts were left out, one a prompt that the model could not answer for."""

    def drop(self, workdir: Path) -> None:
        """Delete the matrix: the model's answers are in the store, and the detector does not need it."""
        for name in (MATRIX, MATRIX + DONE):
            (workdir / name).unlink(missing_ok=True)


def gather(
    items: Iterable[Item], workdir: Path, ask: Ask, prompting: Prompting, feature: TokenFeature, progress: Progress
) -> TrainingFeatures:
    """Ask for the next token of every prompt, and write the features.

    Args:
        items: The items of a detection task.
        workdir: The folder of the file of features.
        ask: Asks the base model.
        prompting: The way to put a conversation to the model.
        feature: The feature of each token.
        progress: Called with the number of prompts done.

    Raises:
        ValueError: a label is neither 0 nor 1, a class is missing, or the model answers for no prompt.
    """
    prompts: list[Conversation] = []
    labels: list[int] = []
    groups: list[str | None] = []
    for item in items:
        label = item.fields["label"]
        if label not in (0, 1):
            raise ValueError(f"{item.where}: the label is {label!r}, and must be 0 or 1")
        prompts.append(prompting.of(item.fields["text"]))
        labels.append(int(label))
        groups.append(item.cluster)
    _check_classes(labels)
    extracted = extract(
        workdir / MATRIX,
        len(prompts),
        _width(ask, prompts),
        lambda start, end: _features(ask, prompts[start:end], feature),
        step=ASKED_AT_ONCE,
        told=lambda done: progress(done, prompts=float(done)),
    )
    kept = [i for i in range(len(prompts)) if i not in extracted.failed]
    _check_classes([labels[i] for i in kept])
    return TrainingFeatures(
        extracted.matrix, np.array(labels)[kept], [groups[i] for i in kept], list(extracted.failed.values())
    )


def _check_classes(labels: list[int]) -> None:
    if not 0 < sum(labels) < len(labels):
        raise ValueError(f"it needs texts of both classes, and has {sum(labels)} of {len(labels)} positive")


def _width(ask: Ask, prompts: list[Conversation]) -> int:
    """Return the size of the vocabulary, by the first prompt that the model answers for."""
    for start in range(0, len(prompts), ASKED_AT_ONCE):
        answered = [row for row in ask("next_token", prompts[start : start + 8]) if not isinstance(row, Failure)]
        if answered:
            return len(answered[0])
    reason = ask("next_token", prompts[:1])[0].reason
    raise ValueError(f"the base model answers for none of the prompts; the first reason: {reason}")


def _features(ask: Ask, prompts: list[Conversation], feature: TokenFeature) -> list[NDArray[np.float32] | str]:
    """Return the features of each prompt, or the reason why there are none."""
    return [_features_of(row, feature) for row in ask("next_token", prompts)]


def _features_of(row: Response, feature: TokenFeature) -> NDArray[np.float32] | str:
    if isinstance(row, Failure):
        return str(row.reason)
    try:
        made = feature.of(row).astype(np.float32)
    except ValueError as error:
        return str(error)
    # A row whose first feature is no number is one of a model that says nothing of that token.
    return "the feature of the first token is not a number" if np.isnan(made[0]) else made
