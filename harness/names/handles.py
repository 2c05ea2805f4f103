"""From what a user names to a model that can be asked: specifications, named models, trained models, fingerprints."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.encodable import encodable
from harness.errors import CellError, ConfigurationError, HarnessError, UsageError, did_you_mean
from harness.files.digests import file_identity
from harness.model import MANIFEST, Model, Part
from harness.names.arguments import Arguments, check_arguments, parse_arguments
from harness.names.plugins import describe, plugin_code
from harness.names.registry import Registration, Registry
from harness.requests import Request, Response

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
    entry: Registration
    arguments: Mapping[str, Any]
    offers: tuple[str, ...]
    model: Model | None
    """None for a model that has to be trained first."""
    training: Training | None = None
    parts: dict[str, ModelHandle] = field(default_factory=dict)
    _fingerprint: str = ""

    @property
    def specification(self) -> str:
        """``NAME:key=value,...``, which names the same model again, in whatever directory."""
        listed = ",".join(f"{key}={written(self._anywhere(key, value))}" for key, value in self.arguments.items())
        return f"{self.entry.name}:{listed}" if listed else self.entry.name

    def _anywhere(self, key: str, value: Any) -> Any:
        """An argument as it says the same in every directory: a product of training is used elsewhere."""
        if key in self.parts and value:
            return self.parts[key].specification
        return absolute(value) if _names_file(self.model, key, value) else value

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

    def those_that_learned(self) -> list[ModelHandle]:
        """This model and those inside it whose training data may flatter its answers."""
        if getattr(self.model, "answers_unseen", False):
            return [self]
        return [self, *(handle for part in self.parts.values() for handle in part.those_that_learned())]

    @property
    def is_trained(self) -> bool:
        """Whether it, and everything inside it, is there."""
        return all(handle.model is not None for handle in self.everyone())

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

    name: str
    """In registry.yaml."""
    trainer: Registration
    task: str
    settings: Mapping[str, Any]
    base: ModelHandle | None
    data: str
    """Hash of the definition of the task, and of the files that its train split is read from."""
    models_folder: Path
    known: dict[str, ModelHandle]
    """Models that were made before, by specification."""

    @property
    def directory(self) -> Path:
        """Another task, trainer, setting or base, down to the weights at the bottom, has another directory.

        Raises:
            CellError: the base, or a model inside it, has to be trained first; what it will be is not known before.
        """
        base = self.base.fingerprint if self.base else None
        what = [self.trainer.reference, self.trainer.load().version, self.data, dict(self.settings), base]
        text = json.dumps(what, sort_keys=True, default=str)
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        return self.models_folder / f"{self.name.replace('/', '-')}-{digest}"

    @property
    def is_done(self) -> bool:
        """Whether the product is there."""
        return (self.base is None or self.base.is_trained) and (self.directory / MANIFEST).is_file()


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
    if wanted.name in seen and getattr(named[wanted.name], "trainer", None):
        chain = " over ".join([*seen[seen.index(wanted.name) :], wanted.name])
        raise ConfigurationError(
            f"registry.yaml trains {chain}, which would never end; a registered model that is called the same is "
            f"DISTRIBUTION/{wanted.name}"
        )
    if wanted.name not in named or wanted.name in seen:
        known = {*registry.names("model"), *named}
        if wanted.name in seen and wanted.name not in registry.names("model"):
            raise ConfigurationError(f"registry.yaml builds {' over '.join([*seen, wanted.name])}: over itself")
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
        return _resolve_trained(at, wanted, declared, seen)
    inner = parse_specification(declared.model)
    arguments = Arguments().replaced_by(inner.arguments).replaced_by(declared.arguments).replaced_by(wanted.arguments)
    return _resolve(at, Specification(wanted.label, inner.name, arguments), seen=seen)


def _construct(at: _Surroundings, wanted: Specification, entry: Registration, seen: tuple[str, ...]) -> ModelHandle:
    kind: type[Model] = entry.load()
    arguments = check_arguments(f"model {wanted.name!r}", kind, wanted.arguments)
    known = at.registry.names("capability")
    try:
        model = kind(**arguments)
        offers = model.offers(known)
        defaults = model.default_parts()
    except HarnessError:
        raise
    except (Exception, SystemExit) as error:  # a plugin's code: most often an argument that it refuses
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


def _resolve_trained(at: _Surroundings, wanted: Specification, declared: Any, seen: tuple[str, ...]) -> ModelHandle:
    registry = at.registry
    trainer = registry.find("trainer", declared.trainer)
    if wanted.arguments:
        raise UsageError(f"the model {wanted.name!r} is trained as registry.yaml says and takes no arguments")
    settings = check_arguments(f"model {wanted.name!r}: trainer {trainer.name!r}", trainer.load(), declared.settings)
    base = None
    if declared.base:
        if declared.base not in at.known:
            at.known[declared.base] = _resolve(at, parse_specification(declared.base), seen=seen)
        base = at.known[declared.base]
    training = Training(
        wanted.name,
        trainer,
        declared.task,
        settings,
        base,
        _data_digest(registry, declared.task),
        at.models_folder,
        at.known,
    )
    entry = registry.find("model", trainer.facts.model)
    handle = ModelHandle(wanted.label, entry, {}, entry.facts.offers, None, training)
    if training.is_done:
        finish_training(registry, handle)
    return handle


def _data_digest(registry: Registry, name: str) -> str:
    """Hash of a task's definition and of the files of its train split, as far as they lie here."""
    if not registry.tasks().exists(name):
        raise ConfigurationError(
            f"registry.yaml trains on the task {name!r}, which does not exist"
            f"{did_you_mean(name, registry.tasks().files())}"
        )
    task = registry.task(name)
    files = [file_identity(path) for path in task.files("train") if path.is_file()]
    return "+".join([task.definition.digest, *files])


def finish_training(registry: Registry, handle: ModelHandle) -> None:
    """Make the handle of a model that has just been trained usable."""
    training = handle.training
    assert training is not None
    arguments: dict[str, Any] = {"path": str(training.directory)}
    if training.base is not None:
        # The product names what it was trained over by its place then; the base itself is at hand, and loaded once.
        training.known.setdefault(training.base.specification, training.base)
        if "base" in getattr(handle.entry.load(), "part_names", ()):
            arguments["base"] = training.base.specification
    at = _Surroundings(registry, training.models_folder, training.known)
    trained = _construct(at, Specification(handle.label, handle.entry.name, arguments), handle.entry, ())
    handle.model, handle.arguments, handle.offers = trained.model, trained.arguments, trained.offers
    handle.parts = trained.parts


def absolute(value: str) -> str:
    """A path as it leads to the same place from everywhere; links in it stay."""
    return os.path.abspath(os.path.expanduser(value))


def _names_file(model: Model | None, key: str, value: Any) -> bool:
    """Whether an argument names a file or folder that is there.

    An argument that may hold a name as well, such as that of a prompt, names a file only by its ending or a slash.
    """
    if model is None or not isinstance(value, str) or not value:
        return False
    if key not in model.paths and not (key in getattr(model, "places", ()) and ("/" in value or "." in value)):
        return False
    try:
        return os.path.exists(os.path.expanduser(value))
    except ValueError:  # no name of a file
        return False
