"""EmbedLLM: the exact fit against the authors' recipe, growth with models and questions, time of a routed question.

Three parts, each printed as it is done, all of them CPU seconds of one thread in this process:

1. Nine real models on 5,610 questions, 80 % to train on and 10 % to test (``HARNESS_DATA`` names the folder that has
   ``routing/``; without it a made-up matrix of that size): one exact fit at a given ridge, the choice of the ridge, and
   the authors' recipe of 50 epochs of Adam. Goal: 1/30 of the recipe's time at no worse log loss.
2. The exact fit of made-up matrices, up to 112 models and 30,000 questions.
3. A question routed among 112 models: EmbedLLM's dense form, its factorised form as published (a question at a time),
   RouteLLM's matrix factorisation, and nearest neighbours; 3,000 questions together. Goal: 0.1 s.

``--quick`` runs 5 epochs of Adam, whose time is multiplied, and goes up to 28 models and 8,000 questions.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from harness_plugins.embedllm.exact import Problem, choose_ridge, log_loss, predicted
from harness_plugins.embedllm.recipe import Factors, Recipe, descend
from harness_plugins.routing.duelling import DuelRouter, won_duels
from harness_plugins.routing.over_embedder import nearest_means, unit


def table(rows: list[tuple[str, ...]]) -> None:
    """Print rows, the first of which is the head."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
    print(flush=True)


def cpu(work):
    """What work gives, and its CPU seconds."""
    start = time.process_time()
    done = work()
    return done, time.process_time() - start


def made_up(questions: int, models: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of unit length whose spectrum falls as those of sentence encoders do, and outcomes."""
    draw = np.random.default_rng(seed)
    vectors = draw.normal(size=(questions, width)) / np.sqrt(1 + np.arange(width))
    vectors = unit(vectors + 0.5 * draw.normal(size=width) / np.sqrt(width))
    weights = draw.normal(scale=4.0, size=(models, width))
    odds = vectors @ weights.T + draw.normal(scale=0.7, size=models)
    return vectors, (draw.random(odds.shape) < 1 / (1 + np.exp(-odds))).astype(np.float64)


def nine() -> tuple[str, np.ndarray, np.ndarray]:
    """The real models where they are at hand."""
    folder = Path(os.environ.get("HARNESS_DATA", "")) / "routing"
    if not folder.is_dir():
        return ("made up", *made_up(5610, 9, 384))
    csv.field_size_limit(1 << 28)
    with gzip.open(folder / "llmrouter_9models.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        read = list(csv.DictReader(stream))
    outcomes = np.array([[float(row[model]) >= 0.5 for model in list(row)[5:]] for row in read], dtype=np.float64)
    with np.load(folder / "llmrouter_minilm_f16.npz") as arrays:
        vectors = arrays["emb"].astype(np.float64)[[int(row["row"]) for row in read]]
    return "real", vectors, outcomes


def training(quick: bool) -> None:
    """Part 1."""
    name, vectors, outcomes = nine()
    order = np.random.default_rng(0).permutation(len(vectors))
    train, test = order[: int(0.8 * len(order))], order[int(0.9 * len(order)) :]
    x, y = vectors[train], outcomes[train]

    def loss(weights: np.ndarray, intercepts: np.ndarray) -> str:
        return f"{log_loss(predicted(vectors[test], weights, intercepts), outcomes[test]):.4f}"

    (ridge, _), choosing = cpu(lambda: choose_ridge(x, y, np.arange(len(x)) % 5))
    fit, fitting = cpu(lambda: Problem(x, y).fit(ridge))
    rows = [("9 models x 5,610 questions, " + name, "CPU s", "of the recipe", "log loss, test")]
    recipe = Recipe(epochs=5 if quick else 50)
    (factors, _), descending = cpu(lambda: descend(x, y, recipe))
    whole = descending * 50 / recipe.epochs
    rows.append(
        (
            f"exact, ridge {ridge:g}, gap {fit.gap:.1e} nats",
            f"{fitting:.2f}",
            f"1/{whole / fitting:.0f}",
            loss(fit.weights, fit.intercepts),
        )
    )
    rows.append(
        (
            "the same, with the choice of the ridge",
            f"{fitting + choosing:.2f}",
            f"1/{whole / (fitting + choosing):.0f}",
            "",
        )
    )
    end = "multiplied from 5" if quick else loss(*factors.dense())
    rows.append(("the authors' recipe, 50 epochs", f"{whole:.1f}", "1", end))
    if not quick:
        (factors, _), descending = cpu(lambda: descend(x, y, Recipe(shuffle=True)))
        rows.append(("the same, shuffled", f"{descending:.1f}", f"{descending / whole:.2f}", loss(*factors.dense())))
    table(rows)


def growth(quick: bool) -> None:
    """Part 2."""
    rows = [("models", "questions", "vector", "CPU s", "Newton steps", "gap, nats", "ns a known outcome and entry")]
    sizes = [(9, 4000), (28, 4000), (28, 8000)] if quick else [(9, 5000), (28, 5000), (112, 5000), (112, 30_000)]
    for models, questions in sizes:
        width = 384
        x, y = made_up(questions, models, width)
        fit, seconds = cpu(lambda: Problem(x, y).fit(1.0, gap=1e-4))  # noqa: B023
        each = 1e9 * seconds / (models * questions * width)
        rows.append(
            (
                f"{models}",
                f"{questions:,}",
                f"{width}",
                f"{seconds:.1f}",
                f"{fit.steps}",
                f"{fit.gap:.1e}",
                f"{each:.1f}",
            )
        )
    table(rows)


def routing(quick: bool) -> None:
    """Part 3."""
    draw = np.random.default_rng(0)
    models, width, known = 112, 768, 5000 if quick else 29_673
    vectors = unit(draw.normal(size=(3000, width)))
    shapes = [(models, 232), (232, width), (232,), (2, 232), (2,)]
    factors = Factors(*(draw.normal(size=shape) for shape in shapes))
    dense = factors.dense()
    train, outcomes = unit(draw.normal(size=(known, width))), (draw.random((known, models)) < 0.5).astype(np.float64)
    duel = DuelRouter("")
    duel.numbers = {"projection": draw.normal(size=(width, 128)), "of_models": unit(draw.normal(size=(models, 128)))}
    predicted(vectors[:10], *dense)
    won_duels(duel.of_vectors(vectors[:1])[0])
    _, together = min((cpu(lambda: predicted(vectors, *dense).argmax(axis=1)) for _ in range(5)), key=lambda x: x[1])
    some = 100
    _, alone = cpu(lambda: [predicted(vectors[[i]], *dense).argmax() for i in range(some)])
    _, factorised = cpu(lambda: [factors.odds(vectors[[i]]).argmax() for i in range(some)])
    _, duels = cpu(lambda: [duel.of_vectors(vectors[[i]]).argmax() for i in range(some)])
    _, all_duels = cpu(lambda: duel.of_vectors(vectors).argmax(axis=1))
    _, shares = cpu(lambda: [np.argmax(won_duels(duel.of_vectors(vectors[[i]])[0])) for i in range(some)])
    _, near = cpu(lambda: [nearest_means(vectors[[i]], train, outcomes, 131).argmax() for i in range(some)])
    _, all_near = cpu(lambda: nearest_means(vectors[:1000], train, outcomes, 131).argmax(axis=1))
    rows = [("112 models, vectors of 768, in memory", "microseconds a question")]
    rows.append(("EmbedLLM, dense, 3,000 together", f"{1e6 * together / 3000:.1f}  ({together:.3f} s in all)"))
    rows.append(("EmbedLLM, dense, one at a time", f"{1e6 * alone / some:.0f}"))
    rows.append(("EmbedLLM, factorised as published, one at a time", f"{1e6 * factorised / some:.0f}"))
    rows.append(("RouteLLM's matrix factorisation, 3,000 together", f"{1e6 * all_duels / 3000:.1f}"))
    rows.append(("RouteLLM's matrix factorisation, one at a time", f"{1e6 * duels / some:.0f}"))
    rows.append(("the same, with the share of duels won", f"{1e6 * shares / some:.0f}"))
    rows.append((f"131 nearest of {known:,}, 1,000 together", f"{1e6 * all_near / 1000:.0f}"))
    rows.append((f"131 nearest of {known:,}, one at a time", f"{1e6 * near / some:.0f}"))
    table(rows)


def main() -> None:
    """Run all parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    training(quick)
    growth(quick)
    routing(quick)


if __name__ == "__main__":
    main()
