"""How large the site of a leaderboard is, how long it takes to build, and to open in a browser.

A made-up store: models on tasks of pairs and of best-of-16, each with four domains; its columns are written as an
evaluation would. Opening is from navigation until the table can be used (the script has run), cold, in chromium.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from harness import build_site
from harness.metric import Columns
from harness.names.registry import Registry
from harness.running.estimates import estimates
from harness.running.table import Table, save_table
from harness.store import Store
from harness.store.cells import save_cell
from harness.store.machine import hardware, versions
from harness.store.records import CellRecord
from harness.store.runs import start_run
from harness.tasks.build import build_task
from harness.tasks.build_metric import metric_of

DOMAINS = ["algebra", "history", "law", "writing"]
FLAGS = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"


def define(folder: Path, tasks: int) -> Registry:
    """Task files of both kinds, and the benchmark of all."""
    data = {"test": {"file": str(folder / "none.jsonl")}}
    kinds = {"preference": ["accuracy"], "best-of-k": ["best_of_k_accuracy"]}
    files = {}
    for i in range(tasks):
        kind = list(kinds)[i % 2]
        files[f"made-up/task-{i:02d}"] = {"kind": kind, "data": data, "metrics": kinds[kind]}
    aggregates = [{"name": "mean", "of": [f"{name}:{file['metrics'][0]}" for name, file in files.items()]}]
    document = {"tasks": files, "benchmarks": {"made-up": {"tasks": list(files), "aggregates": aggregates}}}
    (folder / "registry.yaml").write_text(json.dumps(document), encoding="utf-8")
    return Registry(extra=folder / "registry.yaml")


def columns(rng: np.random.Generator, kind: str, items: int, skill: float, failed: list[int]) -> dict[str, np.ndarray]:
    """What a model of some skill leaves; a few of its requests failed."""
    if kind == "preference":
        right = (rng.random(items) < skill).astype(float)
        right[failed] = np.nan
        answered = np.isfinite(right).astype(float)
        return {"as_given": right, "exchanged": right, "better": np.zeros(items), "answered": answered}
    correct = (rng.random((items, 16)) < 0.5).astype(float)
    scores = correct * skill + rng.standard_normal((items, 16))
    scores[failed] = np.nan
    return {"scores": scores, "correct": correct}


def fill(registry: Registry, store: Store, models: int, tasks: int, items: int, failures: bool) -> None:
    """Cells of all models on all tasks."""
    rng = np.random.default_rng(0)
    seen = {"versions": versions(), "hardware": hardware(), "git": {"commit": "0" * 40, "dirty": False}}
    run = start_run(store, {**seen, "seed": 0, "split": "test", "confidence": 0.95})
    for m in range(models):
        described = {"reference": "harness_plugins.hf.reward_model:RewardModel", "version": "1"}
        described |= {"arguments": {"path": f"organisation/model-{m:03d}", "dtype": "bfloat16"}, "parts": {}}
        store.model_id(f"{m:032x}", json.dumps({**described, "identity": {"weights": f"{m:064x}", "device": "cuda"}}))
    memberships = (np.arange(items) % 4).astype(np.int32)
    ids = np.array([f"item-{i:05d}".encode() for i in range(items)])
    for t in range(tasks):
        task = build_task(registry, f"made-up/task-{t:02d}")
        metrics = [metric_of(registry, task, name) for name in task.metrics]
        kind = "preference" if t % 2 == 0 else "best-of-k"
        for m in range(models):
            failed = [m] if failures and m % 10 == 0 else []
            made = columns(rng, kind, items, 0.5 + 0.4 * m / models, failed)
            table = Table(Columns(made), ids, DOMAINS, memberships, [(0,), (1,), (2,), (3,)])
            settings = {"limit": None, "split": "test", "seed": 0, "confidence": 0.95}
            label = f"organisation/model-{m:03d}"
            cell = CellRecord(label, f"{m:032x}", task.name, task.definition.digest, settings, (), "done")
            cell.items, cell.requests, cell.computed, cell.seconds = items, items, items, 1.0
            cell.failed_requests, cell.columns = len(failed), f"columns/{m}-{t}.npz"
            cell.results, _ = estimates(label, task.name, metrics, table, confidence=0.95, seed=0)
            save_table(table, store.folder / cell.columns)
            save_cell(store, run, cell)


def opening(page_file: Path, hash_: str, ready: str, runs: int = 5) -> str:
    """Milliseconds until a page can be used, fastest and median of cold starts; and those its thread computed."""
    from playwright.sync_api import sync_playwright

    times, computed = [], []
    with sync_playwright() as playwright:
        for _ in range(runs):
            with tempfile.TemporaryDirectory() as profile:
                browser = playwright.chromium.launch_persistent_context(
                    profile, executable_path="/usr/bin/chromium", args=FLAGS.split()
                )
                page = browser.new_page()
                client = browser.new_cdp_session(page)
                client.send("Performance.enable", {"timeDomain": "threadTicks"})
                start = time.perf_counter()
                page.goto(page_file.as_uri() + hash_, wait_until="commit")
                page.wait_for_selector(ready, state="attached")
                page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
                times.append(1000 * (time.perf_counter() - start))
                metrics = {m["name"]: m["value"] for m in client.send("Performance.getMetrics")["metrics"]}
                computed.append(1000 * metrics["TaskDuration"])
                browser.close()
    return f"{min(times):.0f} to {statistics.median(times):.0f} ms ({statistics.median(computed):.0f} computing)"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--tasks", type=int, default=12, help="each is five columns: overall and four domains")
    parser.add_argument("--items", type=int, default=300)
    parser.add_argument("--failures", action="store_true", help="one in ten models fails on an item of its own")
    parser.add_argument("--keep", type=Path, help="write the site here and keep it")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = wanted.keep or folder / "site"
        registry = define(folder, wanted.tasks)
        with Store(folder / "store.sqlite") as store:
            fill(registry, store, wanted.models, wanted.tasks, wanted.items, wanted.failures)
        start = time.perf_counter()
        files = build_site(["made-up"], site, store=folder / "store.sqlite", registry=registry, say=print)
        built = time.perf_counter() - start
        sizes = {path.relative_to(site).as_posix(): path.stat().st_size for path in site.rglob("*") if path.is_file()}
        plotly = sizes["assets/plotly.min.js"]
        print(f"{wanted.models} models, {wanted.tasks * 5 + 1} columns, {wanted.items} items a task")
        print(f"built in {built:.1f} s: {files} files, {(sum(sizes.values()) - plotly) / 1e6:.2f} MB", end="")
        print(f" and the plotting library, {plotly / 1e6:.2f} MB")
        for part in ("index.html", "columns.js", "models/", "tasks/", "compare/", "leaderboard"):
            print(f"  {part}: {sum(v for k, v in sizes.items() if k.startswith(f'made-up/{part}')) / 1e6:.2f} MB")
        usable = "body:has(#status:has-text('models, sorted')):not(:has(.later))"
        every = "#" + "&".join(
            f"show=made-up/task-{t:02d}:{m}:{d}"
            for t in range(wanted.tasks)
            for m in (["accuracy", "best_of_k_accuracy"][t % 2],)
            for d in DOMAINS
        )
        compared = "#disagreements:not([hidden]) #items tbody tr, #differences:not([hidden]) tbody tr"
        drawn = ".plot svg"
        base = site / "made-up"
        print(f"table opens in {opening(base / 'index.html', '', usable)}", end="")
        print(f", with all columns shown in {opening(base / 'index.html', every, usable)}")
        print(f"comparison opens in {opening(base / 'compare.html', '', compared)}")
        task = next((base / "tasks").glob("*.html"))
        print(f"a task with its pictures opens in {opening(task, '', drawn)}")


if __name__ == "__main__":
    main()
