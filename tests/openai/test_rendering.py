"""Conversations for servers that complete text: one beginning-of-sequence token, and a template that may refuse."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from harness_plugins.openai.model import ServedModel
from openai_server import Server, _value

from harness import Continuation, Conversation, Failure, Generation

from ..messages import saying

REFUSING = (
    "{% if messages|length > 1 %}{{ raise_exception('one message only') }}{% endif %}{{ messages[0]['content'] }}"
)


@pytest.fixture
def tiny() -> Any:
    path = Path(__file__).parents[1] / "hf" / "tiny.py"
    spec = importlib.util.spec_from_file_location("tiny", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules.setdefault("tiny", importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


def loaded(server, tokenizer, folder):
    tokenizer.save_pretrained(folder)
    model = ServedModel("tiny", server.url, api="completions", tokenizer=str(folder))
    model.load()
    return model


@pytest.mark.parametrize("bos", [True, False])
def test_the_beginning_is_left_to_the_server_where_it_adds_one(tiny, tmp_path, bos):
    with Server() as server:
        loaded(server, tiny.tokenizer(bos=bos), tmp_path).generate([Generation(Conversation.user("hi"), 1)])
        (sent,) = [body["prompt"] for _, body, _ in server.seen]
    text = "<|start|>user<|end|>\nhi<|eot|><|start|>assistant<|end|>\n"
    assert sent == (text if bos else f"<s>{text}")


def test_a_template_that_refuses_one_conversation_leaves_the_others(tiny, tmp_path):
    asked = [Generation(Conversation.user("hi"), 1), Generation(Conversation.user("a").reply("b"), 1)] * 20
    with Server() as server:
        answers = loaded(server, tiny.tokenizer(chat=REFUSING), tmp_path).generate(asked)
    assert [isinstance(answer, Failure) for answer in answers] == [False, True] * 20
    assert answers[1].reason == saying("template", "conversation")


def test_blanks_before_a_reply_count_where_that_is_asked_for(tiny, tmp_path):
    conversation = Conversation.user("hi")  # rendered, it ends with a line end
    with Server() as server:
        server.cut = list  # a token a character
        model = loaded(server, tiny.tokenizer(), tmp_path)
        without, with_ = model.loglikelihood(
            [Continuation(conversation, "Yes"), Continuation(conversation, "Yes", with_blanks=True)]
        )
    assert (without.tokens, with_.tokens) == (3, 4)
    assert with_.nats == pytest.approx(without.nats + _value("\n"))


def test_a_request_that_does_not_ask_for_blanks_is_filed_as_ever():
    assert Continuation("a", "b").content() == ["a", "b"]
    assert Continuation("a", "b", with_blanks=True).content() == ["a", "b", True]
