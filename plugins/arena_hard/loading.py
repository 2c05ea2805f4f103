"""Rows of Arena-Hard: prompts joined with the baselines' answers, from files as the hub lays them out.

Files are looked for below ``$HARNESS_DATA``, as ``lmarena-ai/arena-hard-auto/data/...`` or, where the prompts and
answers were gathered, ``alignment/arena_hard/``; else they are fetched from the hub. None is part of this package.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from harness import DataError, OneOf
from harness.tasks import MIRROR_VARIABLE, FileSource

HUB = "lmarena-ai/arena-hard-auto"
BASELINES: Mapping[tuple[str, str], str] = {
    ("v0.1", "arena-hard-v0.1"): "gpt-4-0314",
    ("v2.0", "hard_prompt"): "o3-mini-2025-01-31",
    ("v2.0", "creative_writing"): "gemini-2.0-flash-001",
}
"""The model that answers are held against, by version and category of the prompt."""
_GATHERED = {
    "question": "alignment/arena_hard/question_{version}.jsonl.gz",
    "answer": "alignment/arena_hard/answers_{version}_gpt.jsonl.gz",
}


def prompts(
    split: str,
    version: Annotated[str, OneOf("v0.1", "v2.0")] = "v0.1",
    category: Annotated[str, OneOf("", "hard_prompt", "creative_writing")] = "",
    baseline: str = "",
) -> Iterator[Mapping[str, Any]]:
    """Yield prompts with the baseline's answer, the category, and the cluster of prompts they were drawn from.

    A prompt that the baseline has no answer to is yielded without one, and is no item.

    Args:
        split: Ignored: there is one.
        version: ``v0.1`` (500 prompts) or ``v2.0`` (750).
        category: Of v2.0, the only one to yield; empty: all.
        baseline: A model whose answers are taken in place of the published baseline's.

    Raises:
        DataError: a file is not at hand, or a row is not of the form; names the line.
    """
    answers: dict[str, dict[str, str]] = {}
    for row in _rows(_file("question", version)):
        id_, prompt, kind = _prompt(row.where, row.values)
        if category and kind != category:
            continue
        name = baseline or BASELINES.get((version, kind), "")
        if not name:
            raise DataError(f"{row.where}: no baseline is known for the category {kind!r} of {version}")
        if name not in answers:
            answers[name] = answers_of(_file("answer", version, name), name)
        yield {
            "id": id_,
            "prompt": prompt,
            "baseline": answers[name].get(id_),
            "category": kind,
            "subcategory": row.values.get("subcategory") or kind,
            "topic": row.values.get("cluster") or row.values.get("subcategory") or kind,
        }


def answers_of(path: Path, model: str) -> dict[str, str]:
    """Return a model's answers by prompt, from a file in one of Arena-Hard's forms.

    Args:
        path: JSONL of v0.1 (``choices``), of v2 (``messages``), or of answers by model (``answers``).
        model: The model.

    Raises:
        DataError: a row is of none of the forms, or there is no answer; names the line.
    """
    found: dict[str, str] = {}
    for row in _rows(path):
        id_ = row.values.get("question_id") or row.values.get("uid")
        said, text = _answer(row.values, model)
        if not id_ or not said:
            raise DataError(
                f"{row.where}: no answer in it: expected 'question_id' or 'uid', and 'choices', 'messages' or 'answers'"
            )
        if str(id_) in found:
            raise DataError(f"{row.where}: the prompt {id_} has an answer already")
        if text is not None:
            found[str(id_)] = text
    if not found:
        raise DataError(f"{path}: no answer of {model!r} in it")
    return found


def _answer(values: Mapping[str, Any], model: str) -> tuple[bool, str | None]:
    """Return whether a row is of one of the forms, and the answer; None where it has none of this model."""
    try:
        if "answers" in values:
            text = values["answers"].get(model)
        elif "choices" in values:
            text = values["choices"][0]["turns"][0]["content"]
        else:
            text = values["messages"][-1]["content"]
        if isinstance(text, Mapping):  # v2 keeps the answer apart from what the model thought
            text = text["answer"]
    except (LookupError, TypeError, AttributeError):
        return False, None
    return isinstance(text, str | None), text


def _prompt(where: str, values: Mapping[str, Any]) -> tuple[str, str, str]:
    id_, prompt = values.get("uid") or values.get("question_id"), values.get("prompt")
    if prompt is None:  # older files of v0.1
        turns = values.get("turns")
        first = turns[0] if isinstance(turns, list) and turns else None
        prompt = first.get("content") if isinstance(first, Mapping) else first
    if not id_ or not isinstance(prompt, str):
        raise DataError(f"{where}: expected 'uid' and 'prompt', which is a text")
    return str(id_), prompt, str(values.get("category") or "")


def _rows(path: Path) -> Iterator[Any]:
    for row in FileSource(path).rows():
        if row.problem:
            raise DataError(f"{row.where}: {row.problem}")
        yield row


def _file(what: str, version: str, model: str = "") -> Path:
    """Return a file of prompts or answers: below ``$HARNESS_DATA``, else from the hub.

    Raises:
        DataError: it is at neither place; says what to get and where to put it.
    """
    name = f"data/arena-hard-{version}/" + (f"model_answer/{model}.jsonl" if model else "question.jsonl")
    root = os.environ.get(MIRROR_VARIABLE)
    gathered = _GATHERED[what].format(version=version)
    if root:
        for place in (Path(root) / HUB / name, Path(root) / gathered):
            if place.is_file():
                return place
    where = f"it is not below ${MIRROR_VARIABLE} ({root})" if root else f"${MIRROR_VARIABLE} is not set"
    try:
        from huggingface_hub import hf_hub_download

        return Path(hf_hub_download(HUB, name, repo_type="dataset"))
    except Exception as error:  # of the network, of the hub, or because nothing may be fetched
        raise DataError(
            f"{name} of the data set {HUB} is needed: {where}, and the hub gave none ({type(error).__name__}); get "
            f"it by: "
            f"hf download {HUB} {name} --repo-type dataset --local-dir ${MIRROR_VARIABLE}/{HUB}"
        ) from None
