"""The command ``harness doctor``."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.options import json_option, print_json, registry_options, store_option
from harness.terminal import one_entry, say, visible


@click.command("doctor")
@store_option
@registry_options
@json_option
def command(store: Path | None, registry_file: Path | None, strict: bool, as_json: bool) -> int:
    """Show what is installed and where things are, and how to mend what is broken or stale.

    The exit status is 1 if something needs mending.
    """
    from harness.check.doctor import examine

    observations = examine(store, registry_file, strict=strict)
    if as_json:
        print_json(
            [
                {"topic": observation.topic, "text": observation.text, "ok": observation.ok}
                for observation in observations
            ]
        )
    else:
        for observation in observations:
            say(f"{'ok  ' if observation.ok else 'MEND'}  {visible(observation.topic)}: {one_entry(observation.text)}")
    return 0 if all(observation.ok for observation in observations) else 1
