"""Figures of generated data: never beside those of real data unseen, and said wherever they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from harness.errors import UsageError
from harness.files.generated_data import GeneratedData, of_all
from harness.names.registry import Registry
from harness.store.records import GENERATED, CellRecord
from harness.task import Task
from harness.tasks.build import build_task

AGAIN = "evaluate both on the same data, which computes only what is missing"


def with_own_marks(registry: Registry, cells: Sequence[CellRecord]) -> None:
    """Give cells that early versions filed the mark of their task, where it has no other data than generated ones.

    Of a task whose data may be real or not, only the cell itself can tell what it was; one without a mark counts as
    real. Tasks of libraries are not built for this.
    """
    own: dict[str, GeneratedData | None] = {}
    for cell in cells:
        if cell.generated is None:
            if cell.task not in own:
                entry = registry.tasks().find(cell.task)
                own[cell.task] = own_mark(build_task(registry, cell.task)) if entry and entry.source is None else None
            _mark(cell, own[cell.task])


def own_mark(task: Task) -> GeneratedData | None:
    """Return the mark of a task's data where they are generated and take nothing's place; else None."""
    mark = task.generated_data("test") if "test" in task.splits else task.definition.generated
    return mark if mark is not None and not mark.in_place_of else None


def _mark(cell: CellRecord, mark: GeneratedData | None) -> None:
    if mark is not None:
        cell.settings[GENERATED] = mark.as_json()


def without_mixing(cells: Sequence[CellRecord]) -> tuple[list[CellRecord], list[str]]:
    """Leave out cells of generated data on tasks of which others are of real data; also say which, and why.

    Cells of two different sets of generated data stay side by side, which is said.
    """
    marks: dict[str, dict[GeneratedData | None, list[str]]] = {}
    for cell in cells:
        marks.setdefault(cell.task, {}).setdefault(cell.generated, []).append(cell.label)
    notes = []
    mixed = {task: of_task for task, of_task in marks.items() if len(of_task) > 1}
    for task, of_task in mixed.items():
        generated = {mark: labels for mark, labels in of_task.items() if mark is not None}
        if None in of_task:
            labels = ", ".join(sorted(label for found in generated.values() for label in found))
            notes.append(f"left out, since evaluated on generated data beside real ones on {task}: {labels}; {AGAIN}")
        else:
            told = "; ".join(f"{', '.join(labels)}: {mark.words}" for mark, labels in generated.items())
            notes.append(f"evaluated on different generated data on {task}, not to be compared: {told}")
    real = {task for task, of_task in mixed.items() if None in of_task}
    return [cell for cell in cells if cell.generated is None or cell.task not in real], notes


def check_alike(one: CellRecord, other: CellRecord) -> None:
    """Refuse to compare cells of which one is of generated data and the other of real ones, or of other generated ones.

    Raises:
        UsageError: says which is which.
    """
    marks = [one.generated, other.generated]
    if marks[0] == marks[1]:
        return
    data = [f"data {mark.words}" if mark else "real data" for mark in marks]
    raise UsageError(f"{one.task}: {one.label} on {data[0]}, {other.label} on {data[1]}: {AGAIN}")


def generated_tasks(cells: Iterable[CellRecord]) -> dict[str, GeneratedData]:
    """Return the tasks of some cells whose data are generated, with what is known of the data."""
    found: dict[str, list[GeneratedData]] = {}
    for cell in cells:
        if (mark := cell.generated) is not None:
            found.setdefault(cell.task, []).append(mark)
    return {task: mark for task, marks in found.items() if (mark := of_all(marks)) is not None}


def say_generated(tasks: Mapping[str, GeneratedData], *, of: int | None = None) -> str:
    """Say in a sentence which data are generated, by whom, and in whose place; empty where none are.

    Args:
        tasks: The tasks on generated data, with what is known of them.
        of: How many tasks there are, where these may be some of them.
    """
    if not tasks:
        return ""
    makers = "; ".join(dict.fromkeys(mark.made_by for mark in tasks.values() if mark.made_by))
    by = f", made by {makers}" if makers else ""
    which = "" if of in (None, len(tasks)) else f" on {', '.join(tasks)}"
    places = list(dict.fromkeys(mark.in_place_of for mark in tasks.values() if mark.in_place_of))
    if not places:
        return f"generated data{which}{by}"
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return f"GENERATED DATA{which}{by}, in place of {places[0]}{more}: the figures say nothing about the real data"
