"""Figures of real outcomes: nine models on 5,610 questions, and RouteLLM's two models, to the digits."""

import csv
import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest
from harness_plugins.routing import (
    budgeted,
    cascades,
    cost_quality,
    decisions,
    duelling,
    forecasts,
    reference_metrics,
    two_models,
)
from harness_plugins.routing.certificate import certified
from harness_plugins.routing.choices import known_means
from harness_plugins.routing.fitted import Outcomes
from harness_plugins.routing.hull import upper_hull
from harness_plugins.routing.over_embedder import LogisticRouterTrainer, nearest_means, unit

from harness import Columns, Conversation

FOLDER = Path(os.environ.get("HARNESS_DATA", "")) / "routing"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="HARNESS_DATA names no folder with routing/")
csv.field_size_limit(1 << 28)


def rows(name):
    with gzip.open(FOLDER / name, "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def nine():
    """Train and test of nine models: vectors, outcomes at one half, categories; parted by a seeded permutation."""
    read = rows("llmrouter_9models.csv.gz")
    models = tuple(list(read[0])[5:])
    outcome = np.array([[float(row[model]) >= 0.5 for model in models] for row in read], dtype=np.float64)
    with np.load(FOLDER / "llmrouter_minilm_f16.npz") as arrays:
        vectors = arrays["emb"].astype(np.float64)[[int(row["row"]) for row in read]]
    names = sorted({row["task_name"] for row in read})
    category = np.array([names.index(row["task_name"]) for row in read], dtype=np.float64)
    order = np.random.default_rng(0).permutation(len(read))
    train, test = order[: int(0.8 * len(read))], order[int(0.9 * len(read)) :]
    return models, vectors, outcome, category, train, test


def columns_of(nine, predicted):
    models, _, outcome, category, train, test = nine
    means = known_means(outcome[train])
    best = np.array([known_means(outcome[train][category[train] == code]) for code in range(int(category.max()) + 1)])
    values = {
        "predicted": predicted,
        "outcome": outcome[test],
        "cost": np.full_like(outcome[test], np.nan),
        "category": category[test],
        "train_best": np.full(len(test), float(means.argmax())),
        "train_best_of_category": best.argmax(axis=1)[category[test].astype(int)].astype(float),
    }
    return Columns(values, facts={"models": models})


def test_the_references_of_nine_models(nine):
    models, _, outcome, category, train, test = nine
    assert len(test) == 561
    means = np.tile(known_means(outcome[train]), (len(test), 1))
    columns = columns_of(nine, means)

    def value(metric):
        return metric.compute(columns).value

    assert value(forecasts.ForecastAccuracyByModel()) == pytest.approx(0.6486, abs=5e-5)
    assert value(decisions.RouteAccuracy()) == pytest.approx(0.6435, abs=5e-5)
    assert value(reference_metrics.UniformRouter()) == pytest.approx(0.4399, abs=5e-5)
    assert value(reference_metrics.Oracle()) == pytest.approx(0.8004, abs=5e-5)
    assert value(reference_metrics.BestOfCategory()) == pytest.approx(0.6756, abs=5e-5)
    assert value(decisions.WeightedRouter()) <= value(reference_metrics.BestConstantOnTest()) + 1e-12
    table = np.array([known_means(outcome[train][category[train] == code]) for code in range(int(category.max()) + 1)])
    look_up = columns_of(nine, table[category[test].astype(int)])
    assert forecasts.ForecastAccuracy().compute(look_up).value == pytest.approx(0.7611, abs=5e-5)
    assert decisions.RouteAccuracy().compute(look_up).value == pytest.approx(0.6756, abs=5e-5)
    expected = [0.3141, 0.5677, 0.6034, 0.6586, 0.6191, 0.2130, 0.1904, 0.3831, 0.5619]
    assert known_means(outcome) == pytest.approx(expected, abs=5e-5)
    assert models[0].startswith("codegemma")


@pytest.mark.parametrize(
    ("k", "accuracy", "route"),
    [(15, 0.7144, 0.6471), (31, 0.7172, 0.6595), (61, 0.7140, 0.6631), (131, 0.7061, 0.6791)],
)
def test_nearest_neighbours_of_nine_models(nine, k, accuracy, route):
    _, vectors, outcome, _, train, test = nine
    predicted = nearest_means(unit(vectors[test]), unit(vectors[train]), outcome[train], k)
    columns = columns_of(nine, predicted)
    assert forecasts.ForecastAccuracyByModel().compute(columns).value == pytest.approx(
        accuracy, abs=3e-4
    )  # a pair is 2e-4
    assert decisions.RouteAccuracy().compute(columns).value == pytest.approx(route, abs=5e-4)


def test_nearest_neighbours_are_those_of_scikit_learn(nine):
    from sklearn.neighbors import KNeighborsClassifier

    _, vectors, outcome, _, train, test = nine
    some = test[:200]
    ours = nearest_means(unit(vectors[some]), unit(vectors[train]), outcome[train], 15)
    for model in range(outcome.shape[1]):
        theirs = (
            KNeighborsClassifier(15).fit(unit(vectors[train]), outcome[train, model]).predict_proba(unit(vectors[some]))
        )
        assert ours[:, model] == pytest.approx(theirs[:, 1], abs=1e-12)


def learned(trainer, nine):
    """What a trainer over an embedder learns from the train part."""
    models, vectors, outcome, _, train, _ = nine
    outcomes = Outcomes(models, [Conversation("?")] * len(train), [None] * len(train), outcome[train])
    return trainer.learn(vectors[train], outcomes, lambda step, **values: None)[1]


@pytest.fixture(scope="module")
def stacked(nine):
    """The mean of logistic regression and of 31 neighbours, on the test part."""
    _, vectors, outcome, _, train, test = nine
    numbers = learned(LogisticRouterTrainer(1.0), nine)
    logistic = 1 / (1 + np.exp(-(vectors[test] @ numbers["weights"].T + numbers["intercepts"])))
    near = nearest_means(unit(vectors[test]), unit(vectors[train]), outcome[train], 31)
    return logistic, (logistic + near) / 2


def test_logistic_regression_and_its_mean_with_neighbours(nine, stacked):
    for predicted, accuracy, route, slack in ((stacked[0], 0.7257, 0.6453, 0.01), (stacked[1], 0.7300, 0.6578, 5e-4)):
        columns = columns_of(nine, predicted)
        found = forecasts.ForecastAccuracyByModel().compute(columns).value
        assert found == pytest.approx(accuracy, abs=2e-3)
        assert decisions.RouteAccuracy().compute(columns).value == pytest.approx(route, abs=slack)
    assert forecasts.ForecastAuroc().compute(columns_of(nine, stacked[0])).value == pytest.approx(0.7926, abs=2e-3)


@pytest.mark.slow
def test_duels_of_nine_models_route_as_well_as_forecasts(nine):
    _, vectors, outcome, _, _, test = nine
    numbers = learned(duelling.DuelRouterTrainer(), nine)
    strength = vectors[test] @ numbers["projection"] @ numbers["of_models"].T
    routed = outcome[test][np.arange(len(test)), strength.argmax(axis=1)].mean()
    assert routed == pytest.approx(0.675, abs=0.015)


def test_a_cascade_falls_below_routers_where_its_evaluator_errs_in_a_fifth_of_its_verdicts(nine, stacked):
    """RouterBench: between 0.1 and 0.2. Answers of 200 tokens are assumed: the data have prices, and no counts."""
    models, *_, test = nine
    prices = json.loads((FOLDER / "llmrouter_llm_prices.json").read_text("utf-8"))
    price = np.array([prices[model]["input_price"] for model in models])  # that of output is the same
    tokens = np.array([len(row["query"]) / 4 + 200 for row in rows("llmrouter_9models.csv.gz")])[test]
    columns = columns_of(nine, stacked[1])
    columns = Columns({**columns.values, "cost": tokens[:, None] * price / 1e6}, facts=columns.facts)
    router = cost_quality.AverageImprovementInQuality().compute(columns)
    found = cascades.CascadeImprovement(0.1).compute(columns)
    assert router.value == pytest.approx(0.647, abs=0.003)
    assert found.value == pytest.approx(0.697, abs=0.003)
    assert found.detail["crossing"] == pytest.approx(0.20, abs=0.01)
    assert cascades.CascadeImprovement(0.3).compute(columns).value < router.detail["zero_router"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_certified_budget_of_nine_models_holds_on_a_later_slice(nine, seed):
    """Halves: neighbours are kept from the first; the rest is parted into a slice to certify on and a later one."""
    models, vectors, outcome, *_ = nine
    prices = json.loads((FOLDER / "llmrouter_llm_prices.json").read_text("utf-8"))
    tokens = np.array([len(row["query"]) / 4 + 200 for row in rows("llmrouter_9models.csv.gz")])
    cost = tokens[:, None] * np.array([prices[model]["input_price"] for model in models]) / 1e6
    train, certify, later = np.split(
        np.random.default_rng(seed).permutation(len(outcome)), [len(outcome) // 2, 3 * len(outcome) // 4]
    )
    constant, costs = int(outcome[train].mean(axis=0).argmax()), cost[certify].mean(axis=0)
    ways = budgeted.ways_of(costs)
    kept = {}
    for name, part in (("certify", certify), ("later", later)):
        near = nearest_means(unit(vectors[part]), unit(vectors[train]), outcome[train], 31)
        chosen = np.stack([(near - budgeted.penalty_of(way, costs, constant)).argmax(axis=1) for way in ways], axis=1)
        kept[name] = chosen, np.take_along_axis(outcome[part], chosen, axis=1)
    figures = kept["certify"][1] - 0.98 * outcome[certify][:, [constant]]
    passed, _ = certified(figures, -0.98, 0.95, starts=(0, [way.margin for way in ways].index(0)))
    place = int(np.argmin(np.where(passed, costs[kept["certify"][0]].mean(axis=0), np.inf)))
    quality = kept["later"][1][:, place].mean() / outcome[later, constant].mean()
    paid = cost[later].mean(axis=0)[kept["later"][0][:, place]].mean() / cost[later, constant].mean()
    assert passed.any()
    assert quality >= 0.98
    assert paid < 0.7


def test_the_hull_of_frugal_gpt_holds_its_cascades_and_leaves_its_dearest_model_below():
    with (FOLDER / "frugalgpt_summary" / "summary_HEADLINES_e8_full_2024.csv").open(encoding="utf-8") as stream:
        read = list(csv.DictReader(stream))
    cost, quality = (np.array([float(row[name]) for row in read]) for name in ("Test_cost", "Test_acc"))
    hull = upper_hull(cost, quality)
    on_it = {(round(float(cost[i]), 8), round(float(quality[i]), 4)) for i in hull}
    assert (9.79e-06, 0.8522) in on_it
    assert any(quality == 0.8746 and at == pytest.approx(1.36e-3, abs=5e-6) for at, quality in on_it)
    dear = next(i for i, row in enumerate(read) if row["Method"] == "gpt-4-turbo")
    assert ((cost < cost[dear]) & (quality > quality[dear])).any()
    assert dear not in hull


@pytest.fixture(scope="module", params=["mmlu", "gsm8k"])
def pair(request):
    """The decontaminated pair of RouteLLM: texts, the weak model's outcomes, the strong one's."""
    read = [row for row in rows(f"routellm_{request.param}_2models.csv.gz") if row["contaminated"] in ("0", "False")]
    weak, strong = (np.array([float(row[name]) for row in read]) for name in ("mixtral_8x7b", "gpt4_1106"))
    return request.param, [row["prompt"] for row in read], weak, strong


def duel(score, weak, strong):
    predicted = np.column_stack([np.zeros(len(weak)), score])
    return Columns({"predicted": predicted, "outcome": np.column_stack([weak, strong])}, facts={"models": ("w", "s")})


def test_the_pair_of_two_models(pair):
    name, prompts, weak, strong = pair
    bases = {"mmlu": (0.68091, 0.80587, 0.85873), "gsm8k": (0.63734, 0.85769, 0.92961)}[name]
    columns = duel(np.zeros(len(weak)), weak, strong)
    assert weak.mean() == pytest.approx(bases[0], abs=5e-6)
    assert strong.mean() == pytest.approx(bases[1], abs=5e-6)
    assert reference_metrics.Oracle().compute(columns).value == pytest.approx(bases[2], abs=5e-6)
    length, oracle = {"mmlu": (0.586, 1.285), "gsm8k": (0.598, 1.121)}[name]
    apgr = two_models.GapRecovered("s", "w")
    random = np.random.default_rng(0).random(len(weak))
    assert apgr.compute(duel(random, weak, strong)).value == pytest.approx(0.5, abs=0.03)
    assert apgr.compute(duel([len(text) for text in prompts], weak, strong)).value == pytest.approx(length, abs=5e-4)
    assert apgr.compute(duel(strong - weak, weak, strong)).value == pytest.approx(oracle, abs=5e-4)
