"""RouterArena's prediction files: in, as recorded choices, and out, as what a router chose."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import DataError
from harness.files import read_text


def predictions(path: Path, task: str, suffix: str = "") -> Iterator[Mapping[str, Any]]:
    """Yield recorded choices of a file of RouterArena: a list with ``global index`` and ``prediction``.

    Entries that are marked ``for_optimality`` are no choices of the router, and are counted in a note.

    Args:
        path: The file.
        task: Name of the task whose items have these ids.
        suffix: What the task's ids have behind the index, such as ``/rephrased`` for the robustness file.

    Raises:
        DataError: the file is not of the form, or chooses twice for one question.
    """
    try:
        content = json.loads(read_text(path))
    except ValueError as error:
        raise DataError(f"{path}: not valid JSON: {error}") from None
    if not isinstance(content, list):
        raise DataError(f"{path}: expected a list of predictions, got {type(content).__name__}")
    passed, seen = 0, set()
    for number, entry in enumerate(content):
        where = f"{path} entry {number}"
        if not isinstance(entry, dict):
            raise DataError(f"{where}: expected an object, got {type(entry).__name__}")
        if entry.get("for_optimality"):
            passed += 1
            continue
        index = entry.get("global index", entry.get("global_index"))
        chosen = entry.get("prediction")
        if not isinstance(index, (str, int)) or (chosen is not None and not isinstance(chosen, str)):
            raise DataError(f"{where}: expected a 'global index' and a 'prediction', which is the name of a model")
        if index in seen:
            raise DataError(f"{where}: the question {index!r} has a prediction already")
        seen.add(index)
        yield {"task": task, "id": f"{index}{suffix}", "chosen": chosen or None}
    if passed:
        yield {"note": f"{path}: {passed} entries for optimality are no choices of the router, and are left out"}


def entry_of(id_: str, prompt: Any, label: str, cost: float | None, outcome: float | None) -> dict[str, Any]:
    """Return an entry of such a file, in the order of its keys.

    Args:
        id_: The question's id.
        prompt: Its text, or messages.
        label: The chosen model.
        cost: USD; None where unknown.
        outcome: In [0, 1]; None where unknown.
    """
    return {
        "global index": id_,
        "prompt": prompt,
        "prediction": label,
        "generated_result": None,
        "cost": cost,
        "accuracy": outcome,
        "for_optimality": False,
    }
