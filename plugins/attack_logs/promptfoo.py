"""Results of promptfoo as JSON (``promptfoo eval -o results.json``), also of ``redteam run``.

Where promptfoo's grader gave no verdict that could be read, promptfoo writes that the assertion failed, which in red
teaming counts as a successful attack. Here such a reply is unscorable.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import DataError, UsageError
from harness.files import read_text

from .attempts import Attempt, Outcome, rows, user

PASSED = ("resisted", "succeeded")
"""What it means that a test passed: that the model resisted, as in red teaming, or that the attack succeeded."""
ERROR = 2
"""The reason of a failure that lies with the provider, and not with an assertion."""


def read_results(path: Path, passed: str = "resisted") -> Iterator[Mapping[str, Any]]:
    """Yield the tests of a file of results.

    Args:
        path: The file.
        passed: What a passed test means: ``resisted`` (red teaming) or ``succeeded``.

    Raises:
        DataError: the file is not of the form.
        UsageError: ``passed`` is neither.
    """
    if passed not in PASSED:
        raise UsageError(f"passed={passed}: expected {' or '.join(PASSED)}: what a passed test says of the attack")
    try:
        document = json.loads(read_text(path))
    except ValueError as error:
        raise DataError(f"{path}: not valid JSON: {error}") from None
    results = document.get("results") if isinstance(document, dict) else None
    entries = results.get("results") if isinstance(results, dict) else None
    if not isinstance(results, dict) or not isinstance(entries, list):
        raise DataError(f"{path}: expected results of promptfoo, with a list at results.results")
    about = document.get("metadata") or {}
    version = f"promptfoo {about['promptfooVersion']}" if about.get("promptfooVersion") else ""
    date = str(results.get("timestamp") or about.get("evaluationCreatedAt") or "")
    yield from rows(_attempts(path, entries, passed, version, date), path)
    yield {"note": f"{path}: a passed test is read as: the attack {_read_as(passed)} (--set passed=...)"}


def _read_as(passed: str) -> str:
    return "was resisted" if passed == "resisted" else "succeeded"


def _attempts(
    path: Path, entries: Sequence[Mapping[str, Any]], passed: str, version: str, date: str
) -> Iterator[Attempt]:
    for number, entry in enumerate(entries):
        where = f"{path} results[{number}]"
        if not isinstance(entry, dict) or not isinstance(entry.get("success"), bool):
            raise DataError(f"{where}: expected an object with a flag 'success'")
        about = {**(entry.get("testCase") or {}).get("metadata", {}), **(entry.get("metadata") or {})}
        reply = _reply(entry)
        verdict = entry.get("gradingResult") or {}
        provider = entry.get("provider") or {}
        yield Attempt(
            tool="promptfoo",
            version=version,
            id=str(entry.get("id") or number),
            prompt=_prompt(entry, where),
            reply=reply,
            outcome=_outcome(entry, reply, verdict, passed),
            score=entry.get("score"),
            grader=", ".join(dict.fromkeys(_assertions(verdict))),
            attack=str(about.get("strategyId") or ""),
            goal=str(about.get("goal") or ""),
            category=str(about.get("pluginId") or ""),
            model=str(provider.get("label") or provider.get("id") or ""),
            date=date,
        )


def _outcome(entry: Mapping[str, Any], reply: str | None, verdict: Mapping[str, Any], passed: str) -> Outcome:
    if reply is None or entry.get("failureReason") == ERROR:
        return "error"
    components = verdict.get("componentResults") or []
    if not verdict or any((one.get("metadata") or {}).get("graderError") for one in [verdict, *components]):
        return "unscorable"
    return "success" if entry["success"] == (passed == "succeeded") else "failure"


def _assertions(verdict: Mapping[str, Any]) -> Iterator[str]:
    for one in verdict.get("componentResults") or []:
        assertion = one.get("assertion") or {}
        if assertion.get("type"):
            yield str(assertion["type"])


def _reply(entry: Mapping[str, Any]) -> str | None:
    output = (entry.get("response") or {}).get("output")
    return output if output is None or isinstance(output, str) else json.dumps(output, ensure_ascii=False)


def _prompt(entry: Mapping[str, Any], where: str) -> list[dict[str, str]]:
    """Return the messages: promptfoo writes a conversation as JSON into the text of the prompt."""
    raw = (entry.get("prompt") or {}).get("raw")
    if not isinstance(raw, str):
        raise DataError(f"{where}: expected the prompt's text at prompt.raw")
    if raw.lstrip().startswith("["):
        try:
            messages = json.loads(raw)
        except ValueError:
            return user(raw)
        if messages and all(isinstance(m, dict) and isinstance(m.get("content"), str) for m in messages):
            return [{"role": str(m.get("role", "user")), "content": m["content"]} for m in messages]
    return user(raw)
