"""An adapter that the user names is used, or it is said why it is not."""

from __future__ import annotations

import pytest

from ..messages import saying

SCORES = ("eval", "-m", "tfidf", "--limit", 5, "--json")


def adapters(ran):
    return {tuple(result["adapters"]) for result in ran.document["results"]}


def test_an_adapter_that_is_named_and_can_serve_is_used(harness):
    ran = harness(*SCORES, "-t", "quickstart/detection", "--adapter", "embed-to-detect")
    assert (ran.code, adapters(ran)) == (0, {("embed-to-detect",)})
    assert "is not used" not in ran.err


@pytest.mark.parametrize(
    ("model", "task", "adapter", "facts"),
    [
        ("length", "quickstart/best-of-16", "score-to-compare", ["score"]),
        ("quickstart-reward-model", "quickstart/detection", "embed-to-detect", ["asks for embed", "offers score"]),
        ("tfidf", "quickstart/best-of-16", "embed-to-detect", ["gives detect", "asks for score"]),
        ("tfidf", "quickstart/duplicates", "embed-to-detect", ["embed"]),
    ],
)
def test_an_adapter_that_can_serve_nowhere_is_refused(harness, model, task, adapter, facts):
    ran = harness("eval", "-m", model, "-t", task, "--adapter", adapter)
    assert ran.code == 2
    assert ran.err == saying("adapter", f"{adapter!r}")
    assert ran.err == saying(model, task, *facts)


def test_an_adapter_that_serves_only_some_is_said(harness):
    wish = (*SCORES, "-t", "quickstart/duplicates", "-t", "quickstart/best-of-16", "--adapter", "embed-to-score")
    ran = harness(*wish)
    assert ran.code == 0
    said = [line for line in ran.err.splitlines() if "the adapter 'embed-to-score' is not used everywhere" in line]
    assert len(said) == 1
    assert said[0] == saying("quickstart/duplicates", "embed")


def test_an_adapter_may_be_named_with_its_distribution(harness):
    ran = harness(*SCORES, "-t", "quickstart/detection", "--adapter", "harness-eval/embed-to-detect")
    assert (ran.code, adapters(ran)) == (0, {("embed-to-detect",)})


def test_a_run_file_names_the_line_of_an_adapter_that_can_serve_nowhere(harness, project):
    (project / "run.yaml").write_text(
        "models: [length]\ntasks: [quickstart/best-of-16]\nadapters:\n  - score-to-compare\n"
    )
    ran = harness("run", "run.yaml")
    assert ran.code == 2
    assert "run.yaml:4" in ran.err
    assert "'score-to-compare' can serve nothing" in ran.err


ADAPTER = """
from harness import Adapter
from harness.hooks import hookimpl

class Mine(Adapter):
    gives, needs = "detect", "embed"
    {body}

@hookimpl
def register_adapters(register):
    register("mine", "plugin_mine:Mine", gives="detect", needs={needs!r}, description="mine")
"""


@pytest.mark.parametrize(
    ("body", "needs", "said"),
    [
        ("def __init__(self): raise KeyError('no such key')", "embed", saying("KeyError: 'no such key'")),
        ("def configure(self, brief): 1 / 0", "embed", saying("ZeroDivisionError")),
        ("pass", "score", saying("'score'", "'embed'")),
    ],
)
def test_an_adapter_that_raises_or_says_two_things_is_named(add_plugin, harness, body, needs, said):
    add_plugin("mine", ADAPTER.format(body=body, needs=needs))
    model = "tfidf" if needs == "embed" else "length"
    ran = harness("eval", "-m", model, "-t", "quickstart/detection", "--limit", 5, "--adapter", "mine")
    assert ran.code == 2
    assert "the adapter 'harness-mine/mine'" in ran.err
    assert ran.err == said
    if needs == "score":
        checked = harness("check", "mine", "--json").document
        assert [f["text"] for f in checked if f["check"] == "converts what it says"] == [said]


def test_two_adapters_of_one_name_are_told_apart(add_plugin, harness):
    add_plugin("mine", ADAPTER.format(body="pass", needs="embed").replace('"mine", "pl', '"embed-to-detect", "pl'))
    ran = harness("eval", "-m", "tfidf", "-t", "quickstart/detection", "--adapter", "embed-to-detect")
    assert ran.code == 2
    assert "harness-mine/embed-to-detect" in ran.err
    ran = harness(*SCORES, "-t", "quickstart/detection", "--adapter", "harness-eval/embed-to-detect")
    assert (ran.code, adapters(ran)) == (0, {("harness-eval/embed-to-detect",)})
