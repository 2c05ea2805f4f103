"""Prompt caching: a head from chance to well above on hard pairs, gates, and how error falls with the number of pairs.

python benchmarks/prompt_pairs.py theory        # made data, minutes
python benchmarks/prompt_pairs.py headline      # CLINC150 below $HARNESS_DATA/caching, a minute
python benchmarks/prompt_pairs.py gates         # CLINC150 and NQ-open, seconds
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from harness_plugins.prompt_caching.answers import answer_set
from harness_plugins.prompt_caching.gates import GATES, conflicts
from harness_plugins.prompt_caching.hard_pairs import Pairs, above, alternating, area, histogram_matched
from harness_plugins.prompt_caching.head_fitting import Head, HeadSettings, PairData, area_of, fit_head, unit_rows
from harness_plugins.prompt_caching.pair_losses import BCE, SLD, Settings, log_sigmoid, slope

SIZES = (250, 500, 1000, 2000, 4000, 8000, 16000)
WIDTH, SEEDS, FRESH = 6, 10, 20_000
TEMPERATURE, OFFSET = 0.25, 1.0
LOG_NOISE = 0.5
"""Noise on log P* of labels that are probabilities, up or down."""


# theory: mean |P - P*| against N


def _truth(rng: np.random.Generator, weights: Any, n: int) -> tuple[Any, Any, Any]:
    first = unit_rows(rng.normal(size=(n, WIDTH)))
    second = unit_rows(first + rng.normal(size=(n, WIDTH)))
    cosine = np.einsum("ij,ij->i", unit_rows(first @ weights.T), unit_rows(second @ weights.T))
    return first, second, np.exp(log_sigmoid(cosine / TEMPERATURE - OFFSET))


def _fit(loss: str, first: Any, second: Any, targets: Any, epsilon: float) -> Any:
    """Minimise a loss by L-BFGS over the map, the log temperature and the offset; return what gives P."""
    from scipy.optimize import minimize

    def unpack(x: Any) -> tuple[Any, float, float]:
        return x[:-2].reshape(WIDTH, WIDTH), float(x[-2]), float(x[-1])

    def value(x: Any) -> tuple[float, Any]:
        weights, log_temperature, offset = unpack(x)
        mapped = [first @ weights.T, second @ weights.T]
        lengths = [np.linalg.norm(m, axis=1, keepdims=True) for m in mapped]
        units = [m / length for m, length in zip(mapped, lengths, strict=True)]
        found = slope(loss, *units, targets, Settings(float(np.exp(log_temperature)), offset, epsilon))
        gradient = np.zeros((WIDTH, WIDTH))
        for end, one, length, by in zip((first, second), units, lengths, (found.first, found.second), strict=True):
            gradient += ((by - (by * one).sum(axis=1, keepdims=True) * one) / length).T @ end
        return found.value, np.r_[gradient.ravel(), found.log_temperature, found.offset]

    start = np.r_[np.eye(WIDTH).ravel(), np.log(TEMPERATURE), OFFSET]
    weights, log_temperature, offset = unpack(minimize(value, start, jac=True, method="L-BFGS-B").x)

    def probability(a: Any, b: Any) -> Any:
        cosine = np.einsum("ij,ij->i", unit_rows(a @ weights.T), unit_rows(b @ weights.T))
        return np.exp(log_sigmoid(cosine / np.exp(log_temperature) - offset))

    return probability


def theory() -> None:
    """Print mean |P - P*| on fresh pairs against N, and the slope of its log on log N with a bootstrap interval."""
    settings = {
        "bce, labels 0 and 1": (BCE, "drawn", 0.05),
        "sld, probabilities with noise on log P": (SLD, "noisy", 1e-6),
        "sld, labels 0 and 1 kept .05 inside": (SLD, "drawn", 0.05),
        "bce, probabilities with noise on log P": (BCE, "noisy", 0.05),
    }
    print(f"{SEEDS} seeds; cosine in {WIDTH} dimensions, temperature {TEMPERATURE}, offset {OFFSET}")
    for name, (loss, labels, epsilon) in settings.items():
        errors = np.zeros((SEEDS, len(SIZES)))
        for seed in range(SEEDS):
            rng = np.random.default_rng(seed)
            weights = np.eye(WIDTH) + 0.5 * rng.normal(size=(WIDTH, WIDTH))
            *fresh, truth = _truth(rng, weights, FRESH)
            for k, n in enumerate(SIZES):
                *pairs, p = _truth(rng, weights, n)
                # the noise has mean 0 on log P, and no label is above 1: so P* is what either loss is least at
                noise = np.minimum(LOG_NOISE, -np.log(p)) * rng.choice((-1.0, 1.0), n)
                targets = (rng.random(n) < p).astype(float) if labels == "drawn" else np.minimum(p * np.exp(noise), 1)
                errors[seed, k] = np.abs(_fit(loss, *pairs, targets, epsilon)(*fresh) - truth).mean()
        logs, x = np.log(errors), np.log(SIZES)
        draws = np.random.default_rng(0).integers(0, SEEDS, (2000, SEEDS))
        slopes = [np.polyfit(x, logs[rows].mean(axis=0), 1)[0] for rows in draws]
        low, high = np.quantile(slopes, (0.025, 0.975))
        means = " ".join(f"{error:.4f}" for error in errors.mean(axis=0))
        print(f"{name:42} {means}  slope {np.polyfit(x, logs.mean(axis=0), 1)[0]:.3f} [{low:.3f}, {high:.3f}]")


# real prompts


def _folder() -> Path:
    folder = Path(os.environ.get("HARNESS_DATA", "")) / "caching"
    if not folder.is_dir():
        raise SystemExit("HARNESS_DATA names no folder with caching/")
    return folder


def _clinc() -> tuple[Any, Any]:
    whole = json.loads((_folder() / "clinc150_data_full.json").read_text("utf-8"))
    with np.load(_folder() / "clinc150_minilm_f16.npz") as arrays:
        return whole, arrays["emb"].astype(np.float32)


def _pairs(vectors: Any, labels: Any) -> Pairs:
    blocks = list(above(vectors, 0.3))
    first, second, cosine = (np.concatenate([block[i] for block in blocks]) for i in range(3))
    return Pairs(first, second, cosine, labels[first] == labels[second])


def _data(vectors: Any, labels: Any, pairs: Pairs) -> PairData:
    return PairData(unit_rows(vectors), pairs.first, pairs.second, pairs.same.astype(np.float32), labels)


def headline() -> None:
    """Print ROC areas before and after training, on hard and on all pairs, of the same and of other intents."""
    whole, vectors = _clinc()
    names = sorted({intent for _, intent in whole["val"]})
    code = {name: k for k, name in enumerate(names)}
    parts = {}
    for part, rows in (("val", slice(0, 3000)), ("test", slice(3000, 7500))):
        parts[part] = vectors[rows], np.array([code[intent] for _, intent in whole[part]])
    known = set(np.random.default_rng(0).permutation(len(names))[:100].tolist())
    base = Head(np.eye(vectors.shape[1], dtype=np.float32), 1.0, 0.0)
    for title, chosen in (("all 150 intents in both", None), ("trained on 100 intents, tested on 50 others", known)):
        sets = {}
        for part, (own, labels) in parts.items():
            keep = np.array([chosen is None or (label in chosen) == (part == "val") for label in labels.tolist()])
            sets[part] = own[keep], labels[keep], _pairs(own[keep], labels[keep])
        v, g, every = sets["test"]
        hard, alternate = histogram_matched(every, 40, 0), alternating(every)
        learned = _data(*sets["val"][:2], histogram_matched(sets["val"][2], 40, 0))
        tests = {"hard": _data(v, g, hard), "alternating": _data(v, g, alternate), "all": _data(v, g, every)}
        counts = ", ".join(f"{len(t.targets)} {n}" for n, t in tests.items())
        print(f"{title}: {len(learned.targets)} pairs learned from, {counts}")
        before = "".join(f"{n} {area_of(base, t):.3f}  " for n, t in tests.items())
        print(f"  {'cosine':24}{before}({area(alternate):.5f})", flush=True)
        for loss in (BCE, SLD, "online_contrastive", "cosent", "mnrl"):
            started = time.process_time()
            head = fit_head(learned, None, HeadSettings(loss=loss)).head
            seconds = time.process_time() - started
            found = "".join(f"{n} {area_of(head, t):.3f}  " for n, t in tests.items())
            print(
                f"  {loss:24}{found}temperature {head.temperature:.3f}, offset {head.offset:.1f}, {seconds:.1f} CPU-s"
            )


def gates() -> None:
    """Print what gates take away from the hits of a static threshold of .8, insert-all, on CLINC150 and on NQ-open."""
    whole, vectors = _clinc()
    order = np.random.default_rng(0).permutation(5500)
    texts = [row[0] for row in whole["test"] + whole["oos_test"]]
    groups = [{row[1]} for row in whole["test"]] + [{f"outside {k}"} for k in range(1000)]
    stream = np.concatenate([vectors[3000:7500], vectors[7600:8600]])
    _report("CLINC150", [texts[k] for k in order], stream[order], [groups[k] for k in order])
    rows = [
        json.loads(line)
        for part in ("dev", "efficientqa.dev.1.1", "efficientqa.test.1.1")
        for line in (_folder() / f"NQ-open.{part}.jsonl").read_text("utf-8").splitlines()
    ]
    with np.load(_folder() / "nq_open_minilm_f16.npz") as arrays:
        own = arrays["emb"].astype(np.float32)
    _report("NQ-open", [row["question"] for row in rows], own, [answer_set(row["answer"]) for row in rows])


def _report(name: str, texts: list[str], vectors: Any, answers: list[Any]) -> None:
    n = len(texts)
    counts = dict.fromkeys(("right", "wrong", "right lost", "wrong removed"), 0)
    by_gate = {gate: [0, 0] for gate in GATES}
    for start in range(0, n, 500):
        for k, row in enumerate(vectors[start : start + 500] @ vectors.T, start=start):
            near = int(row[:k].argmax()) if k else -1
            if near < 0 or row[near] < 0.8:
                continue
            right = not answers[k].isdisjoint(answers[near])
            closed = conflicts(texts[k], texts[near])
            counts["right" if right else "wrong"] += 1
            counts["right lost" if right else "wrong removed"] += bool(closed)
            for gate in closed:
                by_gate[gate][right] += 1
    print(f"{name}: " + ", ".join(f"{what} {100 * count / n:.2f} %" for what, count in counts.items()))
    print("  wrong / right hits that a gate closes: " + ", ".join(f"{g} {w} / {r}" for g, (w, r) in by_gate.items()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("theory", "headline", "gates"))
    {"theory": theory, "headline": headline, "gates": gates}[parser.parse_args().what]()
