"""Who judged the answers of which model: figures of one column that different judges gave are not of one measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.names.registry import Registry
from harness.store.records import BY_LABEL, CellRecord, StageRecord
from harness.task import CANDIDATE
from harness.tasks.build import build_task

Roles = dict[str, str]
"""The label of the model in each role that is not the evaluated one's."""


def others_asked(registry: Registry, cell: CellRecord) -> dict[str, StageRecord]:
    """Who was asked in a cell beside the evaluated model, by role; empty for tasks that ask nobody else."""
    if len({asked.role for asked in cell.asked}) < 2:
        return {}
    known = registry.tasks().exists(cell.task)
    evaluates = build_task(registry, cell.task).evaluates if known else CANDIDATE
    return {asked.role: asked for asked in cell.asked if asked.role != evaluates}


def evaluated_fingerprints(registry: Registry, cell: CellRecord) -> frozenset[str]:
    """Those of the evaluated model alone: its tasks need not all have the same judge, or as many stages."""
    others = others_asked(registry, cell)
    return frozenset(a.fingerprint for a in cell.asked if a.role not in others) or frozenset({cell.fingerprint})


def roles_of(registry: Registry, cells: Iterable[CellRecord]) -> dict[str, Roles]:
    """The labels of those asked beside the evaluated model, by task and role; tasks without any are absent."""
    found = {cell.task: others_asked(registry, cell) for cell in cells}
    return {task: {role: asked.model for role, asked in others.items()} for task, others in found.items() if others}


def notes_on_judges(registry: Registry, cells: Sequence[CellRecord]) -> list[str]:
    """A sentence for every role of a task that different models played for different entries, and for old verdicts.

    Args:
        registry: Where tasks are looked up.
        cells: Those of a leaderboard, or of a comparison.
    """
    by_role: dict[tuple[str, str], dict[tuple[str, str], list[str]]] = {}
    old: list[str] = []
    for cell in cells:
        others = others_asked(registry, cell)
        if any(asked.by_origin for asked in others.values()) and not cell.settings.get(BY_LABEL):
            old.append(f"{cell.label} on {cell.task}")
        for role, asked in others.items():
            players = by_role.setdefault((cell.task, role), {})
            players.setdefault((asked.model, asked.fingerprint), []).append(cell.label)
    notes = []
    if old:
        notes.append(f"recorded verdicts perhaps on another model's answers; evaluate again: {', '.join(old)}")
    for (task, role), players in by_role.items():
        if len(players) < 2:
            continue
        labels = [label for label, _ in players]
        shown = [
            # One label may stand for two models, of which only the fingerprint tells.
            f"{label} [{fingerprint[:8]}]" if labels.count(label) > 1 else label
            for label, fingerprint in players
        ]
        whose = "; ".join(f"{who} ({', '.join(own)})" for who, own in zip(shown, players.values(), strict=True))
        notes.append(f"{task}: different models as {role}, so its figures cannot be compared: {whose}")
    return notes
