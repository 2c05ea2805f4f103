"""By which adapters a model is asked by a task: the way is chosen here, and what ``--adapter`` names is held to.

An adapter that the user names is used, or it is said why it is not: answers that come by another road than the one
asked for would be a wrong figure without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.adapters import Adapter, Edge, Route, Unsuitable, find_route
from harness.errors import HarnessError, PluginError, UsageError
from harness.names.plugins import describe

if TYPE_CHECKING:
    from harness.names.handles import ModelHandle
    from harness.names.registry import Registration, Registry
    from harness.task import Task


class Router:
    """Finds the way from a task to a model, and remembers what became of the adapters that the user named.

    Args:
        registry: Where adapters are looked up.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._preferred: dict[str, str] = {}
        """By qualified name of an adapter, the name the user gave it."""
        self._entries = {entry.qualified: entry for entry in registry.entries("adapter")}
        self._names = {key: self._name(entry) for key, entry in self._entries.items()}
        self._served: dict[str, list[str]] = {}
        self._unserved: dict[str, list[str]] = {}

    def prefer(self, name: str) -> None:
        """Let an adapter cost nothing, so that it wins wherever it can serve.

        Raises:
            UsageError: there is no adapter of that name, or there are several.
        """
        self._preferred.setdefault(self._registry.find("adapter", name).qualified, name)
        self._served[name], self._unserved[name] = [], []

    def _name(self, entry: Registration) -> str:
        """Return what results call an adapter: its name, or the qualified name where two distributions share it."""
        alike = [other for other in self._entries.values() if other.name == entry.name]
        return entry.name if len(alike) == 1 else entry.qualified

    def route(self, handle: ModelHandle, accepts: Sequence[str], task: Task) -> Route:
        """Find the cheapest way to ask a model for one of the capabilities that a task accepts.

        Args:
            handle: The model.
            accepts: Capabilities, the preferred first.
            task: The task, which adapters are told of.

        Raises:
            NoRoute: there is no way; says why.
            PlanError: two ways cost the same.
            PluginError: an adapter on the way cannot be made.
        """
        edges = [
            Edge(key, entry.facts.gives, entry.facts.needs, 0.0 if key in self._preferred else entry.facts.cost)
            for key, entry in self._entries.items()
        ]
        unsuitable: dict[str, str] = {}
        while True:
            way = find_route(accepts, handle.offers, edges, names=self._names)
            if way is None:
                offers = ", ".join(handle.offers) or "nothing"
                why = "".join(f"; adapter {self._names[key]}: {reason}" for key, reason in unsuitable.items())
                raise NoRoute(
                    f"it asks for {' or '.join(accepts)}, the model offers {offers}, and no adapter leads there{why}"
                )
            capability, path = way
            adapters: list[Adapter] = []
            try:
                for edge in path:
                    adapters.append(self._adapter(edge.name, task))
            except Unsuitable as error:
                unsuitable[path[len(adapters)].name] = str(error)
                edges = [edge for edge in edges if edge.name != path[len(adapters)].name]
                continue
            self._note(handle, accepts, task, capability, path, unsuitable)
            return Route(capability, tuple(adapters), sum(edge.cost for edge in path))

    def _adapter(self, key: str, task: Task) -> Adapter:
        """Make an adapter, and tell it of the task.

        Raises:
            Unsuitable: the task does not say what the adapter needs to know.
            PluginError: the adapter cannot be made, or converts other things than it was registered for.
        """
        entry = self._entries[key]
        problem = mismatch(entry)
        if problem:
            raise PluginError(f"the adapter {entry.qualified!r}: {problem}")
        try:
            adapter: Adapter = entry.load()().configure(task.definition.brief)
        except (HarnessError, Unsuitable):
            raise
        except (Exception, SystemExit) as error:  # a plugin's code
            raise PluginError(f"the adapter {entry.qualified!r} cannot be made: {describe(error)}") from error
        object.__setattr__(adapter, "name", self._names[key])  # adapters may be frozen dataclasses
        return adapter

    def _note(
        self,
        handle: ModelHandle,
        accepts: Sequence[str],
        task: Task,
        capability: str,
        path: Sequence[Edge],
        unsuitable: Mapping[str, str],
    ) -> None:
        """Remember which of the adapters that the user named serve here, and why the others do not."""
        where = f"{handle.label} on {task.name}"
        used = {edge.name for edge in path}
        for key, name in self._preferred.items():
            facts = self._entries[key].facts
            if key in used:
                self._served[name].append(where)
                continue
            if key in unsuitable:
                reason = unsuitable[key]
            elif not path:
                reason = f"the model offers {capability} itself"
            elif facts.needs not in handle.offers:
                reason = f"it asks for {facts.needs}, and the model offers {', '.join(handle.offers) or 'nothing'}"
            elif facts.gives not in accepts:
                reason = f"it gives {facts.gives}, and the task asks for {' or '.join(accepts)}"
            else:
                reason = f"{' > '.join(self._names[edge.name] for edge in path)} serves there"
            self._unserved[name].append(f"{where}: {reason}")

    def unused(self) -> dict[str, str]:
        """Return a sentence, by name, for each adapter that the user named and that serves nowhere."""
        return {
            name: f"the adapter {name!r} can serve nothing that is asked for{_some(self._unserved[name])}"
            for name, served in self._served.items()
            if not served
        }

    def partly_used(self) -> list[str]:
        """Return a sentence for each adapter that the user named and that serves in some places but not in others."""
        return [
            f"the adapter {name!r} is not used everywhere{_some(unserved)}"
            for name, unserved in self._unserved.items()
            if unserved and self._served[name]
        ]


class NoRoute(UsageError):
    """A model cannot be asked for anything that a task accepts; the text says why."""


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


def _some(reasons: Sequence[str]) -> str:
    """Return a clause with the first reasons, for the end of a sentence."""
    if not reasons:
        return ""
    return f" ({'; '.join(reasons[:3])}{f'; and {len(reasons) - 3} more' if len(reasons) > 3 else ''})"
