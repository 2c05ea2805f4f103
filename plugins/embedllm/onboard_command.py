"""The command ``harness onboard``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness import say
from harness.cli import SEED, Finite, json_option, open_registry, print_json, registry_options, store_option

from .onboarding import CRITERIA

if TYPE_CHECKING:
    from .adding import Onboarded

_PATH = click.Path(path_type=Path)
_TEXT_SHOWN = 60
SUPPOSED = (
    "These are credible intervals: they suppose that the new model is as the pool's models are. Where each of nine "
    "real models was left out of a pool of eight, 95 % intervals held 85 to 90 % of the scores on categories."
)
"""What a reader of the intervals has to know."""


@click.command("onboard")
@click.argument("router", type=_PATH)
@click.option("-t", "--task", required=True, help="Routing task whose questions the model is asked.")
@click.option("--model", "label", required=True, help="Name of the new model.")
@click.option(
    "--answers",
    type=_PATH,
    help="CSV or JSONL with id and outcome of each answered question.  [default: the model's outcomes in the task]",
)
@click.option("--split", default="train", show_default=True, help="Split of the task.")
@click.option("--ask", "count", default=16, show_default=True, type=click.IntRange(min=0), help="Questions to propose.")
@click.option(
    "--choose",
    "criterion",
    type=click.Choice(CRITERIA),
    default=CRITERIA[0],
    show_default=True,
    help="These: by lot, or for the least variance of predictions or volume of weights (D-optimal).",
)
@click.option("--base", default="", help="Embedder; default: the one the router was trained over.")
@click.option(
    "--level",
    type=Finite(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Of the credible intervals.",
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the posterior's draws.")
@click.option("-o", "--output", type=_PATH, help="Write the router with the model added into this new folder.")
@store_option
@registry_options
@json_option
def command(
    router: Path,
    task: str,
    label: str,
    answers: Path | None,
    split: str,
    count: int,
    criterion: str,
    base: str,
    level: float,
    seed: int,
    output: Path | None,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Add a model to a trained router from a few answers, and foretell its accuracy on every category.

    The router was trained by embedllm. Its pool says what models are like; the answers, 30 to 128 of them, say which of
    these the new one is like. Without any answer it proposes the questions to begin with.

    \b
    Examples:
      harness onboard my-router -t my/questions --model new --ask 32
      harness onboard my-router -t my/questions --model new --answers answers.csv -o my-router-2
    """
    from .adding import onboard, write_router

    registry = open_registry(registry_file, strict)
    added = onboard(
        registry,
        store,
        router,
        task,
        split,
        label,
        answers,
        base=base,
        level=level,
        count=count,
        criterion=criterion,
        seed=seed,
    )
    for remark in added.remarks:
        say(f"warning: {remark}", err=True)
    if output is not None:
        write_router(added, router, output, task, split)
        say(f"written to {output}", err=True)
    if as_json:
        print_json(
            {
                "router": str(router),
                "model": label,
                "answers": added.answers,
                "spread": asdict(added.router.spread),
                "categories": [asdict(one) for one in added.forecasts],
                "supposed": SUPPOSED,
                "ask": [asdict(one) for one in added.proposed],
            }
        )
    else:
        _say(added, label, level)


def _say(added: Onboarded, label: str, level: float) -> None:
    from harness.results import plain_table

    if added.answers:
        rows = [
            [
                one.category,
                str(one.questions),
                str(one.answered),
                f"{100 * one.accuracy:.1f}",
                f"[{100 * one.low:.1f}, {100 * one.high:.1f}]",
            ]
            for one in added.forecasts
        ]
        say(f"{label}: {added.answers} answers\n")
        say(plain_table(["category", "questions", "answered", "accuracy", f"{level:.0%} interval"], rows))
        say(f"\n{SUPPOSED}")
    if added.proposed:
        say(f"\n{'Next q' if added.answers else 'Q'}uestions to ask:\n")
        rows = [
            [one.id, one.category or "", f"{one.nats:.3f}", one.text[:_TEXT_SHOWN].replace("\n", " ")]
            for one in added.proposed
        ]
        say(plain_table(["id", "category", "nats", "question"], rows))
