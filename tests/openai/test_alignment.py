"""The continuation is found among a server's tokens, whatever the server puts before them and however it cuts."""

from __future__ import annotations

import pytest
from harness_plugins.openai.alignment import continuation_tokens
from harness_plugins.openai.model import ServedModel
from hypothesis import given
from hypothesis import strategies as st
from openai_server import Server, _value, bytewise, words

from harness import Continuation, Failure


def laid_over(pieces, head):
    """The tokens that reach behind the head, from the bytes they were cut from: the oracle."""
    ends = [len(b"".join(pieces[: i + 1])) for i in range(len(pieces))]
    first = len(head.encode())
    return range(sum(end <= first for end in ends), len(pieces))


@given(
    st.text("ab é日🙂\n", min_size=1, max_size=12).filter(lambda text: text == text.rstrip()),
    st.text("ab é日🙂\n", min_size=1, max_size=6),
    st.lists(st.integers(1, 4), min_size=60, max_size=60),
    st.sampled_from(["", "<s>", "<|begin_of_text|>"]),
)
def test_tokens_of_any_bytes_are_found_or_given_up_but_never_mistaken(head, rest, sizes, bos):
    whole, pieces = (head + rest).encode(), []
    for size in sizes:
        pieces, whole = ([*pieces, whole[:size]], whole[size:]) if whole else (pieces, whole)
    tokens = [*([bos] if bos else []), *(piece.decode("utf-8", "replace") for piece in pieces), "next"]
    found = continuation_tokens(tokens, head + rest, len(head), len(tokens) - 1)
    expected = laid_over(pieces, head)
    shift = bool(bos)
    if found is None:  # only where the boundary lies among parts of characters
        assert any("\ufffd" in token for token in tokens)
    else:
        assert found == range(expected.start + shift, expected.stop + shift)


def test_every_boundary_of_a_text_that_is_cut_into_bytes_is_found():
    text = "Café naïve — 日本語: Ja 🙂!"
    pieces = [bytes([byte]) for byte in text.encode()]
    tokens = ["<s>", *(piece.decode("utf-8", "replace") for piece in pieces), "x"]
    for start in range(1, len(text)):
        if text[start - 1] != " ":
            expected = laid_over(pieces, text[:start])
            assert continuation_tokens(tokens, text, start, None) == range(expected.start + 1, expected.stop + 1)


@pytest.mark.parametrize(
    ("tokens", "prompt", "start", "expected"),
    [
        (["the", " fox", " runs", " on"], "the fox runs", 7, range(2, 3)),
        (["", "the", " fox", " runs", " on"], "the fox runs", 7, range(3, 4)),
        (["<s>", "the", "fox", "runs", "on"], "the fox runs", 7, range(3, 4)),  # sentencepiece, token by token
        (["<s>", "▁the", "▁fox", "▁runs", "▁on"], "the fox runs", 7, range(3, 4)),
        (["<s>", "the", " ", " fo", "x ru", "ns", "!"], "the  fox runs", 8, range(4, 6)),  # one reaches over the end
        (["the", " ", "fox", "!"], "the fox", 3, range(1, 3)),  # blanks go with the continuation
        (["<s>", "<s>", "the", " fox", "!"], "<s>the fox", 6, range(3, 4)),
        (["the", " fox", ""], "the fox", 3, range(1, 2)),
        (["The", " fox", "!"], "the fox", 3, None),
        (["the", "Ġfox", "!"], "the fox", 3, range(1, 2)),  # a byte-level vocabulary, as it is written
        (["cafÃ©", "ĠÃ", "©tÃ©", "!"], "café été", 4, range(1, 3)),
        (["the", "Ġfix", "!"], "the fox", 3, None),
    ],
)
def test_each_way_of_writing_tokens_is_read_or_refused(tokens, prompt, start, expected):
    assert continuation_tokens(tokens, prompt, start, None) == expected


def test_a_long_text_of_broken_characters_takes_no_time_to_speak_of():
    text = "語" * 1500
    tokens = ["<s>", *("\ufffd" for _ in range(4500)), "x"]
    assert continuation_tokens(tokens, text + "!", 1500, None) is None
    assert continuation_tokens([*tokens[:-1], "!", "x"], text + "!", 1500, None) == range(4501, 4502)


@pytest.mark.parametrize("bos", ["", "<s>", "<|begin_of_text|>"])
@pytest.mark.parametrize("cut", [words, bytewise])
def test_likelihoods_are_the_continuations_whatever_stands_before_the_prompt(bos, cut):
    with Server() as server:
        server.bos, server.cut = bos, cut
        model = ServedModel("tiny", server.url, api="completions")
        model.load()
        for head, rest in (("the quick", " brown fox"), ("Zwölf Käse", " und Öl"), ("日本語:", " ja")):
            (found,) = model.loglikelihood([Continuation(head, rest)])
            pieces = [token.encode() for token in words(head + rest)]
            if cut is bytewise:
                data = (head + rest).encode()
                pieces = [data[i : i + 3] for i in range(0, len(data), 3)]
            taken = [pieces[i].decode("utf-8", "replace") for i in laid_over(pieces, head)]
            assert found.nats == pytest.approx(sum(map(_value, taken)))
            assert found.tokens == len(taken)


def test_tokens_that_are_not_the_prompts_fail_the_request_and_are_paid_for_once():
    with Server() as server:
        server.cut = lambda prompt: words(prompt.upper())
        model = ServedModel("tiny", server.url, api="completions")
        model.load()
        (found,) = model.loglikelihood([Continuation("the quick", " fox")])
        assert isinstance(found, Failure)
        assert "do not join to the prompt" in found.reason
        assert len(server.seen) == 1
        assert "10 prompt tokens" in model.remarks()[0]
