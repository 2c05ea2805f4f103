"""Converts published verdicts on pairs that people labelled to recorded rows."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import DataError, UsageError
from harness.errors import did_you_mean
from harness.tasks import FileSource

PANDALM, MT_BENCH = "judge-audit/pandalm-as-given", "judge-audit/mt-bench-200"
_EVALUATORS = ("gpt35", "pandalm7b", "annotator1", "annotator2", "annotator3")
_VERDICTS = {"1": 1.0, "2": 0.0, "0": 0.5, "tie": 0.5}
_SUBSET = "Processed/MT-Bench"
_COLUMNS = {"subset", "evaluator", "index", "winner_noswap", "winner_swap"}


def pandalm(path: Path, *, evaluator: str = "pandalm7b") -> Iterator[Mapping[str, Any]]:
    """Convert an evaluator's verdicts on PandaLM's test set; what is neither 1, 2, 0 nor "Tie" could not be read.

    Args:
        path: JSONL file, plain or gzip, with a column for each evaluator.
        evaluator: The column: ``gpt35``, ``pandalm7b``, or ``annotator1`` to ``annotator3``.

    Raises:
        UsageError: there is no such evaluator; suggests the nearest.
        DataError: the file has no column ``idx``, or none of the evaluator.
    """
    if evaluator not in _EVALUATORS:
        raise UsageError(f"no evaluator {evaluator!r}{did_you_mean(evaluator, _EVALUATORS)}")
    for row in FileSource(path).rows():
        if row.problem or "idx" not in row.values or evaluator not in row.values:
            problem = row.problem or f"not PandaLM's test set with verdicts: 'idx' or {evaluator!r} is missing"
            raise DataError(f"{row.where}: {problem}")
        said = str(row.values[evaluator]).strip()
        record = {"task": PANDALM, "id": str(row.values["idx"]), "p_first": _VERDICTS.get(said.lower())}
        yield record | ({"text": said} if record["p_first"] is None else {})


def mt_bench_200(path: Path, *, evaluator: str = "") -> Iterator[Mapping[str, Any]]:
    """Convert an evaluator's verdicts on the 200 pairs of MT-Bench in LLMBar's table of verdicts.

    Args:
        path: CSV file, plain or gzip; columns subset, evaluator, index, winner_noswap, winner_swap; winners 1 or 2 in
            the order of the data.
        evaluator: The evaluator, such as ``GPT-4/Vanilla``.

    Raises:
        UsageError: there is no such evaluator; suggests the nearest.
        DataError: a column is missing.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    evaluators: set[str] = set()
    with opener(path, "rt", encoding="utf-8", newline="") as stream:
        table = csv.DictReader(stream)
        missing = _COLUMNS - set(table.fieldnames or ())
        if missing:
            raise DataError(f"{path}: not a table of LLMBar's verdicts: no column {sorted(missing)[0]!r}")
        for row in table:
            if row["subset"] != _SUBSET:
                continue
            evaluators.add(row["evaluator"])
            if row["evaluator"] != evaluator:
                continue
            for order, column in (("ab", "winner_noswap"), ("ba", "winner_swap")):
                # Winners are in the order of the data; a record speaks of the response shown first.
                first = "1" if order == "ab" else "2"
                said = row[column].removesuffix(".0")
                p_first = None if said not in ("1", "2") else float(said == first)
                yield {"task": MT_BENCH, "id": row["index"], "order": order, "p_first": p_first}
    if evaluator not in evaluators:
        raise UsageError(f"{path}: no evaluator {evaluator!r}{did_you_mean(evaluator, evaluators)}")
