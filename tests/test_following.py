"""What follows from an answer on file is read from it, with the digits that the model itself would give."""

from types import SimpleNamespace

import numpy as np
import pytest

from harness import Conversation, Failure, LinearReadout, Model, Readout
from harness.capabilities import CORE
from harness.following import read_out
from harness.names.handles import ModelHandle
from harness.running.client import ModelClient
from harness.running.executors import LocalExecutor
from harness.store import Store

SIZE = 40
FUNCTION = LinearReadout((3, 7, 11), (0.5, -2.0, 1.25), 0.75)
OTHER = LinearReadout(tuple(range(SIZE)), tuple(np.linspace(-1, 1, SIZE).tolist()))
PROMPTS = [Conversation.user(f"prompt {i}") for i in range(5)]


def distribution(text, sure=False):
    logits = np.random.default_rng(len(text) + sum(map(ord, text))).normal(size=SIZE) * 3
    logits[7] += 40 * sure
    return (logits - np.logaddexp.reduce(logits)).astype(np.float32)


class Both(Model):
    """Offers the distribution and readouts of it, and counts what it is asked."""

    def __init__(self, sure=False):
        self.asked, self.sure = [], sure

    def next_token(self, requests):
        self.asked += [("next_token", r.text) for r in requests]
        return [distribution(r.text, self.sure) for r in requests]

    def readout(self, requests):
        self.asked += [("readout", r.prompt.text) for r in requests]
        return [read_out(r.function, distribution(r.prompt.text, self.sure)) for r in requests]


def handle(model, offers=("next_token", "readout")):
    return ModelHandle("m", SimpleNamespace(name="m", reference="here:Both"), {}, offers, model)


@pytest.fixture
def client(tmp_path):
    with Store(tmp_path / "store.sqlite") as store:
        yield ModelClient(store, {c.name: c for c in CORE}, LocalExecutor())


@pytest.mark.parametrize("sure", [False, True])
def test_a_readout_is_read_from_the_distribution_on_file_with_the_same_digits(client, sure):
    model, alone = Both(sure), Both(sure)
    wanted = [Readout(p, f) for p in PROMPTS for f in (FUNCTION, OTHER)]
    client.ask(handle(model), "next_token", PROMPTS[:3])
    model.asked.clear()
    client.counts = type(client.counts)()
    assert client.ask(handle(model), "readout", wanted) == alone.readout(wanted)
    assert {text for _, text in model.asked} == {p.text for p in PROMPTS[3:]}
    assert {kind for kind, _ in model.asked} == {"readout"}
    assert (client.counts.requests, client.counts.reused, client.counts.computed) == (10, 6, 4)


def test_what_was_read_once_is_on_file_itself(client):
    model = Both()
    client.ask(handle(model), "next_token", PROMPTS)
    first = client.ask(handle(model), "readout", [Readout(p, FUNCTION) for p in PROMPTS])
    assert first == client.ask(handle(model, ("readout",)), "readout", [Readout(p, FUNCTION) for p in PROMPTS])
    assert {kind for kind, _ in model.asked} == {"next_token"}


def test_another_models_distribution_and_one_of_a_record_are_not_read(client):
    model, other, listed = Both(), Both(), Both()
    listed.listwise = True
    client.ask(handle(model), "next_token", PROMPTS)
    another = handle(other)
    another._fingerprint = "another"
    client.ask(another, "readout", [Readout(PROMPTS[0], FUNCTION)])
    client.ask(handle(listed), "readout", [Readout(PROMPTS[0], FUNCTION)])
    assert [len(m.asked) for m in (model, other, listed)] == [5, 1, 1]


def test_a_failed_distribution_or_one_the_function_does_not_fit_leaves_the_word_to_the_model(client):
    model = Both()
    outside = LinearReadout((SIZE,), (1.0,))
    client.ask(handle(model), "next_token", PROMPTS[:1])
    (answer,) = client.ask(handle(model), "readout", [Readout(PROMPTS[0], outside)])
    assert isinstance(answer, Failure)
    assert "token 40" in answer.reason
    assert model.asked[-1] == ("readout", "prompt 0")


def by_definition(function, logs):
    logs = logs.astype(np.float64)
    odds = [logs[t] - np.logaddexp.reduce(np.delete(logs, t)) for t in function.tokens]
    return function.constant + float(np.dot(function.weights, odds))


@pytest.mark.parametrize("sure", [False, True])
def test_the_value_is_that_of_its_definition(sure):
    row = distribution("text", sure)
    for function in (FUNCTION, OTHER, LinearReadout((), ())):
        assert read_out(function, row) == pytest.approx(by_definition(function, row), rel=1e-6)
    assert read_out(FUNCTION, row) == read_out(FUNCTION, np.stack([row, row])[1])


@pytest.mark.parametrize(("tokens", "weights"), [((SIZE,), (1.0,)), ((-1,), (1.0,)), ((1, 2), (1.0,))])
def test_a_function_that_does_not_fit_is_refused(tokens, weights):
    with pytest.raises(ValueError, match=r"vocabulary|weights"):
        read_out(LinearReadout(tokens, weights), distribution("text"))
