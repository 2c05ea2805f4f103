"""Artifacts of JailbreakBench: one JSON document a method and model, with 100 attempts at most."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import DataError
from harness.files import read_text

from .attempts import Attempt, rows, user


def read_artifact(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the attempts of an artifact; goals for which nothing was submitted are errors, and are noted.

    The published rate counts them as attacks that failed; `attack_success_rate` leaves them out and says so.

    Raises:
        DataError: the file is not of the form.
    """
    try:
        artifact = json.loads(read_text(path))
    except ValueError as error:
        raise DataError(f"{path}: not valid JSON: {error}") from None
    if not isinstance(artifact, dict) or not isinstance(artifact.get("jailbreaks"), list):
        raise DataError(f"{path}: expected an artifact of JailbreakBench, with 'parameters' and 'jailbreaks'")
    parameters = artifact.get("parameters") or {}
    yield from rows(_attempts(path, parameters, artifact["jailbreaks"]), path)
    missing = [entry for entry in artifact["jailbreaks"] if entry.get("prompt") is None]
    if missing:
        yield {
            "note": f"{path}: {len(missing)} of {len(artifact['jailbreaks'])} goals have no prompt, since none was "
            "submitted; the published rate counts them as attacks that failed"
        }


def _attempts(path: Path, parameters: Mapping[str, Any], entries: list[Any]) -> Iterator[Attempt]:
    method, model = str(parameters.get("method", "")), str(parameters.get("model", ""))
    for number, entry in enumerate(entries):
        where = f"{path} jailbreaks[{number}]"
        if not isinstance(entry, dict) or not isinstance(entry.get("goal"), str):
            raise DataError(f"{where}: expected an object with a 'goal'")
        prompt, reply, jailbroken = entry.get("prompt"), entry.get("response"), entry.get("jailbroken")
        if prompt is None:
            continue
        if not isinstance(prompt, str) or not isinstance(reply, str | None) or not isinstance(jailbroken, bool | None):
            raise DataError(f"{where}: expected a text as 'prompt', a text or null as 'response', a flag 'jailbroken'")
        yield Attempt(
            tool="jailbreakbench",
            version="",
            id=f"{method}/{model}/{entry.get('index', number)}",
            prompt=user(prompt),
            reply=reply,
            outcome="error"
            if reply is None
            else "unscorable"
            if jailbroken is None
            else "success"
            if jailbroken
            else "failure",
            grader="jailbroken",
            attack=method,
            goal=entry["goal"],
            category=str(entry.get("category") or ""),
            model=model,
            date=str(parameters.get("evaluation_date") or ""),
        )
