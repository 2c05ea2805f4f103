"""Discovery of plugins: every entry point by itself, so that a broken one breaks nothing else."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from types import ModuleType

import pluggy

from harness import hooks
from harness.errors import PluginError, did_you_mean

GROUP = "harness.plugins"
TASK_GROUP = "harness.tasks"
RESTRICT_VARIABLE = "HARNESS_PLUGINS"


@dataclass(slots=True)
class Plugin:
    """One entry point and what became of it."""

    name: str
    module: str
    distribution: str
    version: str
    state: str = "loaded"
    """``"loaded"``, ``"failed"`` or ``"disabled"``."""
    problem: str = ""
    """Why it failed: the error, and the file and line it came from."""


@dataclass(slots=True)
class Plugins:
    """All plugins found, and the manager that calls the hooks of those that loaded."""

    found: list[Plugin]
    manager: pluggy.PluginManager

    @property
    def failed(self) -> list[Plugin]:
        """Those that could not be loaded."""
        return [plugin for plugin in self.found if plugin.state == "failed"]

    def named(self, name: str) -> Plugin:
        """The plugin of that entry-point name."""
        return next(plugin for plugin in self.found if plugin.name == name)

    def fail(self, name: str, error: BaseException) -> None:
        """Take a plugin out that broke after it was imported."""
        plugin = self.named(name)
        plugin.state, plugin.problem = "failed", describe(error)
        if self.manager.has_plugin(name):
            self.manager.unregister(name=name)


def load_plugins(*, disabled: Collection[str] = (), strict: bool = False) -> Plugins:
    """Import the modules of all entry points in the group ``harness.plugins``.

    Args:
        disabled: Entry-point names to leave out. The variable ``HARNESS_PLUGINS``, where set, names the only ones to
            load.
        strict: Raise on the first plugin that fails.

    Raises:
        PluginError: a plugin failed under ``strict``, or ``HARNESS_PLUGINS`` names one that does not exist.
    """
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    result = Plugins([], manager)
    points = _unique(entry_points(group=GROUP))
    chosen = _restriction({point.name for point in points})
    for point in points:
        plugin = Plugin(point.name, point.value, *_origin(point))
        result.found.append(plugin)
        if point.name in disabled or (chosen is not None and point.name not in chosen):
            plugin.state = "disabled"
            continue
        try:
            manager.register(_import(point), name=point.name)
            manager.check_pending()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever a plugin raises on import must not end the harness
            result.fail(point.name, error)
            if strict:
                raise PluginError(
                    f"plugin {plugin.name!r} of {plugin.distribution} failed: {plugin.problem}"
                ) from error
    return result


def _import(point: EntryPoint) -> ModuleType:
    module = importlib.import_module(point.module)
    return module if not point.attr else point.load()


def _unique(points: Collection[EntryPoint]) -> list[EntryPoint]:
    """One entry point a module and name: an editable install can list the same distribution twice."""
    seen: dict[tuple[str, str], EntryPoint] = {}
    for point in points:
        seen.setdefault((point.name, point.value), point)
    return sorted(seen.values(), key=lambda point: (_origin(point)[0] != "harness-eval", point.name))


def _origin(point: EntryPoint) -> tuple[str, str]:
    return _name_and_version(point.dist) if point.dist is not None else ("unknown", "0")


@lru_cache(maxsize=256)
def _name_and_version(distribution: Distribution) -> tuple[str, str]:
    # Each look at the metadata parses the whole of it, as long as a README: once a distribution is enough.
    about = distribution.metadata
    return about["Name"], about["Version"]


def _restriction(known: Collection[str]) -> set[str] | None:
    value = os.environ.get(RESTRICT_VARIABLE)
    if value is None:
        return None
    names = {name.strip() for name in value.split(",") if name.strip()}
    for name in sorted(names - set(known)):
        raise PluginError(
            f"{RESTRICT_VARIABLE} names the plugin {name!r}, which is not installed{did_you_mean(name, known)}"
        )
    return names


def describe(error: BaseException) -> str:
    """An exception in one line, with the file and line of the plugin's own code it came from."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not _ours(f.filename)]
    where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    if isinstance(error, SyntaxError) and error.filename:
        where = f" ({error.filename}:{error.lineno})"
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else 'no message'}{where}"


def _ours(filename: str) -> bool:
    return "importlib" in filename or filename.startswith("<") or "/pluggy/" in filename or filename == __file__


def import_attribute(reference: str) -> object:
    """The object that a ``"module:attribute"`` string names.

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
    except Exception as error:
        raise PluginError(f"{reference} cannot be imported: {describe(error)}") from error
    value: object = module
    for part in attribute.split("."):
        if not hasattr(value, part):
            raise PluginError(f"{reference}: module {module_name} has no attribute {attribute!r}")
        value = getattr(value, part)
    return value
