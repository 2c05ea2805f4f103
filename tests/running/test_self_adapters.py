"""Adapters from a capability to itself, and arguments of adapters: used exactly where they are named, or refused."""

from __future__ import annotations

import sqlite3

import pytest

PLUGIN = '''
import dataclasses
from pathlib import Path
from typing import Annotated, Literal

from harness import Adapter, Completion, Conversation, Failure, FieldSpec, Generation, MeanMetric, Model, Range
from harness import Stage, Task
from harness.hooks import hookimpl

MARKERS = {"generic": "Here is my response:", "specific": "<R>"}


class Thinker(Model):
    """Thinks aloud, then says the last word of the prompt; without it where the prompt says so."""

    def generate(self, requests):
        with Path("asked.txt").open("a") as log:
            log.writelines(request.prompt.text + "\\n" for request in requests)
        return [(Completion(self.said(request.prompt.text)),) for request in requests]

    def said(self, text):
        return "thoughts only" if "never" in text else f"let me see <R> {text.split()[-1]}!"


class Over(Model):
    """Answers what its base answers."""

    part_names = ("base",)

    def __init__(self, base: str) -> None:
        self.base = base

    def generate(self, requests):
        return self.parts["base"]("generate", requests)


class Thought(Adapter):
    """Cuts off what comes before the answer."""

    gives = needs = "generate"

    def __init__(self, format: Literal["generic", "specific"] = "generic", most: Annotated[int, Range(least=1)] = 100):
        self.marker, self.most = MARKERS[format], most

    def expand(self, request):
        return [request]

    def reduce(self, request, responses):
        (completions,) = responses
        if any(self.marker not in each.text for each in completions):
            return Failure("no answer follows the thoughts")
        return tuple(
            dataclasses.replace(each, text=each.text.partition(self.marker)[2].strip()[: self.most])
            for each in completions
        )


class Strip(Adapter):
    """Takes the end off a text."""

    gives = needs = "generate"

    def __init__(self, what: str = "!"):
        self.what = what

    def expand(self, request):
        return [request]

    def reduce(self, request, responses):
        return tuple(dataclasses.replace(each, text=each.text.removesuffix(self.what)) for each in responses[0])


class Exact(Task):
    fields = {"prompt": FieldSpec("text"), "answer": FieldSpec("text")}
    columns = ("right",)
    default_metrics = ("share_right",)
    stages = (Stage(("generate",)),)

    def requests(self, item, stage, capability, earlier):
        return [Generation(Conversation.user(item.fields["prompt"]))]

    def row(self, item, answers):
        if answers[-1].failures:
            return {"right": float("nan")}
        return {"right": float(answers[-1].responses[0][0].text == item.fields["answer"])}


class Judged(Exact):
    stages = (Stage(("generate",)), Stage(("generate",), "judge"))


class Share(MeanMetric):
    """A share of the items."""

    needs = ("right",)

    def per_item(self, columns):
        return columns.values["right"]


@hookimpl
def register_metrics(register):
    register("share_right", "plugin_think:Share")


@hookimpl
def register_models(register):
    register("thinker", "plugin_think:Thinker", offers=("generate",))
    register("over", "plugin_think:Over", offers=("generate",))


@hookimpl
def register_adapters(register):
    register("thought", "plugin_think:Thought", gives="generate", needs="generate", description="cuts thoughts off")
    register("strip", "plugin_think:Strip", gives="generate", needs="generate", description="takes an end off")


@hookimpl
def register_tasks(register):
    register("exact", "plugin_think:Exact", description="exact answers")
    register("judged", "plugin_think:Judged", description="exact answers of a judge")
'''
ROWS = [
    {"id": "0", "prompt": "say yes", "answer": "yes"},
    {"id": "1", "prompt": "say no", "answer": "no!"},
    {"id": "2", "prompt": "never say maybe", "answer": "maybe"},
]
TASK = ("-t", "demo/exact", "--json")


@pytest.fixture
def thinking(add_plugin, write_task, project):
    add_plugin("think", PLUGIN)
    for name in ("exact", "judged"):
        write_task(f"demo/{name}", ROWS, kind=name, columns={"prompt": "prompt", "answer": "answer"})
    return project


def figure(ran):
    (found,) = ran.document["results"]
    return found["value"], found["detail"].get("n_failed", found["n_failed"]), tuple(found["adapters"])


def asked():
    with open("asked.txt") as log:
        return log.read().splitlines()


def test_adapters_are_used_where_named_in_the_order_given_and_the_models_answers_are_shared(thinking, harness):
    plain = harness("eval", "-m", "thinker", *TASK)
    assert (plain.code, figure(plain)) == (0, (0.0, 0, ()))
    cut = harness("eval", "-m", "cut=thinker", "--adapter", "thought:format=specific", *TASK)
    assert figure(cut) == (0.5, 1, ("thought:format=specific",))
    both = harness("eval", "-m", "both=thinker", "--adapter", "thought:format=specific", "--adapter", "strip", *TASK)
    assert figure(both) == (0.5, 1, ("strip", "thought:format=specific"))
    other = harness(
        "eval", "-m", "o=thinker", "--adapter", "strip", "--adapter", "thought:format=specific,most=3", *TASK
    )
    assert figure(other)[2] == ("thought:format=specific,most=3", "strip")
    assert len(asked()) == 3
    with sqlite3.connect(".harness/store.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM responses").fetchone() == (3,)
        assert connection.execute("SELECT count(*) FROM models").fetchone() == (1,)
    connection.close()
    compared = harness("compare", "thinker", "cut", "-t", "demo/exact")
    assert compared.code == 0, compared.err
    assert "cut" in compared.out


@pytest.mark.parametrize(
    ("adapter", "said"),
    [
        ("thought:formt=specific", "did you mean 'format'?"),
        ("thought:format=specifik", "did you mean 'specific'?"),
        ("thought:most=0", "most=0"),
        ("thought:most=many", "most=many"),
        ("strip:what", "expected key=value"),
        ("thougt", "did you mean 'thought'?"),
        ("score-to-compare:strict=yes", "has no argument 'strict'"),
        ("jugde=thought", "has the role 'jugde'"),
        ("strip:what=[a", "bracket"),
    ],
)
def test_arguments_of_adapters_are_checked_as_those_of_models(thinking, harness, adapter, said):
    ran = harness("eval", "-m", "thinker", "--adapter", adapter, "-t", "demo/judged", "--role", "judge=thinker")
    assert ran.code == 2
    assert said in ran.err
    assert "internal error" not in ran.err


def test_one_that_serves_nowhere_is_refused(thinking, harness):
    ran = harness("eval", "-m", "length", "-t", "quickstart/best-of-16", "--adapter", "thought", "--limit", 3)
    assert ran.code == 2
    assert "the adapter 'thought' can serve nothing that is asked for" in ran.err


def test_it_stands_before_the_evaluated_model_and_before_a_judge_only_where_that_is_named(thinking, harness):
    command = ("eval", "-m", "thinker", "--role", "judge=thinker", "-t", "demo/judged", "--json")
    found = {}
    for text in ("thought:format=specific", "judge=thought:format=specific"):
        assert harness(*command, "--adapter", text).code == 0
        with sqlite3.connect(".harness/store.sqlite") as connection:
            rows = connection.execute(
                "SELECT role, adapters FROM asked WHERE cell = (SELECT max(id) FROM cells) ORDER BY stage"
            )
            found[text] = rows.fetchall()
        connection.close()
    through = '["thought:format=specific"]'
    assert found["thought:format=specific"] == [("candidate", through), ("judge", "[]")]
    assert found["judge=thought:format=specific"] == [("candidate", "[]"), ("judge", through)]


DECLARED = """
task_folders: [tasks]
models:
  plain: thinker
  cut: {model: thinker, adapters: ["thought:format=specific", strip]}
  over-cut: {model: over, arguments: {base: cut}}
"""


def test_a_model_may_be_declared_with_adapters_and_be_part_of_another(thinking, harness):
    (thinking / "registry.yaml").write_text(DECLARED)
    models = (
        "plain",
        "cut",
        "over-cut",
        "over:base=thinker",
        "named=thinker:adapters=[[thought:format=specific],[strip]]",
    )
    ran = harness("eval", *(x for name in models for x in ("-m", name)), *TASK)
    assert ran.code == 0, ran.err
    values = {r["model"]: (r["value"], tuple(r["adapters"])) for r in ran.document["results"]}
    inner = ("strip", "thought:format=specific")
    assert values["plain"] == values["over:base=thinker"] == (0.0, ())
    assert values["cut"] == values["named"] == (0.5, inner)
    assert values["over-cut"] == (0.5, ("base: strip > thought:format=specific",))
    assert len(asked()) == 3
    with sqlite3.connect(".harness/store.sqlite") as connection:
        counts = connection.execute("SELECT label, fingerprint FROM cells").fetchall()
    connection.close()
    by_label = dict(counts)
    assert by_label["plain"] == by_label["cut"]
    assert len({by_label["plain"], by_label["over-cut"], by_label["over:base=thinker"]}) == 3
    assert harness("check", "over-cut").code == 0
    assert "thought:format=specific" in harness("show", "cut").out
    planned = harness("eval", "-m", "over-cut", *TASK, "--dry-run").document
    assert planned["cells"][0]["adapters"] == ["base: strip > thought:format=specific"]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("thinker:adapters=[thougt]", "did you mean 'thought'?"),
        ("thinker:adapters=[thought:most=0]", "most=0"),
        ("thinker:adapters=[[strip],[strip]]", "twice"),
        ("length:adapters=[thought]", "can serve nothing"),
        ("over:base=[thinker:adapters=[score-to-detect]]", "can serve nothing"),
        ("thinker:adapters=[a,b=1]", "brackets of its own"),
    ],
)
def test_adapters_of_a_model_that_cannot_be_used_are_refused(thinking, harness, model, said):
    ran = harness("eval", "-m", model, "-t", "demo/exact")
    assert ran.code == 2
    assert said in ran.err


def test_a_run_file_takes_adapters_with_arguments(thinking, harness):
    (thinking / "run.yaml").write_text(
        'models: [thinker]\ntasks: [demo/exact]\nadapters:\n  - "thought:format=specific"\n'
    )
    ran = harness("run", "run.yaml", "--json")
    assert ran.code == 0, ran.err
    (thinking / "run.yaml").write_text('models: [thinker]\ntasks: [demo/exact]\nadapters:\n  - "thought:format=no"\n')
    ran = harness("run", "run.yaml")
    assert ran.code == 2
    assert "run.yaml:4" in ran.err


def test_stores_that_asked_one_label_in_two_ways_are_not_merged(thinking, harness):
    (thinking / "registry.yaml").write_text(
        "task_folders: [tasks]\nbenchmarks: {board: {tasks: [demo/exact], aggregates: []}}\n"
    )
    assert harness("eval", "-m", "thinker", *TASK, "--store", "a.sqlite").code == 0
    cut = ("--adapter", "thought:format=specific", "--store", "b.sqlite")
    assert harness("eval", "-m", "thinker", *TASK, *cut).code == 0
    ran = harness("leaderboard", "board", "--store", "a.sqlite", "--merge", "b.sqlite")
    assert ran.code == 2
    assert "two measures" in ran.err


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (["judge=strip"], ["strip"], "through judge: strip in a.sqlite and through strip in b.sqlite"),
        (["strip", "thought"], ["thought", "strip"], "through thought > strip in a.sqlite and through strip > thought"),
        (["judge=strip", "judge=thought"], ["judge=thought", "judge=strip"], "through judge: thought > strip in"),
    ],
)
def test_it_counts_who_was_asked_through_an_adapter_and_which_came_first(thinking, harness, one, other, said):
    (thinking / "registry.yaml").write_text(
        "task_folders: [tasks]\nbenchmarks: {board: {tasks: [demo/judged], aggregates: []}}\n"
    )
    for store, names in (("a.sqlite", one), ("b.sqlite", other), ("c.sqlite", one)):
        chosen = [x for name in names for x in ("--adapter", name)]
        judge = ("--role", "judge=judge=thinker")
        assert harness("eval", "-m", "thinker", *judge, "-t", "demo/judged", *chosen, "--store", store).code == 0
    ran = harness("leaderboard", "board", "--store", "a.sqlite", "--merge", "b.sqlite")
    assert ran.code == 2
    assert said in ran.err
    assert harness("leaderboard", "board", "--store", "a.sqlite", "--merge", "c.sqlite").code == 0


def test_a_board_says_that_a_label_was_asked_in_two_ways(thinking, harness, write_task):
    write_task("demo/other", ROWS, kind="exact", columns={"prompt": "prompt", "answer": "answer"})
    (thinking / "registry.yaml").write_text(
        "task_folders: [tasks]\nbenchmarks: {board: {tasks: [demo/exact, demo/other], aggregates: []}}\n"
    )
    assert harness("eval", "-m", "thinker", *TASK).code == 0
    assert harness("eval", "-m", "thinker", "-t", "demo/other", "--adapter", "thought:format=specific").code == 0
    ran = harness("leaderboard", "board")
    assert ran.code == 0, ran.err
    said = "thinker was asked for generate in different ways on different tasks: no adapter (demo/exact); "
    assert said + "thought:format=specific (demo/other)" in ran.out + ran.err


def test_a_model_that_is_trained_may_be_declared_with_adapters(thinking, harness):
    (thinking / "registry.yaml").write_text(
        "models:\n  trained: {trainer: bt-linear, task: quickstart/preferences, adapters: [score-to-compare]}\n"
        "  mistaken: {trainer: bt-linear, task: quickstart/preferences, adapters: [thought]}\n"
    )
    command = ("eval", "-t", "quickstart/best-of-16", "--limit", 3)
    ran = harness(*command, "-m", "trained")
    assert ran.code == 0, ran.err
    assert "the adapter 'score-to-compare' of trained is not used" in ran.err
    ran = harness(*command, "-m", "mistaken")
    assert ran.code == 2
    assert "can serve nothing" in ran.err


def test_two_models_of_one_label_in_two_roles_keep_their_own_adapters(thinking, harness):
    command = ("eval", "-m", "m=thinker:adapters=[strip]", "--role", "judge=m=thinker", "-t", "demo/judged", "--json")
    assert harness(*command).code == 0
    with sqlite3.connect(".harness/store.sqlite") as connection:
        found = connection.execute("SELECT role, adapters FROM asked ORDER BY stage").fetchall()
    connection.close()
    assert found == [("candidate", '["strip"]'), ("judge", "[]")]
