"""What a plugin declares about a name when it registers the name: one frozen class for each kind of name.

The facts are checked before anything is imported. A registration that declares too little, too much or a value of
another type is refused alone, with a sentence that names the hook, the plugin, the name and the key; the other
registrations stay.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from harness.errors import PluginError, did_you_mean

_NAME = re.compile(r"[\w.@+/-]+\Z")
_REFERENCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Base class of the facts about a name; kinds of names without facts of their own use it as it is."""

    capabilities: ClassVar[tuple[str, ...]] = ()
    """Keys whose values are names of capabilities, which have to be registered."""
    models: ClassVar[tuple[str, ...]] = ()
    """Keys whose values are names of models, which have to be registered."""

    def as_json(self) -> dict[str, Any]:
        """Return the facts by key, without those that have their default value."""
        facts = {field.name: (getattr(self, field.name), field.default) for field in dataclasses.fields(self)}
        return {name: value for name, (value, default) in facts.items() if value != default}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts(Facts):
    """Facts about a model: what it offers, and the texts that are shipped with the model."""

    capabilities: ClassVar[tuple[str, ...]] = ("offers",)

    offers: tuple[str, ...] = ()
    """Capabilities it can offer; a model that a trainer makes needs them before it is made."""
    prompts: tuple[str, ...] = ()
    """Prompts shipped with it, for lists."""
    templates: tuple[str, ...] = ()
    """Templates shipped with it, for lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterFacts(Facts):
    """Facts about an adapter: the capability that it makes, and the capability that it makes it from."""

    capabilities: ClassVar[tuple[str, ...]] = ("gives", "needs")

    gives: str
    """The capability it provides."""
    needs: str
    """The capability it asks the model for."""
    cost: float = 1.0
    """Price of using the adapter; of several chains of adapters, the chain with the lowest sum is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainerFacts(Facts):
    """Facts about a trainer: the registered model that loads what the trainer makes."""

    models: ClassVar[tuple[str, ...]] = ("model",)

    model: str
    """Name of the model that loads the product of a training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateFacts(Facts):
    """Of a way to aggregate: what it is given, and what it gives."""

    field: bool = False
    """Whether it is given the rows of all models at once, and gives a `harness.Field`."""
    unit: str = ""
    """Of an aggregate of the field: what its figures are counted in; empty: as the metric's."""
    lower_is_better: bool = False
    """Of an aggregate of the field: whether the model with the lower figure is the better one."""

    def __post_init__(self) -> None:
        # An aggregate of one model's estimates has the unit and direction of those, whatever it says.
        for key in ("unit", "lower_is_better"):
            if getattr(self, key) and not self.field:
                raise PluginError(f"{key}= does nothing without field=True; remove it")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImporterFacts(Facts):
    """Facts about an importer of published results."""

    writes: Literal["recorded", "published", "data"] = "recorded"
    """``data``: rows that a task file reads, of prompts and replies with labels."""
    benchmark: str = ""
    """The benchmark that ``published`` rows belong to."""
    together: bool = False
    """Whether one call of the importer gets all files."""
    folders: bool = False
    """Whether the importer takes folders too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherFacts(Facts):
    """Facts about a publisher of leaderboards."""

    opens: str = "index.html"
    """The file at which a reader begins, in the folder that the publisher fills."""


FACTS: Mapping[str, type[Facts]] = {
    "model": ModelFacts,
    "trainer": TrainerFacts,
    "adapter": AdapterFacts,
    "aggregate": AggregateFacts,
    "importer": ImporterFacts,
    "publisher": PublisherFacts,
}
"""The class of facts by kind of name; names of the other kinds have a description and no facts."""


_STANDS_FOR = {
    "model": "harness.model:Model",
    "task kind": "harness.task:Task",
    "task source": "harness.tasks.library:TaskSource",
    "metric": "harness.metric:Metric",
    "trainer": "harness.trainer:Trainer",
    "adapter": "harness.adapters:Adapter",
    "publisher": "harness.publisher:Publisher",
    "analysis": "harness.publisher:Analysis",
}


def wrong_kind(kind: str, thing: Any) -> str:
    """Return why an object cannot be used under a name of a kind; empty if it can."""
    import importlib

    if kind in _STANDS_FOR:
        module, _, name = _STANDS_FOR[kind].partition(":")
        base = getattr(importlib.import_module(module), name)
        return "" if isinstance(thing, type) and issubclass(thing, base) else f"must be a subclass of {module}.{name}"
    if kind == "capability":
        from harness.capabilities import Capability

        return "" if isinstance(thing, Capability) else "must be a harness.Capability"
    if kind == "command":
        import click

        return "" if isinstance(thing, click.Command) else "must be a click command"
    return "" if callable(thing) else "must be a function"


def check_name(name: object, reference: object, description: object) -> None:
    """Refuse a name that no command line or file could hold, and a reference that cannot be imported.

    Raises:
        PluginError: the name, the reference or the description is wrong; the message says which, and what was expected.
    """
    if not isinstance(name, str) or not _NAME.match(name):
        raise PluginError(f"a name must be a text of letters, digits and . _ - + / @, not {name!r}")
    if not isinstance(reference, str) or not _REFERENCE.match(reference):
        raise PluginError(f"it must be registered with a 'module:attribute' string, not {reference!r}")
    if not isinstance(description, str):
        raise PluginError(f"description= must be a text, not {description!r}")


def facts_of(kind: str, said: Mapping[str, Any]) -> Facts:
    """Make the facts about a name from the keyword arguments of its registration.

    Args:
        kind: The kind of name, such as ``"model"``.
        said: The keyword arguments by key.

    Raises:
        PluginError: a key is unknown, a key is missing, or a value has another type than expected.
    """
    form = FACTS.get(kind, Facts)
    fields = {field.name: field for field in dataclasses.fields(form)}
    for key in said:
        if key not in fields:
            allowed = [*fields, "description"]
            raise PluginError(f"there is no {key}= of a {kind}{did_you_mean(key, allowed)}")
    for key, field in fields.items():
        if key not in said and field.default is dataclasses.MISSING:
            raise PluginError(f"{key}= is missing; expected {_EXPECTED[str(field.type)]}")
    return form(**{key: _value(key, str(fields[key].type), value) for key, value in said.items()})


_EXPECTED = {
    "str": "a text",
    "bool": "True or False",
    "float": "a number of at least 0",
    "tuple[str, ...]": "a list of texts",
    "Literal['recorded', 'published', 'data']": "'recorded', 'published' or 'data'",
}


def _value(key: str, form: str, value: Any) -> Any:
    """Check a value against the form that a key's annotation names; a list becomes a tuple, which cannot change."""
    if form == "str":
        fits = isinstance(value, str) and bool(value)
    elif form == "bool":
        fits = isinstance(value, bool)
    elif form == "float":
        fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    elif form == "tuple[str, ...]":
        # A text is a sequence of its letters: offers="score" would offer s, c, o, r and e.
        fits = isinstance(value, list | tuple) and all(isinstance(each, str) and each for each in value)
        value = tuple(value) if fits else value
    else:
        fits = value in ("recorded", "published", "data")
    if not fits:
        raise PluginError(f"{key}= must be {_EXPECTED[form.replace(chr(34), chr(39))]}, not {value!r}")
    return value
