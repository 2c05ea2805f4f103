"""A grader that answers from a file, such as the labels that people gave to recorded replies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from harness import DataError, Failure, Model, UsageError, encodable, file_identity

from .grading import Attempt, Grade
from .outcomes import CODES

KEYS = ("task", "id", "outcome", "score", "sample", "of")
Key = tuple[str, str, int, str]


class RecordedGrades(Model):
    """Answers from rows ``{"task", "id", "outcome"}``: an outcome by name, for one reply.

    ``task`` is a task's name or its suite's, ``sample`` says which of an item's replies is meant (0), ``score`` is a
    probability of success. A grade of one model's reply is no grade of another's: ``of`` names whose reply a row is on,
    by the label that the model has in results; the argument ``of`` says it of all rows without one. Of recorded replies
    that are data themselves, graded by no other model, rows need none.

    Args:
        path: JSONL file, plain or gzip.
        of: Label of the model whose replies the rows without ``"of"`` are on; empty: on nobody's.
    """

    batch_size = 2048
    reads_text: ClassVar[bool] = False
    places: ClassVar[tuple[str, ...]] = ("path",)

    def __init__(self, path: str, of: str = "") -> None:
        self.path, self.of = path, str(of)
        self._rows: dict[Key, Grade | None] | None = None

    def identity(self) -> Mapping[str, object]:
        """Return a hash of the file."""
        return {"records": file_identity(Path(self.path))}

    def offers(self, known: Sequence[str]) -> tuple[str, ...]:
        """Read the file, so that mistakes in it are found before anything runs; then offer what the methods offer."""
        _ = self._read()
        return super().offers(known)

    def recorded_of(self, task: str) -> Collection[str]:
        """Return the labels of models that the rows of a task or its suite are on."""
        return {of for named, _, _, of in self._read() if of and named in _names(task)}

    def grade(self, requests: Sequence[Attempt]) -> list[Any]:
        """Return the recorded grade of each reply; a `Failure` where the file holds none."""
        return [self._find(request) for request in requests]

    def _find(self, request: Attempt) -> Grade | Failure:
        origin = request.origin
        if origin is None:
            return Failure("recorded grades are found by item, and this request was made for none")
        sample = origin.positions[0] if origin.positions else 0
        for task in _names(origin.task):
            key = (task, origin.id, sample, origin.of)
            if key in self._read():
                grade = self._read()[key]
                return Failure(f"the grade of item {origin.id!r} is recorded as a failure") if grade is None else grade
        whose = f" on the reply of {origin.of!r}" if origin.of else ""
        return Failure(f"{Path(self.path).name} holds no grade{whose} of item {origin.id!r} of {origin.task}")

    def _read(self) -> dict[Key, Grade | None]:
        if self._rows is None:
            self._rows = read_grades(Path(self.path), of=self.of)
        return self._rows


def _names(task: str) -> tuple[str, str]:
    """Return the names that rows may give a task: its own, and that of its suite."""
    return task, task.partition("/")[0]


def read_grades(path: Path, *, of: str = "") -> dict[Key, Grade | None]:
    """Read and check all rows, by (task, id, sample, whose reply); None stands for a recorded failure.

    Raises:
        UsageError: the file is missing, or a row is not of the form; names the line.
    """
    from harness.tasks import FileSource

    rows: dict[Key, Grade | None] = {}
    try:
        for row in FileSource(path).rows():
            problem = row.problem or _problem(row.values)
            if problem:
                raise UsageError(f"{row.where}: {problem}")
            values = row.values
            key = (values["task"], encodable(str(values["id"])), int(values.get("sample", 0)), values.get("of", of))
            if key in rows:
                raise UsageError(f"{row.where}: a grade of item {key[1]!r} of {key[0]} is recorded already")
            outcome = values["outcome"]
            rows[key] = None if outcome is None else Grade(outcome, values.get("score"))
    except DataError as error:
        raise UsageError(str(error)) from error
    if not rows:
        raise UsageError(f"{path}: no grades in it")
    return rows


def _problem(row: Mapping[str, Any]) -> str:
    for key in ("task", "id", "outcome"):
        if key not in row:
            return f"the key {key!r} is missing; a recorded grade needs task, id and outcome"
    if unknown := sorted(set(row) - set(KEYS)):
        return f"unknown key {unknown[0]!r}; a recorded grade has {', '.join(KEYS)}"
    if not isinstance(row["task"], str) or not isinstance(row["id"], str | int):
        return f"'task' must be a text and 'id' a text or whole number, got {row['task']!r} and {row['id']!r}"
    if row["outcome"] is not None and row["outcome"] not in CODES:
        return f"'outcome' is {row['outcome']!r}; expected one of {', '.join(CODES)}, or null for a failure"
    score = row.get("score")
    if score is not None and not (isinstance(score, int | float) and 0 <= score <= 1):
        return f"'score' is a probability in [0, 1], got {score!r}"
    if type(row.get("sample", 0)) is not int or row.get("sample", 0) < 0:
        return f"'sample' is {row['sample']!r}; expected a whole number from 0"
    if not isinstance(row.get("of", ""), str):
        return f"'of' is {row['of']!r}; expected the label of the model whose reply was graded"
    return ""
