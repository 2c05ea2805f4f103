"""The memory of PyRIT (Microsoft), an SQLite file; read as PyRIT 1.1 writes it, without executing anything.

PyRIT scores a reply that it could not score as an attack that failed. Here a reply that the target blocked is a
refusal, an attack without a verdict is unscorable, and one whose target broke down is an error.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import DataError

from .attempts import Attempt, Outcome, rows

_RESULTS = "AttackResultEntries"
_PIECES = "PromptMemoryEntries"
_NEEDED = {
    _RESULTS: {"id", "conversation_id", "objective", "outcome", "last_response_id", "timestamp"},
    _PIECES: {"id", "conversation_id", "role", "sequence", "converted_value", "converted_value_data_type"},
}
_OUTCOMES: Mapping[str, Outcome] = {"success": "success", "failure": "failure", "undetermined": "unscorable"}


def read_memory(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the attacks of a memory file, each with the conversation up to its last reply.

    Args:
        path: ``pyrit.db``.

    Raises:
        DataError: the file is no memory of PyRIT, or one of another form.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        # Read-only and immutable: no lock is taken, and no file is made beside it.
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)) as memory:
            memory.row_factory = sqlite3.Row
            _check(path, memory)
            yield from rows(_attempts(memory), path)
    except sqlite3.DatabaseError as error:
        raise DataError(f"{path}: not an SQLite file that can be read: {error}") from None


def _check(path: Path, memory: sqlite3.Connection) -> None:
    for table, needed in _NEEDED.items():
        columns = {row["name"] for row in memory.execute(f'PRAGMA table_info("{table}")')}
        if missing := needed - columns:
            lacks = f"no table {table}" if not columns else f"{table} has no {', '.join(sorted(missing))}"
            raise DataError(f"{path}: no memory of PyRIT from 1.0 on: {lacks}")


def _attempts(memory: sqlite3.Connection) -> Iterator[Attempt]:
    for result in memory.execute(f'SELECT * FROM "{_RESULTS}" ORDER BY timestamp, id').fetchall():
        found = dict(result)
        pieces = [
            dict(row)
            for row in memory.execute(
                f'SELECT * FROM "{_PIECES}" WHERE conversation_id = ? ORDER BY sequence, timestamp',
                (found["conversation_id"],),
            )
        ]
        last = next((p for p in reversed(pieces) if p["role"] == "assistant"), None)
        blocked = last is not None and last.get("response_error") == "blocked"
        broken = found["outcome"] == "error" or (last is not None and last["converted_value_data_type"] == "error")
        reply = None if last is None or (broken and not blocked) else str(last["converted_value"])
        attack = _named(found.get("atomic_attack_identifier"))
        score = _score(memory, found.get("last_score_id"))
        yield Attempt(
            tool="pyrit",
            version=f"PyRIT {found.get('pyrit_version') or ''}".strip(),
            id=str(found["id"]),
            prompt=_prompt(pieces, last, str(found["objective"])),
            reply=reply,
            outcome=_outcome(found, reply, blocked=blocked),
            score=score[0],
            grader=score[1],
            attack=attack,
            goal=str(found["objective"]),
            category=", ".join(_listed(found.get("targeted_harm_categories"))),
            model=_target(memory, found["conversation_id"]),
            date=str(found["timestamp"]),
        )


def _outcome(found: Mapping[str, Any], reply: str | None, *, blocked: bool) -> Outcome:
    if blocked:
        return "refusal"
    if reply is None:
        return "error"
    outcome = _OUTCOMES.get(found["outcome"], "unscorable")
    # An attack that nobody scored is written down as failed, too.
    return "unscorable" if outcome == "failure" and "last_score_id" in found and not found["last_score_id"] else outcome


def _prompt(pieces: list[dict[str, Any]], last: Mapping[str, Any] | None, goal: str) -> list[dict[str, str]]:
    """Return the texts before the last reply, as they were sent, converters and all."""
    until = last["sequence"] if last is not None else float("inf")
    sent = [
        {"role": str(piece["role"]), "content": str(piece["converted_value"])}
        for piece in pieces
        if piece["sequence"] < until and piece["converted_value_data_type"] == "text"
    ]
    return sent or [{"role": "user", "content": goal}]


def _score(memory: sqlite3.Connection, id_: Any) -> tuple[float | None, str]:
    """Return the figure and the scorer of the score that decided; a yes counts as 1."""
    row = memory.execute('SELECT * FROM "ScoreEntries" WHERE id = ?', (id_,)).fetchone() if id_ else None
    if row is None:
        return None, ""
    value = str(row["score_value"]).lower()
    try:
        figure = {"true": 1.0, "false": 0.0}.get(value)
        return (float(value) if figure is None else figure), _named(row["scorer_class_identifier"])
    except ValueError:
        return None, _named(row["scorer_class_identifier"])


def _target(memory: sqlite3.Connection, conversation: str) -> str:
    try:
        found = memory.execute(
            'SELECT target_identifier FROM "Conversations" WHERE conversation_id = ?', (conversation,)
        ).fetchone()
    except sqlite3.OperationalError:  # before 1.1 the target stood with each message
        return ""
    about = _object(found["target_identifier"]) if found else {}
    return str(about.get("model_name") or about.get("class_name") or "")


def _named(identifier: Any) -> str:
    """Return the class that an identifier names; of an attack, the strategy inside it."""
    about = found = _object(identifier)
    for key in ("attack_technique", "attack"):
        inner = (found.get("children") or {}).get(key)
        if not isinstance(inner, dict):
            break
        found = inner
    return str(found.get("class_name") or about.get("class_name") or "")


def _object(text: Any) -> dict[str, Any]:
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _listed(text: Any) -> list[str]:
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return []
    return [str(one) for one in found] if isinstance(found, list) else []
