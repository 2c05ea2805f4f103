"""Readouts of the next token, folded into the output layer, equal those of the whole distribution."""

import numpy as np
import pytest
import tiny
import torch
from harness_plugins.hf.language_model import LanguageModel

from harness import Conversation, Failure, LinearReadout, Readout
from harness.following import read_out

TEXTS = ["What is the capital of France?", "Yes.", "The quick brown fox jumps over the lazy dog " * 5]
RNG = np.random.default_rng(3)


def function(size, tokens=40, spread=1.0):
    which = RNG.choice(size, size=tokens, replace=False)
    return LinearReadout(tuple(which.tolist()), tuple((spread * RNG.normal(size=tokens)).tolist()), 0.75)


def by_definition(log_probabilities, function):
    """From float64 log-probabilities, with the sum of all others for 1 - p."""
    total = function.constant
    for token, weight in zip(function.tokens, function.weights, strict=True):
        rest = np.logaddexp.reduce(np.delete(log_probabilities, token))
        total += weight * (log_probabilities[token] - rest)
    return total


def loaded(path, **arguments):
    model = LanguageModel(str(path), **arguments)
    model.load()
    return model


@pytest.mark.parametrize("architecture", ["llama", "gpt2", "gemma2", "bloom", "mamba"])
def test_a_readout_equals_its_definition(tmp_path, architecture):
    model = loaded(tiny.causal(tmp_path / "m", architecture), dtype="float64")
    prompts = [Conversation.user(text) for text in TEXTS]
    functions = [function(300), function(300, tokens=300)]
    rows = []
    for prompt in prompts:
        tokens = model.encoder.prompts([prompt])[0]
        with torch.inference_mode():
            logits = model.model(input_ids=torch.tensor([tokens])).logits[0, -1].double()
        rows.append(torch.log_softmax(logits, -1).numpy())
    found = model.readout([Readout(p, f) for p in prompts for f in functions])
    expected = [by_definition(row, f) for row in rows for f in functions]
    # Log-probabilities are in single precision; hundreds of them are summed.
    assert found == pytest.approx(expected, rel=1e-6, abs=2e-5)
    filed = model.next_token(prompts)
    assert found == [read_out(f, row) for row in filed for f in functions]
    exact = [by_definition(row.astype(np.float64), f) for row in filed for f in functions]
    assert found == pytest.approx(exact, rel=1e-7, abs=1e-6)


def test_a_token_that_is_nearly_certain_is_read_from_the_others(tmp_path):
    model = loaded(tiny.causal(tmp_path / "m"))
    with torch.no_grad():
        model.output.layer.weight.mul_(400)
    row = model.next_token([Conversation.user(TEXTS[0])])[0].astype(np.float64)
    top = int(row.argmax())
    assert np.exp(row[top]) > 1 - 1e-6
    one = LinearReadout((top,), (1.0,))
    tokens = model.encoder.prompts([Conversation.user(TEXTS[0])])[0]
    logits = model.model(input_ids=torch.tensor([tokens])).logits[0, -1].double().detach().numpy()
    exact = logits[top] - np.logaddexp.reduce(np.delete(logits, top))
    assert exact > 15
    assert model.readout([Readout(Conversation.user(TEXTS[0]), one)])[0] == pytest.approx(exact, rel=1e-5)


def test_readouts_do_not_depend_on_what_is_asked_beside_them(tmp_path):
    model = loaded(tiny.causal(tmp_path / "m"))
    requests = [Readout(Conversation.user(f"{text} {i}"), function(300)) for i, text in enumerate(TEXTS * 4)]
    together = model.readout(requests)
    alone = [model.readout([request])[0] for request in reversed(requests)][::-1]
    assert together == pytest.approx(alone, rel=1e-5, abs=1e-4)


def test_a_readout_that_cannot_be_is_a_failure(tmp_path):
    model = loaded(tiny.causal(tmp_path / "m"))
    prompt = Conversation.user("a")
    outside, uneven, fine = model.readout(
        [Readout(prompt, LinearReadout(t, w)) for t, w in (((300,), (1.0,)), ((1, 2), (1.0,)), ((), ()))]
    )
    assert isinstance(outside, Failure)
    assert "token 300" in outside.reason
    assert isinstance(uneven, Failure)
    assert fine == 0.0
    assert model.rendered(prompt).endswith("assistant<|end|>\n")
