"""Published results of the benchmarks' authors, converted to recorded rows."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import DataError, UsageError, did_you_mean
from harness.regular_files import read_text

P_FIRST = {"A>B": 1.0, "A>>B": 1.0, "B>A": 0.0, "B>>A": 0.0, "A=B": 0.5, "B=A": 0.5, "A<B": 0.0, "A<<B": 0.0}

LLMBAR_SUBSETS = {
    "LLMBar/Natural": "Natural",
    "LLMBar/Adversarial/Neighbor": "Neighbor",
    "LLMBar/Adversarial/GPTInst": "GPTInst",
    "LLMBar/Adversarial/GPTOut": "GPTOut",
    "LLMBar/Adversarial/Manual": "Manual",
}


def judgebench(path: Path) -> Iterator[Mapping[str, Any]]:
    """A judgments file: a list of ``{"pair_id", "judgments": [{"decision", "scores"?}, {...}]}``.

    The first game shows the responses in the order of the data, the second exchanged; each decision is in the letters
    of its own game, so "A>B" prefers the response shown first in both.

    Raises:
        DataError: the file is not of that form.
    """
    for number, row in enumerate(_json(path)):
        try:
            id_, games = row["pair_id"], row["judgments"]
            scores = games[0].get("scores")
            if scores is not None:
                yield {"task": "judgebench", "id": id_, "scores": scores}
                continue
            for order, game in zip(("ab", "ba"), games, strict=False):
                yield {
                    "task": "judgebench",
                    "id": id_,
                    "order": order,
                    "p_first": P_FIRST.get(game["decision"]),
                }
        except (KeyError, TypeError, IndexError) as error:
            raise DataError(f"{path} row {number}: not a JudgeBench judgment: {error!r} is missing") from error


def llmbar(path: Path, *, evaluator: str) -> Iterator[Mapping[str, Any]]:
    """Verdicts as CSV: subset, evaluator, index, winner_noswap, winner_swap; winners 1 or 2 in the data's order.

    Args:
        path: The CSV file, plain or gzip.
        evaluator: Which of the evaluators in it.

    Raises:
        UsageError: it has no such evaluator; suggests the nearest.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    known: set[str] = set()
    with opener(path, "rt", encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            known.add(row["evaluator"])
            subset = LLMBAR_SUBSETS.get(row["subset"])
            if row["evaluator"] != evaluator or subset is None:
                continue
            id_ = f"{subset}/{row['index']}"
            # Winners are numbered as in the data in both orders; shown exchanged, winner 2 is the one shown first.
            yield {
                "task": "llmbar",
                "id": id_,
                "order": "ab",
                "p_first": _won(row["winner_noswap"], first="1"),
            }
            yield {"task": "llmbar", "id": id_, "order": "ba", "p_first": _won(row["winner_swap"], first="2")}
    if evaluator not in known:
        raise UsageError(f"{path}: no evaluator {evaluator!r}{did_you_mean(evaluator, known)}")


def _won(winner: str, *, first: str) -> float | None:
    if winner in ("1", "2"):
        return float(winner == first)
    return 0.5 if winner in ("0", "tie", "3") else None


def rewardmath(path: Path, *, model: str) -> Iterator[Mapping[str, Any]]:
    """Scores as ``{"scores": {model: [[correct, wrong, ...], ...]}}``; a problem's id is its index.

    Args:
        path: The JSON file.
        model: Which of the models in it.

    Raises:
        UsageError: it has no such model; suggests the nearest.
    """
    document = _json(path)
    scores = document.get("scores") if isinstance(document, dict) else None
    yield from _by_model(path, scores, model, "rewardmath", form="an object with 'scores', by model")


def math_prm(path: Path, *, model: str) -> Iterator[Mapping[str, Any]]:
    """Scores as ``{model: [[chosen, rejected], ...]}`` of RewardBench's math-prm pairs; a pair's id is its index.

    Args:
        path: The JSON file.
        model: Which of the models in it.

    Raises:
        UsageError: it has no such model; suggests the nearest.
    """
    yield from _by_model(path, _json(path), model, "rewardbench/math-prm", form="an object of scores by model")


def _by_model(path: Path, scores: Any, model: str, task: str, *, form: str) -> Iterator[Mapping[str, Any]]:
    if not isinstance(scores, dict) or not all(isinstance(rows, list) for rows in scores.values()):
        raise DataError(f"{path}: expected {form}: a list an item")
    if model not in scores:
        raise UsageError(f"{path}: no model {model!r}{did_you_mean(model, scores)}")
    for number, values in enumerate(scores[model]):
        yield {"task": task, "id": str(number), "scores": values}


def rewardbench(path: Path) -> Iterator[Mapping[str, Any]]:
    """A file of ``eval-set-scores``, a table by column: ``id``, ``subset``, and the scores.

    Those are ``scores_chosen`` and ``scores_rejected`` in the first version; in the second ``scores``, a list a prompt,
    the chosen responses before the rejected. A score may stand in a list of its own.

    Raises:
        DataError: the file is not of that form.
    """
    table = _json(path)
    second = isinstance(table, dict) and "scores" in table
    wanted = ("id", "subset", "scores") if second else ("id", "subset", "scores_chosen", "scores_rejected")
    missing = [name for name in wanted if not (isinstance(table, dict) and isinstance(table.get(name), list))]
    if missing:
        raise DataError(f"{path}: not RewardBench's scores: no list {missing[0]!r} in it")
    lengths = {name: len(table[name]) for name in wanted}
    if len(set(lengths.values())) > 1:
        raise DataError(f"{path}: columns of unequal length: {', '.join(f'{k} {v}' for k, v in lengths.items())}")
    for id_, subset, *scores in zip(*(table[name] for name in wanted), strict=True):
        if second:
            task = "rewardbench-2/ties" if str(subset).lower() == "ties" else "rewardbench-2/best-of-4"
            (scores,) = scores
        else:
            task = "rewardbench/filtered"
        yield {"task": task, "id": str(id_), "scores": [s[0] if isinstance(s, list) else s for s in scores]}


def _json(path: Path) -> Any:
    try:
        return json.loads(read_text(path))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: not valid JSON: {error}") from error
