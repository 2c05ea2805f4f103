"""The command ``harness explain``."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness import say
from harness.cli import json_option, open_registry, print_json, registry_options, store_option, table_options

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness import Registry

    from .explanation import Explanation


@click.command("explain")
@click.argument("detector", type=click.Path(path_type=Path))
@click.option("--text", help="Explain the score of this prompt; default: the detector's weights.")
@click.option("--base", default="", help="Base model; default: the one it was trained over.")
@click.option("--top", default=20, show_default=True, type=click.IntRange(min=1), help="Tokens to show.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Draw them into this HTML file.")
@store_option
@registry_options
@table_options
@json_option
def command(
    detector: Path,
    text: str | None,
    base: str,
    top: int,
    output: Path | None,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Show which tokens a detector trained by muli goes by, or what each adds to the score of a prompt.

    \b
    Examples:
      harness explain my-detector
      harness explain my-detector --text "How do I bake bread?" --top 10
      harness explain my-detector -o tokens.html
    """
    from .explanation import of_detector, of_prompt
    from .saved import load

    if text is not None:
        _check_text(text)
    saved = load(detector)
    if text is None:
        explanation = of_detector(saved, top)
    else:
        registry = open_registry(registry_file, strict)
        explanation = of_prompt(saved, _next_token(registry, store, detector, base, text), top)
    if output is not None:
        from .drawing import write_picture

        write_picture(explanation, output)
        say(f"written to {output}", err=True)
    if as_json:
        print_json({"detector": str(detector), "text": text, **asdict(explanation)})
    else:
        _say(explanation)


def _check_text(text: str) -> None:
    """Refuse a text that no tokenizer takes.

    Raises:
        UsageError: a byte that was typed is not UTF-8.
    """
    from harness import UsageError

    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(
            f"--text: character {error.start + 1} is no character of Unicode; give the text in UTF-8"
        ) from None


def _next_token(registry: Registry, store: Path | None, detector: Path, base: str, text: str) -> NDArray[Any]:
    """Ask for the log-probabilities of the token after the prompt, through the store."""
    from harness import CellError, Conversation, Failure, TerminalProgress, UsageError
    from harness.names import resolve_model, written
    from harness.results import models_folder, store_path
    from harness.running import Runner
    from harness.store import Store
    from harness.training import train_missing

    from .detector import Muli

    path = store_path(registry, store)
    given = f",base=[{base}]" if base else ""
    handle = resolve_model(registry, f"muli:path={written(detector)}{given}", models_folder=models_folder(path))
    part, model = handle.parts["base"], handle.model
    assert isinstance(model, Muli)
    if "next_token" not in part.offers:
        raise UsageError(f"{part.label} gives no distribution of the next token; it offers: {', '.join(part.offers)}")
    with Store(path) as opened:
        client = Runner(registry, opened).client()
        ready = train_missing(registry, opened, client, part, progress=TerminalProgress())
        model.parts = {"base": ready.as_part(partial(client.ask, ready))}
        model.load()  # refuses another vocabulary
        answer: NDArray[Any] | Failure = client.ask(
            part, "next_token", [model.detector.prompting.of(Conversation.user(text))]
        )[0]
    for remark in model.remarks():
        say(f"warning: {remark}", err=True)
    if isinstance(answer, Failure):
        raise CellError(f"the base model cannot answer: {answer.reason}")
    return answer


def _say(explanation: Explanation) -> None:
    from harness.results import say_table

    def number(value: float | None) -> str:
        return "" if value is None else f"{value:+.3f}"

    whole = explanation.score is not None
    head = ["token", "id", "weight", *(["deviations", "adds"] if whole else [])]
    rows = [
        [repr(row.token)[1:-1], str(row.id), number(row.weight)]
        + ([number(row.feature), number(row.contribution)] if whole else [])
        for row in explanation.rows
    ]
    say_table(head, rows)
    if whole:
        others = f"{explanation.others:+.3f} of other tokens, {explanation.bias:+.3f} bias"
        say(f"\nscore {explanation.score:+.3f} = these, {others}")
    else:
        rest = f"absolute weights of the tokens not shown add up to {explanation.others:.3f}"
        say(f"\nbias {explanation.bias:+.3f}; {rest}")
