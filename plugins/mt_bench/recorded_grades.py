"""The capability ``recorded_grades``, and the model that answers it from files of MT-Bench's judgments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from harness import Capability, DataError, Failure, Model, Request, SampleRequests, file_identity
from harness.tasks import FileSource

from .reading import UNREAD


@dataclass(frozen=True, slots=True)
class GradeAsked(Request):
    """A question and a turn, whose recorded judgment is asked for; the request of ``recorded_grades``."""

    id: str
    """The item's id: ``QUESTION-TURN``."""

    def content(self) -> object:
        """The id."""
        return self.id


@dataclass(frozen=True, slots=True)
class RecordedGrade:
    """What a judge wrote about an answer."""

    text: str


def _samples() -> SampleRequests:
    return SampleRequests([GradeAsked(f"81-{turn}") for turn in (1, 2)])


RECORDED_GRADES = Capability(
    "recorded_grades",
    GradeAsked,
    "record",
    record=RecordedGrade,
    check=lambda request, found: None,
    samples=_samples,
    description="the recorded judgment of an answer of MT-Bench",
)


class MtBenchJudgments(Model):
    """Answers ``recorded_grades`` from a file of MT-Bench's judgments, whose texts are read anew.

    A row without its text stands by its score, and by none where that is -1. An answer without a row is a failed
    request.

    Args:
        model: The model in the file.
        path: JSONL with ``question_id``, ``model``, ``turn``, ``score`` and ``judgment``; plain or gzip.
    """

    batch_size = 2048
    reads_text: ClassVar[bool] = False
    places: ClassVar[tuple[str, ...]] = ("path",)

    def __init__(self, model: str, path: str) -> None:
        self.model, self.path = model, path
        self._texts: dict[str, str] | None = None

    def identity(self) -> Mapping[str, object]:
        """Return the hash of the file."""
        return {"judgments": file_identity(Path(self.path))}

    def recorded_grades(self, requests: Sequence[GradeAsked]) -> list[Any]:
        """Return what the judge wrote of each answer."""
        if self._texts is None:
            self._texts = read_judgments(Path(self.path), self.model)
        missing = f"{Path(self.path).name} holds no judgment of {self.model} on"
        return [
            RecordedGrade(self._texts[r.id]) if r.id in self._texts else Failure(f"{missing} {r.id}") for r in requests
        ]


def read_judgments(path: Path, model: str) -> dict[str, str]:
    """Return the judge's texts by ``QUESTION-TURN``.

    Raises:
        DataError: a row is not of the form, a judgment stands there twice, or there is none of the model; names the
            line.
    """
    texts: dict[str, str] = {}
    for row in FileSource(path).rows():
        values = row.values
        if row.problem:
            raise DataError(f"{row.where}: {row.problem}")
        if not {"question_id", "model", "turn"} <= set(values) or not {"score", "judgment"} & set(values):
            raise DataError(f"{row.where}: expected question_id, model, turn, and score or judgment")
        if values["model"] != model:
            continue
        id_ = f"{values['question_id']}-{values['turn']}"
        if id_ in texts:
            raise DataError(f"{row.where}: {model} has a judgment on {id_} already")
        text, score = values.get("judgment"), values.get("score")
        if not isinstance(text, str):
            if isinstance(score, bool) or not isinstance(score, int | float):
                raise DataError(f"{row.where}: expected a text in 'judgment' or a number in 'score', got {score!r}")
            text = "" if score == UNREAD else f"[[{score:g}]]"
        texts[id_] = text
    if not texts:
        raise DataError(f"{path}: no judgment of {model!r} in it")
    return texts
