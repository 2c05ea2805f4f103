"""The model that answers from records of Arena-Hard."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from harness import DataError, Failure, Model, UsageError, file_identity
from harness.tasks import MIRROR_VARIABLE, FileSource

from .battle_files import Games, read_games
from .games import PromptAsked, RecordedGames

BATTLES = "alignment/arena_hard/battles_v0.1_judge_gpt-4-1106-preview.csv.gz"
STYLE = "alignment/arena_hard/style_features_v0.1.csv.gz"
BASELINE = "gpt-4-0314"
_COUNTS = ("char_len", "header", "lst", "bold")


class ArenaHardBattles(Model):
    """Answers ``recorded_games`` from a table of battles, or from Arena-Hard's own files of judgments.

    A prompt without a battle is a failed request. Counts of headers, lists and bold passages, for style control, come
    from a table of their own; lengths are characters, since a fork of the table counts tokens for some models only.

    Args:
        model: The model in the files.
        path: Battles ``question_id,model_a,model_b,winner``, or judgments as JSONL with ``games``; plain or gzip.
            Default: the table of v0.1 below ``$HARNESS_DATA``.
        style: Table ``question_id,model,char_len,header,lst,bold`` of this model's and the baseline's answers; empty:
            that of v0.1 beside the default table of battles, else none.
        baseline: The model that was met.
    """

    batch_size = 2048
    reads_text: ClassVar[bool] = False
    places: ClassVar[tuple[str, ...]] = ("path", "style")

    def __init__(self, model: str, path: str = "", style: str = "", baseline: str = BASELINE) -> None:
        self.model, self.path, self.style, self.baseline = model, path, style, baseline
        self._games: dict[str, RecordedGames] | None = None

    @property
    def battle_file(self) -> Path:
        """Return the file of battles or judgments."""
        return Path(self.path) if self.path else in_mirror(BATTLES)

    @property
    def style_file(self) -> Path | None:
        """Return the table of counts; None where there is none."""
        if self.style:
            return Path(self.style)
        return None if self.path else in_mirror(STYLE)

    def identity(self) -> Mapping[str, object]:
        """Return hashes of the files."""
        counts = self.style_file
        return {"battles": file_identity(self.battle_file)} | ({"style": file_identity(counts)} if counts else {})

    def recorded_games(self, requests: Sequence[PromptAsked]) -> list[Any]:
        """Return the recorded games of each prompt."""
        games = self._read()
        missing = f"{self.battle_file.name} holds no game of {self.model} on the prompt"
        return [games.get(request.id, Failure(f"{missing} {request.id}")) for request in requests]

    def _read(self) -> dict[str, RecordedGames]:
        if self._games is None:
            told = read_games(self.battle_file, self.model)
            counts = self._counts()
            self._games = {id_: self._with_counts(id_, games, counts) for id_, games in told.items()}
        return self._games

    def _with_counts(
        self, id_: str, games: Games, counts: Mapping[tuple[str, str], tuple[float, ...]]
    ) -> RecordedGames:
        return RecordedGames(games, counts.get((id_, self.model), ()), counts.get((id_, self.baseline), ()))

    def _counts(self) -> dict[tuple[str, str], tuple[float, ...]]:
        path = self.style_file
        if path is None:
            return {}
        found: dict[tuple[str, str], tuple[float, ...]] = {}
        for row in FileSource(path).rows():
            problem = row.problem or next((f"no column {key!r}" for key in _COUNTS if key not in row.values), "")
            if problem:
                raise UsageError(f"{row.where}: {problem}")
            if row.values.get("model") not in (self.model, self.baseline):
                continue
            try:
                numbers = tuple(float(row.values[key]) for key in _COUNTS)
            except (TypeError, ValueError):
                given = {key: row.values[key] for key in _COUNTS}
                raise UsageError(f"{row.where}: expected numbers, got {given}") from None
            found[str(row.values.get("question_id")), str(row.values["model"])] = numbers
        return found


def in_mirror(name: str) -> Path:
    """Return a file below ``$HARNESS_DATA``.

    Raises:
        DataError: the variable is not set.
    """
    root = os.environ.get(MIRROR_VARIABLE)
    if not root:
        raise DataError(f"{name} is read from the folder that {MIRROR_VARIABLE} names, and it names none; give path=")
    return Path(root) / name
