"""Finds registered names: who claims one, which clash, and which plugin may have held one that is unknown."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from harness.errors import NameClash, PluginError, UnknownName
from harness.names.plugins import CORE, DISTRIBUTION, Plugin, Plugins
from harness.names.registration import KINDS, Registration

_COMES_WITH = {
    ("publisher", "site"): "site",
    ("analysis", "correlate"): "outcomes",
    ("command", "correlate"): "outcomes",
    ("command", "view"): "view",
}
"""The shipped plugin of each name that the harness itself, or its documents, ask for, so that an error can name it."""


class NameTable:
    """Everything that plugins registered, by kind and name.

    Args:
        plugins: All plugins, of which hints on unknown names speak.
    """

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins
        self._by_name: dict[str, dict[str, list[Registration]]] = {kind: {} for kind in KINDS}

    def add(self, entry: Registration, plugin: Plugin) -> None:
        """Add a registration of a plugin.

        Raises:
            PluginError: the plugin has registered that name before, or the name is that of a capability of the core.
        """
        present = self._by_name[entry.kind].get(entry.name, [])
        if any(other.is_of(plugin) for other in present):
            raise PluginError("the plugin registers that name twice")
        if entry.kind == "capability" and plugin.name != CORE and any(_is_of_core(other) for other in present):
            # Nobody can write a qualified name of a capability, so a clash would stop every evaluation that asks for
            # it; and whoever took the name over would answer, and file, what the core's requests ask for.
            raise PluginError("a capability of the core has that name; choose another")
        self._by_name[entry.kind][entry.name] = [*present, entry]

    def forget(self, gone: Collection[Registration]) -> None:
        """Take registrations out; a name that is left without one is unknown again."""
        for entry in gone:
            names = self._by_name[entry.kind]
            names[entry.name] = [other for other in names[entry.name] if other is not entry]
            if not names[entry.name]:
                del names[entry.name]

    def all(self) -> Iterator[Registration]:
        """Yield every registration, kind by kind."""
        for kind in KINDS:
            yield from self.entries(kind)

    def entries(self, kind: str) -> Iterator[Registration]:
        """Yield the registrations of a kind, sorted by name."""
        for name in sorted(self._by_name[kind]):
            yield from self._by_name[kind][name]

    def names(self, kind: str) -> list[str]:
        """List the names of a kind, sorted."""
        return sorted(self._by_name[kind])

    def clashes(self) -> list[str]:
        """Write a sentence for each name that several distributions claim."""
        return [
            _clash(kind, name, entries)
            for kind, names in self._by_name.items()
            for name, entries in sorted(names.items())
            if len(entries) > 1
        ]

    def find(self, kind: str, name: str) -> Registration:
        """Find what is registered under a name, plain or qualified with its distribution.

        Raises:
            UnknownName: no plugin registered it; suggests the nearest names and says which plugins failed.
            NameClash: several plugins claim the name.
        """
        claimants = self._by_name[kind].get(name, [])
        if not claimants:
            claimants = [registration for registration in self.entries(kind) if registration.qualified == name]
        if not claimants:
            raise UnknownName(kind, name, self.names(kind), hint=self.hint(kind, name))
        if len(claimants) > 1:
            raise NameClash(_clash(kind, name, claimants))
        return claimants[0]

    def hint(self, kind: str, name: str) -> str:
        """Say which plugins may have held a name, failed ones first, for those can be mended; empty if none may."""
        home = _COMES_WITH.get((kind, name), "")
        states = [plugin.state for plugin in self._plugins.named(home) if plugin.distribution == DISTRIBUTION]
        if home and not states:  # what is installed may be from before the plugin was one
            return f"it comes with the plugin {home!r}, which is not installed; install {DISTRIBUTION} again"
        if "disabled" in states:
            return f"it comes with the plugin {home!r}, which HARNESS_PLUGINS or registry.yaml leaves out"
        hints = []
        troubled = ", ".join(plugin.name for plugin in self._plugins.troubled)
        if troubled:
            hints.append(f"these plugins failed to load and may have held it: {troubled} (see: harness plugins)")
        left_out = ", ".join(plugin.name for plugin in self._plugins.disabled)
        if left_out:
            hints.append(f"these are left out by HARNESS_PLUGINS or registry.yaml: {left_out}")
        return "; ".join(hints)


def _is_of_core(entry: Registration) -> bool:
    """Whether the core itself registered a name, and no plugin of the same name."""
    return (entry.plugin, entry.distribution) == (CORE, DISTRIBUTION)


def _clash(kind: str, name: str, entries: list[Registration]) -> str:
    """Write who claims a name, and what to write for each of them."""
    claimants = " and ".join(f"{entry.distribution} {entry.version} (plugin {entry.plugin})" for entry in entries)
    options = " or ".join(repr(entry.qualified) for entry in entries)
    return f"the {kind} name {name!r} is claimed by {claimants}; write {options}"
