"""A plugin's own pointwise capability, over a request of its own: evaluated, filed part by part, and checked."""

import sqlite3

import pytest

from harness import Capability, Conversation, Request

PLUGIN = """
from dataclasses import dataclass, replace

import numpy as np

from harness import Capability, Columns, Expectation, Failure, FieldSpec, MeanMetric, Model, Request, SampleRequests
from harness import Stage, Task, hookimpl

ASKED = []


@dataclass(frozen=True, slots=True)
class Passages(Request):
    query: str
    passages: tuple[str, ...]

    def content(self):
        return [self.query, list(self.passages)]

    def parts(self):
        return [self.keep([i]) for i in range(len(self.passages))]

    def keep(self, indices):
        return replace(self, passages=tuple(self.passages[i] for i in indices))


def samples():
    return SampleRequests(
        [Passages("bees", ("Bees make honey.", "Tea is hot.")), Passages("tea", ("Tea is hot.",))],
        extreme={"no passage text": Passages("tea", ("",))},
        expectations=[
            Expectation(
                "a passage without the query is worth nothing",
                [Passages("tea", ("Bees make honey.",))],
                lambda responses: None if responses[0][0] == 0 else f"it is worth {responses[0][0]:g}",
            )
        ],
    )


RELEVANCE = Capability("relevance", Passages, "number", pointwise=True, description="of a passage", samples=samples)
UNSAMPLED = Capability("depth", Passages, "number", pointwise=True, description="of a passage")


class Overlap(Model):
    def __init__(self, wrong: str = "") -> None:
        self.wrong = wrong

    def relevance(self, requests):
        ASKED.extend((request.query, passage) for request in requests for passage in request.passages)
        scores = [[float(request.query in p.lower()) for p in request.passages] for request in requests]
        if self.wrong == "shape":
            return [[*row, 0.0] if r.query == "bees" else row for r, row in zip(requests, scores, strict=True)]
        if self.wrong == "neighbours":
            return [[s + len(row) for s in row] for row in scores]
        return [[s + 0.5 for s in row] for row in scores] if self.wrong == "worth" else scores


class Deep(Model):
    def depth(self, requests):
        raise NotImplementedError


class Ranking(Task):
    fields = {"query": FieldSpec("text"), "passages": FieldSpec("texts"), "best": FieldSpec("number")}
    stages = (Stage(("relevance",)),)
    columns = ("best", "first")
    default_metrics = ("first_is_best",)

    def requests(self, item, stage, capability, earlier):
        texts = tuple(item.fields["passages"])
        return [Passages(item.fields["query"], texts, origin=item.origin(self.name, *range(len(texts))))]

    def row(self, item, answers):
        (scores,) = answers[0].responses
        failed = isinstance(scores, Failure)
        return {"best": item.fields["best"], "first": float("nan") if failed else float(scores.argmax())}


class FirstIsBest(MeanMetric):
    needs = ("best", "first")

    def per_item(self, columns: Columns):
        best, first = columns.values["best"], columns.values["first"]
        return np.where(np.isnan(first), np.nan, best == first)


@hookimpl
def register_capabilities(register):
    register("relevance", "plugin_ranker:RELEVANCE", description="relevance of a passage")
    register("depth", "plugin_ranker:UNSAMPLED", description="depth of a passage")


@hookimpl
def register_models(register):
    register("overlap", "plugin_ranker:Overlap", offers=("relevance",), description="whether the query occurs")
    register("deep", "plugin_ranker:Deep", offers=("depth",), description="asked nothing")


@hookimpl
def register_tasks(register):
    register("toy-ranking", "plugin_ranker:Ranking", description="passages by relevance")


@hookimpl
def register_metrics(register):
    register("first_is_best", "plugin_ranker:FirstIsBest", description="share of queries answered first")
"""
ROWS = [
    {"id": "1", "query": "bees", "passages": ["Tea is hot.", "Bees make honey."], "best": 1},
    {"id": "2", "query": "tea", "passages": ["Tea is hot.", "Bees make honey."], "best": 0},
]
MORE = [
    {"id": "3", "query": "bees", "passages": ["Tea is hot.", "A swarm.", "Bees make honey."], "best": 2},
    {"id": "4", "query": "tea", "passages": ["Snow.", "Snow."], "best": 1},
]


@pytest.fixture
def asked(add_plugin):
    """What the model was asked since the last look."""
    add_plugin("ranker", PLUGIN)
    import plugin_ranker

    def look():
        pairs = list(plugin_ranker.ASKED)
        plugin_ranker.ASKED.clear()
        return pairs

    return look


def evaluate(harness, task, model="overlap", code=0):
    ran = harness("eval", "-m", model, "-t", task, "--json")
    assert ran.code == code, ran.err
    return ran.document


def test_only_the_parts_that_are_not_on_file_are_asked(asked, harness, write_task):
    write_task("demo/first", ROWS, kind="toy-ranking")
    write_task("demo/second", [*ROWS, *MORE], kind="toy-ranking")
    first = evaluate(harness, "demo/first")
    assert len(asked()) == 4
    second = evaluate(harness, "demo/second")
    # Item 3 has one passage that is new for its query; item 4 holds one text twice.
    assert asked() == [("bees", "A swarm."), ("tea", "Snow.")]
    assert [r["value"] for r in first["results"] if r["domain"] == "overall"] == [1.0]
    assert [r["value"] for r in second["results"] if r["domain"] == "overall"] == [0.75]
    assert evaluate(harness, "demo/second")["results"] == second["results"]
    assert asked() == []
    with sqlite3.connect(".harness/store.sqlite") as connection:
        assert connection.execute("SELECT requests, computed FROM cells ORDER BY id").fetchall() == [
            (2, 4),
            (4, 2),
            (4, 0),
        ]
    connection.close()


def test_a_response_of_another_shape_is_a_failure_whatever_the_plugins_check_looks_at(asked, harness, write_task):
    write_task("demo/first", ROWS, kind="toy-ranking")
    document = evaluate(harness, "demo/first", "overlap:wrong=shape")
    assert [(r["value"], r["n_failed"]) for r in document["results"] if r["domain"] == "overall"] == [(1.0, 1)]


def test_a_dry_run_counts_the_parts(asked, harness, write_task):
    write_task("demo/second", [*ROWS, *MORE], kind="toy-ranking")
    ran = harness("eval", "-m", "overlap", "-t", "demo/second", "--dry-run", "--json")
    (cell,) = ran.document["cells"]
    assert (cell["requests"], cell["texts"]) == (4, 9)


def test_a_plugins_capability_is_asked_its_samples(asked, harness):
    ran = harness("check", "overlap", "--json")
    findings = {f["check"]: f for f in ran.document if f["subject"] == "overlap: relevance"}
    assert {
        "answers are valid",
        "answers in batches of any size and order alike",
        "scores a response whatever its neighbours",
        "a passage without the query is worth nothing",
        "takes no passage text",
    } <= findings.keys()
    assert [f for f in ran.document if not f["ok"]] == []
    assert ("bees", "Bees make honey.") in asked()


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ("shape", "answers are valid"),
        ("neighbours", "scores a response whatever its neighbours"),
        ("worth", "a passage without the query is worth nothing"),
    ],
)
def test_a_plugins_capability_is_held_to_its_rules(asked, harness, wrong, rule):
    ran = harness("check", f"overlap:wrong={wrong}", "--json")
    assert ran.code == 1
    assert rule in {f["check"] for f in ran.document if not f["ok"]}


def test_a_capability_without_samples_is_a_note_and_no_pass(asked, harness):
    ran = harness("check", "deep")
    assert ran.code == 0
    (line,) = [line for line in ran.out.splitlines() if "depth" in line]
    assert line.startswith("note  ")
    (finding,) = [f for f in harness("check", "deep", "--json").document if f["subject"].endswith("depth")]
    assert finding["is_note"]


def test_every_capability_of_the_core_has_samples():
    from harness.capabilities import CORE

    for capability in CORE:
        made = capability.samples()
        assert len(made.ordinary) > 3
        assert len(made.many) == 24
        requests = [
            *made.ordinary,
            *made.many,
            *made.extreme.values(),
            *(r for e in made.expectations for r in e.requests),
        ]
        assert {type(request) for request in requests} == {capability.request}


class Parted(Request):
    """Says what its parts are, and not how to keep some."""

    def parts(self):
        return (self, self)


@pytest.mark.parametrize(
    ("request_type", "form", "error"),
    [(Parted, "number", TypeError), (Conversation, "array", ValueError), (Conversation, "text", ValueError)],
)
def test_a_capability_that_could_not_be_asked_is_refused_where_it_is_made(request_type, form, error):
    with pytest.raises(error, match="'mine'"):
        Capability("mine", request_type, form, pointwise=True)


def test_requests_are_still_found_where_they_lay_once():
    import harness
    from harness import capabilities

    assert capabilities.Candidates is harness.Candidates
    assert capabilities.digest_of(1) == harness.requests.digest_of(1)
    with pytest.raises(AttributeError, match="Candidate'"):
        capabilities.Candidate  # noqa: B018
