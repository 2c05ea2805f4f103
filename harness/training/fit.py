"""Runs trainers: a product is an ordinary model directory with a manifest, whole or not there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from harness.errors import DataError, HarnessError, StoreError, UsageError
from harness.files import NO_ROOM, alone, is_full, remove_leftovers, write_atomically
from harness.model import MANIFEST
from harness.names.arguments import check_arguments
from harness.names.handles import ModelHandle, absolute, finish_training
from harness.names.plugins import describe, plugin_code
from harness.names.registry import Registration, Registry
from harness.progress import ProgressReporter
from harness.requests import Request, Response
from harness.store import Store
from harness.store.curves import delete_curve, save_curve
from harness.store.machine import versions
from harness.store.records import now
from harness.task import BadItem, Item, Task
from harness.tasks.build import build_task
from harness.trainer import Ask, Trainer

SETTINGS = "settings.json"
"""In a work directory: what is being trained."""


class ModelClient(Protocol):
    """Answers requests from what is on file, or from the model: what runs an evaluation has one."""

    def ask(self, handle: ModelHandle, capability: str, requests: Sequence[Request]) -> list[Response]:
        """The responses to requests, in order; a `Failure` in place of each that could not be answered."""
        ...


def train_missing(
    registry: Registry, store: Store, client: ModelClient, handle: ModelHandle, *, progress: ProgressReporter
) -> None:
    """Train a model, and first those inside it, where registry.yaml declares them by their trainers."""
    for inner in reversed(handle.everyone()):  # parts before what is built over them
        if inner.training is not None and inner.model is None:
            train_handle(registry, store, client, inner, progress=progress)


def train_handle(
    registry: Registry, store: Store, client: ModelClient, handle: ModelHandle, *, progress: ProgressReporter
) -> None:
    """Train a model that registry.yaml declares by its trainer, and first what it is over; make its handle usable."""
    training = handle.training
    assert training is not None
    if training.base is not None:
        train_missing(registry, store, client, training.base, progress=progress)
    if not training.is_done:
        fit(
            registry,
            store,
            client,
            training.trainer,
            training.task,
            training.directory,
            base=training.base,
            settings=training.settings,
            progress=progress,
            keep=True,
            saying=f"training {handle.label} on {training.task} (first use); it will be kept in {training.directory}",
        )
    finish_training(registry, handle)


def fit(
    registry: Registry,
    store: Store,
    client: ModelClient,
    trainer: Registration,
    task_name: str,
    directory: Path,
    *,
    base: ModelHandle | None,
    settings: Mapping[str, Any],
    progress: ProgressReporter,
    split: str = "train",
    limit: int | None = None,
    without: frozenset[str] = frozenset(),
    keep: bool = False,
    saying: str = "",
) -> dict[str, Any]:
    """Train a model into ``directory``; an interrupted training of the same thing goes on where it was.

    The same thing is all that the weights depend on: trainer, task, items, settings, and the base down to its weights.
    Of several processes that train into one directory one does, and the others wait for its product.

    Args:
        registry: The plugins.
        store: Keeps the learning curve.
        client: Through which the base is asked.
        trainer: What trains.
        task_name: What is learned from.
        directory: Where the product goes.
        base: The base model, trained itself.
        settings: Of the trainer.
        progress: Told how far it is.
        split: Of the task.
        limit: Only the first items.
        without: Ids of items that are left out.
        keep: A product of the same thing that is there already is what was asked for, and no mistake.
        saying: Said before the training begins.

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

    def items() -> Iterator[Item]:
        return (item for item in good_items(task, split, limit) if item.id not in without)

    wanted["items"] = items_digest(items())
    if not directory.name:  # "." and "/", beside which no folder can be named after them
        raise UsageError(f"{directory} exists already; name a folder that is not there yet")
    _make_folder(directory)
    with alone(
        directory.with_name(directory.name + ".lock"),
        waiting=lambda: progress.say(f"another process trains into {directory}; waiting for it"),
    ) as waited:
        found = _finished(directory, wanted) if keep or waited else None
        if found is not None:
            return found
        workdir = directory.with_name(directory.name + ".partial")
        found = _finished(workdir, wanted)
        if found is not None and not os.path.lexists(directory) and not workdir.is_symlink():
            _finish(workdir, directory, found)  # killed in the last moment
            return found
        _claim(directory, workdir, wanted, store)
        if saying:
            progress.say(saying)
        start = time.perf_counter()

        def ask(capability: str, requests: Sequence[Request]) -> list[Response]:
            assert base is not None
            return client.ask(base, capability, requests)

        def report(step: int, **values: float) -> None:
            save_curve(store, curve_of(directory), step, values)
            progress.step(directory.name, step, **values)

        door_to_base = base.as_part(ask) if base else None
        figures = _fitted(kind(**settings), trainer.name, task, split, items(), workdir, door_to_base, report)
        manifest = {
            **wanted,
            "curve": curve_of(directory),
            "figures": dict(figures),
            "seconds": time.perf_counter() - start,
            "made": now(),
            "versions": versions(),
        }
        _finish(workdir, directory, manifest)
    return manifest


def _fitted(
    trainer: Trainer,
    name: str,
    task: Task,
    split: str,
    items: Iterator[Item],
    workdir: Path,
    ask: Ask | None,
    report: Callable[..., None],
) -> Mapping[str, Any]:
    """What `Trainer.fit` returns; its errors say which trainer failed on what."""
    try:
        return trainer.fit(task, items, workdir, ask=ask, progress=report)
    except HarnessError:
        raise
    except ValueError as error:
        raise DataError(f"the trainer {name!r} cannot learn from {task.name} [{split}]: {error}") from error
    except (Exception, SystemExit) as error:  # a plugin's code
        if is_full(error):
            raise StoreError(f"{workdir}: {NO_ROOM}") from error
        raise DataError(f"the trainer {name!r} failed on {task.name} [{split}]: {describe(error)}") from error


def curve_of(directory: Path) -> str:
    """What the store calls the learning curve of a training into a directory: its place, as seen from everywhere."""
    return absolute(str(directory))


def items_digest(items: Iterable[Item]) -> str:
    """Hash of all that is learned from, in order."""
    import msgspec

    def other(value: Any) -> Any:
        if hasattr(value, "tobytes"):
            return [str(value.dtype), list(value.shape), hashlib.blake2b(value.tobytes()).hexdigest()]
        return repr(value)

    encoder = msgspec.json.Encoder(enc_hook=other, order="deterministic")
    whole = hashlib.blake2b(digest_size=16)
    for item in items:
        content = (item.id, item.cluster, dict(item.fields))
        try:
            whole.update(encoder.encode(content) + b"\n")
        except (TypeError, ValueError):  # keys that are no texts, half of a pair of surrogates
            whole.update(repr(content).encode("utf-8", "surrogatepass") + b"\n")
    return whole.hexdigest()


def _finished(directory: Path, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """The manifest of a product that is of the same thing."""
    try:
        found: dict[str, Any] = json.loads((directory / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    same = json.loads(json.dumps(dict(wanted), default=str))
    return found if {key: found.get(key) for key in same} == same else None


def _finish(workdir: Path, directory: Path, manifest: Mapping[str, Any]) -> None:
    """Make a product of what was trained."""
    try:
        write_atomically(workdir / MANIFEST, json.dumps(manifest, indent=2, default=str) + "\n")
        (workdir / SETTINGS).unlink(missing_ok=True)
        workdir.rename(directory)
    except OSError as error:
        reason = NO_ROOM if is_full(error) else f"cannot be written: {error.strerror}; the same command goes on"
        raise StoreError(f"{directory}: {reason}") from error


def _digest(ids: frozenset[str]) -> str:
    return hashlib.blake2b("\0".join(sorted(ids)).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def warn_of_flattery(base: ModelHandle | None, task: str, split: str, progress: ProgressReporter) -> None:
    """Say that a base model, or one inside it, was trained on what is learned from now."""
    for label in _trained_on_the_same(base, task, split):
        progress.warn(f"{label} was trained on {task} [{split}] itself: its answers there flatter it")


def _trained_on_the_same(base: ModelHandle | None, task: str, split: str) -> list[str]:
    """Labels of the base model and those inside it that were trained on a split."""
    labels = []
    for handle in base.those_that_learned() if base else ():
        with plugin_code(f"{handle.label}: trained_on()"):
            trained = handle.model.trained_on() if handle.model is not None else ()
        if any((m.get("task"), m.get("split")) == (task, split) for m in trained):
            labels.append(handle.label)
    return labels


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


def _make_folder(directory: Path) -> None:
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{directory}: cannot be made: {error.strerror}; choose another place") from error


def _claim(directory: Path, workdir: Path, wanted: Mapping[str, Any], store: Store) -> None:
    """Make the work directory of a training; an unfinished one is taken up only if it was for the same thing."""
    if os.path.lexists(directory):
        raise UsageError(f"{directory} exists already; choose another place, or delete it to train anew")
    text = json.dumps(wanted, sort_keys=True, default=str)
    try:
        if workdir.is_symlink():
            raise UsageError(f"{workdir}: is a link, which is not followed; delete it")
        workdir.mkdir(parents=True, exist_ok=True)
        remove_leftovers(workdir)
        if not _is_of(workdir, text):
            shutil.rmtree(workdir)
            workdir.mkdir()
            delete_curve(store, curve_of(directory))
        write_atomically(workdir / SETTINGS, text)
    except OSError as error:
        reason = NO_ROOM if is_full(error) else f"cannot be made: {error.strerror}; choose another place"
        raise UsageError(f"{directory}: {reason}") from error


def _is_of(workdir: Path, text: str) -> bool:
    """Whether an unfinished training is of the same thing.

    Raises:
        UsageError: the folder is of somebody else, and is not deleted.
    """
    try:
        return (workdir / SETTINGS).read_text("utf-8") == text
    except FileNotFoundError:
        if any(workdir.iterdir()) and not (workdir / MANIFEST).is_file():
            raise UsageError(f"{workdir}: is in the way, and is no unfinished training; move it away") from None
        return False
    except UnicodeDecodeError:
        return False


__all__ = [
    "Ask",
    "check_task",
    "fit",
    "good_items",
    "train_handle",
    "train_missing",
    "warn_of_flattery",
]
