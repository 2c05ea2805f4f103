"""Vectors equal a plain pass and a pooling written out, alone and in any batch."""

import numpy as np
import pytest
import tiny
import torch
from harness_plugins.hf.encoder import Embedder
from transformers import AutoModel, AutoTokenizer

from harness import Text

TEXTS = ["Paris", "The quick brown fox jumps over the lazy dog.", "Mix flour and water.", "é 漢字", "Paris", ""]


def made(tmp_path, architecture):
    return (
        tiny.causal(tmp_path / "m", architecture)
        if architecture == "llama"
        else tiny.encoder(tmp_path / "m", architecture)
    )


def loaded(path, **arguments):
    model = Embedder(str(path), **arguments)
    model.load()
    return model


@pytest.mark.parametrize("architecture", ["bert", "modernbert", "llama"])
def test_vectors_equal_a_plain_pass(tmp_path, architecture):
    path = made(tmp_path, architecture)
    tokenizer, plain = AutoTokenizer.from_pretrained(path), AutoModel.from_pretrained(path).eval()
    for pooling in ("mean", "cls", "last"):
        model = loaded(path, pooling=pooling, prefix="query: ", normalize=pooling == "mean")
        for text, vector in zip(TEXTS, model.embed([Text(t) for t in TEXTS]), strict=True):
            inputs = tokenizer(f"query: {text}", return_tensors="pt", return_token_type_ids=False)
            with torch.inference_mode():
                hidden = plain(**inputs).last_hidden_state[0]
            wanted = {"mean": hidden.mean(0), "cls": hidden[0], "last": hidden[-1]}[pooling].numpy()
            if pooling == "mean":
                wanted = wanted / np.linalg.norm(wanted)
            np.testing.assert_allclose(vector, wanted, atol=2e-5)


@pytest.mark.parametrize("architecture", ["bert", "modernbert"])
def test_a_vector_does_not_depend_on_its_neighbours(tmp_path, architecture):
    model = loaded(made(tmp_path, architecture))
    together = model.embed([Text(t) for t in TEXTS])
    for size in (1, 3):
        for first in range(0, len(TEXTS), size):
            batch = model.embed([Text(t) for t in TEXTS[first : first + size]])
            np.testing.assert_allclose(batch, together[first : first + size], atol=1e-5)
    np.testing.assert_allclose(model.embed([Text(t) for t in TEXTS[::-1]])[::-1], together, atol=1e-5)


def test_too_long_is_refused_unless_it_is_to_be_cut(tmp_path):
    path = tiny.encoder(tmp_path / "m", context=16)
    long = Text(" ".join(tiny.CORPUS.split()[:60]))
    model = loaded(path)
    assert "the model has room for 16" in model.embed([long])[0].reason
    assert "1 sequences longer" in model.remarks()[0]
    cut = loaded(path, truncate="right").embed([long])[0]
    assert np.linalg.norm(cut) == pytest.approx(1, abs=1e-5)
