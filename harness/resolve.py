"""From what a user names to a model that can be asked: specifications, named models, trained models, fingerprints."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.arguments import Arguments, check_arguments, parse_arguments
from harness.capabilities import Request, Response
from harness.encodable import encodable
from harness.errors import CellError, ConfigurationError, HarnessError, UsageError, did_you_mean
from harness.model import MANIFEST, Model, Part
from harness.plugins import describe, plugin_code
from harness.registry import Entry, Registry

_LABEL = re.compile(r"^(?P<label>[\w./@+-]+)=(?P<rest>[^=:]+(:.*)?)$")
_NAME = re.compile(r"^[\w./@+-]+$")
_NO_LABEL = re.compile(r"[^\w./@+-]+")


@dataclass(frozen=True, slots=True)
class Specification:
    """What a user wrote to name a model."""

    label: str
    """What results call it."""
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class ModelHandle:
    """A model, resolved: what is asked, and what its answers are filed under."""

    label: str
    entry: Entry
    arguments: Mapping[str, Any]
    offers: tuple[str, ...]
    model: Model | None
    """None for a model that has to be trained first."""
    training: Training | None = None
    parts: dict[str, ModelHandle] = field(default_factory=dict)
    _fingerprint: str = ""

    @property
    def specification(self) -> str:
        """``NAME:key=value,...``, which names the same model again."""
        listed = ",".join(f"{key}={written(value)}" for key, value in self.arguments.items())
        return f"{self.entry.name}:{listed}" if listed else self.entry.name

    def as_part(self, ask: Callable[[str, Sequence[Request]], list[Response]]) -> Part:
        """This model for one that is built over it, or trained over it."""
        return Part(
            ask,
            specification=self.specification,
            fingerprint=self.fingerprint,
            offers=self.offers,
            model=self.model,
        )

    def everyone(self) -> list[ModelHandle]:
        """This model and those inside it."""
        return [self, *(handle for part in self.parts.values() for handle in part.everyone())]

    @property
    def reads_text(self) -> bool:
        """False for a model that answers from records."""
        return bool(getattr(self.model, "reads_text", True)) if self.model is not None else True

    @property
    def ready(self) -> Model:
        """The model itself.

        Raises:
            CellError: it has not been trained.
        """
        if self.model is None:
            raise CellError(f"the model {self.label!r} has not been trained yet")
        return self.model

    @property
    def fingerprint(self) -> str:
        """Hash of everything its answers depend on: plugin, version, arguments, identity, parts."""
        if not self._fingerprint:
            text = json.dumps(self.description(), sort_keys=True, default=str)
            self._fingerprint = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        return self._fingerprint

    def description(self) -> dict[str, Any]:
        """What the fingerprint is a hash of."""
        model = self.ready
        with plugin_code(f"{self.label}: identity()"):
            identity = dict(model.identity())
        places = getattr(model, "places", ())
        return {
            "reference": self.entry.reference,
            "version": str(getattr(model, "version", "1")),
            "arguments": {k: v for k, v in self.arguments.items() if k not in places and k not in self.parts},
            "identity": identity,
            "parts": {name: part.fingerprint for name, part in self.parts.items()},
        }


@dataclass(frozen=True, slots=True)
class Training:
    """How a named model is to be made, and where the product lies."""

    trainer: Entry
    task: str
    settings: Mapping[str, Any]
    base: str | None
    directory: Path


def parse_specification(text: str) -> Specification:
    """``[LABEL=]NAME[:key=value,...]``; values are YAML scalars, or in brackets another specification.

    Raises:
        UsageError: it is not of that form.
    """
    label, rest = "", text
    match = _LABEL.match(text)
    if match:
        label, rest = match["label"], match["rest"]
    name, _, listed = rest.partition(":")
    if not _NAME.match(name):
        raise UsageError(f"{text!r} names no model; write NAME or NAME:key=value,key=value")
    return Specification(encodable(label or text), name, parse_arguments(listed, text))


def check_label(label: str) -> str:
    """A label, as it can stand before the ``=`` of a specification.

    Raises:
        UsageError: it cannot.
    """
    if not label or _NO_LABEL.search(label):
        raise UsageError(f"{label!r} is no label of a model; use letters, digits and . _ - + / @")
    return label


def label_from(text: str) -> str:
    """A label that is as near to a text as can be."""
    return _NO_LABEL.sub("-", text) or "model"


def resolve_model(
    registry: Registry, text: str, *, models_folder: Path, known: dict[str, ModelHandle] | None = None
) -> ModelHandle:
    """The model that a specification names, constructed but not loaded.

    Args:
        registry: Where names are looked up.
        text: ``[LABEL=]NAME[:key=value,...]``.
        models_folder: Where trained models lie.
        known: Models that were made before, by specification: two judges share one language model.

    Raises:
        UsageError: an unknown name or argument; suggests the nearest.
        ConfigurationError: the registry file's entry of it cannot be used.
    """
    at = _Surroundings(registry, models_folder, {} if known is None else known)
    if text not in at.known:
        at.known[text] = _resolve(at, parse_specification(text), seen=())
    return at.known[text]


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What resolving needs besides the specification."""

    registry: Registry
    models_folder: Path
    known: dict[str, ModelHandle]


def _resolve(at: _Surroundings, wanted: Specification, *, seen: tuple[str, ...]) -> ModelHandle:
    registry = at.registry
    named = registry.named_models()
    if wanted.name not in named or wanted.name in seen:
        known = {*registry.names("model"), *named}
        if wanted.name not in {*known, *(e.qualified for e in registry.entries("model"))}:
            registry_names = UsageError(f"no model is named {wanted.name!r}{did_you_mean(wanted.name, known)}")
            if registry.plugins.troubled or registry.plugins.disabled:
                registry.find("model", wanted.name)  # its message names the plugins that may have held it
            raise registry_names
        return _construct(at, wanted, registry.find("model", wanted.name), seen)
    declared = named[wanted.name]
    seen = (*seen, wanted.name)
    if isinstance(declared, str):
        inner = parse_specification(declared)
        merged = Arguments().replaced_by(inner.arguments).replaced_by(wanted.arguments)
        return _resolve(at, Specification(wanted.label, inner.name, merged), seen=seen)
    if declared.trainer:
        return _resolve_trained(at, wanted, declared)
    inner = parse_specification(declared.model)
    arguments = Arguments().replaced_by(inner.arguments).replaced_by(declared.arguments).replaced_by(wanted.arguments)
    return _resolve(at, Specification(wanted.label, inner.name, arguments), seen=seen)


def _construct(at: _Surroundings, wanted: Specification, entry: Entry, seen: tuple[str, ...]) -> ModelHandle:
    kind: type[Model] = entry.load()
    arguments = check_arguments(f"model {wanted.name!r}", kind, wanted.arguments)
    known = at.registry.names("capability")
    try:
        model = kind(**arguments)
        offers = model.offers(known)
        defaults = model.default_parts()
    except HarnessError:
        raise
    except Exception as error:  # a plugin's code: most often an argument that it refuses
        raise UsageError(f"model {wanted.name!r} cannot be made: {describe(error)}") from error
    handle = ModelHandle(wanted.label, entry, arguments, tuple(offers), model)
    for name in dict.fromkeys((*getattr(kind, "part_names", ()), *defaults)):
        text = _part(arguments.get(name)) or defaults.get(name, "")
        if not text and inspect.signature(kind).parameters[name].default == "":
            continue
        if not text:
            raise UsageError(f"model {wanted.name!r} is built over another model; give it as {name}=NAME")
        if text not in at.known:
            at.known[text] = _resolve(at, parse_specification(text), seen=seen)
        handle.parts[name] = at.known[text]
    _check_parts(wanted.name, model, handle.parts)
    return handle


def written(value: Any) -> str:
    """A value as specifications have it; what holds a comma or a colon goes into brackets."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return json.dumps(list(value))  # has brackets of its own
    text = str(value)
    return f"[{text}]" if "," in text or ":" in text else text


def specify(label: str, name: str, path: Path) -> str:
    """``LABEL=NAME:path=PATH``.

    Raises:
        UsageError: the path holds what no specification can, such as a single bracket.
    """
    text = f"{label}={name}:path={written(path)}"
    try:
        read = parse_specification(text).arguments
        same = getattr(read, "texts", {}).get("path", read["path"]) == str(path)
    except (UsageError, KeyError):
        same = False
    if not same:
        raise UsageError(
            f"{path}: no specification can name a model there; use letters, digits and . _ - / in the path"
        )
    return text


def _part(given: Any) -> str:
    """The specification that an argument naming a model holds; ``[NAME]`` alone reads as a YAML list."""
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    return str(given or "")


def _check_parts(name: str, model: Model, parts: Mapping[str, ModelHandle]) -> None:
    for part, needed in model.asks().items():
        if part not in parts:
            continue
        lacking = [capability for capability in needed if capability not in parts[part].offers]
        if lacking:
            raise UsageError(
                f"model {name!r} asks its {part} ({parts[part].label}) for {' and '.join(lacking)}, "
                f"which that does not offer; it offers: {', '.join(parts[part].offers) or 'nothing'}"
            )


def _resolve_trained(at: _Surroundings, wanted: Specification, declared: Any) -> ModelHandle:
    registry, models_folder = at.registry, at.models_folder
    trainer = registry.find("trainer", declared.trainer)
    if wanted.arguments:
        raise UsageError(f"the model {wanted.name!r} is trained as registry.yaml says and takes no arguments")
    settings = check_arguments(f"model {wanted.name!r}: trainer {trainer.name!r}", trainer.load(), declared.settings)
    directory = models_folder / f"{wanted.name.replace('/', '-')}-{_training_digest(registry, trainer, declared)}"
    entry = registry.find("model", trainer.facts.model)
    training = Training(trainer, declared.task, settings, declared.base, directory)
    handle = ModelHandle(wanted.label, entry, {}, entry.facts.offers, None, training)
    if (directory / MANIFEST).is_file():
        finish_training(registry, handle, models_folder)
    return handle


def _training_digest(registry: Registry, trainer: Entry, declared: Any) -> str:
    """Another task definition, trainer or setting trains another model, in another directory."""
    from harness.build import task_digest

    if not registry.tasks().exists(declared.task):
        raise ConfigurationError(
            f"registry.yaml trains on the task {declared.task!r}, which does not exist"
            f"{did_you_mean(declared.task, registry.tasks().files())}"
        )
    digest = task_digest(registry, declared.task)
    kind = trainer.load()
    text = json.dumps([trainer.reference, kind.version, digest, declared.settings, declared.base], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def finish_training(registry: Registry, handle: ModelHandle, models_folder: Path) -> None:
    """Make the handle of a model that has just been trained usable."""
    assert handle.training is not None
    wanted = Specification(handle.label, handle.entry.name, {"path": str(handle.training.directory)})
    trained = _construct(_Surroundings(registry, models_folder, {}), wanted, handle.entry, ())
    handle.model, handle.arguments, handle.offers = trained.model, trained.arguments, trained.offers
    handle.parts = trained.parts
