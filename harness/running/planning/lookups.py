"""Look up the models and adapters that an evaluation names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from harness.errors import Place, Problem
from harness.running.planning.draft import PlanDraft, RequestedModel
from harness.running.planning.problems import attempt


def find_models(draft: PlanDraft) -> Iterator[Problem]:
    """Look up the models to evaluate: those of the request, or else the default models of its benchmarks."""
    specifications: dict[str, Place] = {}
    for i, text in enumerate(draft.request.models):
        specifications.setdefault(text, ("models", i))
    if not draft.request.models:
        specifications.update((text, ()) for benchmark in draft.benchmarks for text in benchmark.default_models)
    # A target that cannot be found may have been the benchmark that names the models.
    if not specifications and not draft.problems:
        yield Problem(
            "no model to evaluate: name one with -m MODEL, or 'models' in a run file (see: harness list models)"
        )
    for text, place in specifications.items():
        handle = yield from attempt(partial(draft.resolve, text), place)
        if handle is not None:
            draft.models.append(RequestedModel(handle, place))


def find_adapters(draft: PlanDraft) -> Iterator[Problem]:
    """Look up the adapters to prefer, also where no model is left that would need them."""
    for i, name in enumerate(draft.request.adapters):
        yield from attempt(partial(draft.router.prefer, name), ("adapters", i))


def find_roles(draft: PlanDraft) -> Iterator[Problem]:
    """Look up the models for the other roles of the tasks: those of the request, else those that the tasks name."""
    for role, specification in draft.request.roles.items():
        handle = yield from attempt(partial(draft.resolve, specification), ("roles", role))
        if handle is not None:
            draft.roles[role] = handle
    for target in draft.targets:
        for role, specification in target.task.definition.roles.items():
            if role not in draft.request.roles and specification not in draft.own_roles:
                handle = yield from attempt(partial(draft.resolve, specification), target.place)
                if handle is not None:
                    draft.own_roles[specification] = handle
