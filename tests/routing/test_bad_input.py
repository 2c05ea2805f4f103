"""Bad input of routers, end to end: one sentence each, and nothing is silently zero."""

import json

import numpy as np
import pytest


@pytest.fixture
def make(write_task):
    """Write a task of rows for train and test."""

    def write(name, train, test, **keys):
        path = write_task(name, kind="routing", data={s: {"file": f"{s}.jsonl"} for s in ("train", "test")}, **keys)
        for split, rows in (("train", train), ("test", test)):
            (path.parent / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    return write


def wide(n, models=("a", "b"), *, category=lambda i: f"k{i % 2}", start=0, **more):
    random = np.random.default_rng(start)
    return [
        {"id": f"q{i}", "prompt": f"Question number {i}?", "category": category(i), "models": list(models),
         "outcomes": random.integers(0, 2, len(models)).astype(float).tolist(), **more}
        for i in range(start, start + n)
    ]  # fmt: skip


TRAINERS = (("constant-router",), ("category-router",), ("neighbour-router", "--base", "tfidf"))


def train(harness, task, trainer, *base):
    ran = harness("train", trainer, "-t", task, "-o", trainer, *base)
    assert ran.code == 0, ran.err
    return f"{trainer}={trainer}:path={trainer}"


def overall(ran):
    return {row["metric"]: row for row in ran.document["results"] if row["domain"] == "overall"}


@pytest.mark.parametrize("trainer", TRAINERS, ids=lambda trainer: trainer[0])
def test_a_model_that_is_missing_in_test_is_no_trouble_and_a_new_one_is_named(project, harness, make, trainer):
    known = wide(30, "abc")
    make("my/fewer", known, wide(20, "cb", start=30), metrics=["route_accuracy", "best_constant"])
    make("other/more", known, wide(20, "abx", start=30), metrics=["route_accuracy"])
    model = train(harness, "my/fewer", *trainer)
    ran = harness("eval", "-m", model, "-t", "my/fewer", "--json")
    assert ran.code == 0, ran.err
    assert overall(ran)["route_accuracy"]["n"] == 20
    ran = harness("eval", "-m", model, "-t", "other/more")
    assert ran.code == 1
    assert "knows nothing of 'x'" in ran.err
    assert "a, b, c" in ran.err


def test_a_question_without_any_outcome_is_left_out_and_named(project, harness, make):
    rows = wide(10)
    rows[3]["outcomes"] = [None, None]
    make("my/gaps", wide(10, start=50), rows, metrics=["uniform_router"])
    ran = harness("eval", "-m", "random-router", "-t", "my/gaps", "--json")
    assert "'q3' has no known outcome" in ran.err
    assert ran.code == 1
    assert overall(ran)["uniform_router"]["n"] == 9
    assert overall(ran)["uniform_router"]["value"] == np.mean([row["outcomes"] for row in rows if row["id"] != "q3"])


@pytest.mark.parametrize("value", [1.5, -0.25, "right", True, [1]])
def test_an_outcome_that_is_none_is_named_with_its_line(project, harness, make, value):
    rows = wide(10)
    rows[3]["outcomes"][1] = value
    make("my/wrong", wide(10, start=50), rows, metrics=["route_accuracy"])
    ran = harness("eval", "-m", "random-router", "-t", "my/wrong", "--json")
    if value is True:  # a flag is a number of a kind
        return
    assert "test.jsonl:4" in ran.err
    assert overall(ran)["route_accuracy"]["n"] == 9


def test_costs_that_are_missing_for_one_model_are_named(project, harness, make):
    rows = wide(20, "abc", costs=[0.1, None, 0.2])
    make("my/costs", wide(20, "abc", start=50), rows, metrics=["route_accuracy", "aiq", "mean_cost:cost_weight=2"])
    ran = harness("eval", "-m", "random-router", "-t", "my/costs", "--json")
    found = overall(ran)
    assert found["route_accuracy"]["n"] == 20
    assert found["aiq"]["value"] is None
    assert "no cost is known of b" in ran.out
    assert found["mean_cost:cost_weight=2"]["value"] is None
    shown = harness("eval", "-m", "random-router", "-t", "my/costs").out
    assert "- has no value: aiq, mean_cost:cost_weight=2: no cost is known of b (random-router on my/costs)" in shown


@pytest.mark.parametrize("long", [False, True])
def test_one_model_alone_is_refused(project, harness, make, long):
    rows = [{"id": f"q{i}", "prompt": f"{i}?", "model": "a", "outcome": 1} for i in range(5)] if long else wide(5, "a")
    make("my/one", rows, rows)
    for command in (
        ("eval", "-m", "random-router", "-t", "my/one"),
        ("train", "constant-router", "-t", "my/one", "-o", "c"),
    ):
        ran = harness(*command)
        assert ran.code in (1, 2)
        assert "'a' is the only model" in ran.err


def test_one_column_of_outcomes_is_one_model(project, harness, make):
    rows = [{"id": f"q{i}", "prompt": f"{i}?", "a": 1} for i in range(5)]
    make("my/one", rows, rows, columns={"outcomes": ["a"]})
    ran = harness("eval", "-m", "random-router", "-t", "my/one")
    assert ran.code == 1
    assert "there is one outcome only" in ran.err


def test_repeats_that_contradict_each_other_are_counted_or_refused(project, harness, make):
    rows = [
        {"id": f"q{i}", "prompt": f"{i}?", "model": label, "outcome": i % 2} for i in range(6) for label in ("a", "b")
    ]
    rows += [rows[0], {**rows[1], "outcome": 1}]  # of 'a' the same again, of 'b' another
    make("my/error", rows, rows, metrics=["uniform_router"])
    make("my/max", rows, rows, options={"repeats": "max"}, metrics=["uniform_router"])
    ran = harness("eval", "-m", "random-router", "-t", "my/error", "--json")
    assert "'q0' has 2 outcomes of 'b', which contradict each other" in ran.err
    counted = "2 pairs of question and model repeated, 1 of them with different outcomes; "
    assert counted + "their questions are left out" in ran.err
    assert overall(ran)["uniform_router"]["n"] == 5
    ran = harness("eval", "-m", "random-router", "-t", "my/max", "--json")
    assert ran.code == 0
    assert counted + "counted is their max" in ran.err
    assert overall(ran)["uniform_router"]["value"] == pytest.approx(7 / 12)
    ran = harness("train", "constant-router", "-t", "my/error", "-o", "c")
    assert ran.code == 1
    assert "'q0'" in ran.err


def test_an_embedder_of_another_length_is_refused(project, harness, make):
    make("my/routes", wide(30), wide(10, start=30), metrics=["route_accuracy"])
    train(harness, "my/routes", "neighbour-router", "--base", "tfidf")
    ran = harness(
        "eval", "-m", "near=neighbour-router:path=neighbour-router,base=[tfidf:dimensions=64]", "-t", "my/routes"
    )
    assert ran.code == 1
    assert "1024" in ran.err
    assert "64" in ran.err


def test_a_category_that_was_not_seen_gets_the_mean_of_all(project, harness, make):
    rows = wide(40, category=lambda i: "k0" if i % 2 else None)
    make("my/routes", rows, wide(10, start=40, category=lambda i: "new"), metrics=["route_accuracy", "best_constant"])
    model = train(harness, "my/routes", "category-router")
    ran = harness("eval", "-m", model, "-t", "my/routes", "--json")
    assert ran.code == 0, ran.err
    assert overall(ran)["route_accuracy"]["value"] == overall(ran)["best_constant"]["value"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"scale": [1]}, "scale"),
        ({"scale": [5, 1]}, "scale"),
        ({"threshold": 0}, "threshold"),
        ({"threshold": 2}, "threshold"),
        ({"repeats": "first"}, "repeats"),
        ({"shares": {"train": 0.8, "test": 0.4}}, "shares"),
        ({"shares": {"train": 0.8}}, "shares"),
    ],
)
def test_an_option_that_cannot_be_is_named(project, harness, make, options, says):
    make("my/options", wide(10), wide(10), options=options)
    ran = harness("eval", "-m", "random-router", "-t", "my/options")
    assert ran.code in (1, 2)
    assert says in ran.err
    assert "Traceback" not in ran.err


def test_a_scale_and_a_threshold_make_outcomes(project, harness, make):
    rows = [{"id": f"q{i}", "prompt": f"{i}?", "models": ["a", "b"], "outcomes": [i, None if i == 3 else 10 - i]}
            for i in range(1, 10)]  # fmt: skip
    make("my/scale", rows, rows, options={"scale": [1, 10], "threshold": 0.5}, metrics=["best_constant_on_test"])
    ran = harness("eval", "-m", "oracle-router", "-t", "my/scale", "--json")
    assert overall(ran)["best_constant_on_test"]["value"] == pytest.approx(4 / 9)  # 6 to 9 of a; of b 4 of 8 are known
