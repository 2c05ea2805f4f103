"""What a plan holds: what the user asked for, and the cells that come of it. `harness.running.planning` makes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.adapters import Route
from harness.metric import Metric
from harness.names.handles import ModelHandle
from harness.task import Task

if TYPE_CHECKING:
    from harness.tasks.schema import BenchmarkFile


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What the user asked to have evaluated."""

    models: Sequence[str]
    """Specifications, ``[LABEL=]NAME[:key=value,...]``; none for the default models of the benchmarks."""
    targets: Sequence[str]
    """Names of tasks and benchmarks, or globs of names of tasks."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """By name of a role, the specification of the model that is asked in it."""
    adapters: Sequence[str] = ()
    """Adapters to ask through, ``[ROLE=]NAME[:key=value,...]``: preferred where several would do; one from a capability
    to itself stands before the evaluated model, or that of its role, wherever it is asked for that."""
    metrics: Sequence[str] = ()
    """Specifications of metrics to compute beside those of the tasks."""
    limit: int | None = None
    split: str = "test"
    seed: int = 0
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class StageModel:
    """The model that is asked in one stage, and the route that requests take to it."""

    handle: ModelHandle
    route: Route


@dataclass(slots=True)
class Cell:
    """One model on one task: the unit of work, of resume and of a leaderboard."""

    label: str
    task: Task
    stages: tuple[StageModel, ...]
    metrics: tuple[Metric, ...]
    blocked: str = ""
    """Why the cell cannot run, where that is known beforehand: its data cannot be reached. Empty where it can."""

    @property
    def adapters(self) -> tuple[str, ...]:
        """The names of all adapters on the routes of the stages, each role's once, and of those inside models."""
        stages = zip(self.task.stages, self.stages, strict=True)
        routes = {(stage.role, asked.route.names): None for stage, asked in stages}
        inside = dict.fromkeys(name for handle in self.handles for name in handle.adapters_inside())
        return (*(name for _, names in routes for name in names), *inside)

    @property
    def fingerprint(self) -> str:
        """The fingerprints of the models of all roles, each role's once, joined by ``+``.

        Raises:
            CellError: one of the models has not been trained.
        """
        by_role: dict[str, ModelHandle] = {}
        for stage, asked in zip(self.task.stages, self.stages, strict=True):
            by_role.setdefault(stage.role, asked.handle)
        return "+".join(handle.own_fingerprint for handle in by_role.values())

    @property
    def handles(self) -> list[ModelHandle]:
        """The models of all stages, each once."""
        return list({id(stage.handle): stage.handle for stage in self.stages}.values())


@dataclass(slots=True)
class Plan:
    """The cells of an evaluation in the order in which they run: model by model."""

    evaluation: EvaluationRequest
    cells: list[Cell]
    benchmarks: list[BenchmarkFile]
    skipped: list[str] = field(default_factory=list)
    """Models of a benchmark that have no way to answer one of its tasks."""
    warnings: list[str] = field(default_factory=list)
