"""Data that are made: generators with settings, and kinds that make their items themselves."""

import pytest

from harness.errors import ConfigurationError
from harness.names.registry import Registry
from harness.tasks.build import build_task

PLUGIN = """
from __future__ import annotations

from typing import Annotated, Literal

from harness import Conversation, Item, Range, hookimpl
from harness.kinds.best_of_k import BestOfK


def sums(split, *, n: Annotated[int, Range(least=1)], step: float = 1.0, form: Literal["plain", "words"] = "plain"):
    for i in range(n):
        yield {"id": f"{split}-{i}", "prompt": f"{form} {i}", "responses": [f"{i + step}", f"{i}"], "correct": [1, 0]}


def anything(split, **settings):
    yield {"id": split, "prompt": str(settings), "responses": ["1", "0"], "correct": [1, 0]}


class Made(BestOfK):
    makes_items = True
    made_splits = ("test", "train")
    options = {**BestOfK.options, "n": 3}

    def make_items(self, split):
        for i in range(self.settings["n"]):
            prompt = Conversation.user(f"{i}")
            yield Item(f"{split}-{i}", {"prompt": prompt, "responses": [f"{i + 1}", f"{i}"], "correct": [1, 0]})


class Wrong(Made):
    def make_items(self, split):
        yield {"id": "a"}


@hookimpl
def register_tasks(register):
    register("made", "plugin_made:Made")
    register("wrong", "plugin_made:Wrong")
"""


@pytest.fixture
def made(add_plugin, toys, write_task):
    add_plugin("made", PLUGIN)
    return write_task


def generator(settings, function="sums"):
    return {"test": {"generator": f"plugin_made:{function}", "settings": settings}}


def test_a_generator_gets_its_settings_as_its_annotations_say_and_they_are_in_the_digest(made):
    made("demo/a", data=generator({"n": "2", "step": 2}))
    made("demo/b", data=generator({"n": 3, "step": 2}))
    a, b = (build_task(Registry(), f"demo/{name}") for name in "ab")
    assert [item.id for item in a.items()] == ["test-0", "test-1"]
    assert a.describe_data("test") == "plugin_made:sums('test', n=2, step=2)"
    assert a.definition.digest != b.definition.digest
    made("demo/any", data=generator({"k": [1, 2]}, "anything"))
    assert [item.id for item in build_task(Registry(), "demo/any").items()] == ["test"]


@pytest.mark.parametrize(
    ("settings", "function", "said"),
    [
        ({"n": 0}, "sums", "settings.n: plugin_made:sums: 0 is not a whole number"),
        ({"n": "many"}, "sums", "settings.n: .*many is not a whole number"),
        ({"n": 1, "stp": 2}, "sums", "settings.stp: .*takes no setting 'stp'.*did you mean 'step'"),
        ({"n": 1, "split": "train"}, "sums", "takes no setting 'split'"),
        ({"n": 1, "form": "word"}, "sums", "did you mean 'words'"),
        ({"step": 1}, "sums", "needs the setting n"),
        ({"n": 1}, "nothing", "has no attribute 'nothing'"),
    ],
)
def test_a_setting_that_the_function_does_not_take_is_refused_with_its_line(made, settings, function, said):
    path = made("demo/a", data=generator(settings, function))
    with pytest.raises(ConfigurationError, match=said) as caught:
        build_task(Registry(), "demo/a")
    assert f"{path}:" in str(caught.value)
    assert str(caught.value).split(":")[1].isdigit()


def test_a_kind_that_makes_its_items_needs_no_data(made, harness):
    made("demo/a", kind="made", options={"n": 5})
    task = build_task(Registry(), "demo/a")
    assert task.splits == ("test", "train")
    assert task.count() is None
    ran = harness("eval", "-m", "toy-reader", "-t", "demo/a", "--json")
    assert ran.code == 0, ran.err
    assert ran.document["results"][0]["n"] == 5
    assert harness("eval", "-m", "toy-reader", "-t", "demo/a", "--split", "train", "--limit", "2").code == 0
    shown = harness("show", "demo/a").out
    assert "items made by plugin_made.Made" in shown
    assert harness("eval", "-m", "toy-reader", "-t", "demo/a", "--split", "validation").code == 2


def test_where_data_are_named_their_rows_are_read(made, rows):
    made("demo/a", rows(2), kind="made")
    assert [item.id for item in build_task(Registry(), "demo/a").items()] == ["item-0", "item-1"]


@pytest.mark.parametrize(
    ("kind", "keys", "said"),
    [
        ("best-of-k", {}, "the key 'data' is missing; tasks of kind 'best-of-k' do not make their items"),
        ("made", {"columns": {"prompt": "question"}}, "'columns' does nothing without 'data'"),
        ("made", {"slices": ["topic"]}, "'slices' does nothing without 'data'"),
        ("made", {"cluster": "topic"}, "'cluster' does nothing without 'data'"),
        ("made", {"data": {}}, "'data' needs a 'test' split"),
    ],
)
def test_data_that_are_not_there_are_refused_in_words(made, kind, keys, said):
    path = made("demo/a", kind=kind, **keys)
    with pytest.raises(ConfigurationError, match=said) as caught:
        build_task(Registry(), "demo/a")
    assert str(path) in str(caught.value)


def test_items_that_are_none_are_said(made, harness):
    made("demo/a", kind="wrong")
    ran = harness("eval", "-m", "toy-reader", "-t", "demo/a")
    assert ran.code == 2
    assert "make_items() must yield Item or BadItem, not dict" in ran.err
