"""Converts the authors' per-response results (hub data set ``lmarena-ai/ppe-result-data``) to recorded rows.

The archive ``data.zip`` holds ``data/SET/MODEL.json`` with the scores of reward models: one record a prompt, with
``question_id`` and ``score_1``, ``score_2``, ...; a score may stand in a list of its own, "$ERROR$" is a failed one.
Judges' decisions are JSONL, one row a comparison: ``decision`` 1 for the first response, 0 for the second, null if none
could be read; each pair was shown in one order only.
"""

from __future__ import annotations

import json
import math
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from harness import DataError, UsageError
from harness.errors import did_you_mean

HUMAN = "ppe/human-preference"
TASKS = {
    "human_preference": HUMAN,
    "mmlu_pro": "ppe/mmlu-pro",
    "math": "ppe/math",
    "gpqa": "ppe/gpqa",
    "ifeval": "ppe/ifeval",
    "mbpp_plus": "ppe/mbpp-plus",
}
FAILED = "$ERROR$"
IDS = ("question_id", "uid", "id")
PAIRS = ("pair", "conflict_pair", "sampled_conflict_pair")
"""Keys by which a judge's row on a correctness set may name its two responses, counted from 0."""


def scores(path: Path, *, model: str = "", benchmark: str = "") -> Iterator[Mapping[str, Any]]:
    """Yield one model's recorded rows, of all sets in an archive or folder, or of one file.

    Args:
        path: ``data.zip``, the folder it unpacks to, or one ``SET/MODEL.json`` or ``.jsonl`` of it.
        model: The model to take, if there are several.
        benchmark: The set to take; for a file in a folder of another name, the set of the file.

    Raises:
        DataError: a file cannot be read, or a row is not of the form; the message names file, row and key.
        UsageError: there is no such model or set, or several models and none was chosen.
    """
    chosen_task = _task(benchmark) if benchmark else ""
    if benchmark and not chosen_task:
        raise UsageError(f"no PPE set is named {benchmark!r}{did_you_mean(benchmark, TASKS)}")
    if not path.exists():
        raise DataError(f"{path}: no such file")
    if path.suffix == ".zip" and not zipfile.is_zipfile(path):
        raise DataError(f"{path}: not a readable zip archive; it may not be whole")
    if path.is_dir() or zipfile.is_zipfile(path):
        members = [m for m in _members(path) if (task := _task(m.parent.name)) and chosen_task in ("", task)]
        for member in _chosen(path, members, model):
            yield from _converted(_task(member.parent.name), f"{path}/{member}", _read(path, member), member.suffix)
        return
    task = chosen_task or _task(path.absolute().parent.name)
    if not task:
        raise UsageError(
            f"{path}: its folder names none of PPE's sets; say which with --set benchmark=SET: {', '.join(TASKS)}"
        )
    if path.suffix not in (".json", ".jsonl"):
        raise UsageError(f"{path}: expected data.zip, its folder, a .json of scores or a .jsonl of decisions")
    yield from _converted(task, str(path), path.read_bytes(), path.suffix)


def _task(name: str) -> str:
    """Return the task of a set's name: ``mmlu_pro_best_of_k``, ``PPE-MMLU-Pro-Best-of-K`` and ``mmlu_pro`` are one."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).removeprefix("ppe_")
    return TASKS.get(re.sub(r"(_best_of_k|_v1)$", "", plain), "")


def _members(path: Path) -> list[PurePosixPath]:
    """List the result files of an archive or folder, relative to it."""
    if path.is_dir():
        names = [PurePosixPath(file.relative_to(path).as_posix()) for file in path.rglob("*") if file.is_file()]
    else:
        with zipfile.ZipFile(path) as archive:
            names = [PurePosixPath(name) for name in archive.namelist() if not name.endswith("/")]
    hidden = ("__MACOSX", ".")
    results = [n for n in names if n.suffix in (".json", ".jsonl") and not any(p.startswith(hidden) for p in n.parts)]
    return sorted(name if len(name.parts) > 1 else PurePosixPath(path.absolute().name) / name for name in results)


def _chosen(path: Path, members: Sequence[PurePosixPath], model: str) -> list[PurePosixPath]:
    models = sorted({member.stem for member in members})
    if not models:
        raise UsageError(f"{path}: no SET/MODEL.json or .jsonl in it, with SET one of {', '.join(TASKS)}")
    if model and model not in models:
        raise UsageError(f"{path}: no model {model!r}{did_you_mean(model, models)}")
    if not model and len(models) > 1:
        raise UsageError(
            f"{path}: results of {len(models)} models; choose one with --set model=NAME: {', '.join(models)}"
        )
    return [member for member in members if member.stem == (model or models[0])]


def _read(path: Path, member: PurePosixPath) -> bytes:
    if path.is_dir():
        inside = path / member
        return (inside if inside.is_file() else path / member.name).read_bytes()
    try:
        with zipfile.ZipFile(path) as archive:
            name = member.as_posix()
            return archive.read(name if name in archive.namelist() else member.name)
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError) as error:
        raise DataError(f"{path}: {member} cannot be unpacked: {error}") from None


def _converted(task: str, where: str, content: bytes, suffix: str) -> Iterator[Mapping[str, Any]]:
    rows = _lines(where, content) if suffix == ".jsonl" else _records(where, content)
    seen: dict[tuple[Any, ...], tuple[str, Mapping[str, Any]]] = {}
    for place, row in rows:
        for made in _decisions(task, place, row) if "decision" in row else _scores(task, place, row):
            key = (made["id"], *made.get("pair", ()))
            if key in seen:
                if "pair" in made or seen[key][1] == made:
                    continue  # a pair sampled twice is asked once here; the first answer stands
                raise DataError(f"{place}: other results of {made['id']!r} stand already at {seen[key][0]}")
            seen[key] = (place, made)
            yield made


def _records(where: str, content: bytes) -> Iterator[tuple[str, Mapping[str, Any]]]:
    document = _decoded(where, content)
    if not isinstance(document, list):
        raise DataError(f"{where}: expected a list of records, got {type(document).__name__}")
    for number, row in enumerate(document):
        yield f"{where} row {number}", _row(f"{where} row {number}", row)


def _lines(where: str, content: bytes) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            place = f"{where}:{number}"
            yield place, _row(place, _decoded(place, line))


def _decoded(where: str, content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not valid JSON: {error}") from None


def _row(where: str, row: Any) -> Mapping[str, Any]:
    if not isinstance(row, dict):
        raise DataError(f"{where}: expected an object, got {type(row).__name__}")
    if not any(isinstance(row.get(name), (str, int)) for name in IDS):
        raise DataError(f"{where}: no 'question_id', which tells what item it is of")
    return row


def _id(row: Mapping[str, Any]) -> str:
    return str(next(row[name] for name in IDS if isinstance(row.get(name), (str, int))))


def _scores(task: str, where: str, row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    numbers = sorted(int(key[6:]) for key in row if re.fullmatch(r"score_[1-9][0-9]*", key))
    expected = 2 if task == HUMAN else max(2, len(numbers))
    if numbers != list(range(1, expected + 1)):
        shown = ", ".join(f"score_{n}" for n in numbers) or "none"
        raise DataError(f"{where}: expected the keys score_1 to score_{expected}, or 'decision'; got {shown}")
    yield {"task": task, "id": _id(row), "scores": [_score(where, n, row[f"score_{n}"]) for n in numbers]}


def _score(where: str, number: int, value: Any) -> float | None:
    """Read a score; None for a failed one."""
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    if value is None or value == FAILED:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise DataError(f"{where}: 'score_{number}' should be a number or {FAILED!r}, got {value!r}")
    try:
        score = float(value)
    except OverflowError:
        raise DataError(f"{where}: 'score_{number}' is too large for a number") from None
    return score if math.isfinite(score) else None


def _decisions(task: str, where: str, row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if task == HUMAN:
        yield {"task": task, "id": _id(row), "order": "ab", "p_first": _p_first(where, row["decision"])}
        return
    pair: Any = next((row[name] for name in PAIRS if name in row), None)
    pairs, decisions = [pair], [row["decision"]]
    if pair is None and isinstance(row["decision"], list):
        pairs, decisions = row.get("sampled_conflict_pairs") or [], row["decision"]
    if len(pairs) != len(decisions) or not all(_is_pair(pair) for pair in pairs):
        raise DataError(
            f"{where}: a decision on a correctness set needs 'pair': [i, j], counted from 0, "
            "or lists of one length in 'sampled_conflict_pairs' and 'decision'"
        )
    for pair, decision in zip(pairs, decisions, strict=True):
        yield {"task": task, "id": _id(row), "pair": list(pair), "p_first": _p_first(where, decision)}


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(i) is int and i >= 0 for i in value)


def _p_first(where: str, decision: Any) -> float | None:
    """Read a decision; None if the verdict could not be read."""
    if decision is None or decision == FAILED or (isinstance(decision, float) and math.isnan(decision)):
        return None
    if decision in (0, 1):
        return float(decision)
    raise DataError(f"{where}: 'decision' should be 1, 0 or null, got {decision!r}")
