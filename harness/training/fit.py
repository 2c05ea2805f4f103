"""Runs trainers: a product is an ordinary model directory with a manifest, whole or not there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from harness.errors import DataError, HarnessError, StoreError
from harness.files.atomic import NO_ROOM, is_full
from harness.names.arguments import check_arguments
from harness.names.handles import ModelHandle, ReadyModel, UntrainedModel
from harness.names.plugins import describe
from harness.names.registry import Registration, Registry
from harness.progress import ProgressReporter
from harness.requests import Request, Response
from harness.store.curves import save_curve
from harness.store.machine import versions
from harness.store.records import now
from harness.store.store import Store
from harness.task import Item
from harness.tasks.build import build_task
from harness.trainer import Trainer
from harness.training.checks import check_base, check_task, warn_of_flattery
from harness.training.items import good_items, ids_digest, items_digest
from harness.training.product import ProductFolder, curve_of


class BaseModelClient(Protocol):
    """What a training needs of a client of models: answers of the base, from the store or from the model itself."""

    def ask(self, handle: ModelHandle, capability: str, requests: Sequence[Request]) -> list[Response]:
        """Answer requests, in order, with a `Failure` in place of each answer that could not be had."""
        ...


@dataclass(frozen=True, slots=True)
class TrainingEnvironment:
    """What every training of one command shares."""

    registry: Registry
    store: Store
    """Keeps the learning curves."""
    client: BaseModelClient
    """Through which base models are asked."""
    progress: ProgressReporter
    """Told how far a training is."""


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What is to be trained, over what, and on which items."""

    trainer: Registration
    task: str
    """Name of the task that is learned from."""
    settings: Mapping[str, Any]
    """The trainer's settings, as the user gave them."""
    base: ReadyModel | None = None
    split: str = "train"
    limit: int | None = None
    """How many items are read, the first ones; None for all."""
    without: frozenset[str] = frozenset()
    """Ids of items that are left out."""


class TrainingRun:
    """One training into one directory; an interrupted training of the same product goes on where it was.

    The same product is one that depends on the same: trainer, task, items, settings, and the base down to its weights.
    Of several processes that train into one directory one does, and the others wait for its product.

    Args:
        environment: What the trainings of a command share.
        request: What is to be trained.
        directory: Where the product goes.

    Raises:
        UsageError: the trainer, task, settings and base model do not fit together.
    """

    def __init__(self, environment: TrainingEnvironment, request: TrainingRequest, directory: Path) -> None:
        trainer, registry = request.trainer, environment.registry
        self._environment, self._directory = environment, directory
        self._kind: type[Trainer] = trainer.load()
        settings = check_arguments(f"trainer {trainer.name!r}", self._kind, request.settings)
        self._request = replace(request, settings=settings)
        self._task = build_task(registry, request.task)
        check_task(self._kind, trainer.name, registry, self._task, request.split)
        check_base(self._kind, trainer.name, request.base)

    def run(self, *, keep: bool = False, saying: str = "") -> dict[str, Any]:
        """Train, unless the product is there already.

        Args:
            keep: Whether the same product, if it is there already, is what was asked for; else it is a mistake.
            saying: What the user is told before the training begins.

        Returns:
            The manifest.

        Raises:
            UsageError: the directory holds another product, or somebody else's files.
            DataError: the split cannot be learned from.
            StoreError: the product cannot be written.
        """
        request, progress = self._request, self._environment.progress
        if not request.without:  # whoever trains several models on parts of the items says it once for all of them
            warn_of_flattery(request.base, self._task.name, request.split, progress)
        determining = self._determining()
        folder = ProductFolder(self._directory)
        with folder.alone(
            lambda: progress.say(f"another process trains into {self._directory}; waiting for it")
        ) as waited:
            manifest = folder.finished(determining) if keep or waited else None
            manifest = manifest or folder.rescued(determining)
            if manifest is None:
                folder.claim(determining, self._environment.store)
                if saying:
                    progress.say(saying)
                manifest = {**determining, **self._train(folder.workdir)}
                folder.finish(manifest)
        return manifest

    def _determining(self) -> dict[str, Any]:
        """Collect everything that the weights depend on, in the order in which the manifest has it."""
        request = self._request
        return {
            "model": self._kind.model,
            "trainer": request.trainer.name,
            "trainer_version": self._kind.version,
            "task": self._task.name,
            "task_digest": self._task.definition.digest,
            "split": request.split,
            "limit": request.limit,
            "settings": dict(request.settings),
            "base": request.base.fingerprint if request.base else None,
            **({"without": ids_digest(request.without)} if request.without else {}),
            "items": items_digest(self._items()),
        }

    def _items(self) -> Iterator[Item]:
        """Yield the items that are learned from."""
        request = self._request
        return (item for item in good_items(self._task, request.split, request.limit) if item.id not in request.without)

    def _train(self, workdir: Path) -> dict[str, Any]:
        """Run the trainer in a work directory.

        Returns:
            What the manifest says of this one training, besides what determines the product.
        """
        start = time.perf_counter()
        figures = self._fitted(self._kind(**self._request.settings), workdir)
        return {
            "curve": curve_of(self._directory),
            "figures": dict(figures),
            "seconds": time.perf_counter() - start,
            "made": now(),
            "versions": versions(),
        }

    def _fitted(self, trainer: Trainer, workdir: Path) -> Mapping[str, Any]:
        """Return the figures that `Trainer.fit` returns; its errors say which trainer failed on what."""
        base, name = self._request.base, self._request.trainer.name
        part = base.as_part(self._ask_base) if base else None
        where = f"{self._task.name} [{self._request.split}]"
        try:
            return trainer.fit(self._task, self._items(), workdir, ask=part, progress=self._report)
        except HarnessError:
            raise
        except ValueError as error:
            raise DataError(f"the trainer {name!r} cannot learn from {where}: {error}") from error
        except (Exception, SystemExit) as error:  # a plugin's code
            if is_full(error):
                raise StoreError(f"{workdir}: {NO_ROOM}") from error
            raise DataError(f"the trainer {name!r} failed on {where}: {describe(error)}") from error

    def _ask_base(self, capability: str, requests: Sequence[Request]) -> list[Response]:
        """Ask the base model through the client, so that nothing is computed twice."""
        assert self._request.base is not None
        return self._environment.client.ask(self._request.base, capability, requests)

    def _report(self, step: int, **values: float) -> None:
        """File a point of the learning curve, and show it."""
        save_curve(self._environment.store, curve_of(self._directory), step, values)
        self._environment.progress.step(self._directory.name, step, **values)


def train_missing(
    registry: Registry, store: Store, client: BaseModelClient, handle: ModelHandle, *, progress: ProgressReporter
) -> ReadyModel:
    """Train a model, and first those it needs, where registry.yaml declares them by their trainers.

    Args:
        registry: Where names are looked up.
        store: Keeps the learning curves.
        client: Through which base models are asked.
        handle: The model, which may be ready already.
        progress: Told how far the trainings are.

    Returns:
        The model, ready to be asked.

    Raises:
        UsageError: a trainer, its task, its settings and its base do not fit together.
        DataError: a split cannot be learned from.
        StoreError: a product cannot be written.
    """
    environment = TrainingEnvironment(registry, store, client, progress)
    for untrained in handle.untrained():
        _train_declared(environment, untrained)
    return handle.ready


def _train_declared(environment: TrainingEnvironment, untrained: UntrainedModel) -> None:
    """Train a model that registry.yaml declares by its trainer, unless its product is there by now."""
    training = untrained.training
    if training.is_done:  # by this run, for another model that needs it too, or by another process
        return
    base = training.base.ready if training.base else None
    request = TrainingRequest(training.trainer, training.task, training.settings, base)
    where = f"training {untrained.label} on {training.task} (first use); it will be kept in {training.directory}"
    TrainingRun(environment, request, training.directory).run(keep=True, saying=where)
