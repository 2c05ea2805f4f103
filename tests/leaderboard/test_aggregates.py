"""What aggregates select, weigh and nest, and what is said about those that cannot be."""

from pathlib import Path

import numpy as np
import pytest

from harness.errors import ConfigurationError
from harness.files.validation import validate
from harness.leaderboard.aggregates import aggregates_of, problems_of, split_selector, task_of
from harness.names.registry import Registry
from harness.stats import Estimate
from harness.store.records import Result
from harness.tasks.schema import BenchmarkFile

from ..messages import saying

HERE = Path("benchmark.yaml")


def benchmark(*aggregates):
    return validate(BenchmarkFile, {"tasks": ["suite/a", "suite/b"], "aggregates": list(aggregates)}, HERE)


def result(task, value, domain="overall"):
    estimate = Estimate(value, 0.1, value - 0.2, value + 0.2, 10)
    return Result(
        model="m",
        task=task,
        metric="accuracy",
        domain=domain,
        estimate=estimate,
        unit="fraction",
        higher_is_better=True,
        headline=True,
    )


@pytest.fixture(scope="module")
def registry():
    return Registry()


@pytest.fixture
def results():
    made = [
        result("suite/a", 0.5),
        result("suite/a", 0.2, "x"),
        result("suite/a", 0.8, "y"),
        result("suite/b", 1.0),
        result("suite/b", float("nan"), "z"),
    ]
    return {(r.task, r.metric, r.domain): r for r in made}


def values(made):
    return {name: figure.estimate.value for name, figure in made.figures.items()}


SECTION = {"name": "section", "of": ["suite/a:accuracy:x", "suite/a:accuracy:y"], "weights": [3, 1]}


@pytest.mark.parametrize("order", [1, -1])
def test_an_aggregate_may_select_another_wherever_it_stands(order, registry, results):
    whole = {"name": "score", "of": ["section", "suite/b:accuracy"], "weights": {"section": 0.5}}
    made = aggregates_of(registry, benchmark(*[whole, SECTION][::order]), results)
    assert values(made) == pytest.approx({"section": 0.35, "score": (0.5 * 0.35 + 1.0) / 1.5})
    assert made.reasons == {}


def test_a_part_of_a_task_not_evaluated_leaves_all_that_need_it_out_without_a_word(registry, results):
    del results["suite/b", "accuracy", "overall"]
    outer = {"name": "outer", "of": ["inner"]}
    made = aggregates_of(registry, benchmark(outer, {"name": "inner", "of": ["suite/b:accuracy"]}), results)
    assert (made.figures, made.reasons) == ({}, {})


def test_an_unknown_domain_and_a_part_without_a_value_are_said(registry, results):
    made = aggregates_of(
        registry,
        benchmark(
            {"name": "domain", "of": ["suite/b:accuracy", "suite/b:accuracy:zz"]},
            {"name": "outer", "of": ["domain"]},
            {"name": "value", "of": ["suite/b:accuracy:z"]},
        ),
        results,
    )
    unknown = "suite/b has no items of the domain 'zz' (did you mean 'z'?)"
    assert made.figures == {}
    assert made.reasons == {"domain": unknown, "value": "suite/b:accuracy:z has no value"}


@pytest.mark.parametrize(
    ("aggregate", "message"),
    [
        ({"of": ["a", "b"], "weights": [1]}, saying("1", "weights", "2", "selectors", "selector")),
        ({"of": ["a", "b"], "weights": [1, 0]}, saying("positive", "numbers", "[1.0, 0.0]")),
        ({"of": ["a", "b"], "weights": {"b": -1}}, saying("positive", "numbers", "'b'", "-1.0}")),
        ({"of": ["a"], "weights": [float("nan")]}, saying("positive", "numbers", "[nan]")),
        (
            {"of": ["section", "b"], "weights": {"sections": 1}},
            saying("'sections'", "'of'", "'section'"),
        ),
        ({"of": []}, saying("aggregates.0.of", "empty")),
    ],
)
def test_weights_that_cannot_be_are_refused(aggregate, message):
    with pytest.raises(ConfigurationError) as refused:
        benchmark({"name": "mean", **aggregate})
    assert str(refused.value) == message


def test_two_aggregates_of_one_name_are_refused():
    with pytest.raises(ConfigurationError, match="two aggregates are called 'section'"):
        benchmark(SECTION, SECTION)


@pytest.mark.parametrize(
    ("aggregates", "problem"),
    [
        (
            [{"name": "score", "of": ["sectoin"]}, SECTION],
            saying("'sectoin'", "'section'"),
        ),
        (
            [{"name": "one", "of": ["two"]}, {"name": "two", "of": ["three"]}, {"name": "three", "of": ["two"]}],
            saying("circle", "two -> three -> two"),
        ),
        ([{"name": "self", "of": ["self"]}], saying("circle", "self -> self")),
        (
            [{"name": "worst", "how": "minimum", "of": ["suite/a:accuracy"], "weights": [2]}],
            saying("'worst'", "'minimum'", "'weights'", "'mean'"),
        ),
        ([{"name": "m", "how": "meen", "of": ["suite/a:accuracy"]}], saying("'meen'")),
        ([{"name": "m", "of": ["suite/a:acuracy"]}], saying("suite/a", "'acuracy'", "'accuracy'")),
    ],
)
def test_a_plan_says_what_would_leave_an_aggregate_empty(aggregates, problem, registry):
    (found,) = problems_of(registry, benchmark(*aggregates), {"suite/a": ["accuracy"]})
    assert found == problem


def test_a_sound_benchmark_has_no_problems(registry):
    whole = {"name": "score", "of": ["section", "suite/b:accuracy"]}
    given = {"suite/a": ["accuracy"], "suite/b": ["accuracy"]}
    assert problems_of(registry, benchmark(whole, SECTION), given) == []


def test_of_tasks_whose_names_begin_alike_the_longest_is_selected():
    tasks = ["lib:x", "lib:x:k=1", "lib:x:k=1,n=2"]
    made = validate(BenchmarkFile, {"tasks": tasks, "aggregates": []}, HERE)
    for task in tasks:
        assert split_selector(made, f"{task}:accuracy") == (task, "accuracy", "overall")
        assert split_selector(made, f"{task}:f1:threshold=0.5:easy") == (task, "f1:threshold=0.5", "easy")
    assert task_of(tasks, "mean") == ""


def test_what_an_aggregate_says_of_itself_stands_beside_what_is_said_of_its_parts(registry):
    tested = {"name": "broken", "how": "probes-broken", "of": ["suite/a:accuracy", "suite/b:accuracy"]}
    results = {(task, "accuracy", "overall"): result(task, 0.9) for task in ("suite/a", "suite/b")}
    made = aggregates_of(registry, benchmark(tested), results, lambda parts: (np.eye(2), ""))
    # Holm's correction holds however the parts hang together, and there is no interval that could be too short.
    assert made.figures["broken"].estimate.detail["note"] == saying("2 of 2 probes", "Holm")
    assert "too short" not in made.figures["broken"].estimate.detail["note"]
