"""From a task's items to a matrix of features on disk, asked for through the one door."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness import Conversation, Failure, Item
from harness.trainer import Ask, Progress

from .features import Feature, extract
from .prompts import Prompting

MATRIX = "features.f32"
ASKED_AT_ONCE = 512
"""Prompts asked for together: a model orders them itself, and V numbers a prompt are in memory."""


@dataclass(frozen=True)
class Gathered:
    """What a detector is fitted to."""

    matrix: NDArray[np.float32]
    """(n, V), mapped from disk."""
    labels: NDArray[np.int64]
    """(n,) of 0 and 1."""
    groups: list[str | None]
    """(n,); items of one group are near-duplicates. None: an item of its own."""
    failed: list[str]
    """Why prompts were left out: the model could not answer for them."""

    def drop(self, workdir: Path) -> None:
        """Delete the matrix: the model's answers are in the store, and the detector does not need it."""
        for name in (MATRIX, MATRIX + ".done"):
            (workdir / name).unlink(missing_ok=True)


def gather(
    items: Iterable[Item], workdir: Path, ask: Ask, prompting: Prompting, feature: Feature, progress: Progress
) -> Gathered:
    """Ask for the next token of every prompt, and write the features.

    Raises:
        ValueError: a label is no 0 or 1, or a class is missing.
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
    failed: list[str] = []
    matrix = extract(
        workdir / MATRIX,
        len(prompts),
        _width(ask, prompts, feature),
        lambda start, end: _features(ask, prompts[start:end], feature, failed),
        step=ASKED_AT_ONCE,
        told=lambda done: progress(done, prompts=float(done)),
    )
    kept = _compacted(matrix, workdir)
    _check_classes([labels[i] for i in kept])
    left = sorted(set(range(len(labels))) - set(kept))
    if len(failed) < len(left):  # some were asked before an interruption
        failed = _reasons(ask, [prompts[i] for i in left], feature)
    return Gathered(matrix[: len(kept)], np.array(labels)[kept], [groups[i] for i in kept], failed)


def _reasons(ask: Ask, prompts: list[Conversation], feature: Feature) -> list[str]:
    """Why the model does not answer for these; what failed is asked again."""
    found: list[str] = []
    for row, prompt in zip(_features(ask, prompts, feature, found), prompts, strict=True):
        if row is not None:
            found.append(f"not answered before an interruption: {prompt.text[:40]!r}")
    return found


def _check_classes(labels: list[int]) -> None:
    if not 0 < sum(labels) < len(labels):
        raise ValueError(f"it needs texts of both classes, and has {sum(labels)} of {len(labels)} positive")


def _width(ask: Ask, prompts: list[Conversation], feature: Feature) -> int:
    """V, of the first prompt that the model answers for."""
    for start in range(0, len(prompts), ASKED_AT_ONCE):
        answered = [row for row in ask("next_token", prompts[start : start + 8]) if not isinstance(row, Failure)]
        if answered:
            return len(answered[0])
    reason = ask("next_token", prompts[:1])[0].reason
    raise ValueError(f"the base model answers for none of the prompts; the first reason: {reason}")


def _features(
    ask: Ask, prompts: list[Conversation], feature: Feature, failed: list[str]
) -> list[NDArray[np.float32] | None]:
    """Features of each prompt, or None."""
    rows: list[NDArray[np.float32] | None] = []
    for row in ask("next_token", prompts):
        try:
            problem = row.reason if isinstance(row, Failure) else ""
            made = None if problem else feature.of(row).astype(np.float32)
        except ValueError as error:
            made, problem = None, str(error)
        if problem:
            failed.append(problem)
        rows.append(made)
    return rows


def _compacted(matrix: NDArray[np.float32], workdir: Path) -> list[int]:
    """Move the rows that there are to the front; their numbers."""
    kept = [i for i in range(len(matrix)) if not np.isnan(matrix[i, 0])]
    if len(kept) < len(matrix):
        # Killed in between, the matrix would be neither whole nor compact: then it is made again, from the store.
        (workdir / (MATRIX + ".done")).unlink()
        for place, number in enumerate(kept):
            if place != number:
                matrix[place] = matrix[number]
    return kept
