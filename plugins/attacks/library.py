"""The attacks that there are: those that ship, those of the user's files, and the groups of them."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from harness import UsageError

from .tables import data_path

if TYPE_CHECKING:
    import datetime

    from .attackfile import AttackFile
    from .attacks import Attack, Settings

FOLDER = Path(__file__).parent / "library"
ALL = "all"
NONE = "none"
ADAPTIVE = "adaptive"
"""The attack that searches, which is no file."""
VERSION = "3"
"""Raised when an attack's texts change, so that results are not mixed."""


@dataclass(frozen=True)
class Declared:
    """An attack's name, file and content."""

    name: str
    path: Path
    file: AttackFile
    digest: str
    """Hash of the file."""

    def made(self, settings: Settings) -> Attack:
        """Return the attack with its settings."""
        from .attacks import CLASSES

        return CLASSES[self.file.kind](self.name, self.file, self.path.parent, settings)

    @property
    def is_here(self) -> bool:
        """Whether the file that it takes its texts from, if any, is on this machine."""
        if not (self.file.file or self.file.mirror):
            return True
        path = data_path(self.file, self.path.parent)
        return path is not None and path.is_file()

    @property
    def data_digest(self) -> str:
        """The hash of the user's own file of texts: another content is another attack."""
        path = data_path(self.file, self.path.parent)
        if not self.file.file or path is None or not path.is_file():
            return ""
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


class Library:
    """Finds attacks by name or path.

    Args:
        files: Paths of further files, each an attack with the name of its file.
    """

    def __init__(self, files: Iterable[str] = ()) -> None:
        self._paths = {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}
        for path in map(Path, files):
            if path.stem in (*self._paths, *self.groups, ADAPTIVE):
                raise UsageError(
                    f"sources.attack.files: {path}: there is an attack {path.stem!r} already; rename the file"
                )
            self._paths[path.stem] = path

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of groups: all attacks, and those of a kind."""
        from .attackfile import KINDS

        return (ALL, *(kind for kind in KINDS if kind != NONE))

    @property
    def names(self) -> list[str]:
        """The names of all attacks, without groups."""
        return list(self._paths)

    def knows(self, name: str) -> bool:
        """Tell whether a text names an attack, a group of attacks or a file that should hold one."""
        return name in self._paths or name in self.groups or name == ADAPTIVE or is_path(name)

    def find(self, name: str) -> Declared:
        """Return the attack of a name or path.

        Raises:
            UnknownName: there is none; suggests the nearest.
            UsageError: the path is no file.
            ConfigurationError: the file breaks the schema.
        """
        from harness.errors import UnknownName

        if is_path(name):
            path = Path(name).expanduser()
            if not path.is_file():
                raise UsageError(f"attack:{name}: there is no such file")
        elif name in self._paths:
            path = self._paths[name]
        else:
            raise UnknownName(
                "attack", name, [*self._paths, *self.groups, ADAPTIVE], hint="a file of your own ends in .yaml"
            )
        return dataclasses.replace(_read(path, path.stat().st_mtime_ns), name=name)

    def group(self, name: str, since: datetime.date | None = None) -> tuple[list[Declared], list[str]]:
        """Return the attacks of a group, without the control; and the names of those whose data are not here."""
        attacks = [self.find(each) for each in self._paths if each != NONE]
        wanted = [
            attack
            for attack in attacks
            if name in (ALL, attack.file.kind)
            and not attack.file.on_request
            # Caches hold attacks on certain goals; on others every one of them fails.
            and (name != ALL or attack.file.kind != "cache")
            and (since is None or (attack.file.date is not None and attack.file.date >= since))
        ]
        return [one for one in wanted if one.is_here], [one.name for one in wanted if not one.is_here]

    def declared(self) -> Mapping[str, Declared]:
        """Return all attacks by name."""
        return {name: self.find(name) for name in self._paths}


def is_path(name: str) -> bool:
    """Tell whether a text is written as a path of a YAML file."""
    return name.endswith((".yaml", ".yml"))


@cache
def _read(path: Path, changed: int) -> Declared:
    from .attackfile import read_attack_file

    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return Declared(path.stem, path, read_attack_file(path), digest)
