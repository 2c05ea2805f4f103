"""The command ``harness correlate``."""

from __future__ import annotations

from pathlib import Path

import click

from harness import say
from harness.cli import (
    SEED,
    Finite,
    json_option,
    model_options,
    open_registry,
    print_json,
    registry_options,
    store_option,
)

PAGE = "correlations.html"
_PATH = click.Path(path_type=Path)

_INSIDE = Finite(0, 1, min_open=True, max_open=True)


@click.command("correlate")
@click.argument("benchmark")
@click.option("--outcome", required=True, type=_PATH, help="CSV, JSON or JSONL: model, value [, stderr] [, low, high].")
@click.option("--published", multiple=True, type=_PATH, help="File of published results; repeat for several.")
@click.option("--model-column", help="Column of the outcome's file that names the model.")
@click.option("--value-column", help="Column of the outcome.")
@click.option("--replicates", type=_PATH, help="Draws of the outcome, for its own noise: lists of numbers by model.")
@click.option("--task", "tasks", multiple=True, help="Only tasks that match; repeat for several.")
@click.option("--metric", "metrics", multiple=True, help="Only metrics that match.")
@click.option("--domain", "domains", multiple=True, help="Only domains that match.")
@click.option(
    "--curve-domain",
    "curve_domains",
    multiple=True,
    help="Domains of the lower-bound curves.  [default: those of the benchmark's minimum, else all]",
)
@model_options
@click.option("--predict", multiple=True, metavar="MODEL", help="Predict this model's outcome from its figures.")
@click.option("--predictor", type=click.Choice(["ridge", "pls"]), default="ridge", show_default=True)
@click.option(
    "--level",
    type=_INSIDE,
    default=0.95,
    show_default=True,
    help="Nominal coverage of all intervals.",
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of random permutations.")
@click.option("--all", "everything", is_flag=True, help="Every figure, not only the strongest.")
@click.option("-o", "--output", type=_PATH, help="Folder, or .html, .json or .txt file, to write.")
@store_option
@registry_options
@json_option
def command(
    benchmark: str,
    outcome: Path,
    predictor: str,
    everything: bool,
    output: Path | None,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
    **question: object,
) -> None:
    """Find which metric predicts an outcome, and how sure that is.

    Every figure of a benchmark is correlated with an outcome of the same models, such as their rating after use. The
    report has intervals, exact permutation tests that allow for all figures tried, and a predictor, which is used only
    if it is better than the mean. Figures come from the store, from published files, or both.

    \b
    Examples:
      harness correlate ppe --outcome arena_elos.json --value-column Arena
      harness correlate ppe --outcome elos.csv --published results.jsonl --metric battle_accuracy -o ppe.html
      harness correlate ppe --outcome elos.csv --domain overall --predict my-reward-model --level 0.9
    """
    from harness import correlate

    from . import document, render

    report = correlate(
        benchmark,
        outcome,
        method=predictor,
        store=store,
        registry=open_registry(registry_file, strict),
        **question,  # type: ignore[arg-type]
    )
    if output is not None:
        _write(output, report, everything)
    if as_json:
        print_json(document.as_json(report))
    elif output is None:
        say(render.as_text(report, everything=everything), nl=False)


def _write(output: Path, report: object, everything: bool) -> None:
    import json

    from harness.errors import UsageError
    from harness.files import write_atomically

    from . import document, render
    from .report import Report

    assert isinstance(report, Report)
    file = output if output.suffix in {".html", ".json", ".txt"} else output / PAGE
    if file.suffix == ".json":
        text = json.dumps(document.as_json(report), indent=2, allow_nan=False) + "\n"
    else:
        text = render.as_html(report) if file.suffix == ".html" else render.as_text(report, everything=everything)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, text)
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from error
    say(f"written to {file}", err=True)
