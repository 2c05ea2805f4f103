"""How often intervals of the length-controlled win rate hold, the choice of C inside; and those published.

    python benchmarks/lc_coverage.py [--rounds 2000] [--quick] [--json FILE]

Verdicts are drawn about a logistic model of length and difficulty with weights such as those on the board; they are
mostly near 0 or 1, as GPT-4 Turbo's are. Models of the regulariser are drawn alike. The truth is the figure of the same
procedure on unlimited instructions of the kind. A published interval is the figure give or take 1.96 times
``lc_standard_error``. Beside both stands Student's interval of the influences, on the scale of log-odds.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from harness_plugins.alpaca_eval.length_control import (
    UNSHRUNK_C,
    Design,
    Gamed,
    design,
    length_controlled,
)
from harness_plugins.alpaca_eval.score_interval import score_interval
from scipy.optimize import brentq
from scipy.special import expit, stdtrit

SIZES, RATES = (50, 200, 805), (0.03, 0.20, 0.50, 0.97)
LENGTH, DIFFICULTY, GAMED_LENGTH, GAMED_DIFFICULTY = -1.3, 0.7, -1.84, 0.74
FIRMNESS = 0.3
"""Of the beta distribution of verdicts: the lower, the nearer to 0 or 1."""


@dataclass
class Coverage:
    """How often intervals held in one setting."""

    instructions: int
    rate: float
    score: float
    log_odds: float
    published: float
    truth_above: float
    truth_below: float
    width: float
    mean: float
    milliseconds: float


def drawn(n: int, own: float, rng: Any, *, expected: bool = False) -> Design:
    """Draw one model's verdicts on n instructions, and the regulariser on the same ones."""
    difficulty = 1.5 * rng.standard_normal(n) + 0.5 * (rng.exponential(1, n) - 1)

    def verdicts(mean: Any) -> Any:
        mean = np.clip(mean, 1e-6, 1 - 1e-6)
        return mean if expected else rng.beta(mean * FIRMNESS, (1 - mean) * FIRMNESS)

    differences = rng.normal(-300, 700, n)
    better = verdicts(expit(LENGTH * np.tanh(differences / 700) + DIFFICULTY * difficulty + own))
    lengths = [np.tanh(rng.normal(middle, spread, n) / spread) for middle, spread in ((-400, 500), (900, 700))]
    targets = [verdicts(expit(GAMED_LENGTH * t + GAMED_DIFFICULTY * difficulty)) for t in lengths]
    gamed = Gamed(np.concatenate(lengths), np.tile(difficulty, 2), np.concatenate(targets))
    return design(better, differences, difficulty, gamed)


def own_weight(rate: float) -> float:
    """Return the model's own weight with which the figure is ``rate`` on unlimited instructions."""

    def beyond(own: float) -> float:
        made = drawn(100_000, own, np.random.default_rng(5), expected=True)
        return length_controlled(made, UNSHRUNK_C).value - rate

    return float(brentq(beyond, -12, 12, xtol=1e-3))


def covered(n: int, rate: float, rounds: int, *, seed: int = 1, confidence: float = 0.95) -> Coverage:
    """Simulate one setting."""
    own, rng = own_weight(rate), np.random.default_rng(seed)
    held = {"score": 0, "log_odds": 0, "published": 0}
    above = below = 0
    widths, values = [], []
    begin = time.perf_counter()
    for _ in range(rounds):
        made = drawn(n, own, rng)
        found = length_controlled(made)
        low, high = score_interval(made, confidence)
        low, high = min(low, found.value), max(high, found.value)
        held["score"] += low <= rate <= high
        above, below = above + (rate > high), below + (rate < low)
        stderr = float(found.influence.std(ddof=1)) / math.sqrt(n)
        reach = float(stdtrit(n - 1, 0.5 + confidence / 2)) * stderr / (found.value * (1 - found.value))
        held["log_odds"] += abs(math.log(rate / (1 - rate)) - math.log(found.value / (1 - found.value))) <= reach
        published = float(found.predictions.std(ddof=1)) / math.sqrt(n)
        held["published"] += abs(found.value - rate) <= 1.96 * published
        widths.append(high - low)
        values.append(found.value)
    each = 1000 * (time.perf_counter() - begin) / rounds
    shares = {name: count / rounds for name, count in held.items()}
    ends = (above / rounds, below / rounds, float(np.mean(widths)), float(np.mean(values)), each)
    return Coverage(n, rate, shares["score"], shares["log_odds"], shares["published"], *ends)


def main() -> None:
    """Simulate all settings, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--quick", action="store_true", help="a hundred rounds of each setting")
    parser.add_argument("--json", help="file to write the figures to")
    options = parser.parse_args()
    rounds = 100 if options.quick else options.rounds
    print("instructions  rate   score  log-odds  published   above   below   width    mean  ms")
    rows = []
    for n in SIZES:
        for rate in RATES:
            c = covered(n, rate, rounds)
            rows.append(vars(c))
            shares = f"{100 * c.score:6.1f}  {100 * c.log_odds:8.1f}  {100 * c.published:9.1f}"
            sides = f"{100 * c.truth_above:6.1f}  {100 * c.truth_below:6.1f}"
            print(
                f"{n:12}  {rate:4.2f}  {shares}  {sides}  {c.width:6.4f}  {c.mean:6.4f}  {c.milliseconds:.0f}",
                flush=True,
            )
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"rounds": rounds, "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
