"""Runs trainers: a product is an ordinary model directory with a manifest, whole or not there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.arguments import check_arguments
from harness.ask import Door
from harness.build import build_task
from harness.capabilities import Request, Response
from harness.environment import versions
from harness.errors import DataError, HarnessError, UsageError
from harness.model import MANIFEST
from harness.outputs import write_atomically
from harness.plugins import describe
from harness.progress import Progress
from harness.registry import Entry, Registry
from harness.resolve import ModelHandle, finish_training, resolve_model
from harness.store import Store
from harness.store.records import now, save_curve
from harness.task import BadItem, Item, Task
from harness.trainer import Ask, Trainer


def train_missing(
    registry: Registry,
    store: Store,
    door: Door,
    handle: ModelHandle,
    models_folder: Path,
    *,
    progress: Progress,
) -> None:
    """Train a model, and first those inside it, where registry.yaml declares them by their trainers."""
    for inner in reversed(handle.everyone()):  # parts before what is built over them
        if inner.training is not None and inner.model is None:
            train_handle(registry, store, door, inner, models_folder, progress=progress)


def train_handle(
    registry: Registry,
    store: Store,
    door: Door,
    handle: ModelHandle,
    models_folder: Path,
    *,
    progress: Progress,
) -> None:
    """Train a model that registry.yaml declares by its trainer, and make its handle usable."""
    training = handle.training
    assert training is not None
    with _alone(training.directory):
        _train_once(registry, store, door, handle, models_folder, progress=progress)
    finish_training(registry, handle, models_folder)


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Let one process train into a directory; another that wants the same model waits and finds it trained."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    try:
        import fcntl
    except ImportError:  # no such lock on this system
        yield
        return
    with directory.with_name(directory.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _train_once(
    registry: Registry, store: Store, door: Door, handle: ModelHandle, models_folder: Path, *, progress: Progress
) -> None:
    training = handle.training
    assert training is not None
    if not (training.directory / MANIFEST).is_file():
        progress.say(f"training {handle.label} on {training.task} (first use); it will be kept in {training.directory}")
        base = resolve_model(registry, training.base, models_folder=models_folder) if training.base else None
        if base is not None:
            train_missing(registry, store, door, base, models_folder, progress=progress)
        fit(
            registry,
            store,
            door,
            training.trainer,
            training.task,
            training.directory,
            base=base,
            settings=training.settings,
            progress=progress,
        )


def fit(
    registry: Registry,
    store: Store,
    door: Door,
    trainer: Entry,
    task_name: str,
    directory: Path,
    *,
    base: ModelHandle | None,
    settings: Mapping[str, Any],
    progress: Progress,
    split: str = "train",
    limit: int | None = None,
    without: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Train a model into ``directory``; an interrupted training of the same settings goes on where it was.

    Returns:
        The manifest.

    Raises:
        UsageError: the trainer, task, settings or base model do not fit together, or the directory holds another model.
        DataError: the train split cannot be learned from.
    """
    kind: type[Trainer] = trainer.load()
    settings = check_arguments(f"trainer {trainer.name!r}", kind, settings)
    task = build_task(registry, task_name)
    check_task(kind, trainer.name, registry, task, split)
    check_base(kind, trainer.name, base)
    wanted = {
        "model": kind.model,
        "trainer": trainer.name,
        "trainer_version": kind.version,
        "task": task.name,
        "task_digest": task.definition.digest,
        "split": split,
        "limit": limit,
        "settings": dict(settings),
        "base": base.fingerprint if base else None,
        **({"without": _digest(without)} if without else {}),
    }
    if not without:  # who trains several such models says it once
        warn_of_flattery(base, task.name, split, progress)
    workdir = _claim(directory, wanted)
    start = time.perf_counter()

    def ask(capability: str, requests: Sequence[Request]) -> list[Response]:
        assert base is not None
        return door.ask(base, capability, requests)

    def report(step: int, **values: float) -> None:
        save_curve(store, str(directory), step, values)
        progress.step(directory.name, step, **values)

    items = (item for item in good_items(task, split, limit) if item.id not in without)
    try:
        figures = kind(**settings).fit(task, items, workdir, ask=base.as_part(ask) if base else None, progress=report)
    except HarnessError:
        raise
    except ValueError as error:
        raise DataError(f"the trainer {trainer.name!r} cannot learn from {task.name} [{split}]: {error}") from error
    except Exception as error:  # a plugin's code
        raise DataError(f"the trainer {trainer.name!r} failed on {task.name} [{split}]: {describe(error)}") from error
    manifest = {
        **wanted,
        "figures": dict(figures),
        "seconds": time.perf_counter() - start,
        "made": now(),
        "versions": versions(),
    }
    write_atomically(workdir / MANIFEST, json.dumps(manifest, indent=2, default=str) + "\n")
    (workdir / "settings.json").unlink(missing_ok=True)
    workdir.rename(directory)
    return manifest


def _digest(ids: frozenset[str]) -> str:
    return hashlib.blake2b("\0".join(sorted(ids)).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def warn_of_flattery(base: ModelHandle | None, task: str, split: str, progress: Progress) -> None:
    """Say that a base model, or one inside it, was trained on what is learned from now."""
    for label in _trained_on_the_same(base, task, split):
        progress.warn(f"{label} was trained on {task} [{split}] itself: its answers there flatter it")


def _trained_on_the_same(base: ModelHandle | None, task: str, split: str) -> list[str]:
    """Labels of the base model and those inside it that were trained on a split."""
    return [
        handle.label
        for handle in (base.everyone() if base else ())
        if handle.model is not None
        and any((m.get("task"), m.get("split")) == (task, split) for m in handle.model.trained_on())
    ]


def check_base(kind: type[Trainer], name: str, base: ModelHandle | None) -> None:
    """Refuse a base model that the trainer does not take, or cannot ask.

    Raises:
        UsageError: it takes none, needs one, or this one lacks a capability.
    """
    if base is None:
        if kind.needs_base:
            raise UsageError(f"the trainer {name!r} needs a base model: --base MODEL")
        return
    if not kind.needs_base:
        raise UsageError(f"the trainer {name!r} is not trained over a base model; leave out {base.label!r}")
    lacking = [capability for capability in kind.asks if capability not in base.offers]
    if lacking:
        raise UsageError(
            f"the trainer {name!r} asks its base ({base.label}) for {' and '.join(lacking)}, which that does not "
            f"offer; it offers: {', '.join(base.offers) or 'nothing'}"
        )


def check_task(kind: type[Trainer], name: str, registry: Registry, task: Task, split: str) -> None:
    """Refuse a task whose items the trainer does not understand.

    Raises:
        UsageError: it is of another kind, or has no such split.
    """
    kinds = tuple(registry.find("task kind", k).load() for k in kind.trains_on)
    if kinds and not isinstance(task, kinds):
        raise UsageError(
            f"the trainer {name!r} learns from tasks of kind {' or '.join(kind.trains_on)}, which {task.name} is not"
        )
    if split not in task.splits:
        raise UsageError(f"the task {task.name} has no split {split!r} to train on; it has: {', '.join(task.splits)}")


def good_items(task: Task, split: str, limit: int | None) -> Iterator[Item]:
    """The items of a split; a bad row ends the training, since a model made without it could not be made again.

    Raises:
        DataError: a row cannot be read.
    """
    for item in task.items(split, limit=limit):
        if isinstance(item, BadItem):
            raise DataError(f"{item.where}: {item.problem}; mend the row before training on it")
        yield item


def _claim(directory: Path, wanted: Mapping[str, Any]) -> Path:
    """The work directory of a training; an unfinished one is taken up only if it was for the same thing."""
    if directory.exists():
        raise UsageError(f"{directory} exists already; choose another place, or delete it to train anew")
    workdir = directory.with_name(directory.name + ".partial")
    settings = workdir / "settings.json"
    text = json.dumps(wanted, sort_keys=True, default=str)
    try:
        if settings.is_file() and settings.read_text("utf-8") != text:
            shutil.rmtree(workdir)
        workdir.mkdir(parents=True, exist_ok=True)
        write_atomically(settings, text)
    except OSError as error:
        raise UsageError(f"{directory}: cannot be made: {error.strerror}; choose another place") from error
    return workdir


__all__ = [
    "Ask",
    "check_task",
    "fit",
    "good_items",
    "train_handle",
    "train_missing",
    "warn_of_flattery",
]
