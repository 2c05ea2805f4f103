"""How many tokens evaluated language models read and wrote for each item, from their answers in a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from harness import Completion, FloatArray, Item, Registry, Task
from harness.names import Capabilities
from harness.running import stage_requests
from harness.store import CellRecord, StoreReader, read_responses

_AT_ONCE = 500
"""Items whose answers are in memory together."""


def tokens_of(
    reader: StoreReader, registry: Registry, task: Task, items: Mapping[str, Item], cell: CellRecord
) -> dict[str, FloatArray]:
    """Return the prompt and completion tokens of each item, (2,), by id; those that nobody counted are left out.

    Tokens are known of tasks with one stage that asks the model itself for completions, where its server or tokenizer
    counted them.
    """
    if len(cell.asked) != 1 or cell.asked[0].capability != "generate" or cell.asked[0].adapters:
        return {}
    stage = cell.asked[0]
    capability = Capabilities(registry)["generate"]
    found: dict[str, FloatArray] = {}
    listed = list(items.values())
    for first in range(0, len(listed), _AT_ONCE):
        keys = {
            item.id: [
                key
                for request in stage_requests(task, item, 0, "generate", ())
                for key in capability.keys(request, listwise=stage.listwise, by_origin=stage.by_origin)
            ]
            for item in listed[first : first + _AT_ONCE]
        }
        filed = read_responses(reader, stage.fingerprint, capability, [key for own in keys.values() for key in own])
        for id_, own in keys.items():
            counted = [_tokens(filed[key].value) if key in filed else None for key in own]
            if counted and all(one is not None for one in counted):
                found[id_] = np.sum([one for one in counted if one is not None], axis=0)
    return found


def _tokens(response: object) -> FloatArray | None:
    """Return the tokens of a response; None where one of its completions was not counted."""
    if not isinstance(response, Sequence) or not response:
        return None
    counted = []
    for one in response:
        if not isinstance(one, Completion) or one.prompt_tokens is None or one.completion_tokens is None:
            return None
        counted.append((one.prompt_tokens, one.completion_tokens))
    return np.array([counted[0][0], sum(written for _, written in counted)], dtype=np.float64)
