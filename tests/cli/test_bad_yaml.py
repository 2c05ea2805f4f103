"""A mistake in a YAML file gets one message with file, line, key and mend, and never a traceback."""

from __future__ import annotations

import pytest

from ..messages import saying
from .conftest import reasons


def test_malformed_yaml_of_a_task_names_file_and_line(evaluate, write_task, rows, toys, harness):
    write_task("demo/plain", rows(3))
    write_task("demo/broken").write_text("kind: best-of-k\ndata: {test: [\n")
    assert evaluate().code == 0
    ran = evaluate(task="demo/broken")
    assert ran.code == 2
    (reason,) = reasons(ran)
    assert reason == saying(f"{toys}/tasks/demo/broken.yaml:3", "YAML")
    assert harness("list", "tasks").err == saying(f"{toys}/tasks/demo/broken.yaml:3", "YAML")


def test_an_unknown_key_of_a_task_names_line_and_nearest_key(evaluate, write_task, rows, toys):
    write_task("demo/plain", rows(3), colums={"prompt": "question"})
    ran = evaluate()
    assert (ran.code, reasons(ran)) == (
        2,
        [saying(f"{toys}/tasks/demo/plain.yaml:2", "'colums'", "'columns'", "'cluster'")],
    )


def test_a_missing_key_of_a_task_is_named(evaluate, write_task, toys):
    write_task("demo/plain")
    ran = evaluate()
    assert (ran.code, reasons(ran)) == (2, [saying(f"{toys}/tasks/demo/plain.yaml", "'data'", "missing")])


def test_an_unknown_key_of_a_source_names_line_and_nearest_key(evaluate, write_task, rows, toys):
    write_task("demo/plain", rows(3), data={"test": {"fil": "plain.jsonl"}})
    ran = evaluate()
    assert ran.code == 2
    assert "\n".join(reasons(ran)) == saying(f"{toys}/tasks/demo/plain.yaml:4", "'data.test.fil'", "'file'")


def test_an_unknown_kind_suggests_the_nearest(evaluate, write_task, rows):
    write_task("demo/plain", rows(3), kind="best-of-n")
    ran = evaluate()
    assert ran.code == 2
    assert "'best-of-n' (did you mean 'best-of-k'" in reasons(ran)[0]


def test_an_unknown_option_of_a_kind_is_named_with_its_file(evaluate, write_task, rows, toys):
    write_task("demo/plain", rows(3), kind="preference", options={"frist_label": "A"})
    assert reasons(evaluate()) == [
        saying(
            f"{toys}/tasks/demo/plain.yaml", "options.frist_label", "'preference'", "'first_label'", "'second_label'"
        )
    ]


def test_an_unknown_key_of_a_benchmark_names_line_and_nearest_key(toys, write_task, rows, harness):
    write_task("demo/plain", rows(3))
    (toys / "tasks/demo/benchmark.yaml").write_text("tasks: [demo/plain]\naggregats: []\n")
    ran = harness("eval", "-m", "toy-reader", "-t", "demo")
    assert ran.code == 2
    assert "Traceback" not in ran.err
    mistake = saying(f"{toys}/tasks/demo/benchmark.yaml:2", "'aggregats'", "'aggregates'")
    assert harness("doctor").out == mistake
    assert harness("list", "benchmarks").err == mistake


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("modles: {}\n", [":1", "'modles'", "'models'"]),
        ("models:\n  mine: {modle: length}\n", [":2", "'models.mine.modle'", "'model'"]),
        ("store: x\nstore: [\n", [":3", "YAML"]),
        ("- a\n", ["", "mapping", "list"]),
        ("plugins: {disabeld: []}\n", [":1", "'plugins.disabeld'", "'disabled'"]),
        ("models:\n  mine: {}\n", [":2", "models.mine", "'model'", "'trainer'"]),
    ],
)
def test_a_mistake_in_registry_yaml_names_line_and_key(toys, harness, text, facts):
    (toys / "registry.yaml").write_text(text)
    ran = harness("eval", "-m", "length", "-t", "quickstart/detection")
    assert ran.code == 2
    line, *rest = facts
    assert ran.err == saying("error:", f"{toys}/registry.yaml{line}:", *rest)


def test_a_registry_file_that_does_not_exist_is_named(project, harness):
    ran = harness("list", "models", "--registry", "nowhere.yaml")
    assert (ran.code, ran.err) == (2, "error: nowhere.yaml: no such file\n")


def test_help_comes_even_with_a_broken_registry_file(project, harness):
    (project / "registry.yaml").write_text("models: [\n")
    assert harness("--help").code == 0
