"""Every step of planning, in order: what is looked up for the steps after it, and what is held to a rule.

Each step is a generator of `Problem` over the draft of a plan; all of them run, whatever the ones before found, so
that a user reads everything that is wrong at once. A new check is a new function here, and its name in `CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any

from harness.errors import HarnessError, Problem, did_you_mean
from harness.model import Model
from harness.names.arguments import fitted, forms_of
from harness.names.plugins import plugin_code
from harness.ranges import COUNT, SEED, Range
from harness.running.planning.cells import make_cells
from harness.running.planning.draft import PlanDraft
from harness.running.planning.first_rows import read_first_items
from harness.running.planning.lookups import find_adapters, find_models, find_roles
from harness.running.planning.problems import attempt
from harness.running.planning.records import recorded_items
from harness.running.planning.targets import find_targets
from harness.tasks.build import build_task
from harness.tasks.build_metric import metric_of
from harness.tasks.selectors import problems_of
from harness.training.checks import check_task, learned_evaluation_only
from harness.training.further_data import FurtherData
from harness.training.same_rows import shared_source

_NUMBERS = {
    "limit": Annotated[int | None, COUNT],
    "seed": Annotated[int, SEED],
    "confidence": Annotated[float, Range(least=0.5, most=0.9999)],
}
"""What the numbers of an evaluation may be."""


def numbers(draft: PlanDraft) -> Iterator[Problem]:
    """Hold the numbers of the request to their ranges, whichever way they came: Python's callers pass no option."""
    for name, annotation in _NUMBERS.items():
        forms = forms_of(None, annotation)
        assert forms is not None
        yield from attempt(partial(fitted, f"{name}=", getattr(draft.request, name), forms), (name,))


def labels(draft: PlanDraft) -> Iterator[Problem]:
    """Refuse two models of one label: results could not be told apart."""
    seen: set[str] = set()
    for model in draft.models:
        label = model.handle.label
        if label in seen:
            yield Problem(f"two models are called {label!r}; give one another label: LABEL=MODEL", model.place)
        seen.add(label)


def untrained_models(draft: PlanDraft) -> Iterator[Problem]:
    """Refuse a model whose trainer cannot learn from its task: other cells would be computed before that is seen."""
    handles = [(model.handle, model.place) for model in draft.models]
    handles += [(handle, ("roles", role)) for role, handle in draft.roles.items()]
    handles += [(handle, ()) for handle in draft.own_roles.values()]
    for handle, place in handles:
        for untrained in handle.untrained():
            training = untrained.training
            task = yield from attempt(partial(build_task, draft.registry, training.task), place)
            if task is not None:
                kind = training.trainer.load()
                yield from attempt(
                    partial(check_task, kind, training.trainer.name, draft.registry, task, "train"), place
                )
                yield from attempt(partial(FurtherData, draft.registry, kind, training.settings), place)


def aggregates(draft: PlanDraft) -> Iterator[Problem]:
    """Refuse an aggregate of what no task gives: it would leave its column empty."""
    computed = {target.task.name: (*target.task.metrics, *draft.request.metrics) for target in draft.targets}
    for benchmark in draft.benchmarks:
        for text in problems_of(draft.registry, benchmark, computed):
            yield Problem(text, draft.places[benchmark.name])


def metrics(draft: PlanDraft) -> Iterator[Problem]:
    """Refuse a metric that does not exist, also where no model is left to be measured by it."""
    for i, text in enumerate(draft.request.metrics):
        for target in draft.targets:
            yield from attempt(partial(metric_of, draft.registry, target.task, text), ("metrics", i))


def training(draft: PlanDraft) -> Iterator[Problem]:
    """Warn of a model that was trained on the items that it is evaluated on; refuse one that learned what nobody may.

    A model that was trained on a task for evaluation only is refused wherever it is evaluated: its figures on that task
    would be taken for those of a model that has not seen it, and it has been tuned to what others are compared by.
    """
    split = draft.request.split
    for model in draft.models:
        for learned in model.handle.those_that_learned():
            if learned.model is None:
                continue
            inside = "" if learned is model.handle else f", inside {model.handle.label},"
            manifests = yield from attempt(partial(_trained_on, learned.label, learned.model), model.place)
            for name in learned_evaluation_only(draft.registry, manifests or ()):
                yield Problem(
                    f"{learned.label}{inside} was trained on {name}, which is for evaluation only; train it on another "
                    "task",
                    model.place,
                )
            for manifest in manifests or ():
                draft.warnings += [
                    f"{learned.label}{inside} was trained on {target.task.name} [{split}], which it is evaluated on"
                    for target in draft.targets
                    if manifest.get("task") == target.task.name and manifest.get("split") == split
                ]
                draft.warnings += _on_the_same_rows(draft, f"{learned.label}{inside}", manifest)


def _on_the_same_rows(draft: PlanDraft, who: str, manifest: Mapping[str, Any]) -> list[str]:
    """Warn of targets that read the rows of another task, which a model was trained on."""
    name, learned = str(manifest.get("task")), str(manifest.get("split"))
    others = [target.task for target in draft.targets if target.task.name != name]
    try:
        trained = build_task(draft.registry, name) if others else None
    except HarnessError:  # of somebody else's tasks nothing is known here
        return []
    return [
        f"{who} was trained on {name} [{learned}], which reads the same data as {task.name} [{draft.request.split}] "
        f"({shared}): it may have seen what it is evaluated on"
        for task in others
        if trained is not None and (shared := shared_source(trained, learned, task, draft.request.split))
    ]


def _trained_on(label: str, model: Model) -> Sequence[Mapping[str, Any]]:
    """Ask a model for the manifests of the data that it was trained on.

    Raises:
        UsageError: a manifest is damaged.
        PluginError: the model's code fails.
    """
    with plugin_code(f"{label}: trained_on()"):
        return model.trained_on()


def used_roles(draft: PlanDraft) -> Iterator[Problem]:
    """Refuse a model, or an adapter, for a role that no task has: it would never be asked."""
    roles = {stage.role for target in draft.targets for stage in target.task.stages}
    for role in draft.request.roles:
        if role not in roles:
            yield Problem(f"no task asked for has the role {role!r}{did_you_mean(role, roles)}", ("roles", role))
    for text, role in draft.router.roles().items():
        if role not in roles:
            said = f"the adapter {text!r}: no task asked for has the role {role!r}{did_you_mean(role, roles)}"
            yield Problem(said, ("adapters", list(draft.request.adapters).index(text)))


def used_adapters(draft: PlanDraft) -> Iterator[Problem]:
    """Refuse an adapter that serves nowhere, and warn of one that serves in some places only."""
    if draft.problems or not draft.cells:  # with models or tasks missing, an adapter may only seem to serve nothing
        return
    for text, reason in draft.router.unused().items():
        yield Problem(reason, ("adapters", list(draft.request.adapters).index(text)))
    draft.warnings += draft.router.partly_used()


CHECKS: tuple[Callable[[PlanDraft], Iterator[Problem]], ...] = (
    numbers,
    find_targets,
    find_models,
    labels,
    aggregates,
    find_adapters,
    metrics,
    find_roles,
    untrained_models,
    read_first_items,
    make_cells,
    recorded_items,
    training,
    used_roles,
    used_adapters,
)
