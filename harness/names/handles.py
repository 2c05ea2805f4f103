"""Models that a user named and that were resolved: ready to be asked, or to be trained first.

A plan holds `ModelHandle`s. Training changes none of them: it leaves a product on the disk, and from then on the
handle's `ModelHandle.ready` is the model that the product holds.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.adapters import Route
from harness.errors import CellError
from harness.model import MANIFEST, Model, Part
from harness.names.plugins import plugin_code
from harness.names.registry import Registration
from harness.names.specification import written, written_list
from harness.requests import Request, Response

ADAPTERS = "adapters"
"""The key of specifications and of registry.yaml that names adapters as part of a model."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelHandle(ABC):
    """A resolved model: a `ReadyModel`, an `UntrainedModel`, or a `ModelOverUntrained`."""

    label: str
    """The name that results are filed under."""
    registration: Registration
    offers: tuple[str, ...]
    """Names of the capabilities that the model offers, or will offer once it is trained."""
    model: Model | None = None
    """The constructed model, which may be over others that are not trained; None where it is itself to be trained."""
    parts: Mapping[str, ModelHandle] = field(default_factory=dict)
    """The models this one is built over, by argument name; those of a list as ``NAME.1``, ``NAME.2``, ..."""
    adapters: tuple[str, ...] = ()
    """Adapters that its specification names, the one next to the model first, each as results name it."""
    routes: Mapping[str, Route] = field(default_factory=dict)
    """By capability, the adapters through which it is asked for that, where a task has not chosen others."""

    @property
    @abstractmethod
    def ready(self) -> ReadyModel:
        """The model that can be asked: always the same object, once there is one.

        Raises:
            CellError: the model, or one inside it, has not been trained.
        """

    @abstractmethod
    def untrained(self) -> list[UntrainedModel]:
        """List the models to be trained before this one is ready, each after those that it needs itself."""

    @property
    def own_fingerprint(self) -> str:
        """The fingerprint of the ready model itself, under which its answers are filed, whatever adapters are before.

        Raises:
            CellError: the model, or one inside it, has not been trained.
        """
        return self.ready.own_fingerprint

    @property
    def fingerprint(self) -> str:
        """A hash of everything that its answers depend on, the adapters through which it is asked included.

        Raises:
            CellError: the model, or one inside it, has not been trained.
        """
        through = self.through()
        if not through:
            return self.own_fingerprint
        text = json.dumps([self.own_fingerprint, through], sort_keys=True, default=str)
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def through(self) -> dict[str, Any]:
        """Return by capability what the adapters before this model are, as plain data; empty where there are none."""
        return {capability: list(route.identity) for capability, route in self.routes.items() if route.adapters}

    def adapters_inside(self) -> list[str]:
        """Name the adapters through which the models inside this one are asked: ``detectors.2: score-to-detect``."""
        found: dict[str, None] = {}
        for name, part in self.parts.items():
            for route in part.routes.values():
                if route.adapters:
                    found[f"{name}: {' > '.join(route.names)}"] = None
            found.update((f"{name}.{inner}", None) for inner in part.adapters_inside())
        return list(found)

    @property
    def is_trained(self) -> bool:
        """Whether the model and everything inside it can be asked by now."""
        return all(model.training.is_done for model in self.untrained())

    @property
    def reads_text(self) -> bool:
        """False for a model that answers from records, by the item that is asked about; and for one over such a model.

        What the whole answers then depends on the item as well, so it is filed by the item too.
        """
        return bool(getattr(self.model, "reads_text", True)) and all(part.reads_text for part in self.parts.values())

    @property
    def bound(self) -> str:
        """Why its figures are a bound, and not those of a model that can be used; empty where they are none.

        A model over such a model is one itself, whatever it makes of what that says.
        """
        own = str(getattr(self.model, "bound", "") or "")
        inside = (f"is over {part.label}, which {why}" for part in self.parts.values() if (why := part.bound))
        return own or next(inside, "")

    def everyone(self) -> list[ModelHandle]:
        """List this model and those inside it, as they were resolved."""
        return [self, *(handle for part in self.parts.values() for handle in part.everyone())]

    def those_that_learned(self) -> list[ModelHandle]:
        """List this model and those inside it whose training data may flatter its answers."""
        if getattr(self.model, "answers_unseen", False):
            return [self]
        return [self, *(handle for part in self.parts.values() for handle in part.those_that_learned())]

    def constructed_models(self) -> list[Model]:
        """List the models that were constructed for this one by now, and so may be loaded: itself and those inside."""
        inside = [model for part in self.parts.values() for model in part.constructed_models()]
        return inside if self.model is None else [self.model, *inside]


@dataclass(frozen=True, eq=False, kw_only=True)
class ReadyModel(ModelHandle):
    """A constructed model that can be asked, as everything inside it can."""

    model: Model
    arguments: Mapping[str, Any]
    """What the model was constructed with."""
    parts: Mapping[str, ReadyModel] = field(default_factory=dict)

    @property
    def ready(self) -> ReadyModel:
        """This model itself."""
        return self

    def untrained(self) -> list[UntrainedModel]:
        """Return an empty list: nothing is left to be trained."""
        return []

    @cached_property
    def own_fingerprint(self) -> str:
        """The hash of everything its own answers depend on: plugin, version, arguments, identity, parts."""
        return self._hash()

    def _hash(self) -> str:
        """Hash the description as it is now."""
        text = json.dumps(self.description(), sort_keys=True, default=str)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def description(self) -> dict[str, Any]:
        """Return what `own_fingerprint` is a hash of."""
        with plugin_code(f"{self.label}: identity()"):
            identity = dict(self.model.identity())
        # Where the weights lie does not change an answer; the identity says what they are.
        places = self.model.places
        named = {*self.parts, *_lists_of(self.model)}
        described: dict[str, Any] = {
            "reference": self.registration.reference,
            "version": str(getattr(self.model, "version", "1")),
            "arguments": {k: v for k, v in self.arguments.items() if k not in places and k not in named},
            "identity": identity,
            "parts": {name: part.own_fingerprint for name, part in self.parts.items()},
        }
        through = {name: part.through() for name, part in self.parts.items() if part.through()}
        if through:  # only then: models over models that are asked directly keep their fingerprints
            described["through"] = through
        return described

    @property
    def specification(self) -> str:
        """The text ``NAME:key=value,...``, which names the same model again in whatever directory."""
        listed = [f"{key}={self._written(key, value)}" for key, value in self.arguments.items()]
        if self.adapters:
            listed.append(f"{ADAPTERS}={written_list(self.adapters)}")
        return f"{self.registration.name}:{','.join(listed)}" if listed else self.registration.name

    def _written(self, key: str, value: Any) -> str:
        """Write an argument for a specification."""
        if key in _lists_of(self.model):
            return written_list([part.specification for part in self._listed(key)])
        return written(self._anywhere(key, value))

    def _listed(self, key: str) -> list[ReadyModel]:
        """Return the models of a list of parts, in order."""
        return [part for name, part in self.parts.items() if name.rpartition(".")[0] == key]

    def _anywhere(self, key: str, value: Any) -> Any:
        """Write an argument so that it says the same in every directory: a product of training is used elsewhere."""
        if key in self.parts and value:
            return self.parts[key].specification
        return absolute(value) if _names_file(self.model, key, value) else value

    def has_changed(self) -> bool:
        """Whether what its answers depend on is no longer what the fingerprint says: files were written anew."""
        return self._hash() != self.own_fingerprint or any(part.has_changed() for part in self.parts.values())

    def as_part(
        self,
        ask: Callable[[str, Sequence[Request]], list[Response]],
        release: Callable[[], None] = lambda: None,
    ) -> Part:
        """Wrap this model for another one that is built over it, or trained over it.

        Args:
            ask: Called with the name of a capability and requests; answers them in order.
            release: Lets go of the model and of those inside it.
        """
        return Part(
            ask,
            specification=self.specification,
            fingerprint=self.fingerprint,
            offers=tuple(dict.fromkeys((*self.offers, *self.routes))),
            model=self.model,
            arguments={key: self._anywhere(key, value) for key, value in self.arguments.items()},
            release=release,
        )

    def given_parts(self, as_part: Callable[[ReadyModel], Part]) -> dict[str, Any]:
        """Return what `Model.parts` is: a `Part` by argument name, a list of them for each list of parts.

        Args:
            as_part: Wraps one of the models inside, as `as_part` of it does.
        """
        given: dict[str, Any] = {key: [as_part(part) for part in self._listed(key)] for key in _lists_of(self.model)}
        for name, part in self.parts.items():
            if name.rpartition(".")[0] not in given:
                given[name] = as_part(part)
        return given


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelOverUntrained(ModelHandle):
    """A constructed model with a model inside it that has to be trained first."""

    model: Model
    arguments: Mapping[str, Any]

    @cached_property
    def ready(self) -> ReadyModel:
        """The same constructed model over parts that can be asked.

        Raises:
            CellError: a model inside it has not been trained.
        """
        return ReadyModel(
            label=self.label,
            registration=self.registration,
            offers=self.offers,
            model=self.model,
            arguments=self.arguments,
            parts={name: part.ready for name, part in self.parts.items()},
            adapters=self.adapters,
            routes=self.routes,
        )

    def untrained(self) -> list[UntrainedModel]:
        """List the models inside it that are to be trained, each once, and each after those that it needs."""
        return list(dict.fromkeys(model for part in self.parts.values() for model in part.untrained()))


@dataclass(frozen=True, slots=True)
class Training:
    """How a model that is named by its trainer is to be made, and where the product lies."""

    name: str
    """The name in registry.yaml; of a specification ``train:TRAINER:...``, the trainer's name."""
    trainer: Registration
    task: str
    settings: Mapping[str, Any]
    base: ModelHandle | None
    data: str
    """Hash of the definitions of the tasks, and of the files that their splits are read from."""
    models_folder: Path
    parts: Mapping[str, ModelHandle] = field(default_factory=dict)
    """The models that the trainer asks besides its base, by the setting that names them."""

    @property
    def models(self) -> list[ModelHandle]:
        """The models that the training asks: its base, and its parts."""
        return [*([self.base] if self.base else []), *self.parts.values()]

    @property
    def directory(self) -> Path:
        """The folder of the product: another task, trainer, setting or base, down to the weights, has another one.

        Raises:
            CellError: the base, or a model inside it, has to be trained first; its fingerprint is not known before.
        """
        base = self.base.fingerprint if self.base else None
        settings = {key: value for key, value in self.settings.items() if key not in self.parts}
        determining = [self.trainer.reference, self.trainer.load().version, self.data, settings, base]
        if self.parts:  # only then: what was trained without any stays where it lies
            determining.append({name: part.fingerprint for name, part in self.parts.items()})
        text = json.dumps(determining, sort_keys=True, default=str)
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        return self.models_folder / f"{self.name.replace('/', '-')}-{digest}"

    @property
    def is_done(self) -> bool:
        """Whether the product is there."""
        return all(model.is_trained for model in self.models) and (self.directory / MANIFEST).is_file()


@dataclass(frozen=True, eq=False, kw_only=True)
class UntrainedModel(ModelHandle):
    """A model that is named by its trainer, and whose product was not there when it was resolved."""

    training: Training
    construct: Callable[[], ModelHandle]
    """Construct the model from the product; called once the product is there."""

    @cached_property
    def ready(self) -> ReadyModel:
        """The model that the product of the training holds.

        Raises:
            CellError: the model has not been trained yet.
        """
        if not self.training.is_done:
            raise CellError(f"the model {self.label!r} has not been trained yet")
        product = self.construct().ready
        return dataclasses.replace(product, adapters=self.adapters, routes=self.routes) if self.routes else product

    def untrained(self) -> list[UntrainedModel]:
        """List the models that the training needs as its base and as its parts, and then this model."""
        needed = [inner for model in self.training.models for inner in model.untrained()]
        return [*dict.fromkeys(needed), self]

    def constructed_models(self) -> list[Model]:
        """List the model of the product and those inside it; empty before the training is done."""
        return self.ready.constructed_models() if self.training.is_done else []


def _lists_of(model: Model) -> Sequence[str]:
    """Return the names of the arguments of a model that name several models each."""
    return tuple(getattr(model, "part_lists", ()))


def absolute(value: str) -> str:
    """Make a path lead to the same place from everywhere; links in it stay."""
    return os.path.abspath(os.path.expanduser(value))


def _names_file(model: Model, key: str, value: Any) -> bool:
    """Whether an argument names a file or folder that is there.

    An argument that may hold a name as well, such as that of a prompt, names a file only by its ending or a slash.
    """
    if not isinstance(value, str) or not value:
        return False
    if key not in model.paths and not (key in model.places and ("/" in value or "." in value)):
        return False
    try:
        return os.path.exists(os.path.expanduser(value))
    except ValueError:  # a character that no name of a file can hold
        return False
