"""Scores on all questions from some of them: item response against known truth, models left out, bad answers."""

import json

import numpy as np
import pytest
from harness_plugins.embedllm.generated import generate, write
from harness_plugins.embedllm.item_response import Items, ability_of, fit
from harness_plugins.embedllm.short_tests import choose, left_out, score


def made(n=600, m=40, seed=0):
    """Abilities, questions, and outcomes (n, m) drawn from them."""
    rng = np.random.default_rng(seed)
    abilities = rng.normal(size=m)
    questions = Items(np.exp(0.3 * rng.normal(size=n)), 1.2 * rng.normal(size=n), abilities)
    return questions, (rng.random((n, m)) < questions.at(abilities)).astype(float)


def test_abilities_and_difficulties_are_found():
    questions, outcomes = made()
    found = fit(outcomes)
    assert np.corrcoef(found.abilities, questions.abilities)[0, 1] > 0.98
    assert np.corrcoef(found.intercepts, questions.intercepts)[0, 1] > 0.93
    assert np.abs(found.at(found.abilities) - questions.at(questions.abilities)).mean() < 0.08


def test_unknown_outcomes_count_for_nothing():
    questions, outcomes = made(seed=1)
    gaps = np.where(np.random.default_rng(2).random(outcomes.shape) < 0.3, np.nan, outcomes)
    found = fit(gaps)
    assert np.corrcoef(found.abilities, questions.abilities)[0, 1] > 0.97


def test_the_posterior_of_an_ability_is_that_of_its_formula():
    items = Items(np.array([1.0, 2.0]), np.array([0.5, -0.5]), np.array([-1.0, 1.0]))
    found = ability_of(items, np.array([1.0, np.nan]))
    prior = np.exp(-((found.grid / 1.5) ** 2) / 2)  # 1.5 times the pool's spread of 1
    expected = prior / (1 + np.exp(-(found.grid + 0.5)))
    assert found.weights == pytest.approx(expected / expected.sum(), abs=1e-12)


def test_all_answers_give_the_score_exactly():
    _, outcomes = made(n=80, m=5)
    found = score(fit(outcomes), outcomes[:, 0])
    assert found.item_response.value == pytest.approx(outcomes[:, 0].mean(), abs=1e-12)
    assert found.item_response.high - found.item_response.low < 1e-6


def test_intervals_hold_the_truth_where_the_model_of_the_answers_is_right():
    rng = np.random.default_rng(3)
    questions, _ = made(n=800, m=60, seed=4)
    held = 0
    for _ in range(200):
        ability = rng.normal() * questions.abilities.std() + questions.abilities.mean()
        own = (rng.random(800) < questions.at(ability)).astype(float)
        answers = np.where(rng.permutation(800) < 100, own, np.nan)
        found = score(questions, answers).item_response
        held += found.low <= own.mean() <= found.high
    assert 180 <= held <= 200


def test_item_response_is_nearer_than_the_mean_where_it_is_true():
    _, outcomes = made(n=500, m=25, seed=5)
    trial = left_out(outcomes, 50)
    assert trial.gain[1] > 0
    assert trial.trials == 250
    assert trial.widening >= 1


def test_clusters_stand_for_all_questions():
    _, outcomes = made(n=200, m=8, seed=6)
    short = choose(fit(outcomes), outcomes, 30, way="clusters")
    assert short.weights.sum() == pytest.approx(1)
    assert len(set(short.chosen.tolist())) == len(short.chosen) <= 30
    assert len(choose(fit(np.tile([1.0, 0, 1], (20, 1))), np.tile([1.0, 0, 1], (20, 1)), 9, way="clusters").chosen) == 1


def test_two_models_are_no_pool():
    with pytest.raises(ValueError, match="three"):
        left_out(np.ones((5, 2)), 2)


@pytest.fixture
def project_with_task(project):
    write(generate(240, 5, vocabulary=60, categories=3), project / "tasks" / "made-up")
    (project / "registry.yaml").write_text("task_folders: [tasks]\n")
    return project


def test_questions_are_chosen_and_a_score_is_foretold(project_with_task, harness):
    ran = harness("short-test", "-t", "made-up/generated", "--items", "20", "-o", "questions.csv", "--json")
    chosen = [row["id"] for row in ran.document["chosen"]]
    assert len(set(chosen)) == 20
    assert len((project_with_task / "questions.csv").read_text().splitlines()) == 21
    answers = "".join(json.dumps({"id": name, "outcome": 1}) + "\n" for name in chosen)
    (project_with_task / "answers.jsonl").write_text(answers)
    found = harness("short-test", "-t", "made-up/generated", "--answers", "answers.jsonl", "--json").document
    assert found["mean"]["value"] == 1
    assert found["p_irt"]["low"] < found["p_irt"]["value"] < 1
    said = harness("short-test", "-t", "made-up/generated", "--answers", "answers.jsonl").out
    assert "left out in turn" in said


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("id,outcome\n0,2\n", "from 0 to 1"),
        ("id,outcome\nnope,1\n", "'nope'"),
        ("id,outcome\n", "no answer"),
        ("a\n1\n", "id"),
    ],
)
def test_answers_that_are_none_are_refused(project_with_task, harness, content, says):
    (project_with_task / "answers.csv").write_text(content)
    ran = harness("short-test", "-t", "made-up/generated", "--answers", "answers.csv")
    assert ran.code == 2
    assert says in ran.err
