"""Benchmarks left out of training, what benchmarks give each other, and families of models."""

import numpy as np
import pytest
from harness_plugins.embedllm.canonical import canonical
from harness_plugins.embedllm.exact import Problem
from harness_plugins.embedllm.generated import generate
from harness_plugins.embedllm.probing import (
    communities,
    contributions,
    known_of,
    leave_categories_out,
    regress,
    shuffled,
)


@pytest.fixture(scope="module")
def many():
    """A matrix of 112 models in seven families."""
    return generate(1500, 112, families=7, categories=5, dimensions=6, alike=0.7, seed=4)


def names_of(made):
    return [f"category{code}" for code in made.categories]


def test_a_category_left_out_is_foretold_by_reading_its_questions(many):
    found = leave_categories_out(many.vectors, many.outcomes, names_of(many), 1.0)
    assert [one.category for one in found] == [f"category{code}" for code in range(5)]
    assert sum(one.questions for one in found) == 1500
    for one in found:
        own = np.array(names_of(many)) == one.category
        assert one.accuracies == pytest.approx(many.outcomes[own].mean(axis=0))
        assert one.by_router.spearman > one.by_others.spearman
        assert one.by_router.error < one.by_others.error


def test_a_gap_is_no_zero_in_what_is_foretold(many):
    gaps = np.where(np.random.default_rng(0).random(many.outcomes.shape) < 0.3, np.nan, many.outcomes)
    whole = leave_categories_out(many.vectors, many.outcomes, names_of(many), 1.0)
    found = leave_categories_out(many.vectors, gaps, names_of(many), 1.0)
    assert found[0].foretold == pytest.approx(whole[0].foretold, abs=0.12)


def test_families_lie_together_and_in_shuffled_outcomes_they_do_not(many):
    labels = [str(family) for family in many.families]
    left_in = many.categories != 0
    real = canonical(Problem(many.vectors[left_in], many.outcomes[left_in]).fit(1.0).weights).coordinates
    found = communities(real, labels, permutations=500)
    assert len(found) == 7
    assert all(one.inside < one.across and one.p_value < 0.01 for one in found)
    dealt = shuffled(many.outcomes[left_in])
    assert dealt.sum(axis=1) == pytest.approx(many.outcomes[left_in].sum(axis=1))
    control = canonical(Problem(many.vectors[left_in], dealt).fit(1.0).weights).coordinates
    assert sum(one.p_value < 0.05 for one in communities(control, labels, permutations=500)) <= 2


def test_communities_of_one_model_or_of_all_are_none(many):
    coordinates = np.zeros((3, 2))
    for labels in (["a", "b", "b"], ["a", "a", "a"]):
        with pytest.raises(ValueError, match="nothing to compare"):
            communities(coordinates, labels)


def test_regression_on_embeddings_needs_thirty_models(many):
    with pytest.raises(ValueError, match="30 models"):
        regress(np.zeros((29, 2)), np.zeros(29))
    own = many.categories == 0
    fit = Problem(many.vectors[~own], many.outcomes[~own]).fit(1.0)
    truth = many.outcomes[own].mean(axis=0)
    found = regress(known_of(fit, many.vectors[~own].mean(axis=0)), truth)
    constant = regress(np.random.default_rng(0).normal(size=(112, 1)), truth)
    assert found.significant > 90
    assert constant.significant < 15
    assert found.error < 0.7 * constant.error


def test_a_category_that_alone_says_something_of_another_helps_it():
    made = generate(1200, 60, families=60, categories=3, dimensions=4, alike=1.0, seed=5)
    vectors = made.vectors.copy()
    names = np.array(names_of(made))
    # the third goes in directions of its own, which say nothing of the others
    wide = np.zeros((1200, 8))
    wide[:, :4] = vectors
    third = names == "category2"
    wide[third] = np.roll(wide[third], 4, axis=1)
    draw = np.random.default_rng(0)
    odds = wide @ draw.normal(scale=4.0, size=(8, 60))
    outcomes = (draw.random(odds.shape) < 1 / (1 + np.exp(-odds))).astype(float)
    found, matrix = contributions(wide, outcomes, names, 1.0, dimensions=8, splits=20)
    assert found == ["category0", "category1", "category2"]
    assert np.isnan(np.diag(matrix)).all()
    assert matrix[0, 1] > 5 * abs(matrix[2, 1])
    assert matrix[1, 0] > 5 * abs(matrix[2, 0])


@pytest.mark.slow
def test_nine_models_on_tasks_left_out(nine):
    """The router ranks better than the mean of the others on most tasks, and is further off on some."""
    found = {one.category: one for one in leave_categories_out(nine.vectors, nine.outcomes, nine.categories, 1.0)}
    assert len(found) == 13
    assert found["gsm8k"].by_router.spearman == pytest.approx(0.93, abs=0.03)
    assert found["gsm8k"].by_others.spearman == pytest.approx(0.90, abs=0.03)
    logic = next(one for name, one in found.items() if "logicgrid" in name.lower())
    assert logic.by_router.spearman > logic.by_others.spearman + 0.1
    assert logic.by_router.error > logic.by_others.error
