"""The model that answers from records, by the item a request was made for."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from harness import (
    VERDICT_LABELS,
    Candidates,
    Completion,
    Conversation,
    DataError,
    Failure,
    Generation,
    Model,
    Pair,
    Query,
    Request,
    UsageError,
    Verdict,
    encodable,
    file_identity,
)

FIELDS = {
    "scores": "score",
    "p_first": "compare",
    "log_odds": "detect",
    "text": "generate",
    "predicted": "route",
    "chosen": "route",
}
"""What a row may hold, and the capability that it answers."""
KEYS = {"task", "id", "order", "pair", "of", "label", *FIELDS}
Key = tuple[str, str, str, str]
"""(task, id, order, of)."""
AS_GIVEN, EXCHANGED = "ab", "ba"
ORDERS: Mapping[tuple[int, ...], str] = {(): AS_GIVEN, (0, 1): AS_GIVEN, (1, 0): EXCHANGED}
"""By the positions of the responses that a request shows first and second."""


def order_of(positions: Sequence[int]) -> str:
    """Return what tells the verdicts on one item apart: the order of its two responses, or which two of several."""
    return ORDERS.get(tuple(positions), ",".join(map(str, positions)))


class Recorded(Model):
    """Answers from rows ``{"task", "id", ...}`` with ``scores``, ``p_first``, ``log_odds``, ``text`` or a route.

    A route is ``predicted``, a number a model by label, or ``chosen``, the label of the model that a router chose.
    ``scores`` holds one number a response, in the order of the data. ``p_first`` is the preference for the response
    shown first; ``"order": "ab"`` (the default) says that the responses were shown in the order of the data, ``"ba"``
    exchanged; where an item has more than two responses, ``"pair": [i, j]`` says which was shown first and which
    second, counted from 0. A ``p_first`` of ``null`` is a verdict that could not be read. ``text`` may stand beside
    it, as what the judge wrote. A row on another model's answer, as a judge's verdict on a candidate, says by ``"of"``
    on whose, by the label that the model has in results; without it, it answers no question about another's answer,
    since it might be a verdict on anybody. ``null`` in place of another value is a recorded failure. ``task`` is a
    task's name or its suite's. A missing item is a failed request; an item that the task does not have is an error
    before anything runs.

    Args:
        path: JSONL file, plain or gzip.
        of: Label of the model whose answers the rows without ``"of"`` are on; empty: on nobody's.
    """

    batch_size = 2048
    reads_text: ClassVar[bool] = False
    places: ClassVar[tuple[str, ...]] = ("path",)

    def __init__(self, path: str, of: str = "") -> None:
        self.path, self.of = path, str(of)
        self._rows: dict[Key, Mapping[str, Any]] | None = None

    def identity(self) -> Mapping[str, object]:
        """Return a hash of the file."""
        return {"records": file_identity(Path(self.path))}

    def offers(self, known: Sequence[str]) -> tuple[str, ...]:
        """Return the capabilities that the fields of the rows answer."""
        present = {name for row in self._read().values() for name in FIELDS if name in row}
        if "p_first" in present:  # the text beside a verdict is what the judge wrote, no completion
            present.discard("text")
        return tuple(dict.fromkeys(FIELDS[name] for name in FIELDS if name in present))

    def recorded_items(self) -> Mapping[str, Sequence[str]]:
        """Return the ids of the recorded items, by task."""
        items: dict[str, dict[str, None]] = {}
        for task, id_, *_ in self._read():
            items.setdefault(task, {})[id_] = None
        return {task: list(ids) for task, ids in items.items()}

    def recorded_of(self, task: str) -> Collection[str]:
        """Return the labels of models that the rows of a task or its suite name in ``of``."""
        return {of for named, _, _, of in self._read() if of and named in _names(task)}

    def _read(self) -> dict[Key, Mapping[str, Any]]:
        if self._rows is None:
            self._rows = read_rows(Path(self.path), of=self.of)
        return self._rows

    def _find(self, request: Request, order: str = AS_GIVEN) -> Mapping[str, Any] | Failure:
        origin = request.origin
        if origin is None:
            return Failure("records are found by item, and this request was made for none")
        rows = self._read()
        for task in _names(origin.task):
            row = rows.get((task, origin.id, order, origin.of))
            if row is not None:
                return row
        if origin.of:
            return Failure(self._not_on(origin.of, origin.task, origin.id, order))
        shown = f" for the pair [{order}]" if "," in order else f" in the order {order!r}" if order != AS_GIVEN else ""
        return Failure(f"{Path(self.path).name} holds no response to item {origin.id!r} of {origin.task}{shown}")

    def _not_on(self, label: str, task: str, id_: str, order: str) -> str:
        """Say why no row is on this model's answer; a row that names no model is not taken for one on it."""
        nobodys = any((name, id_, order, "") in self._read() for name in _names(task))
        what = f"{Path(self.path).name} holds nothing on the answer of {label!r} to item {id_!r} of {task}"
        return f'{what}; its row does not say whose answer it is on: add "of"' if nobodys else what

    def _answer(self, request: Request, field: str, make: Callable[[Any], Any], order: str = AS_GIVEN) -> Any:
        row = self._find(request, order)
        if isinstance(row, Failure):
            return row
        if field not in row:
            return Failure(f"the record of item {row['id']!r} has no {field!r}")
        if row[field] is None:
            return Failure(f"the record of item {row['id']!r} says that the request failed ({field} is null)")
        return make(row)

    def score(self, requests: Sequence[Candidates]) -> list[Any]:
        """Return the recorded scores at the positions that each request asks for."""

        def at(positions: Sequence[int]) -> Callable[[Any], Any]:
            def pick(row: Any) -> Any:
                scores = row["scores"]
                whole = list(positions) == list(range(len(positions)))
                if len(scores) != len(positions) and (whole or max(positions, default=0) >= len(scores)):
                    return Failure(
                        f"the record of item {row['id']!r}: expected {len(positions)} scores, got {len(scores)}"
                    )
                return [math.nan if scores[p] is None else float(scores[p]) for p in positions]

            return pick

        return [self._answer(r, "scores", at(r.origin.positions if r.origin else ())) for r in requests]

    def compare(self, requests: Sequence[Pair]) -> list[Any]:
        """Return the recorded verdict on each pair in the order that the request asks for."""
        return [self._compare(request) for request in requests]

    def _compare(self, request: Pair) -> Verdict | Failure:
        positions = request.origin.positions if request.origin else ()
        row = self._find(request, order_of(positions))
        return row if isinstance(row, Failure) else _verdict(row)

    def detect(self, requests: Sequence[Conversation]) -> list[Any]:
        """Return the recorded log-odds."""
        return [self._answer(r, "log_odds", lambda row: float(row["log_odds"])) for r in requests]

    def generate(self, requests: Sequence[Generation]) -> list[Any]:
        """Return the recorded text as the only completion."""
        return [self._answer(r, "text", lambda row: (Completion(str(row["text"])),)) for r in requests]

    def route(self, requests: Sequence[Query]) -> list[Any]:
        """Return the recorded predictions of the models that each question names; of a choice, 1 and else 0."""
        return [self._route(request) for request in requests]

    def _route(self, request: Query) -> Any:
        row = self._find(request)
        if isinstance(row, Failure):
            return row
        field = "predicted" if "predicted" in row else "chosen"
        said = row.get(field)
        if said is None:
            return Failure(f"the record of item {row['id']!r} has no {field!r}, or says that the request failed (null)")
        if field == "chosen":
            if said not in request.models:
                return Failure(
                    f"the record of item {row['id']!r} chooses {said!r}, which is none of {', '.join(request.models)}"
                )
            return [float(label == said) for label in request.models]
        lacking = [label for label in request.models if said.get(label) is None]
        if lacking:
            return Failure(f"the record of item {row['id']!r} predicts nothing of {', '.join(lacking)}")
        return [float(said[label]) for label in request.models or said]


def _verdict(row: Mapping[str, Any]) -> Verdict | Failure:
    if "p_first" not in row:
        return Failure(f"the record of item {row['id']!r} has no 'p_first'")
    p_first = row["p_first"]
    number = None if p_first is None else float(p_first)
    return Verdict(number, str(row.get("text") or ""), str(row.get("label") or ""))


def _names(task: str) -> tuple[str, str]:
    """Return the names that rows may give a task: its own, and that of its suite."""
    return task, task.partition("/")[0]


def read_rows(path: Path, *, of: str = "") -> dict[Key, Mapping[str, Any]]:
    """Read and check all rows; return them by (task, id, order, of).

    Args:
        path: The file.
        of: Label of the model on whose answers the rows without ``"of"`` are.

    Raises:
        UsageError: the file is missing, or a row is not of the form; names the line.
    """
    from harness.tasks import FileSource

    rows: dict[Key, Mapping[str, Any]] = {}
    places: dict[Key, str] = {}
    try:
        for row in FileSource(path).rows():
            problem = row.problem or _problem(row.values)
            if problem:
                raise UsageError(f"{row.where}: {problem}")
            pair = row.values.get("pair")
            order = row.values.get("order", AS_GIVEN) if pair is None else order_of(pair)
            key = (row.values["task"], encodable(str(row.values["id"])), order, row.values.get("of", of))
            if key in rows:
                whose = f", on the answer of {key[3]!r}," if key[3] else ""
                what = f"item {key[1]!r} of {key[0]}{whose} is recorded already, at {places[key]}"
                raise UsageError(f"{row.where}: {what}")
            rows[key], places[key] = row.values, row.where
    except DataError as error:
        raise UsageError(str(error)) from error
    if not rows:
        raise UsageError(f"{path}: no records in it")
    return rows


def _problem(row: Mapping[str, Any]) -> str:
    for key in ("task", "id"):
        if key not in row:
            return f"the key {key!r} is missing; a record needs task, id and one of {', '.join(FIELDS)}"
    if not isinstance(row["task"], str) or not isinstance(row["id"], (str, int)):
        return f"'task' must be a text and 'id' a text or whole number, got {row['task']!r} and {row['id']!r}"
    if unknown := sorted(set(row) - KEYS):
        return f"unknown key {unknown[0]!r}; a record has {', '.join(sorted(KEYS))}"
    if not any(name in row for name in FIELDS):
        return f"no response in it: one of {', '.join(FIELDS)} is needed"
    if "of" in row and not (isinstance(row["of"], str) and row["of"]):
        return f"'of' is {row['of']!r}; expected the label of the model whose answer was judged"
    if row.get("order", AS_GIVEN) not in (AS_GIVEN, EXCHANGED):
        return f"'order' is {row['order']!r}; expected {AS_GIVEN!r} or {EXCHANGED!r}"
    pair = row.get("pair")
    if pair is not None and not (isinstance(pair, list) and len(pair) == 2 and all(type(i) is int for i in pair)):
        return f"'pair' is {pair!r}; expected the indices [i, j] of two responses, from 0"
    if pair is not None and "order" in row:
        return "give 'pair' or 'order', not both"
    scores = row.get("scores")
    if scores is not None and not (isinstance(scores, list) and all(_number(s) or s is None for s in scores)):
        return "'scores' must be a list of numbers, or null"
    for name in ("p_first", "log_odds"):
        if row.get(name) is not None and not _number(row[name]):
            return f"{name!r} must be a number or null, got {row[name]!r}"
    predicted, chosen = row.get("predicted"), row.get("chosen")
    if predicted is not None and not (
        isinstance(predicted, dict) and all(_number(value) or value is None for value in predicted.values())
    ):
        return f"'predicted' must be a mapping of labels to numbers, or null, got {predicted!r}"
    if chosen is not None and not (isinstance(chosen, str) and chosen):
        return f"'chosen' must be the label of a model, or null, got {chosen!r}"
    if "predicted" in row and "chosen" in row:
        return "give 'predicted' or 'chosen', not both"
    text = row.get("text")
    if isinstance(text, bool) or not isinstance(text, str | int | float | None):
        return f"'text' must be a text or null, got {text!r}"
    p_first = row.get("p_first")
    if p_first is not None and (p_first < 0 or p_first > 1):
        return f"'p_first' is a probability in [0, 1], got {p_first}"
    return _label_problem(row)


def _label_problem(row: Mapping[str, Any]) -> str:
    label = row.get("label")
    if label is None:
        return ""
    if label not in VERDICT_LABELS:
        return f"'label' is {label!r}; expected one of {', '.join(map(repr, VERDICT_LABELS))}, or null"
    if row.get("p_first") is None:
        return "'label' belongs to a verdict that was read, and 'p_first' is not given"
    return ""


def _number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        float(value)
    except OverflowError:  # a whole number of hundreds of digits
        return False
    return True
