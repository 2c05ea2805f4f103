"""Rows of MT-Bench, one for each question and turn, from files as FastChat has them, or from the hub.

``alignment/mt_bench/question.jsonl`` and ``reference_answer_gpt-4.jsonl`` are looked for below ``$HARNESS_DATA``; else
``HuggingFaceH4/mt_bench_prompts`` is read, there or on the hub. None is part of this package.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import DataError
from harness.tasks import MIRROR_VARIABLE, FileSource, hub_source

from .asking import WITH_REFERENCE

HUB = "HuggingFaceH4/mt_bench_prompts"
FOLDER = "alignment/mt_bench"


def questions(split: str, path: str = "", references: str = "", baseline: str = "") -> Iterator[Mapping[str, Any]]:
    """Yield a row for each question and turn; one whose category needs a reference and has none is no item.

    Args:
        split: Ignored: there is one.
        path: ``question.jsonl`` as FastChat has it. Default: see the module.
        references: A file of answers as FastChat has them (``choices``), by which mathematics, code and reasoning are
            judged. Default: ``reference_answer_gpt-4.jsonl`` beside the questions, where they have none themselves.
        baseline: A file of answers of the same form, for the pairwise kind.

    Raises:
        DataError: a file is not at hand, or a row is not of the form; names the line.
    """
    file = Path(path) if path else _gathered("question.jsonl")
    beside = Path(references) if references else None
    if beside is None and file is not None and (file.parent / "reference_answer_gpt-4.jsonl").is_file():
        beside = file.parent / "reference_answer_gpt-4.jsonl"
    given = answers_of(beside) if beside else {}
    others = answers_of(Path(baseline)) if baseline else {}
    for row in _rows(file):
        values = row.values
        id_ = values.get("question_id", values.get("prompt_id"))
        turns, category = values.get("turns", values.get("prompt")), values.get("category")
        if id_ is None or not isinstance(category, str) or not isinstance(turns, list):
            raise DataError(f"{row.where}: expected 'question_id', 'category' and 'turns', a list of texts")
        own = values.get("reference") or None
        for turn in (1, 2):
            yield {
                "id": f"{id_}-{turn}",
                "question": str(id_),
                "turns": turns,
                "turn": turn,
                "which": f"turn {turn}",
                "category": category,
                "references": given.get(str(id_), own) if category in WITH_REFERENCE else None,
                "baseline": others.get(str(id_)),
            }


def answers_of(path: Path) -> dict[str, list[str]]:
    """Return the answers of both turns by question, from a file as FastChat has it.

    Raises:
        DataError: a row is not of the form, or a question is answered twice; names the line.
    """
    found: dict[str, list[str]] = {}
    for row in _rows(path):
        try:
            id_, turns = str(row.values["question_id"]), [str(text) for text in row.values["choices"][0]["turns"]]
        except (LookupError, TypeError):
            raise DataError(
                f"{row.where}: no answer in it: expected 'question_id' and 'choices' with 'turns'"
            ) from None
        if id_ in found:
            raise DataError(f"{row.where}: the question {id_} has an answer already")
        found[id_] = turns
    return found


def _rows(path: Path | None) -> Iterator[Any]:
    source = hub_source(HUB, split="train") if path is None else FileSource(path)
    for row in source.rows():
        if row.problem:
            raise DataError(f"{row.where}: {row.problem}")
        yield row


def _gathered(name: str) -> Path | None:
    root = os.environ.get(MIRROR_VARIABLE)
    path = Path(root) / FOLDER / name if root else None
    return path if path is not None and path.is_file() else None
