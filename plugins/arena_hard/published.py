"""Tables of Arena-Hard's repository as published results: the CSV of a leaderboard, and the printed text of one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import DataError
from harness.files import read_text
from harness.tasks import FileSource

TASK = "arena-hard/prompts"
METRIC = "arena_hard_score@compat"
SOURCE = "lmarena/arena-hard-auto"
_LINE = re.compile(
    r"^(?P<model>\S+)\s*\|\s*score:\s*(?P<value>[\d.]+)\s*\|\s*95% CI:\s*\((?P<low>[-\d.]+),\s*(?P<high>[\d.]+)\)"
)


def table(path: Path, task: str = TASK) -> Iterator[Mapping[str, Any]]:
    """Yield the scores of a table, as fractions, with the intervals that were published.

    Args:
        path: CSV with ``model,score,rating_q025,rating_q975``, or the repository's text of past leaderboards, of which
            the tables with style control are left out.
        task: Name of the task whose figures they are.

    Raises:
        DataError: the file holds no such table; names the line of a row that is none.
    """
    seen: dict[str, str] = {}
    for where, model, numbers in (_of_text if path.suffix in (".md", ".txt") else _of_csv)(path):
        value, low, high = (round(number / 100, 6) for number in numbers)
        if not 0 <= low <= value <= high <= 1:
            raise DataError(
                f"{where}: the score {numbers[0]:g} is not in its interval [{numbers[1]:g}, {numbers[2]:g}]"
            )
        if model in seen:
            raise DataError(f"{where}: {model} is there already, at {seen[model]}")
        seen[model] = where
        figure = {"model": model, "task": task, "metric": METRIC, "value": value, "source": SOURCE}
        yield figure | ({"low": low, "high": high} if low < high else {})
    if not seen:
        raise DataError(f"{path}: no score of a leaderboard in it: 'model | score: ... | 95% CI: (...)', or CSV")


def _of_csv(path: Path) -> Iterator[tuple[str, str, tuple[float, float, float]]]:
    columns = ("score", "rating_q025", "rating_q975")
    for row in FileSource(path).rows():
        if row.problem:
            raise DataError(f"{row.where}: {row.problem}")
        try:
            value, low, high = (float(row.values[key]) for key in columns)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{row.where}: expected numbers in {', '.join(columns)}: {error}") from None
        yield row.where, str(row.values["model"]), (value, low, high)


def _of_text(path: Path) -> Iterator[tuple[str, str, tuple[float, float, float]]]:
    wanted = True
    seen = set()
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        # A title stands above its block; the block of the plain scores has none of its own.
        wanted = (wanted or line.strip() == "```") and "Style Control" not in line
        found = _LINE.match(line)
        # Older tables of the same file give some models again; the first is the newest.
        if found and wanted and found["model"] not in seen:
            seen.add(found["model"])
            value = float(found["value"])
            yield f"{path}:{number}", found["model"], (value, value + float(found["low"]), value + float(found["high"]))
