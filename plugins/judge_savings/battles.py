"""Recorded battles of two models: what was said of each prompt, without asking anybody."""

from __future__ import annotations

import math
from pathlib import Path

from harness import UsageError
from harness.tasks import FileSource

CREDIT = {"model_a": 1.0, "model_b": 0.0, "tie": 0.5}
NAN = math.nan
PROMPTS = ("question_id", "prompt", "index", "id")


def read_battles(path: Path, first: str, second: str) -> dict[str, float]:
    """Return the credit of the first model by prompt, the mean of the battles on it; NaN where one has no verdict.

    Rows hold ``model_a``, ``model_b``, the prompt's id as ``question_id``, ``prompt``, ``index`` or ``id``, and
    ``winner``: ``model_a``, ``model_b``, ``tie``, or nothing where no verdict could be read.

    Raises:
        UsageError: a row that is none, or no battle of the two; names line and key.
    """
    if first == second:
        raise UsageError(f"{first} cannot meet itself: name two models")
    found: dict[str, list[float]] = {}
    models: dict[str, None] = {}
    for row in FileSource(path).rows():
        if row.problem:
            raise UsageError(f"{row.where}: {row.problem}")
        names = tuple(str(row.values.get(key) or "") for key in ("model_a", "model_b"))
        if not all(names):
            raise UsageError(f"{row.where}: 'model_a' and 'model_b' must name the two models")
        models |= dict.fromkeys(names)
        if set(names) != {first, second}:
            continue
        key = next((str(row.values[name]) for name in PROMPTS if row.values.get(name) not in (None, "")), "")
        if not key:
            raise UsageError(f"{row.where}: no id of the prompt; expected one of {', '.join(PROMPTS)}")
        credit = _credit(row.values.get("winner"), row.where)
        found.setdefault(key, []).append(credit if names[0] == first else 1.0 - credit)
    if not found:
        raise UsageError(
            f"{path}: no battle of {first} and {second}; it holds {len(models)} models, among them "
            f"{', '.join(sorted(models)[:5])}"
        )
    # A battle without a verdict takes its prompt with it: the other order would bring its advantage.
    return {key: sum(said) / len(said) for key, said in found.items()}


def _credit(winner: object, where: str) -> float:
    if winner in (None, "") or (isinstance(winner, float) and math.isnan(winner)):
        return NAN
    if not isinstance(winner, str) or winner not in CREDIT:
        raise UsageError(f"{where}: 'winner' is {winner!r}; expected {', '.join(CREDIT)}, or nothing: no verdict")
    return CREDIT[winner]
