"""The kind ``verifiable``: what it asks, what it makes of the answers, and mistakes in its definition."""

from __future__ import annotations

import warnings

import pytest

from harness.names.registry import Registry
from harness.tasks.build import build_task


def figures(ran):
    return {result["metric"]: result for result in ran.document["results"] if result["domain"] == "overall"}


def test_pass_rates_of_a_generator(harness, questions):
    questions(10, 5, 0, samples=10, temperature=0.5, seed=42)
    ran = harness("eval", "-m", "scripted", "-t", "demo/choice", "--metric", "pass_at_k:k=6", "--json")
    assert ran.code == 0, ran.err
    found = figures(ran)
    assert found["pass_at_1"]["value"] == pytest.approx(0.5)
    assert found["pass_at_k:k=6"]["value"] == pytest.approx(2 / 3)  # five wrong ones cannot fill six tries
    assert found["answered_rate"]["value"] == 1
    assert ran.document["run"]["status"] == "done"


def test_a_failed_request_is_a_failed_item(harness, questions):
    questions(10, "fail", 0)
    ran = harness("eval", "-m", "scripted:seed0=0", "-t", "demo/choice", "--json")
    found = figures(ran)["pass_at_1"]
    assert (found["value"], found["n"], found["n_failed"]) == (0.5, 2, 1)
    assert ran.document["failures"][0]["reason"] == "the server is busy"


@pytest.mark.parametrize(
    "checker", ["plugin_generators:lenient", "harness_plugins.curation.program:check", "subprocess:call", "python"]
)
def test_only_checkers_that_run_nothing_need_no_leave(harness, questions, checker):
    questions(10, 0, checker=checker)
    ran = harness("eval", "-m", "scripted:seed0=0", "-t", "demo/choice", "--json")
    assert ran.code != 0
    assert "HARNESS_ALLOW_CODE=1" in ran.out + ran.err


def test_a_checker_that_breaks_on_a_response_fails_the_item_and_says_so(harness, questions, monkeypatch):
    monkeypatch.setenv("HARNESS_ALLOW_CODE", "1")
    questions(10, 0, checker="plugin_generators:moody")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ran = harness("eval", "-m", "scripted:seed0=0", "-t", "demo/choice", "--json")
    found = figures(ran)["pass_at_1"]
    assert (found["value"], found["n"], found["n_failed"]) == (1.0, 1, 1)
    assert any("no B please" in str(w.message) and "q1" in str(w.message) for w in caught)


def test_a_checker_of_ones_own(harness, questions, monkeypatch):
    monkeypatch.setenv("HARNESS_ALLOW_CODE", "1")
    questions(10, 0, checker="plugin_generators:lenient")
    found = figures(harness("eval", "-m", "scripted:seed0=0", "-t", "demo/choice", "--json"))
    assert found["pass_at_1"]["value"] == 0.5


def test_the_requests_of_an_item_follow_from_its_id_alone(questions):
    questions(1, 2, 3, samples=4, temperature=[0, 0.7, 1.3], max_tokens=9, top_p=0.9, stop=["\n"])
    task = build_task(Registry(), "demo/choice")
    items = list(task.items())
    alone = [task.requests(item, 0, "generate", ()) for item in items]
    again = [task.requests(item, 0, "generate", ()) for item in reversed(list(task.items()))][::-1]
    assert alone == again
    drawn = [[request.sampling.temperature for request in group] for group in alone]
    assert len({tuple(group) for group in drawn}) == 3
    assert all(0 <= t <= 1.3 for group in drawn for t in group)
    first = alone[0][1]
    assert (first.n, first.sampling.seed, first.sampling.max_tokens, first.sampling.top_p) == (1, 1, 9, 0.9)
    assert first.sampling.stop == ("\n",)


def test_samples_of_one_temperature_are_one_request(questions):
    questions(1, samples=4, temperature=0.5)
    task = build_task(Registry(), "demo/choice")
    (request,) = task.requests(next(iter(task.items())), 0, "generate", ())
    assert (request.n, request.sampling.temperature) == (4, 0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"checker": ""}, "options.checker is missing"),
        ({"checker": "boxd"}, "did you mean 'boxed'"),
        ({"checker": "nowhere:check"}, "cannot be imported"),
        ({"checker": "harness:NOTHING"}, "cannot be imported"),
        ({"checker": "choice", "samples": 2, "temperature": 0}, "all samples are the same"),
        ({"checker": "choice", "temperature": [1, 0, 2]}, "three in order"),
        ({"checker": "choice", "temperature": "hot"}, "expected a number"),
        ({"checker": "python"}, "HARNESS_ALLOW_CODE=1"),
    ],
)
def test_mistakes_in_the_definition(harness, generators, write_task, options, message):
    rows = [{"id": "a", "prompt": "question 1", "reference": "assert f(1) == 1"}]
    rows[0]["reference"] = "A" if options["checker"] == "choice" else rows[0]["reference"]
    write_task("demo/wrong", rows, kind="verifiable", options=options)
    ran = harness("eval", "-m", "scripted", "-t", "demo/wrong")
    assert ran.code in (1, 2)
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_an_unreadable_reference_is_a_row_that_cannot_be_read(harness, generators, write_task):
    rows = [{"id": f"q{i}", "prompt": "question 10", "reference": r} for i, r in enumerate(("A", "nothing", None))]
    write_task("demo/rows", rows, kind="verifiable", options={"checker": "choice"})
    ran = harness("eval", "-m", "scripted:seed0=0", "-t", "demo/rows", "--json")
    assert ran.code == 1
    assert figures(ran)["pass_at_1"]["n"] == 1
    reasons = [failure["reason"] for failure in ran.document["failures"]]
    assert any("unreadable reference: expected a letter from A to J, got 'nothing'" in reason for reason in reasons)
    assert any("'reference' is missing" in reason for reason in reasons)


def test_the_bundled_tasks_are_solved_by_a_student_that_never_errs(harness, monkeypatch, project):
    monkeypatch.setenv("HARNESS_ALLOW_CODE", "1")
    ran = harness("eval", "-m", "arithmetic-student:error_rate=0", "-t", "curation/*", "--limit", "16", "--json")
    assert ran.code == 0, ran.err
    values = {r["task"]: r["value"] for r in ran.document["results"] if r["metric"] == "pass_at_1"}
    assert set(values) == {f"curation/{n}" for n in ("boxed-sums", "instructions", "multiple-choice", "programs")}
    assert set(values.values()) == {1.0}
