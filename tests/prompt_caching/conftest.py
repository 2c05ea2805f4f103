"""Prompts with vectors of their own, and the recorded vectors of real ones."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from harness_plugins.prompt_caching.answers import answer_set, groups_of_answers
from harness_plugins.prompt_caching.hard_pairs import Pairs, above
from harness_plugins.prompt_caching.head_fitting import PairData, unit_rows

from harness import Part

FOLDER = Path(os.environ.get("HARNESS_DATA", "")) / "caching"


class Recorded(NamedTuple):
    """Texts with recorded vectors, and what tells which share an answer."""

    texts: list[str]
    vectors: np.ndarray
    groups: list[str]
    answers: list[frozenset[str]] | None = None

    def take(self, rows):
        chosen = np.arange(len(self.texts))[rows]
        answers = None if self.answers is None else [self.answers[i] for i in chosen]
        return Recorded(
            [self.texts[i] for i in chosen], self.vectors[chosen], [self.groups[i] for i in chosen], answers
        )

    def same(self, first, second):
        if self.answers is not None:
            return np.array(
                [not self.answers[i].isdisjoint(self.answers[j]) for i, j in zip(first, second, strict=True)]
            )
        codes = np.unique(self.groups, return_inverse=True)[1]
        return codes[first] == codes[second]

    def pairs(self, least):
        blocks = list(above(self.vectors, least))
        first, second, cosine = (np.concatenate([block[i] for block in blocks]) for i in range(3))
        return Pairs(first, second, cosine, self.same(first, second))

    def data(self, pairs):
        codes = np.unique(self.groups, return_inverse=True)[1]
        return PairData(
            unit_rows(self.vectors.astype(np.float32)),
            pairs.first,
            pairs.second,
            pairs.same.astype(np.float32),
            codes,
        )

    def nearest_earlier(self):
        """The cosine of every text with its nearest earlier one, and which that is; -1 for the first."""
        near, most = np.zeros(len(self.texts), dtype=int), np.full(len(self.texts), -1.0)
        for start in range(0, len(self.texts), 500):
            block = self.vectors[start : start + 500] @ self.vectors.T
            for k, row in enumerate(block):
                if start + k:
                    near[start + k] = row[: start + k].argmax()
                    most[start + k] = row[near[start + k]]
        return near, most


@pytest.fixture(scope="session")
def caching_data():
    if not FOLDER.is_dir():
        pytest.skip("HARNESS_DATA names no folder with caching/")
    return FOLDER


@pytest.fixture(scope="session")
def clinc(caching_data):
    """CLINC150: ``val`` (3,000), ``test`` (4,500), and ``stream``, 5,500 prompts in a frozen order."""
    whole = json.loads((caching_data / "clinc150_data_full.json").read_text("utf-8"))
    with np.load(caching_data / "clinc150_minilm_f16.npz") as arrays:
        vectors = arrays["emb"].astype(np.float32)
    found = {}
    for name, part, rows in (("val", "val", slice(0, 3000)), ("test", "test", slice(3000, 7500))):
        found[name] = Recorded([row[0] for row in whole[part]], vectors[rows], [row[1] for row in whole[part]])
    outside = [row[0] for row in whole["oos_test"]]
    stream = Recorded(
        found["test"].texts + outside,
        np.concatenate([vectors[3000:7500], vectors[7600:8600]]),
        found["test"].groups + [f"outside {i}" for i in range(1000)],
    )
    return {**found, "stream": stream.take(np.random.default_rng(0).permutation(5500))}


@pytest.fixture(scope="session")
def nq(caching_data):
    rows = [
        json.loads(line)
        for part in ("dev", "efficientqa.dev.1.1", "efficientqa.test.1.1")
        for line in (caching_data / f"NQ-open.{part}.jsonl").read_text("utf-8").splitlines()
    ]
    with np.load(caching_data / "nq_open_minilm_f16.npz") as arrays:
        vectors = arrays["emb"].astype(np.float32)
    answers = [answer_set(row["answer"]) for row in rows]
    return Recorded([row["question"] for row in rows], vectors, groups_of_answers(answers), answers)


@pytest.fixture
def embedder():
    """An embedder over vectors by text: ``embedder({text: vector})``."""

    def of(vectors, *, specification="given", fingerprint="f"):
        def ask(capability, requests):
            assert capability == "embed"
            return [vectors[request.text] for request in requests]

        return Part(ask, specification=specification, fingerprint=fingerprint, offers=("embed",))

    return of
