"""Results that others have published: figures without responses, shown beside evaluated models and marked as such.

A file of them is YAML, kept by hand and citing its source, or JSONL as importers write it. See
docs/published-results.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError, DataError
from harness.stats import Estimate
from harness.store.records import Result

_TEXTS = ("model", "task", "metric")
_NUMBERS = ("value", "stderr", "low", "high")
_KEYS = {*_TEXTS, *_NUMBERS, "domain", "n", "unit", "higher_is_better", "source"}


@dataclass(frozen=True, slots=True)
class Published:
    """One published figure."""

    result: Result
    """Its estimate has an interval only where one was published."""
    source: str
    """Who published it and where."""


def read_published(path: Path) -> list[Published]:
    """All figures of a file, in its order.

    Args:
        path: ``.yaml`` or ``.yml``, or JSONL, plain or gzip.

    Raises:
        ConfigurationError: the YAML is not of the form; names line and key.
        DataError: the file is missing, or a row is not of the form or there twice; names the line.
    """
    rows = _yaml_rows(path) if path.suffix in (".yaml", ".yml") else _jsonl_rows(path)
    found: dict[tuple[str, str, str, str], str] = {}
    published = []
    for where, row in rows:
        figure = _figure(where, row)
        r = figure.result
        key = (r.model, r.task, r.metric, r.domain)
        if key in found:
            raise DataError(f"{where}: {r.task}:{r.metric}:{r.domain} of {r.model!r} is there already, at {found[key]}")
        found[key] = where
        published.append(figure)
    if not published:
        raise DataError(f"{path}: no published figures in it")
    return published


def _yaml_rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    from harness.schema import PublishedFile
    from harness.taskfiles import load_yaml, validate

    file: PublishedFile = validate(PublishedFile, load_yaml(path), path)
    source = f"{file.source} ({file.citation})" if file.citation else file.source
    for model, figures in file.figures.items():
        for selector, value in figures.items():
            task, colon, rest = selector.partition(":")
            metric, _, domain = rest.rpartition(":")
            if not metric or "=" in domain:
                metric, domain = rest, "overall"
            where = f"{path}: figures.{model}.{selector}"
            if not colon or not metric:
                raise ConfigurationError(f"{where}: expected task:metric or task:metric:domain")
            better = metric not in file.lower_is_better
            yield (
                where,
                {
                    "model": model,
                    "task": task,
                    "metric": metric,
                    "domain": domain,
                    "value": value,
                    "unit": file.unit,
                    "higher_is_better": better,
                    "source": source,
                },
            )


def _jsonl_rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    from harness.data import FileSource

    if not path.is_file():
        raise DataError(f"{path}: no such file of published results")
    for row in FileSource(path).rows():
        if row.problem:
            raise DataError(f"{row.where}: {row.problem}")
        yield row.where, row.values


def _figure(where: str, row: Mapping[str, Any]) -> Published:
    problem = _problem(row)
    if problem:
        raise DataError(f"{where}: {problem}")
    value, stderr, low, high = (math.nan if row.get(name) is None else float(row[name]) for name in _NUMBERS)
    result = Result(
        row["model"],
        row["task"],
        row["metric"],
        row.get("domain", "overall"),
        Estimate(value, stderr, low, high, row.get("n") or 0),
        row.get("unit", "fraction"),
        row.get("higher_is_better", True),
    )
    return Published(result, row.get("source") or "")


def _problem(row: Mapping[str, Any]) -> str:
    """What is wrong with a row; empty where it is as it should be."""
    if unknown := sorted(set(row) - _KEYS):
        return f"unknown key {unknown[0]!r}; a published figure has {', '.join(sorted(_KEYS))}"
    for name in (*_TEXTS, "domain", "unit"):
        if (name in _TEXTS or name in row) and not (isinstance(row.get(name), str) and row[name]):
            return f"{name!r} must be a text, got {row.get(name)!r}"
    for name in _NUMBERS:
        given = row.get(name)
        if given is None and name != "value":
            continue
        if not isinstance(given, (int, float)) or isinstance(given, bool) or not math.isfinite(given):
            return f"{name!r} must be a finite number, got {given!r}"
    if (row.get("low") is None) != (row.get("high") is None):
        return "an interval needs both 'low' and 'high'"
    if row.get("low") is not None and not row["low"] <= row["value"] <= row["high"]:
        return f"the value {row['value']} is not in its interval [{row['low']}, {row['high']}]"
    if row.get("n") is not None and (type(row["n"]) is not int or row["n"] < 0):
        return f"'n' must be a whole number, got {row['n']!r}"
    if not isinstance(row.get("higher_is_better", True), bool):
        return f"'higher_is_better' must be true or false, got {row['higher_is_better']!r}"
    return ""
