"""Hold the records of recorded models to the data: an answer to an item that does not exist is a mistake."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial

from harness.errors import DataError, Problem, did_you_mean
from harness.model import Model
from harness.names.plugins import plugin_code
from harness.running.planning.draft import PlanDraft
from harness.running.planning.problems import attempt
from harness.task import BadItem
from harness.tasks.build import build_task


def recorded_items(draft: PlanDraft) -> Iterator[Problem]:
    """Refuse records of tasks that do not exist, or of items that their data do not have."""
    for requested in draft.models:
        handle = requested.handle
        if handle.model is None:
            continue
        records = yield from attempt(partial(_records_of, handle.label, handle.model), requested.place)
        for name, ids in (records or {}).items():
            text = yield from attempt(partial(_problem_of, draft, name, ids), requested.place)
            if text:
                yield Problem(f"{handle.label}: records {text}", requested.place)


def _records_of(label: str, model: Model) -> Mapping[str, Collection[str]]:
    """Ask a model which items it has records of, by task.

    Raises:
        PluginError: its code fails.
    """
    with plugin_code(f"{label}: recorded_items()"):
        return model.recorded_items()


def _problem_of(draft: PlanDraft, name: str, ids: Collection[str]) -> str:
    """Return what is wrong with the records of one task, or suite of tasks; empty where nothing is.

    Raises:
        HarnessError: a task of the suite cannot be built, or its code fails.
    """
    catalogue = draft.registry.tasks()
    covered = [name] if catalogue.exists(name) else [task for task in catalogue.files() if task.split("/")[0] == name]
    if not covered:
        return f"name the task {name!r}, which does not exist{did_you_mean(name, draft.registry.known_names())}"
    if not any(target.task.name in covered and not target.blocked for target in draft.targets):
        return ""  # nothing that is evaluated reads these records, and reading their data would take time
    unknown = sorted(_unknown_ids(draft, covered, ids))
    if not unknown:
        return ""
    return (
        f"hold {len(unknown)} item{'s' if len(unknown) > 1 else ''} of {name!r} that the data does not have: "
        f"{', '.join(map(repr, unknown[:3]))}{', ...' if len(unknown) > 3 else ''}"
    )


def _unknown_ids(draft: PlanDraft, covered: Collection[str], ids: Collection[str]) -> set[str]:
    """Return the ids that none of these tasks has an item of."""
    built = {target.task.name: target.task for target in draft.targets if not target.blocked}
    split = draft.request.split
    unknown = set(ids)
    for name in covered:
        task = built.get(name) or build_task(draft.registry, name)
        if split not in task.splits:  # without all of the data, none can be called unknown
            return set()
        try:
            with plugin_code(f"{name}: items()"):
                unknown.difference_update(item.id for item in task.items(split) if not isinstance(item, BadItem))
        except DataError:  # the same
            return set()
        if not unknown:
            break
    return unknown
