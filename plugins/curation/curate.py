"""From a task whose answers can be checked to a best-of-k set: sample, check, filter, draw (PPE, arXiv 2410.14872).

Everything is asked through the one client, and every request follows from the task, the settings and its prompt alone:
a run that was killed goes on from its last answer, and two runs with one seed give the same rows.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness import (
    Answers,
    BadItem,
    CellError,
    Completion,
    DataError,
    Failure,
    Generation,
    Item,
    ProgressReporter,
    Registry,
    UsageError,
)
from harness.names import Capabilities, ReadyModel
from harness.running import LocalExecutor, ModelClient, chunks, count_items
from harness.store import Store
from harness.tasks import build_task

from .checker import CheckResult, permit_code
from .rows import SampledPrompt, make_row
from .settings import PAPER_MAX_TOKENS, CurationSettings
from .verifiable import Verifiable

AT_ONCE = 256
"""Samples asked at a time, unless the model takes larger batches; that many texts are in memory at once."""

TOO_HARD, TOO_EASY, NOT_DRAWN = "too hard", "too easy", "not drawn"
FAILED, UNCHECKED, UNREADABLE = "failed generation", "checker failed", "unreadable row or reference"


@dataclass(slots=True)
class GeneratorAccount:
    """Counts the prompts of one generator by their fate."""

    model: str
    fingerprint: str = ""
    prompts: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """Prompts by reason."""
    examples: dict[str, str] = field(default_factory=dict)
    """The first case of each reason that needs an explanation."""
    asked: int = 0
    """Requests that the store did not hold yet."""
    problem: str = ""
    """The reason why nothing could be asked; empty if all went well."""

    def drop(self, reason: str, example: str = "") -> None:
        """Count a prompt that is not kept."""
        self.dropped[reason] += 1
        if example:
            self.examples.setdefault(reason, example)

    def as_json(self) -> dict[str, Any]:
        """Return the account as it stands in the provenance file."""
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


def verifiable_task(registry: Registry, name: str, settings: CurationSettings, *, allow_code: bool) -> Verifiable:
    """Build the task to curate, with the sampling of the settings.

    Args:
        registry: The registry that knows the task.
        name: The name of the task.
        settings: The settings of the curation.
        allow_code: Whether the user permits running programs that models wrote.

    Raises:
        UsageError: the task is of another kind, lacks the split, or needs leave to run code that was not given.
    """
    task = build_task(registry, name)
    if not isinstance(task, Verifiable):
        entry = registry.tasks().find(name)
        raise UsageError(
            f"{name} is of kind {entry.kind if entry else ''!r}, which has no references that a checker could compare "
            "with; curate needs a task of kind 'verifiable'"
        )
    if settings.split not in task.splits:
        raise UsageError(f"{name} has no split {settings.split!r}; it has: {', '.join(task.splits)}")
    permit_code(task.settings["checker"], allowed=allow_code)
    task.allow_code = allow_code
    # The kind's own default is for evaluations; what the file of this task says is of its answers.
    tokens = settings.max_tokens or task.definition.options.get("max_tokens", PAPER_MAX_TOKENS)
    task.settings |= {
        "samples": settings.k,
        "temperature": list(settings.temperature),
        "max_tokens": tokens,
        "seed": settings.seed,
    }
    return task


def curate(
    registry: Registry,
    store: Store,
    task: Verifiable,
    handles: Sequence[ReadyModel],
    settings: CurationSettings,
    *,
    progress: ProgressReporter,
) -> tuple[list[dict[str, Any]], list[GeneratorAccount]]:
    """Make the rows of the set, and an account of every generator.

    Args:
        registry: The registry that knows the capabilities.
        store: The store that keeps the completions.
        task: The task that `verifiable_task` built.
        handles: The generators.
        settings: The settings of the curation.
        progress: The reporter of progress.

    Raises:
        DataError: no row of the data can be read.
        StoreError: completions cannot be filed.
    """
    capabilities = Capabilities(registry)
    rows: list[dict[str, Any]] = []
    accounts = []
    executor = LocalExecutor()
    try:
        for handle in handles:
            account = GeneratorAccount(handle.label, handle.fingerprint)
            accounts.append(account)
            survey = _Survey(ModelClient(store, capabilities, executor), handle, task, settings)
            try:
                drawn = _draw(_filter(survey, account, progress), settings, account)
                rows += _rows(survey, drawn)
            except CellError as error:  # this generator cannot be loaded; the others go on
                account.problem = str(error)
            finally:
                account.asked = survey.client.counts.computed
                executor.release(handle.model)
    finally:
        executor.close()
    return rows, accounts


@dataclass(frozen=True, slots=True)
class _Survey:
    """Asks one generator about one task, a few prompts at a time: only the texts of these are in memory."""

    client: ModelClient
    handle: ReadyModel
    task: Verifiable
    settings: CurationSettings

    def chunks(self) -> Iterator[list[Item | BadItem]]:
        """Read all rows of the task, a few prompts at a time."""
        size = -(-max(AT_ONCE, self.handle.model.batch_size) // self.settings.k)
        return chunks(self.task.items(self.settings.split, limit=self.settings.limit), size)

    def ask(self, items: Sequence[Item]) -> list[Answers]:
        """Ask for the samples of some prompts."""
        groups = [self.task.requests(item, 0, "generate", ()) for item in items]
        flat = [request for group in groups for request in group]
        responses = iter(self.client.ask(self.handle, "generate", flat))
        return [Answers("generate", group, [next(responses) for _ in group]) for group in groups]


def _filter(survey: _Survey, account: GeneratorAccount, progress: ProgressReporter) -> dict[str, list[CheckResult]]:
    """Return the check results of every prompt that passes the filter, by the prompt's id, in data order."""
    task, settings = survey.task, survey.settings
    kept: dict[str, list[CheckResult]] = {}
    seen: set[str] = set()
    with progress.cell(account.model, task.name, count_items(task, settings.split, settings.limit)) as tick:
        for chunk in survey.chunks():
            account.prompts += len(chunk)
            items = _good(chunk, account)
            _see(seen, items, task.name)
            for item, answers in zip(items, survey.ask(items), strict=True):
                checked = _check(task, item, answers, account)
                if checked is not None and _passes(checked, settings, account):
                    kept[item.id] = checked
            tick(len(chunk))
    if account.dropped[UNREADABLE] == account.prompts:
        reason = account.examples.get(UNREADABLE, "the data is empty")
        raise DataError(f"{task.name}: no row could be read: {reason}")
    return kept


def _good(chunk: Sequence[Item | BadItem], account: GeneratorAccount) -> list[Item]:
    for row in chunk:
        if isinstance(row, BadItem):
            account.drop(UNREADABLE, f"{row.where}: {row.problem}")
    return [row for row in chunk if not isinstance(row, BadItem)]


def _see(seen: set[str], items: Sequence[Item], task: str) -> None:
    for item in items:
        if item.id in seen:
            raise DataError(f"{task}: the id {item.id!r} occurs more than once; map 'id' to a unique column")
        seen.add(item.id)


def _check(task: Verifiable, item: Item, answers: Answers, account: GeneratorAccount) -> list[CheckResult] | None:
    """Check every sample of a prompt; return None if a sample is missing, since a set needs all k samples."""
    results = task.check(item, task.completions(answers))
    failures = [c for c in results if isinstance(c, Failure)]
    if failures:
        failed = any(isinstance(response, Failure) for response in answers.responses)
        account.drop(FAILED if failed else UNCHECKED, f"{item.id}: {failures[0].reason}")
        return None
    return [c for c in results if isinstance(c, CheckResult)]


def _passes(checked: Sequence[CheckResult], settings: CurationSettings, account: GeneratorAccount) -> bool:
    """Tell whether the share of correct samples lies strictly inside the bounds.

    Strictly, so that every kept prompt has a correct and a wrong sample.
    """
    low, high = settings.keep
    mean = sum(c.correct for c in checked) / len(checked)
    if low < mean < high:
        return True
    account.drop(TOO_HARD if mean <= low else TOO_EASY)
    return False


def _draw(
    candidates: dict[str, list[CheckResult]], settings: CurationSettings, account: GeneratorAccount
) -> dict[str, list[CheckResult]]:
    """Draw at most ``per_generator`` prompts of one generator, kept in data order."""
    ids = list(candidates)
    if len(ids) > settings.per_generator:
        draw = random.Random(f"{settings.seed}:{account.model}:prompts")
        ids = [ids[i] for i in sorted(draw.sample(range(len(ids)), settings.per_generator))]
        account.dropped[NOT_DRAWN] += len(candidates) - len(ids)
    account.kept = len(ids)
    return {id_: candidates[id_] for id_ in ids}


def _rows(survey: _Survey, drawn: dict[str, list[CheckResult]]) -> Iterator[dict[str, Any]]:
    """Make the rows of the drawn prompts; their texts come from the store."""
    for chunk in survey.chunks():
        items = [row for row in chunk if isinstance(row, Item) and row.id in drawn]
        for item, answers in zip(items, survey.ask(items), strict=True):
            completions = [c for c in survey.task.completions(answers) if isinstance(c, Completion)]
            requests = [request for request in answers.requests if isinstance(request, Generation)]
            temperatures = [request.sampling.temperature for request in requests for _ in range(request.n)]
            sampled = SampledPrompt(item, survey.handle.label, completions, drawn[item.id], temperatures)
            yield make_row(sampled, survey.settings, survey.task.name)
