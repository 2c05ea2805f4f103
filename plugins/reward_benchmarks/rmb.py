"""RMB's files: one JSON file a scenario, in folders by goal, in a copy of the authors' repository.

The repository's folder ``RMB_dataset`` is expected below ``$HARNESS_DATA/rmb``:

    RMB_dataset/Pairwise_set/Helpfulness/Chat/Discussion.json       RMB_dataset/Pairwise_set/Harmlessness/S1.json
    RMB_dataset/BoN_set/Helpfulness/Chat/Discussion.json            RMB_dataset/BoN_set/Harmlessness/S1.json
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import DataError
from harness.tasks import MIRROR_VARIABLE, FileSource

REPOSITORY = "https://github.com/Zhou-Zoey/RMB-Reward-Model-Benchmark"


def pairwise(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield rows of the pairwise set: ``pair_uid``, ``conversation_input``, ``chosen.answer``, ``reject.answer``.

    Raises:
        DataError: there is no copy, or a file of it is broken.
    """
    return _rows("Pairwise_set")


def best_of_n(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield rows of the best-of-N set: ``bon_uid``, ``conversation_input``, ``bon_best.answer``; ``losers``, a list.

    Raises:
        DataError: there is no copy, or a file of it is broken.
    """
    for row in _rows("BoN_set"):
        losers = row.get("loser_list")
        if isinstance(losers, list) and all(isinstance(loser, Mapping) for loser in losers):
            yield {**row, "losers": [loser.get("answer") for loser in losers]}
        else:
            yield row


def _rows(name: str) -> Iterator[Mapping[str, Any]]:
    """Yield rows of all scenarios of a set, with ``scenario`` and ``goal`` by the file's place."""
    folder = _folder(name)
    paths = sorted(folder.rglob("*.json"))
    if not paths:
        raise DataError(f"{folder}: no scenario (a .json file) in it; copy RMB_dataset whole from {REPOSITORY}")
    for path in paths:
        scenario = path.relative_to(folder).with_suffix("").as_posix()
        for row in FileSource(path).rows():
            yield {**row.values, "scenario": scenario, "goal": scenario.partition("/")[0]}


def _folder(name: str) -> Path:
    root = os.environ.get(MIRROR_VARIABLE)
    where = f"clone {REPOSITORY} to ${MIRROR_VARIABLE}/rmb"
    if not root:
        raise DataError(f"RMB is read from a copy of its repository: set {MIRROR_VARIABLE} to a folder, and {where}")
    folder = Path(root) / "rmb" / "RMB_dataset" / name
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; {where}")
    return folder
