"""The command ``harness leave-out``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness import say
from harness.cli import Finite, json_option, open_registry, print_json, registry_options, store_option

if TYPE_CHECKING:
    from .probing import LeftOut


@click.command("leave-out")
@click.option("-t", "--task", required=True, help="Routing task whose questions have categories.")
@click.option("--base", required=True, help="Embedder of the questions.")
@click.option("--split", default="train", show_default=True, help="Split of the task.")
@click.option("--ridge", type=Finite(0, min_open=True), default=1.0, show_default=True, help="Of every fit.")
@click.option("--contributions", is_flag=True, help="How much each category helps each other one (30 models or more).")
@store_option
@registry_options
@json_option
def command(
    task: str,
    base: str,
    split: str,
    ridge: float,
    contributions: bool,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Leave each category out of training, and foretell every model's accuracy on it from its questions alone.

    Beside it stands what needs no router: each model's mean accuracy on the other categories.

    \b
    Examples:
      harness leave-out -t my/questions --base minilm
    """
    from harness import Item, UsageError
    from harness.names import resolve_model
    from harness.results import models_folder, store_path

    from . import probing
    from .embedding import embed
    from .outcomes import outcomes_of

    registry = open_registry(registry_file, strict)
    found = registry.task(task)
    if not {"outcomes", "model"} <= found.fields.keys():
        raise UsageError(f"{task} has no models with outcomes; leave-out needs a task of the kind 'routing'")
    items = [item for item in found.items(split) if isinstance(item, Item) and item.fields["category"] is not None]
    if len({item.fields["category"] for item in items}) < 2:
        raise UsageError(f"{task}: the split {split!r} has fewer than two categories, of which one could be left out")
    try:
        outcomes = outcomes_of(items, task)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if contributions and len(outcomes.models) < probing.FEWEST:
        raise UsageError(f"--contributions needs {probing.FEWEST} models, and {task} has {len(outcomes.models)}")
    folder = models_folder(store_path(registry, store))
    vectors, _ = embed(registry, store, resolve_model(registry, base, models_folder=folder), outcomes.prompts)
    categories = [str(name) for name in outcomes.categories]
    left = probing.leave_categories_out(vectors, outcomes.values, categories, ridge)
    helps = probing.contributions(vectors, outcomes.values, categories, ridge) if contributions else None
    if as_json:
        print_json({"task": task, "models": list(outcomes.models), **_document(left, helps)})
    else:
        _say(left, helps)


def _document(left: list[LeftOut], helps: Any) -> dict[str, Any]:
    rows = [
        {
            "category": one.category,
            "questions": one.questions,
            "accuracies": one.accuracies.tolist(),
            "foretold": one.foretold.tolist(),
            "others": one.others.tolist(),
            "by_router": asdict(one.by_router),
            "by_others": asdict(one.by_others),
        }
        for one in left
    ]
    matrix = {} if helps is None else {"contributions": {"categories": helps[0], "values": helps[1].tolist()}}
    return {"categories": rows, **matrix}


def _say(left: list[LeftOut], helps: Any) -> None:
    from harness.results import plain_table

    def cells(one: Any) -> list[str]:
        return [f"{one.spearman:.2f}", f"{one.kendall:.2f}", f"{100 * one.error:.1f}"]

    head = ["category left out", "questions", "rho", "tau", "error", "rho of others", "tau", "error"]
    say(
        plain_table(
            head, [[one.category, str(one.questions), *cells(one.by_router), *cells(one.by_others)] for one in left]
        )
    )
    say("\nrho, tau: of the models' foretold and true accuracies; error: mean absolute, in points")
    better = sum(one.by_router.error < one.by_others.error for one in left)
    say(f"nearer than the mean of the other categories on {better} of {len(left)}")
    if helps is not None:
        names, matrix = helps
        say("\nwhat a row's category takes off the squared error on a column's:\n")
        say(
            plain_table(
                ["", *names], [[name, *(f"{v:+.3f}" for v in row)] for name, row in zip(names, matrix, strict=True)]
            )
        )
