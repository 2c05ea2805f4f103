"""The command ``harness model-map``."""

from __future__ import annotations

import csv
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness import say
from harness.cli import json_option, print_json

if TYPE_CHECKING:
    from .probing import Community
    from .saved import Saved


@click.command("model-map")
@click.argument("router", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write it: .html (a picture), .csv or .json.")
@click.option(
    "--labels", type=click.Path(path_type=Path), help="CSV of model and label: do models of a label lie together?"
)
@json_option
def command(router: Path, output: Path | None, labels: Path | None, as_json: bool) -> None:
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
    tested = None if labels is None else _communities(saved, labels)
    if output is not None:
        write(saved, output)
        say(f"written to {output}", err=True)
    if as_json:
        print_json({**document(saved), **({} if tested is None else {"labels": [asdict(one) for one in tested]})})
        return
    if output is None:
        _say(saved)
    if tested is not None:
        _say_communities(tested)


def _communities(saved: Saved, path: Path) -> list[Community]:
    """Test the labels of a file.

    Raises:
        UsageError: the file cannot be read, or a model has no label, or a label is that of one model or of all.
    """
    from harness import UsageError

    from .probing import communities

    try:
        rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
        found = {row["model"]: row["label"] for row in rows}
    except (OSError, UnicodeDecodeError, KeyError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read: {error}; expected CSV with model and label") from error
    unlabelled = [model for model in saved.models if not found.get(model)]
    if unlabelled:
        raise UsageError(f"{path} has no label of {', '.join(unlabelled)}")
    try:
        return communities(saved.canonical.coordinates, [found[model] for model in saved.models])
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from error


def _say_communities(tested: list[Community]) -> None:
    from harness.results import plain_table

    rows = [
        [one.name, str(one.models), f"{one.inside:.2f}", f"{one.across:.2f}", f"{one.p_value:.2g}"] for one in tested
    ]
    say("\n" + plain_table(["label", "models", "distance inside", "to others", "p"], rows))


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
    if found["replicates"]:
        say("\n±: standard error over questions; in replicates: how often other questions have the same nearest model")
    if not found["replicates"]:
        say("\nno errors are known: the fit is no minimum, or is a local one")
