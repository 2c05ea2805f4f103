"""The store alone: microseconds to file a response, to find one, and to resume from a million of them.

Run: python benchmarks/store.py [--rows 1000000]
Baseline: lm_eval's request cache (SqliteDict, one transaction a request) on fewer rows, in the same process.
Limit: sqlite3's executemany into the same table, one transaction a batch, without harness.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sqlite3
import tempfile
import time
from pathlib import Path

from _measure import own_memory

from harness import Verdict
from harness.capabilities import COMPARE, SCORE
from harness.store import Store

BATCH = 2048


def keys_of(count: int) -> list[bytes]:
    """Keys as requests have them."""
    return [hashlib.blake2b(i.to_bytes(8, "big"), digest_size=16).digest() for i in range(count)]


def harness_store(folder: Path, keys: list[bytes], capability, value) -> tuple[float, float]:
    """(us to file, us to find) a response, the finding in another order and with another connection."""
    with Store(folder / f"{capability.name}.sqlite") as store:
        model = store.model_id("f" * 32, "{}")
        start = time.perf_counter()
        for i in range(0, len(keys), BATCH):
            store.file(model, capability, [(key, value) for key in keys[i : i + BATCH]])
        filed = time.perf_counter() - start
    shuffled = random.Random(0).sample(keys, len(keys))
    with Store(folder / f"{capability.name}.sqlite") as store:
        model = store.model_id("f" * 32, "{}")
        start = time.perf_counter()
        found = sum(len(store.find(model, capability, shuffled[i : i + BATCH])) for i in range(0, len(keys), BATCH))
        seconds = time.perf_counter() - start
    assert found == len(keys)
    return 1e6 * filed / len(keys), 1e6 * seconds / len(keys)


def bare_sqlite(folder: Path, keys: list[bytes]) -> tuple[float, float]:
    """The same table and batches with nothing around sqlite3."""
    connection = sqlite3.connect(folder / "bare.sqlite")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(
        "CREATE TABLE r (model INTEGER, capability INTEGER, key BLOB, number REAL, record TEXT, error TEXT,"
        " PRIMARY KEY (model, capability, key)) WITHOUT ROWID"
    )
    start = time.perf_counter()
    for i in range(0, len(keys), BATCH):
        with connection:
            connection.executemany(
                "INSERT INTO r VALUES (1, 1, ?, ?, NULL, NULL)", [(key, 0.5) for key in keys[i : i + BATCH]]
            )
    filed = time.perf_counter() - start
    start = time.perf_counter()
    for i in range(0, len(keys), 1000):
        part = keys[i : i + 1000]
        marks = ",".join("?" * len(part))
        connection.execute(
            f"SELECT key, number FROM r WHERE model=1 AND capability=1 AND key IN ({marks})", part
        ).fetchall()
    seconds = time.perf_counter() - start
    connection.close()
    return 1e6 * filed / len(keys), 1e6 * seconds / len(keys)


def lm_eval_cache(folder: Path, keys: list[bytes]) -> tuple[float, float]:
    """The cache of lm_eval: a SqliteDict with autocommit."""
    from sqlitedict import SqliteDict

    cache = SqliteDict(str(folder / "lm_eval.sqlite"), autocommit=True)
    names = [key.hex() for key in keys]
    start = time.perf_counter()
    for name in names:
        cache[name] = (-1.5, False)
    cache.commit(blocking=True)
    filed = time.perf_counter() - start
    start = time.perf_counter()
    for name in names:
        cache[name]
    seconds = time.perf_counter() - start
    cache.close()
    return 1e6 * filed / len(keys), 1e6 * seconds / len(keys)


def main() -> None:
    """Print a row a store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    count = parser.parse_args().rows
    keys = keys_of(count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            (f"harness, scores, {count}", *harness_store(folder, keys, SCORE, 0.5)),
            (
                f"harness, verdicts, {count // 10}",
                *harness_store(folder, keys[: count // 10], COMPARE, Verdict(0.5, "A")),
            ),
            (f"bare sqlite3 (limit), {count}", *bare_sqlite(folder, keys)),
            ("lm_eval cache, 2000", *lm_eval_cache(folder, keys[:2000])),
        ]
    print(f"{'store, rows':<34}{'us to file':>11}{'us to find':>11}{'file/limit':>12}{'find/limit':>12}")
    limit = rows[2]
    for label, filed, found in rows:
        print(f"{label:<34}{filed:>11.1f}{found:>11.1f}{filed / limit[1]:>12.2f}{found / limit[2]:>12.2f}")
    print(
        f"finding all {count} scores again takes {rows[0][2] * count / 1e6:.1f} s; peak memory {own_memory():.0f} MiB"
    )


if __name__ == "__main__":
    main()
