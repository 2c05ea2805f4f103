"""Distils a judge's verdicts into data: nearest neighbours of an embedder are pairs, and the judge labels them.

This is the method of arXiv 2402.01173, which asks a language model about the three nearest neighbours of each prompt.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness import Failure, FloatArray, UsageError

from .hard_pairs import unit
from .prompt_sets import PromptSet, read_prompts
from .reuse import Reuse
from .same_answer import SameAnswer
from .vectors import ask_for_vectors, resolve_embedder

if TYPE_CHECKING:
    from harness import Registry, Task

_BLOCK = 500


@dataclass(frozen=True, slots=True)
class Distilled:
    """What a judge said of candidate pairs."""

    rows: list[dict[str, Any]]
    failed: int
    """Pairs on which there was no verdict; they are no rows."""
    first_reason: str
    """Why, of the first of them."""


def neighbours(
    vectors: FloatArray, count: int, least: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
    """Return the pairs i < j of which one is among the ``count`` nearest of the other: (i, j, cosine), each pair once.

    Args:
        vectors: (n, d).
        count: Neighbours of each.
        least: Cosine that a pair must reach.
    """
    units = unit(np.asarray(vectors, dtype=np.float32))
    found: dict[tuple[int, int], float] = {}
    for start in range(0, len(units), _BLOCK):
        cosines = units[start : start + _BLOCK] @ units.T
        rows = np.arange(len(cosines))
        cosines[rows, rows + start] = -np.inf
        for row in rows.tolist():
            order = np.argsort(-cosines[row], kind="stable")[:count]
            for other in order.tolist():
                if cosines[row, other] >= least:
                    i, j = sorted((row + start, other))
                    found.setdefault((i, j), float(cosines[row, other]))
    pairs = np.array(sorted(found), dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1], np.array([found[i, j] for i, j in pairs.tolist()])


def prompts_of(task: Task, split: str) -> PromptSet:
    """Read the prompts of a task's split.

    Raises:
        UsageError: there is no such split, or it has pairs.
        DataError: they cannot be read.
    """
    if split not in task.splits:
        raise UsageError(f"{task.name} has no split {split!r}; it has: {', '.join(task.splits)}")
    if not isinstance(task, SameAnswer):
        return read_prompts(task.items(split), task.name, unknown=True)
    prompts = task.prompts(split)
    if prompts is None:
        raise UsageError(f"{task.name} holds pairs; name a task of single prompts, whose neighbours shall be judged")
    return prompts


def distil(
    registry: Registry,
    store: Path | None,
    prompts: PromptSet,
    embedder: str,
    judge: str,
    *,
    count: int = 3,
    least: float = -1.0,
) -> Distilled:
    """Ask a judge about the nearest neighbours of every prompt, through the store: nothing is asked twice.

    Args:
        registry: Where names are looked up.
        store: The store; None: the usual one.
        prompts: The prompts.
        embedder: Specification of what finds neighbours.
        judge: Specification of what offers ``reuse``, perhaps through adapters.
        count: Neighbours of each prompt.
        least: Cosine that a pair must reach.

    Raises:
        UsageError: a model cannot be asked, or no pair is near enough.
    """
    from harness.names import resolve_model
    from harness.results import models_folder, store_path
    from harness.running import Runner
    from harness.store import Store

    near = resolve_embedder(registry, embedder, "distil")
    folder = models_folder(store_path(registry, store))
    says = resolve_model(registry, judge, models_folder=folder)
    if "reuse" not in says.offers:
        raise UsageError(
            f"distil: {judge} does not offer reuse; it offers: {', '.join(says.offers)}. Ask a language model as "
            "reuse-judge:base=[MODEL], another through an adapter: gated-reuse:base=[MODEL]"
        )
    with Store(store_path(registry, store)) as opened:
        client = Runner(registry, opened).client()
        vectors = _asked(client, near, lambda ask: ask_for_vectors(ask, prompts.texts))
        first, second, cosine = neighbours(vectors, count, least)
        if not len(first):
            raise UsageError(f"distil: no two of {len(prompts)} prompts have a cosine of at least {least:g}")
        asked = [
            Reuse(prompts.texts[j], prompts.texts[i], prompts.responses[i])
            for i, j in zip(first.tolist(), second.tolist(), strict=True)
        ]
        given: Sequence[Any] = _asked(client, says, lambda ask: ask("reuse", asked))
    rows, reasons = [], []
    for i, j, near_, answer in zip(first.tolist(), second.tolist(), cosine.tolist(), given, strict=True):
        if isinstance(answer, Failure):
            reasons.append(answer.reason)
            continue
        row = {"id": f"{prompts.ids[i]}+{prompts.ids[j]}", "first": prompts.texts[i], "second": prompts.texts[j]}
        answers = {"first_answer": prompts.responses[i], "second_answer": prompts.responses[j]}
        row |= {name: text for name, text in answers.items() if text}
        rows.append({**row, "label": float(answer), "cosine": round(near_, 6), "judge": says.label})
    return Distilled(rows, len(reasons), reasons[0] if reasons else "")


def _asked(client: Any, handle: Any, ask: Callable[[Any], Any]) -> Any:
    ready = handle.ready
    try:
        return ask(ready.as_part(partial(client.ask, ready)))
    except ValueError as error:
        raise UsageError(f"distil: {error}") from error


def lines_of(distilled: Distilled) -> str:
    """Return the rows as JSONL."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in distilled.rows)
