"""The registry files: the project's registry.yaml, the user's, and the one given with ``--registry``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ConfigurationError, did_you_mean
from harness.files.regular_files import is_folder

if TYPE_CHECKING:
    from harness.names.plugins import Plugins
    from harness.names.registry_schema import RegistryFile


class RegistryFiles:
    """The registry files that apply here; of several values for a key, that of the last file wins.

    Args:
        extra: A registry file whose entries win over all others.

    Raises:
        ConfigurationError: a file is not YAML, or no mapping.
    """

    def __init__(self, extra: Path | None) -> None:
        self._raw = [(path, load_registry_yaml(path)) for path in find_registry_files(extra)]

    @cached_property
    def validated(self) -> list[RegistryFile]:
        """The files, validated on first use.

        Raises:
            ConfigurationError: a file breaks the schema.
        """
        return [read_registry_file(path) for path, _ in self._raw]

    def about(self, *keys: str) -> Sequence[RegistryFile]:
        """Return all files, validated, if one of the files has one of these keys; else return none.

        The schema is not loaded in vain: that would be a third of the time that a list takes.

        Raises:
            ConfigurationError: a file breaks the schema.
        """
        return self.validated if any(key in raw for _, raw in self._raw for key in keys) else ()

    def disabled_plugins(self) -> set[str]:
        """Return the names of the plugins that are left out."""
        disabled: set[str] = set()
        for file in self.about("plugins"):
            disabled = (disabled | set(file.plugins.disabled)) - set(file.plugins.enabled)
        return disabled

    def named_models(self) -> dict[str, Any]:
        """Return the models that the files declare, by name: a specification, or a `ModelFile`."""
        models: dict[str, Any] = {}
        for file in self.validated:
            models.update(file.models)
        return models

    def plain_task_folders(self) -> list[tuple[Path, str]] | None:
        """Return the task folders that the files name, each with its file, without loading the schema.

        Returns:
            Pairs of a file and a folder; None where the files have to be validated, since they have other keys than
            task folders and models, or task folders that are no list of names.
        """
        folders: list[tuple[Path, str]] = []
        for path, raw in self._raw:
            names = raw.get("task_folders", [])
            if not raw.keys() <= {"task_folders", "models"} or not isinstance(names, list):
                return None
            if not all(isinstance(name, str) for name in names):
                return None
            folders += [(path, name) for name in names]
        return folders

    def problems(self, plugins: Plugins, libraries: Sequence[str]) -> list[str]:
        """Write a sentence for each entry of a file that names something that does not exist, and so has no effect.

        Args:
            plugins: All plugins.
            libraries: Names of the libraries of tasks that plugins registered.

        Raises:
            ConfigurationError: a registry file breaks the schema.
        """
        folders = self.plain_task_folders()
        if folders is None:
            files = self.about("plugins", "sources", "task_folders")
            folders = [(file._path, folder) for file in files for folder in file.task_folders]
        else:
            files = ()
        installed = [plugin.name for plugin in plugins.found]
        problems: list[str] = []
        for file in files:
            for key, given in (("enabled", file.plugins.enabled), ("disabled", file.plugins.disabled)):
                problems += [
                    f"{file._path}: plugins.{key}: no plugin {name!r} is installed{did_you_mean(name, installed)}"
                    for name in given
                    if name not in installed
                ]
            problems += [
                f"{file._path}: sources.{name}: no plugin that is loaded has a library of tasks of this name"
                f"{did_you_mean(name, libraries)}"
                for name in file.sources
                if name not in libraries and all(plugin.state == "loaded" for plugin in plugins.found)
            ]
        problems += [
            f"{path}: task_folders: {folder}: there is no such folder"
            for path, folder in folders
            if not is_folder(path.parent / Path(folder).expanduser())
        ]
        return problems


def find_registry_files(extra: Path | None) -> list[Path]:
    """List the project's registry.yaml, the user's in the working directory, and ``--registry``; the last wins."""
    package = Path(__file__).parents[1]
    shipped = next((p for p in (package / "registry.yaml", package.parent / "registry.yaml") if p.is_file()), None)
    files = [shipped] if shipped else []
    user = Path.cwd() / "registry.yaml"
    if user.is_file() and not (shipped and user.samefile(shipped)):
        files.append(user)
    if extra is not None:
        files.append(extra)
    return files


def load_registry_yaml(path: Path) -> dict[str, Any]:
    """Read a registry file, without validating it.

    Raises:
        ConfigurationError: the file is not YAML, or no mapping.
    """
    from harness.files.yaml_files import load_yaml  # `harness eval --help` reads no file, and need not wait for YAML

    value = load_yaml(path)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigurationError(f"{path}: expected a mapping of keys to values, got {type(value).__name__}")
    return value


def read_registry_file(path: Path) -> RegistryFile:
    """Read and validate one registry file.

    Raises:
        ConfigurationError: the file breaks the schema.
    """
    from harness.files.validation import validate
    from harness.names.registry_schema import RegistryFile

    file: RegistryFile = validate(RegistryFile, load_registry_yaml(path), path)
    file._path = path
    return file
