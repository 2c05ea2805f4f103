"""Converts files as the authors of JudgeBench, LLMBar and RewardMATH publish them in their repositories to rows."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import DataError, UsageError
from harness.errors import did_you_mean
from harness.files import read_text

Row = Mapping[str, Any]

P_FIRST = {"A>B": 1.0, "A>>B": 1.0, "B>A": 0.0, "B>>A": 0.0, "A=B": 0.5, "B=A": 0.5, "A<B": 0.0, "A<<B": 0.0}

LLMBAR_SUBSETS = {
    "LLMBar/Natural": "Natural",
    "LLMBar/Adversarial/Neighbor": "Neighbor",
    "LLMBar/Adversarial/GPTInst": "GPTInst",
    "LLMBar/Adversarial/GPTOut": "GPTOut",
    "LLMBar/Adversarial/Manual": "Manual",
}
CORRECT = "human_to_GPT-4"
"""Name of the source of the one correct solution in RewardMATH's files."""


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        DataError: there is no such file, or the file is not JSON.
    """
    try:
        return json.loads(read_text(path))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise DataError(f"{path}: a folder; name a file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not valid JSON: {error}") from error


def read_rows(path: Path) -> list[Any]:
    """Read the rows of a file that is one JSON list, or a JSON document a line.

    Raises:
        DataError: there is no such file, or the file is neither.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (IsADirectoryError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a text file: {error}") from error
    if text.lstrip().startswith("["):
        return list(read_json(path))
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                rows.append(json.loads(line))
            except (ValueError, RecursionError) as error:
                raise DataError(f"{path} line {number}: not valid JSON: {error}") from error
    return rows


# JudgeBench


def judgebench(path: Path) -> Iterator[Row]:
    """Convert a file of JudgeBench's ``outputs/``, JSONL: a pair a line with its ``judgments``, one a game.

    A game is ``{"judgment": {"scores": [...]?, ...}, "decision": "A>B"}``, or null if the judge could not be asked. The
    first game shows the responses in the order of the data, the second exchanged. Each decision is in the letters of
    its own game, so "A>B" prefers the response shown first in both. A JSON list of such rows, and ``scores`` beside the
    decision, as in reduced copies of these files, are read too.

    Raises:
        DataError: the file is not of that form.
    """
    rows: list[tuple[Any, list[tuple[Any, list[Any] | None]]]] = []
    for number, row in enumerate(read_rows(path)):
        try:
            rows.append((row["pair_id"], [_game(game) for game in row["judgments"]]))
            if not rows[-1][1]:
                raise IndexError("a game")
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise DataError(f"{path} row {number}: not a JudgeBench judgment: {error!r} is missing") from error
    scored = any(scores is not None for _, games in rows for _, scores in games)
    for id_, games in rows:
        if scored:  # a reward model: its games differ in the order of the responses only
            yield {"task": "judgebench", "id": id_, "scores": _in_order(games)}
            continue
        for order, (decision, _) in zip(("ab", "ba"), games, strict=False):
            yield {"task": "judgebench", "id": id_, "order": order, "p_first": P_FIRST.get(decision)}


def _game(game: Any) -> tuple[Any, list[Any] | None]:
    """Return decision and scores, in the order of the game; both None if the judge could not be asked."""
    if game is None:
        return None, None
    if "decision" not in game:
        raise KeyError("decision")
    scores = game.get("scores") or (game.get("judgment") or {}).get("scores")
    return game["decision"], scores


def _in_order(games: Sequence[tuple[Any, list[Any] | None]]) -> list[Any]:
    """Return the scores of a pair in the order of the data, from whichever game has some; None if neither has."""
    first, second = games[0][1], games[1][1] if len(games) > 1 else None
    if first is not None:
        return first
    return [None, None] if second is None else second[::-1]


# LLMBar


def llmbar_results(path: Path, evaluator: str, subset: str) -> Iterator[Row]:
    """Convert LLMBar's own ``result.json`` of an evaluator, or all results of one from the folder of the data sets.

    Args:
        path: ``.../LLMBar/Natural/evaluators/GPT-4/CoT/result.json``, whose path tells the subset; or a folder above
            ``evaluators``, such as ``Dataset/LLMBar``.
        evaluator: The evaluator to take, such as ``GPT-4/CoT``; needed for a folder.
        subset: The subset of the file, if its path does not tell.

    Raises:
        UsageError: the subset or evaluator is not known; the message suggests the nearest.
        DataError: a file is not of that form.
    """
    if path.is_dir():
        files = sorted(path.rglob("evaluators/*/*/result.json"))
        evaluators = {_evaluator(file): file for file in files}
        if not files:
            raise DataError(f"{path}: no evaluators/*/*/result.json below it; is it LLMBar's folder Dataset/LLMBar?")
        if evaluator not in evaluators:
            hint = did_you_mean(evaluator, evaluators)
            raise UsageError(f"{path}: no evaluator {evaluator!r}{hint}; give evaluator=NAME")
        chosen = [(file, _subset_of(file)) for file in files if _evaluator(file) == evaluator]
        chosen = [(file, name) for file, name in chosen if name]
    else:
        if evaluator and path.name == "result.json" and _evaluator(path) != evaluator:
            raise UsageError(f"{path}: a file of the evaluator {_evaluator(path)!r}, not of {evaluator!r}")
        name = subset or _subset_of(path)
        if name not in LLMBAR_SUBSETS.values():
            subsets = list(LLMBAR_SUBSETS.values())
            raise UsageError(
                f"{path}: of which subset is it? Give subset={'|'.join(subsets)}{did_you_mean(name, subsets)}"
            )
        chosen = [(path, name)]
    for file, name in chosen:
        yield from _result(file, name)


def _evaluator(file: Path) -> str:
    return "/".join(file.parts[-3:-1])


def _subset_of(file: Path) -> str:
    """Return the subset that the path of a result names; empty if it names none of LLMBar's five."""
    whole = "/".join(file.absolute().parts)
    return next((name for place, name in LLMBAR_SUBSETS.items() if f"/{place}/evaluators/" in whole), "")


def _result(file: Path, subset: str) -> Iterator[Row]:
    rows = read_json(file)
    if not isinstance(rows, list):
        raise DataError(f"{file}: not LLMBar's results: expected a list, a pair each")
    for index, row in enumerate(rows):
        try:
            final = row["results"][-1]  # those before are what the evaluator thought first
            winners = [final[f"swap = {swap}"]["winner"] for swap in (False, True)]
        except (KeyError, TypeError, IndexError) as error:
            raise DataError(f"{file} row {index}: not a result of LLMBar: {error!r} is missing") from error
        yield from llmbar_verdicts(subset, index, *winners)


def llmbar_verdicts(subset: str, index: object, given: Any, swapped: Any) -> list[Row]:
    """Return both verdicts on a pair; winners are 1 or 2 as in the data, whatever the order in which they were shown.

    Args:
        subset: The name of the subset.
        index: The index of the pair in the subset.
        given: The winner in the order of the data.
        swapped: The winner when the responses are exchanged.
    """
    whole = {"task": "llmbar", "id": f"{subset}/{index}"}
    return [
        {**whole, "order": "ab", "p_first": _won(given, first="1")},
        # Shown exchanged, winner 2 is the one shown first.
        {**whole, "order": "ba", "p_first": _won(swapped, first="2")},
    ]


def _won(winner: Any, *, first: str) -> float | None:
    if winner in ("1", "2"):
        return float(winner == first)
    return 0.5 if winner in ("0", "tie", "3") else None


# RewardMATH

REDUCTIONS: Mapping[str, Callable[[list[float]], float]] = {
    "min": min,
    "max": max,
    "prod": math.prod,
    "geometric_mean": lambda steps: math.prod(steps) ** (1 / len(steps)),
    "mean": lambda steps: sum(steps) / len(steps),
    "last": lambda steps: steps[-1],
}
"""The ways to reduce the scores of a solution's steps to one, by their names in the authors' script."""


def rewardmath_results(path: Path, rows: Sequence[Any], steps: str, task: str) -> Iterator[Row]:
    """Convert RewardMATH's own results of one model: a list of ``{"problem", "solution_reference", "score"}``.

    ``score`` has a number a solution; a list of numbers, one a step, for process reward models; or, beside
    ``chosen_position``, the letter that a judge chose in each pair of the correct and a wrong solution. For pairs, the
    correct solution's score is one more than the number of its wins, as in the authors' script; a wrong solution's is 1
    if it loses, and more than the correct solution can have if it wins.

    Args:
        path: The file, for messages.
        rows: The rows of the file.
        steps: The way to reduce the scores of steps to one; needed if there are such scores.
        task: The task of the rows.

    Raises:
        UsageError: ``steps`` is needed, or unknown.
        DataError: a row is not of that form.
    """
    for number, row in enumerate(rows):
        try:
            scores = _scores(path, row, steps)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise DataError(f"{path} row {number}: not a result of RewardMATH: {error!r}") from error
        yield {"task": task, "id": str(number), "scores": scores}


def _scores(path: Path, row: Any, steps: str) -> list[Any]:
    """Return the score of the correct solution, then those of the wrong ones in the order of the file."""
    scores, sources = row["score"], row["solution_reference"]
    if len(scores) != len(sources):
        raise ValueError(f"{len(scores)} scores of {len(sources)} solutions")
    if "chosen_position" in row:
        won = [score == right for score, right in zip(scores, row["chosen_position"], strict=True)]
        return [sum(won) + 1, *(1 if each else len(won) + 2 for each in won)]
    if any(isinstance(score, list) for score in scores):
        if steps not in REDUCTIONS:
            problem = f"{steps!r} is no way to reduce them" if steps else "the scores are those of steps"
            raise UsageError(f"{path}: {problem}; give --set steps={'|'.join(REDUCTIONS)}")
        scores = [REDUCTIONS[steps](score) if score else None for score in scores]
    if sources.count(CORRECT) != 1:
        raise ValueError(f"{sources.count(CORRECT)} solutions are of {CORRECT!r}; expected one, the correct solution")
    right = sources.index(CORRECT)
    return [scores[right], *scores[:right], *scores[right + 1 :]]
