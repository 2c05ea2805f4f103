"""Asks for answers and verdicts on some prompts of a task of duels, through the one client."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import Answers, Failure, Item, UsageError
from harness.kinds.duel import JUDGE, Duel

if TYPE_CHECKING:
    from harness import Registry

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Prompts:
    """A task's prompts: items of one cluster make one observation."""

    task: Duel
    groups: Mapping[str, Sequence[Item]]
    bad: int
    """Rows that hold no prompt."""

    @property
    def keys(self) -> list[str]:
        """The names of the observations."""
        return list(self.groups)


@dataclass(slots=True)
class Party:
    """A model, and the way to ask it."""

    ready: Any
    route: Any

    def ask(self, client: Any, requests: Sequence[Any]) -> list[Any]:
        """Return the responses to requests."""
        return list(client.ask(self.ready, self.route.capability, requests, route=self.route)) if requests else []


def read_prompts(registry: Registry, name: str, split: str = "test", limit: int | None = None) -> Prompts:
    """Read the prompts of a task of duels.

    Raises:
        UsageError: it is no such task, or holds none.
    """
    task = registry.task(name)
    if not isinstance(task, Duel):
        raise UsageError(f"{name} is no task of duels: expected the kind 'duel' or one like it")
    if split not in task.splits:
        raise UsageError(f"{name} has no split {split!r}; it has {', '.join(task.splits)}")
    groups: dict[str, list[Item]] = {}
    bad = 0
    for row in task.items(split, limit=limit):
        if isinstance(row, Item):
            groups.setdefault(row.cluster if row.cluster is not None else f"id {row.id}", []).append(row)
        else:
            bad += 1
    if not groups:
        raise UsageError(f"{name} holds no prompts" + (f": {bad} rows are none" if bad else ""))
    return Prompts(task, groups, bad)


def party(
    registry: Registry, text: str, capabilities: Sequence[str], folder: Path, known: dict[str, Any]
) -> tuple[Any, Any]:
    """Resolve a model and the way to ask it for one of some capabilities, the preferred first.

    Raises:
        UsageError: it cannot be asked for any of them.
    """
    from harness.names import Adapters, resolve_model

    handle = resolve_model(registry, text, models_folder=folder, known=known)
    every = Adapters(registry)
    try:
        way = every.way(capabilities, handle.offers, wished=[every.named(name) for name in handle.adapters])
    except UsageError as error:
        raise UsageError(f"{handle.label}: {error}") from None
    return handle, way.route


@dataclass(slots=True)
class Asking:
    """Who answers and who judges; asks about some prompts at a time."""

    prompts: Prompts
    client: Any
    first: Party
    second: Party | None
    """None: the baseline's answers, which the task has."""
    verdicts: int = 0
    """Comparisons that judges were asked for."""
    reasons: dict[str, None] = dataclasses.field(default_factory=dict)

    def credits(self, keys: Sequence[str], judge: Party | None) -> list[float]:
        """Return the credit of the first by prompt, in [0, 1]; NaN where an answer or a verdict is missing.

        The mean over the orders that the task asks, all of which must be there, and over the items of a cluster.
        """
        items = [item for key in keys for item in self.prompts.groups[key]]
        rows = iter(self._rows(items, judge))
        found = []
        for key in keys:
            own = np.array([next(rows) for _ in self.prompts.groups[key]])
            read = own[~np.isnan(own)]
            found.append(float(read.mean()) if len(read) else NAN)
        return found

    def _answers(self, who: Party, items: Sequence[Item]) -> list[Answers]:
        task, capability = self.prompts.task, who.route.capability
        asked = [list(task.requests(item, 0, capability, ())) for item in items]
        given = iter(who.ask(self.client, [request for requests in asked for request in requests]))
        return [Answers(capability, requests, self._heard([next(given) for _ in requests])) for requests in asked]

    def _rows(self, items: Sequence[Item], judge: Party | None) -> list[float]:
        task = self.prompts.task
        firsts = self._answers(self.first, items)
        if self.second is not None:
            texts = [Duel.answer(answers) for answers in self._answers(self.second, items)]
            # Where the second failed, there is nothing to compare with.
            items = [
                dataclasses.replace(item, fields={**item.fields, "baseline": text}) if text is not None else item
                for item, text in zip(items, texts, strict=True)
            ]
            there = [text is not None for text in texts]
        else:
            there = [True] * len(items)
        asked = [
            list(task.requests(item, 1, "compare", (answers,))) if known else []
            for item, answers, known in zip(items, firsts, there, strict=True)
        ]
        given = iter(judge.ask(self.client, [r for requests in asked for r in requests]) if judge is not None else ())
        self.verdicts += sum(map(len, asked))
        rows = []
        for item, answers, requests, known in zip(items, firsts, asked, there, strict=True):
            said = Answers("compare", requests, self._heard([next(given) for _ in requests]))
            better = np.asarray(task.row(item, (answers, said))["candidate_better"]) if known else np.full(2, NAN)
            if answers.capability != task.stages[0].accepts[0]:
                self.verdicts += int(np.isfinite(better).sum())  # recorded with the answer, and read in its place
            games = better if task.settings["order"] == "both" else better[~np.isnan(better)]
            rows.append(float(games.mean()) if len(games) else NAN)
        return rows

    def _heard(self, responses: list[Any]) -> list[Any]:
        for response in responses:
            if isinstance(response, Failure):
                self.reasons[response.reason] = None
        return responses


def judge_of(task: Duel, judge: str | None) -> str | None:
    """Return who judges: who is named, else who the task says; None: nobody is."""
    return judge or task.definition.roles.get(JUDGE)


def require_judge(prompts: Prompts, judge: str | None, capability: str) -> None:
    """Refuse a duel without a judge, unless the first model's outcomes are recorded with their verdicts.

    Raises:
        UsageError: nobody would judge.
    """
    if judge is None and capability == prompts.task.stages[0].accepts[0]:
        raise UsageError(f"{prompts.task.name} names no judge: say --judge MODEL")


def with_opened(
    registry: Registry, store: Path, texts: Mapping[str, tuple[str, Sequence[str]]], work: Callable[..., Any]
) -> Any:
    """Open a store, get models ready, do some work with them, and let go of them.

    Args:
        registry: Where names are looked up.
        store: The SQLite file.
        texts: By what they do: a specification, and the capabilities to ask it for.
        work: Called with the client and the parties by what they do; its result is returned, with the models' remarks.
    """
    from harness import TerminalProgress
    from harness.results import models_folder
    from harness.running import Runner
    from harness.store import Store
    from harness.training import train_missing

    known: dict[str, Any] = {}
    progress = TerminalProgress()
    folder = models_folder(store)
    found = {name: party(registry, text, wanted, folder, known) for name, (text, wanted) in texts.items()}
    with Store(store) as opened:
        runner = Runner(registry, opened, progress=progress)
        parties = {
            name: Party(train_missing(registry, opened, runner.client(), handle, progress=progress), route)
            for name, (handle, route) in found.items()
        }
        client = runner.client()
        try:
            made = work(client, parties, progress)
            remarks = [f"{label}: {text}" if label else text for label, text in client.take_remarks()]
        finally:
            for one in parties.values():
                client.release(one.ready)
    return made, remarks
