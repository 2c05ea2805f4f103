"""Adds a model to a trained router: its answers are read, the questions embedded, its weights inferred and written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness import FloatArray, Item, UsageError, write_atomically
from harness.files import private_name

from .answers_files import read_answers
from .onboarding import CRITERIA, CategoryForecast, forecasts, next_questions
from .prior import Posterior, one_hot, posterior, prior, with_categories
from .saved import Saved, load

if TYPE_CHECKING:
    from harness import Registry

_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Proposed:
    """A question that the new model should be asked."""

    id: str
    category: str | None
    text: str
    nats: float
    """What its answer says about the model, after those before."""


@dataclass(frozen=True, slots=True)
class Onboarded:
    """A new model, as far as its answers say what it is like."""

    router: Saved
    """The router, with the model added."""
    answers: int
    forecasts: Sequence[CategoryForecast]
    proposed: Sequence[Proposed]
    remarks: Sequence[str]


@dataclass(frozen=True, slots=True)
class Inferred:
    """What a new model's answers say of it."""

    router: Posterior
    """Of the weights that routes go by, which know no categories."""
    forecast: Posterior
    """Of weights with an offset for each category, for vectors as `vectors` has them."""
    vectors: FloatArray
    """(n, d + c): all questions' vectors, with their categories."""


def infer(router: Saved, vectors: FloatArray, categories: Sequence[str | None], outcomes: FloatArray) -> Inferred:
    """Infer the weights of a new model from its answers.

    Args:
        router: Its pool.
        vectors: (n, d) of all questions.
        categories: (n,).
        outcomes: (n,) of the model; NaN where it was not asked.
    """
    pool = [i for i, label in enumerate(router.models) if label not in router.added]
    own = prior(router.weights[pool], router.intercepts[pool], router.centre, router.spread)
    known = np.isfinite(outcomes)
    unseen = sorted({name for name in categories if name is not None} - set(router.categories))
    wide = np.hstack([vectors, one_hot(categories, (*router.categories, *unseen))])
    with_offsets = with_categories(own, router.offsets[pool], len(unseen))
    return Inferred(
        posterior(own, vectors[known], outcomes[known]),
        posterior(with_offsets, wide[known], outcomes[known]),
        wide,
    )


def add_model(router: Saved, label: str, inferred: Inferred, answers: int, *, seed: int = 0) -> Saved:
    """Return the router with a model more, which it predicts for by the mode of its posterior."""
    found, count = inferred.router, max(len(router.canonical.replicates), 1)
    drawn = found.draws(count, seed)[:, :-1] @ router.canonical.directions
    return router.with_model(label, found.mean[:-1], float(found.mean[-1]), answers, drawn)


def onboard(
    registry: Registry,
    store: Path | None,
    directory: Path,
    task: str,
    split: str,
    label: str,
    answers: Path | None,
    *,
    base: str = "",
    level: float = 0.95,
    count: int = 16,
    criterion: str = CRITERIA[0],
    seed: int = 0,
) -> Onboarded:
    """Read a new model's answers, embed the questions through the store, and infer what the model is like.

    Args:
        registry: Where names are looked up.
        store: The store; None: the usual one.
        directory: The trained router's.
        task: Name of a routing task.
        split: Whose questions.
        label: Name of the new model.
        answers: File of its answers; None: its outcomes in the task, if it is there.
        base: Specification of the embedder; empty: the one that was trained over.
        level: Of the credible intervals.
        count: Questions to propose.
        criterion: How they are chosen, one of `CRITERIA`.
        seed: Of the posterior's draws.

    Raises:
        UsageError: the router, the task or the answers cannot be used.
    """
    router = load(directory)
    if label in router.models:
        raise UsageError(f"{directory} knows a model {label!r} already; give the new one another name")
    found = registry.task(task)
    if not {"outcomes", "model"} <= found.fields.keys():
        raise UsageError(f"{task} has no models with outcomes; onboard needs a task of the kind 'routing'")
    read = list(found.items(split))
    items = [item for item in read if isinstance(item, Item)]
    if not items:
        raise UsageError(f"{task}: the split {split!r} has no question")
    remarks = [f"{len(read) - len(items)} rows of {task} cannot be read"] if len(items) < len(read) else []
    outcomes = _from_task(items, label) if answers is None else read_answers(items, answers, f"{task}, split {split}")
    vectors = _embed(registry, store, directory, router, base, items, remarks)
    categories = [item.fields["category"] for item in items]
    inferred = infer(router, vectors, categories, outcomes)
    known = int(np.isfinite(outcomes).sum())
    chosen = next_questions(
        inferred.forecast, inferred.vectors, ~np.isfinite(outcomes), count, criterion=criterion, seed=seed
    )
    return Onboarded(
        add_model(router, label, inferred, known, seed=seed),
        known,
        forecasts(inferred.forecast, inferred.vectors, categories, outcomes, level=level, seed=seed) if known else [],
        [Proposed(items[i].id, categories[i], items[i].fields["prompt"].text, nats) for i, nats in chosen],
        remarks,
    )


def _from_task(items: Sequence[Item], label: str) -> FloatArray:
    outcomes = np.full(len(items), np.nan)
    for i, item in enumerate(items):
        if label in item.fields["models"]:
            outcomes[i] = item.fields["outcomes"][item.fields["models"].index(label)]
    return outcomes


def _embed(
    registry: Registry,
    store: Path | None,
    directory: Path,
    router: Saved,
    base: str,
    items: Sequence[Item],
    remarks: list[str],
) -> FloatArray:
    """Ask the router's embedder for the questions' vectors, through the store.

    Raises:
        UsageError: a question cannot be embedded, or the vectors have another length than those trained on.
    """
    from harness.names import resolve_model, written
    from harness.results import models_folder, store_path

    from .embedding import embed

    given = f",base=[{base}]" if base else ""
    folder = models_folder(store_path(registry, store))
    handle = resolve_model(registry, f"embedllm:path={written(directory)}{given}", models_folder=folder)
    part = handle.parts["base"]
    vectors, fingerprint = embed(registry, store, part, [item.fields["prompt"] for item in items])
    if fingerprint != router.base_fingerprint:
        remarks.append(f"the base ({part.label}) is not the embedder that {directory} was trained over")
    if vectors.shape[1] != router.dimensions:
        raise UsageError(
            f"{directory} was trained on vectors of length {router.dimensions}, and its base {part.label} gives "
            f"{vectors.shape[1]}: use the embedder it was trained over"
        )
    return vectors


def write_router(added: Onboarded, source: Path, output: Path, task: str, split: str) -> None:
    """Write a router with a model added into a new folder, whole or not at all.

    Raises:
        UsageError: the folder is there already, or cannot be written.
    """
    if output.exists():
        raise UsageError(f"{output} exists already; choose another place")
    workdir = private_name(output)
    try:
        workdir.mkdir(parents=True)
        added.router.save(workdir)
        manifest = source / _MANIFEST
        if manifest.is_file():  # what the pool was trained on, the new model was, and its own questions besides
            content = json.loads(manifest.read_text("utf-8"))
            data = {**content.get("data", {}), "onboarded": [{"task": task, "split": split}]}
            write_atomically(workdir / _MANIFEST, json.dumps({**content, "data": data}, indent=2) + "\n")
        workdir.rename(output)
    except OSError as error:
        shutil.rmtree(workdir, ignore_errors=True)
        raise UsageError(f"{output}: cannot be written: {error.strerror}") from error
