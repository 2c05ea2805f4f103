"""Cross-fitting: a model for every part of a data set, trained on the others.

Each item is answered by the model that has not seen it. The product is an ordinary model, `CrossFitted`, so that
evaluation, intervals, comparison and leaderboards are those of any other. Its estimates are of a model trained on
(k - 1)/k of the data, and take the k models as given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

from harness.errors import CellError, DataError, StoreError, UsageError
from harness.files.atomic import NO_ROOM, is_full, write_atomically
from harness.files.digests import file_identity
from harness.model import Model
from harness.names.adapters import Adapters, NoWay
from harness.names.registry import Registry
from harness.names.specification import written
from harness.names.trainings import TrainingModels
from harness.requests import Failure, Request, Response
from harness.task import Item, Task
from harness.tasks.build import build_task
from harness.trainer import Trainer
from harness.training.checks import check_task, warn_of_flattery
from harness.training.fit import TrainingRun, ready_request
from harness.training.folds import fold_numbers
from harness.training.further_data import FurtherData, HeldOut
from harness.training.items import good_items, items_digest
from harness.training.request import TrainingEnvironment, TrainingRequest

FOLDS = "folds.json"
FEWEST = 2
MADE_OF = ("trainer", "settings", "base", "parts", "data", "task", "split", "limit", "seed")
"""What the identity says of how the models were made, besides the number of folds."""


class CrossFitted(Model):
    """Answers each item of one task by the model that was trained without it.

    Args:
        path: The directory that ``harness cross-validate`` wrote.
    """

    reads_text = False
    answers_unseen = True
    batch_size = 512
    places: ClassVar[tuple[str, ...]] = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    @cached_property
    def folds(self) -> Mapping[str, Any]:
        """The content of `FOLDS`: task, offers, models and the part that each item was held out with.

        Raises:
            UsageError: the directory holds no such file, or a damaged one.
        """
        place = Path(self.path) / FOLDS
        try:
            folds: dict[str, Any] = json.loads(place.read_text("utf-8"))
        except FileNotFoundError:
            raise UsageError(f"{self.path}: not finished by harness cross-validate, or not made by it") from None
        except ValueError as error:
            raise UsageError(f"{place}: damaged: {error}; run harness cross-validate again") from error
        return folds

    def identity(self) -> Mapping[str, object]:
        """Hash the assignment of items, and say how the models were made, which are parts."""
        made = {name: self.folds[name] for name in MADE_OF if self.folds.get(name) is not None}
        return {"assignment": file_identity(Path(self.path) / FOLDS), **made, "folds": self.folds["count"]}

    def offers(self, known: Sequence[str]) -> tuple[str, ...]:
        """Return the capabilities that the models offer."""
        return tuple(name for name in self.folds["offers"] if name in known)

    def default_parts(self) -> Mapping[str, str]:
        """Name one model for each part of the data."""
        model, count = self.folds["model"], self.folds["count"]
        return {f"fold_{i}": f"{model}:path={written(Path(self.path) / f'fold-{i}')}" for i in range(count)}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "folds" not in self.__dict__ or name not in self.folds["offers"]:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return partial(self._answer, name)

    def _answer(self, capability: str, requests: Sequence[Request]) -> list[Response]:
        answers: list[Response] = [None] * len(requests)
        by_fold: dict[int, list[int]] = {}
        for i, request in enumerate(requests):
            fold = self._fold(request)
            if fold is None:
                answers[i] = Failure(f"cross-fitted for the items of {self.folds['task']} alone")
            else:
                by_fold.setdefault(fold, []).append(i)
        for fold, indices in by_fold.items():
            given = self.parts[f"fold_{fold}"](capability, [requests[i] for i in indices])
            for i, answer in zip(indices, given, strict=True):
                answers[i] = answer
        return answers

    def _fold(self, request: Request) -> int | None:
        origin = request.origin
        if origin is None or origin.task != self.folds["task"]:
            return None
        fold: int | None = self.folds["assignment"].get(origin.id)
        return fold


def assign(items: Sequence[Item], count: int, seed: int) -> dict[str, int]:
    """Draw the part in which each item is held out, by id.

    Parts are stratified by the items' label, where they have one of 0 and 1, and items of one cluster stay together.

    Raises:
        DataError: there are fewer items, clusters or items of a label than parts, or an id occurs twice.
    """
    ids = [item.id for item in items]
    if len(set(ids)) < len(ids):
        raise DataError("ids occur more than once; map 'id' to a unique column")
    labels = [item.fields.get("label", 0) for item in items]
    classes = labels if set(labels) <= {0, 1} else [0] * len(items)
    try:
        numbers = fold_numbers(classes, [item.cluster for item in items], count, seed)
    except ValueError as error:
        raise DataError(f"{error}; give fewer --folds") from None
    return dict(zip(ids, numbers.tolist(), strict=True))


def cross_fit(
    environment: TrainingEnvironment, request: TrainingRequest, models: TrainingModels, *, count: int, seed: int
) -> Path:
    """Train a model without each part of the items in turn; those that are there already are kept.

    Args:
        environment: What the trainings share.
        request: What is to be trained, on all items and yet without models.
        models: The checked settings, and the models to ask, which are trained first where they have to be.
        count: Number of parts.
        seed: Seed for drawing the parts.

    Returns:
        The directory, whose model is `CrossFitted`.

    Raises:
        UsageError: trainer, task, settings and base do not fit together, the models could not be evaluated on the
            task, or the number of parts is not possible.
        DataError: the data cannot be parted or learned from.
        StoreError: a product cannot be written.
    """
    registry, trainer, split = environment.registry, request.trainer, request.split
    task = build_task(registry, request.task)
    kind: type[Trainer] = trainer.load()
    check_task(kind, trainer.name, registry, task, split)
    further = FurtherData(registry, kind, models.settings)
    if count < FEWEST:
        raise UsageError(f"--folds {count}: at least {FEWEST}")
    offers = _offers(registry, kind.model)
    _check_evaluation(registry, task, kind.model, offers)
    items = list(good_items(task, split, request.limit))
    assignment = assign(items, count, seed)
    request = ready_request(environment, request, models)
    warn_of_flattery(request.models, [(task.name, split), *further.splits], environment.progress)
    folds = {
        "task": task.name,
        "task_digest": task.definition.digest,
        "trainer": trainer.name,
        "trainer_version": kind.version,
        "settings": {key: value for key, value in request.settings.items() if key not in kind.part_names},
        "base": request.base.fingerprint if request.base else None,
        **({"parts": {name: part.fingerprint for name, part in request.parts.items()}} if request.parts else {}),
        **({"data": further.digests(HeldOut())} if further.splits else {}),
        "model": kind.model,
        "offers": offers,
        "count": count,
        "seed": seed,
        "split": split,
        "limit": request.limit,
        "items": items_digest(items),
        "assignment": assignment,
    }
    directory = environment.store.folder / "models" / "cross-fitted" / _name(folds)
    clusters = {item.id: item.cluster for item in items if item.cluster is not None}
    _train_folds(environment, request, directory, assignment, clusters, count)
    _write_folds(directory, folds)
    return directory


def _train_folds(
    environment: TrainingEnvironment,
    request: TrainingRequest,
    directory: Path,
    assignment: Mapping[str, int],
    clusters: Mapping[str, str],
    count: int,
) -> None:
    """Train one model a part, on the items of all other parts, each into a folder of its own.

    Args:
        environment: What the trainings share.
        request: What is to be trained, on all items.
        directory: Where the folders go.
        assignment: The part in which each item is held out, by id.
        clusters: The cluster of each item that has one, by id.
        count: Number of parts.
    """
    for fold in range(count):
        held_out = frozenset(id_ for id_, part in assignment.items() if part == fold)
        kept_from = frozenset(clusters[id_] for id_ in held_out if id_ in clusters)
        without = replace(request, without=held_out, clusters_without=kept_from)
        run = TrainingRun(environment, without, directory / f"fold-{fold}")
        run.run(
            keep=True,
            saying=f"training {request.trainer.name} without part {fold + 1} of {count} of {request.task}",
        )


def _write_folds(directory: Path, folds: Mapping[str, Any]) -> None:
    """Write the file that makes a model of the directory; it comes last, when all its models are there.

    Raises:
        StoreError: the file cannot be written.
    """
    try:
        write_atomically(directory / FOLDS, json.dumps(folds, indent=1, default=str) + "\n")
    except OSError as error:
        reason = NO_ROOM if is_full(error) else f"cannot be written: {error.strerror}"
        raise StoreError(f"{directory}: {reason}") from error


def _offers(registry: Registry, model: str) -> list[str]:
    """Look up what the trained models will offer; they are not there yet to be asked.

    Raises:
        CellError: the model was registered without ``offers=``.
    """
    offers = list(registry.find("model", model).facts.offers)
    if not offers:
        raise CellError(f"the model {model!r} says of no capability that it offers it; register it with offers=")
    return offers


def _check_evaluation(registry: Registry, task: Task, model: str, offers: Sequence[str]) -> None:
    """Refuse a task that the models could not be evaluated on, before any of them is trained.

    Raises:
        UsageError: the task asks for what the models do not offer, or asks another model, too.
    """
    adapters = Adapters(registry)
    for role, accepts in dict.fromkeys((stage.role, tuple(stage.accepts)) for stage in task.stages):
        if role != task.evaluates:
            raise UsageError(
                f"{task.name} asks a model in the role {role!r}, too, which cross-validate does not take; train on "
                f"its train split with: harness train, and evaluate with: harness eval --role {role}=MODEL"
            )
        try:
            adapters.way(accepts, offers, brief=task.definition.brief, choose="cross-validate takes no --adapter")
        except NoWay as error:
            raise UsageError(f"{model} cannot be evaluated on {task.name}: {error}") from error


def _name(folds: Mapping[str, Any]) -> str:
    """Name a directory after everything that the models depend on."""
    text = json.dumps(folds, sort_keys=True, default=str)
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    return f"{folds['trainer']}-{folds['task']}-{digest}".replace("/", "-").replace(":", "-").replace(",", "-")
