"""From a specification to a model: registered, declared in registry.yaml over another one, or trained."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from harness.errors import ConfigurationError, HarnessError, UsageError, did_you_mean
from harness.model import Model
from harness.names.arguments import Arguments, check_arguments, listed_specifications
from harness.names.handles import (
    ADAPTERS,
    ModelHandle,
    ModelOverUntrained,
    ReadyModel,
    Training,
    UntrainedModel,
    absolute,
)
from harness.names.part_routes import asked_for, with_adapters
from harness.names.plugins import describe, plugin_code
from harness.names.registry import Registration, Registry
from harness.names.specification import Specification, parse_specification
from harness.names.trainings import (
    TrainingModels,
    TrainingPlan,
    data_digest,
    data_of,
    plan_in,
    product_arguments,
    specification_in,
    training_models,
)

if TYPE_CHECKING:
    from harness.names.registry_schema import ModelFile

H = TypeVar("H", bound=ModelHandle)


def resolve_model(
    registry: Registry, text: str, *, models_folder: Path, known: dict[str, ModelHandle] | None = None
) -> ModelHandle:
    """Find the model that a specification names, and construct it without loading it.

    Args:
        registry: Where names are looked up.
        text: The specification, ``[LABEL=]NAME[:key=value,...]``.
        models_folder: Where trained models lie.
        known: Models that were resolved before, by specification, to which this one and those inside it are added:
            two judges share one language model.

    Raises:
        UsageError: a name or an argument is unknown; suggests the nearest.
        ConfigurationError: the model's entry in the registry file cannot be used.
    """
    return ModelResolver(registry, models_folder, {} if known is None else known).resolve(text)


def resolve_training(
    registry: Registry, trainer: Registration, settings: Mapping[str, Any], base: str | None, *, models_folder: Path
) -> TrainingModels:
    """Check a trainer's settings, and resolve its base and the models that its settings name, each of them once.

    Args:
        registry: Where names are looked up.
        trainer: The trainer.
        settings: As the user gave them.
        base: The specification of the base model, if one is given.
        models_folder: Where trained models lie.

    Raises:
        UsageError: trainer, settings and models do not fit together.
        ConfigurationError: a model's entry in the registry file cannot be used.
    """
    resolve = ModelResolver(registry, models_folder, {}).resolve
    return training_models(registry, f"trainer {trainer.name!r}", trainer, settings, base or "", resolve)


class ModelResolver:
    """Resolves specifications; the same text names the same model throughout.

    Args:
        registry: Where names are looked up.
        models_folder: Where trained models lie.
        known: Models by specification; those that are resolved are added.
        folder: Where arguments that name files are looked for first; None: nowhere but in the working directory.
    """

    def __init__(
        self, registry: Registry, models_folder: Path, known: dict[str, ModelHandle], *, folder: Path | None = None
    ) -> None:
        self._registry, self._models_folder, self._known, self._folder = registry, models_folder, known, folder

    def resolve(self, text: str, *, outer: tuple[str, ...] = ()) -> ModelHandle:
        """Find or construct the model of a specification.

        Args:
            text: The specification.
            outer: Names in registry.yaml that lead here, from the outermost; one that comes again may mean the
                registered model that it hides, and never itself.

        Raises:
            UsageError: a name or an argument is unknown; suggests the nearest.
            ConfigurationError: the model's entry in the registry file cannot be used.
        """
        if text not in self._known:
            self._known[text] = self._resolve(parse_specification(text), outer)
        return self._known[text]

    def _resolve(self, specification: Specification, outer: tuple[str, ...]) -> ModelHandle:
        """Follow the declarations in registry.yaml to a registered model or a training."""
        if specification.trainer:
            plain, adapters = _without_adapters(specification)
            return self._through(self._trained(plain.label, plan_in(plain), outer), adapters)
        name = specification.name
        declared = self._declared(name, outer)
        if declared is None:
            return self._construct(specification, self._registered(name, outer), outer)
        outer = (*outer, name)
        if isinstance(declared, str):
            inner, given = parse_specification(declared), {}
        elif declared.trainer:
            plain, adapters = _without_adapters(specification, declared.adapters)
            return self._through(self._declared_training(plain, declared, outer), adapters)
        else:
            inner, given = parse_specification(declared.model), dict(declared.arguments)
            if declared.adapters:
                given[ADAPTERS] = _Declared(declared.adapters)
        arguments = Arguments().replaced_by(inner.arguments).replaced_by(given).replaced_by(specification.arguments)
        return self._resolve(Specification(specification.label, inner.name, arguments, inner.trainer), outer)

    def _declared(self, name: str, outer: tuple[str, ...]) -> Any:
        """Return what registry.yaml declares under a name: a specification, or a `ModelFile`.

        Returns:
            None where the name is that of a registered model: nothing is declared, or its declaration leads here.

        Raises:
            ConfigurationError: the declaration that leads here is of a training, which would be over itself.
        """
        declared = self._registry.named_models().get(name)
        if name not in outer:
            return declared
        if getattr(declared, "trainer", None):
            chain = " over ".join([*outer[outer.index(name) :], name])
            raise ConfigurationError(
                f"registry.yaml trains {chain}, which would never end; a registered model that is called the same is "
                f"DISTRIBUTION/{name}"
            )
        return None

    def _registered(self, name: str, outer: tuple[str, ...]) -> Registration:
        """Find the registered model of a name.

        Raises:
            ConfigurationError: only registry.yaml has that name, and its declaration leads here.
            UsageError: nobody has that name; suggests the nearest.
        """
        registry = self._registry
        registered = registry.names("model")
        if name in outer and name not in registered:
            raise ConfigurationError(f"registry.yaml builds {' over '.join([*outer, name])}: over itself")
        names = {*registered, *registry.named_models()}
        if name not in {*names, *(registration.qualified for registration in registry.entries("model"))}:
            if registry.plugins.troubled or registry.plugins.disabled:
                registry.find("model", name)  # its message names the plugins that may have held it
            raise UsageError(f"no model is named {name!r}{did_you_mean(name, names)}")
        return registry.find("model", name)

    def _construct(
        self, specification: Specification, registration: Registration, outer: tuple[str, ...]
    ) -> ReadyModel | ModelOverUntrained:
        """Construct a registered model, and resolve its parts."""
        name = specification.name
        kind: type[Model] = registration.load()
        adapters: list[str] = []
        if not _takes(kind, ADAPTERS):
            specification, adapters = _without_adapters(specification)
        elif isinstance(specification.arguments.get(ADAPTERS), _Declared):
            raise UsageError(
                f"model {name!r} takes {ADAPTERS}= as an argument of its own: give it under 'arguments' in "
                "registry.yaml"
            )
        arguments = check_arguments(f"model {name!r}", kind, specification.arguments)
        if self._folder is not None:
            arguments = {key: self._inside(self._folder, kind, key, value) for key, value in arguments.items()}
        capabilities = self._registry.names("capability")
        try:
            model = kind(**arguments)
            offers = tuple(model.offers(capabilities))
            defaults = model.default_parts()
        except HarnessError:
            raise
        except (Exception, SystemExit) as error:  # a plugin's code: most often an argument that it refuses
            raise UsageError(f"model {name!r} cannot be made: {describe(error)}") from error
        parts = self._routed(name, model, self._parts(name, kind, arguments, defaults, outer))
        made: dict[str, Any] = {
            "label": specification.label,
            "registration": registration,
            "offers": offers,
            "model": model,
            "arguments": arguments,
        }
        ready = {part: handle for part, handle in parts.items() if isinstance(handle, ReadyModel)}
        whole = len(ready) == len(parts)
        handle = ReadyModel(parts=ready, **made) if whole else ModelOverUntrained(parts=parts, **made)
        return self._through(handle, adapters)

    def _through(self, handle: H, adapters: Sequence[str]) -> H:
        """Return a model with the adapters that its specification names, if any.

        Raises:
            UsageError: one is unknown, or leads to nothing that the model offers.
        """
        return with_adapters(self._registry, handle, adapters) if adapters else handle

    @staticmethod
    def _inside(folder: Path, kind: type[Model], key: str, value: Any) -> Any:
        """Return an argument that names something in a folder with its whole path, and any other as it is."""
        if key not in (*kind.paths, *kind.places) or not isinstance(value, str) or not value:
            return value
        place = folder / value
        return absolute(str(place)) if os.path.lexists(place) else value

    def _parts(
        self,
        name: str,
        kind: type[Model],
        arguments: Mapping[str, Any],
        defaults: Mapping[str, str | Sequence[str]],
        outer: tuple[str, ...],
    ) -> dict[str, ModelHandle]:
        """Resolve the models that a model is built over.

        Args:
            name: The model's name.
            kind: Its class.
            arguments: What it is constructed with; some of them name parts.
            defaults: Specifications of the parts that no argument names.
            outer: Names in registry.yaml that lead here.

        Returns:
            The parts by argument name; those of a list as ``NAME.1``, ``NAME.2``, ...

        Raises:
            UsageError: a part that has no default is not given.
        """
        parts: dict[str, ModelHandle] = {}
        lists = getattr(kind, "part_lists", ())
        for part in dict.fromkeys((*lists, *getattr(kind, "part_names", ()), *defaults)):
            if part in lists:
                listed = arguments.get(part) or listed_specifications(f"model {name!r}: {part}=", defaults.get(part))
                parts |= {f"{part}.{i}": self.resolve(text, outer=outer) for i, text in enumerate(listed, start=1)}
                if not listed and _needs(kind, part):
                    raise UsageError(f"model {name!r} is built over other models; give them as {part}=[[NAME],[NAME]]")
                continue
            text = specification_in(arguments.get(part)) or str(defaults.get(part, ""))
            if text:
                parts[part] = self.resolve(text, outer=outer)
            elif _needs(kind, part):
                raise UsageError(f"model {name!r} is built over another model; give it as {part}=NAME")
        return parts

    def _routed(self, name: str, model: Model, parts: Mapping[str, ModelHandle]) -> dict[str, ModelHandle]:
        """Return the parts as the model asks them: through adapters for what they do not offer themselves.

        Raises:
            UsageError: names the part and what it lacks, or between which adapters to choose.
        """
        with plugin_code(f"model {name!r}: asks()"):
            asks = {key: (said,) if isinstance(said, str) else tuple(said) for key, said in model.asks().items()}
        return {
            part: asked_for(
                self._registry,
                handle,
                asks.get(part) or asks.get(part.rpartition(".")[0]) or (),
                who=f"model {name!r} asks its {part} ({handle.label})",
            )
            for part, handle in parts.items()
        }

    def _declared_training(
        self, specification: Specification, declared: ModelFile, outer: tuple[str, ...]
    ) -> ModelHandle:
        """Resolve a model that registry.yaml declares by its trainer."""
        assert declared.trainer is not None
        assert declared.task is not None
        plan = TrainingPlan(
            what=f"model {specification.name!r}",
            source="registry.yaml",
            name=specification.name,
            trainer=declared.trainer,
            task=declared.task,
            base=declared.base or "",
            settings=declared.settings,
            arguments=Arguments().replaced_by(declared.arguments).replaced_by(specification.arguments),
        )
        return self._trained(specification.label, plan, outer)

    def _trained(self, label: str, plan: TrainingPlan, outer: tuple[str, ...]) -> ModelHandle:
        """Resolve a model that is named by its trainer: to its product, or to what will make it."""
        registry = self._registry
        trainer = registry.find("trainer", plan.trainer)
        product = registry.find("model", trainer.facts.model)
        arguments = product_arguments(plan.what, product, trainer, plan.arguments)
        resolve = partial(self.resolve, outer=outer)
        what = f"{plan.what}: trainer {trainer.name!r}"
        models = training_models(
            registry, what, trainer, plan.settings, plan.base, resolve, base_as=f"base=[MODEL] of {plan.what}"
        )
        further = data_of(registry, trainer.load(), models.settings)
        splits = [(plan.task, "train"), *(pair for pairs in further.values() for pair in pairs)]
        data = "+".join(data_digest(registry, plan.source, task, split) for task, split in splits)
        training = Training(
            plan.name, trainer, plan.task, models.settings, models.base, data, self._models_folder, models.parts
        )
        construct = partial(self._product, label, product, training, arguments)
        if training.is_done:
            return construct()
        return UntrainedModel(
            label=label,
            registration=product,
            offers=product.facts.offers,
            training=training,
            construct=construct,
        )

    def _product(
        self, label: str, registration: Registration, training: Training, given: Mapping[str, Any]
    ) -> ModelHandle:
        """Construct the model that the product of a training holds, with arguments that the user gave it."""
        arguments = {**given, "path": str(training.directory)}
        for model in training.models:
            # The product names what it was trained over by its place; that model is at hand, and loaded once.
            self._known.setdefault(model.ready.specification, model.ready)
        if training.base is not None and "base" in getattr(registration.load(), "part_names", ()):
            arguments["base"] = training.base.ready.specification
        return self._construct(Specification(label, registration.name, arguments), registration, ())


class _Declared(list[str]):
    """The adapters under the key of that name in registry.yaml, which is none of the model's arguments."""


def _takes(kind: type[Model], argument: str) -> bool:
    """Whether a model's constructor takes an argument itself."""
    return argument in inspect.signature(kind).parameters


def _needs(kind: type[Model], part: str) -> bool:
    """Whether an argument that names a model, or several, has to be given; its default is not empty."""
    default = inspect.signature(kind).parameters[part].default
    return default is inspect.Parameter.empty or default not in ("", (), [])


def _without_adapters(specification: Specification, declared: Sequence[str] = ()) -> tuple[Specification, list[str]]:
    """Part a specification from the adapters that it names, which are no argument of the model.

    Args:
        specification: The specification.
        declared: The adapters that count where it names none.

    Raises:
        UsageError: they are no list of names.
    """
    if ADAPTERS not in specification.arguments:
        return specification, list(declared)
    given = specification.arguments
    kept = {key: text for key, text in getattr(given, "texts", {}).items() if key != ADAPTERS}
    arguments = Arguments({key: value for key, value in given.items() if key != ADAPTERS}, kept)
    adapters = listed_specifications(f"model {specification.name!r}: {ADAPTERS}=", given[ADAPTERS])
    return Specification(specification.label, specification.name, arguments, specification.trainer), adapters
