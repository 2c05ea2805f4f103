"""What the options of a routing task must be, whatever its data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness import ConfigurationError
from harness.errors import did_you_mean


def check_options(name: str, settings: Mapping[str, Any], splits: Sequence[str]) -> None:
    """Make sure that options can be obeyed.

    Args:
        name: Of the task.
        settings: Its options.
        splits: Its splits.

    Raises:
        ConfigurationError: they cannot.
    """
    for said in (_of_models(settings["models"]), _of_scale(settings["scale"]), _of_shares(settings["shares"], splits)):
        if said:
            raise ConfigurationError(f"{name}: {said}")


def _of_models(models: Sequence[str]) -> str:
    twice = next((label for i, label in enumerate(models) if label in models[:i]), None)
    if twice is not None:
        return f"the option 'models' names {twice!r} twice"
    return f"the option 'models' names {models[0]!r} only: there is nothing to choose" if len(models) == 1 else ""


def _of_scale(scale: Sequence[float]) -> str:
    fine = not scale or (len(scale) == 2 and scale[0] < scale[1] and all(map(math.isfinite, scale)))
    return "" if fine else f"the option 'scale' is {list(scale)}; expected [lowest, highest]"


def _of_shares(shares: Mapping[str, float], splits: Sequence[str]) -> str:
    for split in shares:
        if split not in splits:
            known = did_you_mean(split, splits) or f"; the data have {', '.join(splits)}"
            return f"the option 'shares' names a split {split!r} that the data do not have{known}"
    if shares and (without := [split for split in splits if split not in shares]):
        return f"the option 'shares' has no entry {without[0]!r}; it has {', '.join(shares)}"
    total = sum(shares.values())
    return f"the option 'shares' gives away {total:g}, which is over 1" if total > 1 + 1e-9 else ""
