"""Every setting that is a number says which numbers it may be, and one sentence refuses the others."""

from __future__ import annotations

import inspect
import math
from typing import Annotated, Literal

import pytest

from harness.errors import UsageError
from harness.names.arguments import check_arguments, forms_of
from harness.names.registry import Registry
from harness.ranges import ANY, COUNT, OneOf, Range

from .messages import saying

KINDS = ("model", "metric", "trainer", "adapter", "task source")


def settings():
    """(kind, name, class, parameter) of every setting of everything that is registered."""
    registry = Registry()
    for kind in KINDS:
        for entry in registry.entries(kind):
            thing = entry.load()
            if thing.__init__ is object.__init__:
                continue
            for parameter in inspect.signature(thing).parameters.values():
                yield kind, entry.name, thing, parameter


SETTINGS = list(settings())


def forms_that_bound(thing, parameter):
    return [f for f in forms_of(thing, parameter.annotation) or () if f.range is not None or f.choices]


def test_every_number_has_a_range_or_says_that_it_needs_none():
    bare = [
        f"{kind} {name}: {parameter.name}"
        for kind, name, thing, parameter in SETTINGS
        for form in forms_of(thing, parameter.annotation) or ()
        if form.kind in (int, float) and form.range is None and not form.choices
    ]
    assert bare == []
    assert len(SETTINGS) > 150


def test_every_default_is_within_its_range():
    for kind, name, thing, parameter in SETTINGS:
        if parameter.default is not parameter.empty and forms_that_bound(thing, parameter):
            checked = refusal_or_value(kind, name, thing, parameter, parameter.default)
            assert checked == parameter.default, (kind, name, parameter.name)


def refusal_or_value(kind, name, thing, parameter, value):
    needed = {
        p.name: "1" if forms_that_bound(thing, p) else "x"
        for p in inspect.signature(thing).parameters.values()
        if p.default is p.empty and p.name != parameter.name
    }
    try:
        return check_arguments(f"{kind} {name!r}", thing, {**needed, parameter.name: value})[parameter.name]
    except UsageError as error:
        return error


def values_outside(form):
    if form.choices:
        return ["no such word", 12345]
    whole = form.kind is int
    odd = [math.nan, math.inf, -math.inf, True, "nan", "inf", "-inf", "1e999", int("9" * 400), [1], {"a": 1}]
    return [*form.range.outside(whole=whole), *odd, *([2.5, "2.5"] if whole else [])]


BOUNDED = [one for one in SETTINGS if forms_that_bound(one[2], one[3])]


@pytest.mark.parametrize(
    ("kind", "name", "thing", "parameter"), BOUNDED, ids=[f"{k}-{n}-{p.name}" for k, n, _, p in BOUNDED]
)
def test_values_just_outside_are_refused_by_one_error_that_names_value_and_key(kind, name, thing, parameter):
    forms = forms_that_bound(thing, parameter)
    for value in (value for form in forms for value in values_outside(form)):
        error = refusal_or_value(kind, name, thing, parameter, value)
        assert type(error) is UsageError, (value, error)
        assert str(error).startswith(f"{kind} {name!r}: {parameter.name}=")
        assert " is not " in str(error)
        assert len(str(error)) < 600


class Setting:
    def __init__(
        self,
        share: Annotated[float, Range(above=0, most=1)] = 0.5,
        count: Annotated[int, COUNT] = 1,
        how: Literal["mean", "max"] = "mean",
        sign: Literal[1, -1] = 1,
        maybe: Annotated[float | None, Range(least=0)] = None,
        one: Annotated[str, OneOf("a", "b")] = "a",
        free: Annotated[float, ANY] = 0.0,
    ) -> None:
        pass


@pytest.mark.parametrize(
    ("key", "given", "made"),
    [
        ("share", "1", 1),
        ("share", 1e-9, 1e-9),
        ("count", "1e3", 1000),
        ("how", "max", "max"),
        ("sign", "-1", -1),
        ("sign", 1.0, 1),
        ("maybe", "null", None),
        ("maybe", "0", 0),
        ("one", "b", "b"),
        ("free", "-1e300", -1e300),
    ],
)
def test_what_is_inside_is_taken(key, given, made):
    found = check_arguments("model 'm'", Setting, {key: given})[key]
    assert (found, type(found)) == (made, type(made))


@pytest.mark.parametrize(
    ("key", "given", "facts"),
    [
        ("share", 0, ["share=0", "number above 0", "at most 1"]),
        ("share", "5%", ["share=5%", "number above 0", "at most 1", "1 % is 0.01"]),
        ("count", 0, ["count=0", "whole number", "at least 1"]),
        ("how", "maxx", ["how=maxx", "'mean' or 'max'", "did you mean 'max'?"]),
        ("sign", 2, ["sign=2", "1 or -1"]),
        ("maybe", -1, ["maybe=-1", "number", "at least 0", "null"]),
        ("one", "c", ["one=c", "'a' or 'b'"]),
    ],
)
def test_the_sentence_says_what_is_expected(key, given, facts):
    with pytest.raises(UsageError) as caught:
        check_arguments("model 'm'", Setting, {key: given})
    assert caught.value == saying("model 'm'", *facts)


@pytest.mark.parametrize("digits", [100, 5000])
def test_a_number_of_thousands_of_digits_is_refused_in_few_words(harness, digits):
    ran = harness("eval", "-m", f"random:seed={'7' * digits}", "-t", "quickstart/preferences")
    assert ran.code == 2
    assert "seed=" in ran.err
    assert f"({digits} characters)" in ran.err
    assert len(ran.err) < 300


def test_a_number_of_thousands_of_digits_in_a_file_is_refused(harness, project):
    (project / "registry.yaml").write_text(f"models: {{mine: {{model: random, arguments: {{seed: {'7' * 5000}}}}}}}\n")
    ran = harness("eval", "-m", "mine", "-t", "quickstart/preferences")
    assert ran.code == 2
    assert len(ran.err) < 600


@pytest.mark.parametrize("trainer", ["bt-linear", "linear-detector"])
def test_a_penalty_below_zero_trains_nothing(harness, project, trainer):
    task = "quickstart/preferences" if trainer == "bt-linear" else "quickstart/detection"
    ran = harness("train", trainer, "-t", task, "-o", "made", "--set", "penalty=-1")
    assert ran.code == 2
    assert ran.err == saying(f"{trainer!r}", "penalty=-1", "number", "at least 0")
    assert not list(project.glob("made*"))


def test_show_says_what_a_setting_may_be(harness):
    shown = harness("show", "bt-linear").out
    assert shown == saying("penalty", "0.001", "number", "at least 0")
    assert harness("show", "length").out == saying("unit", "'characters'", "'words'")


@pytest.mark.parametrize(
    "options",
    [
        ("--confidence", "nan"),
        ("--confidence", "0.2"),
        ("--confidence", "inf"),
        ("--limit", "-1"),
        ("--limit", "0"),
        ("--limit", "1" * 30),
        ("--seed", "-1"),
        ("--seed", "9" * 5000),
    ],
)
def test_options_of_the_command_line_are_held_to_their_ranges(harness, options):
    ran = harness("eval", "-m", "length", "-t", "quickstart/preferences", *options)
    assert ran.code == 2
    assert options[0].strip("-") in ran.err


@pytest.mark.parametrize("options", [("--level", "nan"), ("--level", "1"), ("--seed", "-1")])
def test_options_of_correlate_are_held_to_their_ranges(harness, options):
    assert harness("correlate", "quickstart", "--outcome", "nothing.csv", *options).code == 2


@pytest.mark.parametrize(("key", "value"), [("limit", -1), ("limit", 0), ("limit", 2.5), ("seed", -1), ("seed", True)])
def test_the_same_through_python(project, key, value):
    from harness import evaluate
    from harness.errors import PlanError

    with pytest.raises(PlanError) as caught:
        evaluate(["length"], ["quickstart/preferences"], store=project / "s.sqlite", **{key: value})
    assert f"{key}={value}" in str(caught.value)


PAIR = [{"id": 1, "prompt": "a", "chosen": "b", "rejected": "c"}]
TEXT = [{"text": "x", "label": 1}]
QUESTION = [{"id": 1, "prompt": "a", "reference": "b"}]


@pytest.mark.parametrize(
    ("kind", "rows", "option", "value"),
    [
        ("preference", PAIR, "orders", "bothh"),
        ("preference", PAIR, "orders", True),
        ("verifiable", QUESTION, "samples", 0),
        ("verifiable", QUESTION, "samples", True),
        ("verifiable", QUESTION, "samples", 1.5),
        ("verifiable", QUESTION, "top_p", 1.5),
        ("verifiable", QUESTION, "top_p", math.nan),
        ("verifiable", QUESTION, "max_tokens", -1),
        ("verifiable", QUESTION, "seed", -1),
        ("verifiable", QUESTION, "temperature", math.nan),
        ("verifiable", QUESTION, "temperature", math.inf),
        ("verifiable", QUESTION, "temperature", -1),
        ("adaptive-attack", TEXT, "queries", 0),
        ("adaptive-attack", TEXT, "queries", 1.5),
        ("adaptive-attack", TEXT, "width", 0),
        ("adaptive-attack", TEXT, "seed", -1),
        ("adaptive-attack", TEXT, "threshold", math.nan),
        ("adaptive-attack", TEXT, "fpr", 1),
        ("adaptive-attack", TEXT, "search", "depth"),
        ("adaptive-attack", TEXT, "moves", ["jump"]),
    ],
)
def test_options_of_a_task_are_held_to_their_ranges(harness, write_task, kind, rows, option, value):
    options = {**({"checker": "boxed"} if kind == "verifiable" else {}), option: value}
    path = write_task("own/task", rows, kind=kind, options=options)
    ran = harness("eval", "-m", "length", "-t", "own/task")
    assert ran.code == 2
    assert f"options.{option}" in ran.err
    assert str(path) in ran.err or "own/task" in ran.err
