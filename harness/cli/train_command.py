"""The command ``harness train``."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from harness.cli.options import json_option, open_registry, print_json, registry_options, store_option, trainer_settings
from harness.terminal import say


@click.command("train")
@click.argument("trainer")
@click.option("-t", "--task", required=True, help="Task whose train split is learned from.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Directory of the trained model.")
@click.option("--base", help="Base model, where the trainer needs one.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Setting of the trainer; repeat for several.",
)
@click.option("--split", default="train", show_default=True, help="Which split to learn from.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first items.")
@store_option
@registry_options
@json_option
def command(
    trainer: str,
    task: str,
    output: Path,
    base: str | None,
    settings: tuple[str, ...],
    split: str,
    limit: int | None,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Train a model on a task's train split; run again after an interruption to go on.

    \b
    Examples:
      harness train bt-linear -t quickstart/preferences -o my-reward-model
      harness eval -m bt-linear:path=my-reward-model -t quickstart
      harness train linear-detector -t quickstart/detection -o d --set penalty=1e-3
      harness train sft -t my/shown --base hf:path=FOLDER -o tuned --set lora=8
    """
    from harness.api import train
    from harness.names.specification import label_from, specify
    from harness.progress import TerminalProgress

    label = label_from(output.name)
    specify(label, "model", output)  # refuse a folder that no command could name afterwards, before the training
    chosen = trainer_settings(settings)
    manifest = train(
        trainer,
        task,
        output,
        base=base,
        settings=chosen,
        split=split,
        limit=limit,
        store=store,
        registry=open_registry(registry_file, strict),
        progress=TerminalProgress(),
    )
    if as_json:
        print_json({"directory": str(output), **manifest})
        return
    figures = ", ".join(f"{name} {_shown(value)}" for name, value in manifest["figures"].items())
    say(f"trained {manifest['model']} on {task} [{split}] in {manifest['seconds']:.1f} s: {figures}")
    say(f"use it as: -m {shlex.quote(specify(label, manifest['model'], output))}")


def _shown(value: Any) -> str:
    """Write a figure of a training in a line: numbers rounded; of several by name, how many the manifest holds."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return f"of {len(value)} settings in the manifest"
    return str(value)
