"""Runs trainers: a product is an ordinary model directory with a manifest, whole or not there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from harness.errors import DataError, HarnessError, StoreError
from harness.files.atomic import NO_ROOM, is_full
from harness.names.arguments import check_arguments
from harness.names.handles import ModelHandle, ReadyModel, UntrainedModel, absolute
from harness.names.plugins import describe
from harness.names.registry import Registry
from harness.names.trainings import TrainingModels, check_base
from harness.progress import ProgressReporter, Tick
from harness.store.curves import save_curve
from harness.store.machine import versions
from harness.store.records import now
from harness.store.store import Store
from harness.task import Item
from harness.tasks.build import build_task
from harness.trainer import Trainer
from harness.training.checks import check_task, warn_of_flattery
from harness.training.filed import FiledTraining
from harness.training.further_data import FurtherData, HeldOut
from harness.training.items import good_items, ids_digest, items_digest
from harness.training.product import ProductFolder, curve_of, refuse_own_folder
from harness.training.request import TrainingEnvironment, TrainingRequest
from harness.training.session import Asking, TrainingClient, TrainingSession, equip


def ready_request(
    environment: TrainingEnvironment, request: TrainingRequest, models: TrainingModels
) -> TrainingRequest:
    """Complete a request by its models, which are trained first where they have to be.

    Args:
        environment: What the trainings of a command share.
        request: What is to be trained, yet without models.
        models: The checked settings, and the models.

    Raises:
        UsageError, DataError, StoreError: as `train_missing`.
    """

    def ready(handle: ModelHandle) -> ReadyModel:
        return train_missing(
            environment.registry, environment.store, environment.client, handle, progress=environment.progress
        )

    base = ready(models.base) if models.base else None
    parts = {name: ready(handle) for name, handle in models.parts.items()}
    return replace(request, settings=models.settings, base=base, parts=parts)


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
        self._held_out = HeldOut(request.without, request.clusters_without)
        self._further = FurtherData(registry, self._kind, settings)
        self._sign: Tick = lambda count: None
        self._opened: set[str] = set()

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
            splits = [(self._task.name, request.split), *self._further.splits]
            warn_of_flattery(request.models, splits, progress)
        determining = self._determining()
        folder = ProductFolder(self._directory)
        with folder.alone(
            lambda: progress.say(f"another process trains into {self._directory}; waiting for it")
        ) as waited:
            manifest = folder.finished(determining) if keep or waited else None
            manifest = manifest or folder.rescued(determining)
            if manifest is None:
                changed = folder.claim(determining, self._environment.store)
                if changed:
                    progress.say(
                        f"{folder.workdir}: the unfinished training there was with another {', '.join(changed)}; it "
                        "begins anew"
                    )
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
            "settings": {key: value for key, value in request.settings.items() if key not in self._kind.part_names},
            "base": request.base.fingerprint if request.base else None,
            **({"parts": {name: part.fingerprint for name, part in request.parts.items()}} if request.parts else {}),
            **({"data": self._further.digests(self._held_out)} if self._further.splits else {}),
            **({"without": ids_digest(request.without)} if request.without else {}),
            "items": items_digest(self._items()),
        }

    def _items(self) -> Iterator[Item]:
        """Yield the items that are learned from."""
        request = self._request
        return (item for item in good_items(self._task, request.split, request.limit) if item.id not in request.without)

    def _train(self, workdir: Path) -> dict[str, Any]:
        """Run the trainer in a work directory, as a run on file.

        Returns:
            What the manifest says of this one training, besides what determines the product.
        """
        start = time.perf_counter()
        request = self._request
        models = {**({"base": request.base} if request.base else {}), **request.parts}
        specifications = {name: handle.specification for name, handle in models.items()}
        filed = FiledTraining(self._environment.store, self._description(specifications))
        with filed.ending():
            figures = self._fitted(workdir, filed)
            refuse_own_folder(self._environment.registry, self._kind.model, workdir)
        return {
            **({"specifications": specifications} if request.parts else {}),
            "curve": curve_of(self._directory),
            "figures": dict(figures),
            "seconds": time.perf_counter() - start,
            "made": now(),
            "versions": versions(),
        }

    def _description(self, specifications: Mapping[str, str]) -> dict[str, Any]:
        """Return what the run on file is, as plain data."""
        request = self._request
        return {
            "models": [request.trainer.name],
            "tasks": list(dict.fromkeys([self._task.name, *(task for task, _ in self._further.splits)])),
            "trainer": request.trainer.name,
            "makes": self._kind.model,
            "directory": absolute(str(self._directory)),
            "curve": curve_of(self._directory),
            "asks": dict(specifications),
            "settings": dict(request.settings),
            "split": request.split,
            "limit": request.limit,
            "held_out": len(request.without),
        }

    def _fitted(self, workdir: Path, filed: FiledTraining) -> Mapping[str, Any]:
        """Return the figures that `Trainer.fit` returns; its errors say which trainer failed on what."""
        request, environment, name = self._request, self._environment, self._request.trainer.name
        where = f"{self._task.name} [{request.split}]"
        self._sign = filed.progress.ask(name, self._task.name, None, lambda count: None)
        registry, store, client = environment.registry, environment.store, environment.client
        session = TrainingSession(
            registry,
            client,
            Asking(environment.progress, filed.progress),
            what=f"{self._task.name}, training {name}",
            workdir=Path(absolute(str(workdir))),
            models_folder=store.folder / "models",
            train=partial(train_missing, registry, store, client, progress=environment.progress),
            given=request.models,
            opened=self._note_opened,
        )
        try:
            specifications = {part: handle.specification for part, handle in request.parts.items()}
            trainer = self._kind(**{**request.settings, **specifications})
            equip(trainer, session.parts(request.parts), self._further.views(self._held_out), session.open)
            task = self._held_out.view(self._task)
            ask = session.part(request.base) if request.base else None
            return trainer.fit(task, self._items(), workdir, ask=ask, progress=self._report)
        except HarnessError:
            raise
        except ValueError as error:
            raise DataError(f"the trainer {name!r} cannot learn from {where}: {error}") from error
        except (Exception, SystemExit) as error:  # a plugin's code
            if is_full(error):
                raise StoreError(f"{workdir}: {NO_ROOM}") from error
            raise DataError(f"the trainer {name!r} failed on {where}: {describe(error)}") from error
        finally:
            session.close()
            self._account(session.client, filed)

    def _note_opened(self, handle: ReadyModel) -> None:
        """Warn of a model that the trainer opened, once, where it was trained on what is learned from now."""
        if handle.label not in self._opened:
            self._opened.add(handle.label)
            splits = [(self._task.name, self._request.split), *self._further.splits]
            warn_of_flattery([handle], splits, self._environment.progress)

    def _account(self, client: TrainingClient, filed: FiledTraining) -> None:
        """Say what the models that were asked have to say, and file it with how much was asked."""
        remarks = [f"{label}: {text}" if label else text for label, text in client.take_remarks()]
        for remark in remarks:
            self._environment.progress.warn(f"training {self._request.trainer.name} on {self._task.name}: {remark}")
        counts = client.counts
        filed.description["remarks"] = remarks
        filed.description["requests"] = {
            "requests": counts.requests,
            "computed": counts.computed,
            "reused": counts.reused,
            "seconds": counts.seconds,
        }

    def _report(self, step: int, **values: float) -> None:
        """File a point of the learning curve, and show it."""
        save_curve(self._environment.store, curve_of(self._directory), step, values)
        self._environment.progress.step(self._directory.name, step, **values)
        self._sign(0)  # of life, for whoever watches the run


def train_missing(
    registry: Registry, store: Store, client: TrainingClient, handle: ModelHandle, *, progress: ProgressReporter
) -> ReadyModel:
    """Train a model, and first those it needs, where they are named by their trainers.

    Args:
        registry: Where names are looked up.
        store: Keeps the learning curves.
        client: Through which models are asked.
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
    trained = [untrained for untrained in handle.untrained() if _train_declared(environment, untrained)]
    ready = handle.ready
    _release_others(client, [model for untrained in trained for model in untrained.training.models], ready)
    return ready


def _release_others(client: TrainingClient, asked: Sequence[ModelHandle], ready: ReadyModel) -> None:
    """Let go of the models that only the training needed; nobody else would before the end of the run."""
    kept = {id(model) for model in ready.constructed_models()}
    for handle in asked:
        if not any(id(model) in kept for model in handle.constructed_models()):
            client.release(handle)


def _train_declared(environment: TrainingEnvironment, untrained: UntrainedModel) -> bool:
    """Train a model that is named by its trainer; False where its product is there by now."""
    training = untrained.training
    if training.is_done:  # by this run, for another model that needs it too, or by another process
        return False
    base = training.base.ready if training.base else None
    parts = {name: part.ready for name, part in training.parts.items()}
    request = TrainingRequest(training.trainer, training.task, training.settings, base, parts=parts)
    where = f"training {untrained.label} on {training.task} (first use); it will be kept in {training.directory}"
    TrainingRun(environment, request, training.directory).run(keep=True, saying=where)
    return True
