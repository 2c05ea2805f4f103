"""Recorded annotations of AlpacaEval: who was preferred and how long both answers are, without the texts."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from harness import Capability, Failure, Model, Request, Response, SampleRequests, UsageError, file_identity

from .source import ANNOTATIONS, in_mirror, read_csv

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class InstructionAsked(Request):
    """An instruction of which the recorded annotation is asked; the request of ``annotate``."""

    id: str
    """The item's id: the number of the instruction."""

    def content(self) -> object:
        """The id."""
        return self.id


@dataclass(frozen=True, slots=True)
class Annotation:
    """What is recorded of a model's answer to an instruction, and of the judge's verdict on it."""

    better: float | None
    """Probability in [0, 1] that the model's answer is better; None where no verdict could be read."""
    candidate_characters: float
    baseline_characters: float


def _problem(request: InstructionAsked, answer: Annotation) -> str | None:
    if answer.better is not None and not 0 <= answer.better <= 1:
        return f"expected a probability in [0, 1], got {answer.better}"
    lengths = (answer.candidate_characters, answer.baseline_characters)
    return None if min(lengths) >= 0 else f"expected lengths of at least 0, got {lengths}"


def _samples() -> SampleRequests:
    return SampleRequests([InstructionAsked(str(number)) for number in range(3)])


ANNOTATE = Capability(
    "annotate",
    InstructionAsked,
    "record",
    record=Annotation,
    check=_problem,
    samples=_samples,
    description="recorded preference and lengths of an instruction of AlpacaEval",
)


def preference(log_m: float | None, log_capital_m: float | None, *, switched: bool) -> float | None:
    """Return the probability that the model's answer is better, from the log-probabilities of the judge's two labels.

    ``m`` names the output shown first, ``M`` the second. A label that is not among the judge's likeliest has no
    probability; where neither is, there is no verdict.

    >>> preference(math.log(0.2), math.log(0.6), switched=False), preference(None, -0.1, switched=True)
    (0.75, 0.0)

    Args:
        log_m: Of the output shown first; None where the label is missing.
        log_capital_m: Of the output shown second.
        switched: Whether the model's output was shown first.
    """
    known = [value for value in (log_m, log_capital_m) if value is not None and not math.isnan(value)]
    if not known:
        return None
    largest = max(known)
    first, second = (
        0.0 if value is None or math.isnan(value) else math.exp(value - largest) for value in (log_m, log_capital_m)
    )
    share = first / (first + second)
    return round(share if switched else 1 - share, 15)


class AlpacaAnnotations(Model):
    """Answers ``annotate`` from rows ``model,index,preference,len_1,len_2``, as they are recorded of AlpacaEval.

    ``preference`` lies in [1, 2], where 2 is the model; 0 is an older code of a tie. Lengths are characters of the
    baseline's and of the model's answer. An instruction without a row is a failed request.

    Args:
        model: The model in the file.
        path: The file, CSV plain or gzip. Default: ``alignment/alpaca_eval/annotations_compact.csv.gz`` below
            ``$HARNESS_DATA``.
    """

    batch_size = 2048
    reads_text: ClassVar[bool] = False
    places: ClassVar[tuple[str, ...]] = ("path",)

    def __init__(self, model: str, path: str = "") -> None:
        self.model, self.path = model, path
        self._rows: dict[str, Annotation | Failure] | None = None

    @property
    def file(self) -> Path:
        """Return the file that is read."""
        return Path(self.path) if self.path else in_mirror(ANNOTATIONS)

    def identity(self) -> Mapping[str, object]:
        """Return a hash of the file."""
        return {"annotations": file_identity(self.file)}

    def annotate(self, requests: Sequence[InstructionAsked]) -> list[Response]:
        """Return the recorded annotation of each instruction."""
        rows = self._read()
        missing = f"{self.file.name} holds no annotation of {self.model} for the instruction"
        return [rows.get(request.id, Failure(f"{missing} {request.id}")) for request in requests]

    def _read(self) -> dict[str, Annotation | Failure]:
        if self._rows is None:
            self._rows = annotations_of(self.file, self.model)
        return self._rows


def annotations_of(path: Path, model: str) -> dict[str, Annotation | Failure]:
    """Return the annotations of a model by instruction.

    Raises:
        UsageError: the file has no row of the model, or a row that is none; names line and column.
    """
    rows: dict[str, Annotation | Failure] = {}
    models: Collection[str] = dict.fromkeys(())
    for line, row in read_csv(path, ("model", "index", "preference", "len_1", "len_2")):
        models = {**dict.fromkeys(models), row["model"]: None}
        if row["model"] != model:
            continue
        where = f"{path}:{line}"
        key = str(row["index"]).strip()
        if key in rows:
            raise UsageError(f"{where}: the instruction {key} of {model} is recorded twice")
        rows[key] = _annotation(row, where)
    if not rows:
        some = ", ".join(sorted(models)[:5])
        raise UsageError(f"{path}: no row of the model {model!r}; it holds {len(models)}, among them {some}")
    return rows


def _annotation(row: Mapping[str, Any], where: str) -> Annotation:
    numbers = {}
    for name in ("preference", "len_1", "len_2"):
        try:
            numbers[name] = float(row[name]) if row[name] not in ("", "None", "nan", "NaN") else NAN
        except ValueError:
            raise UsageError(f"{where}: {name} is {row[name]!r}; expected a number") from None
    stated = numbers["preference"]
    tie = stated in (0.0, 1.5)
    if not (math.isnan(stated) or tie or 1 <= stated <= 2):
        raise UsageError(f"{where}: preference is {stated}; expected a number from 1 (the baseline) to 2 (the model)")
    for name in ("len_1", "len_2"):
        if not numbers[name] >= 0:
            raise UsageError(f"{where}: {name} is {row[name]!r}; expected a number of characters")
    better = None if math.isnan(stated) else 0.5 if tie else stated - 1
    return Annotation(better, numbers["len_2"], numbers["len_1"])
