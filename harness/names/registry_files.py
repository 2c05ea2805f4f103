"""The registry files: the project's registry.yaml, the user's, and the one given with ``--registry``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ConfigurationError
from harness.files.validation import validate
from harness.files.yaml_files import load_yaml

if TYPE_CHECKING:
    from harness.names.registry_schema import RegistryFile


def find_registry_files(extra: Path | None) -> list[Path]:
    """The project's registry.yaml, the user's in the working directory, and ``--registry``; the last wins."""
    package = Path(__file__).parents[1]
    own = next((p for p in (package / "registry.yaml", package.parent / "registry.yaml") if p.is_file()), None)
    files = [own] if own else []
    user = Path.cwd() / "registry.yaml"
    if user.is_file() and not (own and user.samefile(own)):
        files.append(user)
    if extra is not None:
        files.append(extra)
    return files


def load_registry_yaml(path: Path) -> dict[str, Any]:
    """The content of a registry file, not yet validated.

    Raises:
        ConfigurationError: it is not YAML, or no mapping.
    """
    value = load_yaml(path)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigurationError(f"{path}: expected a mapping of keys to values, got {type(value).__name__}")
    return value


def read_registry_file(path: Path) -> RegistryFile:
    """One registry file, validated.

    Raises:
        ConfigurationError: it breaks the schema.
    """
    from harness.names.registry_schema import RegistryFile

    file: RegistryFile = validate(RegistryFile, load_registry_yaml(path), path)
    file._path = path
    return file
