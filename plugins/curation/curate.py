"""From a task whose answers can be checked to a best-of-k set: sample, check, filter, draw (PPE, arXiv 2410.14872).

Everything is asked through the one door, and what is asked follows from the task, the settings and each prompt alone:
a run that was killed goes on where it was, and two runs with one seed give the same rows.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.ask import Door
from harness.build import build_task
from harness.capabilities import Completion, Failure, Generation
from harness.errors import CellError, DataError, UsageError
from harness.executors import LocalExecutor
from harness.progress import Progress
from harness.registry import Registry
from harness.resolve import ModelHandle
from harness.run import chunks, count_items
from harness.store import Store
from harness.task import Answers, BadItem, Item

from .checker import Checked, permit_code
from .rows import Sampled, make_row
from .settings import Wish
from .verifiable import Verifiable

CHUNK = 16
"""Prompts asked at a time: their k samples each are in memory at once."""

TOO_HARD, TOO_EASY, NOT_DRAWN = "too hard", "too easy", "not drawn"
FAILED, UNCHECKED, UNREADABLE = "failed generation", "checker failed", "unreadable row or reference"


@dataclass(slots=True)
class Account:
    """What became of one generator's prompts."""

    model: str
    fingerprint: str = ""
    prompts: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """Prompts by reason."""
    examples: dict[str, str] = field(default_factory=dict)
    """The first case of a reason that wants explaining."""
    asked: int = 0
    """Requests that the store did not hold yet."""
    problem: str = ""
    """Why nothing could be asked."""

    def drop(self, reason: str, example: str = "") -> None:
        """Count a prompt that is not kept."""
        self.dropped[reason] += 1
        if example:
            self.examples.setdefault(reason, example)

    def as_json(self) -> dict[str, Any]:
        """For the record."""
        return {
            "model": self.model,
            "fingerprint": self.fingerprint,
            "prompts": self.prompts,
            "kept": self.kept,
            "dropped": dict(sorted(self.dropped.items())),
            "examples": dict(sorted(self.examples.items())),
            "asked": self.asked,
            "problem": self.problem,
        }


def verifiable_task(registry: Registry, name: str, wish: Wish, *, allow_code: bool) -> Verifiable:
    """The task to curate, set to sample as wished.

    Raises:
        UsageError: it is of another kind, lacks the split, or needs leave to run code that was not given.
    """
    task = build_task(registry, name)
    if not isinstance(task, Verifiable):
        raise UsageError(
            f"{name} is of kind {registry.tasks()[name].kind!r}, which has no references that a checker could compare "
            "with; curate needs a task of kind 'verifiable'"
        )
    if wish.split not in task.splits:
        raise UsageError(f"{name} has no split {wish.split!r}; it has: {', '.join(task.splits)}")
    permit_code(task.settings["checker"], allowed=allow_code)
    task.allow_code = allow_code
    task.settings |= {
        "samples": wish.k,
        "temperature": list(wish.temperature),
        "max_tokens": wish.max_tokens,
        "seed": wish.seed,
    }
    return task


def curate(
    registry: Registry,
    store: Store,
    task: Verifiable,
    handles: Sequence[ModelHandle],
    wish: Wish,
    *,
    progress: Progress,
) -> tuple[list[dict[str, Any]], list[Account]]:
    """The rows of the set, and an account of every generator.

    Args:
        registry: Where the capabilities are looked up.
        store: Where completions are kept.
        task: As `verifiable_task` gives it.
        handles: Generators.
        wish: The settings.
        progress: Told how far the work is.

    Raises:
        DataError: no row of the data can be read.
        StoreError: completions cannot be filed.
    """
    capabilities = {entry.name: entry.load() for entry in registry.entries("capability")}
    rows: list[dict[str, Any]] = []
    accounts = []
    executor = LocalExecutor()
    try:
        for handle in handles:
            account = Account(handle.label, handle.fingerprint)
            accounts.append(account)
            door = Door(store, capabilities, executor)
            try:
                candidates = _sample_all(door, handle, task, wish, account, progress)
            except CellError as error:  # this generator cannot be loaded; the others go on
                account.problem = str(error)
                continue
            finally:
                account.asked = door.tally.computed
                executor.release(handle.ready)
            drawn = _draw(candidates, wish, account)
            rows += [make_row(sampled, wish, task.name) for sampled in drawn]
    finally:
        executor.close()
    return rows, accounts


def _sample_all(
    door: Door, handle: ModelHandle, task: Verifiable, wish: Wish, account: Account, progress: Progress
) -> list[Sampled]:
    """Every prompt that passes the filter, in data order."""
    kept: list[Sampled] = []
    seen: set[str] = set()
    with progress.cell(handle.label, task.name, count_items(task, wish.split, wish.limit)) as tick:
        for chunk in chunks(task.items(wish.split, limit=wish.limit), CHUNK):
            account.prompts += len(chunk)
            items = []
            for item in chunk:
                if isinstance(item, BadItem):
                    account.drop(UNREADABLE, f"{item.where}: {item.problem}")
                else:
                    items.append(item)
                    if item.id in seen:
                        raise DataError(
                            f"{task.name}: the id {item.id!r} occurs more than once; map 'id' to a unique column"
                        )
                    seen.add(item.id)
            for item, answers in zip(items, _ask(door, handle, task, items), strict=True):
                sampled = _check(task, item, answers, account)
                if sampled is not None and _passes(sampled, wish, account):
                    kept.append(sampled)
            tick(len(chunk))
    if not account.prompts or account.dropped[UNREADABLE] == account.prompts:
        reason = account.examples.get(UNREADABLE, "the data is empty")
        raise DataError(f"{task.name}: no row could be read: {reason}")
    return kept


def _ask(door: Door, handle: ModelHandle, task: Verifiable, items: Sequence[Item]) -> list[Answers]:
    groups = [task.requests(item, 0, "generate", ()) for item in items]
    responses = iter(door.ask(handle, "generate", [request for group in groups for request in group]))
    return [Answers("generate", group, [next(responses) for _ in group]) for group in groups]


def _check(task: Verifiable, item: Item, answers: Answers, account: Account) -> Sampled | None:
    """All samples, checked; None where one is missing, since a set needs all k of them."""
    completions = task.completions(answers)
    failures = [c for c in completions if isinstance(c, Failure)]
    if failures:
        account.drop(FAILED, f"{item.id}: {failures[0].reason}")
        return None
    whole = [c for c in completions if isinstance(c, Completion)]
    checked = [task.check(item, completion) for completion in whole]
    broken = [c for c in checked if isinstance(c, Failure)]
    if broken:
        account.drop(UNCHECKED, f"{item.id}: {broken[0].reason}")
        return None
    temperatures = [r.sampling.temperature for r in answers.requests if isinstance(r, Generation) for _ in range(r.n)]
    return Sampled(item, account.model, whole, [c for c in checked if isinstance(c, Checked)], temperatures)


def _passes(sampled: Sampled, wish: Wish, account: Account) -> bool:
    """Strictly inside the bounds, so that every kept prompt has a correct and a wrong sample."""
    low, high = wish.keep
    if low < sampled.mean_score < high:
        return True
    account.drop(TOO_HARD if sampled.mean_score <= low else TOO_EASY)
    return False


def _draw(candidates: Sequence[Sampled], wish: Wish, account: Account) -> list[Sampled]:
    """At most as many as wished of one generator, in data order."""
    if len(candidates) > wish.per_generator:
        draw = random.Random(f"{wish.seed}:{account.model}:prompts")
        chosen = sorted(draw.sample(range(len(candidates)), wish.per_generator))
        account.dropped[NOT_DRAWN] += len(candidates) - len(chosen)
        candidates = [candidates[i] for i in chosen]
    account.kept = len(candidates)
    return list(candidates)
