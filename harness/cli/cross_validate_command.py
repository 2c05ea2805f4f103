"""The command ``harness cross-validate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.options import json_option, open_registry, registry_options, store_option, trainer_settings

if TYPE_CHECKING:
    from harness.names.registry import Registry

FOLD_SEED = click.IntRange(0, 2**32 - 1)
"""Seeds for drawing folds; their range is narrower than that of the seeds of metrics."""


@click.command("cross-validate")
@click.argument("trainer")
@click.option("-t", "--task", required=True, help="Task whose items are held out in turn.")
@click.option("--base", help="Base model, where the trainer needs one.")
@click.option("--folds", default=5, show_default=True, help="Parts, each held out once.")
@click.option("--seed", default=0, show_default=True, type=FOLD_SEED, help="Seed for drawing the folds.")
@click.option("--label", help="Name in results; default: the trainer's, with -cv behind it.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Setting of the trainer; repeat for several."
)
@click.option("--split", default="test", show_default=True, help="Which split to part.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first items.")
@click.option("--all-metrics", is_flag=True, help="Print every metric, not only the headline ones.")
@click.option("--domains", is_flag=True, help="Print every domain.")
@store_option
@registry_options
@json_option
def command(
    trainer: str,
    task: str,
    base: str | None,
    folds: int,
    seed: int,
    label: str | None,
    settings: tuple[str, ...],
    split: str,
    limit: int | None,
    all_metrics: bool,
    domains: bool,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> int:
    """Evaluate a trainer on data without a train split: each item is answered by a model that has not seen it.

    Parts are stratified by label, and items of one cluster stay together. Run again after an interruption to go on.

    \b
    Examples:
      harness cross-validate linear-detector -t quickstart/detection
      harness cross-validate muli --base hf:path=OWNER/NAME -t toxicity/openai-moderation --folds 10
    """
    from harness.api import models_folder, store_path
    from harness.cli.eval_command import evaluate_and_show
    from harness.names.specification import check_label, specify
    from harness.running.plan import EvaluationRequest

    label = check_label(label or trainer + "-cv")
    registry = open_registry(registry_file, strict)
    specify(label, "cross-fitted", models_folder(store_path(registry, store)))  # refuse a label before the training
    place = _train(registry, trainer, task, base, settings, store, folds=folds, seed=seed, split=split, limit=limit)
    model = specify(label, "cross-fitted", place)
    evaluation = EvaluationRequest([model], [task], limit=limit, split=split)
    return evaluate_and_show(
        registry, evaluation, store, dry_run=False, as_json=as_json, all_metrics=all_metrics, domains=domains
    )


def _train(
    registry: Registry,
    trainer: str,
    task: str,
    base: str | None,
    settings: tuple[str, ...],
    store: Path | None,
    *,
    folds: int,
    seed: int,
    split: str,
    limit: int | None,
) -> Path:
    """Train a model for each fold, and return the folder of all these models; finished models are kept.

    Args:
        registry: The registry of names.
        trainer: Name of the trainer.
        task: Name of the task.
        base: Specification of the base model, if the trainer needs one.
        settings: Settings of the trainer, ``KEY=VALUE`` each.
        store: The SQLite file; None for the default.
        folds: Number of folds.
        seed: Seed for drawing the folds.
        split: Name of the split.
        limit: Use only so many first items; None: all items.

    Raises:
        HarnessError: a name or setting cannot be used, or the task cannot be divided into folds.
    """
    from harness.api import models_folder, store_path
    from harness.names.resolving import resolve_training
    from harness.progress import TerminalProgress
    from harness.running.runner import Runner
    from harness.store.store import Store
    from harness.training.cross_fit import cross_fit
    from harness.training.request import TrainingEnvironment, TrainingRequest

    chosen = trainer_settings(settings)
    path = store_path(registry, store)
    progress = TerminalProgress()
    entry = registry.find("trainer", trainer)
    models = resolve_training(registry, entry, chosen, base, models_folder=models_folder(path))
    with Store(path) as opened:
        client = Runner(registry, opened, progress=progress).client()
        environment = TrainingEnvironment(registry, opened, client, progress)
        request = TrainingRequest(entry, task, {}, split=split, limit=limit)
        return cross_fit(environment, request, models, count=folds, seed=seed)
