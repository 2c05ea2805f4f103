"""A name or argument that cannot be used is said with the nearest one, and never a traceback."""

from __future__ import annotations

import pytest

from ..messages import saying


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-m", "lenght"], saying("'lenght'", "'length'")),
        (["-m", "length", "--metric", "acuracy"], saying("metric", "'acuracy'")),
        (["-m", "length", "--adapter", "score-to-detct"], saying("adapter", "'score-to-detct'")),
        (["-m", "length:unti=words"], saying("'length'", "'unti'", "'unit'")),
        (["-m", "length:unit"], saying("'length:unit'", "key=value", "'unit'")),
        (["-m", "bt-linear"], saying("'bt-linear'", "path", "path=")),
        (["-m", "tfidf:nothing=1"], saying("'tfidf'", "'nothing'")),
        (["-m", ":a=1"], saying("':a=1'", "model")),
        (["-m", ""], saying("'' names no model")),
        (["-m", "length", "--split", "tset"], saying("quickstart/detection", "'tset'")),
        (["-m", "length", "--role", "judge"], saying("--role judge", "KEY=VALUE")),
        (["-m", "length", "--metric", "f1:treshold=0"], saying("'f1'", "'treshold'")),
        (["-m", "prompt-length", "--metric", "best_of_k_area"], saying("best_of_k_area", "scores", "correct")),
        (["-m", "toy-unmakeable"], saying("'toy-unmakeable'", "ValueError: size 0 is not possible")),
        (["-m", "toy-missing"], saying("harness_toys.nowhere:Model", "'harness_toys.nowhere'")),
        (["-m", "toy-package"], saying("harness_toys.needs_package:Model", "'a_package_that_nobody_has'")),
        (["-m", "toy-over"], saying("'toy-over'", "needs", "inner")),
        (["-m", "toy-over:inner=lenght"], saying("'lenght'", "'length'")),
        (["-m", "recorded:path=nowhere.jsonl"], saying("nowhere.jsonl", "file")),
    ],
)
def test_a_name_that_cannot_be_used_is_explained(toys, harness, arguments, message):
    ran = harness("eval", *arguments, "-t", "quickstart/detection")
    assert ran.code == 2
    assert ran.err == message
    assert ran.err.startswith("error: ")
    assert "internal error" not in ran.err


def test_an_unknown_trainer_or_setting_suggests_the_nearest(project, harness):
    ran = harness("train", "bt-liner", "-t", "quickstart/preferences", "-o", "m")
    assert ran.code == 2
    assert ran.err == saying("'bt-liner'", "'bt-linear'")
    ran = harness("train", "bt-linear", "-t", "quickstart/preferences", "-o", "m", "--set", "penalti=1")
    assert ran.code == 2
    assert ran.err == saying("'bt-linear'", "'penalti'", "'penalty'")
    ran = harness("train", "bt-linear", "-t", "quickstart/detection", "-o", "m")
    assert ran.code == 2
    assert ran.err == saying("kind preference", "quickstart/detection")
    assert list(project.iterdir()) == [project / ".harness"]


def test_a_setting_of_the_wrong_type_is_no_internal_error(project, harness):
    ran = harness("train", "bt-linear", "-t", "quickstart/preferences", "-o", "m", "--set", "penalty=high")
    assert ran.code in (1, 2)
    assert "internal error" not in ran.err
    assert "bt-linear" in ran.err


def test_an_unknown_command_suggests_the_nearest(project, harness):
    ran = harness("evla")
    assert ran.code == 2
    assert "no command 'evla' (did you mean 'eval'?)" in ran.err


def test_a_model_that_cannot_do_what_a_task_asks_is_explained(toys, write_task, harness):
    write_task("demo/duel", [{"prompt": "1", "reference": "2"}], kind="toy-duel")
    ran = harness("eval", "-m", "tfidf", "-t", "demo/duel", "--role", "judge=toy-judge")
    assert ran.code == 2
    assert ran.err == (saying("error:", "tfidf", "demo/duel", "generate", "embed", "adapter"))


def test_registry_models_that_name_each_other_are_explained(toys, harness):
    (toys / "registry.yaml").write_text("models:\n  a: b\n  b: a\n")
    ran = harness("eval", "-m", "a", "-t", "quickstart/detection")
    assert ran.code == 2
    assert "registry.yaml builds a over b over a" in ran.err
