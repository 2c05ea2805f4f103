"""The library of disguised tasks: ``evasion:TASK:how=homoglyph``, for every task that asks for `detect`."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from harness import HarnessError, SourcedTask, TaskSource, UsageError

from .disguises import HOW, VERSION, Disguise

if TYPE_CHECKING:
    from harness import DataPart, Registry, Task
    from harness.tasks import AggregateFile, BenchmarkFile

GROUP = "group"


class DisguiseRequest(NamedTuple):
    """A task's name after ``evasion:``, taken apart."""

    name: str
    """The task or benchmark to disguise."""
    listed: str
    """The options as written."""
    how: str
    """Empty: in every way."""
    everyone: bool
    disguise: Disguise


def parse_disguise_request(text: str) -> DisguiseRequest:
    """Parse ``TASK:how=...,of=...,strength=...,words=...,seed=...``.

    Raises:
        UsageError: an option is unknown or not of its type.
    """
    from harness.names import parse_checked

    name, _, listed = text.partition(":")
    given = parse_checked(listed, f"evasion:{text}", _CHECKS)
    settings = {key: value for key, value in given.items() if key in ("strength", "words", "seed")}
    how = str(given.get("how", ""))
    return DisguiseRequest(name, listed, how, given.get("of") == "all", Disguise(how, **settings))


def _whole(value: Any) -> bool:
    return type(value) is int and value >= 0


_CHECKS: Mapping[str, tuple[Any, str]] = {
    "how": (lambda value: value in HOW, f"one of {', '.join(HOW)}"),
    "of": (lambda value: value in ("positives", "all"), "'positives' or 'all'"),
    "strength": (
        lambda value: type(value) in (int, float) and 0 < value <= 1,
        "a share above 0 and up to 1",
    ),
    "words": (lambda value: _whole(value) and value > 0, "a whole number from 1"),
    "seed": (_whole, "a whole number from 0"),
}


class EvasionTasks(TaskSource):
    """Provides every detection task with its positive texts disguised, as by somebody who wants to get past a detector.

    A benchmark's name stands for those of its tasks that ask for `detect`; without ``how``, a name stands for the task
    as it is and in every disguise.
    """

    def summary(self) -> str:
        """Describe the library in one line."""
        return f"any detection task, disguised in one of {len(HOW)} ways"

    def names(self) -> Mapping[str, SourcedTask]:
        """List all tasks that can be disguised."""
        return {
            name: SourcedTask(f"{entry.description} Disguised (give how=...).", entry.kind)
            for name, entry in self.registry.tasks().files().items()
            if self._detects(entry.kind)
        }

    def find(self, name: str) -> SourcedTask | None:
        """Find a task in one disguise; without ``how``, the group of tasks that the name stands for.

        Raises:
            UsageError: an option is wrong, or the task asks for no detection.
        """
        disguised = parse_disguise_request(name)
        entry = self.registry.tasks().find(disguised.name)
        if entry is None:
            exists = self.registry.benchmarks().exists(disguised.name)
            return SourcedTask(f"the detection tasks of {disguised.name}, disguised", GROUP) if exists else None
        if not self._detects(entry.kind):
            raise UsageError(
                f"evasion:{name}: {disguised.name} is of kind {entry.kind!r}; only detection can be evaded"
            )
        description = f"{entry.description} Disguised: {disguised.how or 'in every way'}."
        return SourcedTask(description, entry.kind if disguised.how else GROUP, entry.path)

    def task(self, name: str) -> Task:
        """Build the undisguised task again, of its own kind, with a reader that disguises the texts.

        Raises:
            UsageError: an option is wrong, or ``how`` is missing.
        """
        from harness.tasks import build_task

        disguised = parse_disguise_request(name)
        if not disguised.how:
            raise UsageError(f"evasion:{name}: give how=..., one of {', '.join(HOW)}")
        plain = build_task(self.registry, disguised.name)
        d = plain.definition
        parts = {
            split: [self._disguised(part, plain, disguised) for part in several] for split, several in d.parts.items()
        }
        whose = "all texts" if disguised.everyone else "the positive texts"
        definition = dataclasses.replace(
            d,
            name=f"evasion:{name}",
            version=f"{d.version}+{VERSION}",
            description=f"{d.description} Disguised by {disguised.how}: {whose}.",
            parts=parts,
            digest=self.digest(name),
        )
        return type(plain)(definition)

    def digest(self, name: str) -> str:
        """Hash the undisguised task's definition, the options and the version of the disguises."""
        from harness.tasks import task_digest

        disguised = parse_disguise_request(name)
        content = f"{task_digest(self.registry, disguised.name)}\n{disguised.disguise}\n{disguised.everyone}\n{VERSION}"
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def benchmark(self, name: str) -> BenchmarkFile:
        """Return a task plain and in every disguise; or the detection tasks of a benchmark.

        Raises:
            UsageError: an option is wrong, or none of the tasks asks for detection.
        """
        from harness.tasks import BenchmarkFile

        disguised = parse_disguise_request(name)
        members = list(self._members(disguised))
        made = BenchmarkFile(
            description=f"{disguised.name}, disguised", tasks=members, aggregates=self._aggregates(disguised, members)
        )
        made._name = f"evasion:{name}"
        return made

    def _members(self, disguised: DisguiseRequest) -> Iterator[str]:
        tasks = self.registry.tasks()
        group = None if tasks.exists(disguised.name) else self.registry.benchmarks().find(disguised.name)
        named = [disguised.name] if group is None else group.tasks
        entries = {name: tasks.find(name) for name in named if ":" not in name}
        names = [name for name, entry in entries.items() if entry is not None and self._detects(entry.kind)]
        if not names:
            raise UsageError(
                f"evasion:{disguised.name}: none of its tasks asks for detect, so there is nothing to evade"
            )
        for name in names:
            if disguised.how:
                yield f"evasion:{name}:{disguised.listed}"
                continue
            yield name
            more = f",{disguised.listed}" if disguised.listed else ""
            yield from (f"evasion:{name}:how={how}{more}" for how in HOW)

    def _aggregates(self, disguised: DisguiseRequest, members: Sequence[str]) -> list[AggregateFile]:
        """Return, for one task in every disguise, the headline metric under the worst disguise."""
        from harness.tasks import AggregateFile, build_task, metric_of

        if disguised.how or not self.registry.tasks().exists(disguised.name):
            return []
        task = build_task(self.registry, disguised.name)
        headline = metric_of(self.registry, task, task.metrics[0])
        if not headline.higher_is_better:  # nothing is hidden in a set of harmless texts
            return []
        selectors = [f"{member}:{headline.name}" for member in members[1:]]
        return [AggregateFile(name="worst disguise", how="minimum", of=selectors)]

    def _disguised(self, part: DataPart, task: Task, disguised: DisguiseRequest) -> DataPart:
        from harness import DataPart

        from .reading import DisguisedReader

        reader = DisguisedReader(part.reader, type(task).fields, disguised.disguise, everyone=disguised.everyone)
        return DataPart(part.source, reader)

    def _detects(self, kind: str) -> bool:
        if kind not in self._kinds:
            self._kinds[kind] = _asks_to_detect(self.registry, kind)
        return self._kinds[kind]

    @cached_property
    def _kinds(self) -> dict[str, bool]:
        return {}


def _asks_to_detect(registry: Registry, kind: str) -> bool:
    """Tell whether a kind of task asks detectors about rows that have a label."""
    try:
        kind_class: type[Task] = registry.find("task kind", kind).load()
    except HarnessError:  # unknown, or of a plugin that fails: whoever asks for the task itself is told
        return False
    labelled = "label" in kind_class.fields and kind_class.fields["label"].type == "flag"
    return labelled and "detect" in kind_class.stages[0].accepts
