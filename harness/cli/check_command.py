"""The command ``harness check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import json_option, open_registry, print_json, registry_options, store_option, trainer_settings
from harness.terminal import one_entry, say, visible

if TYPE_CHECKING:
    from harness.check import Finding


@click.command("check")
@click.argument("names", nargs=-1, required=True, metavar="MODEL_OR_PLUGIN...")
@click.option("-t", "--task", help="The names are of trainers, which learn from this task.")
@click.option("--base", help="Base model, where a trainer needs one.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Setting of the trainer; repeat for several."
)
@click.option("--split", help="Which split to learn from.  [default: train]")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first items.")
@store_option
@registry_options
@json_option
def command(
    names: tuple[str, ...],
    task: str | None,
    base: str | None,
    settings: tuple[str, ...],
    split: str | None,
    limit: int | None,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> int:
    """Put models, plugins or trainers through the conformance checks.

    A model is asked the same things twice, one by one and together, in another order, with empty and with huge texts.
    Every name that a plugin registers is imported, and registration must not import anything heavy. A trainer is
    killed wherever it has just saved or reported something; when it goes on, it has to end at the same model as an
    undisturbed training. A note names what cannot be tried, such as a capability without sample requests.

    \b
    Examples:
      harness check length
      harness check bt-linear:path=my-model
      harness check baselines
      harness check bt-linear -t quickstart/preferences

    The exit status is 1 if a check failed.
    """
    from harness.check import check_name, check_trainer
    from harness.errors import UsageError

    if task is None and (base or settings or split or limit):
        raise UsageError("--base, --set, --split and --limit are of trainers: name the task to learn from with --task")
    registry = open_registry(registry_file, strict)
    if task is None:
        findings = [finding for name in names for finding in check_name(registry, name, store=store)]
    else:
        chosen = trainer_settings(settings)
        options: dict[str, Any] = {"base": base, "settings": chosen, "split": split or "train", "limit": limit}
        findings = [finding for name in names for finding in check_trainer(registry, name, task, **options)]
    if as_json:
        print_json([_as_json(finding) for finding in findings])
    else:
        for finding in findings:
            outcome = "note" if finding.is_note else "pass" if finding.ok else "FAIL"
            text = f": {one_entry(finding.text)}" if finding.text else ""
            say(f"{outcome}  {visible(finding.subject)}: {finding.check}{text}")
    return 0 if all(finding.ok for finding in findings) else 1


def _as_json(finding: Finding) -> dict[str, Any]:
    return {
        "subject": finding.subject,
        "check": finding.check,
        "ok": finding.ok,
        "text": finding.text,
        "is_note": finding.is_note,
    }
