"""Adapters as users name them, ``NAME[:key=value,...]``, and the ways that they lead to what a model offers."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.adapters import Adapter, Edge, Route, Unsuitable, find_route
from harness.errors import HarnessError, PluginError, UsageError
from harness.names.arguments import check_arguments
from harness.names.plugins import describe
from harness.names.registry import Registration, Registry
from harness.names.specification import parse_specification, written


@dataclass(frozen=True, slots=True)
class NamedAdapter:
    """An adapter with the arguments that it is made with."""

    registration: Registration
    arguments: Mapping[str, Any]
    name: str
    """What results call it: its name and arguments; the qualified name where two distributions share one."""

    @property
    def key(self) -> str:
        """The qualified name, which the adapter has whatever its arguments."""
        return self.registration.qualified

    @property
    def gives(self) -> str:
        """The capability that it provides."""
        return str(self.registration.facts.gives)

    @property
    def needs(self) -> str:
        """The capability that it asks the model for."""
        return str(self.registration.facts.needs)

    @property
    def keeps_capability(self) -> bool:
        """Whether it leads from a capability to itself, and so is used only where it is named."""
        return self.gives == self.needs


@dataclass(frozen=True, slots=True)
class Way:
    """A route that was found, and why adapters that might have served are not on it."""

    route: Route
    used: tuple[NamedAdapter, ...]
    """Those on the route, outermost first."""
    unsuitable: Mapping[str, str]
    """Reasons, by what results call the adapter."""


class NoWay(UsageError):
    """No adapter leads from what a model offers to what is asked of it; the text says why."""


class Adapters:
    """All adapters there are: named ones are found, routes through them are chosen.

    Args:
        registry: Where adapters are looked up.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._entries = {entry.qualified: entry for entry in registry.entries("adapter")}
        self._names = {key: self._name(entry) for key, entry in self._entries.items()}

    def _name(self, entry: Registration) -> str:
        alike = [other for other in self._entries.values() if other.name == entry.name]
        return entry.name if len(alike) == 1 else entry.qualified

    def named(self, text: str) -> NamedAdapter:
        """Find the adapter that a user names, and check its arguments.

        Args:
            text: ``NAME[:key=value,...]``; NAME may be qualified with its distribution.

        Raises:
            UsageError: there is no adapter of that name, or it does not take an argument; suggests the nearest.
            PluginError: it cannot be imported.
        """
        specification = parse_specification(text)
        if specification.label != text:
            raise UsageError(f"{text!r}: an adapter takes no label here; write {text.partition('=')[2]}")
        registration = self._registry.find("adapter", specification.name)
        kind = registration.load()
        made = check_arguments(f"adapter {specification.name!r}", kind, specification.arguments)
        # In the order of the constructor, so that one adapter has one name however its arguments were ordered.
        order = list(inspect.signature(kind).parameters) if made else []
        arguments = {key: made[key] for key in sorted(made, key=lambda key: order.index(key) if key in order else -1)}
        listed = ",".join(f"{key}={written(value)}" for key, value in arguments.items())
        name = self._names[registration.qualified]
        whole = f"{name}:{listed}" if listed else name
        if whole != text and not self._says(kind, whole, arguments):
            raise UsageError(f"{text!r}: an argument cannot be written down: it holds a bracket or a quotation mark")
        return NamedAdapter(registration, arguments, whole)

    def _says(self, kind: type[Adapter], text: str, arguments: Mapping[str, Any]) -> bool:
        """Whether a text gives these arguments again: results name adapters by it, and are read by it."""
        try:
            return check_arguments("", kind, parse_specification(text).arguments) == arguments
        except UsageError:
            return False

    def make(self, named: NamedAdapter, brief: Mapping[str, str]) -> Adapter:
        """Make an adapter, and tell it of the task.

        Args:
            named: Which, with its arguments.
            brief: What the task says about itself.

        Raises:
            Unsuitable: the task does not say what the adapter needs to know, or an argument of it is missing.
            PluginError: the adapter cannot be made, or converts other things than it was registered for.
        """
        entry = named.registration
        problem = mismatch(entry)
        if problem:
            raise PluginError(f"the adapter {entry.qualified!r}: {problem}")
        kind = entry.load()
        try:
            check_arguments(f"adapter {entry.name!r}", kind, named.arguments)
        except UsageError as error:  # found by itself, without the arguments that it cannot do without
            raise Unsuitable(str(error)) from error
        try:
            adapter: Adapter = kind(**named.arguments).configure(brief)
        except (HarnessError, Unsuitable):
            raise
        except (Exception, SystemExit) as error:  # a plugin's code
            raise PluginError(f"the adapter {entry.qualified!r} cannot be made: {describe(error)}") from error
        object.__setattr__(adapter, "name", named.name)  # adapters may be frozen dataclasses
        return adapter

    def way(
        self,
        accepts: Sequence[str],
        offers: Sequence[str],
        *,
        wished: Sequence[NamedAdapter] = (),
        brief: Mapping[str, str] | None = None,
        choose: str = "choose one with --adapter",
    ) -> Way:
        """Find the cheapest way to ask a model for one of several capabilities.

        Args:
            accepts: Capabilities, the preferred first.
            offers: What the model offers itself.
            wished: Adapters that are asked for by name. One from a capability to another costs nothing, and so wins
                wherever it can serve; those from a capability to itself are all used where the way passes that
                capability, in this order from the model outwards.
            brief: What the task says about itself, for adapters.
            choose: Says how the user chooses among ways of one cost.

        Raises:
            NoWay: there is none; says why.
            PlanError: two cost the same.
            PluginError: an adapter on the way cannot be made.
        """
        brief = brief or {}
        wishes = {named.key: named for named in wished if not named.keeps_capability}
        edges = [
            Edge(key, entry.facts.gives, entry.facts.needs, 0.0 if key in wishes else entry.facts.cost)
            for key, entry in self._entries.items()
        ]
        names = self._names | {key: named.name for key, named in wishes.items()}
        unsuitable: dict[str, str] = {}
        while True:
            found = find_route(accepts, offers, edges, names=names, choose=choose)
            if found is None:
                has = ", ".join(offers) or "nothing"
                why = "".join(f"; adapter {name}: {reason}" for name, reason in unsuitable.items())
                raise NoWay(
                    f"it asks for {' or '.join(accepts)}, the model offers {has}, and no adapter leads there{why}"
                )
            capability, path = found
            steps = self._keeping(capability, wished, brief, unsuitable)
            failing = ""
            for edge in path:
                named = wishes.get(edge.name) or NamedAdapter(self._entries[edge.name], {}, names[edge.name])
                try:
                    steps.append((named, self.make(named, brief)))
                except Unsuitable as error:
                    unsuitable[named.name], failing = str(error), edge.name
                    break
                steps += self._keeping(edge.needs, wished, brief, unsuitable)
            if failing:  # the next best way, without it
                edges = [edge for edge in edges if edge.name != failing]
                continue
            used = tuple(named for named, _ in steps)
            adapters = tuple(adapter for _, adapter in steps)
            identity = tuple(_identity(named, adapter, brief) for named, adapter in steps)
            cost = sum(edge.cost for edge in path)
            return Way(Route(capability, adapters, cost, identity), used, unsuitable)

    def _keeping(
        self, capability: str, wished: Sequence[NamedAdapter], brief: Mapping[str, str], unsuitable: dict[str, str]
    ) -> list[tuple[NamedAdapter, Adapter]]:
        """Make the adapters from a capability to itself that are asked for, outermost first.

        Why one cannot serve here is noted under its name.
        """
        made = []
        for named in reversed(wished):
            if not named.keeps_capability or named.gives != capability:
                continue
            try:
                made.append((named, self.make(named, brief)))
            except Unsuitable as error:
                unsuitable[named.name] = str(error)
        return made


def mismatch(entry: Registration) -> str:
    """Say where an adapter's class contradicts its registration; empty where they agree.

    The route is found by what was registered, and requests are made by what the class says: where these differ, a
    model would be asked for what it does not offer.
    """
    kind = entry.load()
    for key in ("gives", "needs"):
        registered, has = getattr(entry.facts, key), getattr(kind, key)
        if registered != has:
            return f"registered with {key}={registered!r}, but the class has {key} = {has!r}"
    return ""


def _identity(named: NamedAdapter, adapter: Adapter, brief: Mapping[str, str]) -> list[Any]:
    """Return what the answers through an adapter depend on besides the answers that it is given."""
    arguments = json.loads(json.dumps(dict(named.arguments), sort_keys=True, default=str))
    whole = [named.registration.reference, str(getattr(adapter, "version", "1")), arguments]
    return [*whole, dict(brief)] if brief else whole
