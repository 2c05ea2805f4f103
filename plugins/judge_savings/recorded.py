"""A comparison over recorded battles: how early it would have stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .battles import read_battles
from .command import document_of
from .deciding import UNDECIDED, Deciding, order_of, portions


def over_battles(
    path: Path, first: str, second: str, *, seed: int, alpha: float, smallest: float | None, beyond: bool
) -> dict[str, Any]:
    """Read battles of two models in a drawn order until it is decided; a prompt's battles count as one call.

    Raises:
        UsageError: as of `read_battles`.
    """
    credit = read_battles(path, first, second)
    keys = list(credit)
    order = order_of(keys, seed)
    deciding = Deciding(len(keys), alpha, smallest, beyond)
    for part in portions(len(keys)):
        if deciding.add([credit[keys[at]] for at in order[part]]) != UNDECIDED:
            break
    return document_of(deciding, first, second, calls=len(deciding.seen), all_calls=len(keys))
