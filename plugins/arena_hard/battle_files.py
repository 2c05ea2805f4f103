"""Files of battles and of judgments: what they say of both games of every prompt.

Two forms are read. A table ``question_id,model_a,model_b,winner`` has a row for each vote, where a verdict such as
``A>>B`` stands three times and the two games of a prompt are not told apart otherwise. Judgments, one JSON object a
line, have ``games`` with the label of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import UsageError
from harness.kinds.duel import BASELINE_FIRST, CANDIDATE_FIRST
from harness.tasks import FileSource

from .games import SLIGHT, STRONG, TIE, Game

COPIES = 3
"""Rows of a verdict of ``>>`` in a table of battles."""
Games = tuple[Game, Game]
ABSENT = Game(None, answered=False)
_BY_WINNER = {"model_a": 0.0, "model_b": 1.0, "tie": 0.5}
_SIGNS = {">>": (1.0, STRONG), ">": (1.0, SLIGHT), "=": (0.5, TIE), "<": (0.0, SLIGHT), "<<": (0.0, STRONG)}
LABELS: Mapping[str, tuple[float, float]] = {
    **{f"A{sign}B": said for sign, said in _SIGNS.items()},
    **{f"B{sign}A": (1 - better, degree) for sign, (better, degree) in _SIGNS.items()},
}
"""(1 if A is better, degree) by label, in either spelling."""


def read_games(path: Path, model: str, *, baseline: str = "") -> dict[str, Games]:
    """Return the games of a model by prompt.

    Args:
        path: A table of battles, CSV, or JSONL of either form; plain or gzip.
        model: The model.
        baseline: The model it met; needed where it met several.

    Raises:
        UsageError: the file has no battle of the model, or a row that is none; names line and key.
    """
    votes: dict[str, list[float]] = {}
    places: dict[str, str] = {}
    games: dict[str, Games] = {}
    models: dict[str, None] = {}
    for where, row in _rows(path):
        judged = "games" in row
        names = _names(row, where, judged)
        models.update(dict.fromkeys(names))
        if model not in names or (baseline and baseline not in names):
            continue
        if names[0] == names[1]:
            raise UsageError(f"{where}: {model} meets itself")
        id_ = _id(row, where)
        if judged:
            if id_ in games:
                raise UsageError(f"{where}: the prompt {id_} of {model} is there already, at {places[id_]}")
            games[id_] = _of_judgment(row, where)
        else:
            votes.setdefault(id_, []).append(_vote(row, where, second=names[1] == model))
        places.setdefault(id_, where)
    games |= {id_: games_of(rows, places[id_]) for id_, rows in votes.items()}
    if not games:
        some = ", ".join(sorted(models)[:5])
        raise UsageError(f"{path}: no battle of the model {model!r}; it holds {len(models)} models, among them {some}")
    return games


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for row in FileSource(path).rows():
        if row.problem:
            raise UsageError(f"{row.where}: {row.problem}")
        yield row.where, row.values


def _names(row: Mapping[str, Any], where: str, judged: bool) -> tuple[str, str]:
    keys = ("baseline", "model") if judged else ("model_a", "model_b")
    needed = ("model",) if judged else keys  # judgments of v0.1 do not say whom the model met
    for key in needed:
        if not isinstance(row.get(key), str) or not row[key]:
            raise UsageError(f"{where}: {key!r} is {row.get(key)!r}; expected the name of a model")
    return str(row.get(keys[0]) or "the baseline"), str(row[keys[1]])


def _id(row: Mapping[str, Any], where: str) -> str:
    found = row.get("question_id") or row.get("uid")
    if not found:
        raise UsageError(f"{where}: 'question_id' or 'uid' is missing; expected the id of the prompt")
    return str(found)


def _vote(row: Mapping[str, Any], where: str, *, second: bool) -> float:
    winner = row.get("winner")
    if winner not in _BY_WINNER:
        raise UsageError(f"{where}: 'winner' is {winner!r}; expected {', '.join(_BY_WINNER)}")
    vote = _BY_WINNER[winner]
    return vote if second else 1 - vote


def games_of(votes: Sequence[float], where: str = "") -> Games:
    """Return the games that a prompt's votes are of: of a strong verdict there are three, of any other one.

    Which game is missing where there are votes on one only, and which is the strong one where four votes agree, a table
    does not say: the first is taken. No score depends on that.

    >>> [(game.better, game.degree) for game in games_of([0.0, 1.0, 1.0, 1.0])]
    [(0.0, 1.0), (1.0, 2.0)]

    Args:
        votes: 1, 0 or 0.5, in the order of the table.
        where: Of the first, for the message.

    Raises:
        UsageError: no two games give these votes.
    """
    for first in (COPIES, 1):
        for second in (COPIES, 1, 0):
            if first + second == len(votes):
                parts = votes[:first], votes[first:]
                if all(_is_game(part) for part in parts if part):
                    return _game(parts[0]), _game(parts[1])
    raise UsageError(
        f"{where}: the votes {', '.join(f'{vote:g}' for vote in votes)} on a prompt are not those of one or two games: "
        f"expected {COPIES} alike of a strong verdict, else 1"
    )


def _is_game(votes: Sequence[float]) -> bool:
    return len(votes) == 1 or (len(set(votes)) == 1 and votes[0] != 0.5)


def _game(votes: Sequence[float]) -> Game:
    if not votes:
        return ABSENT
    degree = TIE if votes[0] == 0.5 else STRONG if len(votes) == COPIES else SLIGHT
    return Game(votes[0], degree)


def _of_judgment(row: Mapping[str, Any], where: str) -> Games:
    played = row["games"]
    if not isinstance(played, list) or len(played) > 2 or not all(isinstance(game, dict | None) for game in played):
        raise UsageError(f"{where}: 'games' is {type(played).__name__}; expected a list of two games")
    made = [_labelled(game, place, where) for place, game in enumerate(played)]
    made += [ABSENT] * (2 - len(made))
    return made[0], made[1]


def _labelled(game: Mapping[str, Any] | None, place: int, where: str) -> Game:
    if game is None:  # the judge's server gave nothing
        return ABSENT
    label = game.get("score")
    if label is None:
        return Game(None)
    if label not in LABELS:
        raise UsageError(f"{where}: the score of game {place + 1} is {label!r}; expected one of {', '.join(LABELS)}")
    first, degree = LABELS[label]
    assert (BASELINE_FIRST, CANDIDATE_FIRST) == (0, 1)  # the order in which Arena-Hard plays them
    return Game(first if place == CANDIDATE_FIRST else 1 - first, degree)
