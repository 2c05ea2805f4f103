"""The library of attacked marks: ``mark-attack:TASK:how=copy-paste,share=0.25``, for every task of marked texts."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from harness import SourcedTask, TaskSource, UsageError

from .attacks import HOW, REWRITE, VERSION, MarkAttack

if TYPE_CHECKING:
    from harness import DataPart, Task
    from harness.tasks import BenchmarkFile

KIND, GROUP = "watermark", "group"
WAYS = (*HOW, REWRITE)
"""The attacks by rule, and the one that asks a model."""


class AttackRequest(NamedTuple):
    """A task's name after ``mark-attack:``, taken apart."""

    name: str
    """The task of marked texts."""
    listed: str
    """The options as written."""
    how: str
    """Empty: every attack."""
    everyone: bool
    """Whether texts without a mark are attacked, too."""
    attack: MarkAttack


def parse_attack_request(text: str) -> AttackRequest:
    """Parse ``TASK:how=...,share=...,pieces=...,seed=...``.

    Raises:
        UsageError: an option is unknown or not of its type.
    """
    from harness.names import parse_checked

    name, _, listed = text.partition(":")
    given = parse_checked(listed, f"mark-attack:{text}", _CHECKS)
    how, whose = str(given.get("how", "")), given.get("of", "all")
    idle = [key for key in ("share", "of") if key in given and how == REWRITE]
    # Without a word on the attack the name stands for all of them, copy-paste too.
    idle += ["pieces"] * ("pieces" in given and how not in ("", "copy-paste"))
    if idle:
        raise UsageError(f"mark-attack:{text}: {idle[0]} does nothing with how={how}: leave it out")
    settings = {key: value for key, value in given.items() if key not in ("how", "of")}
    return AttackRequest(name, listed, how, whose == "all", MarkAttack(how, **settings))


def _whole(value: Any, least: int = 0) -> bool:
    return type(value) is int and value >= least


_CHECKS: Mapping[str, tuple[Any, str]] = {
    "how": (lambda value: value in WAYS, f"one of {', '.join(WAYS)}"),
    "of": (lambda value: value in ("all", "marked"), "'all' or 'marked'"),
    "share": (lambda value: type(value) in (int, float) and 0 < value <= 1, "a share above 0 and up to 1"),
    "pieces": (lambda value: _whole(value, 1), "a whole number from 1"),
    "seed": (_whole, "a whole number from 0"),
}


class AttackedMarks(TaskSource):
    """Provides every task of kind ``watermark`` with its texts attacked; with ``of=marked``, the marked ones alone.

    Texts without a mark go through the same edit, so that false alarms are those on edited texts. Without ``how``, a
    name stands for the task as it is and under every attack by rule.
    """

    def summary(self) -> str:
        """Describe the library in one line."""
        return f"any task of marked texts, attacked in one of {len(WAYS)} ways"

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

        # Here, and not above: a list of tasks imports this module, and that one needs numpy.
        from .rewriting import Rewritten

        attacked = parse_attack_request(name)
        if not attacked.how:
            raise UsageError(f"mark-attack:{name}: give how=..., one of {', '.join(WAYS)}")
        plain = build_task(self.registry, attacked.name)
        d, by_model = plain.definition, attacked.how == REWRITE
        whose = "all texts" if attacked.everyone else "the marked texts"
        definition = dataclasses.replace(
            d,
            name=f"mark-attack:{name}",
            version=f"{d.version}+{VERSION}",
            description=f"{d.description} Attacked by {attacked.how}: {whose}.",
            parts=d.parts
            if by_model
            else {split: [_attacked(one, attacked) for one in d.parts[split]] for split in d.parts},
            digest=self.digest(name),
            metrics=(*d.metrics, "words_kept") if by_model and d.metrics else d.metrics,
        )
        return Rewritten(definition, attacked.attack.seed) if by_model else type(plain)(definition)

    def digest(self, name: str) -> str:
        """Hash the task's definition, the options and the version of the attacks."""
        from harness.tasks import task_digest

        attacked = parse_attack_request(name)
        content = f"{task_digest(self.registry, attacked.name)}\n{attacked.attack}\n{attacked.everyone}\n{VERSION}"
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def benchmark(self, name: str) -> BenchmarkFile:
        """Return a task as it is and under every attack.

        Raises:
            UsageError: an option is wrong.
        """
        from harness.tasks import BenchmarkFile

        attacked = parse_attack_request(name)
        options = attacked.listed.split(",") if attacked.listed else []
        members = []
        for how in HOW:
            own = [one for one in options if how == "copy-paste" or not one.startswith("pieces=")]
            members.append(f"mark-attack:{attacked.name}:{','.join((f'how={how}', *own))}")
        made = BenchmarkFile(description=f"{attacked.name}, attacked", tasks=[attacked.name, *members])
        made._name = f"mark-attack:{name}"
        return made


def _attacked(part: DataPart, attacked: AttackRequest) -> DataPart:
    from harness import DataPart

    from .reading import AttackedReader

    return DataPart(part.source, AttackedReader(part.reader, attacked.attack, everyone=attacked.everyone))
