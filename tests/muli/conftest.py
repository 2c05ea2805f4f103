"""A tiny language model on disk, and rows of log-probabilities."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture(scope="session")
def tiny() -> Any:
    """The module that makes tiny models."""
    path = Path(__file__).parents[1] / "hf" / "tiny.py"
    spec = importlib.util.spec_from_file_location("tiny", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules.setdefault("tiny", importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def language_model(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal language model of random weights."""
    return Path(tiny.causal(tmp_path_factory.mktemp("lm") / "model", context=1024))


def log_softmax(logits: Any) -> Any:
    """Rows of natural log-probabilities."""
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


@pytest.fixture
def synthetic() -> Any:
    """``synthetic(n, tokens, share)``: log-probabilities that depend on a hidden state, and labels that do, too."""

    def make(n: int, tokens: int, *, share: float = 0.2, seed: int = 0, noise: float = 1.0) -> Any:
        draw = np.random.default_rng(seed)
        hidden = draw.standard_normal((n, 12))
        output = draw.standard_normal((12, tokens))
        logits = hidden @ output + noise * draw.standard_normal((n, tokens))
        leaning = hidden[:, 0] * 1.5 + hidden[:, 1] + 0.8 * draw.standard_normal(n)
        return log_softmax(logits), (leaning > np.quantile(leaning, 1 - share)).astype(np.int64)

    return make
