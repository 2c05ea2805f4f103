"""The command ``harness threshold``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness import say
from harness.cli import Finite, json_option, print_json

from .thresholds import PROBABILITY, UNITS, convert


@click.command("threshold")
@click.argument("value", type=Finite(), required=False)
@click.option("--unit", type=click.Choice([*UNITS, PROBABILITY]), default="cosine", show_default=True, help="Of VALUE.")
@click.option(
    "--head", type=click.Path(path_type=Path), help="Folder of cache-head or cache-encoder, for probabilities."
)
@json_option
def command(value: float | None, unit: str, head: Path | None, as_json: bool) -> None:
    """Turn a threshold of similarity into the units of other caches; without VALUE, show a head's calibration card.

    GPTCache's 0.8 is a cosine of 0.6, RedisVL's 0.1 one of 0.9. With --head a probability has a threshold, too.

    \b
    Examples:
      harness threshold 0.8 --unit gptcache
      harness threshold 0.95 --unit probability --head my-head
      harness threshold --head my-head
    """
    from harness import UsageError

    words: dict[str, Any] = {}
    if head is not None:
        from .head_files import words_of

        words = words_of(str(head))["card"]
    if value is None:
        if not words:
            raise UsageError("give a threshold, or --head FOLDER for its calibration card")
        print_json(words) if as_json else _say_card(words)
        return
    known = {"temperature": words.get("temperature"), "offset": words.get("offset")}
    wanted = [*UNITS, *([PROBABILITY] if words else [])]
    found = {name: convert(value, unit, name, **known) for name in wanted}
    if as_json:
        print_json(found)
        return
    for name, threshold in found.items():
        what = UNITS[name].what if name in UNITS else "that one response serves both; a hit at or above"
        say(f"{name:17} {threshold:8.4f}  {what}")


def _say_card(words: dict[str, Any]) -> None:
    from harness.results import plain_table

    say(f"temperature {words['temperature']:.4g}, offset {words['offset']:.4g}\n")
    names = [PROBABILITY, *UNITS]
    rows = [["-" if row[name] is None else f"{row[name]:.3f}" for name in names] for row in words["thresholds"]]
    say(plain_table(names, rows))
    if reliability := words.get("reliability"):
        say(
            f"\non {reliability['pairs']} {reliability['of']}, {100 * reliability['share_same']:.1f} % the same: "
            f"calibration error {reliability['calibration_error']:.3f}, Brier {reliability['brier']:.3f}\n"
        )
        rows = [[f"{r['probability']:.2f}", f"{r['same']:.2f}", str(r["pairs"])] for r in reliability["bins"]]
        say(plain_table(["probability", "share the same", "pairs"], rows))
