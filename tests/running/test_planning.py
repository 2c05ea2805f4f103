"""A plan is made by steps that each yield problems; all of them run, and a plan comes of none but a whole draft."""

from __future__ import annotations

import json

import pytest

from harness.errors import PlanError, Problem, UsageError
from harness.names.registry import Registry
from harness.running.plan import EvaluationRequest
from harness.running.planning import make_plan
from harness.running.planning.problems import attempt, located


def collect(steps):
    """The problems that a generator yields, and what it returns."""
    problems = []
    try:
        while True:
            problems.append(next(steps))
    except StopIteration as end:
        return problems, end.value


def fail(error):
    raise error


def plan(tmp_path, *models, targets=("demo/plain",), **wishes):
    return make_plan(Registry(), EvaluationRequest(models, targets, **wishes), models_folder=tmp_path / "models")


def problems_of(tmp_path, *models, **wishes):
    with pytest.raises(PlanError) as raised:
        plan(tmp_path, *models, **wishes)
    return raised.value.located


@pytest.fixture
def tasks(toys, write_task, rows):
    write_task("demo/plain", rows(4))
    write_task("demo/other", rows(4, start=10))


def test_an_attempt_gives_the_value_or_the_problem_with_its_place():
    assert collect(attempt(lambda: 3, ("models", 0))) == ([], 3)
    assert collect(attempt(lambda: fail(UsageError("no")), ("models", 0))) == ([Problem("no", ("models", 0))], None)
    with pytest.raises(ZeroDivisionError):
        collect(attempt(lambda: 1 // 0, ()))


def test_a_problem_that_has_a_place_keeps_it():
    error = PlanError([Problem("here", ("split",)), "anywhere"])
    assert [problem.place for problem in located(error, ("models", 1))] == [("split",), ("models", 1)]


def test_every_step_runs_and_each_problem_has_its_place(tasks, tmp_path):
    found = problems_of(
        tmp_path,
        "toy-reader",
        "toy-reader",  # the same specification twice is one model
        "a=toy-reader",
        "a=length",
        "nope",
        targets=("demo/plain", "demo/nope"),
        roles={"judge": "toy-reader"},
        metrics=("nope",),
        adapters=("nope",),
        confidence=2.0,
    )
    assert [problem.place for problem in found] == [
        ("confidence",),
        ("targets", 1),
        ("models", 4),
        ("models", 3),
        ("adapters", 0),
        ("metrics", 0),
        ("roles", "judge"),
    ]


def test_a_split_that_no_task_has_is_one_problem_also_where_a_model_has_records(tasks, tmp_path):
    """Records are held to the data of the split, of which there are none."""
    records = tmp_path / "records.jsonl"
    records.write_text(json.dumps({"task": "demo/plain", "id": "item-0", "scores": [1, 2]}) + "\n")
    found = problems_of(tmp_path, f"recorded:path={records}", split="nope")
    assert [(problem.place, "'nope'" in problem.text) for problem in found] == [(("split",), True)]


def test_data_without_texts_are_for_recorded_models_alone(toys, write_task, rows, tmp_path):
    columns = {"prompt": "prompt", "responses": {"withheld": 2}, "correct": "correct"}
    write_task("demo/plain", rows(3), columns=columns)
    (problem,) = problems_of(tmp_path, "toy-reader")
    assert (problem.place, "holds no texts" in problem.text) == (("models", 0), True)


def test_a_plan_that_comes_to_nothing_says_what_was_left_out(tasks, tmp_path):
    records = tmp_path / "records.jsonl"
    records.write_text(json.dumps({"task": "demo/plain", "id": "item-0", "text": "no score"}) + "\n")
    found = problems_of(tmp_path, f"recorded:path={records}", targets=("demo/*",))
    assert (len(found), found[-1].text) == (3, "nothing to run")
