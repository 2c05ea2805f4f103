"""Converts published results of the benchmarks' authors to recorded rows."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import DataError, UsageError
from harness.errors import did_you_mean

from .author_files import (
    LLMBAR_SUBSETS,
    judgebench,
    llmbar_results,
    llmbar_verdicts,
    read_json,
    rewardmath_results,
)

__all__ = ["judgebench", "llmbar", "math_prm", "rewardbench", "rewardmath"]


def llmbar(path: Path, *, evaluator: str = "", subset: str = "") -> Iterator[Mapping[str, Any]]:
    """Convert verdicts of an evaluator: the authors' ``result.json``, a folder of such files, or a table of all as CSV.

    Columns of the table: subset, evaluator, index, winner_noswap, winner_swap; winners 1 or 2 in the data's order.

    Args:
        path: A ``result.json``, a folder such as ``Dataset/LLMBar``, or the CSV file, plain or gzip.
        evaluator: The evaluator to take, such as ``GPT-4/CoT``; not needed for a ``result.json``.
        subset: Subset of a ``result.json`` whose path does not tell: Natural, Neighbor, GPTInst, GPTOut or Manual.

    Raises:
        UsageError: there is no such evaluator or subset; the message suggests the nearest.
    """
    if path.is_dir() or path.suffix == ".json":
        yield from llmbar_results(path, evaluator, subset)
        return
    opener = gzip.open if path.suffix == ".gz" else open
    evaluators: set[str] = set()
    with opener(path, "rt", encoding="utf-8", newline="") as stream:
        table = csv.DictReader(stream)
        missing = {"subset", "evaluator", "index", "winner_noswap", "winner_swap"} - set(table.fieldnames or ())
        if missing:
            raise DataError(f"{path}: not a table of LLMBar's verdicts: no column {sorted(missing)[0]!r}")
        for row in table:
            evaluators.add(row["evaluator"])
            name = LLMBAR_SUBSETS.get(row["subset"], "")
            if row["evaluator"] == evaluator and name and subset in ("", name):
                yield from llmbar_verdicts(name, row["index"], row["winner_noswap"], row["winner_swap"])
    if evaluator not in evaluators:
        raise UsageError(f"{path}: no evaluator {evaluator!r}{did_you_mean(evaluator, evaluators)}")


def rewardmath(path: Path, *, model: str = "", steps: str = "") -> Iterator[Mapping[str, Any]]:
    """Convert scores of one model: the authors' ``results/RewardMATH/MODEL_reward.json``, or a file of several models.

    The latter is ``{"scores": {model: [[correct, wrong, ...], ...]}}``. A problem's id is its index.

    Args:
        path: The JSON file.
        model: Which of the models in a file of several.
        steps: How the scores of steps become one: min, max, prod, geometric_mean, mean or last.

    Raises:
        UsageError: there is no such model; suggests the nearest. Or the scores are those of steps.
    """
    document = read_json(path)
    if isinstance(document, list) and document:
        yield from rewardmath_results(path, document, steps, "rewardmath")
        return
    scores = document.get("scores") if isinstance(document, dict) else None
    yield from _by_model(path, scores, model, "rewardmath", form="an object with 'scores', by model")


def math_prm(path: Path, *, model: str = "", steps: str = "") -> Iterator[Mapping[str, Any]]:
    """Convert RewardBench's math-prm scores: the RewardMATH authors' ``results/Rewardbench/rewardbench_MODEL.json``.

    Or a file of several models, ``{model: [[chosen, rejected], ...]}``. A pair's id is its index.

    Args:
        path: The JSON file.
        model: Which of the models in a file of several.
        steps: How the scores of steps become one: min, max, prod, geometric_mean, mean or last.

    Raises:
        UsageError: there is no such model; suggests the nearest. Or the scores are those of steps.
    """
    document = read_json(path)
    if isinstance(document, list) and document:
        yield from rewardmath_results(path, document, steps, "rewardbench/math-prm")
        return
    yield from _by_model(path, document, model, "rewardbench/math-prm", form="an object of scores by model")


def _by_model(path: Path, scores: Any, model: str, task: str, *, form: str) -> Iterator[Mapping[str, Any]]:
    if not isinstance(scores, dict) or not all(isinstance(rows, list) for rows in scores.values()):
        raise DataError(f"{path}: expected {form}: a list an item")
    if model not in scores:
        raise UsageError(f"{path}: no model {model!r}{did_you_mean(model, scores)}")
    for number, values in enumerate(scores[model]):
        yield {"task": task, "id": str(number), "scores": values}


def rewardbench(path: Path) -> Iterator[Mapping[str, Any]]:
    """Convert a file of ``eval-set-scores``, a table by column: ``id``, ``subset``, and the scores.

    The scores are ``scores_chosen`` and ``scores_rejected`` in the first version; in the second ``scores``, a list a
    prompt, the chosen responses before the rejected. A score may stand in a list of its own.

    Raises:
        DataError: the file is not of that form.
    """
    table = read_json(path)
    second = isinstance(table, dict) and "scores" in table
    names = ("id", "subset", "scores") if second else ("id", "subset", "scores_chosen", "scores_rejected")
    missing = [name for name in names if not (isinstance(table, dict) and isinstance(table.get(name), list))]
    if missing:
        raise DataError(f"{path}: not RewardBench's scores: no list {missing[0]!r} in it")
    lengths = {name: len(table[name]) for name in names}
    if len(set(lengths.values())) > 1:
        raise DataError(f"{path}: columns of unequal length: {', '.join(f'{k} {v}' for k, v in lengths.items())}")
    for id_, subset, *scores in zip(*(table[name] for name in names), strict=True):
        if second:
            task = "rewardbench-2/ties" if str(subset).lower() == "ties" else "rewardbench-2/best-of-4"
            (scores,) = scores
        else:
            task = "rewardbench/filtered"
        yield {"task": task, "id": str(id_), "scores": [s[0] if isinstance(s, list) else s for s in scores]}
