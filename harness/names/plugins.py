"""Discovery of plugins: every entry point is loaded by itself, so that a broken plugin breaks no other."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import threading
import traceback
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, entry_points, version
from types import ModuleType

import pluggy

from harness import hooks
from harness.errors import HarnessError, PluginError, did_you_mean
from harness.terminal import say

GROUP = "harness.plugins"
TASK_GROUP = "harness.tasks"
RESTRICT_VARIABLE = "HARNESS_PLUGINS"
DISTRIBUTION = "harness-eval"
CORE = "core"
"""Name of the plugin that is no entry point, and is always loaded."""
SLOW_SECONDS = 5.0
"""After so long in a plugin's import or registration, a line on standard error says whose it is."""


@dataclass(slots=True)
class Plugin:
    """One entry point, and whether the plugin behind the entry point could be loaded."""

    name: str
    module: str
    distribution: str
    version: str
    state: str = "loaded"
    """``"loaded"``, ``"incomplete"`` (some of what it registers was refused), ``"failed"`` or ``"disabled"``."""
    problem: str = ""
    """Why loading failed: the error, and the file and line that raised it; or the registrations that were refused."""
    refused: list[str] = field(default_factory=list)
    """A sentence for each registration that was refused; the plugin's other registrations stay."""

    @property
    def key(self) -> str:
        """``distribution/name (module)``, which is unique: two distributions may give their plugins the same name."""
        return f"{self.distribution}/{self.name} ({self.module})"

    @property
    def names(self) -> tuple[str, str]:
        """The names that users may write for the plugin: its own name, and ``distribution/name``."""
        return self.name, f"{self.distribution}/{self.name}"

    def refuse(self, sentence: str) -> None:
        """Note a registration that cannot be used."""
        self.refused.append(sentence)
        self.state, self.problem = "incomplete", "; ".join(self.refused)


@dataclass(slots=True)
class Plugins:
    """All plugins that are installed, and the manager that calls the hooks of the loaded ones."""

    found: list[Plugin]
    manager: pluggy.PluginManager

    @property
    def failed(self) -> list[Plugin]:
        """The plugins that could not be loaded."""
        return [plugin for plugin in self.found if plugin.state == "failed"]

    @property
    def troubled(self) -> list[Plugin]:
        """The plugins that could not be loaded, and the plugins with a refused registration."""
        return [plugin for plugin in self.found if plugin.state in ("failed", "incomplete")]

    @property
    def disabled(self) -> list[Plugin]:
        """The plugins that the user left out."""
        return [plugin for plugin in self.found if plugin.state == "disabled"]

    def named(self, name: str) -> list[Plugin]:
        """Return the plugins with a name, which may be written as ``distribution/name``."""
        return [plugin for plugin in self.found if name in plugin.names]

    def of(self, key: str) -> Plugin:
        """Return the plugin that the manager knows under a key."""
        return next(plugin for plugin in self.found if plugin.key == key)

    def fail(self, plugin: Plugin, error: BaseException) -> None:
        """Take out a plugin that broke after it was imported."""
        plugin.state, plugin.problem = "failed", describe(error)
        if self.manager.has_plugin(plugin.key):
            self.manager.unregister(name=plugin.key)


def load_plugins(*, disabled: Collection[str] = frozenset(), strict: bool = False) -> Plugins:
    """Import the core's own plugin, and the modules of all entry points in the group ``harness.plugins``.

    Args:
        disabled: Names of entry points to leave out. If the variable ``HARNESS_PLUGINS`` is set, it names the only ones
            to load. Either may say ``distribution/name``.
        strict: Raise on the first plugin that fails.

    Raises:
        PluginError: a plugin failed and ``strict`` is set, ``HARNESS_PLUGINS`` names a plugin that is not installed, or
            the core's own plugin is among those to leave out.
    """
    if CORE in disabled:
        raise PluginError(f"the plugin {CORE!r} cannot be disabled: nothing can be evaluated without it")
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    points = _unique(entry_points(group=GROUP))
    found = [Plugin(point.name, point.value, *_origin(point)) for point in points]
    core = _register_core(manager, found)
    result = Plugins([core, *found], manager)
    chosen = _restriction({name for plugin in found for name in plugin.names})
    for plugin, point in zip(found, points, strict=True):
        if not set(disabled).isdisjoint(plugin.names) or (chosen is not None and chosen.isdisjoint(plugin.names)):
            plugin.state = "disabled"
            continue
        try:
            with slow_is_said(plugin, "being imported"):
                module = _import(point)
            # pluggy itself refuses a module that is registered, but without saying which plugin registered it.
            if manager.is_registered(module):
                holder = result.of(str(manager.get_name(module)))
                raise PluginError(f"{point.value} is loaded already, as the plugin {holder.names[1]}")
            manager.register(module, name=plugin.key)
            manager.check_pending()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # even a plugin that calls sys.exit() on import must not end the harness
            result.fail(plugin, error)
            if strict:
                raise PluginError(
                    f"plugin {plugin.name!r} of {plugin.distribution} failed: {plugin.problem}"
                ) from error
    return result


def _register_core(manager: pluggy.PluginManager, found: Collection[Plugin]) -> Plugin:
    """Register the plugin that every evaluation needs; it is no entry point, so that nothing can take it out."""
    from harness import core_plugin

    installed = next((plugin.version for plugin in found if plugin.distribution == DISTRIBUTION), "")
    if not installed:
        try:
            installed = version(DISTRIBUTION)
        except PackageNotFoundError:  # run from a checkout that is not installed
            installed = "0"
    core = Plugin(CORE, core_plugin.__name__, DISTRIBUTION, installed)
    manager.register(core_plugin, name=core.key)
    return core


@contextlib.contextmanager
def slow_is_said(plugin: Plugin, doing: str) -> Iterator[None]:
    """Name on standard error the plugin whose code runs, if the block takes so long that a user wonders.

    A plugin that loops while it is imported stops every command; without this line nothing says which plugin it is.
    """
    timer = threading.Timer(SLOW_SECONDS, _say_slow, (plugin, doing))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _say_slow(plugin: Plugin, doing: str) -> None:
    line = (
        f"still waiting for the plugin {plugin.name!r} of {plugin.distribution!r}, which is {doing} "
        f"(module {plugin.module!r}); leave it out with 'plugins: {{disabled: [{plugin.name}]}}' in registry.yaml"
    )
    with contextlib.suppress(OSError, ValueError):  # standard error may be closed
        say(line, err=True)


def _import(point: EntryPoint) -> ModuleType:
    module = importlib.import_module(point.module)
    return module if not point.attr else point.load()


def _unique(points: Collection[EntryPoint]) -> list[EntryPoint]:
    """Return one entry point for each module and name: an editable install can list the same distribution twice."""
    seen: dict[tuple[str, str], EntryPoint] = {}
    for point in points:
        seen.setdefault((point.name, point.value), point)
    return sorted(seen.values(), key=lambda point: (_origin(point)[0] != DISTRIBUTION, point.name, _origin(point)[0]))


def _origin(point: EntryPoint) -> tuple[str, str]:
    return _name_and_version(point.dist) if point.dist is not None else ("unknown", "0")


@lru_cache(maxsize=256)
def _name_and_version(distribution: Distribution) -> tuple[str, str]:
    # Each look at the metadata parses all of the file, which may be as long as a README: look once a distribution.
    about = distribution.metadata
    return about["Name"], about["Version"]


def _restriction(installed: Collection[str]) -> set[str] | None:
    value = os.environ.get(RESTRICT_VARIABLE)
    if value is None:
        return None
    names = {name.strip() for name in value.split(",") if name.strip()} - {CORE}  # the core is loaded in any case
    # A misspelt name would load nothing, and everything would look as if no plugin were installed.
    for name in sorted(names - set(installed)):
        raise PluginError(
            f"{RESTRICT_VARIABLE} names the plugin {name!r}, which is not installed{did_you_mean(name, installed)}"
        )
    return names


@contextlib.contextmanager
def plugin_code(what: str) -> Iterator[None]:
    """Turn every exception that a plugin's code raises into one error that says whose code it was.

    Raises:
        PluginError: the code raised something else than an error meant for the user.
    """
    try:
        yield
    except HarnessError:
        raise
    except (Exception, SystemExit) as error:  # SystemExit: a plugin that calls sys.exit() must not end an evaluation
        raise PluginError(f"{what} failed: {describe(error)}") from error


def describe(error: BaseException) -> str:
    """Write an exception in one line, with the file and line of the plugin's own code that raised it."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not _ours(f.filename)]
    where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    if isinstance(error, SyntaxError) and error.filename:
        where = f" ({error.filename}:{error.lineno})"
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else 'no message'}{where}"


def _ours(filename: str) -> bool:
    return "importlib" in filename or filename.startswith("<") or "/pluggy/" in filename or filename == __file__


def import_attribute(reference: str) -> object:
    """Import the object that a ``"module:attribute"`` text names.

    Raises:
        PluginError: the module cannot be imported, or has no such attribute; says which package is missing.
    """
    module_name, _, attribute = reference.partition(":")
    try:
        module = sys.modules.get(module_name) or importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise PluginError(
            f"{reference} needs the package {error.name!r}, which is not installed; "
            f"install it with: pip install {error.name}"
        ) from error
    except (Exception, SystemExit) as error:
        raise PluginError(f"{reference} cannot be imported: {describe(error)}") from error
    value: object = module
    for part in attribute.split("."):
        if not hasattr(value, part):
            raise PluginError(f"{reference}: module {module_name} has no attribute {attribute!r}")
        value = getattr(value, part)
    return value
