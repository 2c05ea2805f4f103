"""Batches for architectures that cannot run flat rows: deduplicated, of similar lengths, with little padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .tree import SequenceJob

if TYPE_CHECKING:
    from .forward import Engine, Head

WASTE = 0.05
"""Share of a batch that padding may take on an accelerator; on a processor there is none."""


def padded_batches(engine: Engine, jobs: Sequence[SequenceJob], head: Head) -> Iterator[tuple[list[int], Any, Any]]:
    """Run jobs in batches of at most the engine's budget of tokens, longest first.

    Yields:
        (jobs finished, slots, values).
    """
    twins: dict[tuple[bytes, int], list[int]] = {}
    for i, job in enumerate(jobs):
        twins.setdefault((job.tokens.tobytes(), job.second), []).append(i)
    groups = sorted(twins.values(), key=lambda group: -len(jobs[group[0]].tokens))
    at = 0
    while at < len(groups):
        batch = _batch(groups, at, jobs, engine)
        at += len(batch)
        slots, values = _run(engine, batch, jobs, head)
        yield [i for group in batch for i in group], slots, values


def _batch(groups: Sequence[list[int]], at: int, jobs: Sequence[SequenceJob], engine: Engine) -> Sequence[list[int]]:
    """Take the next groups that go together: the longest come first, so that memory runs out at once if it does."""
    waste = 0.0 if engine.device.type == "cpu" else WASTE
    longest, filled, end = len(jobs[groups[at][0]].tokens), 0, at
    while end < len(groups):
        size = len(jobs[groups[end][0]].tokens)
        wide = (end + 1 - at) * longest
        if end > at and (wide > engine.budget or wide - (filled + size) > waste * wide):
            break
        filled, end = filled + size, end + 1
    return groups[at:end]


def _run(engine: Engine, batch: Sequence[list[int]], jobs: Sequence[SequenceJob], head: Head) -> tuple[Any, Any]:
    import torch

    width = len(jobs[batch[0][0]].tokens)
    tokens = np.full((len(batch), width), engine.pad, dtype=np.int64)
    mask = np.zeros((len(batch), width), dtype=np.int64)
    types = np.zeros_like(mask)
    at_rows, at_positions, slots = [], [], []
    for row, group in enumerate(batch):
        size = len(jobs[group[0]].tokens)
        tokens[row, :size] = jobs[group[0]].tokens
        mask[row, :size] = 1
        if jobs[group[0]].second:
            types[row, jobs[group[0]].second : size] = 1
        for i in group:
            at_rows.append(np.full(len(jobs[i].slots), row))
            at_positions.append(jobs[i].positions)
            slots.append(jobs[i].slots)
    rows, positions, names = np.concatenate(at_rows), np.concatenate(at_positions), np.concatenate(slots)
    arguments = {"attention_mask": mask}
    if any(jobs[group[0]].second for group in batch):
        arguments["token_type_ids"] = types
    with torch.inference_mode():
        hidden = engine.forward(
            torch.from_numpy(tokens), **{k: torch.from_numpy(v).to(engine.device) for k, v in arguments.items()}
        )
        if not len(names):
            return names, None
        if hidden.ndim == 2:  # one vector a sequence
            return names, head(hidden, rows, names)
        places, which = np.unique(rows * width + positions, return_inverse=True)
        return names, head(hidden.flatten(0, 1)[torch.from_numpy(places).to(engine.device)], which, names)
