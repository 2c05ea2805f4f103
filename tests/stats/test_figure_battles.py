"""Strengths from figures on the same items, against the fit of battles, a brute-force likelihood and simulations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from harness import stats
from harness.stats.errors import NoFiniteMaximum, OutOfRange, ShapeMismatch, UnusableData
from harness.stats.figure_battles import fit_figures


def drawn(seed, m=4, n=40, missing=0.15):
    rng = np.random.default_rng(seed)
    figures = np.round(rng.normal(size=(m, n)) + 0.3 * np.arange(m)[:, None], 1)
    figures[rng.random((m, n)) < missing] = np.nan
    return figures, rng.integers(0, n // 2, n)


def battles(figures, units):
    """First, second, credit and unit of every battle, one at a time."""
    m, n = figures.shape
    return [
        (a, b, 0.5 + 0.5 * np.sign(figures[a, i] - figures[b, i]), units[i], i)
        for i in range(n)
        for a in range(m)
        for b in range(a)
        if not np.isnan(figures[a, i] + figures[b, i])
    ]


@pytest.mark.parametrize("prior", [0.0, 0.5])
@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_without_covariates_it_is_the_fit_of_all_battles(missing, prior):
    figures, units = drawn(0, missing=missing)
    first, second, credit, clusters, _ = map(list, zip(*battles(figures, units), strict=True))
    known = stats.fit(first, second, credit, n_players=4, clusters=clusters, prior=prior)
    fitted = fit_figures(figures, units=units, prior=prior)
    assert fitted.strengths == pytest.approx(known.strengths, abs=1e-9)
    # That fit takes small clusters' adjustment to first order, this one whole.
    assert fitted.covariance == pytest.approx(known.covariance, rel=5e-3, abs=1e-4)
    assert fitted.degrees_of_freedom == pytest.approx(known.degrees_of_freedom)


@pytest.mark.parametrize("difference", ["ratio", "plain"])
def test_strengths_and_coefficients_maximise_the_likelihood_and_have_its_sandwich(difference):
    figures, _ = drawn(1, m=3, n=30)
    lengths = np.random.default_rng(2).gamma(2.0, 100.0, size=(2, 3, 30))
    rows = battles(figures, np.arange(30))
    apart = []
    for a, b, _, _, i in rows:
        gap, total = lengths[:, a, i] - lengths[:, b, i], lengths[:, a, i] + lengths[:, b, i]
        apart.append(gap / total if difference == "ratio" else gap)
    styles = np.array(apart)
    styles /= np.sqrt((styles**2).mean(axis=0))
    design = np.zeros((len(rows), 5))
    for row, (a, b, *_) in enumerate(rows):
        design[row, a], design[row, b] = 1, -1
    design[:, 3:] = styles
    credit = np.array([row[2] for row in rows])
    items = np.array([row[4] for row in rows])

    def loss(free):
        gap = design @ np.concatenate([free[:2], [-free[:2].sum()], free[2:]])
        return float(np.logaddexp(0, gap).sum() - credit @ gap)

    best = minimize(loss, np.zeros(4), tol=1e-12).x
    strengths = np.array([*best[:2], -best[:2].sum()])
    fitted = fit_figures(figures, covariates=lengths, difference=difference)
    assert fitted.strengths == pytest.approx(strengths, abs=1e-5)
    assert fitted.coefficients == pytest.approx(best[2:], abs=1e-5)
    # The sandwich by item, with each item's pull adjusted as CR2 has it, in full.
    expected = 1 / (1 + np.exp(-design @ np.concatenate([strengths, best[2:]])))
    weight = expected * (1 - expected)
    curvature = design.T @ (weight[:, None] * design)
    inverse = np.linalg.pinv(curvature)
    values, vectors = np.linalg.eigh(inverse)
    values = np.maximum(values, 0)
    root = vectors * np.sqrt(values) @ vectors.T
    back = vectors * np.where(values > 1e-12, 1 / np.sqrt(np.maximum(values, 1e-12)), 0) @ vectors.T
    meat = np.zeros((5, 5))
    for item in np.unique(items):
        own = items == item
        held = root @ (design[own].T @ (weight[own, None] * design[own])) @ root
        of_item, axes = np.linalg.eigh(held)
        factor = axes * (1 / np.sqrt(1 - np.clip(of_item, 0, None))) @ axes.T
        pull = back @ factor @ root @ (design[own].T @ (credit[own] - expected[own]))
        meat += np.outer(pull, pull)
    assert fitted.covariance == pytest.approx(inverse @ meat @ inverse, rel=1e-3, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.lists(st.integers(0, 3), min_size=8, max_size=8), min_size=3, max_size=4),
    shift=st.integers(-1000, 1000),
    order=st.randoms(use_true_random=False),
)
def test_a_shift_of_all_figures_and_the_order_of_models_and_items_change_nothing(rows, shift, order):
    figures = np.array(rows, dtype=float)
    fitted = fit_figures(figures, prior=0.3)
    for other in (figures + shift, figures * 8, np.exp(figures)):
        again = fit_figures(other, prior=0.3)
        assert again.strengths == pytest.approx(fitted.strengths, abs=1e-9)
        assert again.covariance == pytest.approx(fitted.covariance, abs=1e-9)
    turned = fit_figures(-figures, higher_is_better=False, prior=0.3)
    assert turned.strengths == pytest.approx(fitted.strengths, abs=1e-9)
    models, items = list(range(len(rows))), list(range(8))
    order.shuffle(models)
    order.shuffle(items)
    shuffled = fit_figures(figures[np.ix_(models, items)], prior=0.3)
    assert shuffled.strengths == pytest.approx(fitted.strengths[models], abs=1e-9)
    assert shuffled.covariance == pytest.approx(fitted.covariance[np.ix_(models, models)], abs=1e-9)
    assert fitted.strengths.sum() == pytest.approx(0, abs=1e-9)
    assert fitted.covariance.sum(axis=0) == pytest.approx(0, abs=1e-9)


def test_copies_of_items_in_one_unit_add_no_certainty():
    figures, _ = drawn(3, missing=0.0)
    once = fit_figures(figures)
    thrice = fit_figures(np.tile(figures, 3), units=np.tile(np.arange(40), 3))
    assert thrice.strengths == pytest.approx(once.strengths)
    assert thrice.covariance == pytest.approx(once.covariance)


def simulated(rng, m, n, effect):
    """Figures that follow the model with item effects shared by all, so that battles of one item go together."""
    ability = np.linspace(-0.5, 0.5, m)[:, None]
    lengths = rng.gamma(4.0, 50.0, size=(m, n))
    noise = rng.gumbel(size=(m, n))
    # Of two with Gumbel noise the first is the higher with the logistic probability of their difference.
    return ability + effect * lengths / 100.0 + noise, lengths


@pytest.mark.parametrize("effect", [0.0, 1.0])
def test_intervals_hold_the_true_differences_as_often_as_they_say(effect):
    rng = np.random.default_rng(5)
    m, n, rounds, held, total = 4, 60, 250, 0, 0
    truth = np.linspace(-0.5, 0.5, m)
    for _ in range(rounds):
        figures, lengths = simulated(rng, m, n, effect)
        covariates = None if effect == 0 else lengths[None]
        fitted = fit_figures(figures, covariates=covariates, difference="plain")
        from scipy.stats import t

        for a in range(m):
            for b in range(a):
                gap = fitted.strengths[a] - fitted.strengths[b] - (truth[a] - truth[b])
                c = fitted.covariance
                reach = t.ppf(0.975, fitted.degrees_of_freedom) * np.sqrt(c[a, a] + c[b, b] - 2 * c[a, b])
                held += abs(gap) <= reach
                total += 1
    assert 0.93 <= held / total <= 0.97


def test_a_covariate_that_decides_is_taken_out():
    rng = np.random.default_rng(6)
    lengths = rng.gamma(4.0, 50.0, size=(3, 400))
    lengths[2] *= 2.0  # as good as the others, but longer
    figures = lengths / 100.0 + rng.gumbel(size=(3, 400))
    plain, styled = fit_figures(figures), fit_figures(figures, covariates=lengths[None], difference="plain")
    assert plain.strengths[2] > 0.5
    error = np.sqrt(np.diag(styled.covariance))
    assert (np.abs(styled.strengths) < 3 * error[:3]).all()
    assert styled.coefficients[0] > 5 * error[3]


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(NoFiniteMaximum) as refused:
        fit_figures([[1, 1, 1], [0, 0, 0], [0, 0, 0]])
    assert refused.value.groups == ((0,), (1, 2))
    with pytest.raises(NoFiniteMaximum):  # never met
        fit_figures([[1, np.nan], [np.nan, 1]])
    with pytest.raises(ShapeMismatch):
        fit_figures([1.0, 2.0])
    with pytest.raises(ShapeMismatch):
        fit_figures([[1.0, 2.0], [2.0, 1.0]], covariates=[[1.0]])
    with pytest.raises(OutOfRange):
        fit_figures([[1, 0], [0, 1]], covariates=[[[-1.0, 1], [1, 1]]])
    with pytest.raises(UnusableData, match="never differ"):
        fit_figures([[1, 0], [0, 1]], covariates=[[[1.0, 1], [1, 1]]])
    with pytest.raises(UnusableData, match="no finite maximum"):  # the longer always wins
        fit_figures([[1, 0, 1], [0, 1, 0]], covariates=[[[2.0, 1, 3], [1, 2, 1]]])
    with pytest.raises(OutOfRange):
        fit_figures([[1, 0], [0, 1]], prior=-1.0)


def test_a_single_item_has_no_error():
    fitted = fit_figures([[1.0], [1.0]])
    assert np.isnan(fitted.covariance).all()
    assert fitted.strengths.tolist() == [0.0, 0.0]


def test_infinite_figures_are_figures():
    fitted = fit_figures([[np.inf, 0.0, 1.0], [np.inf, -np.inf, 2.0]])
    assert fitted.strengths == pytest.approx([0.0, 0.0])
