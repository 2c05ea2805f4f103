"""The command ``harness duel``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness import UsageError, say
from harness.cli import Finite, json_option, open_registry, print_json, registry_options, store_option

if TYPE_CHECKING:
    from .deciding import Deciding

SCHEMA = 1


@click.command("duel")
@click.argument("first")
@click.argument("second", required=False)
@click.option("-t", "--task", help="Task of kind duel, or one like it.")
@click.option("--battles", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Recorded battles instead of a task: model_a, model_b, winner, question_id.")  # fmt: skip
@click.option("--judge", help="Model that compares.  [default: the task's own]")
@click.option("--alpha", default=0.05, show_default=True, type=Finite(0.0, 1.0, min_open=True, max_open=True),
              help="Probability of a wrong decision, at most.")  # fmt: skip
@click.option("--smallest", type=Finite(0.0, 0.5, min_open=True, max_open=True),
              help="Stop too once the win rate is shown to be nearer to 50 % than this, such as 0.05.")  # fmt: skip
@click.option("--beyond", is_flag=True, help="Decide for prompts like these, not only for these.")
@click.option("--cheap", metavar="MODEL", help="Model that compares on every prompt; the judge on a sample alone.")
@click.option("--sample", type=click.IntRange(min=2), help="Prompts that the judge sees, with --cheap.")
@click.option("--call-price", type=Finite(min=0), help="Dollars that a verdict costs, to say what is saved.")
@click.option("--order-seed", "seed", default=0, show_default=True, type=click.IntRange(min=0),
              help="Of the order in which prompts are asked.")  # fmt: skip
@click.option("--split", default="test", show_default=True, help="Which split of the task.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first prompts.")
@click.option("--dry-run", is_flag=True, help="Say how many verdicts would be asked for at most, and ask none.")
@store_option
@registry_options
@json_option
def command(
    first: str,
    second: str | None,
    task: str | None,
    battles: Path | None,
    judge: str | None,
    alpha: float,
    smallest: float | None,
    beyond: bool,
    cheap: str | None,
    sample: int | None,
    call_price: float | None,
    seed: int,
    split: str,
    limit: int | None,
    dry_run: bool,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> int:
    """Find which of two models answers better, asking a judge only until it is clear.

    FIRST and SECOND are specifications of models; without SECOND the task's baseline is met. Prompts are asked in an
    order that is drawn, and after every portion an interval for the win rate that may be looked at at any time says
    whether it is decided. Answers and verdicts on file are not asked for again.

    \\b
    Examples:
      harness duel small large -t alpaca-eval/instructions --judge "judge:base=[openai:model=NAME]" --call-price 0.01
      harness duel shelf-writer:skill=0.9 -t alpaca-eval-demonstration/shelves --smallest 0.05
      harness duel gpt-4-0314 gpt-4-0613 --battles battles.csv --json
      harness duel small large -t my/duels --judge dear --cheap reward-model --sample 100

    \\b
    Exit status: 0 done, decided or not; 1 no verdict could be read; 2 the request cannot be run as given.
    """
    if (task is None) == (battles is None):
        raise UsageError("say either -t TASK, whose prompts are asked about, or --battles FILE, which is read")
    if (cheap is None) != (sample is None):
        raise UsageError("--cheap and --sample belong together: who scores every prompt, and how many the judge sees")
    if cheap and (smallest or beyond):
        raise UsageError("--cheap gives a win rate and does not stop early: leave out --smallest and --beyond")
    if second is not None and first == second:
        raise UsageError(f"{first} cannot meet itself: name two models")
    if battles is not None:
        if second is None or judge or cheap:
            raise UsageError("--battles reads what was said of two models: name both, and no --judge or --cheap")
        from .recorded import over_battles

        document = over_battles(battles, first, second, seed=seed, alpha=alpha, smallest=smallest, beyond=beyond)
        return _show(document, call_price, as_json)
    from harness.results import store_path

    from .asking import judge_of, read_prompts
    from .running import estimate, plan, run

    registry = open_registry(registry_file, strict)
    prompts = read_prompts(registry, str(task), split, limit)
    if sample is not None and sample > len(prompts.groups):
        raise UsageError(f"--sample {sample}: {task} has {len(prompts.groups)} prompts")
    who = {"first": first, "second": second, "judge": judge_of(prompts.task, judge), "cheap": cheap}
    where = store_path(registry, store)
    if dry_run:
        planned = plan(registry, prompts, who, where, sample)
        print_json(planned) if as_json else say(
            f"{planned['prompts']:,} prompts, at most {planned['verdicts at most']:,} verdicts of {who['judge']}"
        )
        return 0
    if cheap:
        document = estimate(registry, prompts, who, where, seed=seed, sample=int(sample or 0), alpha=alpha)
    else:
        from .deciding import Deciding

        deciding = Deciding(len(prompts.groups), alpha, smallest, beyond)
        document = run(registry, prompts, who, where, seed=seed, deciding=deciding)
    return _show(document, call_price, as_json)


def document_of(deciding: Deciding, first: str, second: str, *, calls: int, all_calls: int) -> dict[str, Any]:
    """Return what a comparison found, as plain data; what is not known is None."""
    read, beyond = deciding.read, deciding.beyond_these()
    return {
        "schema": SCHEMA,
        "first": first,
        "second": second,
        "verdict": deciding.verdict,
        "win_rate": float(read.mean()) if len(read) else None,
        "low": deciding.bounds.low,
        "high": deciding.bounds.high,
        "beyond_low": beyond.low,
        "beyond_high": beyond.high,
        "alpha": deciding.alpha,
        "smallest": deciding.smallest,
        "about": "prompts like these" if deciding.beyond else "these prompts",
        "prompts": deciding.prompts,
        "asked": len(deciding.seen),
        "missing": deciding.missing,
        "used_up": len(deciding.seen) == deciding.prompts,
        "all_ties": bool(len(read) and (read == 0.5).all()),
        "calls": calls,
        "calls_saved": max(0, all_calls - calls),
    }


def _show(document: dict[str, Any], call_price: float | None, as_json: bool) -> int:
    from .page import lines

    if call_price is not None:
        document["dollars"] = document["calls"] * call_price
        document["dollars_saved"] = document["calls_saved"] * call_price
    if as_json:
        print_json(document)
    else:
        say("\n".join(lines(document)))
    return 0 if document["win_rate"] is not None else 1
