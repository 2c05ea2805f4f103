"""Whether the error budgets of cache policies hold: many orders of three real streams, and what a guarantee costs.

    python benchmarks/cache_bound.py [--shuffles 500] [--streams clinc,nq,banking] [--out FILE]

Needs HARNESS_DATA with caching/. Each order is replayed with insertion on a miss by ``pooled`` under both guarantees;
by ``vcache`` (its own insertion) and by static thresholds in hindsight on the first few orders.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import time
from pathlib import Path

import numpy as np
from harness_plugins.prompt_caching.lookup import Ranked, Ranking
from harness_plugins.prompt_caching.policy import Policy, Static
from harness_plugins.prompt_caching.pooled import Pooled
from harness_plugins.prompt_caching.replay import CacheSettings, replay
from harness_plugins.prompt_caching.stream import Stream, of_classes
from harness_plugins.prompt_caching.stream_rows import answers_of
from harness_plugins.prompt_caching.verified import Verified

FOLDER = Path(os.environ.get("HARNESS_DATA", "")) / "caching"
START = 1000
"""Prompts from which the certain guarantee holds; where fewer are replayed, a quarter of them."""


def clinc() -> Stream:
    """CLINC150, test and out of scope: 5,500 prompts."""
    test = json.loads((FOLDER / "clinc150_data_full.json").read_text("utf-8"))["test"]
    with np.load(FOLDER / "clinc150_minilm_f16.npz") as arrays:
        vectors = arrays["emb"].astype(np.float64)
    names = {name: i for i, name in enumerate(sorted({label for _, label in test}))}
    classes = [names[label] for _, label in test] + list(range(1000, 2000))
    return of_classes(np.concatenate([vectors[3000:7500], vectors[7600:8600]]), classes)


def nq() -> Stream:
    """NQ-open: 7,179 questions with short answers."""
    rows = [
        json.loads(line)
        for name in ("NQ-open.dev", "NQ-open.efficientqa.dev.1.1", "NQ-open.efficientqa.test.1.1")
        for line in (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]
    with np.load(FOLDER / "nq_open_minilm_f16.npz") as arrays:
        plain = of_classes(arrays["emb"].astype(np.float64), np.zeros(len(rows), dtype=np.int64))
    codes = [answers_of(row["answer"], normalised=True) for row in rows]
    answers = np.full((len(rows), max(map(len, codes))), -1, dtype=np.int64)
    for i, each in enumerate(codes):
        answers[i, : len(each)] = each
    return Stream(
        plain.vectors, answers, plain.scopes, plain.times, plain.lifetimes, plain.costs, plain.latencies, plain.there
    )


def banking() -> Stream:
    """Banking77's test split: 3,080 prompts of 77 intents, embedded here by all-MiniLM-L6-v2."""
    from harness import Registry, Text
    from harness.names import resolve_model

    with (FOLDER / "banking77_test.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    names = {name: i for i, name in enumerate(sorted({row["category"] for row in rows}))}
    model = resolve_model(Registry(), "minilm", models_folder=Path("/nowhere")).ready.model
    model.load()
    vectors = [model.embed([Text(row["text"]) for row in rows[i : i + 64]]) for i in range(0, len(rows), 64)]
    return of_classes(np.concatenate([np.stack(batch) for batch in vectors]), [names[row["category"]] for row in rows])


STREAMS = {"clinc": clinc, "nq": nq, "banking": banking}


def study(name: str, stream: Stream, shuffles: int, deltas: list[float], prompts: int) -> list[dict[str, object]]:
    """Replay all policies on many orders of one stream, or on the first prompts of each order."""
    ranking = Ranking(stream.vectors)
    n, few = min(prompts or len(stream), len(stream)), min(20, shuffles)
    orders = [np.random.default_rng(seed).permutation(len(stream))[:n] for seed in range(shuffles)]
    start, horizon = min(START, n // 4), min(5000, n)

    def tried(policy: Policy, count: int, settings: CacheSettings | None = None) -> tuple[np.ndarray, np.ndarray]:
        hits, wrong = np.zeros(count), np.zeros((count, n), dtype=bool)
        for seed in range(count):
            order = orders[seed]
            done = replay(stream.take(order), policy, settings, lookup=Ranked(ranking, order), seed=10_000 + seed)
            hits[seed], wrong[seed] = done.hit.mean(), done.false_hits
        return hits, wrong

    rows: list[dict[str, object]] = []
    static = [(t, *tried(Static(t), min(3, shuffles))) for t in np.arange(0.6, 0.99, 0.03)]
    curve = np.array([(wrong.mean(), hits.mean()) for _, hits, wrong in static])
    order = np.argsort(curve[:, 0])
    for delta in deltas:
        best = float(np.interp(delta, curve[order, 0], curve[order, 1]))
        policies = [
            ("pooled, in expectation", Pooled(delta), shuffles),
            ("pooled, alpha=0.05", Pooled(delta, 0.05, start, horizon), shuffles),
            ("vcache", Verified(delta), few),
        ]
        for label, policy, count in policies:
            began = time.perf_counter()
            hits, wrong = tried(policy, count)
            errors = wrong.mean(axis=1)
            running = np.cumsum(wrong, axis=1)[:, start - 1 :] / np.arange(start, n + 1)
            rows.append(
                {
                    "stream": name,
                    "delta": delta,
                    "policy": label,
                    "prompts": n,
                    "orders": count,
                    "hit_rate": round(float(hits.mean()), 4),
                    "error": round(float(errors.mean()), 5),
                    "error_se": round(float(errors.std() / np.sqrt(count)), 5),
                    "orders_over_at_end": int((errors > delta).sum()),
                    "orders_over_at_any_time_from_start": int((running > delta + 1e-12).any(axis=1).sum()),
                    "worst_error": round(float(errors.max()), 4),
                    "best_static": round(best, 4),
                    "of_best_static": round(float(hits.mean()) / best, 3),
                    "seconds_each": round((time.perf_counter() - began) / count, 2),
                }
            )
            print(json.dumps(rows[-1]), flush=True)
    return rows


def main() -> None:
    """Run the studies, and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shuffles", type=int, default=20)
    parser.add_argument("--streams", default="clinc,nq,banking")
    parser.add_argument("--prompts", type=int, default=0, help="Of each order; 0: all.")
    parser.add_argument("--deltas", default="0.02")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    deltas = [float(each) for each in asked.deltas.split(",")]
    rows = []
    for name in asked.streams.split(","):
        rows += study(name, STREAMS[name](), asked.shuffles, deltas, asked.prompts)
        if asked.out:
            asked.out.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
