import numpy as np
import pytest
from harness_plugins.ppe.battle_compat import bootstrap_rounds, distinct_battles, published_elo
from harness_plugins.ppe.battle_metrics import RowWisePearson
from harness_plugins.ppe.elo import tables
from ppe_columns import MODELS, battles, made

from harness import stats

RATED = ("elo_spearman", "elo_kendall", "separability", "separability_pairwise", "confidence_agreement", "elo_brier")


@pytest.fixture(scope="module")
def columns():
    return battles(n=4000)


def _matrix(first, second, credit, m=20):
    wins = np.zeros((m, m))
    np.add.at(wins, (first, second), credit)
    np.add.at(wins, (second, first), 1 - credit)
    return wins


def _plain(columns):
    """Ratings and covariances of both sides, by the single fit."""
    first, second = (columns.values[n].astype(int) for n in ("first_model", "second_model"))
    better = columns.values["better"]
    verdict = np.where(better == 1, 1 - columns.values["as_given"], columns.values["as_given"])
    sides = []
    for credit in (columns.values["outcome"], verdict):
        fit = stats.fit(first, second, credit, n_players=20)
        sides.append((stats.elo(fit.strengths), fit.covariance * (400 / np.log(10)) ** 2))
    return sides


def test_rated_metrics_are_those_of_plain_loops(metric, columns):
    from scipy.stats import kendalltau, norm, spearmanr

    (truth, truth_cov), (rating, cov) = _plain(columns)
    reach, truth_reach = (1.959963984540054 * np.sqrt(np.diag(c)) for c in (cov, truth_cov))
    overlaps = agree = settled = tested = 0
    squares = []
    for i in range(20):
        for j in range(i + 1, 20):
            apart = abs(rating[i] - rating[j]) >= reach[i] + reach[j]
            overlaps += not apart
            error = np.sqrt(cov[i, i] + cov[j, j] - 2 * cov[i, j])
            tested += abs(rating[i] - rating[j]) > 1.959963984540054 * error
            if abs(truth[i] - truth[j]) >= truth_reach[i] + truth_reach[j]:
                settled += 1
                if apart:
                    agree += 1 if (truth[i] > truth[j]) == (rating[i] > rating[j]) else -1
            squares.append((norm.cdf((rating[j] - rating[i]) / error) - (truth[i] < truth[j])) ** 2)
    expected = {
        "elo_spearman": spearmanr(truth, rating).statistic,
        "elo_kendall": kendalltau(truth, rating).statistic,
        "separability": 1 - overlaps / 190,
        "separability_pairwise": tested / 190,
        "confidence_agreement": agree / settled,
        "elo_brier": np.mean(squares),
    }
    for name, value in expected.items():
        estimate = metric(name, columns)
        assert estimate.value == pytest.approx(value, abs=1e-9), name
        assert estimate.low <= estimate.value <= estimate.high
        assert estimate.stderr > 0


def test_win_rates_are_correlated_as_pandas_does(metric, columns):
    pd = pytest.importorskip("pandas")
    first, second = (columns.values[n].astype(int) for n in ("first_model", "second_model"))
    verdict = np.where(columns.values["better"] == 1, 1 - columns.values["as_given"], columns.values["as_given"])
    games = _matrix(first, second, np.ones(len(columns)))
    games += games.T
    with np.errstate(invalid="ignore"):
        rates = [_matrix(first, second, c) / games for c in (columns.values["outcome"], verdict)]
    frames = [pd.DataFrame(np.where(games > 0, r, np.nan)) for r in rates]
    expected = frames[0].corrwith(frames[1]).mean()
    assert metric("row_wise_pearson", columns).value == pytest.approx(expected, abs=1e-12)
    assert metric("row_wise_pearson@compat", columns).value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", ["battle_accuracy", "row_wise_pearson"])
def test_smooth_metrics_have_the_error_of_resampled_battles(metric, columns, name):
    rng = np.random.default_rng(0)
    draws = [metric(name, columns.take(rng.integers(0, 4000, 4000))).value for _ in range(200)]
    assert np.std(draws) == pytest.approx(metric(name, columns).stderr, rel=0.2)


@pytest.mark.parametrize("name", RATED)
def test_error_of_rated_metrics_is_near_that_of_resampled_battles(metric, columns, name):
    rng = np.random.default_rng(1)
    draws = [metric(name, columns.take(rng.integers(0, 4000, 4000))).value for _ in range(120)]
    assert np.std(draws) == pytest.approx(metric(name, columns).stderr, rel=0.4)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*RATED, "row_wise_pearson"])
@pytest.mark.parametrize(("noise", "spread"), [(1.0, 1.2), (3.0, 0.6)])
def test_intervals_cover_the_value_of_as_many_other_battles(metric, name, noise, spread):
    estimates = [metric(name, battles(n=4000, noise=noise, spread=spread, seed=seed)) for seed in range(150)]
    expected = np.mean([e.value for e in estimates])
    covered = np.mean([e.low <= expected <= e.high for e in estimates])
    assert covered > 0.9


def test_ties_count_half_and_peoples_ties_not_at_all(metric):
    columns = made([0, 0, 1, 1], [1, 2, 2, 0], [1, 0, 0.5, 0], [1, 0.5, 1, 1])
    estimate = metric("battle_accuracy", columns)
    assert estimate.value == pytest.approx((1 + 0.5 + 0) / 3)
    assert estimate.n == 3
    assert estimate.detail["tie_rate"] == pytest.approx(1 / 3)
    # Published: the tie goes to the second model, who won here.
    assert metric("battle_accuracy@compat", columns).value == pytest.approx(2 / 3)


def test_a_judge_in_both_orders_gives_the_mean_and_in_one_order_its_verdict(metric):
    first, second, outcome = [0, 1, 2], [1, 2, 0], [1, 0, 1]
    inconsistent = made(first, second, outcome, [1, 0, 1], exchanged=[0, 0, 1])
    assert metric("battle_accuracy", inconsistent).value == pytest.approx((0.5 + 1 + 1) / 3)
    assert metric("battle_accuracy@compat", inconsistent).value == 1
    once = made(first, second, outcome, [1, 0, np.nan], exchanged=[np.nan] * 3, orders="as given")
    estimate = metric("battle_accuracy", once)
    assert (estimate.value, estimate.n, estimate.n_failed) == (1, 2, 1)


def test_a_random_model_is_right_half_the_time(metric):
    columns = battles(n=20_000, noise=1e9, seed=5)
    estimate = metric("battle_accuracy", columns)
    assert estimate.low < 0.5 < estimate.high
    spearman = metric("elo_spearman", columns)
    assert spearman.low < 0 < spearman.high


def test_published_forms_are_those_of_the_plain_bootstrap(metric):
    """Against 1000 refits by the published solver, each from its own multinomial draw."""
    columns = battles(n=1200, m=5, seed=2)
    whole = {name: metric(f"{name}@compat", columns) for name in ("separability", "confidence_agreement", "elo_brier")}
    exact = {name: metric(f"{name}@compat:solver=lbfgs", columns) for name in whole}
    for name in whole:
        assert whole[name].value == pytest.approx(exact[name].value, abs=2e-4), name
    first, second = (columns.values[n].astype(int) for n in ("first_model", "second_model"))
    rows = distinct_battles(first, second, columns.values["outcome"], 5)
    newton = bootstrap_rounds(*rows, 5, solver="newton", rounds=50)
    lbfgs = bootstrap_rounds(*rows, 5, solver="lbfgs", rounds=50)
    assert np.abs(newton - lbfgs).max() < 0.1


def test_domains_are_held_against_all_battles_as_published(metric):
    columns = battles(n=6000, seed=3)
    domain = columns.take(np.arange(6000) < 2500)
    whole = published_elo(*_distinct(columns), 20)
    own = published_elo(*_distinct(domain, verdict=True), 20)
    from scipy.stats import spearmanr

    assert metric("elo_spearman@compat", domain).value == pytest.approx(spearmanr(whole, own).statistic, abs=1e-12)
    truth = published_elo(*_distinct(domain), 20)
    by_domain = metric("elo_spearman@compat:truth=domain", domain).value
    assert by_domain == pytest.approx(spearmanr(truth, own).statistic, abs=1e-12)


def _distinct(columns, *, verdict=False):
    first, second = (columns.values[n].astype(int) for n in ("first_model", "second_model"))
    given = np.where(columns.values["better"] == 1, 1 - columns.values["as_given"], columns.values["as_given"])
    return distinct_battles(first, second, (given > 0.5).astype(float) if verdict else columns.values["outcome"], 20)


def test_models_that_cannot_be_rated_are_named(metric):
    first, second = [0, 1, 0, 3, 4, 3], [1, 0, 1, 4, 3, 4]
    columns = made(first, second, [1, 1, 0, 1, 1, 0], [1, 1, 0, 1, 1, 0])
    for name in RATED:
        estimate = metric(name, columns)
        assert np.isnan(estimate.value)
        assert "model-0" in estimate.detail["reason"] or "model-3" in estimate.detail["reason"]
        assert "prior" in estimate.detail["reason"]
    assert np.isfinite(metric("elo_spearman:prior=0.25", columns).value)


def test_a_model_that_always_wins_by_the_verdicts_alone(metric):
    """People saw both win; the evaluated model never lets model-0 lose."""
    first, second = np.tile([0, 0, 1], 10), np.tile([1, 2, 2], 10)
    outcome = np.tile([1.0, 0, 1, 0, 1, 0], 5)
    columns = made(first, second, outcome, np.where(first == 0, 1.0, outcome))
    assert "model-0" in metric("separability", columns).detail["reason"]
    assert np.isfinite(metric("battle_accuracy", columns).value)


def test_nothing_answered(metric):
    columns = made([0, 1], [1, 0], [1, 0], [np.nan, np.nan])
    for name in (*RATED, "battle_accuracy", "row_wise_pearson", "separability@compat"):
        estimate = metric(name, columns)
        assert np.isnan(estimate.value)
        assert estimate.n_failed == 2
        assert estimate.detail["reason"] == "no verdict could be read"
    columns.values["answered"][:] = 0
    assert metric("battle_accuracy", columns).detail["reason"] == "every request failed"


def test_unknown_settings_are_refused(metric, columns):
    from harness.errors import HarnessError

    with pytest.raises(HarnessError, match="domain"):
        metric("elo_spearman@compat:truth=both", columns)
    with pytest.raises(HarnessError, match="lbfgs"):
        metric("separability@compat:solver=exact", columns)


def test_tables_are_made_once_for_all_metrics(columns):
    made_once = columns.once("test", tables)
    assert columns.once("test", tables) is made_once
    assert made_once.models == MODELS


def test_win_rates_are_drawn_of_people_and_of_the_model_the_best_first(columns):
    people, own = RowWisePearson().pictures(columns)
    assert (people.name, people.reference, own.reference) == ("people", True, False)
    assert own.rows == own.columns == people.rows
    exact = tables(columns)
    order = [exact.models.index(name) for name in people.rows]
    for matrix, rates in ((people, exact.truth_win_rates), (own, exact.predicted_win_rates)):
        assert np.allclose(matrix.values, rates[np.ix_(order, order)], equal_nan=True)
        low, value, high = (np.array(part) for part in (matrix.low, matrix.values, matrix.high))
        met = np.isfinite(value)
        assert ((low <= value) & (value <= high))[met].all()
    means = np.nanmean(people.values, axis=1)
    assert (np.diff(means) <= 0).all()
