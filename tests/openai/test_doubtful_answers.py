"""An answer is checked for what it says: what is none is a failure with a reason, paid for once, and never a score."""

import math

import numpy as np
import pytest
from harness_plugins.openai import tokens
from harness_plugins.openai.model import ServedModel
from harness_plugins.openai.problems import Refused
from openai_server import Server

from harness import Choice, Continuation, Conversation, Failure, Generation, Sampling

from ..messages import saying

USAGE = {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8}
ASKED = [Choice(Conversation.user("Yes or no?"), ("Yes", "No"))]


def loaded(server, **arguments):
    model = ServedModel("tiny", server.url, **arguments)
    model.load()
    return model


def prompts(n):
    return [Generation(Conversation.user(f"prompt {i}"), 1, Sampling(max_tokens=8)) for i in range(n)]


def chat(content="hi", finish="stop", *, usage=USAGE, **message):
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
    return {"choices": [choice], "usage": usage}


def place(*pairs):
    listed = [{"token": token, "logprob": value, "bytes": None} for token, value in pairs]
    return {**listed[0], "top_logprobs": listed}


def weighed(*places):
    """A chat reply with the likeliest tokens of each place."""
    reply = chat("".join(one["token"] for one in places))
    reply["choices"][0]["logprobs"] = {"content": list(places)}
    return reply


def always(reply):
    return lambda number, path, body: ("json", reply)


def answer_to(reply, capability="generate", requests=None, **arguments):
    """The one answer to a reply, the remarks, and how often the server was asked."""
    with Server(always(reply)) as server:
        model = loaded(server, attempts=3, **arguments)
        (answer,) = getattr(model, capability)(requests or prompts(1))
        return answer, " ".join(model.remarks()), len(server.seen)


# log-probabilities

NONE = [math.nan, math.inf, 5.0, 0.01, "none", None, [1]]


@pytest.mark.parametrize("value", NONE, ids=lambda value: str(value)[:8])
def test_what_is_no_log_probability_fails_its_request_and_is_paid_for_once(value):
    for pairs in ((("Yes", value), ("No", -2.0)), (("Yes", -0.2), ("No", value))):
        answer, remarks, seen = answer_to(weighed(place(*pairs)), "choose", ASKED)
        assert isinstance(answer, Failure)
        assert "as a log-probability, which is none" in answer.reason
        assert "7 prompt tokens, 1 completion tokens" in remarks
        assert seen == 1


def plain(token="Yes", value=-0.2, **top):
    choice = {"index": 0, "finish_reason": "stop", "text": token}
    choice["logprobs"] = {"tokens": [token], "token_logprobs": [value], "top_logprobs": [top or {token: value}]}
    return {"choices": [choice], "usage": USAGE}


def test_plain_completions_are_checked_alike():
    asked = [Choice(Conversation.plain("Yes or no?"), ("Yes", "No"))]
    answer, _, _ = answer_to(plain("Yes", -0.2, Yes=-0.2, No=-2.0), "choose", asked, api="completions")
    np.testing.assert_allclose(answer, [-0.2, -2.0])
    for reply in (plain("Yes", math.nan), plain("Yes", -0.2, Yes=-0.2, No=math.inf)):
        answer, _, seen = answer_to(reply, "choose", asked, api="completions")
        assert isinstance(answer, Failure)
        assert seen == 1


def test_a_listing_that_is_no_distribution_fails_and_a_token_that_is_listed_twice_counts_once():
    answer, _, _ = answer_to(weighed(place(("Yes", -0.01), ("No", -0.01))), "choose", ASKED)
    assert "add up to 1.98" in answer.reason
    answer, _, _ = answer_to(weighed(place(("Yes", -0.1), ("Yes", -0.1), ("No", -3.0))), "choose", ASKED)
    np.testing.assert_allclose(answer, [-0.1, -3.0])


def test_rounding_above_zero_and_tokens_without_any_probability_are_taken_for_what_they_are():
    answer, _, _ = answer_to(weighed(place(("Yes", 1e-6), ("No", -math.inf))), "choose", ASKED)
    assert list(answer) == [0.0, -math.inf]


@pytest.mark.parametrize("value", NONE[:5], ids=str)
def test_likelihoods_of_a_prompt_are_checked(value):
    def act(number, path, body):
        given = {"tokens": ["the", " fox", "!"], "token_logprobs": [None, value, -1.0], "top_logprobs": None}
        return "json", {"choices": [{"index": 0, "finish_reason": "stop", "text": "the fox!", "logprobs": given}]}

    with Server(act) as server:
        (answer,) = loaded(server, api="completions", attempts=3).loglikelihood([Continuation("the", " fox")])
        assert "as a log-probability, which is none" in answer.reason
        assert len(server.seen) == 1


def test_tokens_that_the_tokenizer_does_not_know_make_no_distribution():
    with pytest.raises(Refused, match="knows few of the tokens"):
        tokens.over_vocabulary([("Ja", -0.1), ("Yes", -3.0)], {"Yes": 0, "No": 1}, 2)
    row = tokens.over_vocabulary([("Ja", -3.0), ("Yes", -0.1)], {"Yes": 0, "No": 1}, 2)
    assert np.exp(row).sum() == pytest.approx(1.0)


# a reply that begins with a blank


def continuing(first):
    """Answers one place where one token is asked for, else all of them."""
    places = [first, place(("safe", -0.1), ("unsafe", -2.5))]

    def act(number, path, body):
        return "json", weighed(*places[: body["max_tokens"]])

    return act


@pytest.mark.parametrize("blank", ["\n\n", " ", "\u0120", "\u010a\u010a", "\u2581", "<0x0A>"])
def test_a_blank_first_token_is_read_past(blank):
    asked = [Choice(Conversation.user("Safe?"), ("safe", "unsafe"))]
    with Server(continuing(place((blank, -0.0001), ("unsafe", -9.0), ("safe", -11.0)))) as server:
        (answer,) = loaded(server).choose(asked)
        assert [body["max_tokens"] for _, body, _ in server.seen] == [1, 4]
    safe = np.logaddexp(-11.0, -0.0001 - 0.1)
    unsafe = np.logaddexp(-9.0, -0.0001 - 2.5)
    np.testing.assert_allclose(answer, [safe, unsafe])


def test_what_stands_behind_a_word_does_not_count():
    found = tokens.weights(
        [
            tokens.Position("No", -0.1, [("No", -0.1), (" ", -3.0)]),
            tokens.Position("Yes", -0.1, [("Yes", -0.1)]),
        ],
        ["Yes", "No"],
    )
    assert list(found) == [-math.inf, -0.1]


def test_options_that_differ_in_blanks_alone_share_one_probability():
    asked = [Choice(Conversation.user("Safe?"), ("safe", "\n\nsafe", "unsafe"))]
    answer, _, _ = answer_to(weighed(place(("safe", -0.1), ("unsafe", -2.5))), "choose", asked)
    assert list(answer) == [-0.1, -math.inf, -2.5]


# completions


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (chat(None), "without content"),
        (chat(None, None), "without content"),
        (chat([]), "without content"),
        (chat(None, "tool_calls", tool_calls=[{"id": "1"}]), "calls a tool"),
        (chat("The recipe is", "SAFETY"), "content filter withheld"),
        (chat("The recipe is", "recitation"), "content filter withheld"),
        ({"choices": [], "usage": USAGE}, "without any completion"),
        ({"choices": None, "usage": USAGE}, "without any completion"),
        ({"choices": [], "usage": USAGE, "promptFeedback": {"blockReason": "SAFETY"}}, "blocks the prompt: SAFETY"),
        (
            {
                "choices": [],
                "usage": USAGE,
                "prompt_filter_results": [{"content_filter_results": {"violence": {"filtered": True}}}],
            },
            "blocks the prompt: violence",
        ),
    ],
)
def test_a_reply_that_says_nothing_is_a_failure_that_is_paid_for_and_not_repeated(reply, reason):
    answer, remarks, seen = answer_to(reply)
    assert isinstance(answer, Failure)
    assert reason in answer.reason
    assert "7 prompt tokens, 1 completion tokens" in remarks
    assert seen == 1


@pytest.mark.parametrize(
    ("reply", "text", "end"),
    [
        (chat(""), "", "stop"),
        (chat("hi", "eos"), "hi", "stop"),
        (chat("hi", None), "hi", "stop"),
        (chat("hi", "max_tokens"), "hi", "length"),
        (chat(None, "length", reasoning_content="hmm"), "", "length"),
        (chat(None, refusal="I cannot."), "I cannot.", "stop"),
        (chat([{"type": "text", "text": "a"}, {"type": "thinking", "thinking": "b"}, {"text": "c"}]), "ac", "stop"),
        (chat([{"type": "refusal", "refusal": "No."}]), "No.", "stop"),
        (chat([{"type": "text", "text": ""}]), "", "stop"),
        ({"choices": [{"index": 0, "finish_reason": "stop", "text": ""}]}, "", "stop"),
    ],
)
def test_what_a_reply_says_is_its_text(reply, text, end):
    api = "completions" if "text" in reply["choices"][0] else "chat"
    requests = [Generation(Conversation.plain("hi"))]
    (completion,), _, _ = answer_to(reply, "generate", requests, api=api)
    assert (completion.text, completion.finish_reason) == (text, end)


def test_a_reply_that_broke_off_is_asked_for_again():
    def act(number, path, body):
        return ("json", chat("The beg", "error")) if number == 0 else ("answer", None)

    with Server(act) as server:
        assert loaded(server).generate(prompts(1))[0][0].text == "echo 0: prompt 0"


# counts


@pytest.mark.parametrize("count", [-34_000_000, "twelve", 10**400, 1e300, math.nan, None, [1], 2.5])
@pytest.mark.parametrize("name", ["prompt_tokens", "completion_tokens"])
def test_a_count_that_is_none_is_not_booked_and_costs_no_answer(name, count):
    answer, remarks, seen = answer_to(chat(usage={**USAGE, name: count}))
    assert answer[0].text == "hi"
    assert seen == 1
    assert remarks == saying("no token counts", "1 answers")
    given = answer[0].prompt_tokens, answer[0].completion_tokens
    assert given == ((None, 1) if name == "prompt_tokens" else (7, None))


@pytest.mark.parametrize("usage", ["many", 5, [], {}])
def test_a_usage_of_another_shape_costs_no_answer(usage):
    answer, remarks, _ = answer_to(chat(usage=usage))
    assert answer[0].text == "hi"
    assert "no token counts for 1 answers" in remarks


def test_answers_that_cannot_be_used_are_booked_where_the_server_counts_them():
    def act(number, path, body):
        return "json", chat(5) if number < 2 else chat("hi")

    with Server(act) as server:
        model = loaded(server)
        model.generate(prompts(1))
        assert (model.account.prompt_tokens, model.account.completion_tokens) == (21, 3)


# secrets and half characters


def test_a_key_that_the_server_repeats_is_in_no_completion(monkeypatch):
    key = "sk-recognisable-0123456789"
    monkeypatch.setenv("MY_KEY", key)
    with Server(always(chat(f"Your key is {key}."))) as server:
        model = loaded(server, api_key_variable="MY_KEY")
        assert model.generate(prompts(1))[0][0].text == "Your key is [key]."


def test_a_half_character_comes_back_as_it_came_and_goes_out_as_a_replacement():
    with Server(always(chat("a cut-off \ud83d"))) as server:
        model = loaded(server)
        asked = [Generation(Conversation.user("half \ud83d and whole \ud83d\ude00"), 1, Sampling(stop=("\udc00",)))]
        assert model.generate(asked)[0][0].text == "a cut-off \ud83d"
        _, body, _ = server.seen[0]
        assert body["messages"][0]["content"] == "half \ufffd and whole 😀"
        assert body["stop"] == ["\ufffd"]


def test_a_key_that_the_server_repeats_is_in_no_name(monkeypatch):
    from harness.errors import CellError

    key = "sk-recognisable-0123456789"
    monkeypatch.setenv("MY_KEY", key)
    with Server() as server:
        server.models = [f"tiny {key}"]
        with pytest.raises(CellError) as caught:
            loaded(server, api_key_variable="MY_KEY", concurrency=1).generate(prompts(1))
        assert "it serves: tiny [key]" in str(caught.value)
    with Server(lambda number, *_: ("json", {**chat(), "system_fingerprint": f"{number} {key}"})) as server:
        model = loaded(server, api_key_variable="MY_KEY")
        model.generate(prompts(2))
        (_, fingerprints) = model.remarks()
        assert "[key]" in fingerprints
        assert key not in fingerprints
