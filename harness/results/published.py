"""Results that others have published: figures without responses, shown beside evaluated models and marked as such.

A file of them is YAML, kept by hand and citing its source, or a table such as the JSONL that importers write. See
docs/published-results.md.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ConfigurationError, DataError, HarnessError
from harness.files.regular_files import is_file
from harness.stats import Estimate
from harness.store.records import Result

if TYPE_CHECKING:
    from harness.names.registry import Registry

_TEXTS = ("model", "task", "metric")
_NUMBERS = ("value", "stderr", "low", "high")
_KEYS = {*_TEXTS, *_NUMBERS, "domain", "n", "unit", "higher_is_better", "source", "note"}
_YAML = (".yaml", ".yml")
ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".parquet")
"""Of tables of published results, one figure a row, each also with ``.gz`` but for the last."""
_WITH_EMPTY_CELLS = (".csv", ".parquet")
"""Where what a row does not say has a cell all the same."""
_LARGEST_FRACTION = 1.5
"""A few scores that are counted as fractions exceed 1 a little; 50 is a percentage."""


@dataclass(frozen=True, slots=True)
class Published:
    """One published figure."""

    result: Result
    """Its estimate has an interval only where one was published."""
    source: str
    """Who published it and where; empty where that is not stated."""
    note: str = ""
    """What a reader should know."""
    rounded_from: tuple[float, float] = (math.nan, math.nan)
    """The lowest and the highest value that are written as this one: of 62.3 these are 62.25 and 62.35."""


def read_published(path: Path, registry: Registry | None = None) -> list[Published]:
    """All figures of a file, in its order.

    Args:
        path: ``.yaml`` or ``.yml``, or a table as `ENDINGS` lists them.
        registry: Where metrics are looked up, for the unit and direction that the file does not say; default:
            installed plugins.

    Raises:
        ConfigurationError: the YAML is not of the form; names line and key.
        DataError: the file is missing, or a row is not of the form or there twice; names the line.
    """
    if not is_file(path):
        raise DataError(f"{path}: no such file of published results")
    rows = _yaml_rows(path) if path.suffix in _YAML else _table_rows(path)
    kinds = _Kinds(registry)
    found: dict[tuple[str, str, str, str], str] = {}
    published: list[Published] = []
    written: list[str] = []
    for where, row, text in rows:
        figure = _figure(where, row, kinds)
        written.append(text)
        r = figure.result
        key = (r.model, r.task, r.metric, r.domain)
        if key in found:
            raise DataError(f"{where}: {r.task}:{r.metric}:{r.domain} of {r.model!r} is there already, at {found[key]}")
        found[key] = where
        published.append(figure)
    if not published:
        raise DataError(f"{path}: no published figures in it")
    return _with_rounding(published, written)


def _with_rounding(published: Sequence[Published], written: Sequence[str]) -> list[Published]:
    """Say of each figure which values are written as it.

    Args:
        published: The figures of one file.
        written: How the file writes the value of each; empty where that is not known, as of JSON's numbers.
    """
    own = [_decimals(text) for text in written]
    read = [_decimals(repr(figure.result.estimate.value)) for figure in published]
    most: dict[tuple[str, str, str], int] = {}
    for figure, texts in zip(published, zip(own, read, strict=True), strict=True):
        key = (figure.result.task, figure.result.metric, figure.result.domain)
        most[key] = max(most.get(key, 0), *texts)
    made = []
    for figure, decimals in zip(published, own, strict=True):
        r = figure.result
        # Numbers that were read lack the zeros at their end, and a bare 1 says nothing of decimals: such a figure has
        # as many as the others of its column.
        places = decimals or most[r.task, r.metric, r.domain]
        value, half = Decimal(repr(r.estimate.value)), Decimal(5).scaleb(-places - 1)
        made.append(dataclasses.replace(figure, rounded_from=(float(value - half), float(value + half))))
    return made


def _decimals(text: str) -> int:
    """Return the number of decimals that a number is written with; 0 for a text that is no plain number."""
    try:
        exponent = Decimal(text).as_tuple().exponent
    except ArithmeticError:
        return 0
    return max(0, -exponent) if isinstance(exponent, int) else 0


class _Kinds:
    """Unit and direction of metrics by name, where a plugin registered them."""

    def __init__(self, registry: Registry | None) -> None:
        self._registry = registry
        self._known: dict[str, tuple[str, bool] | None] = {}

    def of(self, metric: str) -> tuple[str, bool] | None:
        """(unit, higher is better); None where no plugin has a metric of that name."""
        name = metric.partition(":")[0]
        if name not in self._known:
            if self._registry is None:
                from harness.names.registry import Registry

                self._registry = Registry(kinds=("metric",))
            try:
                kind = self._registry.find("metric", name).load()
                self._known[name] = (kind.unit, kind.higher_is_better)
            except HarnessError:  # unknown here, or of a plugin that is broken: the file's word counts
                self._known[name] = None
        return self._known[name]


def _yaml_rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Yield where each figure stands, its row, and how its value is written."""
    from harness.files.validation import validate
    from harness.files.yaml_files import load_yaml
    from harness.tasks.schema import PublishedFile

    file: PublishedFile = validate(PublishedFile, load_yaml(path), path)
    lines = _lines(path)
    said: dict[str, Any] = {"source": f"{file.source} ({file.citation})" if file.citation else file.source}
    if file.note:
        said["note"] = file.note
    if file.unit is not None:
        said["unit"] = file.unit
    for model, figures in file.figures.items():
        for selector, value in figures.items():
            line, text = lines.get((model, selector), (0, ""))
            where = f"{path}{f':{line}' if line else ''}: figures.{model}.{selector}"
            task, metric, domain = _selector(where, selector)
            row = {"model": model, "task": task, "metric": metric, "domain": domain, "value": value, **said}
            if metric in file.lower_is_better:
                row["higher_is_better"] = False
            yield where, row, text


def _selector(where: str, selector: str) -> tuple[str, str, str]:
    """Task, metric and domain; a metric with arguments holds colons itself."""
    task, _, rest = selector.partition(":")
    metric, _, domain = rest.rpartition(":")
    if not metric or "=" in domain:
        metric, domain = rest, "overall"
    if not task or not metric or not domain:
        raise ConfigurationError(f"{where}: expected task:metric or task:metric:domain")
    return task, metric, domain


def _lines(path: Path) -> dict[tuple[str, str], tuple[int, str]]:
    """Lines of the figures and how they are written, by model and selector.

    Raises:
        ConfigurationError: a model or figure is there twice, of which YAML would keep the last without a word.
    """
    from harness.files.yaml_files import compose_yaml

    root: Any = compose_yaml(path)
    figures = next(value for key, value in root.value if key.value == "figures")
    found: dict[tuple[str, str], tuple[int, str]] = {}
    for model, line, own in _entries(path, figures, "the model"):
        for selector, place, value in _entries(path, own, f"a figure of {model!r},"):
            found[model, selector] = (place, value.value)
        found.setdefault((model, ""), (line, ""))
    return found


def _entries(path: Path, node: Any, what: str) -> Iterator[tuple[str, int, Any]]:
    seen: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if key.value in seen:
            raise ConfigurationError(f"{path}:{line}: {what} {key.value!r} is there already, on line {seen[key.value]}")
        seen[key.value] = line
        yield str(key.value), line, value


def _table_rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Yield where each figure stands, its row, and how its value is written, where the format keeps that."""
    from harness.tasks.data.sources import FileSource

    ending = next((ending for ending in ENDINGS if path.name.removesuffix(".gz").endswith(ending)), "")
    if not ending:
        raise DataError(f"{path}: published results are in files that end in {', '.join((*_YAML, *ENDINGS))}")
    for row in FileSource(path).rows():
        if row.problem:
            raise DataError(f"{row.where}: {row.problem}")
        values = row.values
        if ending in _WITH_EMPTY_CELLS:
            values = {key: value for key, value in values.items() if value not in (None, "")}
        if ending == ".csv":
            yield row.where, {key: _read(key, value) for key, value in values.items()}, values.get("value", "")
        else:
            yield row.where, values, ""


def _read(key: str, text: str) -> Any:
    """A field of CSV, where numbers and truth are texts; the text itself where it is not what it should be."""
    if key == "higher_is_better":
        return {"true": True, "false": False}.get(text.lower(), text)
    try:
        return int(text) if key == "n" else float(text) if key in _NUMBERS else text
    except ValueError:
        return text


def _figure(where: str, row: Mapping[str, Any], kinds: _Kinds) -> Published:
    problem = _problem(row)
    if problem:
        raise DataError(f"{where}: {problem}")
    value, stderr, low, high = (math.nan if row.get(name) is None else float(row[name]) for name in _NUMBERS)
    known = kinds.of(row["metric"])
    unit, better = known or ("fraction", True)
    if known and row.get("higher_is_better", better) != better:
        way = "higher" if better else "lower"
        raise DataError(f"{where}: of {row['metric']}, {way} is better; the file says the opposite")
    unit = row.get("unit", unit)
    if unit == "fraction" and abs(value) > _LARGEST_FRACTION:
        raise DataError(f"{where}: {value:g} is no fraction; divide percentages by 100, or name another 'unit'")
    result = Result(
        row["model"],
        row["task"],
        row["metric"],
        row.get("domain", "overall"),
        Estimate(value, stderr, low, high, row.get("n") or 0),
        unit,
        row.get("higher_is_better", better),
    )
    return Published(result, row.get("source") or "", row.get("note") or "")


def _is_finite(value: object) -> bool:
    try:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


def _problem(row: Mapping[str, Any]) -> str:
    """What is wrong with a row; empty where it is as it should be."""
    if unknown := sorted(set(row) - _KEYS):
        return f"unknown key {unknown[0]!r}; a published figure has {', '.join(sorted(_KEYS))}"
    for name in (*_TEXTS, "domain", "unit"):
        if (name in _TEXTS or name in row) and not (isinstance(row.get(name), str) and row[name]):
            return f"{name!r} must be a text, got {row.get(name)!r}"
    for name in ("source", "note"):
        if not isinstance(row.get(name, ""), str):
            return f"{name!r} must be a text, got {row[name]!r}"
    for name in _NUMBERS:
        given = row.get(name)
        if given is None and name != "value":
            continue
        if not _is_finite(given):
            return f"{name!r} must be a finite number, got {given!r}"
    if row.get("stderr") is not None and row["stderr"] < 0:
        return f"'stderr' must not be negative, got {row['stderr']}"
    if (row.get("low") is None) != (row.get("high") is None):
        return "an interval needs both 'low' and 'high'"
    if row.get("low") is not None and not row["low"] <= row["value"] <= row["high"]:
        return f"the value {row['value']} is not in its interval [{row['low']}, {row['high']}]"
    if row.get("n") is not None and (type(row["n"]) is not int or row["n"] < 0):
        return f"'n' must be a whole number, got {row['n']!r}"
    if not isinstance(row.get("higher_is_better", True), bool):
        return f"'higher_is_better' must be true or false, got {row['higher_is_better']!r}"
    return ""
