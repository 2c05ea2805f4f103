"""Rewards equal those of transformers' own classifier on one conversation at a time, however they are batched."""

import json

import numpy as np
import pytest
import tiny
import torch
from harness_plugins.hf.reward_model import RewardModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from harness import Candidates, Conversation, Failure, Message
from harness.errors import CellError, UsageError

from ..messages import saying

WORDS = tiny.CORPUS.split()


def requests(n=6, seed=0, longest=40):
    rng = np.random.default_rng(seed)

    def text(most):
        return " ".join(rng.choice(WORDS, size=rng.integers(1, most)))

    made = []
    for i in range(n):
        system = [Message("system", "You are a helpful assistant. Be brief and right.")] if i % 2 else []
        prompt = Conversation((*system, Message("user", text(longest))))
        made.append(Candidates(prompt, tuple(text(longest // 2) for _ in range(rng.integers(1, 5)))))
    made.append(Candidates(Conversation.user("hi"), ("", "é 漢字 \U0001f600", "", "<|eot|>")))
    return made


def reference(path, asked, label=0):
    """One conversation at a time, unpadded, through the model's own head."""
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForSequenceClassification.from_pretrained(path, attn_implementation="eager").eval()
    scores = []
    for request in asked:
        row = []
        for response in request.responses:
            messages = [{"role": m.role, "content": m.content} for m in request.prompt.reply(response).messages]
            ids = tokenizer.apply_chat_template(messages, return_tensors="pt", return_dict=True)["input_ids"]
            with torch.inference_mode():
                row.append(float(model(input_ids=ids).logits[0, label]))
        scores.append(row)
    return scores


def loaded(path, **arguments):
    model = RewardModel(str(path), **arguments)
    model.load()
    return model


@pytest.mark.parametrize("architecture", ["llama", "mistral", "qwen2", "gemma2", "gpt2", "bloom", "bert", "deberta"])
def test_scores_equal_the_models_own(tmp_path, architecture):
    path = tiny.classifier(tmp_path / "m", architecture)
    asked = requests()
    expected = reference(path, asked)
    assert np.std(np.concatenate(expected)) > 0.05  # the test could see a mistake
    for budget in (0, 64):
        model = loaded(path, tokens_per_pass=budget)
        for scores, wanted in zip(model.score(asked), expected, strict=True):
            np.testing.assert_allclose(scores, wanted, atol=2e-5)


@pytest.mark.parametrize("architecture", ["llama", "mistral", "qwen2", "gemma2", "gpt2"])
def test_decoders_share_prefixes(tmp_path, architecture):
    model = loaded(tiny.classifier(tmp_path / "m", architecture))
    assert model.engine.flat, model.engine.why_not
    prompt = Conversation.user(" ".join(WORDS[:60]))
    model.score([Candidates(prompt, ("Yes.",))])
    alone = model.engine.computed
    model.score([Candidates(prompt, tuple(f"No {i}." for i in range(20)))])
    assert model.engine.computed - alone < alone + 20 * 16
    assert not model.remarks()


@pytest.mark.parametrize("architecture", ["bloom", "bert", "deberta"])
def test_what_cannot_share_says_so_once(tmp_path, architecture):
    model = loaded(tiny.classifier(tmp_path / "m", architecture))
    assert not model.engine.flat
    assert "prefixes are not shared" in model.remarks()[0]
    assert not model.remarks()


def test_sharing_can_be_turned_off(tmp_path):
    path = tiny.classifier(tmp_path / "m")
    asked = requests()
    plain = loaded(path, share_prefixes=False)
    for a, b in zip(loaded(path).score(asked), plain.score(asked), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5)
    assert not plain.engine.flat
    assert not plain.remarks()


def test_the_end_token_as_padding_is_read_as_transformers_reads_it(tmp_path):
    path = tiny.classifier(tmp_path / "m", chat=tiny.CHAT.replace("<|eot|>", "</s>"), pad=False, pad_token_id=1)
    asked = requests(3)
    for scores, wanted in zip(loaded(path).score(asked), reference(path, asked), strict=True):
        np.testing.assert_allclose(scores, wanted, atol=2e-5)


def test_batches_of_any_size_and_order_agree(tmp_path):
    model = loaded(tiny.classifier(tmp_path / "m"), tokens_per_pass=128)
    asked = requests(12)
    together = model.score(asked)
    order = np.random.default_rng(1).permutation(len(asked))
    for i, scores in zip(order, model.score([asked[i] for i in order]), strict=True):
        np.testing.assert_allclose(scores, together[i], atol=1e-5)
    for request, scores in zip(asked, together, strict=True):
        np.testing.assert_allclose(model.score([request])[0], scores, atol=1e-5)


def test_bfloat16_is_close_and_has_a_head_of_its_own_precision(tmp_path):
    path = tiny.classifier(tmp_path / "m")
    asked = requests()
    fine, coarse = (np.concatenate(loaded(path, dtype=d).score(asked)) for d in ("float32", "bfloat16"))
    assert 0 < np.abs(fine - coarse).max() < 0.1 * fine.std() + 0.05
    assert not np.array_equal(coarse, coarse.astype(np.float32).view(np.uint32) & 0xFFFF0000)


def test_a_cross_encoder_reads_prompt_and_response_as_a_pair(tmp_path):
    path = tiny.classifier(tmp_path / "m", "bert", chat=False)
    request = Candidates(Conversation.user("Which of these is a mammal?"), ("The whale.", "The trout is not."))
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForSequenceClassification.from_pretrained(path).eval()
    expected = []
    for response in request.responses:
        inputs = tokenizer(request.prompt.text, response, return_tensors="pt")
        assert inputs["token_type_ids"].any()
        with torch.inference_mode():
            expected.append(float(model(**inputs).logits))
    np.testing.assert_allclose(loaded(path, chat_template="pair").score([request])[0], expected, atol=2e-5)


def test_too_long_is_refused_and_counted_unless_it_is_to_be_cut(tmp_path):
    path = tiny.classifier(tmp_path / "m", context=64)
    long = " ".join(WORDS[:200])
    asked = [Candidates(Conversation.user("hi"), ("Yes.", long)), Candidates(Conversation.user(long), ("Yes.",))]
    model = loaded(path)
    first, second = model.score(asked)
    assert np.isfinite(first[0])
    assert np.isnan(first[1])
    assert isinstance(second, Failure)
    assert "the model has room for 64" in second.reason
    assert "2 sequences longer than the 64 tokens" in model.remarks()[0]
    assert not model.remarks()
    for side in ("left", "right"):
        model = loaded(path, truncate=side)
        assert np.isfinite(np.concatenate(model.score(asked))).all()
        assert "2 sequences" in model.remarks()[0]
    assert not np.allclose(
        loaded(path, truncate="left").score(asked)[1], loaded(path, truncate="right").score(asked)[1]
    )


def test_a_beginning_of_sequence_is_not_doubled(tmp_path):
    model = loaded(tiny.classifier(tmp_path / "m"))
    ids = model._conversations(Candidates(Conversation.user("hi"), ("Yes.", "No.")))
    assert all(tokens.count(0) == 1 and tokens[0] == 0 for tokens, _ in ids)


def test_memory_that_runs_out_halves_the_budget(tmp_path, monkeypatch):
    model = loaded(tiny.classifier(tmp_path / "m"))
    asked = requests()
    expected = model.score(asked)
    forward = model.engine.backbone.forward

    def cramped(input_ids, **rest):
        if input_ids.numel() > 100:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")
        return forward(input_ids=input_ids, **rest)

    monkeypatch.setattr(model.engine.backbone, "forward", cramped)
    for a, b in zip(model.score(asked), expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert model.engine.budget <= 100
    monkeypatch.setattr(model.engine.backbone, "forward", lambda **_: (_ for _ in ()).throw(MemoryError("no")))
    with pytest.raises(CellError, match="do not fit into the memory"):
        model.score(asked)


def test_scores_that_are_not_finite_are_failures_that_are_counted(tmp_path):
    model = loaded(tiny.classifier(tmp_path / "m"))
    with torch.no_grad():
        model._weight[0][0, 0] = float("inf")
    scores = model.score([Candidates(Conversation.user("hi"), ("Yes.", "No."))])[0]
    assert np.isnan(scores).all()
    assert "2 scores were NaN or infinite" in model.remarks()[0]


def test_the_wrong_model_is_named(tmp_path):
    two = tiny.classifier(tmp_path / "two", labels=2)
    with pytest.raises(CellError, match=saying("2", "labels", "LABEL_0", "LABEL_1", "label").pattern):
        loaded(two)
    asked = requests(2)
    for scores, wanted in zip(loaded(two, label="LABEL_1").score(asked), reference(two, asked, 1), strict=True):
        np.testing.assert_allclose(scores, wanted, atol=2e-5)
    with pytest.raises(UsageError, match=saying("label", "'LABEL_2'", "LABEL_0", "LABEL_1").pattern):
        loaded(two, label="LABEL_2")
    with pytest.raises(CellError, match=r"holds no values for .*score\.weight"):
        loaded(tiny.causal(tmp_path / "causal"))
    no_template = loaded(tiny.classifier(tmp_path / "none", chat=False))
    with pytest.raises(CellError, match=r"no chat template.*chat_template=FILE"):
        no_template.score(asked)
    assert loaded(tmp_path / "none", chat_template="text").score(asked)
    (tmp_path / "own.jinja").write_text(tiny.CHAT)
    assert loaded(tmp_path / "none", chat_template=str(tmp_path / "own.jinja")).score(asked)


def test_a_template_that_refuses_a_conversation_fails_only_that(tmp_path):
    strict = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}" + tiny.CHAT
    model = loaded(tiny.classifier(tmp_path / "m", chat=strict))
    answers = model.score(requests(4))
    assert [isinstance(answer, Failure) for answer in answers] == [False, True, False, True, False]
    assert answers[1].reason == saying("template", "conversation")


def test_what_is_no_model_is_refused_before_anything_runs(tmp_path):
    with pytest.raises(UsageError, match=r"holds no config\.json"):
        RewardModel(str(tmp_path)).identity()
    with pytest.raises(UsageError, match="no folder here, and no hub id"):
        RewardModel(str(tmp_path / "missing")).identity()
    with pytest.raises(UsageError, match="path= is missing"):
        RewardModel()
    with pytest.raises(UsageError, match="did you mean 'bfloat16'"):
        RewardModel("x/y", dtype="bfloat")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    with pytest.raises(CellError):
        loaded(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(CellError, match=r"configuration|tokenizer"):
        loaded(tmp_path)


def test_other_weights_are_another_identity(tmp_path):
    one, two = (RewardModel(str(tiny.classifier(tmp_path / str(i), seed=i))).identity() for i in range(2))
    assert one["model.safetensors"] != two["model.safetensors"]
    assert one["tokenizer.json"] == two["tokenizer.json"]


@pytest.mark.parametrize("architecture", ["llama", "mistral", "gpt2"])
def test_a_sequence_that_gives_nan_does_not_spoil_its_neighbours(tmp_path, architecture):
    from safetensors.torch import load_file, save_file

    path = tiny.classifier(tmp_path / "m", architecture)
    bad = AutoTokenizer.from_pretrained(path)("\x1b", add_special_tokens=False)["input_ids"]
    weights = load_file(path / "model.safetensors")
    name = next(name for name in weights if "embed_tokens" in name or "wte" in name)
    weights[name][bad] = float("nan")
    save_file(weights, path / "model.safetensors", metadata={"format": "pt"})
    asked = requests()
    spoiled = [*asked, Candidates(Conversation.user("The quick brown fox"), ("Paris", "no \x1b", "Rome"))]
    model = loaded(path)
    assert model.engine.flat
    expected = loaded(path).score(asked)
    *found, last = model.score(spoiled)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-4)
    assert np.isnan(last).tolist() == [False, True, False]
