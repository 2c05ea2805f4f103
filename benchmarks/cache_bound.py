"""Whether the error budgets of cache policies hold: many orders of three real streams, and what a guarantee costs.

    python benchmarks/cache_bound.py [--shuffles 500] [--streams clinc,nq,banking] [--deltas 0.01,0.02,0.05,0.1]

Needs HARNESS_DATA with caching/. Each order is replayed with insertion on a miss by ``pooled`` under both guarantees;
by ``vcache`` (its own insertion) and by static thresholds in hindsight on the first few orders.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from harness_plugins.prompt_caching.hard_pairs import Pairs, above, histogram_matched
from harness_plugins.prompt_caching.head_fitting import HeadSettings, PairData, fit_head, unit_rows
from harness_plugins.prompt_caching.lookup import Ranked, Ranking
from harness_plugins.prompt_caching.policy import Policy, Static
from harness_plugins.prompt_caching.pooled import Pooled
from harness_plugins.prompt_caching.replay import CacheSettings, replay
from harness_plugins.prompt_caching.stream import Stream, of_classes, unit
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


def clinc_head() -> Stream:
    """CLINC150's stream after a head that learned from its validation part: other prompts of the same intents."""
    return after_head(clinc(), None)


def unseen(head: bool) -> Stream:
    """Return the test prompts of 50 intents and what is out of scope, 2,500 prompts; a head learned from 100 others."""
    whole, kept = clinc(), known()
    rows = np.flatnonzero(~np.isin(whole.answers[:, 0], kept))
    return after_head(whole.take(rows), kept) if head else whole.take(rows)


def known() -> np.ndarray:
    """Codes of 100 of CLINC150's intents."""
    return np.random.default_rng(0).permutation(150)[:100]


def after_head(stream: Stream, intents: np.ndarray | None) -> Stream:
    """Map a stream's vectors by a head of three epochs over the hard pairs of CLINC150's validation part.

    Args:
        stream: The prompts.
        intents: Codes of those that it learns from; None: all.
    """
    val = json.loads((FOLDER / "clinc150_data_full.json").read_text("utf-8"))["val"]
    names = {name: i for i, name in enumerate(sorted({label for _, label in val}))}
    labels = np.array([names[label] for _, label in val])
    with np.load(FOLDER / "clinc150_minilm_f16.npz") as arrays:
        vectors = unit_rows(arrays["emb"][:3000].astype(np.float32))
    if intents is not None:
        kept = np.isin(labels, intents)
        vectors, labels = vectors[kept], labels[kept]
    blocks = list(above(vectors, 0.3))
    first, second, cosine = (np.concatenate([block[i] for block in blocks]) for i in range(3))
    pairs = histogram_matched(Pairs(first, second, cosine, labels[first] == labels[second]), 40, 0)
    data = PairData(vectors, pairs.first, pairs.second, pairs.same.astype(np.float32), labels)
    mapped = stream.vectors @ fit_head(data, None, HeadSettings()).head.weights.T
    return dataclasses.replace(stream, vectors=unit(mapped))


STREAMS: dict[str, Callable[[], Stream]] = {
    "clinc": clinc,
    "nq": nq,
    "banking": banking,
    "clinc-head": clinc_head,
    "unseen": lambda: unseen(False),
    "unseen-head": lambda: unseen(True),
}


def study(name: str, stream: Stream, asked: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Replay all policies on many orders of one stream, or on the first prompts of each order."""
    ranking, shuffles = Ranking(stream.vectors), asked.shuffles
    n = min(asked.prompts or len(stream), len(stream))
    start, horizon = min(START, n // 4), min(5000, n)

    def tried(policy: Policy, count: int, settings: CacheSettings | None = None) -> tuple[np.ndarray, np.ndarray]:
        hits, wrong, began = [], [], time.process_time()
        for seed in range(asked.first, asked.first + count):
            order = np.random.default_rng(seed).permutation(len(stream))[:n]
            done = replay(stream.take(order), policy, settings, lookup=Ranked(ranking, order), seed=10_000 + seed)
            hits.append(done.hit.mean())
            wrong.append(done.false_hits)
            if asked.limit and time.process_time() - began > asked.limit:
                break
        return np.array(hits), np.array(wrong)

    static = [(t, *tried(Static(t), min(3, shuffles))) for t in np.arange(0.45, 0.99, 0.02)]
    curve = np.array([(wrong.mean(), hits.mean()) for _, hits, wrong in static])
    by_error = np.argsort(curve[:, 0])
    for delta in map(float, asked.deltas.split(",")):
        best = float(np.interp(delta, curve[by_error, 0], curve[by_error, 1]))
        policies = {
            "certain": (f"pooled, alpha={asked.alpha:g}", Pooled(delta, asked.alpha, start, horizon), shuffles),
            "expected": ("pooled, in expectation", Pooled(delta), shuffles),
            "vcache": ("vcache", Verified(delta), min(20, shuffles)),
        }
        for label, policy, count in (policies[each] for each in asked.policies.split(",")):
            began = time.process_time()
            hits, wrong = tried(policy, count)
            errors, count = wrong.mean(axis=1), len(hits)
            running = np.cumsum(wrong, axis=1)[:, start - 1 :] / np.arange(start, n + 1)
            yield {
                "stream": name,
                "delta": delta,
                "policy": label,
                "prompts": n,
                "start": start,
                "horizon": horizon,
                "orders": count,
                "hit_rate": round(float(hits.mean()), 4),
                "hit_rate_se": round(float(hits.std() / np.sqrt(count)), 5),
                "error": round(float(errors.mean()), 5),
                "error_se": round(float(errors.std() / np.sqrt(count)), 5),
                "orders_over_at_end": int((errors > delta).sum()),
                "orders_over_at_any_time_from_start": int((running > delta + 1e-12).any(axis=1).sum()),
                "worst_error": round(float(errors.max()), 4),
                "best_static": round(best, 4),
                "of_best_static": round(float(hits.mean()) / best, 3),
                "seconds_each": round((time.process_time() - began) / count, 2),
            }


def main() -> None:
    """Run the studies, and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shuffles", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="Seed of the first order.")
    parser.add_argument("--streams", default="clinc,nq,banking")
    parser.add_argument("--prompts", type=int, default=0, help="Of each order; 0: all.")
    parser.add_argument("--deltas", default="0.02")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--alpha", type=float, default=0.05)
    parser.add_argument("--policies", default="certain,expected,vcache")
    parser.add_argument("--limit", type=float, default=0, help="CPU seconds a row, after which no order is begun.")
    asked = parser.parse_args()
    rows = []
    for name in asked.streams.split(","):
        for row in study(name, STREAMS[name](), asked):
            rows.append(row)
            print(json.dumps(row), flush=True)
            if asked.out:
                asked.out.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
