"""The library of attacked tasks: ``attack:NAME:TASK``, for every task of attempts and of detection."""

from __future__ import annotations

import dataclasses
import fnmatch
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from harness import HarnessError, SourcedTask, TaskSource, UsageError, say

from .library import ADAPTIVE, NONE, VERSION, Library
from .plans import PAIR
from .wishes import Wish, parse_wish

if TYPE_CHECKING:
    from harness import DataPart, Registry, Task
    from harness.tasks import AggregateFile, BenchmarkFile

    from .attacks import Attack
    from .library import Declared

GROUP = "group"
DETECTION, ATTEMPTS = "detection", "attempts"
TWIN_METRICS = {
    "attempts": ("over_refusal_rate", "benign_failure_rate"),
    "detection": ("false_positive_rate", "auroc", "true_positive_rate", "detection_lift"),
}
"""What a benign twin tells: whether harmless goals are refused, or harmless texts flagged, for being written so."""
PAIR_COLUMNS = ("outcome", "harmful", "characters")
"""What a kind of task has to tell of attacks that stand beside their twins."""
PAIR_METRICS = ("attack_success_rate", "over_refusal_rate")
LIFT = "lift over shortcuts"
CONTROLS = {
    "attempts": ["complying-target", "refusing-target"],
    "detection": ["always-flag=constant:value=5", "never-flag=constant:value=-5", "prompt-length", "random"],
}
"""Models that stand on boards of attacks where no other is named."""


class Member(NamedTuple):
    """A task of a board of attacks."""

    name: str
    lift: str = ""
    """The metric by which it counts towards what ranks; empty: by none."""
    is_control: bool = False
    """Whether it is no attack, but what attacks are held against."""
    is_pair: bool = False


class AttackTasks(TaskSource):
    """Provides every task of attempts, and every detection task, under attack.

    Args:
        files: Paths of attack files of your own, each of which gets the name of its file.
    """

    places: ClassVar[frozenset[str]] = frozenset({"files"})

    def __init__(self, files: Sequence[str] = ()) -> None:
        self.library = Library(files)
        self._said: set[str] = set()

    def summary(self) -> str:
        """Describe the library in one line."""
        return (
            f"any task of attempts or detection under one of {len(self.library.names) - 1} attacks, or one that adapts"
        )

    def names(self) -> Mapping[str, SourcedTask]:
        """List all attacks on all tasks that can be attacked."""
        plain = {name: entry for name, entry in self.registry.tasks().files().items() if self._target(entry.kind)}
        made = {}
        for attack, declared in self.library.declared().items():
            for name, entry in plain.items():
                made[f"{attack}:{name}"] = SourcedTask(f"{entry.description} {_described(declared)}", entry.kind)
        return made

    def find(self, name: str) -> SourcedTask | None:
        """Find a task under one attack; of a group of attacks or tasks, the group.

        Raises:
            UsageError: an option is wrong, there is no such attack, or the task cannot be attacked.
        """
        wish = parse_wish(name, self.library)
        entry = self.registry.tasks().find(wish.task)
        if entry is None:
            several = self.registry.benchmarks().exists(wish.task) or "*" in wish.task
            return SourcedTask(f"the tasks of {wish.task} under attack", GROUP) if several else None
        self._check(name, wish.task, entry.kind)
        if self._is_group(wish):
            return SourcedTask(f"{entry.description} Under attack: {wish.attack}, with controls.", GROUP, entry.path)
        if wish.attack == ADAPTIVE:
            description = f"{entry.description} Attacked by a search of {wish.plan.queries} queries."
            return SourcedTask(description, "adaptive-attack", entry.path)
        return SourcedTask(f"{entry.description} {_described(self.library.find(wish.attack))}", entry.kind, entry.path)

    def task(self, name: str) -> Task:
        """Build the plain task again, of its own kind, with a reader that attacks its rows; or the task of a search.

        Raises:
            UsageError: an option is wrong, or the name is that of a group.
        """
        from harness.tasks import build_task

        wish = parse_wish(name, self.library)
        if self._is_group(wish):
            raise UsageError(f"attack:{name}: {wish.attack} is several attacks, and one is needed here")
        plain = build_task(self.registry, wish.task)
        if wish.attack == ADAPTIVE:
            return self._adaptive(name, wish, plain)
        declared = self.library.find(wish.attack)
        attack = declared.made(wish.settings)
        target = self._target(self._kind_of(wish.task))
        d = plain.definition
        parts = {
            split: [self._attacked(part, attack, wish, target) for part in several]
            for split, several in d.parts.items()
        }
        what = "The benign twin of an attack" if wish.twin else "Attacked"
        if wish.pairs:
            self._check_pairs(name, plain, attack)
            what = "Each attacked, beside its benign twin"
        definition = dataclasses.replace(
            d,
            name=f"attack:{name}",
            version=f"{d.version}+{VERSION}",
            description=f"{d.description} {what}: {declared.file.description}",
            parts=parts,
            digest=self.digest(name),
            brief={**d.brief, "attack": declared.name, **declared.file.facts},
            metrics=self._metrics(plain, attack, wish, target),
        )
        if declared.file.kind in ("cache", "function"):
            from .unsubmitted import counting

            twin = bool((wish.twin or wish.pairs) and attack.about_goal)
            return counting(type(plain), twin=twin and target == ATTEMPTS)(definition)
        if target == DETECTION and wish.twin:
            from .unsubmitted import measuring

            return measuring(type(plain))(definition)
        return type(plain)(definition)

    def _check_pairs(self, name: str, plain: Task, attack: Attack) -> None:
        """Refuse pairs of what has none.

        Raises:
            UsageError: the kind does not say what is harmful, or the attack holds certain goals only.
        """
        if not set(PAIR_COLUMNS) <= set(plain.columns) or "harmful" not in plain.fields:
            raise UsageError(
                f"attack:{name}: pairs=true needs a kind with the field harmful and the columns "
                f"{', '.join(PAIR_COLUMNS)}, such as attempts; of detection twin=true holds both"
            )
        if attack.file.kind == "cache":
            raise UsageError(f"attack:{name}: pairs=true: not every attack of a cache has a twin; use twin=true")

    def digest(self, name: str) -> str:
        """Hash the plain task's definition, the attack's file and its user's texts, and the options."""
        from harness.tasks import task_digest

        wish = parse_wish(name, self.library)
        parts: list[Any] = [task_digest(self.registry, wish.task), wish.settings, wish.twin, wish.pairs, VERSION]
        if wish.attack == ADAPTIVE:
            parts += [wish.plan]
        else:
            declared = self.library.find(wish.attack)
            parts += [declared.digest, declared.data_digest]
        return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]

    def benchmark(self, name: str) -> BenchmarkFile:
        """Return a task under several attacks with the controls; or the tasks of a benchmark, so.

        Raises:
            UsageError: an option is wrong, or none of the tasks can be attacked.
        """
        from harness.tasks import BenchmarkFile

        wish = parse_wish(name, self.library)
        tasks = list(self._tasks(wish))
        members = [member for task in tasks for member in self._members(wish, task)]
        kinds = {self._target(self._kind_of(task)) for task in tasks}
        alone = len(tasks) == 1 and self._is_group(wish)
        made = BenchmarkFile(
            description=f"{wish.task} under attack",
            tasks=[member.name for member in members],
            aggregates=self._aggregates(tasks[0], members) if alone else [],
            metrics={member.name: ["over_refusal_rate"] for member in members if member.is_pair},
            default_models=CONTROLS[kinds.pop()] if len(kinds) == 1 else [],
        )
        made._name = f"attack:{name}"
        return made

    def _is_group(self, wish: Wish) -> bool:
        return wish.attack in self.library.groups or wish.controls

    def _tasks(self, wish: Wish) -> Iterator[str]:
        """Yield the tasks that a name stands for, and that can be attacked.

        Raises:
            UsageError: there is none.
        """
        tasks = self.registry.tasks()
        if tasks.exists(wish.task):
            yield wish.task
            return
        if "*" in wish.task:
            named: Sequence[str] = fnmatch.filter(tasks.files(), wish.task)
        else:
            group = self.registry.benchmarks().find(wish.task)
            named = () if group is None else group.tasks
        found = [name for name in named if (entry := tasks.find(name)) is not None and self._target(entry.kind)]
        if not found:
            raise UsageError(f"attack:{wish.attack}:{wish.task}: none of its tasks is of attempts or detection")
        yield from found

    def _members(self, wish: Wish, task: str) -> Iterator[Member]:
        """Yield one task under one or several attacks, with the controls first."""
        from .attacks import CLASSES

        kind = self._kind_of(task)
        detection, pairs = self._target(kind) == DETECTION, self._has_pairs(kind)
        task = f"[{task}]" if ":" in task else task
        if not self._is_group(wish):
            yield Member(f"attack:{wish.attack}:{task}{_listed(wish.given)}")
            return
        given = {key: value for key, value in wish.given.items() if key not in ("twin", "controls", "since")}
        yield Member(f"attack:{NONE}:{task}", is_control=True)
        attacks = [] if wish.attack == ADAPTIVE else self._attacks(wish)
        if pairs and wish.twin is not False and all(declared.file.kind == "cache" for declared in attacks):
            # A search has no twin, nor has every attack of a cache: what is refused that nobody
            # attacked with has to do, or whoever refuses everything would be first.
            yield Member(f"attack:{NONE}:{task}:pairs=true", lift="defence_lift", is_pair=True)
        if wish.attack == ADAPTIVE:
            yield Member(f"attack:{ADAPTIVE}:{task}{_listed(given)}")
            return
        only_indirect = all(declared.file.kind == "indirect" for declared in attacks)
        for declared in attacks:
            about_goal = CLASSES[declared.file.kind].about_goal
            own = {key: value for key, value in given.items() if key in ("seed", *CLASSES[declared.file.kind].options)}
            yield Member(f"attack:{declared.name}:{task}{_listed(own)}")
            if wish.twin is False or declared.name == NONE:
                continue
            paired = pairs and declared.file.kind != "cache"
            if not (paired and about_goal):
                lift = "detection_lift" if detection else ""
                yield Member(
                    f"attack:{declared.name}:{task}{_listed({**own, 'twin': True})}", is_control=True, lift=lift
                )
            if paired and (about_goal or only_indirect):
                lift = "defence_lift" if about_goal else "indirect_defence_lift"
                yield Member(f"attack:{declared.name}:{task}{_listed({**own, 'pairs': True})}", lift=lift, is_pair=True)

    def _attacks(self, wish: Wish) -> Sequence[Declared]:
        if wish.attack not in self.library.groups:
            return [self.library.find(wish.attack)]
        here, absent = self.library.group(wish.attack, wish.since)
        if not here:
            raise UsageError(
                f"attack:{wish.attack}: there is no such attack here" + f": {', '.join(absent)}" * bool(absent)
            )
        if absent and wish.attack not in self._said:
            self._said.add(wish.attack)
            say(
                f"attack:{wish.attack}: left out, for their texts are not below $HARNESS_DATA: {', '.join(absent)}",
                err=True,
            )
        return here

    def _aggregates(self, task: str, members: Sequence[Member]) -> list[AggregateFile]:
        """Return what ranks, the lift over shortcuts; and the headline metric under the worst attack, twins aside."""
        from harness.tasks import AggregateFile, build_task, metric_of

        lifts = [f"{member.name}:{member.lift}" for member in members if member.lift]
        made = [AggregateFile(name=LIFT, of=lifts)] if lifts else []
        attacked = [member.name for member in members if not (member.is_control or member.is_pair)]
        if len(attacked) < 2:
            return made
        plain = build_task(self.registry, task)
        headline = metric_of(self.registry, plain, plain.metrics[0])
        if self._target(self._kind_of(task)) == DETECTION and not headline.higher_is_better:
            return made  # nothing is hidden in a set of harmless texts
        how = "minimum" if headline.higher_is_better else "maximum"
        worst = AggregateFile(name="worst attack", how=how, of=[f"{name}:{headline.name}" for name in attacked])
        return [*made, worst]

    def _has_pairs(self, kind: str) -> bool:
        """Tell whether tasks of a kind say what is harmful and how long it is."""
        found: type[Task] = self.registry.find("task kind", kind).load()
        return set(PAIR_COLUMNS) <= set(found.columns) and "harmful" in found.fields

    def _adaptive(self, name: str, wish: Wish, plain: Task) -> Task:
        """Build the task of a search against whoever is asked by the plain task."""
        from .adaptive import AdaptiveAttack
        from .pair import ModelAttack

        by_model = wish.plan.search == PAIR
        who = ", whose texts another model proposes" if by_model else ""
        options = {**wish.plan._asdict(), "moves": list(wish.plan.moves)}
        if not by_model:
            del options["streams"]
        d = plain.definition
        definition = dataclasses.replace(
            d,
            name=f"attack:{name}",
            version=f"{d.version}+{VERSION}",
            description=f"{d.description} Attacked by a search of {wish.plan.queries} queries{who}.",
            digest=self.digest(name),
            brief={**d.brief, "attack": ADAPTIVE, "attack_kind": ADAPTIVE, "attack_queries": str(wish.plan.queries)},
            options=options,
            metrics=(),
        )
        return (ModelAttack if by_model else AdaptiveAttack)(definition, plain)

    def _metrics(self, plain: Task, attack: Attack, wish: Wish, target: str) -> tuple[str, ...]:
        """Return the metrics: the plain task's, or those of harmless prompts where goals are replaced by such."""
        if wish.pairs:
            return ("defence_lift" if attack.about_goal else "indirect_defence_lift", *PAIR_METRICS)
        if wish.twin and (target == DETECTION or (attack.about_goal and "outcome" in plain.columns)):
            return TWIN_METRICS[target]
        return plain.definition.metrics

    def _attacked(self, part: DataPart, attack: Attack, wish: Wish, target: str) -> DataPart:
        from harness import DataPart

        from .reading import AttackedReader, AttackedRows

        field, detection = ("text", True) if target == DETECTION else ("prompt", False)
        twin = bool(wish.twin)
        reader = AttackedReader(part.reader, attack, field, twin=twin, detection=detection, pairs=wish.pairs)
        return DataPart(AttackedRows(part.source, attack, reader), reader)

    def _kind_of(self, task: str) -> str:
        entry = self.registry.tasks().find(task)
        assert entry is not None
        return entry.kind

    def _check(self, name: str, task: str, kind: str) -> None:
        if not self._target(kind):
            raise UsageError(f"attack:{name}: {task} is of kind {kind!r}; only attempts and detection can be attacked")

    def _target(self, kind: str) -> str:
        """Return what tasks of a kind ask: ``attempts``, ``detection``, or nothing that can be attacked."""
        if kind not in self._kinds:
            self._kinds[kind] = _target_of(self.registry, kind)
        return self._kinds[kind]

    @cached_property
    def _kinds(self) -> dict[str, str]:
        return {}


def _target_of(registry: Registry, kind: str) -> str:
    try:
        found: type[Task] = registry.find("task kind", kind).load()
    except HarnessError:  # unknown, or of a plugin that fails: whoever asks for the task itself is told
        return ""
    fields, accepts = found.fields, found.stages[0].accepts
    if "goal" in fields and "prompt" in fields and "generate" in accepts:
        return ATTEMPTS
    labelled = "label" in fields and fields["label"].type == "flag" and "text" in fields
    return DETECTION if labelled and "detect" in accepts and "log_odds" in found.columns else ""


def _described(declared: Declared) -> str:
    file = declared.file
    facts = [f"licence {file.licence}" if file.licence else "", f"of {file.date}" if file.date else ""]
    facts += ["needs gradients" if file.needs_gradient else "needs a model" if file.needs_model else ""]
    said = ", ".join(filter(None, facts))
    return f"Attacked: {file.description}" + (f" ({said})" if said else "")


def _listed(given: Mapping[str, Any]) -> str:
    """Write options as users do."""
    words = [f"{key}={str(value).lower() if isinstance(value, bool) else value}" for key, value in given.items()]
    return f":{','.join(words)}" if words else ""
