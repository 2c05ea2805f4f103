"""``harness check``."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.options import json_option, open_registry, print_json, registry_options, store_option
from harness.terminal import one_entry, say, visible


@click.command("check")
@click.argument("names", nargs=-1, required=True, metavar="MODEL_OR_PLUGIN...")
@store_option
@registry_options
@json_option
def command(names: tuple[str, ...], store: Path | None, registry_file: Path | None, strict: bool, as_json: bool) -> int:
    """Put models or plugins through the conformance checks.

    A model is asked the same things twice, one by one and together, in another order, with empty and with huge texts.
    Of a plugin, every registered name is imported, and registration must not import anything heavy.

    \b
    Examples:
      harness check length
      harness check bt-linear:path=my-model
      harness check baselines

    The exit status is 1 where a check failed.
    """
    from harness.check import check_name

    registry = open_registry(registry_file, strict)
    findings = [finding for name in names for finding in check_name(registry, name, store=store)]
    if as_json:
        print_json([{"subject": f.subject, "check": f.check, "ok": f.ok, "text": f.text} for f in findings])
    else:
        for f in findings:
            text = f": {one_entry(f.text)}" if f.text else ""
            say(f"{'pass' if f.ok else 'FAIL'}  {visible(f.subject)}: {f.check}{text}")
    return 0 if all(f.ok for f in findings) else 1
