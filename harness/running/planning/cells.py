"""Which model is asked for what by which task: the cells of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from harness.errors import HarnessError, Place, PlanError, PluginError, Problem, UsageError
from harness.metric import Metric
from harness.names.handles import ModelHandle
from harness.names.plugins import plugin_code
from harness.running.plan import Cell, StageModel
from harness.running.planning.draft import PlanDraft, Target
from harness.running.planning.problems import attempt
from harness.running.planning.routes import NoRoute
from harness.running.stages import about
from harness.task import Stage, Task
from harness.tasks.build_metric import check_columns, metric_of


class CannotAsk(UsageError):
    """A model cannot be asked by a task: a mistake where the user named the task itself, else a cell to leave out."""


def make_cells(draft: PlanDraft) -> Iterator[Problem]:
    """Make the cells, model by model, in the order in which they run."""
    for model in draft.models:
        for target in draft.targets:
            cell = yield from attempt(partial(_make_or_skip, draft, model.handle, target), model.place)
            if cell is not None:
                draft.cells.append(cell)


def _make_or_skip(draft: PlanDraft, handle: ModelHandle, target: Target) -> Cell | None:
    """Make the cell of one model on one task; None where a benchmark goes on without it.

    Raises:
        HarnessError: the model cannot be asked by a task that the user named, or a metric cannot be computed.
    """
    try:
        with plugin_code(f"{handle.label} on {target.task.name}: planning"):
            return _make_cell(draft, handle, target)
    except CannotAsk as error:
        if target.explicit:
            raise
        draft.skipped.append(str(error))
        return None


def _make_cell(draft: PlanDraft, handle: ModelHandle, target: Target) -> Cell | None:
    """Make the cell of one model on one task; None where the model of another role was refused before.

    Raises:
        CannotAsk: one of the models cannot be asked.
        PlanError: a role has no model, or a metric cannot be computed.
    """
    task = target.task
    stages: list[StageModel] = []
    for stage in _stages(task):
        asked = _model_of_role(draft, handle, target, stage.role)
        if asked is None:
            return None
        _check_texts(handle, asked, target)
        _check_recorded(handle, asked, task, [earlier.handle.label for earlier in stages])
        stages.append(_route(draft, asked, stage, task))
    return Cell(handle.label, task, tuple(stages), _metrics(draft, target), target.blocked)


def _stages(task: Task) -> Sequence[Stage]:
    """Return the stages of a task: those of its kind, or those that its instance made.

    Raises:
        PluginError: they are no stages.
    """
    stages: Any = task.stages
    if not isinstance(stages, list | tuple) or not stages or not all(isinstance(stage, Stage) for stage in stages):
        raise PluginError(f"{task.name}: its stages must be one harness.Stage or more, not {_short(stages)}")
    for number, stage in enumerate(stages, start=1):
        accepts: Any = stage.accepts
        if not isinstance(accepts, list | tuple) or not accepts:
            raise PluginError(
                f"{task.name}: stage {number} of {len(stages)} accepts {_short(accepts)}: expected a tuple of names of "
                "capabilities"
            )
    return task.stages


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _model_of_role(draft: PlanDraft, handle: ModelHandle, target: Target, role: str) -> ModelHandle | None:
    """Return the model that is asked in a role; None for one that was given and could not be resolved.

    Raises:
        PlanError: the user gave none, and neither does the task.
    """
    task = target.task
    if role == task.evaluates:
        return handle
    if role not in draft.request.roles and role in task.definition.roles:
        return draft.own_roles.get(task.definition.roles[role])
    if role not in draft.request.roles:
        text = f"the task {task.name} needs a model for the role {role!r}: --role {role}=MODEL"
        raise PlanError([Problem(text, target.place)])
    return draft.roles.get(role)  # what cannot be resolved was reported with the role


def _check_texts(handle: ModelHandle, asked: ModelHandle, target: Target) -> None:
    """Refuse to ask a model that reads texts on data that withhold them: it would answer empty ones.

    Raises:
        CannotAsk: the model reads texts, and this copy of the data holds none.
    """
    if target.withheld and asked.reads_text:
        raise CannotAsk(
            f"{handle.label}: {target.task.name}: this copy of the data holds no texts, so only recorded models can be "
            "evaluated on it"
        )


def _check_recorded(handle: ModelHandle, asked: ModelHandle, task: Task, earlier: list[str]) -> None:
    """Refuse a recorded model whose records are on another model's answers: its verdicts would be on the wrong ones.

    Args:
        handle: The model that is evaluated.
        asked: The model of this stage.
        task: The task.
        earlier: Labels of the models of the stages before.

    Raises:
        CannotAsk: the stage is about an answer that the model's records are not about.
        PluginError: the model cannot say what its records are about.
    """
    judged, model = about(task, len(earlier), earlier), asked.model
    if not judged or model is None:
        return
    with plugin_code(f"{asked.label}: recorded_of()"):
        recorded = model.recorded_of(task.name)
    if recorded is None or judged in recorded:
        return
    whose = ", ".join(map(repr, sorted(recorded)))
    records = f"its records are on those of {whose}" if recorded else "its records do not say whose they are on"
    raise CannotAsk(
        f"{handle.label} cannot be evaluated on {task.name}: {asked.label} answers from records, and was asked about "
        f"the answers of {judged!r}, but {records}"
    )


def _route(draft: PlanDraft, asked: ModelHandle, stage: Stage, task: Task) -> StageModel:
    """Choose the way from a stage to its model.

    Raises:
        CannotAsk: there is none; says why.
        HarnessError: two ways cost the same, an adapter cannot be made, or two plugins claim a capability on the way.
    """
    try:
        route = draft.router.route(asked, stage, task)
    except NoRoute as error:
        raise CannotAsk(f"{asked.label} cannot be evaluated on {task.name}: {error}") from error
    if route.adapters and (why := getattr(asked.model, "not_asked", {}).get(route.capability)):
        raise CannotAsk(f"{asked.label} cannot be evaluated on {task.name}: {why}")
    # Two plugins may claim one capability; which of them the requests are of, nobody can say.
    for capability in (route.capability, *(adapter.needs for adapter in route.adapters)):
        draft.registry.find("capability", capability)
    return StageModel(asked, route)


def _metrics(draft: PlanDraft, target: Target) -> tuple[Metric, ...]:
    """Make the metrics of one task: its own, then those that the user asked for beside them.

    Raises:
        PlanError: one cannot be made or reads a column that the task does not give; the place is whoever named it.
    """
    task, requested = target.task, draft.request.metrics
    metrics = []
    for text in dict.fromkeys([*task.metrics, *requested]):
        of_task = text in task.metrics
        place: Place = target.place if of_task else ("metrics", requested.index(text))
        try:
            metric = metric_of(draft.registry, task, text)
            if not of_task and not target.explicit and not set(metric.needs) <= set(task.columns):
                continue  # a metric asked for a whole benchmark is computed on the tasks that it fits
            check_columns(metric, task)
        except HarnessError as error:
            raise PlanError([Problem(str(error), place)]) from error
        metrics.append(metric)
    return tuple(metrics)
