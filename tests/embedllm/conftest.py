"""Questions with vectors, trained on without a store, and the nine real models."""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from harness_plugins.embedllm.router import EmbedLLM

from harness import Conversation, Definition, Item, Part, Task

FOLDER = Path(os.environ.get("HARNESS_DATA", "")) / "routing"


class Matrix(NamedTuple):
    """A matrix of outcomes."""

    models: tuple[str, ...]
    vectors: np.ndarray
    outcomes: np.ndarray

    def items(self):
        rows = zip(self.outcomes, range(len(self.outcomes)), strict=True)
        return [
            Item(
                str(i),
                {"prompt": Conversation.user(f"{i}?"), "category": None, "models": self.models, "outcomes": row},
                where=f"row {i}",
            )
            for row, i in rows
        ]

    def embedder(self, *, fingerprint="f", cut=None):
        def ask(capability, requests):
            assert capability == "embed"
            return [self.vectors[int(request.text.rstrip("?")), :cut] for request in requests]

        return Part(ask, specification="given", fingerprint=fingerprint, offers=("embed",))


@pytest.fixture
def made_up():
    """Make a matrix up: ``made_up(questions, models, width)``."""

    def of(questions=300, models=4, width=6, *, seed=0, gaps=0.0, strength=3.0):
        draw = np.random.default_rng(seed)
        vectors = draw.normal(size=(questions, width))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        odds = vectors @ draw.normal(scale=strength, size=(width, models)) + draw.normal(size=models)
        outcomes = (draw.random(odds.shape) < 1 / (1 + np.exp(-odds))).astype(float)
        outcomes[draw.random(odds.shape) < gaps] = np.nan
        return Matrix(tuple(f"model-{i}" for i in range(models)), vectors, outcomes)

    return of


@pytest.fixture
def train(tmp_path):
    """Train, and give the router: ``train(trainer, matrix)``."""

    def of(trainer, matrix, *, name="router", items=None, told=lambda step, **values: None, base=None):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        rows = matrix.items() if items is None else items
        facts = trainer.fit(Task(Definition("mine")), rows, folder, ask=matrix.embedder(), progress=told)
        router = EmbedLLM(path=str(folder))
        router.parts = {"base": base or matrix.embedder()}
        router.load()
        return router, facts

    return of


class Nine(NamedTuple):
    """Nine real models on 5,610 questions: the first 80 % of a seeded order to train on, the last 10 % to test."""

    models: tuple[str, ...]
    vectors: np.ndarray
    outcomes: np.ndarray
    categories: list[str]
    train: np.ndarray
    test: np.ndarray


@pytest.fixture(scope="session")
def nine():
    if not FOLDER.is_dir():
        pytest.skip("HARNESS_DATA names no folder with routing/")
    csv.field_size_limit(1 << 28)
    with gzip.open(FOLDER / "llmrouter_9models.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        read = list(csv.DictReader(stream))
    models = tuple(list(read[0])[5:])
    outcomes = np.array([[float(row[model]) >= 0.5 for model in models] for row in read], dtype=np.float64)
    with np.load(FOLDER / "llmrouter_minilm_f16.npz") as arrays:
        vectors = arrays["emb"].astype(np.float64)[[int(row["row"]) for row in read]]
    order = np.random.default_rng(0).permutation(len(read))
    train, test = order[: int(0.8 * len(read))], order[int(0.9 * len(read)) :]
    return Nine(models, vectors, outcomes, [row["task_name"] for row in read], train, test)
