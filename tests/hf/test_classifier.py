"""Log-odds equal those worked out from transformers' own classifier, one conversation at a time."""

import numpy as np
import pytest
import tiny
import torch
from harness_plugins.hf.classifier import Classifier
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from harness import Conversation, Failure
from harness.errors import CellError, UsageError
from harness.names.arguments import check_arguments

from ..messages import saying

WORDS = tiny.CORPUS.split()


def conversations(n=16):
    rng = np.random.default_rng(0)
    made = [Conversation.user(" ".join(rng.choice(WORDS, size=rng.integers(1, 40)))) for _ in range(n - 1)]
    return [*made, made[0].reply("Yes.")]


def loaded(path, **arguments):
    model = Classifier(str(path), **arguments)
    model.load()
    return model


def logits(path, asked, chat):
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForSequenceClassification.from_pretrained(path, attn_implementation="eager").eval()
    found = []
    for conversation in asked:
        if chat:
            messages = [{"role": m.role, "content": m.content} for m in conversation.messages]
            text = tokenizer.apply_chat_template(messages, tokenize=False)
        else:
            text = "\n\n".join(m.content for m in conversation.messages)
        ids = tokenizer(text, add_special_tokens=not chat, return_tensors="pt")["input_ids"]
        with torch.inference_mode():
            found.append(model(input_ids=ids).logits[0].double().numpy())
    return np.array(found)


@pytest.mark.parametrize("architecture", ["bert", "deberta", "modernbert", "llama", "gpt2"])
@pytest.mark.parametrize("chat", [False, True])
def test_two_labels_give_the_difference_of_logits(tmp_path, architecture, chat):
    path = tiny.classifier(tmp_path / "m", architecture, labels=2, chat=chat)
    asked = conversations()
    own = logits(path, asked, chat)
    expected = own[:, 1] - own[:, 0]
    assert expected.std() > 0.05
    assert loaded(path).detect(asked) == pytest.approx(expected, abs=1e-4)
    assert loaded(path, positive="LABEL_0").detect(asked) == pytest.approx(-expected, abs=1e-4)


def test_one_label_gives_its_logit(tmp_path):
    path = tiny.classifier(tmp_path / "m", "bert", chat=False)
    assert loaded(path).detect(conversations()) == pytest.approx(logits(path, conversations(), False)[:, 0], abs=1e-4)


def test_labels_that_exclude_each_other_are_summed(tmp_path):
    path = tiny.classifier(tmp_path / "m", "bert", labels=4, chat=False)
    p = np.exp(logits(path, conversations(), False))
    p /= p.sum(axis=1, keepdims=True)
    share = p[:, 1] + p[:, 3]
    found = loaded(path, positive="LABEL_1+LABEL_3").detect(conversations())
    assert found == pytest.approx(np.log(share / (1 - share)), abs=1e-4)


def test_a_label_of_several_that_may_hold_together_gives_its_logit(tmp_path):
    path = tiny.classifier(tmp_path / "m", "bert", labels=3, chat=False, problem_type="multi_label_classification")
    found = loaded(path, positive="LABEL_2").detect(conversations())
    assert found == pytest.approx(logits(path, conversations(), False)[:, 2], abs=1e-4)
    with pytest.raises(UsageError, match="do not exclude each other"):
        loaded(path, positive="LABEL_1+LABEL_2")


@pytest.mark.parametrize("architecture", ["bert", "llama"])
def test_answers_do_not_depend_on_the_batch(tmp_path, architecture):
    model, asked = loaded(tiny.classifier(tmp_path / "m", architecture, labels=2)), conversations()
    together = np.array(model.detect(asked))
    order = np.random.default_rng(1).permutation(len(asked))
    assert model.detect([asked[i] for i in order]) == pytest.approx(together[order], abs=1e-4)
    for size in (1, 3):
        parts = [model.detect(asked[i : i + size]) for i in range(0, len(asked), size)]
        assert np.concatenate(parts) == pytest.approx(together, abs=1e-4)


def test_a_decoder_without_padding_token_takes_one_at_a_time(tmp_path):
    path = tiny.classifier(tmp_path / "m", "gpt2", labels=2, pad=False)
    asked = [*conversations(4), *conversations(4)]
    own = logits(path, asked, True)
    assert loaded(path).detect(asked) == pytest.approx(own[:, 1] - own[:, 0], abs=1e-4)


def test_too_long_conversations_fail_or_are_cut_and_counted(tmp_path):
    path = tiny.classifier(tmp_path / "m", "bert", labels=2, chat=False)
    long = Conversation.user(" ".join(WORDS[:60]))
    model = loaded(path, max_length=20, positive="LABEL_1")
    (found,) = model.detect([long])
    assert isinstance(found, Failure)
    assert "room for 20" in found.reason
    assert any("1 sequences" in remark for remark in model.remarks())
    tokenizer = AutoTokenizer.from_pretrained(path)
    net = AutoModelForSequenceClassification.from_pretrained(path).eval()
    for side in ("left", "right"):
        tokenizer.truncation_side = side
        ids = tokenizer(long.text, truncation=True, max_length=20, return_tensors="pt")["input_ids"]
        own = net(input_ids=ids).logits[0].detach()
        model = loaded(path, max_length=20, positive="LABEL_1", truncate=side)
        assert model.detect([long]) == pytest.approx([float(own[1] - own[0])], abs=1e-4)
        assert any("lost their" in remark for remark in model.remarks())


def test_logits_that_are_not_finite_fail_with_a_reason(tmp_path):
    model = loaded(tiny.classifier(tmp_path / "m", "bert", labels=2))
    with torch.no_grad():
        model.engine.backbone.classifier.bias.fill_(float("nan"))
    (found,) = model.detect(conversations(2)[:1])
    assert (type(found), found.reason) == (Failure, saying("log-odds", "nan", "finite"))


def test_which_label_is_positive_has_to_be_known(tmp_path):
    path = tiny.classifier(tmp_path / "m", "bert", labels=3)
    with pytest.raises(CellError, match=r"3 labels.*give positive=LABEL"):
        loaded(path)
    with pytest.raises(UsageError, match="did you mean"):
        loaded(path, positive="LABEL_11")
    with pytest.raises(UsageError, match="leaves no negative class"):
        loaded(path, positive="LABEL_0+LABEL_1+LABEL_2")
    model = loaded(tiny.classifier(tmp_path / "two", "bert", labels=2))
    assert "'LABEL_1'" in model.remarks()[0]
    assert not model.remarks()


def test_a_regression_is_no_detector(tmp_path):
    with pytest.raises(CellError, match="predicts a number"):
        loaded(tiny.classifier(tmp_path / "m", "bert", problem_type="regression"))


def test_positions_before_the_paddings_are_not_counted_as_room(tmp_path):
    path = tiny.classifier(tmp_path / "m", "roberta", labels=2, context=64, chat=False)  # padding is token 5
    tokenizer = AutoTokenizer.from_pretrained(path)
    texts = [" ".join(["5"] * n) for n in range(1, 64)]
    sizes = [len(ids) for ids in tokenizer(texts)["input_ids"]]
    for size, answer in zip(sizes, loaded(path).detect([Conversation.plain(text) for text in texts]), strict=True):
        assert isinstance(answer, Failure) == (size > 58)
    with pytest.raises(UsageError, match="more than the 58 tokens"):
        loaded(path, max_length=64)


@pytest.mark.parametrize("labels", [2, 3])
def test_labels_whose_relation_is_not_stated_can_be_read_either_way_and_how_is_said(tmp_path, labels):
    path = tiny.classifier(tmp_path / "m", "bert", labels=labels, chat=False)
    own = logits(path, conversations(), False)
    model = loaded(path, positive="LABEL_1")
    others = np.logaddexp.reduce(np.delete(own, 1, axis=1), axis=1)
    assert model.detect(conversations()) == pytest.approx(own[:, 1] - others, abs=1e-4)
    assert any("labels=independent" in remark for remark in model.remarks())
    assert not any("labels=independent" in remark for remark in model.remarks())
    apart = loaded(path, positive="LABEL_1", labels="independent")
    assert apart.detect(conversations()) == pytest.approx(own[:, 1], abs=1e-4)
    assert apart.remarks() == []


@pytest.mark.parametrize(
    ("problem", "asked"),
    [("multi_label_classification", "exclusive"), ("single_label_classification", "independent")],
)
def test_labels_against_what_config_json_says_are_obeyed_and_said(tmp_path, problem, asked):
    path = tiny.classifier(tmp_path / "m", "bert", labels=3, chat=False, problem_type=problem)
    assert not any("labels" in remark for remark in loaded(path, positive="LABEL_1").remarks())
    model = loaded(path, positive="LABEL_1", labels=asked)
    assert any(f"labels={asked} was given" in remark for remark in model.remarks())


def test_a_relation_of_labels_that_is_none_is_refused():
    with pytest.raises(UsageError, match="labels=independant"):
        check_arguments("model 'hf-classifier'", Classifier, {"path": "x/y", "labels": "independant"})
