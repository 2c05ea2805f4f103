"""Taking results out of a store: the cells of a model with their figures, and on request the answers behind them.

Rows go in one transaction: killed on the way, it leaves the store as it was, or without the cells. Files of columns go
after it: of a killed one some stay that no row names, and `harness.store.room.prune` removes those.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import StoreError, UsageError, nearest
from harness.store.cells import LAST_FORGOTTEN
from harness.store.choosing import listed, matches
from harness.store.direct import connected
from harness.store.in_use import alone_with
from harness.store.places import file_below
from harness.store.space import COLUMNS, is_own
from harness.store.store import Store

_PARTS = ("chance_levels", "estimates", "failures", "reuse", "remarks", "asked")
"""Tables whose rows belong to a cell."""
_NAMED_AT_ONCE = 500
_REMEMBER = """INSERT INTO about VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value
WHERE CAST(excluded.value AS INTEGER) > CAST(about.value AS INTEGER)"""


@dataclass
class Forgotten:
    """What was taken out of a store, or with ``dry_run`` would be."""

    cells: dict[tuple[str, str], int] = field(default_factory=dict)
    """Number of cells, by label and task, those of earlier evaluations too."""
    figures: int = 0
    """Estimates of the cells."""
    answers: int = 0
    """Responses of the models, failed ones too; 0 unless they were to go."""
    kept_answers: dict[str, str] = field(default_factory=dict)
    """By label, why answers stay that were to go."""
    files: list[Path] = field(default_factory=list)
    """Files of columns that were removed."""
    left: list[Path] = field(default_factory=list)
    """Files of columns that nothing refers to now, and that stay since another process has the store open to write."""

    @property
    def models(self) -> list[str]:
        """Labels of the models, sorted."""
        return sorted({label for label, _ in self.cells})


def forget(
    path: Path,
    models: Sequence[str],
    tasks: Sequence[str] = (),
    *,
    answers: bool = False,
    dry_run: bool = False,
) -> Forgotten:
    """Take the cells of some models out of a store.

    Args:
        path: The store.
        models: Globs of labels.
        tasks: Globs of the names of tasks; empty: all tasks.
        answers: Take the models' answers out too, so that evaluating again asks for them anew. They are filed by what
            was asked, not by task: with ``tasks`` that is refused.
        dry_run: Change nothing.

    Raises:
        UsageError: a glob matches no model or task of the store, no cell is both; or answers are to go while another
            process has the store open to write, which may be about to read them.
        StoreError: the store cannot be read or written.
    """
    if answers and tasks:
        raise UsageError(
            "answers are filed by what was asked, not by task, since tasks share them: "
            "take a model's answers out with all its cells, without a task"
        )
    if not dry_run:
        with Store(path):  # brings the tables of an earlier version up to date
            pass
    folder = path.with_name(path.name + ".files")
    with alone_with(folder) as alone:
        if answers and not alone and not dry_run:
            raise UsageError(
                f"{path}: another process has it open to write, and may be about to read the answers; wait until it is "
                "done, or take only the results out"
            )
        with connected(path, "nothing was removed") as connection:
            # From here on nobody can file anything until the rows are gone, or nothing is to be done.
            connection.execute("BEGIN" if dry_run else "BEGIN IMMEDIATE")
            cells = _cells(connection, models, tasks)
            done = Forgotten()
            for _, label, task, _ in cells:
                done.cells[label, task] = done.cells.get((label, task), 0) + 1
            numbers = [number for number, *_ in cells]
            done.figures = _count(connection, "SELECT count(*) FROM estimates WHERE cell IN", numbers)
            if answers:
                _answers(connection, done, numbers, dry_run=dry_run)
            if not dry_run:
                there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
                for table in (*(part for part in _PARTS if part in there), "cells"):  # older stores lack some
                    key = "id" if table == "cells" else "cell"
                    _each(connection, f"DELETE FROM {table} WHERE {key} IN", numbers)
                connection.execute(_REMEMBER, (LAST_FORGOTTEN, str(max(numbers))))
            files = _own_files(connection, folder, {columns for *_, columns in cells if columns}, numbers)
            connection.execute("ROLLBACK" if dry_run else "COMMIT")
        for file in files:
            if not alone and not dry_run:  # it may just be writing the same columns for a cell that it files next
                done.left.append(file)
                continue
            if not dry_run:
                try:
                    file.unlink(missing_ok=True)
                except OSError as error:
                    raise StoreError(f"{file}: cannot be removed: {error.strerror}") from error
            done.files.append(file)
        return done


def _cells(
    connection: sqlite3.Connection, models: Sequence[str], tasks: Sequence[str]
) -> list[tuple[int, str, str, str | None]]:
    """Return (number, label, task, file of columns) of the cells meant.

    Raises:
        UsageError: a glob matches nothing, or no cell is of both.
    """
    cells = connection.execute("SELECT id, label, task, columns FROM cells ORDER BY id").fetchall()
    cells = [(int(number), str(label), str(task), columns) for number, label, task, columns in cells]
    if not models:
        raise UsageError("name the models to forget, by label or glob")
    _check("model", models, {label for _, label, _, _ in cells})
    of_models = [cell for cell in cells if any(matches(cell[1], glob) for glob in models)]
    if not tasks:
        return of_models
    _check("task", tasks, {task for _, _, task, _ in cells})
    found = [cell for cell in of_models if any(matches(cell[2], glob) for glob in tasks)]
    if not found:
        has = listed(task for _, _, task, _ in of_models)
        raise UsageError(f"the store holds no result of {listed(models)} on {listed(tasks)}; it has some on: {has}")
    return found


def _check(kind: str, globs: Sequence[str], names: Collection[str]) -> None:
    """Refuse a glob that matches nothing: misspelt, it would remove less than was meant, unseen.

    Raises:
        UsageError: names the nearest, and those there are.
    """
    for glob in globs:
        if not any(matches(name, glob) for name in names):
            there = listed(names) or "none"
            raise UsageError(
                f"the store holds no result of a {kind} {glob!r}{nearest(glob, sorted(names))}; there are: {there}"
            )


def _answers(connection: sqlite3.Connection, done: Forgotten, numbers: Sequence[int], *, dry_run: bool) -> None:
    """Remove the responses of the models of some cells; those that other cells came from stay."""
    gone = set(numbers)
    labels: dict[int, str] = {int(n): str(label) for n, label in connection.execute("SELECT id, label FROM cells")}
    own: dict[str, set[str]] = {}
    others: dict[str, set[str]] = {}
    for cell, model, fingerprint in connection.execute("SELECT cell, model, fingerprint FROM asked"):
        if cell not in gone:
            others.setdefault(str(fingerprint), set()).add(labels.get(cell, ""))
        elif str(model) == labels.get(cell):  # judges and other roles keep what they said
            own.setdefault(str(fingerprint), set()).add(str(model))
    for fingerprint, asked_as in own.items():
        if fingerprint in others:
            told = f"the same model's results as {listed(others[fingerprint])} come from them"
            done.kept_answers.update(dict.fromkeys(asked_as, told))
            continue
        row = connection.execute("SELECT id FROM models WHERE fingerprint = ?", (fingerprint,)).fetchone()
        if row is not None:
            found = connection.execute("SELECT count(*) FROM responses WHERE model = ?", row).fetchone()
            done.answers += int(found[0])
            if not dry_run:  # the model's own row stays: processes remember its number
                connection.execute("DELETE FROM responses WHERE model = ?", row)


def _own_files(
    connection: sqlite3.Connection, folder: Path, columns: Collection[str], numbers: Sequence[int]
) -> list[Path]:
    """Return the files of columns that only the cells meant name, and that are the harness's own in this store."""
    gone = set(numbers)
    kept = {
        Path(str(name)).name
        for number, name in connection.execute("SELECT id, columns FROM cells WHERE columns IS NOT NULL")
        if number not in gone
    }
    files = []
    for name in sorted(set(columns)):
        with contextlib.suppress(StoreError):  # one that leads out of the store is not its own
            file = file_below(folder, name)
            if file.parent == folder / COLUMNS and file.name not in kept and is_own(COLUMNS, file):
                files.append(file)
    return files


def _count(connection: sqlite3.Connection, query: str, numbers: Sequence[int]) -> int:
    return sum(int(cursor.fetchone()[0]) for cursor in _run(connection, query, numbers))


def _each(connection: sqlite3.Connection, statement: str, numbers: Sequence[int]) -> None:
    for _ in _run(connection, statement, numbers):
        pass


def _run(connection: sqlite3.Connection, statement: str, numbers: Sequence[int]) -> Iterator[sqlite3.Cursor]:
    """Execute a statement for some numbers after another, as many at once as SQLite takes."""
    for start in range(0, len(numbers), _NAMED_AT_ONCE):
        part = numbers[start : start + _NAMED_AT_ONCE]
        yield connection.execute(f"{statement} ({', '.join('?' * len(part))})", list(part))
