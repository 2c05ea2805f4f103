"""How fast caches are replayed: many thresholds and policies from one trace, event loops, and a long one by an index.

    python benchmarks/cache_replay.py [--long 1000000] [--json]

Without HARNESS_DATA the 5,500 prompts are made up. ``--long`` sends that many generated vectors through a cache of
bounded capacity whose entries an index of usearch finds (pip install usearch).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from _measure import own_memory
from harness_plugins.prompt_caching.lookup import Index, Search, Stored
from harness_plugins.prompt_caching.match_trace import Trace, neighbours_of, trace_of
from harness_plugins.prompt_caching.policy import Policy, Probability, Static
from harness_plugins.prompt_caching.pooled import Pooled
from harness_plugins.prompt_caching.replay import CacheSettings, replay
from harness_plugins.prompt_caching.stream import Stream, Vectors, of_classes
from harness_plugins.prompt_caching.verified import Verified

FOLDER = Path(os.environ.get("HARNESS_DATA", "")) / "caching"


def prompts(n: int = 5500, classes: int = 150) -> Stream:
    """CLINC150's frozen stream, or one made up of the same size."""
    if (FOLDER / "clinc150_minilm_f16.npz").is_file():
        from cache_bound import clinc

        return clinc().take(np.random.default_rng(0).permutation(n))
    draw = np.random.default_rng(0)
    centres, labels = draw.normal(size=(classes, 384)), draw.integers(classes, size=n)
    return of_classes(centres[labels] + 1.2 * draw.normal(size=(n, 384)), labels)


def seconds(call: object) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    call()  # type: ignore[operator]
    return time.perf_counter() - start


def all_from(trace: Trace, thresholds: np.ndarray) -> int:
    """Decide 100 thresholds of five kinds from the trace, with their errors."""
    kinds = (
        lambda t: trace.hits(t),
        lambda t: Probability(t).from_trace(trace),
        lambda t: trace.hits(2 * t - 1),  # GPTCache's
        lambda t: trace.hits(1 - t),  # a distance
        lambda t: trace.hits(t) & (trace.similarity >= 0.5),
    )
    return sum(int((hit & ~trace.right).sum() >= 0) for kind in kinds for t in thresholds for hit in (kind(t),))


def long_stream(n: int, width: int = 64, classes: int = 20_000, piece: int = 10_000) -> Iterator[Stream]:
    """Generated vectors, piece by piece: classes about their centres, the first of them often."""
    draw = np.random.default_rng(0)
    centres = draw.normal(size=(classes, width)).astype(np.float32)
    for start in range(0, n, piece):
        count = min(piece, n - start)
        labels = np.minimum((classes * draw.power(0.5, size=count)).astype(np.int64), classes - 1)
        vectors = centres[labels] + 0.45 * draw.normal(size=(count, width)).astype(np.float32)
        yield of_classes(vectors, labels, times=np.arange(start, start + count, dtype=np.float64))


class Watched(Index):
    """An index that now and then looks among all of its entries as well, off the clock, to tell its recall.

    Args:
        every: Prompts of which one is looked up exactly.
    """

    def __init__(self, every: int) -> None:
        super().__init__()
        self.every, self.asked, self.found, self.seconds, self.cpu_seconds = every, 0, 0, 0.0, 0.0
        self.when_full = 0.0
        """MiB at most, up to the first entry that went."""

    def remove(self, entry: int) -> None:
        """Forget an entry."""
        self.when_full = self.when_full or own_memory()
        super().remove(entry)

    def nearest(self, prompt: int, vector: Vectors, scope: int, k: int) -> tuple[list[int], list[float]]:
        """Return what the index finds."""
        entries, cosines = super().nearest(prompt, vector, scope, k)
        if prompt % self.every == 0 and entries:
            start, cpu = time.perf_counter(), time.process_time()
            exact = self._scopes[scope].search(vector, 1, exact=True)
            self.asked += 1
            self.found += cosines[0] >= 1 - float(exact.distances[0]) - 2e-6
            self.seconds += time.perf_counter() - start
            self.cpu_seconds += time.process_time() - cpu
        return entries, cosines


def long_run(prompts: int, capacity: int, width: int) -> dict[str, object]:
    """Send generated vectors through a bounded cache over an index, and say how fast, large and exact it was."""
    index, before = Watched(max(1, prompts // 1000)), own_memory()
    settings = CacheSettings(eviction="lru", capacity=capacity)
    start, cpu = time.perf_counter(), time.process_time()
    done = replay(long_stream(prompts, width), Static(0.8), settings, lookup=index)
    cpu, spent = time.process_time() - cpu - index.cpu_seconds, time.perf_counter() - start - index.seconds
    return {
        "long_prompts": prompts,
        "long_width": width,
        "long_capacity": capacity,
        "long_requests_a_second": prompts / spent,
        "long_requests_a_cpu_second": prompts / cpu,
        "long_hit_rate": float(done.hit.mean()),
        "long_error": float(done.false_hits.mean()),
        "long_most_entries": done.most_entries,
        "long_inserted": int((~done.hit).sum()),
        "long_index_bytes_an_entry": index.bytes / done.most_entries,
        "long_memory_before_mib": before,
        "long_memory_when_full_mib": index.when_full,
        "long_memory_at_end_mib": own_memory(),
        "long_recall": index.found / max(1, index.asked),
        "long_recall_measured_on": index.asked,
    }


def main() -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", type=int, default=0, help="Prompts of the long stream; 0: none.")
    parser.add_argument("--capacity", type=int, default=50_000, help="Entries of its cache.")
    parser.add_argument("--width", type=int, default=64, help="Dimensions of its vectors.")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found: dict[str, object] = {}
    if asked.long:  # before everything else, so that the peak of memory is its own
        found |= long_run(asked.long, asked.capacity, asked.width)
        print("\n".join(f"{name:<40} {value:.6g}" for name, value in found.items()), file=sys.stderr, flush=True)
    stream = prompts()
    found["prompts"] = len(stream)
    thresholds = np.linspace(0.5, 0.99, 100)
    found["neighbours_s"] = seconds(lambda: neighbours_of(stream, 64))
    lists = neighbours_of(stream, 64)
    trace = trace_of(stream, lists)
    replayed = seconds(lambda: all_from(trace, thresholds))
    loop = seconds(lambda: replay(stream, Static(0.8), CacheSettings("all"), lookup=Search()))
    found["trace_500_replays_s"] = replayed
    found["loop_insert_all_s"] = loop
    found["times_faster_than_500_loops"] = 500 * loop / replayed
    found["times_faster_with_neighbours_found"] = 500 * loop / (replayed + float(str(found["neighbours_s"])))
    loops: dict[str, Policy] = {
        "static": Static(0.8),
        "probability": Probability(0.5),
        "vcache": Verified(0.02),
        "pooled": Pooled(0.02),
        "pooled, alpha": Pooled(0.02, 0.05),
    }
    for name, policy in loops.items():
        plain = seconds(lambda policy=policy: replay(stream, policy, lookup=Search()))
        stored = seconds(lambda policy=policy: replay(stream, policy, lookup=Stored(stream, lists)))
        found[f"{name}: loop_s"], found[f"{name}: stored_s"] = plain, stored
        found[f"{name}: times_faster"] = plain / stored
    if asked.json:
        print(json.dumps(found, indent=1))
    else:
        print("\n".join(f"{name:<40} {value:.4g}" for name, value in found.items()))


if __name__ == "__main__":
    main()
