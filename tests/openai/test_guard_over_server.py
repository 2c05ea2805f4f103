"""A guard over a served model: by log-probabilities, and by text where the server gives none."""

import pytest
from openai_server import Server

from harness import Conversation, Failure
from harness.errors import CellError
from harness.names.registry import Registry
from harness.names.resolving import resolve_model
from harness.running.client import ModelClient
from harness.running.executors import LocalExecutor
from harness.store import Store

PROMPTS = [Conversation.user(text) for text in ("Hello", "How are you?", "")]


@pytest.fixture
def answers(tmp_path):
    """Log-odds of a guard over a server, through the one client."""

    def ask(server, **arguments):
        registry = Registry()
        listed = "".join(f",{key}={value}" for key, value in arguments.items())
        name = f"guard:base=[openai:model=tiny,base_url={server.url}]{listed}"
        guard = resolve_model(registry, name, models_folder=tmp_path)
        capabilities = {entry.name: entry.load() for entry in registry.entries("capability")}
        with Store(tmp_path / "store.sqlite") as store:
            return ModelClient(store, capabilities, LocalExecutor()).ask(guard, "detect", PROMPTS)

    return ask


def test_listed_tokens_make_log_odds(answers):
    with Server() as server:  # lists Yes at -0.2, " yes" at -2.0 and No at -3.0
        assert answers(server, template="yes-no") == pytest.approx([2.8] * 3)
        assert {path for path, _, _ in server.seen} == {"/v1/chat/completions"}


def test_replies_of_which_none_is_listed_fail(answers):
    with Server() as server:
        for answer in answers(server, template="safe-unsafe"):
            assert isinstance(answer, Failure)
            assert "verdict=text reads texts" in answer.reason


def test_without_log_probabilities_the_run_ends_and_says_what_to_do(answers):
    with Server(lambda number, path, body: ("bare", None)) as server, pytest.raises(CellError, match="ask for text"):
        answers(server, template="yes-no")


def test_texts_are_read_where_they_are_asked_for(answers):
    def act(number, path, body):
        message = {"role": "assistant", "content": "**No**, it is harmless."}
        return ("json", {"choices": [{"index": 0, "finish_reason": "stop", "message": message}]})

    with Server(act) as server:
        assert answers(server, template="yes-no", verdict="text") == pytest.approx([-1.0986123] * 3)


def llama_guard(number, path, body):
    """Answers a blank, then the verdict, as Llama Guard does; only what is asked for."""
    places = []
    for pairs in ((("\n\n", -0.0001), ("unsafe", -9.0), ("safe", -11.0)), (("safe", -0.1), ("unsafe", -3.0))):
        listed = [{"token": token, "logprob": value, "bytes": None} for token, value in pairs]
        places.append({**listed[0], "top_logprobs": listed})
    logprobs = {"content": places[: body["max_tokens"]]}
    message = {"role": "assistant", "content": "\n\nsafe"}
    return "json", {"choices": [{"index": 0, "finish_reason": "stop", "message": message, "logprobs": logprobs}]}


def test_a_verdict_behind_a_blank_is_read_there(answers):
    with Server(llama_guard) as server:
        for log_odds in answers(server, template="own-template"):
            assert log_odds == pytest.approx(-2.9, abs=0.02)


def test_a_verdict_that_stays_behind_blanks_is_a_failure_and_not_unsafe(answers):
    def act(number, path, body):
        return llama_guard(number, path, {"max_tokens": 1})

    with Server(act) as server:
        for answer in answers(server, template="own-template"):
            assert isinstance(answer, Failure)
            assert "least_mass=0.5" in answer.reason
