"""A served model answers right whatever the server does, ends where there is no use in going on, and keeps its key."""

import asyncio
import json
import math
import threading
import time
from urllib.parse import quote

import numpy as np
import pytest
from harness_plugins.openai import retrying, tokens
from harness_plugins.openai.model import ServedModel
from openai_server import Server, _value

from harness import Choice, Continuation, Conversation, Failure, Generation, Sampling, Text
from harness.errors import CellError, UsageError

from ..messages import saying

KEY = "sk-recognisable-0123456789"


def loaded(server, **arguments):
    model = ServedModel("tiny", server.url, **arguments)
    model.load()
    return model


def prompts(n, **sampling):
    return [Generation(Conversation.user(f"prompt {i}"), 1, Sampling(max_tokens=8, **sampling)) for i in range(n)]


def faulty(*faults):
    """The first requests meet these faults, the others are answered."""
    return lambda number, path, body: faults[number] if number < len(faults) else ("answer", None)


def test_completions_arrive_in_their_places_and_as_many_as_asked_for():
    with Server(latency=0.02) as server:
        model = loaded(server, concurrency=5)
        asked = [
            *prompts(20),
            Generation(Conversation.user("many"), 3, Sampling(temperature=1.0, seed=7, stop=("\n",))),
        ]
        answers = model.generate(asked)
        assert [a[0].text for a in answers[:20]] == [f"echo 0: prompt {i}" for i in range(20)]
        assert [c.text for c in answers[20]] == ["echo 7: many", "echo 8: many", "echo 9: many"]
        assert answers[0][0].prompt_tokens == 10
        assert 1 < server.busiest <= 5
        (sent,) = [body for _, body, _ in server.seen if "n" in body]
        assert (sent["stop"], sent["max_tokens"], sent["temperature"]) == (["\n"], 512, 1.0)
        assert model.remarks()[0] == saying("21", "requests", "210", "prompt", "92", "completion")
        assert model.remarks() == []


def test_equal_completions_are_paid_for_once():
    with Server() as server:
        (answer,) = loaded(server).generate([Generation(Conversation.user("hi"), 4)])
        assert len(answer) == 4
        assert len(server.seen) == 1


@pytest.mark.parametrize(
    "fault",
    [
        ("status", (429, {"retry-after": "0"}, "slow down")),
        ("status", (429, {"retry-after-ms": "5"}, "slow down")),
        ("status", (500, {}, "oops")),
        ("status", (503, {}, "")),
        ("status", (408, {}, "timeout")),
        ("drop", None),
        ("truncate", None),
        ("rubbish", b"<html>gateway</html>"),
        ("rubbish", b""),
        ("rubbish", b"[" * 100_000),
        ("json", {"nothing": 1}),
        ("json", {"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": 5}}]}),
    ],
)
def test_what_may_pass_is_tried_again(fault):
    with Server(faulty(fault, fault)) as server:
        model = loaded(server, concurrency=1)
        answers = model.generate(prompts(3))
        assert [a[0].text for a in answers] == [f"echo 0: prompt {i}" for i in range(3)]
        assert max(server.answered.values()) == 1 or fault[0] == "json"
        assert "2 attempts were repeated" in model.remarks()[0]


def test_a_timeout_is_tried_again_and_said_to_cost_twice():
    with Server(faulty(("hang", 5))) as server:
        model = loaded(server, timeout=0.3)
        assert model.generate(prompts(1))[0][0].text == "echo 0: prompt 0"
        (remark,) = model.remarks()
        assert "1 of them after" in remark
        assert "possibly charged twice" in remark


def test_a_request_that_is_refused_fails_alone_and_is_not_tried_again():
    def act(number, path, body):
        long = body["messages"][0]["content"] == "prompt 1"
        return ("status", (400, {}, "maximum context length is 10 tokens")) if long else ("answer", None)

    with Server(act) as server:
        answers = loaded(server).generate(prompts(3))
        assert isinstance(answers[1], Failure)
        assert answers[1].reason == saying("refuses", "request", "400", "maximum", "10")
        assert not isinstance(answers[2], Failure)
        assert len(server.seen) == 3


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 10 tokens. However, your messages cannot be shortened.",
        "maximum context length of the model is 10 tokens; the prompt cannot be longer",
        "the model does not support images",
        "logprobs are not available with this model",
    ],
)
def test_a_refused_prompt_does_not_end_the_run_where_no_models_are_listed(message):
    def act(number, path, body):
        return ("status", (400, {}, message)) if body["messages"][0]["content"] == "prompt 1" else ("answer", None)

    with Server(act) as server:
        model = loaded(server)
        server.models, server.serves = [], ["tiny"]
        answers = model.generate(prompts(4))
        assert [isinstance(answer, Failure) for answer in answers] == [False, True, False, False]


@pytest.mark.parametrize(
    "message",
    ["The model `tiny` does not exist", "model 'tiny' not found", "Invalid model: tiny", "unknown model tiny"],
)
def test_a_missing_model_that_is_told_with_status_400_ends_the_run(message):
    with Server(lambda *_: ("status", (400, {}, message))) as server:
        server.models = ["large"]
        with pytest.raises(CellError, match="has no model 'tiny'"):
            loaded(server).generate(prompts(2))


def test_a_model_can_be_asked_from_a_running_event_loop():
    async def asking():
        return loaded(server).generate(prompts(2))

    with Server() as server:
        assert [answer[0].text for answer in asyncio.run(asking())] == ["echo 0: prompt 0", "echo 0: prompt 1"]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry-after": "3"}, 3), ({"retry-after-ms": "250"}, 0.25), ({}, None), ({"retry-after": "soon"}, None)],
)
def test_retry_after_is_read_in_all_its_forms(headers, seconds):
    assert retrying.asked_wait(headers) == seconds


def test_retry_after_as_a_date():
    import email.utils

    later = email.utils.formatdate(time.time() + 20, usegmt=True)
    assert retrying.asked_wait({"retry-after": later}) == pytest.approx(20, abs=2)


def test_all_wait_when_the_server_asks_for_it():
    with Server(faulty(("status", (429, {"retry-after": "0.4"}, "slow down")))) as server:
        model = loaded(server, concurrency=1)
        start = time.perf_counter()
        model.generate(prompts(2))
        assert time.perf_counter() - start >= 0.4


def test_a_server_that_goes_away_ends_the_cell_and_what_was_answered_is_given():
    def act(number, path, body):
        return ("answer", None) if number < 5 else ("drop", None)

    with Server(act) as server:
        model = loaded(server, concurrency=2, attempts=2)
        got = []

        def run():
            for _, answer in model.stream("generate", prompts(100)):
                got.append(answer)

        with pytest.raises(CellError, match=saying("answer", "3", "requests", "2", "attempts").pattern):
            run()
        assert sum(not isinstance(answer, Failure) for answer in got) == 5
        assert len(server.seen) < 20
        assert sum(server.answered.values()) == 5


def test_a_server_that_is_not_there_is_named_at_once():
    with Server() as server:
        url = server.url
    model = ServedModel("tiny", url)
    start = time.perf_counter()
    with pytest.raises(CellError, match=r"no server answers at http://127\.0\.0\.1"):
        model.load()
    assert time.perf_counter() - start < 10


def test_an_unknown_model_is_named_with_those_that_are_served():
    with Server() as server:
        server.models = ["tinny", "large"]
        with pytest.raises(CellError, match=saying("'tiny'", "'tinny'", "serves", "tinny", "large").pattern):
            loaded(server).generate(prompts(5))
        assert len(server.seen) <= 5


def test_a_wrong_key_ends_everything_and_no_key_is_ever_shown(monkeypatch):
    monkeypatch.setenv("MY_KEY", KEY)
    with Server(key="another") as server:
        with pytest.raises(CellError, match="refuses the key in MY_KEY") as caught:
            loaded(server, api_key_variable="MY_KEY")
        assert KEY not in str(caught.value)
        assert "[key]" in str(caught.value)
    with Server(lambda *_: ("status", (400, {}, f"bad header {KEY}")), key=KEY) as server:
        model = loaded(server, api_key_variable="MY_KEY")
        (answer,) = model.generate(prompts(1))
        assert KEY not in answer.reason
        assert KEY not in repr(model.settings)
        assert KEY not in repr(model.identity())
        assert server.seen[0][2]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("inside", ["\n", "\r", "\x7f", "ä", "\u2028", " "])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(monkeypatch, inside):
    monkeypatch.setenv("MY_KEY", KEY[:12] + inside + KEY[12:])
    with Server() as server:
        with pytest.raises(CellError, match=saying("MY_KEY", "character").pattern) as caught:
            loaded(server, api_key_variable="MY_KEY")
        assert KEY[:12] not in str(caught.value)
        assert KEY[12:] not in str(caught.value)


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", " {}\t"])
def test_blanks_around_a_key_do_not_matter(monkeypatch, around):
    monkeypatch.setenv("MY_KEY", around.format(KEY))
    with Server(key=KEY) as server:
        assert loaded(server, api_key_variable="MY_KEY").generate(prompts(1))[0][0].text == "echo 0: prompt 0"


def test_a_key_is_redacted_however_it_is_quoted():
    settings = ServedModel("tiny").settings
    settings.key = "sk-a'b\"c\\d/e"
    for shown in (settings.key, repr(settings.key), json.dumps(settings.key), quote(settings.key, safe="")):
        assert "[key]" in settings.redact(f"bad: {shown}!")
        assert "sk-a" not in settings.redact(f"bad: {shown}!")


def test_a_budget_is_not_passed_and_ends_the_run_cleanly():
    with Server() as server:
        # Every request takes 10 and 4 tokens, and at most 8 of the latter.
        model = loaded(server, concurrency=4, budget=0.001, input_price=1.0, output_price=10.0)
        answered = []

        def run():
            for one in model.stream("generate", prompts(200)):
                answered.append(one)

        with pytest.raises(CellError, match=saying("budget=$0.001", "budget").pattern):
            run()
        assert 10 < len(answered) < 30
        assert model.account.cost <= 0.001
        assert sum(server.answered.values()) == len(answered)
    with Server() as server, pytest.raises(CellError, match="of token_budget=100 tokens are used"):
        loaded(server, token_budget=100).generate(prompts(50))


def test_verdicts_by_log_probability_and_a_server_that_leaves_them_out():
    asked = [Choice(Conversation.user("Yes or no?"), ("Yes", "No", "Perhaps"))]
    with Server() as server:
        (found,) = loaded(server).choose(asked)
        np.testing.assert_allclose(np.exp(found[:2]), [math.exp(-0.2), math.exp(-3.0)])
        assert found[2] == -math.inf
        assert server.seen[0][1]["top_logprobs"] == 20
    with Server(lambda *_: ("bare", None)) as server:
        with pytest.raises(CellError, match=saying("log-probabilities", "answered").pattern):
            loaded(server, concurrency=1).choose(asked * 10)
        assert len(server.seen) == 1


def test_likelihoods_come_from_the_echoed_prompt():
    with Server() as server:
        model = loaded(server, api="completions")
        assert model.offers(("generate", "loglikelihood", "embed")) == ("generate", "loglikelihood")
        one, two, three = model.loglikelihood(
            [Continuation("the quick ", "brown fox"), Continuation("the", " unlikely"), Continuation("", "fox")]
        )
        assert one.nats == pytest.approx(_value(" brown") + _value(" fox"))
        assert (one.tokens, one.is_greedy) == (2, True)
        assert (two.tokens, two.is_greedy) == (1, False)
        assert "a context is needed" in three.reason
    with Server(lambda *_: ("bare", None)) as server, pytest.raises(CellError, match="log-probabilities"):
        loaded(server, api="completions").loglikelihood([Continuation("a", " b")])


def test_vectors_are_batched_and_put_in_order():
    def act(number, path, body):
        return ("status", (400, {}, "too long")) if "x" * 99 in body["input"] else ("answer", None)

    with Server(act) as server:
        model = loaded(server, api="embeddings")
        texts = ["a" * (i + 1) for i in range(70)]
        assert [v[0] for v in model.embed([Text(t) for t in texts])] == [len(t) for t in texts]
        assert len(server.seen) == 3
        found = model.embed([Text("a"), Text("x" * 99)])
        assert found[0][0] == 1
        assert "too long" in found[1].reason


def test_who_stops_listening_leaves_nothing_running():
    with Server(latency=0.05) as server:
        stream = loaded(server, concurrency=2).stream("generate", prompts(100))
        next(stream)
        stream.close()
        assert not [t for t in threading.enumerate() if t.name == "openai"]
        assert len(server.seen) < 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"api_key": KEY}, "does not belong on a command line"),
        ({"base_url": "localhost:8000"}, "is no address"),
        ({"base_url": "http://me:secret@host/v1"}, "must hold no credentials"),
        ({"base_url": "http://host/v1?api_key=1"}, "must hold no credentials"),
        ({"budget": 1.0}, "needs input_price="),
        ({"extra_body": "{"}, "is no JSON"),
        ({"api_key_variable": "sk-123"}, "is the name of an environment variable"),
    ],
)
def test_arguments_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(UsageError, match=message) as caught:
        ServedModel("tiny", **arguments)
    assert KEY not in str(caught.value)


def test_a_server_that_asks_for_a_key_names_the_variable_to_put_it_into():
    with Server(key=KEY) as server, pytest.raises(CellError, match=saying("401", "variable", "OPENAI_API_KEY").pattern):
        loaded(server)


def test_openai_itself_needs_a_key():
    with pytest.raises(CellError, match="OPENAI_API_KEY holds no key"):
        ServedModel("gpt").load()


def test_the_fingerprint_names_the_server_or_what_it_serves():
    assert ServedModel("tiny", "http://a/v1").identity() != ServedModel("tiny", "http://b/v1").identity()
    a, b = (ServedModel("tiny", f"http://{x}/v1", served_as="weights 1").identity() for x in "ab")
    assert a == b


def test_the_fingerprint_covers_the_files_of_a_tokenizer(tmp_path):
    def identity():
        return ServedModel("tiny", tokenizer=str(tmp_path)).identity()

    (tmp_path / "chat_template.jinja").write_text("{{ messages }}")
    before = identity()
    (tmp_path / "notes.md").write_text("not read")
    assert identity() == before
    (tmp_path / "chat_template.jinja").write_text("{{ messages[0] }}")
    assert identity() != before
    assert ServedModel("tiny", tokenizer="owner/name").identity() == ServedModel("tiny").identity()


def test_a_server_that_says_not_to_wait_is_still_left_alone_for_longer_each_time(monkeypatch):
    waits = []

    def drawn(low, high):
        waits.append(high)
        return high

    monkeypatch.setattr(retrying.random, "uniform", drawn)
    asked = []
    monkeypatch.setattr(retrying.RequestSender, "_wait", _noting(retrying.RequestSender._wait, asked))
    with Server(faulty(*[("status", (429, {"retry-after": "0"}, "slow down"))] * 4)) as server:
        assert not isinstance(loaded(server).generate(prompts(1))[0], Failure)
    assert waits == [0.01, 0.02, 0.04, 0.08]
    assert asked == waits


def _noting(wait, asked):
    def noting(self, attempt, given):
        asked.append(wait(self, attempt, given))
        return asked[-1]

    return noting


def test_what_is_not_sent_again_is_not_said_to_cost_twice():
    with Server(lambda *_: ("drop", None)) as server:
        model = loaded(server, attempts=1)
        (answer,) = model.generate(prompts(1))
        assert isinstance(answer, Failure)
        assert model.remarks() == [saying("1", "requests", "0", "prompt", "completion")]


@pytest.mark.parametrize("text", [None, "", "The recipe is"])
def test_a_reply_that_a_filter_withheld_is_a_failure_and_paid_for(text):
    choice = {"index": 0, "finish_reason": "content_filter", "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8}
    with Server(faulty(("json", {"choices": [choice], "usage": usage}))) as server:
        model = loaded(server)
        (answer,) = model.generate(prompts(1))
        assert answer.reason == saying("content", "filter", "withheld")
        assert "7 prompt tokens, 1 completion" in model.remarks()[0]
        assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("token", "option", "counts"),
    [
        ("A", "A", True),
        (" A.", "A", True),
        ("A:", "A", True),
        ("As", "A", False),
        ("Answer", "A", False),
        ("10", "1", False),
        ("Yes,", "Yes", True),
        ("Yesterday", "Yes", False),
        ("An", "Answer", True),
        ("B", "B.", True),
        ("是的", "是", True),
        ("да", "да", True),
        ("дата", "да", False),
        ("[[A", "[[A]]", True),
        ("\u0120Yes", "Yes", True),
        ("\u2581Yes", "Yes", True),
        ("\u2581\u2581Yes", "Yes", True),
        ("\u010aYes", "Yes", True),
        ("##Yes", "Yes", True),
        ("<0x0A>Yes", "Yes", True),
        ("\u0120Yesterday", "Yes", False),
        ("\u0120", "Yes", False),
        ("\u0120es\u00f9", "\u0120es\u00f9", True),  # Maltese: a letter, not a mark
    ],
)
def test_a_token_counts_for_an_option_unless_it_is_another_word(token, option, counts):
    (found,) = tokens.weights([tokens.Position(token, -0.5, [(token, -0.5)])], [option])
    assert found == (-0.5 if counts else -math.inf)
