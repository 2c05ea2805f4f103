"""The library of attacked marks: ``mark-attack:TASK:how=copy-paste,share=0.25``, for every task of marked texts."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from harness import SourcedTask, TaskSource, UsageError
from harness.errors import did_you_mean

from .attacks import HOW, VERSION, MarkAttack

if TYPE_CHECKING:
    from harness import DataPart, Task
    from harness.tasks import BenchmarkFile

KIND, GROUP = "watermark", "group"


class AttackRequest(NamedTuple):
    """A task's name after ``mark-attack:``, taken apart."""

    name: str
    """The task of marked texts."""
    listed: str
    """The options as written."""
    how: str
    """Empty: every attack."""
    attack: MarkAttack


def parse_attack_request(text: str) -> AttackRequest:
    """Parse ``TASK:how=...,share=...,pieces=...,seed=...``.

    Raises:
        UsageError: an option is unknown or not of its type.
    """
    from harness.names import parse_arguments

    name, _, listed = text.partition(":")
    given = parse_arguments(listed, f"mark-attack:{text}")
    for key, value in given.items():
        if key not in _CHECKS:
            raise UsageError(f"mark-attack:{text}: there is no option {key!r}{did_you_mean(key, _CHECKS)}")
        fits, expected = _CHECKS[key]
        if not fits(value):
            raise UsageError(f"mark-attack:{text}: {key} must be {expected}, not {value!r}")
    settings = {key: value for key, value in given.items() if key != "how"}
    how = str(given.get("how", ""))
    return AttackRequest(name, listed, how, MarkAttack(how, **settings))


def _whole(value: Any, least: int = 0) -> bool:
    return type(value) is int and value >= least


_CHECKS: Mapping[str, tuple[Any, str]] = {
    "how": (lambda value: value in HOW, f"one of {', '.join(HOW)}"),
    "share": (lambda value: type(value) in (int, float) and 0 < value <= 1, "a share above 0 and up to 1"),
    "pieces": (lambda value: _whole(value, 1), "a whole number from 1"),
    "seed": (_whole, "a whole number from 0"),
}


class AttackedMarks(TaskSource):
    """Provides every task of kind ``watermark`` with its marked texts attacked; the unmarked ones stay as they are.

    Without ``how``, a name stands for the task as it is and under every attack.
    """

    def summary(self) -> str:
        """Describe the library in one line."""
        return f"any task of marked texts, attacked in one of {len(HOW)} ways"

    def names(self) -> Mapping[str, SourcedTask]:
        """List all tasks whose marks can be attacked."""
        return {
            name: SourcedTask(f"{entry.description} Attacked (give how=...).", entry.kind)
            for name, entry in self.registry.tasks().files().items()
            if entry.kind == KIND
        }

    def find(self, name: str) -> SourcedTask | None:
        """Find a task under an attack; without ``how``, the group of the task under all attacks.

        Raises:
            UsageError: an option is wrong, or the task is of another kind.
        """
        attacked = parse_attack_request(name)
        entry = self.registry.tasks().find(attacked.name)
        if entry is None:
            return None
        if entry.kind != KIND:
            raise UsageError(f"mark-attack:{name}: {attacked.name} is of kind {entry.kind!r}, and not of {KIND!r}")
        description = f"{entry.description} Attacked: {attacked.how or 'in every way'}."
        return SourcedTask(description, entry.kind if attacked.how else GROUP, entry.path)

    def task(self, name: str) -> Task:
        """Build the task again, with a reader that attacks the marked texts.

        Raises:
            UsageError: an option is wrong, or ``how`` is missing.
        """
        from harness.tasks import build_task

        attacked = parse_attack_request(name)
        if not attacked.how:
            raise UsageError(f"mark-attack:{name}: give how=..., one of {', '.join(HOW)}")
        plain = build_task(self.registry, attacked.name)
        d = plain.definition
        definition = dataclasses.replace(
            d,
            name=f"mark-attack:{name}",
            version=f"{d.version}+{VERSION}",
            description=f"{d.description} Attacked by {attacked.how}: the marked texts.",
            parts={
                split: [self._attacked(part, attacked.attack) for part in several] for split, several in d.parts.items()
            },
            digest=self.digest(name),
        )
        return type(plain)(definition)

    def digest(self, name: str) -> str:
        """Hash the task's definition, the options and the version of the attacks."""
        from harness.tasks import task_digest

        attacked = parse_attack_request(name)
        content = f"{task_digest(self.registry, attacked.name)}\n{attacked.attack}\n{VERSION}"
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def benchmark(self, name: str) -> BenchmarkFile:
        """Return a task as it is and under every attack.

        Raises:
            UsageError: an option is wrong.
        """
        from harness.tasks import BenchmarkFile

        attacked = parse_attack_request(name)
        more = f",{attacked.listed}" if attacked.listed else ""
        members = [f"mark-attack:{attacked.name}:how={how}{more}" for how in HOW]
        made = BenchmarkFile(description=f"{attacked.name}, attacked", tasks=[attacked.name, *members])
        made._name = f"mark-attack:{name}"
        return made

    def _attacked(self, part: DataPart, attack: MarkAttack) -> DataPart:
        from harness import DataPart

        from .reading import AttackedReader

        return DataPart(part.source, AttackedReader(part.reader, attack))
