"""Streams made from public data, in orders that are frozen, and vCache's suites with labels that were reviewed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from harness import DataError

from .public_data import OUT_OF_SCOPE, clinc150, file_of

FROZEN = 0
"""Seed of the order of CLINC150's and Banking77's prompts."""


def clinc150_stream(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield CLINC150 in one frozen order, what is out of scope without an answer that others share.

    The order is ``numpy.random.default_rng(0).permutation``: of ``test`` 5,500 prompts, 1,000 of them out of scope.

    Args:
        split: ``train``, which is the set's own ``val``, or ``test``.

    Raises:
        DataError: the file is not there, or is not of the form.
    """
    rows = list(clinc150(split))
    for k in np.random.default_rng(FROZEN).permutation(len(rows)):
        row = rows[k]
        own = row["scope"] != OUT_OF_SCOPE
        made = {"id": row["id"], "prompt": row["prompt"], "scope_of_set": row["scope"]}
        yield {**made, "answer": row["intent"]} if own else made


def banking77_stream(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield Banking77 in one frozen order, by a copy below ``$HARNESS_DATA`` or from the hub.

    Args:
        split: ``train`` or ``test``.

    Raises:
        DataError: the data cannot be read, or lack a column.
    """
    from harness.tasks import hub_source

    rows = []
    for row in hub_source("PolyAI/banking77", split, mirror=f"caching/banking77_{split}.csv").rows():
        if row.problem:
            raise DataError(f"{row.where}: {row.problem}")
        answer = row.values.get("category", row.values.get("label"))
        if row.values.get("text") is None or answer is None:
            raise DataError(
                f"{row.where}: expected 'text' and 'category' (on the hub 'label'), got {_names(row.values)}"
            )
        rows.append({"id": f"{split}/{row.number}", "prompt": str(row.values["text"]), "answer": str(answer)})
    yield from (rows[k] for k in np.random.default_rng(FROZEN).permutation(len(rows)))


Suite = Literal["SemBenchmarkLmArena", "SemBenchmarkClassification", "SemBenchmarkSearchQueries", "SemBenchmarkCombo"]
CLASSES = ("ID_Set", "id_set")
"""Names of the column that says which prompts share a response."""


def vcache(
    split: str,
    suite: Suite = "SemBenchmarkLmArena",
    labels: Literal["original", "corrected"] = "original",
    response: str = "response_gpt-4o-mini",
) -> Iterator[Mapping[str, Any]]:
    """Yield a suite of vCache in its own order, with its labels as published or as a review corrected them.

    Corrections are read from ``$HARNESS_DATA/caching/SUITE.corrected.jsonl``, a line a pair of prompts that was looked
    at: ``{"first": ROW, "second": ROW, "same": 0 or 1}``, rows counted from 0. Other pairs are as published.

    Args:
        split: Of the data set; all of it is ``train``.
        suite: Name of the data set on the hub, below ``vCache/``.
        labels: ``original`` or ``corrected``.
        response: Column of the responses; the one of its latency ends in ``_lat``. Suites without a class column are
            judged by equal responses.

    Raises:
        DataError: the data or the corrections cannot be read, or lack a column.
    """
    from harness.tasks import hub_source

    rows, classes = [], []
    for row in hub_source(f"vCache/{suite}", split).rows():
        if row.problem:
            raise DataError(f"{row.where}: {row.problem}")
        values = row.values
        column = next((name for name in CLASSES if values.get(name) is not None), response)
        if values.get("prompt") is None or values.get(column) is None:
            expected = f"'prompt' and one of {', '.join((*CLASSES, response))}"
            raise DataError(f"{row.where}: expected {expected}; it has {_names(values)}")
        made: dict[str, Any] = {"id": f"{suite}/{row.number}", "prompt": str(values["prompt"])}
        if values.get(response) is not None:
            made["response"] = str(values[response])
        if values.get(f"{response}_lat") is not None:
            made["latency"] = _number(values[f"{response}_lat"], f"{row.where}: {response}_lat")
        rows.append(made)
        classes.append(str(values[column]))
    if labels == "original":
        answers: list[Any] = list(classes)
    else:
        answers = corrected(classes, verdicts(file_of(f"{suite}.corrected.jsonl"), len(rows)))
    for made, answer in zip(rows, answers, strict=True):
        yield {**made, "answer": answer}


def verdicts(path: Path, rows: int) -> dict[tuple[int, int], bool]:
    """Read which pairs of rows were looked at, and whether one response serves both.

    Raises:
        DataError: the file is missing, or a line is not of the form; names it.
    """
    from harness.tasks import FileSource

    found: dict[tuple[int, int], bool] = {}
    for row in FileSource(path).rows():
        if row.problem:
            raise DataError(f"{row.where}: {row.problem}")
        first, second = (_row(row.values.get(name), name, rows, row.where) for name in ("first", "second"))
        if first == second:
            raise DataError(f"{row.where}: row {first} is paired with itself")
        same = row.values.get("same")
        if same not in (0, 1):
            raise DataError(f"{row.where}: 'same' is {same!r}; expected 0 or 1")
        key = (min(first, second), max(first, second))
        if found.get(key, bool(same)) != bool(same):
            raise DataError(f"{row.where}: rows {key[0]} and {key[1]} have another verdict further up")
        found[key] = bool(same)
    return found


def _row(value: Any, name: str, rows: int, where: str) -> int:
    """Return the number of a row of the data.

    Raises:
        DataError: it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < rows:
        raise DataError(f"{where}: {name!r} is {value!r}; expected the number of a row, from 0 to {rows - 1}")
    return value


def corrected(classes: list[str], said: Mapping[tuple[int, int], bool]) -> list[list[str]]:
    """Return answers of every row so that two rows have one in common where a verdict says so, else where classes do.

    >>> corrected(["a", "a", "a", "b"], {(0, 1): False, (2, 3): True})
    [['a 0 2'], ['a 1 2'], ['a 0 2', 'a 1 2', '2 same 3'], ['b', '2 same 3']]
    """
    members: dict[str, list[int]] = {}
    for i, own in enumerate(classes):
        members.setdefault(own, []).append(i)
    parted = {classes[i] for (i, j), same in said.items() if not same and classes[i] == classes[j]}
    answers: list[list[str]] = [[] if own in parted else [own] for own in classes]
    for own in sorted(parted):  # of a class that is no whole any more, every pair that is left has an answer of its own
        for k, i in enumerate(members[own]):
            for j in members[own][k + 1 :]:
                if said.get((i, j), True):
                    answers[i].append(f"{own} {i} {j}")
                    answers[j].append(f"{own} {i} {j}")
    for (i, j), same in said.items():
        if same and classes[i] != classes[j]:
            answers[i].append(f"{i} same {j}")
            answers[j].append(f"{i} same {j}")
    return answers


def _number(value: Any, what: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise DataError(f"{what} is {value!r}; expected a number") from None


def _names(values: Mapping[str, Any]) -> str:
    return ", ".join(values)
