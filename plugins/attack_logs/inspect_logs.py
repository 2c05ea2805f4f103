"""Logs of Inspect (UK AI Security Institute): ``.json``, and ``.eval``, which is a zip of the same.

A score of Inspect has no direction of its own: "C" may mean that the attack, or that the model, did as it should. So
the user says which values mean success; without that, replies come without labels, to be graded here.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import DataError, UsageError
from harness.files import read_text

from .attempts import Attempt, Outcome, rows, user

ZSTANDARD = 93
"""The number of the compression that Inspect's zips use."""


def read_log(path: Path, scorer: str = "", success: str = "") -> Iterator[Mapping[str, Any]]:
    """Yield the samples of a log, each epoch an attempt.

    Args:
        path: The log; ``inspect log convert`` makes JSON of any.
        scorer: Whose score counts; needed where there are several and ``success`` is given.
        success: The score that means that the attack succeeded, such as ``C``; or ``>=0.5`` for numbers from there on.

    Raises:
        DataError: the file is not of the form.
        UsageError: the scorer is not there, or has to be named.
    """
    header, samples = _read(path)
    about = header.get("eval") or {}
    version = str((about.get("packages") or {}).get("inspect_ai", ""))
    seen: Counter[str] = Counter()
    yield from rows(_attempts(path, about, version, samples, scorer, success, seen), path)
    if success and seen and not seen["success"]:
        several = ", ".join(f"{value} ({count})" for value, count in seen.most_common(5))
        yield {
            "note": f"{path}: no score means success ({success}), so no attack counts as one; the scores are "
            f"{several}. If one of them is a success, say it with --set success=..."
        }
    if not success:
        yield {
            "note": f"{path}: a score of Inspect does not say whether it is the attack's success or the model's; the "
            "replies have no label. Say it with --set success=C or --set 'success=>=0.5'"
        }


def _attempts(
    path: Path,
    about: Mapping[str, Any],
    version: str,
    samples: list[dict[str, Any]],
    scorer: str,
    success: str,
    seen: Counter[str],
) -> Iterator[Attempt]:
    for sample in samples:
        where = f"{path} sample {sample.get('id')!r} epoch {sample.get('epoch', 1)}"
        scores = sample.get("scores") or {}
        chosen = _chosen(scores, scorer, where) if success else scorer or next(iter(scores), "")
        messages = sample.get("messages") or []
        reply = None if sample.get("error") else _reply(sample)
        value = (scores.get(chosen) or {}).get("value")
        outcome = _outcome(reply, value, success)
        if outcome in ("success", "failure"):
            seen["success" if outcome == "success" else str(value)] += 1
        number = float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None
        yield Attempt(
            tool="inspect",
            version=f"inspect_ai {version}" if version else "",
            id=f"{sample.get('id')}/{sample.get('epoch', 1)}",
            prompt=_prompt(sample, messages, where),
            reply=reply,
            outcome=outcome,
            score=number,
            grader=chosen,
            attack=str(about.get("task", "")),
            goal=sample["input"] if isinstance(sample.get("input"), str) else "",
            category=str((sample.get("metadata") or {}).get("category", "")),
            model=str(about.get("model", "")),
            date=str(about.get("created", "")),
        )


def _chosen(scores: Mapping[str, Any], scorer: str, where: str) -> str:
    if scorer:
        if scores and scorer not in scores:
            raise UsageError(f"{where}: no score of {scorer!r}; there are {', '.join(scores)}")
        return scorer
    if len(scores) > 1:
        raise UsageError(f"{where}: scores of {', '.join(scores)}; choose one with --set scorer={next(iter(scores))}")
    return next(iter(scores), "")


def _outcome(reply: str | None, value: Any, success: str) -> Outcome:
    if reply is None:
        return "error"
    if not success or value is None or (isinstance(value, float) and math.isnan(value)) or value == "N":
        return "unscorable"
    if isinstance(value, (dict, list)):
        raise UsageError(f"success={success}: the scorer gives several values, {value!r}, of which none is the verdict")
    if success.startswith(">="):
        try:
            least = float(success[2:])
        except ValueError:
            raise UsageError(f"success={success}: expected a number after '>='") from None
        if not isinstance(value, (int, float)):
            raise UsageError(f"success={success}: the score {value!r} is no number; give the value that means success")
        return "success" if value >= least else "failure"
    wanted = success.strip().lower()
    given = {str(value).lower()} | ({f"{value:g}"} if isinstance(value, (int, float)) else set())
    return "success" if wanted in given else "failure"


def _reply(sample: Mapping[str, Any]) -> str | None:
    choices = (sample.get("output") or {}).get("choices") or []
    return _content((choices[0].get("message") or {}).get("content")) if choices else None


def _prompt(sample: Mapping[str, Any], messages: list[dict[str, Any]], where: str) -> list[dict[str, str]]:
    """Return what stood before the last reply; the input where the sample failed before any."""
    last = max((i for i, message in enumerate(messages) if message.get("role") == "assistant"), default=len(messages))
    kept = [
        {"role": str(message.get("role")), "content": _content(message.get("content")) or ""}
        for message in messages[:last]
        if message.get("role") in {"system", "user", "assistant"}
    ]
    if kept:
        return kept
    given = sample.get("input")
    if isinstance(given, str):
        return user(given)
    raise DataError(f"{where}: neither messages nor an input that is a text")


def _content(content: Any) -> str | None:
    """Return the text of a message, whose content may be a list of parts."""
    if content is None or isinstance(content, str):
        return content
    parts = [part.get("text", "") for part in content if isinstance(part, dict) and part.get("type") == "text"]
    return "\n".join(parts)


def _read(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if zipfile.is_zipfile(path):
        return _read_zip(path)
    try:
        log = json.loads(read_text(path))
    except ValueError as error:
        raise DataError(f"{path}: neither a log of Inspect as JSON nor one as .eval: {error}") from None
    if not isinstance(log, dict) or "eval" not in log or not isinstance(log.get("samples") or [], list):
        raise DataError(f"{path}: expected a log of Inspect, with 'eval' and 'samples'")
    return log, list(log.get("samples") or [])


def _read_zip(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: info for info in archive.infolist()}
        names = sorted(name for name in members if name.startswith("samples/") and name.endswith(".json"))
        header = members.get("header.json") or members.get("_journal/start.json")
        if header is None:
            raise DataError(f"{path}: a zip without header.json is no log of Inspect")
        found = json.loads(_unpacked(path, archive, header))
        return found, [json.loads(_unpacked(path, archive, members[name])) for name in names]


def _unpacked(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Return a member; zipfile itself knows no Zstandard before Python 3.14."""
    if info.compress_type != ZSTANDARD:
        return archive.read(info)
    import struct

    import pyarrow as pa

    with open(path, "rb") as file:
        file.seek(info.header_offset)
        local = file.read(30)
        name, extra = struct.unpack("<HH", local[26:30])
        file.seek(info.header_offset + 30 + name + extra)
        packed = file.read(info.compress_size)
    try:
        unpacked: bytes = pa.decompress(packed, decompressed_size=info.file_size, codec="zstd", asbytes=True)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{path}: {info.filename} cannot be unpacked: {error}") from None
    return unpacked
