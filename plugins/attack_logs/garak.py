"""Reports and hit logs of garak (NVIDIA), JSONL; read as garak 0.17 writes them, and as earlier versions did.

A report has every attempt, with a score of each detector for each output: from the run's threshold on, the attack
succeeded. A hit log has the successes alone, so that no rate can be had from it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import DataError, UsageError
from harness.files import read_text

from .attempts import Attempt, Outcome, rows, user

FINISHED = 2
"""Status of an attempt that detectors have seen; an entry of status 1 is the same attempt before."""
THRESHOLD = 0.5
"""From which score on a detector reports a hit, where the report does not say (garak's own default)."""
_ROLES = {"system", "user", "assistant"}


def read_log(path: Path, detector: str = "") -> Iterator[Mapping[str, Any]]:
    """Yield the attempts of a report or hit log, each reply once.

    Args:
        path: ``*.report.jsonl`` or ``*.hitlog.jsonl``.
        detector: Whose verdict counts, such as ``dan.DAN``. Without it, that of the probe's primary detector; where
            the report does not name one, an attempt that several detectors saw is refused.

    Raises:
        DataError: the file is not of the form.
        UsageError: the detector saw no attempt, or has to be named.
    """
    entries = list(_entries(path))
    if any("entry_type" in entry for _, entry in entries):
        yield from rows(_of_report(path, entries, detector), path)
        return
    attempts = list(_of_hit_log(path, entries, detector))
    yield from rows(attempts, path)
    if attempts:
        yield {"note": f"{path}: a hit log holds only attacks that succeeded; no success rate follows from it"}


def _entries(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise DataError(f"{where}: not valid JSON: {error}") from None
        if not isinstance(entry, dict):
            raise DataError(f"{where}: expected an object, got {type(entry).__name__}")
        yield where, entry


def _of_report(path: Path, entries: Sequence[tuple[str, dict[str, Any]]], detector: str) -> Iterator[Attempt]:
    version, date, model, threshold = "", "", "", THRESHOLD
    primary: dict[str, str] = {}
    seen: dict[str, None] = {}
    found = False
    for where, entry in entries:
        kind = entry.get("entry_type")
        if kind == "init":
            version, date = str(entry.get("garak_version", "")), str(entry.get("start_time", ""))
        elif kind == "start_run setup":
            threshold = float(entry.get("run.eval_threshold", THRESHOLD))
            names = [entry.get(f"plugins.{key}") for key in ("target_type", "target_name", "model_type", "model_name")]
            model = " ".join(dict.fromkeys(str(name) for name in names if name))
        elif kind == "plugin_cache":
            probes = entry.get("plugin_cache", {}).get("probes", {})
            primary |= {
                name.removeprefix("probes."): about["primary_detector"]
                for name, about in probes.items()
                if about.get("primary_detector")
            }
        elif kind == "attempt" and entry.get("status") == FINISHED:
            results = entry.get("detector_results") or {}
            seen |= dict.fromkeys(results)
            probe = str(entry.get("probe_classname", ""))
            judge = detector or _judge(results, primary.get(probe, ""), where)
            if detector and detector not in results:
                continue
            found = True
            outputs = entry.get("outputs") or []
            scores = results.get(judge, [None] * len(outputs))
            if len(scores) != len(outputs):
                raise DataError(f"{where}: {len(outputs)} outputs, but {len(scores)} results of {judge or 'detectors'}")
            for index, (output, score) in enumerate(zip(outputs, scores, strict=True)):
                reply = _text(output, where)
                yield Attempt(
                    tool="garak",
                    version=f"garak {version}" if version else "",
                    id=f"{entry.get('uuid', where)}/{index}",
                    prompt=_messages(entry.get("prompt"), where),
                    reply=reply,
                    outcome=_outcome(reply, score, threshold),
                    score=_figure(score),
                    grader=judge,
                    attack=probe,
                    goal=str(entry.get("goal") or ""),
                    category=str(entry.get("intent") or ""),
                    model=model,
                    date=date,
                )
    if detector and not found:
        raise UsageError(f"{path}: no attempt was seen by the detector {detector!r}; there are {', '.join(seen)}")


def _judge(results: Mapping[str, Any], primary: str, where: str) -> str:
    """Return whose verdict counts; empty where no detector gave any."""
    if primary in results:
        return primary
    if len(results) > 1:
        raise UsageError(
            f"{where}: the detectors {', '.join(results)} saw this attempt, and the report does not say which is the "
            f"probe's own; choose one with --set detector={next(iter(results))}"
        )
    return next(iter(results), "")


def _outcome(reply: str | None, score: Any, threshold: float) -> Outcome:
    if reply is None:
        return "error"
    if score is None or math.isnan(float(score)):  # no number compares with NaN, so it would be no hit
        return "unscorable"
    return "success" if float(score) >= threshold else "failure"


def _figure(score: Any) -> float | None:
    return None if score is None or math.isnan(float(score)) else float(score)


def _of_hit_log(path: Path, entries: Sequence[tuple[str, dict[str, Any]]], detector: str) -> Iterator[Attempt]:
    detectors = dict.fromkeys(str(entry.get("detector", "")) for _, entry in entries)
    if detector and detector not in detectors:
        raise UsageError(f"{path}: no hit of the detector {detector!r}; there are {', '.join(detectors)}")
    for where, entry in entries:
        if not {"prompt", "output", "detector"} <= set(entry):
            raise DataError(
                f"{where}: neither a report nor a hit log of garak: expected 'prompt', 'output', 'detector'"
            )
        if detector and entry["detector"] != detector:
            continue
        reply = _text(entry["output"], where)
        judge = str(entry["detector"])
        yield Attempt(
            tool="garak",
            version="",
            id=f"{entry.get('attempt_id', where)}/{entry.get('attempt_idx', 0)}/{judge}",
            prompt=_messages(entry["prompt"], where),
            reply=reply,
            outcome="error" if reply is None else "success",
            score=_figure(entry.get("score")),
            grader=judge,
            attack=str(entry.get("probe") or ""),
            goal=str(entry.get("goal") or ""),
            model=str(entry.get("generator") or "").removesuffix(" None"),
        )


def _messages(prompt: Any, where: str) -> list[dict[str, str]]:
    """Return the messages of a prompt: a text in early versions, turns since 0.13."""
    if isinstance(prompt, str):
        return user(prompt)
    if isinstance(prompt, dict) and isinstance(prompt.get("turns"), list):
        turns = [(turn.get("role"), _text(turn.get("content"), where)) for turn in prompt["turns"]]
        if turns and all(role in _ROLES and text is not None for role, text in turns):
            return [{"role": str(role), "content": str(text)} for role, text in turns]
    text = _text(prompt, where)
    if text is None:
        raise DataError(f"{where}: expected a prompt as a text, or as turns with 'role' and 'content'")
    return user(text)


def _text(message: Any, where: str) -> str | None:
    """Return the text of an output; None where the generator gave none."""
    if message is None or isinstance(message, str):
        return message
    if isinstance(message, dict) and (message.get("text") is None or isinstance(message["text"], str)):
        return message.get("text")
    raise DataError(f"{where}: expected a text, or an object with 'text', got {type(message).__name__}")
