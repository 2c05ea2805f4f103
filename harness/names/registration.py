"""One registered name, and what collects the names that a plugin's hook registers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.errors import PluginError
from harness.names.facts import Facts, check_name, facts_of, wrong_kind
from harness.names.own_descriptions import SELF_DESCRIBING, own_description
from harness.names.plugins import Plugin, import_attribute

KINDS = {
    "capability": "register_capabilities",
    "model": "register_models",
    "task kind": "register_tasks",
    "task source": "register_task_sources",
    "metric": "register_metrics",
    "trainer": "register_trainers",
    "adapter": "register_adapters",
    "aggregate": "register_benchmarks",
    "importer": "register_importers",
    "publisher": "register_publishers",
    "analysis": "register_analyses",
    "command": "register_commands",
}
"""The kinds of name, each with the hook that registers its names."""


@dataclass(frozen=True, slots=True)
class Registration:
    """One registered name, and where the object behind it is."""

    kind: str
    name: str
    reference: str
    """```"module:attribute"```, imported on use."""
    plugin: str
    distribution: str
    version: str
    registered_description: str = ""
    """The sentence that the plugin gave; empty where what it registered describes itself."""
    facts: Any = field(default_factory=Facts)
    """What the plugin says about the name without importing it, of the class that `facts.FACTS` has for the kind."""

    @property
    def description(self) -> str:
        """One line for lists: the one registered, else, for a metric, the one that its class gives of itself."""
        if self.registered_description or self.kind not in SELF_DESCRIBING:
            return self.registered_description
        return own_description(self.reference)

    def is_of(self, plugin: Plugin) -> bool:
        """Whether that plugin registered the name; another distribution may call its plugin alike."""
        return (self.plugin, self.distribution) == (plugin.name, plugin.distribution)

    @property
    def qualified(self) -> str:
        """``distribution/name``, which no other distribution can claim."""
        return f"{self.distribution}/{self.name}"

    def load(self) -> Any:
        """Import what the reference names.

        Raises:
            PluginError: the object cannot be imported, or is not what a name of this kind stands for.
        """
        thing: Any = import_attribute(self.reference)
        problem = wrong_kind(self.kind, thing)
        if not problem and self.kind == "capability" and thing.name != self.name:
            problem = f"must have the name it is registered under, and has {thing.name!r}"
        if problem:
            raise PluginError(f"the {self.kind} {self.qualified!r} ({self.reference}) {problem}")
        return thing


class Registrar:
    """Collects the names of one plugin and one kind; a hook is called with it, as its `harness.hooks.Register`.

    A name that cannot be used is refused alone, so that a careless line takes nothing else along.

    Args:
        kind: One of `KINDS`.
        plugin: Whose hook is called.
        add: Takes each name that can be used; raises a PluginError for one that the plugin may not have.
    """

    def __init__(self, kind: str, plugin: Plugin, add: Callable[[Registration, Plugin], None]) -> None:
        self._kind, self._plugin, self._add = kind, plugin, add

    def __call__(self, name: str, reference: str, *, description: str = "", **facts: Any) -> None:
        """Register ``name`` for the object that ```"module:attribute"``` names, without importing it.

        Args:
            name: What users write.
            reference: Where the object is.
            description: One line for lists.
            facts: What else is known without importing it; each kind has its own.
        """
        plugin = self._plugin
        try:
            check_name(name, reference, description)
            checked = facts_of(self._kind, facts)
            registration = Registration(
                self._kind, name, reference, plugin.name, plugin.distribution, plugin.version, description, checked
            )
            self._add(registration, plugin)
        except PluginError as error:
            plugin.refuse(refusal(self._kind, name, plugin, str(error)))


def refusal(kind: str, name: object, plugin: Plugin, reason: str) -> str:
    """Write why a name that a plugin registered is refused.

    Args:
        kind: One of `KINDS`.
        name: What was registered, which need not be a text.
        plugin: Which registered it.
        reason: What is wrong.
    """
    return f"{KINDS[kind]}: the {kind} {name!r} of the plugin {plugin.name!r} cannot be used: {reason}"
