"""The command ``harness schema``."""

from __future__ import annotations

from typing import Literal

import click

from harness.cli.options import print_json


@click.command("schema")
@click.argument("file", type=click.Choice(["task", "benchmark", "published", "registry", "run"]))
def command(file: Literal["task", "benchmark", "published", "registry", "run"]) -> None:
    """Print the JSON Schema of a kind of YAML file, for editors.

    \b
    Example:
      harness schema task > task.schema.json
    """
    from harness.tasks.schema import json_schema

    print_json(json_schema(file))
