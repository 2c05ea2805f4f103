"""The router: models by name, other embedders, fewer dimensions, speed; and what no training is made of."""

import time

import numpy as np
import pytest
from harness_plugins.embedllm import low_rank
from harness_plugins.embedllm.exact import Problem, log_loss, predicted
from harness_plugins.embedllm.generated import generate
from harness_plugins.embedllm.outcomes import vectors_of
from harness_plugins.embedllm.recipe import Recipe, descend
from harness_plugins.embedllm.saved import WORDS, load
from harness_plugins.embedllm.trainers import EmbedLLMCompatTrainer, EmbedLLMTrainer

from harness import CellError, Conversation, Failure, Item, Part, Query, UsageError


def ask(i, *models):
    return Query(Conversation.user(f"{i}?"), tuple(models))


def test_predictions_are_those_of_the_fit(made_up, train):
    matrix = made_up()
    router, facts = train(EmbedLLMTrainer(ridge=1.0), matrix)
    fit = Problem(matrix.vectors, matrix.outcomes).fit(1.0)
    expected = predicted(matrix.vectors, fit.weights, fit.intercepts)
    answers = router.route([ask(i) for i in range(len(expected))])
    assert np.array(answers) == pytest.approx(expected, abs=1e-9)
    assert facts["optimum"] == "global"
    assert facts["gap"] <= 1e-6
    assert list(router.remarks()) == []


@pytest.mark.parametrize("trainer", [EmbedLLMTrainer(ridge=1.0), EmbedLLMCompatTrainer(dimensions=4, epochs=2)])
def test_models_are_matched_by_name_whatever_subset_is_asked_for(made_up, train, trainer):
    matrix = made_up()
    router, _ = train(trainer, matrix)
    whole = router.route([ask(7)])[0]
    assert router.route([ask(7, "model-3", "model-1")])[0].tolist() == [whole[3], whole[1]]
    [failed] = router.route([ask(7, "model-1", "stranger")])
    assert isinstance(failed, Failure)
    assert "stranger" in failed.reason
    assert "model-1" not in failed.reason


def test_a_pool_in_another_order_gives_the_same_router(made_up, train):
    matrix = made_up()
    order = [2, 0, 3, 1]
    other = matrix._replace(models=tuple(matrix.models[i] for i in order), outcomes=matrix.outcomes[:, order])
    one, _ = train(EmbedLLMTrainer(ridge=1.0), matrix, name="one")
    two, _ = train(EmbedLLMTrainer(ridge=1.0), other, name="two")
    assert two.route([ask(5, *matrix.models)])[0] == pytest.approx(one.route([ask(5, *matrix.models)])[0], abs=1e-7)


def test_an_embedder_of_another_length_is_refused_in_a_sentence(made_up, train):
    matrix = made_up()
    router, _ = train(EmbedLLMTrainer(ridge=1.0), matrix, base=matrix.embedder(cut=4))
    with pytest.raises(CellError, match=r"length 6.* gives 4"):
        router.route([ask(0)])


def test_another_embedder_of_the_same_length_is_remarked_on_once(made_up, train):
    matrix = made_up()
    router, _ = train(EmbedLLMTrainer(ridge=1.0), matrix, base=matrix.embedder(fingerprint="g"))
    [remark] = router.remarks()
    assert "not the embedder" in remark
    assert list(router.remarks()) == []


def test_a_question_that_cannot_be_embedded_fails_alone(made_up, train):
    matrix = made_up()
    usual = matrix.embedder()

    def moody(capability, requests):
        vectors = usual("embed", requests)
        return [Failure("too long") if r.text == "1?" else v for r, v in zip(requests, vectors, strict=True)]

    router, _ = train(EmbedLLMTrainer(ridge=1.0), matrix, base=Part(moody, fingerprint="f"))
    answers = router.route([ask(0), ask(1), ask(2)])
    assert [isinstance(answer, Failure) for answer in answers] == [False, True, False]
    with pytest.raises(ValueError, match="1 of 300"):
        vectors_of(Part(moody), [item.fields["prompt"] for item in matrix.items()])


def test_a_category_that_was_not_seen_makes_no_difference(made_up, train):
    router, _ = train(EmbedLLMTrainer(ridge=1.0), made_up())
    named = Query(Conversation.user("3?"), (), "never seen")
    assert router.route([named])[0].tolist() == router.route([ask(3)])[0].tolist()


def test_what_cannot_be_learned_from_is_refused_by_name(made_up, train):
    matrix = made_up()
    blank = matrix._replace(outcomes=np.where(np.arange(4) == 2, np.nan, matrix.outcomes))
    with pytest.raises(ValueError, match="model-2"):
        train(EmbedLLMTrainer(), blank)
    single = matrix._replace(models=("only",), outcomes=matrix.outcomes[:, :1])
    with pytest.raises(ValueError, match="'only' is the only model"):
        train(EmbedLLMTrainer(), single)
    with pytest.raises(ValueError, match="empty"):
        train(EmbedLLMTrainer(), matrix, items=[])
    rows = matrix.items()
    rows[5] = Item("5", {**rows[5].fields, "models": ("other", *matrix.models[1:])}, where="row 5")
    with pytest.raises(ValueError, match="row 5"):
        train(EmbedLLMTrainer(), matrix, items=rows)


def test_a_folder_that_holds_no_router_is_refused(tmp_path, made_up, train):
    with pytest.raises(UsageError, match="harness train embedllm"):
        load(tmp_path)
    router, _ = train(EmbedLLMTrainer(ridge=1.0), made_up())
    (tmp_path / "router" / "embedllm.npz").write_bytes(b"PK")
    with pytest.raises(UsageError, match="damaged"):
        load(router.path)
    (tmp_path / "router" / WORDS).write_text("{}")
    with pytest.raises(UsageError, match="not written by"):
        load(router.path)


# fewer dimensions


def test_fewer_dimensions_are_a_local_optimum_and_say_so(made_up, train):
    matrix = made_up(200, 6, 8)
    router, facts = train(EmbedLLMTrainer(ridge=1.0, dimensions=2, starts=3), matrix)
    assert facts["optimum"] == "local"
    assert len(facts["objectives"]) == 3
    assert facts["slope"] < 0.05
    weights = router.saved.weights
    assert np.linalg.matrix_rank(weights - weights.mean(axis=0), tol=1e-6) <= 3
    [remark] = router.remarks()
    assert "local optimum" in remark
    assert "3 starts" in remark
    assert not len(router.saved.canonical.replicates)  # no errors, rather than wrong ones


def test_as_many_dimensions_as_models_are_the_exact_fit(made_up, train):
    matrix = made_up()
    one, facts = train(EmbedLLMTrainer(ridge=1.0, dimensions=4), matrix, name="one")
    two, _ = train(EmbedLLMTrainer(ridge=1.0), matrix, name="two")
    assert facts["optimum"] == "global"
    assert (one.saved.weights == two.saved.weights).all()


def test_the_slope_of_the_descent_is_that_of_its_objective(made_up):
    matrix = made_up(50, 3, 4, gaps=0.2)
    problem, shape = Problem(matrix.vectors, matrix.outcomes), low_rank._Shape(4, 3, 2)
    at = np.random.default_rng(0).normal(size=3 * 2 + 2 * 4 + 4 + 3)
    _, slope = low_rank._objective(at, problem, 0.7, shape)
    for i in range(len(at)):
        step = np.eye(len(at))[i] * 1e-6
        ends = [low_rank._objective(at + sign * step, problem, 0.7, shape)[0] for sign in (1, -1)]
        assert slope[i] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-4)


def test_few_dimensions_are_better_where_there_are_many_models_and_few_questions():
    made = generate(600, 40, families=4, dimensions=4, alike=1.0, seed=1)
    rng = np.random.default_rng(0)
    vectors = np.column_stack([made.vectors, rng.normal(scale=0.3, size=(600, 40))])  # most of it says nothing
    train, test = slice(0, 120), slice(120, 600)
    problem = Problem(vectors[train], made.outcomes[train])

    def loss(fit):
        return log_loss(predicted(vectors[test], fit.weights, fit.intercepts), made.outcomes[test])

    exact = min(loss(problem.fit(ridge)) for ridge in (0.3, 1.0, 3.0, 10.0))
    few = min(loss(low_rank.fit(problem, ridge, 4, starts=1).fit) for ridge in (0.3, 1.0, 3.0, 10.0))
    assert few < exact - 0.02


def test_a_ridge_is_chosen_for_few_dimensions(made_up, train):
    _, facts = train(EmbedLLMTrainer(dimensions=2, folds=2, starts=1), made_up(120, 4, 6))
    assert facts["ridge"] == min(low_rank.RIDGES, key=lambda ridge: facts["held_out_log_loss"][f"{ridge:.6g}"])


# real models


def test_figures_of_nine_models(nine):
    from sklearn.metrics import roc_auc_score

    train, test = nine.train, nine.test
    fit = Problem(nine.vectors[train], nine.outcomes[train]).fit(1.0)
    chances, truth = predicted(nine.vectors[test], fit.weights, fit.intercepts), nine.outcomes[test]
    assert ((chances >= 0.5) == truth).mean() == pytest.approx(0.7257, abs=0.002)
    assert truth[np.arange(len(test)), chances.argmax(axis=1)].mean() == pytest.approx(0.6453, abs=0.01)
    assert roc_auc_score(truth.ravel(), chances.ravel()) == pytest.approx(0.7926, abs=0.002)


@pytest.mark.slow
def test_the_authors_recipe_on_nine_models(nine):
    train, test = nine.train, nine.test
    factors, _ = descend(nine.vectors[train], nine.outcomes[train], Recipe(shuffle=True))
    weights, intercepts = factors.dense()
    chances, truth = predicted(nine.vectors[test], weights, intercepts), nine.outcomes[test]
    exact = Problem(nine.vectors[train], nine.outcomes[train]).fit(1.0)
    best = log_loss(predicted(nine.vectors[test], exact.weights, exact.intercepts), truth)
    assert ((chances >= 0.5) == truth).mean() == pytest.approx(0.7257, abs=0.015)
    assert log_loss(chances, truth) > best


def test_three_thousand_questions_and_112_models_are_routed_in_a_tenth_of_a_second():
    draw = np.random.default_rng(0)
    vectors, weights, intercepts = draw.normal(size=(3000, 768)), draw.normal(size=(112, 768)), draw.normal(size=112)
    predicted(vectors[:10], weights, intercepts)
    taken = []
    for _ in range(5):
        start = time.process_time()
        predicted(vectors, weights, intercepts).argmax(axis=1)
        taken.append(time.process_time() - start)
    assert min(taken) < 0.1
