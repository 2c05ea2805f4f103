"""A plan in the making, which every step of planning reads and fills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import Place, Problem
from harness.names.handles import ModelHandle
from harness.names.registry import Registry
from harness.names.resolving import resolve_model
from harness.running.plan import Cell, EvaluationRequest
from harness.running.planning.routes import Router
from harness.task import Task

if TYPE_CHECKING:
    from harness.tasks.schema import BenchmarkFile


@dataclass(slots=True)
class Target:
    """One task to evaluate on, and what planning learned about it."""

    task: Task
    place: Place
    """The entry of the request that brought the task."""
    explicit: bool
    """Whether the user named the task itself, and not only a benchmark or a glob: then a model that cannot be asked by
    it is a mistake, and not a cell to leave out."""
    blocked: str = ""
    """Why none of the task's cells can run: its data cannot be reached. Empty where they can."""
    withheld: bool = False
    """Whether this copy of the data holds no texts, so that only recorded models can be asked."""


@dataclass(frozen=True, slots=True)
class RequestedModel:
    """One model to evaluate, and the entry of the request that named it."""

    handle: ModelHandle
    place: Place
    """Empty for a default model of a benchmark."""


@dataclass
class PlanDraft:
    """A plan in the making: what the request's names stand for so far, and what was found wrong.

    Args:
        registry: Where names are looked up.
        request: What the user asked for.
        models_folder: Where trained models lie.
    """

    registry: Registry
    request: EvaluationRequest
    models_folder: Path
    targets: list[Target] = field(default_factory=list)
    benchmarks: list[BenchmarkFile] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    """By name of a task or benchmark, the entry of the request that first brought it."""
    models: list[RequestedModel] = field(default_factory=list)
    roles: dict[str, ModelHandle] = field(default_factory=dict)
    """By name of a role, the model that the user gave for it."""
    own_roles: dict[str, ModelHandle] = field(default_factory=dict)
    """By specification, the models that task files give for roles that the user named nobody for."""
    cells: list[Cell] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.router = Router(self.registry)
        self._resolved: dict[str, ModelHandle] = {}  # by specification: a model inside several others is one

    def resolve(self, specification: str) -> ModelHandle:
        """Return the model that a specification names; the same object for the same specification.

        Raises:
            HarnessError: the specification cannot be read, or names no model, or the model refuses its arguments.
        """
        return resolve_model(self.registry, specification, models_folder=self.models_folder, known=self._resolved)

    def take(self, problems: Iterator[Problem]) -> None:
        """Go through one step, and keep the problems that it finds."""
        for problem in problems:
            self.problems.append(problem)
