"""A model that streams: answers are filed as they come, what it leaves open is asked once more, and it may give up."""

import sqlite3

import pytest

from ..messages import saying

PLUGIN = '''
from harness import Model, Failure
from harness.errors import CellError
from harness.hooks import hookimpl

SEEN = []


class Streamer(Model):
    """Length of each response, streamed from the last request to the first."""

    streamed = ("score",)
    batch_size = 2

    def __init__(self, leaves=0, breaks=False, gives_up_after=-1):
        self.leaves, self.breaks, self.gives_up_after = leaves, breaks, gives_up_after

    def identity(self):
        return {}

    def stream(self, capability, requests):
        SEEN.append(("stream", len(requests)))
        for done, i in enumerate(reversed(range(self.leaves, len(requests)))):
            if done == self.gives_up_after:
                raise CellError("the budget is spent")
            yield i, self._answer(requests[i])
        if self.breaks:
            raise RuntimeError("lost the thread")

    def score(self, requests):
        SEEN.append(("score", len(requests)))
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        return [float(len(response)) for response in request.responses]

    def remarks(self):
        return ["3 prompts were cut off"]


class Mute(Model):
    pass


class Over(Model):
    part_names = ("base", "other")

    def __init__(self, base, other=""):
        self.base = base

    def asks(self):
        return {"base": ("score",)}

    def score(self, requests):
        return self.parts["base"]("score", requests)


@hookimpl
def register_models(register):
    register("streamer", "plugin_stream:Streamer", offers=("score",), description="streams")
    register("mute", "plugin_stream:Mute", description="offers nothing")
    register("over", "plugin_stream:Over", offers=("score",), description="over another")
'''


@pytest.fixture
def streaming(add_plugin, write_task, rows, toys):
    import sys

    add_plugin("stream", PLUGIN)
    write_task("demo/plain", rows(9))

    def seen():
        return sys.modules["plugin_stream"].SEEN

    yield seen
    sys.modules.pop("plugin_stream", None)


def filed():
    with sqlite3.connect(".harness/store.sqlite") as connection:
        (count,) = connection.execute("SELECT count(*) FROM responses WHERE error IS NULL").fetchone()
    connection.close()
    return count


def values(ran):
    return [(r["metric"], r["value"]) for r in ran.document["results"]]


def test_a_stream_is_given_everything_at_once_and_answers_as_a_batch_does(streaming, harness):
    ran = harness("eval", "-m", "streamer", "-t", "demo/plain", "--json")
    assert streaming() == [("stream", 9)]
    assert values(ran) == values(harness("eval", "-m", "length", "-t", "demo/plain", "--json"))


@pytest.mark.parametrize("arguments", ["leaves=4", "leaves=4,breaks=true"])
def test_what_a_stream_leaves_open_is_asked_once_more(streaming, harness, arguments):
    ran = harness("eval", "-m", f"streamer:{arguments}", "-t", "demo/plain", "--json")
    assert ran.code == 0
    assert streaming() == [("stream", 9), ("score", 2), ("score", 2)]
    assert values(ran) == values(harness("eval", "-m", "length", "-t", "demo/plain", "--json"))


def test_a_model_that_gives_up_ends_its_cell_and_keeps_what_it_answered(streaming, harness):
    ran = harness("eval", "-m", "streamer:gives_up_after=5", "-m", "length", "-t", "demo/plain", "--json")
    assert ran.code == 1
    (failure,) = ran.document["failures"]
    assert failure["reason"] == "the budget is spent"
    assert {r["model"] for r in ran.document["results"]} == {"length"}
    assert filed() == 5 * 2 + 18
    streaming().clear()


def test_remarks_are_shown_and_kept(streaming, harness):
    ran = harness("eval", "-m", "streamer", "-t", "demo/plain", "--json")
    assert ran.document["remarks"] == [{"model": "streamer", "task": "demo/plain", "text": "3 prompts were cut off"}]
    assert "3 prompts were cut off" in ran.err
    with sqlite3.connect(".harness/store.sqlite") as connection:
        assert connection.execute("SELECT text FROM remarks").fetchall() == [("3 prompts were cut off",)]
    connection.close()
    again = harness("eval", "-m", "streamer", "-t", "demo/plain", "--json")
    assert again.document["remarks"] == []  # it had nothing to compute


def test_a_model_inside_another_is_named_in_brackets_and_made_once(streaming, harness):
    specification = "over:base=[streamer:leaves=1,breaks=true]"
    ran = harness("eval", "-m", specification, "-t", "demo/plain", "--json")
    assert ran.code == 0, ran.err
    assert streaming() == [("stream", 9), ("score", 1)]
    assert ran.document["remarks"][0]["model"] == specification


def test_a_model_inside_another_needs_no_arguments_and_can_be_checked(streaming, harness):
    assert harness("eval", "-m", "over:base=[streamer]", "-t", "demo/plain").code == 0
    ran = harness("check", "over:base=[streamer]", "--json")
    assert ran.code == 0, ran.out
    assert "answers alone as in a batch" in {finding["check"] for finding in ran.document}


def test_what_a_part_must_offer_is_checked_before_anything_runs(streaming, harness):
    ran = harness("eval", "-m", "over:base=mute", "-t", "demo/plain")
    assert ran.code == 2
    assert ran.err == saying("base", "mute", "score", "nothing")


@pytest.mark.parametrize(
    ("text", "message"),
    [("over:base=[streamer:leaves=1", "a bracket is opened and not closed"), ("over", "base")],
)
def test_a_specification_that_cannot_be_read(streaming, harness, text, message):
    ran = harness("eval", "-m", text, "-t", "demo/plain")
    assert ran.code == 2
    assert message in ran.err
