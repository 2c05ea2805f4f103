"""A new model from few answers: its posterior, its accuracy by category, what to ask it, and what that is worth."""

import numpy as np
import pytest
from harness_plugins.embedllm.adding import add_model, infer
from harness_plugins.embedllm.exact import Problem, log_loss, sigmoid
from harness_plugins.embedllm.generated import generate
from harness_plugins.embedllm.onboarding import forecasts, next_questions
from harness_plugins.embedllm.prior import Spread, estimate, offsets, one_hot, posterior, prior, with_categories
from harness_plugins.embedllm.trainers import EmbedLLMTrainer

from harness import UsageError

WIDTH = 5


@pytest.fixture
def pool(made_up):
    matrix = made_up(200, 4, WIDTH)
    fit = Problem(matrix.vectors, matrix.outcomes).fit(1.0)
    own = prior(fit.weights, fit.intercepts, matrix.vectors.mean(axis=0), Spread(0.8, 0.5, 1.0, 0.7))
    return matrix, own


def covariance_of(own):
    whole = own.moved(np.eye(own.width))
    return whole @ whole.T


def test_the_posterior_is_that_of_the_weights_written_out(pool):
    from scipy.optimize import minimize

    matrix, own = pool
    vectors, outcomes = matrix.vectors[:40], matrix.outcomes[:40, 0]
    found = posterior(own, vectors, outcomes)
    inner = np.linalg.inv(covariance_of(own))
    whole = np.column_stack([vectors, np.ones(40)])

    def objective(weights):
        odds, gap = whole @ weights, weights - own.mean
        return np.logaddexp(0, odds).sum() - outcomes @ odds + gap @ inner @ gap / 2

    mode = minimize(objective, own.mean, tol=1e-10).x
    assert found.mean == pytest.approx(mode, abs=1e-3)
    chance = sigmoid(whole @ found.mean)
    covariance = np.linalg.inv(inner + (whole * (chance * (1 - chance))[:, None]).T @ whole)
    others = np.column_stack([matrix.vectors[40:60], np.ones(20)])
    expected = np.einsum("ni,ij,nj->n", others, covariance, others)
    assert found.variances(matrix.vectors[40:60]) == pytest.approx(expected, rel=1e-5)
    directions = np.linalg.qr(np.random.default_rng(0).normal(size=(WIDTH, 2)))[0]
    along = directions.T @ covariance[:-1, :-1] @ directions
    assert found.covariance(directions) == pytest.approx(along, abs=1e-6)
    draws = found.draws(20_000, seed=0)
    assert np.cov(draws.T) == pytest.approx(covariance, abs=0.03 * np.abs(covariance).max())
    assert draws.mean(axis=0) == pytest.approx(found.mean, abs=0.05)


def test_without_answers_there_is_the_prior(pool):
    matrix, own = pool
    found = posterior(own, matrix.vectors[:0], matrix.outcomes[:0, 0])
    assert found.mean == pytest.approx(own.mean)
    whole = np.column_stack([matrix.vectors, np.ones(200)])
    assert found.variances(matrix.vectors) == pytest.approx(np.einsum("ni,ij,nj->n", whole, covariance_of(own), whole))


def test_the_prior_is_the_pools_mean_moved_as_it_says(made_up):
    matrix = made_up(200, 4, WIDTH)
    fit = Problem(matrix.vectors, matrix.outcomes).fit(1.0)
    centre = matrix.vectors.mean(axis=0)
    own = prior(fit.weights, fit.intercepts, centre, Spread(2.0, 0.5, 0.0, 0.0))
    pool = (matrix.vectors @ fit.weights.T + fit.intercepts).mean(axis=1)
    assert own.odds(matrix.vectors) == pytest.approx(pool)
    features = own.features(matrix.vectors)
    assert features[:, 0] == pytest.approx(2.0)
    assert features[:, 1] == pytest.approx(0.5 * (pool - pool.mean()))
    assert own.width == 2


def test_a_pool_that_says_nothing_of_new_models_leaves_the_usual_prior(made_up):
    matrix = made_up(40, 2, 3)
    spread, loss = estimate(matrix.vectors, matrix.outcomes, np.zeros((2, 3)), np.zeros(2))
    assert spread == Spread()
    assert np.isnan(loss)


def test_questions_are_chosen_as_by_working_the_determinant_out(pool):
    matrix, own = pool
    found = posterior(own, matrix.vectors[:10], matrix.outcomes[:10, 0])
    candidates = np.arange(200) >= 10
    chosen = next_questions(found, matrix.vectors, candidates, 6, criterion="determinant")
    chance = sigmoid(found.odds(matrix.vectors))
    weight = chance * (1 - chance)
    features = own.features(matrix.vectors)
    inner = np.eye(own.width) + (features[:10] * weight[:10, None]).T @ features[:10]
    left = set(np.flatnonzero(candidates))
    for question, nats in chosen:
        gains = {
            i: np.linalg.slogdet(inner + weight[i] * np.outer(features[i], features[i]))[1]
            - np.linalg.slogdet(inner)[1]
            for i in left
        }
        assert gains[question] == pytest.approx(max(gains.values()), abs=1e-9)
        assert nats == pytest.approx(gains[question] / 2, abs=1e-9)
        inner += weight[question] * np.outer(features[question], features[question])
        left.remove(question)


def test_the_mean_variance_falls_most_by_the_questions_that_are_chosen_for_it(pool):
    matrix, own = pool
    found = posterior(own, matrix.vectors[:10], matrix.outcomes[:10, 0])
    [(best, _)] = next_questions(found, matrix.vectors, np.arange(200) >= 10, 1, criterion="variance")
    features, chance = own.features(matrix.vectors), sigmoid(found.odds(matrix.vectors))
    weight = chance * (1 - chance)
    inner = np.eye(own.width) + (features[:10] * weight[:10, None]).T @ features[:10]

    def left(question):
        after = np.linalg.inv(inner + weight[question] * np.outer(features[question], features[question]))
        return (weight**2 * np.einsum("ni,ij,nj->n", features, after, features)).sum()

    assert left(best) == pytest.approx(min(left(question) for question in range(10, 200)), rel=1e-6)


def test_by_lot_questions_are_like_all_questions(pool):
    matrix, own = pool
    found = posterior(own, matrix.vectors[:0], matrix.outcomes[:0, 0])
    chosen = [i for i, _ in next_questions(found, matrix.vectors, np.ones(200, dtype=bool), 100, seed=3)]
    assert len(set(chosen)) == 100
    assert np.mean(chosen) == pytest.approx(100, abs=15)


def test_more_are_not_proposed_than_there_are(pool):
    matrix, own = pool
    found = posterior(own, matrix.vectors[:10], matrix.outcomes[:10, 0])
    chosen = next_questions(found, matrix.vectors, np.arange(200) < 3, 10)
    assert sorted(i for i, _ in chosen) == [0, 1, 2]


def test_intervals_of_categories_hold_the_truth():
    inside, total = 0, 0
    for seed in range(4):
        made = generate(1500, 12, seed=seed)
        draw = np.random.default_rng(seed)
        # what a category does to a model that no vector says
        odds = np.log(made.chances / (1 - made.chances)) + draw.normal(scale=0.6, size=(6, 12))[made.categories]
        truth = (draw.random(odds.shape) < sigmoid(odds)).astype(float)
        names = [str(code) for code in made.categories]
        fit = Problem(made.vectors, truth[:, :-1]).fit(1.0)
        spread, _ = estimate(made.vectors, truth[:, :-1], fit.weights, fit.intercepts, answers=(64,))
        own = prior(fit.weights, fit.intercepts, made.vectors.mean(axis=0), spread)
        categories, pool = offsets(made.vectors @ fit.weights.T + fit.intercepts, truth[:, :-1], names)
        wide = np.hstack([made.vectors, one_hot(names, categories)])
        answered = draw.permutation(1500)[:64]
        outcomes = np.full(1500, np.nan)
        outcomes[answered] = truth[answered, -1]
        found = posterior(with_categories(own, pool), wide[answered], outcomes[answered])
        rows = forecasts(found, wide, names, outcomes)
        assert rows[0].category == "overall"
        assert (rows[0].questions, rows[0].answered) == (1500, 64)
        for row in rows:
            mine = np.array([row.category in ("overall", name) for name in names])
            inside += row.low <= truth[mine, -1].mean() <= row.high
            total += 1
    assert inside / total > 0.8  # 95 % but for what 28 intervals allow


def test_what_a_category_adds_is_found_where_no_vector_says_it(made_up):
    matrix = made_up(600, 3, WIDTH)
    names = [("a", "b", None)[i % 3] for i in range(600)]
    added = np.array([[1.0, -1.0, 0.0]]) * np.array([name == "a" for name in names])[:, None]
    odds = matrix.vectors @ np.random.default_rng(0).normal(size=(WIDTH, 3))
    chances = sigmoid(odds + added)
    chances[5, 0] = np.nan
    found, made = offsets(odds, chances, names)
    assert found == ("a", "b")
    assert made[:, 0] == pytest.approx([1.0, -1.0, 0.0], abs=0.05)  # shrunk a little
    assert made[:, 1] == pytest.approx(np.zeros(3), abs=1e-6)


def test_a_category_that_no_model_was_trained_on_is_less_sure(pool):
    matrix, own = pool
    names = ("a", "b", "new")
    wide = with_categories(own, np.array([[0.3, -0.2], [0.4, 0.1], [0.2, -0.6], [0.3, 0.2]]), unseen=1)
    rows = np.hstack([np.tile(matrix.vectors[:1], (3, 1)), one_hot(names, names)])
    found = posterior(wide, rows[:0], matrix.outcomes[:0, 0])
    plain = posterior(own, matrix.vectors[:0], matrix.outcomes[:0, 0])
    extra = found.variances(rows) - plain.variances(matrix.vectors[:1])
    assert extra[0] < extra[1]
    assert extra[0] < extra[2]
    assert found.odds(rows)[2] == pytest.approx(plain.odds(matrix.vectors[:1])[0])


def test_a_model_that_answered_everything_has_the_score_that_it_has(pool):
    matrix, own = pool
    found = posterior(own, matrix.vectors, matrix.outcomes[:, 0])
    [whole] = forecasts(found, matrix.vectors, [None] * 200, matrix.outcomes[:, 0])
    assert whole.accuracy == whole.low == whole.high == pytest.approx(matrix.outcomes[:, 0].mean())


def test_an_added_model_is_routed_to_and_the_others_stay(made_up, train):
    matrix = made_up(300, 5, WIDTH)
    pool = matrix._replace(models=matrix.models[:4], outcomes=matrix.outcomes[:, :4])
    router, _ = train(EmbedLLMTrainer(ridge=1.0), pool)
    outcomes = np.full(300, np.nan)
    outcomes[:64] = matrix.outcomes[:64, 4]
    inferred = infer(router.saved, matrix.vectors, [None] * 300, outcomes)
    added, found = add_model(router.saved, "new", inferred, 64), inferred.router
    assert added.models == (*pool.models, "new")
    assert (added.weights[:4] == router.saved.weights).all()
    assert added.weights[4] @ matrix.vectors[0] + added.intercepts[4] == pytest.approx(found.odds(matrix.vectors)[0])
    assert added.added == {"new": 64}
    few, many = (np.trace(added.canonical.covariances()[i]) for i in (4, 0))
    assert few > many  # few answers, wide ellipse
    again = infer(added, matrix.vectors, [None] * 300, outcomes)  # a model of few answers is no part of the pool
    assert again.router.mean == pytest.approx(found.mean)
    with pytest.raises(UsageError, match="knows a model 'new'"):
        add_model(added, "new", inferred, 64)


@pytest.mark.slow
def test_sixty_four_answers_beat_the_pool_on_nine_models(nine):
    """Leave one model out: log loss on the test questions, mean of three draws of 64 answers on train questions."""
    train, test = nine.train, nine.test
    fit = Problem(nine.vectors[train], nine.outcomes[train]).fit(1.0)
    centre, draw = nine.vectors[train].mean(axis=0), np.random.default_rng(1)
    losses = {name: np.zeros(9) for name in ("pool", "own mean", "alone", "shift and scale", "prior")}
    for model in range(9):
        others = np.arange(9) != model
        weights, intercepts = fit.weights[others], fit.intercepts[others]
        spread, _ = estimate(nine.vectors[train], nine.outcomes[train][:, others], weights, intercepts)
        truth = nine.outcomes[test, model]
        for _ in range(3):
            shown = draw.permutation(train)[:64]
            answers = nine.outcomes[shown, model]

            def foretold(spread, *pool):
                found = posterior(prior(*pool, centre, spread), nine.vectors[shown], answers)  # noqa: B023
                return sigmoid(found.odds(nine.vectors[test]))

            chances = {
                "pool": sigmoid(nine.vectors[test] @ weights.T + intercepts).mean(axis=1),
                "own mean": np.full(len(test), (answers.sum() + 0.5) / 65),
                "alone": foretold(Spread(3.0, 0.0, 0.0, 1.0), np.zeros_like(weights), np.zeros_like(intercepts)),
                "shift and scale": foretold(Spread(3.0, 0.5, 0.0, 0.0), weights, intercepts),
                "prior": foretold(spread, weights, intercepts),
            }
            for name, chance in chances.items():
                losses[name][model] += log_loss(chance, truth) / 3
    means = {name: values.mean() for name, values in losses.items()}
    assert means == pytest.approx(
        {"pool": 0.673, "own mean": 0.633, "alone": 0.616, "shift and scale": 0.598, "prior": 0.583}, abs=0.01
    )
    assert (losses["prior"] < losses["pool"]).sum() >= 8
    assert (losses["prior"] < losses["shift and scale"]).sum() >= 6
