"""How many verdicts a comparison saves that stops when it is decided, how often it is wrong, and what PPI++ covers.

    python benchmarks/judge_savings.py [--quick] [--orders 2000]

Prompts without replacement, 95 % intervals: wrong is a decision against the mean of all prompts, or any before the end
where that is 1/2. A gap is the win rate's distance from 50 % in points. With ``$HARNESS_DATA`` the same on recorded
verdicts: pairs of models of AlpacaEval through their shared baseline, and battles of Arena-Hard.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from harness_plugins.judge_savings.deciding import portions

from harness.stats import crossings, estimate_from_influence, prediction_powered_mean

ALPHA = 0.05
GAPS = (0, 2, 5, 10, 20, 30)


def population(n: int, gap: float, ties: float) -> Any:
    """Return n credits with a mean of 1/2 and so many points, and a share of ties."""
    halves = round(n * ties / 2) * 2
    ones = round((n * (0.5 + gap / 100)) - halves / 2)
    return np.r_[np.ones(ones), np.full(halves, 0.5), np.zeros(n - ones - halves)]


def stopped(observed: Any, orders: int, draw: Any, *, replace: bool = False) -> tuple[float, float, float]:
    """Return the shares of verdicts saved, of wrong decisions, and of comparisons decided before the last prompt."""
    n, mean = len(observed), observed.mean()
    ends = [part.stop for part in portions(n)]
    saved = wrong = early = 0.0
    for _ in range(orders):
        x = draw.choice(observed, n) if replace else draw.permutation(observed)
        above, below = crossings(x, 0.5, alpha=ALPHA, most=None if replace else n)
        first = min(above, below)
        asked = next((end for end in ends if end >= first), n)
        saved += 1 - asked / n
        early += first <= n
        if first <= n and (mean == 0.5 or (above < below) != (mean > 0.5)):
            wrong += 1
    return saved / orders, wrong / orders, early / orders


def simulated(orders: int, draw: Any) -> None:
    """Print the table of savings by gap."""
    print("| prompts | verdicts | gap | saved | wrong | decided |\n|---|---|---|---|---|---|")
    for n in (500, 804):
        for name, ties in (("wins and losses", 0.0), ("40 % ties", 0.4)):
            for gap in GAPS:
                saved, wrong, early = stopped(population(n, gap, ties), orders, draw)
                print(f"| {n} | {name} | {gap} | {saved:.0%} | {wrong:.2%} | {early:.0%} |")
    for gap in (0, 10):
        saved, wrong, early = stopped(population(500, gap, 0.0), orders, draw, replace=True)
        print(f"| 500 | beyond these, wins and losses | {gap} | {saved:.0%} | {wrong:.2%} | {early:.0%} |")


def recorded(folder: Path, orders: int, draw: Any, pairs: int) -> None:
    """Print the same for recorded verdicts, by the gap on all prompts."""
    found: dict[str, list[tuple[float, Any]]] = defaultdict(list)
    by_model: dict[str, dict[int, float]] = defaultdict(dict)
    with gzip.open(folder / "alpaca_eval/annotations_compact.csv.gz", "rt") as lines:
        for row in csv.DictReader(lines):
            stated = float(row["preference"] or "nan")
            by_model[row["model"]][int(row["index"])] = 0.5 if stated == 0 else stated - 1
    models = sorted(model for model, rows in by_model.items() if len(rows) == 805)
    for _ in range(pairs):
        first, second = draw.choice(models, 2, replace=False)
        both = np.array([(1 + by_model[first][i] - by_model[second][i]) / 2 for i in range(805)])
        found["AlpacaEval, two models by their baseline"].append((both.mean(), both[~np.isnan(both)]))
    for model in models:
        own = np.array([by_model[model][i] for i in range(805)])
        found["AlpacaEval, a model and the baseline"].append((float(np.nanmean(own)), own[~np.isnan(own)]))
    battles: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with gzip.open(folder / "arena_hard/battles_v0.1_judge_gpt-4-1106-preview.csv.gz", "rt") as lines:
        for row in csv.DictReader(lines):
            credit = {"model_a": 0.0, "model_b": 1.0}.get(row["winner"], 0.5)
            battles[row["model_b"]][row["question_id"]].append(credit)
    for rows in battles.values():
        own = np.array([np.mean(votes) for votes in rows.values()])
        found["Arena-Hard, a model and the baseline"].append((float(own.mean()), own))
    print("\n| recorded | gap | comparisons | saved | wrong, at most of any | decided |\n|---|---|---|---|---|---|")
    for name, every in found.items():
        for low, high in ((0, 2), (2, 5), (5, 10), (10, 20), (20, 50)):
            some = [one for mean, one in every if low <= 100 * abs(mean - 0.5) < high]
            if some:
                made = np.array([stopped(one, orders, draw) for one in some])
                saved, _, early = made.mean(axis=0)
                print(f"| {name} | {low}-{high} | {len(some)} | {saved:.0%} | {made[:, 1].max():.2%} | {early:.0%} |")


def powered(repeats: int, draw: Any) -> None:
    """Print coverage and width of PPI++, with scorers of three kinds, beside the labels alone."""
    print("\n| labels of 800 | cheap scorer | coverage | width | of labels alone | weight |\n|---|---|---|---|---|---|")
    for n in (50, 200):
        for kind in ("good", "useless", "biased"):
            covered, widths, alone, weights = [], [], [], []
            for _ in range(repeats):
                quality = draw.normal(0.4, 1.5, 800)
                truth = (draw.random(800) < 1 / (1 + np.exp(-quality))).astype(float)
                noise = draw.normal(size=800)
                good = np.clip(truth * 0.7 + 0.15 + 0.15 * noise, 0, 1)
                said = {"good": good, "useless": draw.random(800), "biased": np.clip(0.5 + good / 2, 0, 1)}[kind]
                labels = np.where(np.arange(800) < n, truth, np.nan)
                made = prediction_powered_mean(labels, said)
                known = np.isfinite(labels).astype(np.int64)
                found = estimate_from_influence(made.value, made.influence, classes=known)
                covered.append(found.low <= TRUE_RATE <= found.high)
                widths.append(found.high - found.low)
                plain = estimate_from_influence(truth[:n].mean(), truth[:n] - truth[:n].mean())
                alone.append(plain.high - plain.low)
                weights.append(made.weight)
            print(
                f"| {n} | {kind} | {np.mean(covered):.1%} | {100 * np.mean(widths):.1f} | {100 * np.mean(alone):.1f} "
                f"| {np.mean(weights):.2f} |"
            )


def _true_rate() -> float:
    """Return the win rate behind `powered`, by quadrature."""
    at = np.linspace(-12, 12, 20001)
    return float((np.exp(-(at**2) / 2) / (1 + np.exp(-(0.4 + 1.5 * at)))).sum() / np.exp(-(at**2) / 2).sum())


TRUE_RATE = _true_rate()


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="a few orders, in seconds")
    options.add_argument("--orders", type=int, default=2000)
    options.add_argument("--seed", type=int, default=23)
    given = options.parse_args()
    orders, draw = (60 if given.quick else given.orders), np.random.default_rng(given.seed)
    simulated(orders, draw)
    folder = Path(os.environ.get("HARNESS_DATA", "")) / "alignment"
    if folder.is_dir():
        recorded(folder, max(20, orders // 10), draw, pairs=20 if given.quick else 100)
    powered(200 if given.quick else 2000, draw)


if __name__ == "__main__":
    main()
