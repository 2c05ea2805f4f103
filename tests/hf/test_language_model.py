"""What a language model says equals transformers' own logits, one unpadded sequence at a time."""

import numpy as np
import pytest
import tiny
import torch
from harness_plugins.hf.language_model import LanguageModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from harness import Choice, Continuation, Conversation, Failure, Generation, Message, Sampling, Text
from harness.errors import CellError

WORDS = tiny.CORPUS.split()
DECODERS = ["llama", "mistral", "qwen2", "gemma2", "gpt2", "bloom", "mamba"]


def loaded(path, **arguments):
    model = LanguageModel(str(path), **arguments)
    model.load()
    return model


def text(rng, most):
    return " ".join(rng.choice(WORDS, size=rng.integers(1, most)))


class Reference:
    """Log-probabilities of a sequence's tokens by one plain pass."""

    def __init__(self, path):
        self.tokenizer = AutoTokenizer.from_pretrained(path)
        self.model = AutoModelForCausalLM.from_pretrained(path).eval()

    def rows(self, ids):
        with torch.inference_mode():
            return torch.log_softmax(self.model(input_ids=torch.tensor([ids])).logits[0].float(), dim=-1)

    def likelihood(self, ids, start):
        rows = self.rows(ids)[start - 1 : -1]
        wanted = torch.tensor(ids[start:])
        nats = rows.gather(1, wanted[:, None]).double().sum()
        return float(nats), len(wanted), bool((rows.argmax(-1) == wanted).all())


@pytest.mark.parametrize("architecture", DECODERS)
def test_likelihoods_equal_a_plain_pass(tmp_path, architecture):
    path = tiny.causal(tmp_path / "m", architecture)
    plain = Reference(path)
    rng = np.random.default_rng(0)
    asked, expected = [], []
    for _ in range(6):
        context = text(rng, 30)
        for _ in range(3):
            continuation = " " + text(rng, 6)
            asked.append(Continuation(context, continuation))
            start = len(plain.tokenizer(context)["input_ids"])
            expected.append(plain.likelihood(plain.tokenizer(context + continuation)["input_ids"], start))
    greedy = int(plain.rows([0])[-1].argmax())
    asked.append(Continuation("", plain.tokenizer.decode([greedy]) or "a"))
    for budget in (0, 48):
        answers = loaded(path, tokens_per_pass=budget).loglikelihood(asked)
        for answer, (nats, tokens, is_greedy) in zip(answers, expected, strict=False):
            assert answer.nats == pytest.approx(nats, abs=1e-4)
            assert (answer.tokens, answer.is_greedy) == (tokens, is_greedy)


@pytest.mark.parametrize("architecture", ["llama", "gemma2", "gpt2"])
def test_next_token_and_choice_follow_from_the_same_logits(tmp_path, architecture):
    path = tiny.causal(tmp_path / "m", architecture)
    plain, model = Reference(path), loaded(path)
    conversations = [
        Conversation.user("What is the capital of France?"),
        Conversation((Message("system", "Be brief."), Message("user", "Yes or no?"))),
        Conversation((Message("user", "Count."), Message("assistant", "1 2"))),
        Conversation.plain("The quick brown"),
    ]
    options = ("Yes.", "No.", "Paris is the capital", "A")
    weighed = model.choose([Choice(conversation, options) for conversation in conversations])
    for conversation, row, weights in zip(conversations, model.next_token(conversations), weighed, strict=True):
        opening, special = model.encoder.opening(conversation)
        ids = plain.tokenizer(opening, add_special_tokens=special)["input_ids"]
        assert ids.count(0) == 1
        np.testing.assert_allclose(row, plain.rows(ids)[-1].numpy(), atol=1e-4)
        assert np.exp(row.astype(float)).sum() == pytest.approx(1, abs=1e-5)
        for option, weight in zip(options, weights, strict=True):
            whole = plain.tokenizer(opening + option, add_special_tokens=special)["input_ids"]
            assert weight == pytest.approx(plain.likelihood(whole, len(ids))[0], abs=1e-4)


def test_a_long_document_is_read_in_windows_that_predict_each_token_once(tmp_path):
    path = tiny.causal(tmp_path / "m", context=32)
    plain, model = Reference(path), loaded(path)
    document = " ".join(WORDS)
    ids = [0, *plain.tokenizer(document, add_special_tokens=False)["input_ids"]]
    assert len(ids) > 100
    nats, at = 0.0, 1
    while at < len(ids):
        behind = min(at + 32, len(ids))
        window = ids[max(0, behind - 33) : behind]
        nats += plain.likelihood(window, len(window) - (behind - at))[0]
        at = behind
    answer = model.loglikelihood([Continuation("", document)])[0]
    assert answer.tokens == len(ids) - 1
    assert answer.nats == pytest.approx(nats, abs=1e-3)


def test_an_empty_continuation_is_certain_and_an_empty_option_is_refused(tmp_path):
    model = loaded(tiny.causal(tmp_path / "m"))
    answer = model.loglikelihood([Continuation("The quick", "")])[0]
    assert (answer.nats, answer.tokens, answer.is_greedy) == (0.0, 0, True)
    assert isinstance(model.choose([Choice(Conversation.user("hi"), ("A", ""))])[0], Failure)


def test_too_long_is_refused_unless_it_may_be_cut(tmp_path):
    path = tiny.causal(tmp_path / "m", context=32)
    context = " ".join(WORDS[:60])
    refused = loaded(path).loglikelihood([Continuation(context, " Yes.")])[0]
    assert "the model has room for 33" in refused.reason
    plain = Reference(path)
    ids = plain.tokenizer(context + " Yes.")["input_ids"]
    wanted = len(ids) - len(plain.tokenizer(context)["input_ids"])
    model = loaded(path, truncate="left")
    answer = model.loglikelihood([Continuation(context, " Yes.")])[0]
    assert answer.nats == pytest.approx(plain.likelihood(ids[-33:], 33 - wanted)[0], abs=1e-4)
    assert "lost their beginning" in model.remarks()[0]


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_embeddings_are_hidden_states(tmp_path, architecture):
    path = tiny.causal(tmp_path / "m", architecture)
    plain = Reference(path)
    texts = ["The quick brown fox", "Paris", "The quick brown fox jumps"]
    for pooling in ("last", "mean"):
        vectors = loaded(path, pooling=pooling).embed([Text(t) for t in texts])
        for t, vector in zip(texts, vectors, strict=True):
            with torch.inference_mode():
                states = plain.model.base_model(**plain.tokenizer(t, return_tensors="pt")).last_hidden_state[0]
            wanted = states[-1] if pooling == "last" else states.mean(0)
            np.testing.assert_allclose(vector, wanted.numpy(), atol=1e-4)
    unit = loaded(path, normalize=True).embed([Text("Paris")])[0]
    assert np.linalg.norm(unit) == pytest.approx(1, abs=1e-5)


def test_few_shot_examples_are_computed_once(tmp_path):
    model = loaded(tiny.causal(tmp_path / "m", context=2048))
    examples = " ".join(WORDS[:70])
    model.loglikelihood([Continuation(f"{examples} {w}", " Yes.") for w in WORDS[:40]])
    tokens = len(model.encoder.ids([examples], special=True)[0])
    assert model.engine.computed < 2 * tokens + 40 * 16


def test_greedy_generation_equals_transformers(tmp_path):
    path = tiny.causal(tmp_path / "m")
    plain, model = Reference(path), loaded(path)
    prompts = [Conversation.user("What is the capital of France?"), Conversation.plain("The quick")]
    answers = model.generate([Generation(p, 2, Sampling(max_tokens=8)) for p in prompts])
    for prompt, completions in zip(prompts, answers, strict=True):
        opening, special = model.encoder.opening(prompt)
        inputs = plain.tokenizer(opening, add_special_tokens=special, return_tensors="pt")
        ids = plain.model.generate(**inputs, max_new_tokens=8, do_sample=False)[0, inputs["input_ids"].shape[1] :]
        assert {c.text for c in completions} == {plain.tokenizer.decode(ids, skip_special_tokens=True)}
        assert completions[0].prompt_tokens == inputs["input_ids"].shape[1]


def test_conversations_need_a_template_and_text_does_not(tmp_path):
    model = loaded(tiny.causal(tmp_path / "m", chat=False))
    assert model.loglikelihood([Continuation("The quick", " brown")])[0].tokens
    with pytest.raises(CellError, match=r"no chat template.*chat_template=text"):
        model.next_token([Conversation.user("hi")])


def test_one_text_that_cannot_be_tokenised_fails_alone(tmp_path):
    model = loaded(tiny.causal(tmp_path / "m"))
    good, bad = model.loglikelihood([Continuation("a", " b"), Continuation("a", " \ud800")])
    assert good.tokens
    assert "cannot be tokenised" in bad.reason
