"""The command ``harness model-map``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness import say
from harness.cli import json_option, print_json

if TYPE_CHECKING:
    from .saved import Saved


@click.command("model-map")
@click.argument("router", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write it: .html (a picture), .csv or .json.")
@json_option
def command(router: Path, output: Path | None, as_json: bool) -> None:
    """Show where a router of embedllm has its models: coordinates with 95 % ellipses, and each one's nearest neighbour.

    Coordinates are those of the singular value decomposition of the weights, which can be identified; those of the
    factorisation cannot. Ellipses say how far models would lie elsewhere with other questions.

    \b
    Examples:
      harness model-map my-router
      harness model-map my-router -o map.html
    """
    from .drawing import document, write
    from .saved import load

    saved = load(router)
    if output is not None:
        write(saved, output)
        say(f"written to {output}", err=True)
    if as_json:
        print_json(document(saved))
    elif output is None:
        _say(saved)


def _say(saved: Saved) -> None:
    from harness.results import plain_table

    from .drawing import document

    found: dict[str, Any] = document(saved)
    rows = []
    for one in found["models"]:
        errors = one["errors"] or [None, None]
        cells = [
            f"{value:.2f}" + ("" if error is None else f" ± {error:.2f}")
            for value, error in zip(one["coordinates"][:2], errors, strict=False)
        ]
        share = "" if one["nearest_share"] is None else f"{100 * one['nearest_share']:.0f} %"
        rows.append([one["model"], *cells, one["nearest"], f"{one['distance']:.2f}", share])
    head = ["model", *["first", "second"][: len(rows[0]) - 4], "nearest", "distance", "in replicates"]
    say(plain_table(head, rows))
    if not found["replicates"]:
        say("\nno errors are known: the fit is no minimum, or is a local one")
