"""A cost weight with a certificate: how often it is wrong, what it saves, and what is refused."""

import json

import numpy as np
import pytest
from harness_plugins.routing.budgeted import cluster_means, penalty_of, ways_of
from harness_plugins.routing.certificate import certified, evidence

from harness import Item

SUBJECTS = {"verse": (0.95, 0.85), "sums": (0.1, 0.9), "facts": (0.6, 0.65)}
"""How often the cheap and the dear model are right: a router that tells these apart saves two calls of three."""


def outcomes(rng, n, gain, differs):
    """A constant that is right in 65 % of questions, and a router that is elsewhere in some, with a mean gain."""
    constant = rng.random(n) < 0.65
    elsewhere = rng.random(n) < differs
    return np.where(elsewhere, rng.random(n) < 0.65 + gain / differs, constant), constant


@pytest.mark.parametrize("n", [100, 500])
@pytest.mark.parametrize("differs", [0.1, 0.5])
def test_what_loses_just_more_than_allowed_is_seldom_certified(n, differs):
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(600):
        router, constant = outcomes(rng, n, -0.02 * 0.65, differs)
        wrong += certified((router - 0.98 * constant)[:, None], -0.98, 0.95)[0][0]
    assert wrong / 600 <= 0.05 + 2 * (0.05 * 0.95 / 600) ** 0.5


@pytest.mark.parametrize("starts", [(0,), (0, 2)])
def test_all_that_is_certified_is_wrong_in_few_cases(starts):
    """Of four ways two are allowed: certifying another is an error."""
    rng = np.random.default_rng(1)
    gains = np.array([0.03, 0.0, -0.02 * 0.65 - 1e-9, -0.05])
    wrong, found = 0, 0
    for _ in range(400):
        draws = [outcomes(rng, 800, gain, 0.3) for gain in gains]
        figures = np.column_stack([router - 0.98 * constant for router, constant in draws])
        passed, _ = certified(figures, -0.98, 0.95, starts=starts)
        wrong += passed[2:].any()
        found += passed[0]
    assert wrong / 400 <= 0.05 + 2 * (0.05 * 0.95 / 400) ** 0.5
    assert found / 400 > 0.8


def test_evidence_is_that_of_bets_one_after_the_other():
    figures = np.array([0.5, -0.2, 0.9, 0.1])
    capital, best, seen = 1.0, 1.0, []
    for figure in figures:
        means = [np.sum(seen[: i + 1]) / (i + 2) for i in range(len(seen))]
        spread = (0.25 + np.sum((np.array(seen) - means) ** 2)) / (len(seen) + 1)
        capital *= 1 + min(np.sqrt(2 * np.log(20) / (4 * spread)), 0.75) * figure
        best = max(best, capital)
        seen.append(figure)
    assert evidence(figures[:, None], -1.0, 0.95)[0] == pytest.approx(best)
    assert evidence(np.zeros((0, 2)), -1.0, 0.95).tolist() == [1, 1]


def test_ways_go_from_the_constant_over_the_router_to_the_cheapest():
    costs = np.array([0.002, 0.001, 0.005])
    ways = ways_of(costs)
    predicted = np.array([[0.1, 0.2, 0.9], [0.5, 0.5, 0.51]])
    chosen = [np.argmax(predicted - penalty_of(way, costs, 0), axis=1).tolist() for way in ways]
    assert chosen[0] == [2, 0]  # the constant but where another is much better
    assert chosen[[way.margin for way in ways].index(0)] == [2, 2]
    assert chosen[-1] == [1, 1]
    assert [way.cost_weight for way in ways] == sorted(way.cost_weight for way in ways)


def test_questions_of_one_cluster_count_as_one():
    items = [Item(str(i), {}, cluster=name) for i, name in enumerate(["a", None, "a", None])]
    means = cluster_means(np.array([[1.0], [5.0], [3.0], [7.0]]), items)
    assert sorted(means.ravel().tolist()) == [2, 5, 7]


def write(folder, n=2400, costs=True, seed=0):
    """A task of two models with the splits train, calibration and test."""
    rng = np.random.default_rng(seed)
    lines = []
    for i in range(n):
        subject = list(SUBJECTS)[i % 3]
        row = {"id": str(i), "prompt": f"{subject} {subject} number {i}", "subject": subject}
        row["outcomes"] = [float(rng.random() < right) for right in SUBJECTS[subject]]
        lines.append(row | ({"costs": [0.001, 0.02]} if costs else {}))
    (folder / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "registry.yaml").write_text("task_folders: [tasks]\n")
    tasks = folder / "tasks" / "my"
    tasks.mkdir(parents=True, exist_ok=True)
    source = "{file: ../../rows.jsonl}"
    tasks.joinpath("pair.yaml").write_text(
        f"kind: routing\ndata:\n  train: {source}\n  calibration: {source}\n  test: {source}\n"
        "columns: {category: subject}\n"
        "options: {models: [cheap, dear], shares: {train: 0.3, calibration: 0.4, test: 0.3}}\n"
        "metrics: [route_accuracy, quality_lost, mean_cost]\n"
    )


@pytest.fixture
def near(project, harness):
    write(project)
    ran = harness("train", "neighbour-router", "-t", "my/pair", "--base", "tfidf", "-o", "near")
    assert ran.code == 0, ran.err
    return "neighbour-router:path=near"


def train(harness, base, output="saving"):
    places = ("-t", "my/pair", "--split", "calibration", "--base", base, "-o", output)
    return harness("train", "budgeted-router", *places)


def test_what_is_certified_holds_on_a_later_slice_and_saves(project, harness, near):
    assert train(harness, near).code == 0
    words = json.loads((project / "saving" / "router.json").read_text("utf-8"))
    assert words["constant"] == "dear"
    assert words["cost_saved"] > 0.3
    assert words["threshold"] == pytest.approx(words["cost_weight"] * 0.019 - words["margin"])
    ran = harness("eval", "-m", f"near={near}", "-m", "saving=budgeted-router:path=saving", "-t", "my/pair", "--json")
    assert ran.code == 0, ran.err
    figures = {(row["model"], row["metric"]): row["value"] for row in ran.document["results"]}
    assert figures["saving", "quality_lost"] <= 0.02
    assert figures["saving", "mean_cost"] < 0.7 * 20  # the dear model costs 20 USD per 1,000
    assert figures["saving", "mean_cost"] < figures["near", "mean_cost"]


def test_duels_are_learned_and_asked_about_as_many_models_as_are_named(project, harness):
    write(project, n=300)
    ran = harness("train", "duel-router", "-t", "my/pair", "--base", "tfidf", "-o", "duels")
    assert ran.code == 0, ran.err
    ran = harness("eval", "-m", "duels=duel-router:path=duels", "-t", "my/pair", "--json")
    assert ran.code == 0, ran.err
    figures = {row["metric"]: row["value"] for row in ran.document["results"]}
    assert figures["route_accuracy"] > 0.75


def test_what_is_not_certified_is_not_written(project, harness, near):
    ran = train(harness, "random-router")
    assert ran.code != 0
    assert "not certified" in ran.err
    assert not (project / "saving" / "router.json").exists()


def test_another_base_than_the_certified_one_is_refused(harness, near):
    assert train(harness, near).code == 0
    ran = harness("eval", "-m", "saving=budgeted-router:path=saving,base=[random-router]", "-t", "my/pair")
    assert ran.code != 0
    assert "another router" in ran.err


def test_costs_of_one_model_missing_are_said_and_none_at_all_count_calls_of_two(project, harness, near):
    write(project, costs=False)
    assert train(harness, near).code == 0
    words = json.loads((project / "saving" / "router.json").read_text("utf-8"))
    assert words["cost_saved"] > 0.3
    text = (project / "rows.jsonl").read_text()
    (project / "rows.jsonl").write_text(text.replace("}\n", ', "costs": [0.001, null]}\n'))
    ran = train(harness, near, output="other")
    assert ran.code != 0
    assert "the cost of dear must be known" in ran.err
