"""Asks a judge, through the one client: what is on file is not asked again, and a killed audit goes on."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import Adapter, BadItem, Item, Request, Sampling, UsageError
from harness.kinds.preference import Preference

from .judged import AuditPair, Judged, judged, pairs_of

if TYPE_CHECKING:
    from harness import Registry, Task
    from harness.names import ReadyModel

REPEATS = 3
"""How often a question is asked that a judge may answer otherwise each time."""
PORTION = 128
"""Pairs that are asked about together."""


@dataclass(frozen=True, slots=True)
class AuditSet:
    """A task's pairs, ready to be asked."""

    task: Task
    pairs: Sequence[AuditPair]
    bad: Sequence[BadItem]

    @property
    def requests(self) -> int:
        """The number of comparisons, without those that are asked again."""
        return sum(len(pair.requests) for pair in self.pairs)


@dataclass(frozen=True, slots=True)
class Hearing:
    """A judge, and how it is asked."""

    text: str
    """Its specification, as the user gave it."""
    ready: ReadyModel
    route: Any
    repeats: int
    """How often the order of the data is asked in all; 1: once."""


def read_set(registry: Registry, name: str, split: str = "test", limit: int | None = None) -> AuditSet:
    """Read the pairs of a task.

    Raises:
        UsageError: it is no task of preference pairs, or holds none.
    """
    task = registry.task(name)
    if not isinstance(task, Preference):
        raise UsageError(
            f"{name} holds no pairs of responses: an audit needs tasks of the kind 'preference' or one like it"
        )
    if split not in task.splits:
        raise UsageError(f"{name} has no split {split!r}; it has {', '.join(task.splits)}")
    rows = list(task.items(split, limit=limit))
    items = [row for row in rows if isinstance(row, Item)]
    bad = [row for row in rows if isinstance(row, BadItem)]
    if not items:
        why = f"; the first row: {bad[0].where}: {bad[0].problem}" if bad else ""
        raise UsageError(f"{name} holds no pairs{why}")
    return AuditSet(task, pairs_of(items, lambda item: task.requests(item, 0, "compare", ())), bad)


def hear(
    registry: Registry,
    text: str,
    folder: Path,
    adapters: Sequence[str] = (),
    repeats: int | None = None,
    *,
    known: dict[str, Any] | None = None,
) -> tuple[Any, Any, int]:
    """Resolve a judge, and the way to ask it to compare; it need not be trained yet.

    Args:
        registry: Where names are looked up.
        text: The judge's specification.
        folder: Where trained models lie.
        adapters: Adapters to ask through, the one nearest to the judge first.
        repeats: How often a question is asked in all; None: `REPEATS` times if the judge samples and takes a seed.
        known: Models that were resolved before, as `harness.names.resolve_model` takes them.

    Returns:
        (handle, route, repeats).

    Raises:
        UsageError: the judge cannot compare, or takes no seed and is to be asked again.
    """
    from harness.names import Adapters, resolve_model

    handle = resolve_model(registry, text, models_folder=folder, known=known)
    every = Adapters(registry)
    wished = [every.named(name) for name in (*handle.adapters, *adapters)]
    way = every.way(("compare",), handle.offers, wished=wished)
    unused = [named.name for named in wished if named not in way.used]
    if unused:
        raise UsageError(f"{handle.label}: the adapter {unused[0]!r} can serve nothing: the judge is asked to compare")
    seeded = "seed" in inspect.signature(handle.registration.load()).parameters
    if repeats is None:
        repeats = REPEATS if seeded and _samples(handle.model) else 1
    if repeats > 1 and not seeded:
        raise UsageError(
            f"--repeats {repeats}: {handle.label} takes no seed, so its answers on file would be read again"
        )
    return handle, way.route, repeats


def asked_parts(adapters: Sequence[Adapter], requests: Iterable[Request]) -> set[bytes]:
    """Return the keys of all that a model is asked for some comparisons, through adapters, the outermost first."""
    made = list(requests)
    for adapter in adapters:
        made = [inner for request in made for inner in adapter.expand(request)]
    return {key for request in made for key in request.part_keys()}


def has_independent_orders(adapters: Sequence[Adapter], pairs: Sequence[AuditPair]) -> bool:
    """Whether the two orders of a pair are asked for by different requests to the model itself."""
    different = (pair for pair in pairs if pair.first != pair.second and len(pair.requests) > 1)
    pair = next(different, None)
    if pair is None:
        return True
    one, other = (asked_parts(adapters, [request]) for request in pair.requests)
    return one != other


def _samples(model: Any) -> bool:
    """Whether a model may answer otherwise with another seed: a judge at temperature 0 says that it does not."""
    sampling = getattr(model, "sampling", None)
    return not isinstance(sampling, Sampling) or sampling.temperature > 0


def with_seed(specification: str, seed: int) -> str:
    """Return a specification with another seed.

    >>> with_seed("judge:base=[hf:path=m,seed=1],seed=3,prompt=pandalm", 7)
    'judge:base=[hf:path=m,seed=1],prompt=pandalm,seed=7'
    """
    name, _, listed = specification.partition(":")
    parts, depth, start = [], 0, 0
    for at, character in enumerate(listed):
        depth += (character == "[") - (character == "]")
        if character == "," and depth == 0:
            parts.append(listed[start:at])
            start = at + 1
    parts.append(listed[start:])
    kept = [part for part in parts if part and not part.startswith("seed=")]
    return f"{name}:{','.join([*kept, f'seed={seed}'])}"


def ask_sets(
    registry: Registry,
    text: str,
    sets: Sequence[AuditSet],
    *,
    store: Path,
    adapters: Sequence[str] = (),
    repeats: int | None = None,
    own: Sequence[str] = (),
    progress: Any = None,
) -> tuple[Hearing, list[Judged], list[str]]:
    """Ask a judge about every pair of some sets.

    Args:
        registry: Where names are looked up.
        text: The judge's specification.
        sets: What it is asked.
        store: The SQLite file.
        adapters: As of `hear`.
        repeats: As of `hear`.
        own: Globs of the writers whose responses are the judge's own.
        progress: Shows how far the work is.

    Returns:
        How it was asked, the verdicts of each set, and remarks of the models.

    Raises:
        UsageError: as of `hear`.
        CellError: the judge cannot be loaded, or says that there is no use in going on.
    """
    from harness import TerminalProgress
    from harness.names import resolve_model
    from harness.results import models_folder
    from harness.running import Runner
    from harness.store import Store
    from harness.training import train_missing

    progress = progress or TerminalProgress()
    folder, known = models_folder(store), {}  # type: Path, dict[str, Any]
    handle, route, repeats = hear(registry, text, folder, adapters, repeats, known=known)
    heard: list[Judged] = []
    with Store(store) as opened:
        runner = Runner(registry, opened, progress=progress)
        ready = train_missing(registry, opened, runner.client(), handle, progress=progress)
        first = int(ready.arguments.get("seed", 0) or 0)
        others = [
            # One language model under all of them, loaded once.
            resolve_model(registry, with_seed(ready.specification, first + k), models_folder=folder, known=known)
            for k in range(1, repeats)
        ]
        client = runner.client()
        try:
            for one in sets:
                heard.append(_ask_set(client, progress, ready, others, route, one, own))
            remarks = [remark for _, remark in client.take_remarks()]
        finally:
            for model in (ready, *others):
                client.release(model)
    return Hearing(text, ready, route, repeats), heard, remarks


def _ask_set(
    client: Any, progress: Any, ready: Any, others: Sequence[Any], route: Any, one: AuditSet, own: Sequence[str]
) -> Judged:
    """Ask about the pairs of a set, in portions, so that a bar moves and a kill loses little."""
    answers: list[list[Any]] = []
    again: list[list[Any]] = [[] for _ in others]
    with progress.cell(ready.label, one.task.name, len(one.pairs)) as tick:
        for start in range(0, len(one.pairs), PORTION):
            portion = one.pairs[start : start + PORTION]
            given = iter(client.ask(ready, "compare", [r for pair in portion for r in pair.requests], route=route))
            answers += [[next(given) for _ in pair.requests] for pair in portion]
            for said, other in zip(again, others, strict=True):
                said += client.ask(other, "compare", [pair.requests[0] for pair in portion], route=route)
            tick(len(portion))
    return judged(one.pairs, answers, again, own)
