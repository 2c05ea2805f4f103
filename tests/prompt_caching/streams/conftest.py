"""Streams: real ones with their vectors on file, where there are such, and made-up ones."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from harness_plugins.prompt_caching.stream import Stream, of_classes
from harness_plugins.prompt_caching.stream_rows import answers_of

FOLDER = Path(os.environ.get("HARNESS_DATA", "")) / "caching"


def _folder():
    if not (FOLDER / "clinc150_data_full.json").is_file():
        pytest.skip("HARNESS_DATA names no folder with caching/")
    return FOLDER


@pytest.fixture(scope="session")
def clinc():
    """CLINC150, test and out of scope, each of the latter a class of its own, in one frozen order: 5,500 prompts."""
    folder = _folder()
    test = json.loads((folder / "clinc150_data_full.json").read_text("utf-8"))["test"]
    with np.load(folder / "clinc150_minilm_f16.npz") as arrays:
        vectors = arrays["emb"].astype(np.float64)
    vectors = np.concatenate([vectors[3000:7500], vectors[7600:8600]])
    names = {name: i for i, name in enumerate(sorted({label for _, label in test}))}
    classes = np.array([names[label] for _, label in test] + list(range(1000, 2000)))
    order = np.random.default_rng(0).permutation(5500)
    return of_classes(vectors[order], classes[order])


@pytest.fixture(scope="session")
def questions():
    """NQ-open, development and both of EfficientQA, in file order: 7,179 questions with short answers."""
    folder = _folder()
    rows = [
        json.loads(line)
        for name in ("NQ-open.dev", "NQ-open.efficientqa.dev.1.1", "NQ-open.efficientqa.test.1.1")
        for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]
    with np.load(folder / "nq_open_minilm_f16.npz") as arrays:
        vectors = arrays["emb"].astype(np.float64)
    codes = [answers_of(row["answer"], normalised=True) for row in rows]
    answers = np.full((len(rows), max(map(len, codes))), -1, dtype=np.int64)
    for i, each in enumerate(codes):
        answers[i, : len(each)] = each
    plain = of_classes(vectors, np.zeros(len(rows), dtype=np.int64))
    rest = (plain.scopes, plain.times, plain.lifetimes, plain.costs, plain.latencies, plain.there)
    return Stream(plain.vectors, answers, *rest)


@pytest.fixture(scope="session")
def made_up():
    """Make a stream up: ``made_up(n, classes)``; vectors of a class lie about its centre."""

    def of(n=300, classes=20, *, width=8, spread=0.25, seed=0, scopes=1, lifetimes=False, costs=False):
        draw = np.random.default_rng(seed)
        centres = draw.normal(size=(classes, width))
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
        labels = draw.integers(classes, size=n)
        vectors = centres[labels] + spread * draw.normal(size=(n, width))
        return of_classes(
            vectors,
            labels,
            scopes=draw.integers(scopes, size=n),
            times=np.cumsum(draw.exponential(size=n)),
            lifetimes=draw.exponential(n / 4, size=n) if lifetimes else None,
            costs=draw.exponential(size=n) if costs else None,
        )

    return of
