"""What the studies of routers share: nine real models on 5,610 questions, splits, tables as documents have them."""

from __future__ import annotations

import argparse
import contextlib
import csv
import gzip
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

FOLDER = Path(os.environ.get("HARNESS_DATA", "")) / "routing"
OUTCOMES, VECTORS, PRICES = "llmrouter_9models.csv.gz", "llmrouter_minilm_f16.npz", "llmrouter_llm_prices.json"
TOKENS_OF_ANSWERS = 200
"""Assumed: the data have prices, and no counts of tokens. A question has a fourth of its characters."""


class Nine(NamedTuple):
    """Nine real models on 5,610 questions."""

    models: tuple[str, ...]
    vectors: np.ndarray
    """(n, 384), MiniLM's."""
    outcomes: np.ndarray
    """(n, 9): 1 where the score is at least one half."""
    categories: np.ndarray
    """(n,), names."""
    characters: np.ndarray
    """(n,), of the question."""

    def split(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows to train on, the first 80 % of a seeded order, and to test on, its last 10 %."""
        order = np.random.default_rng(seed).permutation(len(self.outcomes))
        return order[: int(0.8 * len(order))], order[int(0.9 * len(order)) :]

    def costs(self) -> np.ndarray:
        """USD a question and model, (n, 9), under the assumption above; input and output have one price here."""
        prices = json.loads((FOLDER / PRICES).read_text("utf-8"))
        price = np.array([prices[model]["input_price"] for model in self.models])
        return (self.characters / 4 + TOKENS_OF_ANSWERS)[:, None] * price / 1e6


def missing() -> str:
    """Why the nine models cannot be read; empty where they can."""
    absent = [name for name in (OUTCOMES, VECTORS, PRICES) if not (FOLDER / name).is_file()]
    if not os.environ.get("HARNESS_DATA"):
        return "HARNESS_DATA names no folder"
    return f"{FOLDER} has no {', '.join(absent)}" if absent else ""


def read() -> Nine:
    """Read the matrix."""
    csv.field_size_limit(1 << 28)
    with gzip.open(FOLDER / OUTCOMES, "rt", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    models = tuple(list(rows[0])[5:])
    outcomes = np.array([[float(row[model]) >= 0.5 for model in models] for row in rows], dtype=np.float64)
    with np.load(FOLDER / VECTORS) as arrays:
        vectors = arrays["emb"].astype(np.float64)[[int(row["row"]) for row in rows]]
    categories = np.array([row["task_name"] for row in rows])
    return Nine(models, vectors, outcomes, categories, np.array([len(row["query"]) for row in rows], dtype=np.float64))


def routed(predicted: np.ndarray, outcomes: np.ndarray) -> np.ndarray:
    """Outcome of the model with the greatest prediction, of equal ones the first, (n,)."""
    return outcomes[np.arange(len(outcomes)), predicted.argmax(axis=1)]


def forecast(predicted: np.ndarray, outcomes: np.ndarray) -> float:
    """Share of pairs of question and model that are foretold rightly; all are known."""
    return float(((predicted >= 0.5) == (outcomes >= 0.5)).mean())


def short(value: float, digits: int = 3, sign: bool = False) -> str:
    """A number as the documents write it: .582, -.033."""
    written = f"{value:{'+' if sign else ''}.{digits}f}"
    return written.replace("0.", ".", 1) if abs(value) < 1 else written


def with_spread(values: Sequence[float], digits: int = 4, sign: bool = False) -> str:
    """Mean and standard deviation over splits.

    No standard error: splits share questions, so that more of them would make it as small as one likes.
    """
    return f"{short(float(np.mean(values)), digits, sign)} ± {short(float(np.std(values, ddof=1)), digits)}"


def with_ends(values: Sequence[float], digits: int = 3) -> str:
    """Mean, and in brackets the least and the greatest."""
    ends = f"{short(float(np.min(values)), digits)} to {short(float(np.max(values)), digits)}"
    return f"{short(float(np.mean(values)), digits)} ({ends})"


def table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows as a table of Markdown, the first of which is the head."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for number, row in enumerate(rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    print(flush=True)


Figures = dict[str, object]
"""What a study found, by names, of what JSON can hold."""


def main(description: str | None, studies: Mapping[str, Callable[..., Figures]], made_up: set[str]) -> None:
    """Run the studies that the command line names, in the order of the documents, and say how long each took.

    Args:
        description: Of the script.
        studies: Each takes the nine models and whether it is to be quick, prints its table, and returns its figures.
        made_up: Those that need no data, and take only whether they are to be quick.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=list(studies), help="this study; may be given several times")
    parser.add_argument(
        "--quick", action="store_true", help="two splits or draws: shows that it runs, no figures to cite"
    )
    parser.add_argument("--json", action="store_true", help="figures as JSON; tables go to standard error")
    given = parser.parse_args()
    found: dict[str, Figures] = {}
    with contextlib.redirect_stdout(sys.stderr if given.json else sys.stdout):
        why = missing()
        nine = None if why else read()
        for name, study in studies.items():
            if given.only and name not in given.only:
                continue
            if nine is None and name not in made_up:
                print(f"{name}: skipped, since {why}\n")
                found[name] = {"skipped": why}
                continue
            start = time.process_time()
            print(f"## {name}{' (--quick: no figures to cite)' if given.quick else ''}\n")
            found[name] = study(given.quick) if name in made_up else study(nine, given.quick)
            print(f"{name}: {time.process_time() - start:.0f} CPU seconds\n", flush=True)
    if given.json:
        print(json.dumps({"quick": given.quick, "studies": found}, indent=1))
