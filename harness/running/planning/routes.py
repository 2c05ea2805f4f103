"""By which adapters a model is asked by a task: the way is chosen here, and what ``--adapter`` names is held to.

An adapter that the user names is used, or it is said why it is not: answers that come by another road than the one
asked for would be a wrong figure without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.adapters import Route
from harness.errors import UsageError
from harness.names.adapters import Adapters, NamedAdapter, NoWay, Way
from harness.names.specification import parse_specification

if TYPE_CHECKING:
    from harness.names.handles import ModelHandle
    from harness.names.registry import Registry
    from harness.task import Stage, Task


class NoRoute(UsageError):
    """A model cannot be asked for anything that a task accepts; the text says why."""


@dataclass(slots=True)
class _Wish:
    """An adapter that is asked for, and what became of it."""

    named: NamedAdapter
    role: str = ""
    """The only role whose model it is before; empty: see `covers`."""
    served: list[str] = field(default_factory=list)
    unserved: list[str] = field(default_factory=list)

    def covers(self, role: str, evaluated: str) -> bool:
        """Whether it may stand before the model of a role.

        One from a capability to itself changes the answers of whoever it stands before: where no role is named it is
        the evaluated model's, and never its judge's.
        """
        return self.role == role if self.role else not self.named.keeps_capability or role == evaluated


class Router:
    """Finds the way from a task to a model, and remembers what became of the adapters that the user named.

    Args:
        registry: Where adapters are looked up.
    """

    def __init__(self, registry: Registry) -> None:
        self._adapters = Adapters(registry)
        self._wishes: dict[str, _Wish] = {}
        """By the text that the user gave."""
        self._own: dict[tuple[str, tuple[str, ...]], dict[str, _Wish]] = {}
        """By label and adapters of a model, for two may have one label in two roles: its adapters, by name."""
        self._found: dict[tuple[int, str, tuple[str, ...], str], Route] = {}

    def prefer(self, text: str) -> None:
        """Take in an adapter that the user names, ``[ROLE=]NAME[:key=value,...]``.

        Raises:
            UsageError: there is no adapter of that name, or there are several; it does not take an argument; or one
                from a capability to another is named twice, with different arguments.
        """
        label = parse_specification(text).label
        role = label if text.startswith(f"{label}=") else ""
        named = self._adapters.named(text[len(role) + 1 :] if role else text)
        for other in self._wishes.values():
            twice = other.named.key == named.key and other.named.name != named.name and other.role == role
            if twice and not named.keeps_capability:
                raise UsageError(f"the adapter {named.registration.name!r} is named twice, with different arguments")
        self._wishes.setdefault(text, _Wish(named, role))

    def roles(self) -> dict[str, str]:
        """Return the roles that adapters were named for, by what the user wrote."""
        return {text: wish.role for text, wish in self._wishes.items() if wish.role}

    def route(self, handle: ModelHandle, stage: Stage, task: Task) -> Route:
        """Find the cheapest way to ask a model for one of the capabilities that a stage of a task accepts.

        Args:
            handle: The model.
            stage: The stage.
            task: The task, which adapters are told of.

        Raises:
            NoRoute: there is no way; says why.
            PlanError: two ways cost the same.
            PluginError: an adapter on the way cannot be made.
        """
        key = (id(handle), task.name, tuple(stage.accepts), stage.role)
        if key not in self._found:  # a task may ask in many rounds
            self._found[key] = self._find(handle, stage, task)
        return self._found[key]

    def _find(self, handle: ModelHandle, stage: Stage, task: Task) -> Route:
        named = {text: _Wish(self._adapters.named(text)) for text in handle.adapters}
        own = self._own.setdefault((handle.label, handle.adapters), named)
        common = {text: wish for text, wish in self._wishes.items() if wish.covers(stage.role, task.evaluates)}
        wishes = [*own.values(), *common.values()]  # a model's own are nearest to it, and win
        wished = {wish.named.key: wish.named for wish in reversed(wishes) if not wish.named.keeps_capability}
        keeping = [wish.named for wish in wishes if wish.named.keeps_capability]
        try:
            way = self._adapters.way(
                stage.accepts, handle.offers, wished=[*wished.values(), *keeping], brief=task.definition.brief
            )
        except NoWay as error:
            raise NoRoute(str(error)) from error
        where = f"{handle.label} on {task.name}"
        for wish in wishes:
            if any(wish.named is used for used in way.used):
                wish.served.append(where)
            else:
                wish.unserved.append(f"{where}: {_reason(wish.named, way, handle, stage)}")
        return way.route

    def unused(self) -> dict[str, str]:
        """Return a sentence, by what the user wrote, for each adapter that the user named and that serves nowhere."""
        return {
            text: f"the adapter {text!r} can serve nothing that is asked for{_some(wish.unserved)}"
            for text, wish in self._wishes.items()
            if not wish.served
        }

    def partly_used(self) -> list[str]:
        """Return a sentence for each adapter that is named and that serves in some places but not in others."""
        said = {f"the adapter {text!r}": wish for text, wish in self._wishes.items() if wish.served}
        for (label, _), own in self._own.items():
            said |= {f"the adapter {text!r} of {label}": wish for text, wish in own.items()}
        return [
            f"{who} is not used everywhere{_some(wish.unserved)}"
            if wish.served
            else f"{who} is not used{_some(wish.unserved)}"
            for who, wish in said.items()
            if wish.unserved
        ]


def _reason(named: NamedAdapter, way: Way, handle: ModelHandle, stage: Stage) -> str:
    """Say why an adapter is not on the way that was taken."""
    route, path = way.route, way.used
    if named.name in way.unsuitable:
        return way.unsuitable[named.name]
    if named.keeps_capability:
        asked = " > ".join(dict.fromkeys([route.capability, *(used.needs for used in path)]))
        return f"it changes answers to {named.gives}, and the model is asked for {asked}"
    if not any(not used.keeps_capability for used in path):
        return f"the model offers {route.capability} itself"
    if named.needs not in handle.offers:
        return f"it asks for {named.needs}, and the model offers {', '.join(handle.offers) or 'nothing'}"
    if named.gives not in stage.accepts:
        return f"it gives {named.gives}, and the task asks for {' or '.join(stage.accepts)}"
    return f"{' > '.join(used.name for used in path)} serves there"


def _some(reasons: Sequence[str]) -> str:
    """Return a clause with the first reasons, for the end of a sentence."""
    reasons = list(dict.fromkeys(reasons))
    if not reasons:
        return ""
    return f" ({'; '.join(reasons[:3])}{f'; and {len(reasons) - 3} more' if len(reasons) > 3 else ''})"
