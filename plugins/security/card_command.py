"""The command ``harness judge-card``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness import say
from harness.cli import json_option, open_registry, print_json, registry_options, store_option

if TYPE_CHECKING:
    from harness import Registry

    from .judge_card import CardOfTask, CardRate, JudgeCard


@click.command("judge-card")
@click.argument("grader")
@click.option("-t", "--task", "tasks", multiple=True, required=True, help="Task of labelled replies; repeat for more.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write, YAML.")
@store_option
@registry_options
@json_option
def command(
    grader: str,
    tasks: tuple[str, ...],
    output: Path | None,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """State how often a grader is wrong: sensitivity and specificity with intervals, on replies that people labelled.

    Verdicts on file are not asked for again. A card speaks of its own data: graders err otherwise on other attacks.

    \\b
    Examples:
      harness judge-card keyword-grader -t judges/gptfuzz -t judges/jailbreakbench -o card.yaml
      harness judge-card "graded-by:base=[openai:model=NAME]" -t judges/xstest -o card.yaml
    """
    from harness.files import write_atomically

    from .judge_card import card_text

    registry = open_registry(registry_file, strict)
    card = make_card(registry, grader, tasks, store)
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(output, card_text(card))
        say(f"written to {output}", err=True)
    if as_json:
        print_json(card.model_dump(exclude_none=True))
    else:
        _say(card)


def make_card(registry: Registry, grader: str, tasks: tuple[str, ...], store: Path | None = None) -> JudgeCard:
    """Evaluate a grader on tasks, and state its errors.

    Raises:
        UsageError: a task has no labelled replies, or the grader could not be evaluated on one.
    """
    from importlib.metadata import version

    from harness import TerminalProgress, UsageError, evaluate
    from harness.names import resolve_model
    from harness.results import models_folder, store_path
    from harness.store import now

    from .judge_card import SCHEMA, JudgeCard
    from .replies import GradedReplies

    for name in tasks:
        if not isinstance(registry.task(name), GradedReplies):
            raise UsageError(f"{name} holds no labelled replies: a judge card needs tasks of the kind 'graded-replies'")
    outcome = evaluate([grader], list(tasks), store=store, registry=registry, progress=TerminalProgress())
    cells = {cell.task: cell for cell in outcome.cells}
    stated: dict[str, CardOfTask] = {}
    for name in tasks:
        cell = cells.get(name)
        if cell is None or not cell.results:
            why = f": {cell.problem}" if cell is not None and cell.problem else ""
            raise UsageError(f"{grader} could not be evaluated on {name}{why}")
        stated[name] = _stated(registry, name, cell)
    handle = resolve_model(registry, grader, models_folder=models_folder(store_path(registry, store)))
    confidence = next(iter(cells.values())).confidence
    return JudgeCard(
        card=SCHEMA,
        grader=grader,
        fingerprint=handle.fingerprint,
        confidence=confidence,
        made=now(),
        harness=version("harness-eval"),
        tasks=stated,
    )


def _stated(registry: Registry, name: str, cell: object) -> CardOfTask:
    from harness import Item

    from .judge_card import RATES, CardOfTask, data_hash, rate_of

    items = [item for item in registry.task(name).items("test") if isinstance(item, Item)]
    results = {r.metric: r.estimate for r in cell.results if r.domain == "overall"}  # type: ignore[attr-defined]
    rates: dict[str, CardRate | None] = {}
    for rate, metric in RATES.items():
        estimate = results.get(metric)
        if estimate is not None:
            rates[rate] = rate_of(estimate, int(str(estimate.detail.get("of", estimate.n))))
    scored = max((e.n for e in results.values()), default=0)
    successes = sum(item.fields.get("label") == 1 for item in items)
    return CardOfTask(
        data=data_hash(items), replies=len(items), successes=successes, unscored=len(items) - scored, **rates
    )


def _say(card: JudgeCard) -> None:
    from harness.results import plain_table

    def cell(rate: CardRate | None) -> str:
        return "-" if rate is None else f"{100 * rate.value:.1f} [{100 * rate.low:.1f}, {100 * rate.high:.1f}]"

    level = f"{100 * card.confidence:g} %"
    head = ["task", "replies", "successes", "unscored", f"sensitivity [{level}]", f"specificity [{level}]", "accuracy"]
    rows = [
        [
            name,
            str(task.replies),
            str(task.successes),
            str(task.unscored),
            cell(task.sensitivity),
            cell(task.specificity),
            cell(task.accuracy),
        ]
        for name, task in card.tasks.items()
    ]
    say(f"{card.grader} [{card.fingerprint[:8]}]\n")
    say(plain_table(head, rows))
    for name, task in card.tasks.items():
        say(f"data of {name}: {task.data}")
