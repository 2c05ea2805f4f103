"""The rows of a curated set, in PPE's schema."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness import Completion, Conversation, Item

from .checker import CheckResult
from .settings import CurationSettings


@dataclass(frozen=True, slots=True)
class SampledPrompt:
    """A prompt, all samples of one generator, and the checker's verdict on each sample."""

    item: Item
    model: str
    completions: Sequence[Completion]
    checked: Sequence[CheckResult]
    temperatures: Sequence[float]

    @property
    def mean_score(self) -> float:
        """Return the share of correct samples."""
        return sum(c.correct for c in self.checked) / len(self.checked)


def make_row(sampled: SampledPrompt, settings: CurationSettings, task: str) -> dict[str, Any]:
    """Make a row of a prompt with its responses: PPE's columns, and the origin of each.

    ``conflict_pairs`` lists all pairs (i, j), i < j, counted from 0, with one correct and one wrong response;
    ``sampled_conflict_pairs`` lists some of these pairs, each in a random order. ``question_id`` is the SHA-1 of
    everything else.
    """
    scores = [c.correct for c in sampled.checked]
    pairs = conflict_pairs(scores)
    draw = random.Random(f"{settings.seed}:{sampled.model}:{sampled.item.id}:pairs")
    chosen = sorted(draw.sample(pairs, min(settings.pairs, len(pairs))))
    row: dict[str, Any] = {
        "model_name": sampled.model,
        "prompt": _prompt(sampled.item.fields["prompt"]),
        **{f"response_{i}": completion.text for i, completion in enumerate(sampled.completions, start=1)},
        "scores": scores,
        "mean_score": sampled.mean_score,
        "conflict_pairs": [list(pair) for pair in pairs],
        "sampled_conflict_pairs": [[i, j] if draw.random() < 0.5 else [j, i] for i, j in chosen],
        "parsed_outputs": [c.parsed for c in sampled.checked],
        "temperatures": list(sampled.temperatures),
        "reference": sampled.item.fields["reference"],
        "source_task": task,
        "source_id": sampled.item.id,
    }
    return {"question_id": hashlib.sha1(encode(row)).hexdigest(), **row}


def encode(row: dict[str, Any]) -> bytes:
    """Write a row as one line of JSON; lone surrogates, which models do write, become escapes."""
    return json.dumps(row, ensure_ascii=True, default=str).encode()


def conflict_pairs(scores: Sequence[bool]) -> list[tuple[int, int]]:
    """List all (i, j), i < j, whose labels differ."""
    return [(i, j) for i in range(len(scores)) for j in range(i + 1, len(scores)) if scores[i] != scores[j]]


def _prompt(prompt: Conversation) -> Any:
    """Return a single user message as its text, anything longer as messages."""
    messages = prompt.messages
    if len(messages) == 1 and messages[0].role == "user":
        return messages[0].content
    return [{"role": message.role, "content": message.content} for message in messages]
