"""What the command line does, for Python."""

from __future__ import annotations

import pytest

import harness
from harness.errors import HarnessError, PlanError, UnknownName, UsageError, did_you_mean
from harness.names.specification import Specification, parse_specification

from .messages import saying


def test_evaluate_compare_and_leaderboard(toys, write_task, rows):
    write_task("demo/plain", rows(9))
    (toys / "tasks/demo/benchmark.yaml").write_text("tasks: [demo/plain]\n")
    outcome = harness.evaluate(["toy-reader", "down=toy-reader:scale=-1.0"], ["demo"], store="s.sqlite")
    assert outcome.exit_code == 0
    assert outcome.failures() == []
    board = harness.build_leaderboard("demo", store="s.sqlite")
    assert [entry.model for entry in board.entries] == ["toy-reader", "down"]
    (comparison,) = harness.compare("toy-reader", "down", ["demo"], metrics=["best_of_k_accuracy"], store="s.sqlite")
    assert comparison.difference.value == pytest.approx(1 / 3)


def test_evaluate_raises_all_problems_together(project):
    with pytest.raises(PlanError) as caught:
        harness.evaluate(["lenght"], ["quickstart/detectoin"])
    assert len(caught.value.problems) == 2


def test_train_returns_the_manifest(project):
    manifest = harness.train("bt-linear", "quickstart/preferences", "model", limit=20)
    assert manifest["figures"]["pairs"] == 20
    with pytest.raises(UsageError, match="model exists already"):
        harness.train("bt-linear", "quickstart/preferences", "model", limit=20)


def test_the_store_of_the_last_registry_file_is_the_default(toys, write_task, rows):
    write_task("demo/plain", rows(3))
    (toys / "registry.yaml").write_text("task_folders: [tasks]\nstore: results/mine.sqlite\n")
    harness.evaluate(["toy-reader"], ["demo/plain"])
    assert (toys / "results/mine.sqlite").is_file()
    assert not (toys / ".harness").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("length", Specification("length", "length")),
        ("a=length", Specification("a", "length")),
        ("length:unit=words", Specification("length:unit=words", "length", {"unit": "words"})),
        ("a=length:unit=words,sign=-1", Specification("a", "length", {"unit": "words", "sign": -1})),
        ("a-b.c/d@1+2=x:p=1.5", Specification("a-b.c/d@1+2", "x", {"p": 1.5})),
        ("m:url=http://a:80/b?c=d", Specification("m:url=http://a:80/b?c=d", "m", {"url": "http://a:80/b?c=d"})),
        ("m:path=C:\\x", Specification("m:path=C:\\x", "m", {"path": "C:\\x"})),
        (
            "m:flag=true,none=null,empty=",
            Specification("m:flag=true,none=null,empty=", "m", {"flag": True, "none": None, "empty": ""}),
        ),
        ("dist/m:a=b=c", Specification("dist/m:a=b=c", "dist/m", {"a": "b=c"})),
    ],
)
def test_a_specification_is_label_name_and_arguments(text, expected):
    assert parse_specification(text) == expected


@pytest.mark.parametrize("text", ["", ":", "a=:b=1", "m:x", "m:=1"])
def test_a_specification_that_is_none_is_a_usage_error(text):
    with pytest.raises(UsageError):
        parse_specification(text)


def test_every_error_has_an_exit_status_of_one_or_two():
    def below(kind):
        return [kind, *(deeper for child in kind.__subclasses__() for deeper in below(child))]

    assert {kind.exit_code for kind in below(HarnessError)} == {1, 2}


def test_suggestions_name_the_nearest_or_all_when_few():
    assert did_you_mean("lenght", ["length", "random"]) == " (did you mean 'length'?)"
    assert did_you_mean("zzz", ["a", "b"]) == " (there are: a, b)"
    assert did_you_mean("zzz", [str(i) for i in range(20)]) == ""
    assert did_you_mean("zzz", []) == ""
    assert str(UnknownName("model", "lenght", ["length"])) == saying("'lenght'", "'length'")


def test_numbers_with_an_exponent_are_numbers():
    from harness.names.arguments import parse_arguments

    assert parse_arguments("a=1e-3,b=2E5,c=1.5e2,d=e3,e=1e,f=-1e1", "x") == {
        "a": 0.001,
        "b": 200000.0,
        "c": 150.0,
        "d": "e3",
        "e": "1e",
        "f": -10.0,
    }


def test_a_benchmark_is_no_single_task(harness):
    for command in (("train", "-o", "d"), ("cross-validate",)):
        ran = harness(*command, "linear-detector", "-t", "quickstart")
        assert ran.code == 2
        assert ran.err == saying("'quickstart'", "4", "quickstart/best-of-16")
