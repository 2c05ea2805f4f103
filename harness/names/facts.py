"""What a plugin says of a name when it registers it: one frozen class a kind, checked before anything is imported.

A registration that says too little, too much or something of another type is refused alone, with a sentence that
names the hook, the plugin, the name and the key; nothing else is disturbed by it.
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
    """Base of what is said of a name; a kind of name of which nothing is said has this one."""

    capabilities: ClassVar[tuple[str, ...]] = ()
    """Keys that name capabilities, which have to be registered."""
    models: ClassVar[tuple[str, ...]] = ()
    """Keys that name models, which have to be registered."""

    def as_json(self) -> dict[str, Any]:
        """By key, without what was not said."""
        said = {field.name: (getattr(self, field.name), field.default) for field in dataclasses.fields(self)}
        return {name: value for name, (value, default) in said.items() if value != default}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts(Facts):
    """Of a model."""

    capabilities: ClassVar[tuple[str, ...]] = ("offers",)

    offers: tuple[str, ...] = ()
    """Capabilities it can offer; a model that a trainer makes needs them before it is made."""
    prompts: tuple[str, ...] = ()
    """Prompts shipped with it, for lists."""
    templates: tuple[str, ...] = ()
    """Templates shipped with it, for lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterFacts(Facts):
    """Of an adapter: what it makes, and out of what."""

    capabilities: ClassVar[tuple[str, ...]] = ("gives", "needs")

    gives: str
    """The capability it provides."""
    needs: str
    """The capability it asks the model for."""
    cost: float = 1.0
    """Of two ways, the one of the lower sum is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainerFacts(Facts):
    """Of a trainer."""

    models: ClassVar[tuple[str, ...]] = ("model",)

    model: str
    """The model that loads what it makes."""


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
    """Of an importer of published results."""

    writes: Literal["recorded", "published"] = "recorded"
    benchmark: str = ""
    """Of ``published`` rows: the benchmark they belong to."""
    together: bool = False
    """Whether it is given all files at once."""
    folders: bool = False
    """Whether it takes folders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherFacts(Facts):
    """Of a publisher of boards."""

    opens: str = "index.html"
    """The file, in the folder that it fills, at which a reader begins."""


FACTS: Mapping[str, type[Facts]] = {
    "model": ModelFacts,
    "trainer": TrainerFacts,
    "adapter": AdapterFacts,
    "aggregate": AggregateFacts,
    "importer": ImporterFacts,
    "publisher": PublisherFacts,
}
"""By kind of name; of the other kinds nothing is said but a description."""


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
    """Why an object cannot be what names of a kind stand for; empty where it can."""
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
        PluginError: says which, and what was expected.
    """
    if not isinstance(name, str) or not _NAME.match(name):
        raise PluginError(f"a name must be a text of letters, digits and . _ - + / @, not {name!r}")
    if not isinstance(reference, str) or not _REFERENCE.match(reference):
        raise PluginError(f"it must be registered with a 'module:attribute' string, not {reference!r}")
    if not isinstance(description, str):
        raise PluginError(f"description= must be a text, not {description!r}")


def facts_of(kind: str, said: Mapping[str, Any]) -> Facts:
    """What is said of a name of a kind.

    Raises:
        PluginError: a key is unknown, missing, or its value is of another type than expected.
    """
    form = FACTS.get(kind, Facts)
    fields = {field.name: field for field in dataclasses.fields(form)}
    for key in said:
        if key not in fields:
            known = [*fields, "description"]
            raise PluginError(f"there is no {key}= of a {kind}{did_you_mean(key, known)}")
    for key, field in fields.items():
        if key not in said and field.default is dataclasses.MISSING:
            raise PluginError(f"{key}= is missing; expected {_EXPECTED[str(field.type)]}")
    return form(**{key: _value(key, str(fields[key].type), value) for key, value in said.items()})


_EXPECTED = {
    "str": "a text",
    "bool": "True or False",
    "float": "a number of at least 0",
    "tuple[str, ...]": "a list of texts",
    "Literal['recorded', 'published']": "'recorded' or 'published'",
}


def _value(key: str, form: str, value: Any) -> Any:
    """A value of that form, lists as tuples, so that nothing changes it later."""
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
        fits = value in ("recorded", "published")
    if not fits:
        raise PluginError(f"{key}= must be {_EXPECTED[form.replace(chr(34), chr(39))]}, not {value!r}")
    return value
