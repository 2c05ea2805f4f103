"""Prompts with what answers them, of any task: what pairs are made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import BadItem, Conversation, DataError, Item

from .answers import answer_set, groups_of_answers

PROMPT_FIELDS = ("prompt", "text", "question", "query")
"""Names of the field that holds a prompt, in the order in which they are looked for."""
GROUP_FIELDS = ("group", "intent")
ANSWER_FIELDS = ("answers", "answer")


@dataclass(frozen=True, slots=True)
class PromptSet:
    """Prompts, and which of them one response serves."""

    ids: list[str]
    texts: list[str]
    groups: list[str]
    """Prompts of two groups share no answer; of one group they do, or are linked by answers of others."""
    answers: list[frozenset[str]] | None
    """Normalised answers, by which two prompts are the same if they have one in common; None: by group."""
    responses: list[str]
    """The first answer of each as it is written; empty where it is not known."""

    def __len__(self) -> int:
        return len(self.texts)

    def same(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell for pairs of indices, (n,) each, whether one response serves both."""
        codes = np.unique(np.array(self.groups, dtype=object).astype(str), return_inverse=True)[1]
        alike = np.asarray(codes[first] == codes[second])
        if self.answers is not None:
            for k in np.flatnonzero(alike):  # of two groups no pair has an answer in common
                alike[k] = not self.answers[first[k]].isdisjoint(self.answers[second[k]])
        return alike

    def digest(self) -> str:
        """Hash everything that pairs depend on."""
        answers = None if self.answers is None else [sorted(own) for own in self.answers]
        content = json.dumps([self.ids, self.texts, self.groups, answers], ensure_ascii=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def take(self, rows: Sequence[int]) -> PromptSet:
        """Return some of the prompts."""
        answers = None if self.answers is None else [self.answers[i] for i in rows]
        ids, texts, groups, responses = (
            [own[i] for i in rows] for own in (self.ids, self.texts, self.groups, self.responses)
        )
        return PromptSet(ids, texts, groups, answers, responses)


def read_prompts(items: Iterable[Item | BadItem], task: str, *, unknown: bool = False) -> PromptSet:
    """Read the prompts of items that have a prompt, and a group or answers.

    Args:
        items: The items.
        task: Whose, for messages.
        unknown: Whether nothing need say what answers a prompt: it then shares no response with another.

    Raises:
        DataError: an item has no prompt, or nothing says what answers it; or there are none.
    """
    ids: list[str] = []
    texts: list[str] = []
    groups: list[str | None] = []
    answers: list[frozenset[str] | None] = []
    responses: list[str] = []
    for item in items:
        if isinstance(item, BadItem):
            raise DataError(f"{item.where}: {item.problem}")
        prompt = _first_of(item.fields, PROMPT_FIELDS)
        if prompt is None:
            raise DataError(f"{item.where or item.id}: no prompt; {task} has none of {', '.join(PROMPT_FIELDS)}")
        group, own = _first_of(item.fields, GROUP_FIELDS), _first_of(item.fields, ANSWER_FIELDS)
        if group is None and own is None and not unknown:
            expected = ", ".join((*GROUP_FIELDS, *ANSWER_FIELDS))
            raise DataError(
                f"{item.where or item.id}: nothing says what answers the prompt; expected one of {expected}"
            )
        ids.append(item.id)
        texts.append(prompt.text if isinstance(prompt, Conversation) else str(prompt))
        groups.append(None if group is None else str(group))
        listed = [] if own is None else list(map(str, own)) if isinstance(own, list | tuple) else [str(own)]
        answers.append(None if own is None or group is not None else answer_set(listed))
        # a single "answer" may be the id of one, which a verifier could make nothing of
        first = listed[0] if listed and item.fields.get("answers") else ""
        responses.append(str(item.fields.get("response") or first))
    if not ids:
        raise DataError(f"{task}: there are no prompts")
    return _joined(ids, texts, groups, answers, responses, task)


def _joined(
    ids: list[str],
    texts: list[str],
    groups: list[str | None],
    answers: list[frozenset[str] | None],
    responses: list[str],
    task: str,
) -> PromptSet:
    named = [group for group in groups if group is not None]
    if named and any(own is not None for own in answers):
        raise DataError(f"{task}: some prompts have a group, others answers; give all of them one or the other")
    if named or all(own is None for own in answers):
        alone = [group if group is not None else f"{id_} alone" for group, id_ in zip(groups, ids, strict=True)]
        return PromptSet(ids, texts, alone, None, responses)
    sets = [frozenset() if own is None else own for own in answers]  # without an answer it shares none
    return PromptSet(ids, texts, groups_of_answers(sets), sets, responses)


def _first_of(fields: Any, names: Sequence[str]) -> Any:
    return next((fields[name] for name in names if fields.get(name) not in (None, "")), None)
