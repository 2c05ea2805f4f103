"""What a server says in place of an answer is read first: it ends the run, waits, or fails one request alone."""

import builtins
import contextlib
import logging
import time

import pytest
from harness_plugins.openai.model import ServedModel
from harness_plugins.openai.problems import statement_in, statement_of
from openai_server import Server

from harness import Conversation, Failure, Generation, Sampling, Text
from harness.errors import CellError, UsageError

from ..messages import saying

DEEP = b"[" * 100_000


def loaded(server, **arguments):
    model = ServedModel("tiny", server.url, **arguments)
    model.load()
    return model


def prompts(n):
    return [Generation(Conversation.user(f"prompt {i}"), 1, Sampling(max_tokens=8)) for i in range(n)]


def faulty(*faults):
    return lambda number, path, body: faults[number] if number < len(faults) else ("answer", None)


def on(condition, fault):
    """The prompts whose number fulfils a condition meet a fault."""

    def act(number, path, body):
        return fault if condition(int(body["messages"][0]["content"].split()[-1])) else ("answer", None)

    return act


def failed(answers):
    return [isinstance(answer, Failure) for answer in answers]


# blocked prompts, and answers that make no sense


@pytest.mark.parametrize(
    "fault",
    [
        ("json", {"choices": []}),
        ("json", {"error": {"message": "flagged", "code": 403, "metadata": {"flagged_input": "prompt"}}}),
        ("json", {"error": {"message": "filtered", "code": "content_filter"}}),
        ("status", (403, {}, {"message": "flagged", "code": "content_policy_violation"})),
        ("status", (400, {}, {"message": "x", "innererror": {"code": "ResponsibleAIPolicyViolation"}})),
        ("rubbish", DEEP),
        ("json", {"choices": "none"}),
    ],
)
def test_blocked_prompts_in_a_row_fail_alone_and_the_others_are_answered(fault):
    with Server(on(lambda number: number < 6, fault)) as server:
        answers = loaded(server, attempts=2, concurrency=1).generate(prompts(12))
        assert failed(answers) == [True] * 6 + [False] * 6
        assert len(server.seen) <= 18


def test_an_answer_that_nobody_foresaw_has_no_other_request_asked_again():
    with Server(on(lambda number: number % 3 == 0, ("rubbish", DEEP))) as server:
        model = loaded(server, attempts=2)
        got = dict(model.stream("generate", prompts(30)))
        assert failed([got[i] for i in range(30)]) == [i % 3 == 0 for i in range(30)]
        assert len(server.seen) == 20 + 2 * 10
        assert set(server.answered.values()) == {1}
        assert "10 attempts were repeated, 10 of them" in model.remarks()[0]


def test_an_exception_in_reading_fails_its_own_request(monkeypatch):
    from harness_plugins.openai import questions

    def reading(self, request):
        if request.prompt.text == "prompt 1":
            raise ZeroDivisionError("nobody foresaw it")
        return original(self, request)

    original = questions.Questions._generate
    monkeypatch.setattr(questions.Questions, "_generate", reading)
    with Server() as server:
        answers = loaded(server).generate(prompts(3))
        assert failed(answers) == [False, True, False]
        assert "nobody foresaw it" in answers[1].reason


def test_a_server_of_which_nothing_makes_sense_ends_the_run(monkeypatch):
    with Server(lambda *_: ("rubbish", b"<html>please log in</html>")) as server:
        model = loaded(server, attempts=2, concurrency=1)
        monkeypatch.setattr(Server, "_reply", _rubbish)
        with pytest.raises(CellError, match=saying("answer", "3", "requests", "row").pattern):
            model.generate(prompts(50))


async def _rubbish(self, path, body, headers, writer):
    return await self._raw(writer, 200, b"<html>please log in</html>")


# errors inside status 200


def test_an_account_without_money_ends_the_run_at_once():
    for fault in (
        ("json", {"error": {"message": "Insufficient credits", "code": 402}}),
        ("json", {"error": {"message": "Insufficient credits", "type": "insufficient_quota"}}),
        ("status", (402, {}, "Insufficient credits")),
    ):
        with Server(lambda *_, fault=fault: fault) as server:
            model = loaded(server, concurrency=1)
            with pytest.raises(CellError, match=r"\(402\): Insufficient credits"):
                model.generate(prompts(5))
            assert len(server.seen) == 1
            assert "charged" not in " ".join(model.remarks())


@pytest.mark.parametrize(
    "said",
    [
        {"error": {"message": "slow down", "code": 429}},
        {"error": {"message": "slow down", "code": "rate_limit_exceeded"}},
        {"error": {"message": "slow down", "status": "RESOURCE_EXHAUSTED"}},
        {"error": "something went wrong"},
        {"object": "error", "message": "busy", "code": 503},
        {"choices": [{"index": 0, "finish_reason": "error", "error": {"code": 502, "message": "upstream"}}]},
        {"choices": [], "error": {"code": 502, "message": "upstream"}},
    ],
)
def test_an_error_that_may_pass_is_tried_again_and_was_not_charged(said):
    with Server(faulty(("json", said), ("json", said))) as server:
        model = loaded(server, concurrency=1)
        assert model.generate(prompts(1))[0][0].text == "echo 0: prompt 0"
        (remark,) = model.remarks()
        assert "2 attempts were repeated" in remark
        assert "charged" not in remark


def test_an_error_about_one_request_fails_it_with_its_message():
    said = {"error": {"message": "the prompt is too long", "type": "invalid_request_error", "code": None}}
    with Server(on(lambda number: number == 1, ("json", said))) as server:
        answers = loaded(server).generate(prompts(3))
        assert failed(answers) == [False, True, False]
        assert "(400): the prompt is too long" in answers[1].reason
        assert len(server.seen) == 3


def test_statements_are_read_in_every_shape():
    assert statement_in({"choices": []}) is None
    assert statement_in({"error": None}) is None
    assert statement_of({"code": "429", "message": "m"}).status == 429
    assert statement_of({"code": 7, "message": "m"}).status == 500
    assert statement_of("plain").text == "plain"
    assert "extra_forbidden" in statement_of({"message": {"detail": [{"type": "extra_forbidden"}]}}, 422).text


# repeats, as they are counted


def test_no_more_repeats_are_said_to_cost_twice_than_were_made():
    with Server(lambda *_: ("drop", None)) as server:
        model = loaded(server, attempts=3, concurrency=4)
        with contextlib.suppress(CellError):
            model.generate(prompts(20))
        assert model.account.maybe_twice <= model.account.retries
        assert len(server.seen) <= model.account.requests + model.account.retries


# fields


@pytest.mark.parametrize("field", ["seed", "temperature", "max_tokens", "top_p", "stop", "n", "model"])
def test_every_field_can_be_left_out(field):
    asked = Generation(Conversation.user("hi"), 3, Sampling(temperature=1.0, top_p=0.9, seed=7, stop=("\n",)))
    with Server() as server:
        server.serves = ["tiny", None]
        for extra in ({}, {field: None}, f'{{"{field}": null}}'):
            before = len(server.seen)
            (answer,) = loaded(server, extra_body=extra).generate([asked])
            assert len(answer) == 3
            for _, body, _ in server.seen[before:]:
                assert (field in body) == (not extra and (field != "n" or body["n"] == 3))


@pytest.mark.parametrize("field", ["encoding_format", "input"])
def test_fields_of_embeddings_can_be_left_out(field):
    with Server() as server:
        with contextlib.suppress(CellError):
            loaded(server, api="embeddings", attempts=1, extra_body={field: None}).embed([Text("a")])
        assert field not in server.seen[0][1]


@pytest.mark.parametrize("text", ["[1]", [1], 5, "null", "true", True])
def test_further_fields_that_are_no_object_are_named(text):
    with pytest.raises(UsageError, match="must be a JSON object"):
        ServedModel("tiny", extra_body=text)


def test_a_server_that_knows_a_field_not_is_answered_with_how_to_leave_it_out():
    with Server(lambda *_: ("status", (422, {}, "Extra inputs are not permitted: seed"))) as server:
        (answer,) = loaded(server).generate(prompts(1))
        assert 'extra_body={"FIELD": null}' in answer.reason


# redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_prompt_goes_to_another_host(status):
    with Server() as other:

        def act(number, path, body):
            return "status", (status, {"location": f"{other.url}{path.removeprefix('/v1')}"}, "moved")

        with Server(act) as server:
            with pytest.raises(CellError, match=rf"redirects \({status}\) to {other.url}"):
                loaded(server, concurrency=1).generate(prompts(3))
            assert len(server.seen) == 1
        assert other.seen == []


def test_a_redirect_within_the_host_is_followed_where_the_prompt_goes_along():
    def act(number, path, body):
        moved = ("status", (307, {"location": f"/moved{path}"}, "moved"))
        return ("answer", None) if path.startswith("/moved") else moved

    with Server(act) as server:
        assert loaded(server).generate(prompts(1))[0][0].text == "echo 0: prompt 0"
    moving = Server(lambda number, path, body: ("status", (302, {"location": f"/moved{path}"}, "moved")))
    with moving as server, pytest.raises(CellError, match=r"redirects \(302\)"):
        loaded(server).generate(prompts(1))


def test_a_redirect_in_a_circle_ends_the_run():
    with Server(lambda number, path, body: ("status", (307, {"location": path}, "moved"))) as server:
        with pytest.raises(CellError, match=r"redirects \(307\)"):
            loaded(server, concurrency=1).generate(prompts(3))
        assert len(server.seen) == 2


# waits, addresses, tokenizers


def test_one_line_says_that_all_requests_wait(monkeypatch, caplog):
    from harness_plugins.openai import retrying

    monkeypatch.setattr(retrying, "NOTABLE", 0.1)
    busy = ("status", (429, {"retry-after": "0.2"}, "slow down"))
    with Server(faulty(*[busy] * 4)) as server, caplog.at_level(logging.WARNING):
        model = loaded(server, concurrency=4)
        assert failed(model.generate(prompts(4))) == [False] * 4
        (line,) = [record.getMessage() for record in caplog.records if "all requests wait" in record.getMessage()]
        assert server.url in line


def test_an_address_with_tls_where_none_is_spoken_is_named_soon(monkeypatch):
    from harness_plugins.openai import greeting

    monkeypatch.setattr(greeting, "CONNECT", 0.3)
    with Server() as server:
        start = time.perf_counter()
        with pytest.raises(CellError, match=saying("answers", "TLS", "base_url=").pattern):
            ServedModel("tiny", server.url.replace("http:", "https:")).load()
        assert time.perf_counter() - start < 5


def test_the_code_of_a_tokenizers_folder_is_never_run_and_nobody_is_asked(tmp_path, monkeypatch):
    import json

    pytest.importorskip("transformers")
    ran = tmp_path / "ran.txt"
    folder = tmp_path / "tokenizer"
    folder.mkdir()
    (folder / "mine.py").write_text(
        f"open({str(ran)!r}, 'w').close()\nfrom transformers import PreTrainedTokenizer\n"
        "class Mine(PreTrainedTokenizer):\n    pass\n"
    )
    written = {"tokenizer_class": "Mine", "auto_map": {"AutoTokenizer": ["mine.Mine", None]}}
    (folder / "tokenizer_config.json").write_text(json.dumps(written))
    (folder / "config.json").write_text("{}")
    asked = []
    monkeypatch.setattr(builtins, "input", lambda *text: asked.append(text) or "y")
    with Server() as server, pytest.raises(CellError, match="no tokenizer can be loaded"):
        loaded(server, api="completions", tokenizer=str(folder))
    assert not ran.exists()
    assert asked == []


def test_names_with_half_characters_from_a_server_can_be_shown():
    with Server(lambda *_: ("status", (404, {}, "no \ud83d"))) as server:
        server.models = ["other \ud83d"]
        with pytest.raises(CellError) as caught:
            loaded(server, concurrency=1).generate(prompts(1))
        str(caught.value).encode()
