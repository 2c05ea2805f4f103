"""What an attacker who searches costs by itself: microseconds a query, beside the detector that it asks.

Run: python benchmarks/attacks.py [--texts 200] [--queries 100]
Baseline: the detector alone, a TF-IDF of words and characters, on the very texts that the search asked about.
Limit: the detector's time, below which the attacker does not show.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from harness_plugins.attacks.demonstration import rows
from harness_plugins.attacks.plans import SEARCHES, Plan
from harness_plugins.attacks.search import Search

from harness import Conversation, evaluate, train
from harness.names.registry import Registry

LONG = " The letter goes on for a while about the weather, the garden and the neighbours." * 8


def searched(texts: list[str], plan: Plan) -> tuple[float, list[str]]:
    """Seconds of proposing and being told, with a score that costs nothing; and what was proposed."""
    made = []
    start = time.perf_counter()
    for text in texts:
        search = Search(text, plan)
        search.begin(1.0)
        for _ in range(plan.queries):
            proposed = search.propose()
            if proposed is None:
                break
            made.append(proposed)
            search.tell(1.0 / len(proposed))
    return time.perf_counter() - start, made


def main() -> None:
    """Print a row a search and length, and one of a whole evaluation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=100)
    parser.add_argument("--queries", type=int, default=100)
    given = parser.parse_args()
    folder = tempfile.TemporaryDirectory()
    os.chdir(folder.name)
    train("tfidf-detector", "attacks/demonstration", "words")
    detector: Any = Registry().find("model", "tfidf-detector").load()(path="words")
    detector.load()
    plain = [row["text"] for row in rows("test", n=2 * given.texts) if row["label"]]
    print(f"{'texts':>6} {'search':>8} {'attacker us/query':>18} {'detector us/query':>18} {'share':>6}")
    for name, texts in (("short", plain), ("long", [text + LONG for text in plain])):
        for kind in SEARCHES:
            seconds, made = searched(texts, Plan(search=kind, queries=given.queries))
            some = [Conversation.user(text) for text in made[:: max(1, len(made) // 2000)]]
            start = time.perf_counter()
            detector.detect(some)
            asked = (time.perf_counter() - start) / len(some)
            each = seconds / len(made)
            print(f"{name:>6} {kind:>8} {1e6 * each:>18.0f} {1e6 * asked:>18.0f} {each / (each + asked):>6.0%}")
    task = f"attack:adaptive:attacks/demonstration:queries={given.queries}"
    start = time.perf_counter()
    cell = evaluate(["always=constant:value=5"], [task], store=Path("store.sqlite")).cells[0]
    each = 1e6 * (time.perf_counter() - start) / cell.requests
    print(f"evaluation against a detector that takes no time: {each:.0f} us/query")
    folder.cleanup()


if __name__ == "__main__":
    main()
