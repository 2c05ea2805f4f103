"""The plan: which model is asked for what by which task. Everything that is wrong is found here, before any work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from harness.adapters import Route
from harness.errors import DataError, HarnessError, Place, PlanError, Problem, UsageError, did_you_mean
from harness.metric import Metric
from harness.names.arguments import fitted, forms_of
from harness.names.handles import ModelHandle
from harness.names.plugins import describe
from harness.names.registry import Registry
from harness.names.resolving import resolve_model
from harness.ranges import COUNT, SEED, Range
from harness.running.preflight import absent_columns, unnamed_columns
from harness.running.routes import NoRoute, Router
from harness.running.stages import about
from harness.task import BadItem, Task
from harness.tasks.build import build_task
from harness.tasks.build_metric import check_columns, metric_of
from harness.tasks.selectors import problems_of

if TYPE_CHECKING:
    from harness.tasks.schema import BenchmarkFile

T = TypeVar("T")
_NUMBERS = {
    "limit": Annotated[int | None, COUNT],
    "seed": Annotated[int, SEED],
    "confidence": Annotated[float, Range(least=0.5, most=0.9999)],
}
"""What the numbers of an evaluation may be."""


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What the user asked to have evaluated."""

    models: Sequence[str]
    targets: Sequence[str]
    roles: Mapping[str, str] = field(default_factory=dict)
    adapters: Sequence[str] = ()
    """Names of adapters to prefer where several would do."""
    metrics: Sequence[str] = ()
    limit: int | None = None
    split: str = "test"
    seed: int = 0
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class StageModel:
    """Who is asked in one stage, and by which route."""

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
    """Why it cannot be run, where that is known beforehand (its data cannot be reached)."""

    @property
    def adapters(self) -> tuple[str, ...]:
        """Names of all adapters on the way."""
        return tuple(name for asked in self.stages for name in asked.route.names)

    @property
    def fingerprint(self) -> str:
        """Those of the models of all stages.

        Raises:
            CellError: one has not been trained.
        """
        return "+".join(asked.handle.fingerprint for asked in self.stages)

    @property
    def handles(self) -> list[ModelHandle]:
        """The models of all roles, each once."""
        return list({id(asked.handle): asked.handle for asked in self.stages}.values())


@dataclass(slots=True)
class Plan:
    """All cells, in the order in which they run: model by model."""

    evaluation: EvaluationRequest
    cells: list[Cell]
    benchmarks: list[BenchmarkFile]
    skipped: list[str] = field(default_factory=list)
    """Models of a benchmark that have no way to answer one of its tasks."""
    warnings: list[str] = field(default_factory=list)


class Planner:
    """Makes a plan, collecting every problem on the way.

    Args:
        registry: Where names are looked up.
        models_folder: Where trained models lie.
    """

    def __init__(self, registry: Registry, *, models_folder: Path) -> None:
        self._registry, self._models_folder = registry, models_folder
        self.problems: list[Problem] = []
        """What was found so far; the places are the fields of the evaluation and the entries in them."""
        self._here: Place = ()
        self._places: dict[str, Place] = {}  # of tasks and benchmarks, by name: the target that brought them
        self._router = Router(registry, ())
        self._made: dict[str, ModelHandle] = {}  # by specification; a model inside several others is one

    def plan(self, evaluation: EvaluationRequest) -> Plan:
        """The plan.

        Raises:
            PlanError: everything that is wrong, together.
        """
        self._check_numbers(evaluation)
        benchmarks, tasks, explicit = self._targets(evaluation)
        labels = _labels(evaluation, benchmarks)
        if not labels and not self.problems:
            self._note(
                "no model to evaluate: name one with -m MODEL, or 'models' in a run file (see: harness list models)"
            )
        found = [(self._attempt(self._model, label, place=place), place) for label, place in labels.items()]
        handles = [(handle, place) for handle, place in found if handle is not None]
        self._check_labels(handles)
        for benchmark in benchmarks:
            with self._at(self._places[benchmark.name]):
                self._check_benchmark(benchmark, tasks, evaluation)
        self._check_wished(tasks, evaluation)
        roles = {
            r: h
            for r, m in evaluation.roles.items()
            if (h := self._attempt(self._model, m, place=("roles", r))) is not None
        }
        plan = Plan(evaluation, [], benchmarks)
        blocked: dict[str, str] = {}
        for task in tasks:
            with self._at(self._places[task.name]):
                reason = self._preflight(task, evaluation, plan)
            if reason:
                blocked[task.name] = reason
        for handle, place in handles:
            with self._at(place):
                self._plan_model(handle, tasks, roles, evaluation, plan, explicit, blocked)
        used = {asked for task in tasks for asked in (s.role for s in task.stages)}
        for role in evaluation.roles:
            if role not in used:
                hint = did_you_mean(role, used)
                self._note(f"no task asked for has the role {role!r}{hint}", "roles", role)
        if not plan.cells and not self.problems:
            raise PlanError([*plan.skipped, "nothing to run"])
        if not self.problems:  # with models or tasks missing, an adapter may only seem to serve nothing
            for name, reason in self._router.unused().items():
                self._note(reason, "adapters", evaluation.adapters.index(name))
        if self.problems:
            raise PlanError(self.problems)
        plan.warnings += self._router.partly_used()
        return plan

    def _check_numbers(self, evaluation: EvaluationRequest) -> None:
        """Hold the numbers of an evaluation to their ranges, whichever way they came."""
        for name, annotation in _NUMBERS.items():
            forms = forms_of(None, annotation)
            assert forms is not None
            self._attempt(fitted, f"{name}=", getattr(evaluation, name), forms, place=(name,))

    def _plan_model(
        self,
        handle: ModelHandle,
        tasks: Sequence[Task],
        roles: Mapping[str, ModelHandle],
        evaluation: EvaluationRequest,
        plan: Plan,
        explicit: set[str],
        blocked: Mapping[str, str],
    ) -> None:
        """Add the cells of one model."""
        for task in tasks:
            make = partial(self._cell, handle, task, roles, evaluation, plan, task.name in explicit)
            cell = self._of_plugin(f"{handle.label} on {task.name}", make, "planning")
            if cell is not None:
                cell.blocked = blocked.get(task.name, "")
                plan.cells.append(cell)
        self._check_records(handle, tasks, blocked, evaluation)
        self._check_training(handle, tasks, evaluation, plan)

    def _note(self, text: str, *place: str | int) -> None:
        self.problems.append(Problem(text, place or self._here))

    @contextmanager
    def _at(self, place: Place) -> Iterator[None]:
        """Problems found meanwhile are of that entry, where nothing says better."""
        before, self._here = self._here, place
        try:
            yield
        finally:
            self._here = before

    def _attempt(self, make: Callable[..., T], *arguments: Any, place: Place = ()) -> T | None:
        """What ``make`` returns, or None with its error noted."""
        with self._at(place or self._here):
            try:
                return make(*arguments)
            except PlanError as error:
                for problem in error.located:
                    self._note(problem.text, *problem.place)
            except HarnessError as error:
                self._note(str(error))
        return None

    def _of_plugin(self, what: str, method: Callable[[], T], doing: str = "") -> T | None:
        """Call a plugin's method. Any exception becomes a problem; then return None."""
        try:
            return self._attempt(method)
        except (Exception, SystemExit) as error:
            self._note(f"{what}: {doing or f'{method.__name__}()'} failed: {describe(error)}")
            return None

    def _model(self, text: str) -> ModelHandle:
        return resolve_model(self._registry, text, models_folder=self._models_folder, known=self._made)

    def _check_labels(self, handles: Sequence[tuple[ModelHandle, Place]]) -> None:
        seen: set[str] = set()
        for handle, place in handles:
            if handle.label in seen:
                self._note(f"two models are called {handle.label!r}; give one another label: LABEL=MODEL", *place)
            seen.add(handle.label)

    def _targets(self, evaluation: EvaluationRequest) -> tuple[list[BenchmarkFile], list[Task], set[str]]:
        benchmarks: list[BenchmarkFile] = []
        names: list[str] = []
        explicit: set[str] = set()
        for i, target in enumerate(evaluation.targets):
            known = len(names)
            self._attempt(self._target, target, benchmarks, names, explicit, place=("targets", i))
            for name in (target, *names[known:]):
                self._places.setdefault(name, ("targets", i))
        if not evaluation.targets:
            self._note("nothing to evaluate on: name a task or benchmark with -t (see: harness list tasks)")
        built = [
            self._attempt(build_task, self._registry, name, place=self._places[name]) for name in dict.fromkeys(names)
        ]
        return benchmarks, [task for task in built if task is not None], explicit

    def _target(self, target: str, benchmarks: list[BenchmarkFile], names: list[str], explicit: set[str]) -> None:
        """Add what one target stands for."""
        names += task_names(self._registry, target)
        benchmark = self._registry.benchmarks().find(target)
        if benchmark is not None:
            benchmarks.append(benchmark)
        elif not self._registry.is_pattern(target):
            explicit.add(target)

    def _check_benchmark(self, benchmark: BenchmarkFile, tasks: Sequence[Task], evaluation: EvaluationRequest) -> None:
        """An aggregate of what no task gives would leave its column empty."""
        given = {task.name: (*task.metrics, *evaluation.metrics) for task in tasks}
        for problem in problems_of(self._registry, benchmark, given):
            self._note(problem)

    def _check_wished(self, tasks: Sequence[Task], evaluation: EvaluationRequest) -> None:
        """Adapters and metrics are there, also where no model is left to need them."""
        found = [
            self._attempt(self._registry.find, "adapter", name, place=("adapters", i))
            for i, name in enumerate(evaluation.adapters)
        ]
        self._router = Router(
            self._registry, [name for name, entry in zip(evaluation.adapters, found, strict=True) if entry is not None]
        )
        for i, text in enumerate(evaluation.metrics):
            for task in tasks:
                self._attempt(metric_of, self._registry, task, text, place=("metrics", i))

    def _preflight(self, task: Task, evaluation: EvaluationRequest, plan: Plan) -> str:
        """Read the first item: a missing column is a mistake of the plan; data out of reach blocks only its cells."""
        if evaluation.split not in task.splits:
            has = ", ".join(task.splits)
            self._note(f"the task {task.name} has no split {evaluation.split!r}; it has: {has}", "split")
            return ""
        try:
            first = next(iter(task.items(evaluation.split, limit=1)), None)
            never = absent_columns(task, evaluation.split) if isinstance(first, BadItem) and first.absent else ()
            plan.warnings += unnamed_columns(task, evaluation.split)
        except DataError as error:
            return str(error)
        except HarnessError as error:
            self._note(f"{task.name}: {error}")
            return ""
        except (Exception, SystemExit) as error:  # a plugin's kind of task
            self._note(f"{task.name}: its first item cannot be read: {describe(error)}")
            return ""
        if first is None:
            return f"{task.name}: the data is empty: {task.describe_data(evaluation.split)}"
        if isinstance(first, BadItem) and never:
            self._note(f"{task.name}: {first.where}: {first.problem}; map it under 'columns' in the task's YAML")
        elif not isinstance(first, BadItem) and first.withheld:
            task.settings["_withheld"] = True
        return ""

    def _cell(
        self,
        handle: ModelHandle,
        task: Task,
        roles: Mapping[str, ModelHandle],
        evaluation: EvaluationRequest,
        plan: Plan,
        explicit: bool,
    ) -> Cell | None:
        stages: list[StageModel] = []
        for stage in task.stages:
            asked = handle if stage.role == task.evaluates else roles.get(stage.role)
            if asked is None:
                if stage.role not in evaluation.roles:  # one that was named but cannot be resolved is reported already
                    text = f"the task {task.name} needs a model for the role {stage.role!r}: --role {stage.role}=MODEL"
                    raise PlanError([Problem(text, self._places[task.name])])
                return None
            if task.settings.get("_withheld") and asked.reads_text:
                reason = (
                    f"{task.name}: this copy of the data holds no texts, so only recorded models can be evaluated on it"
                )
                _skip(plan, f"{handle.label}: {reason}", explicit)
                return None
            of = about(task, len(stages), [before.handle.label for before in stages])
            if of and (reason := self._not_recorded(asked, task, of)):
                _skip(plan, f"{handle.label} cannot be evaluated on {task.name}: {reason}", explicit)
                return None
            try:
                route = self._router.route(asked, stage.accepts, task)
            except NoRoute as error:
                _skip(plan, f"{asked.label} cannot be evaluated on {task.name}: {error}", explicit)
                return None
            # Two plugins may claim one capability; which of them the requests are of, nobody can say.
            for capability in (route.capability, *(adapter.needs for adapter in route.adapters)):
                self._registry.find("capability", capability)
            stages.append(StageModel(asked, route))
        return Cell(handle.label, task, tuple(stages), self._metrics(task, evaluation, explicit))

    def _not_recorded(self, handle: ModelHandle, task: Task, of: str) -> str:
        """Why a model that answers from records has nothing to say on another's answers; empty where it may have."""
        model = handle.model
        if model is None:
            return ""

        def recorded_of() -> Collection[str] | None:
            return model.recorded_of(task.name)

        known = self._of_plugin(handle.label, recorded_of)
        if known is None or of in known:
            return ""
        whose = ", ".join(map(repr, sorted(known)))
        said = f"its records are on those of {whose}" if known else "its records do not say whose they are on"
        return f"{handle.label} answers from records, and was asked about the answers of {of!r}, but {said}"

    def _metrics(self, task: Task, evaluation: EvaluationRequest, explicit: bool) -> tuple[Metric, ...]:
        metrics = []
        for text in dict.fromkeys([*task.metrics, *evaluation.metrics]):
            place = () if text in task.metrics else ("metrics", evaluation.metrics.index(text))
            with _of(*(place or self._places[task.name])):
                metric = metric_of(self._registry, task, text)
                if place and not explicit and not set(metric.needs) <= set(task.columns):
                    continue  # a metric wished for a whole benchmark is computed on the tasks that it fits
                check_columns(metric, task)
            metrics.append(metric)
        return tuple(metrics)

    def _check_records(
        self, handle: ModelHandle, tasks: Sequence[Task], blocked: Mapping[str, str], evaluation: EvaluationRequest
    ) -> None:
        """A recorded answer to an item that does not exist is a mistake in the records."""
        if handle.model is None:
            return
        recorded = self._of_plugin(handle.label, handle.model.recorded_items) or {}
        for name, ids in recorded.items():
            suite = [t for t in self._registry.tasks().files() if t.partition("/")[0] == name]
            if not self._registry.tasks().exists(name) and not suite:
                known = self._registry.known_names()
                self._note(
                    f"{handle.label}: records name the task {name!r}, which does not exist{did_you_mean(name, known)}"
                )
                continue
            covered = [name] if self._registry.tasks().exists(name) else suite
            wanted = [t for t in tasks if t.name in covered and t.name not in blocked]
            if not wanted:
                continue
            unknown = set(ids)
            for task_name in covered:
                task = next((t for t in wanted if t.name == task_name), None) or build_task(self._registry, task_name)
                try:
                    unknown.difference_update(
                        item.id for item in task.items(evaluation.split) if not isinstance(item, BadItem)
                    )
                except DataError:
                    unknown.clear()  # without all of the data, none can be called unknown
                if not unknown:
                    break
            if unknown:
                some = ", ".join(repr(i) for i in sorted(unknown)[:3])
                self._note(
                    f"{handle.label}: records hold {len(unknown)} item{'s' if len(unknown) > 1 else ''} of {name!r} "
                    f"that the data does not have: {some}{', ...' if len(unknown) > 3 else ''}"
                )

    def _check_training(
        self, handle: ModelHandle, tasks: Sequence[Task], evaluation: EvaluationRequest, plan: Plan
    ) -> None:
        for one in handle.those_that_learned():
            if one.model is None:
                continue
            inside = "" if one is handle else f", inside {handle.label},"
            for manifest in self._of_plugin(one.label, one.model.trained_on) or ():
                for task in tasks:
                    if manifest.get("task") == task.name and manifest.get("split") == evaluation.split:
                        plan.warnings.append(
                            f"{one.label}{inside} was trained on {task.name} [{evaluation.split}], "
                            "which it is evaluated on"
                        )


@contextmanager
def _of(*place: str | int) -> Iterator[None]:
    """What is found wrong meanwhile is of that entry."""
    try:
        yield
    except HarnessError as error:
        raise PlanError([Problem(str(error), place)]) from error


def task_names(registry: Registry, target: str) -> list[str]:
    """The tasks that a target stands for: a benchmark, a glob, or a task, which need not exist.

    Raises:
        UsageError: no task matches the glob.
    """
    benchmark = registry.benchmarks().find(target)
    if benchmark is not None:
        return list(benchmark.tasks)
    if not registry.is_pattern(target):
        return [target]
    matches = registry.matching(target)
    if not matches:
        raise UsageError(f"no task matches {target!r}")
    groups = ((match, registry.benchmarks().find(match)) for match in matches)  # one of a library may be a group
    return [name for match, group in groups for name in (group.tasks if group is not None else [match])]


def _labels(evaluation: EvaluationRequest, benchmarks: Sequence[BenchmarkFile]) -> dict[str, Place]:
    """The models wished for, or else the benchmarks' own, each once and with its place in the evaluation."""
    labels: dict[str, Place] = {}
    for i, text in enumerate(evaluation.models):
        labels.setdefault(text, ("models", i))
    if not evaluation.models:
        labels.update((model, ()) for benchmark in benchmarks for model in benchmark.default_models)
    return labels


def _skip(plan: Plan, reason: str, explicit: bool) -> None:
    """A benchmark goes on without a cell that cannot be; a task named by itself is a mistake."""
    if explicit:
        raise UsageError(reason)
    plan.skipped.append(reason)
