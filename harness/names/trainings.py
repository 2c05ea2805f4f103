"""What a training needs, by name: settings, a base model, and the models and tasks that the settings name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import ConfigurationError, PluginError, UsageError, did_you_mean
from harness.files.digests import file_identity
from harness.model import Model
from harness.names.arguments import Arguments, check_arguments
from harness.names.handles import ModelHandle
from harness.names.part_routes import asked_for
from harness.names.registry import Registration, Registry
from harness.names.specification import TRAIN, Specification

SET = "set."
"""What settings of the trainer begin with, in a specification of a model by its training."""
GIVEN_BY_THE_TRAINING = ("path",)
"""Arguments of a product that no user may give: they say where it lies."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What names a training, in registry.yaml or in a specification."""

    what: str
    """For messages: the model that is named so."""
    source: str
    """For messages: where that is said."""
    name: str
    """What the folder of the product is called."""
    trainer: str
    task: str
    base: str
    settings: Mapping[str, Any]
    arguments: Mapping[str, Any]
    """Those of the product's model."""


@dataclass(frozen=True, slots=True)
class TrainingModels:
    """The settings of a training, and the models that it asks, which may be to be trained first."""

    settings: Mapping[str, Any]
    base: ModelHandle | None
    parts: Mapping[str, ModelHandle]
    """By the setting that names them."""

    @property
    def all(self) -> list[ModelHandle]:
        """The base, if there is one, and the parts."""
        return [*([self.base] if self.base else []), *self.parts.values()]


def plan_in(specification: Specification) -> TrainingPlan:
    """Read ``train:TRAINER:task=TASK,base=[MODEL],set.KEY=VALUE``; other keys are arguments of the product.

    Raises:
        UsageError: the task is missing, or a key names no setting.
    """
    given, name = specification.arguments, specification.trainer
    what = f"{TRAIN}:{name}"
    texts = getattr(given, "texts", {})
    known: dict[str, str] = {}
    settings, arguments = Arguments(), Arguments()
    for key, value in given.items():
        if key in ("task", "base"):
            known[key] = specification_in(value)
            continue
        into, short = (settings, key[len(SET) :]) if key.startswith(SET) else (arguments, key)
        if not short:
            raise UsageError(f"{what}: {key}= names no setting; write {SET}KEY=VALUE")
        into[short] = value
        if key in texts:
            into.texts[short] = texts[key]
    if not known.get("task"):
        raise UsageError(f"{what}: name the task to learn from: {what}:task=TASK")
    return TrainingPlan(what, what, name, name, known["task"], known.get("base", ""), settings, arguments)


def specification_in(given: Any) -> str:
    """Return the specification that an argument naming a model holds; ``[NAME]`` alone reads as a YAML list."""
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    return str(given or "")


def training_models(
    registry: Registry,
    what: str,
    trainer: Registration,
    settings: Mapping[str, Any],
    base: str,
    resolve: Callable[[str], ModelHandle],
    *,
    base_as: str = "--base MODEL",
) -> TrainingModels:
    """Check a trainer's settings, and resolve the models that it asks.

    Args:
        registry: Where adapters are looked up, through which a model may be asked for what it does not offer.
        what: For messages, such as ``"trainer 'muli'"``.
        trainer: The trainer.
        settings: As the user gave them.
        base: The specification of the base model; empty for none.
        resolve: Finds the model of a specification.
        base_as: How the user gives a base model, for messages.

    Raises:
        UsageError: a setting is unknown, or the trainer takes no base, or needs one, or a model lacks what it is
            asked for.
    """
    kind: type[Any] = trainer.load()
    made = check_arguments(what, kind, settings)
    if base:
        refuse_base(kind, trainer.name, base)
    handle = resolve(base) if base else None
    if handle is not None:
        who = f"the trainer {trainer.name!r} asks its base ({handle.label})"
        handle = asked_for(registry, handle, tuple(kind.asks), who=who)
    check_base(kind, trainer.name, handle, base_as)
    parts: dict[str, ModelHandle] = {}
    for name in kind.part_names:
        if made.get(name):
            try:
                parts[name] = resolve(str(made[name]))
            except UsageError as error:  # its text knows the model, and not whose part it would be
                raise UsageError(f"{what}: {name}: {error}") from error
            who = f"the trainer {trainer.name!r} asks its {name} ({parts[name].label})"
            parts[name] = asked_for(registry, parts[name], tuple(kind.parts_ask.get(name, ())), who=who)
        elif inspect.signature(kind).parameters[name].default != "":  # an empty default: it may be left out
            raise UsageError(f"{what} asks another model; name it as {name}=[MODEL]")
    return TrainingModels(made, handle, parts)


def base_rule(kind: type[Any]) -> str:
    """Say whether a trainer takes a base model.

    >>> from harness import Trainer
    >>> base_rule(Trainer)
    'none'

    Raises:
        PluginError: its ``needs_base`` is nothing that says so.
    """
    said = kind.needs_base
    if isinstance(said, bool):
        return "required" if said else "none"
    if said not in ("none", "optional", "required"):
        raise PluginError(
            f"the trainer {kind.__name__} has needs_base = {said!r}; expected 'none', 'optional' or 'required'"
        )
    return str(said)


def refuse_base(kind: type[Any], name: str, label: str) -> None:
    """Refuse a base model of a trainer that takes none, whatever model it is.

    Raises:
        UsageError: the trainer takes no base.
    """
    if base_rule(kind) == "none":
        raise UsageError(f"the trainer {name!r} is not trained over a base model; leave out {label!r}")


def check_base(kind: type[Any], name: str, base: ModelHandle | None, base_as: str = "--base MODEL") -> None:
    """Refuse a base model that the trainer does not take, or cannot ask.

    Args:
        kind: The trainer's class.
        name: The trainer's registered name.
        base: The base model, if one is given.
        base_as: How the user gives one, for messages.

    Raises:
        UsageError: the trainer takes no base, or needs one, or this one lacks a capability.
    """
    if base is None:
        if base_rule(kind) == "required":
            raise UsageError(f"the trainer {name!r} needs a base model: {base_as}")
        return
    refuse_base(kind, name, base.label)
    lacking = [capability for capability in kind.asks if capability not in (*base.offers, *base.routes)]
    if lacking:
        raise UsageError(
            f"the trainer {name!r} asks its base ({base.label}) for {' and '.join(lacking)}, which that does not "
            f"offer; it offers: {', '.join(base.offers) or 'nothing'}"
        )


def data_of(registry: Registry, kind: type[Any], settings: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """List the further tasks and splits that a trainer's settings name, by setting.

    Args:
        registry: Where tasks are looked up.
        kind: The trainer's class.
        settings: Its settings.

    Raises:
        UsageError: there is no such task; names the setting and suggests the nearest.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for name in kind.data_names:
        texts = [text.strip() for text in str(settings.get(name) or "").split(",")]
        pairs = [_task_and_split(registry, name, text) for text in texts if text]
        if pairs:
            found[name] = pairs
    return found


def _task_and_split(registry: Registry, setting: str, text: str) -> tuple[str, str]:
    """Read ``TASK`` or ``TASK:SPLIT``; a task of a library has a colon in its name."""
    tasks = registry.tasks()
    if tasks.exists(text):
        return text, "train"
    task, colon, split = text.rpartition(":")
    if colon and split and tasks.exists(task):
        return task, split
    wanted = task if colon and split else text
    raise UsageError(f"{setting}={text}: {registry.unknown(wanted, 'task', registry.known_names(wanted))}")


def product_arguments(
    what: str, product: Registration, trainer: Registration, given: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Check arguments that a user gives to the product of a training: those of the product's model, but for its place.

    Raises:
        UsageError: one is unknown, or is given by the training; says how settings are written.
    """
    if not given:
        return given
    kind: type[Model] = product.load()
    fixed = [*GIVEN_BY_THE_TRAINING, *(["base"] if "base" in getattr(kind, "part_names", ()) else [])]
    for name in given:
        if name in fixed:
            raise UsageError(f"{what}: {name}= is given by the training; leave it out")
    taken = inspect.signature(kind).parameters
    settings = inspect.signature(trainer.load()).parameters
    for name in given:
        if name not in taken and name in settings:
            raise UsageError(
                f"{what}: {name} is a setting of the trainer {trainer.name!r}, and the model {product.name!r} that it "
                f"makes has no such argument; write set.{name}=... after train:{trainer.name}:, or put it below "
                "'settings' in registry.yaml"
            )
    checked = check_arguments(f"{what}: model {product.name!r}", kind, Arguments({"path": ""}).replaced_by(given))
    return {name: checked[name] for name in given}


def data_digest(registry: Registry, what: str, task: str, split: str) -> str:
    """Hash a task's definition and the files of a split, as far as they lie on this machine.

    Raises:
        ConfigurationError: there is no such task.
    """
    if not registry.tasks().exists(task):
        raise ConfigurationError(
            f"{what} trains on the task {task!r}, which does not exist{did_you_mean(task, registry.tasks().files())}"
        )
    built = registry.task(task)
    files = [file_identity(path) for path in built.files(split) if path.is_file()]
    return "+".join([built.definition.digest, *files])
