"""Battles with covariates, position and anchor: against a general optimiser, refits and exact symmetries."""

import math

import numpy as np
import pytest
from battle_fields import design, drawn, parameters, slow_maximum
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats import (
    NoFiniteMaximum,
    NotIdentified,
    OutOfRange,
    SeparatedByCovariates,
    ShapeMismatch,
    bootstrap_fit,
    fit,
    jackknife_fit,
)

seeds = st.integers(0, 10_000)


@pytest.mark.parametrize(("prior", "covariate_prior"), [(0.0, 0.0), (0.5, 0.0), (0.5, 2.0)])
@pytest.mark.parametrize("anchor", [0, 3])
def test_it_is_the_maximum_that_a_general_optimiser_finds(prior, covariate_prior, anchor):
    battles = drawn(1)
    expected = slow_maximum(battles, 5, prior=prior, covariate_prior=covariate_prior, anchor=anchor)
    fitted = fit(**battles, prior=prior, covariate_prior=covariate_prior, anchor=anchor)
    assert fitted.converged
    assert fitted.strengths[anchor] == 0.0
    assert parameters(fitted) == pytest.approx(expected, abs=1e-6)


def test_a_prior_around_the_anchor_is_no_shift_of_one_around_the_mean():
    battles = {name: drawn(2)[name] for name in ("first", "second", "outcome")}
    around_mean, around_anchor = fit(**battles, prior=5.0), fit(**battles, prior=5.0, anchor=1)
    assert np.ptp(around_mean.strengths - around_anchor.strengths) > 0.01
    none = {"covariates": np.empty((400, 0)), "position": np.zeros(400), "weights": np.ones(400)}
    exact = slow_maximum({**battles, **none}, 5, prior=5.0, anchor=1)
    assert around_anchor.strengths == pytest.approx(exact[:5], abs=1e-6)


def test_without_covariates_an_anchor_only_shifts():
    battles = {name: drawn(3)[name] for name in ("first", "second", "outcome", "weights", "clusters")}
    free, held = fit(**battles), fit(**battles, anchor=2)
    assert held.strengths == pytest.approx(free.strengths - free.strengths[2], abs=1e-12)
    turn = np.eye(5)
    turn[:, 2] -= 1
    assert held.covariance == pytest.approx(turn @ free.covariance @ turn.T, abs=1e-12)
    assert not held.covariance[2].any()
    assert not held.covariance[:, 2].any()


def _spelled_out(battles, fitted, clusters, power):
    """The sandwich, or the moves of the jackknife, with every cluster's matrix spelled out."""
    m, matrix = 5, np.delete(design(battles, 5), 0, axis=1)
    values = np.delete(parameters(fitted), 0)
    expected = 1 / (1 + np.exp(-matrix @ values))
    weight = battles["weights"] * expected * (1 - expected)
    bread = np.linalg.inv(matrix.T @ (weight[:, None] * matrix))
    eigenvalues, vectors = np.linalg.eigh(bread)
    root = vectors * np.sqrt(eigenvalues) @ vectors.T
    moves = []
    for label in np.unique(clusters):
        rows = clusters == label
        pull = matrix[rows].T @ (battles["weights"] * (battles["outcome"] - expected))[rows]
        own = matrix[rows].T @ (weight[rows, None] * matrix[rows])
        held, axes = np.linalg.eigh(np.eye(len(bread)) - root @ own @ root)
        moves.append(root @ (axes * held**-power) @ axes.T @ root @ pull)
    return np.insert(np.array(moves), 0, 0.0, axis=1), m


@pytest.mark.parametrize("clusters", [60, 8])
def test_the_covariance_is_the_sandwich_of_clusters_with_their_bias_reduced(clusters):
    battles = drawn(4, clusters=clusters)
    fitted = fit(**battles, anchor=0)
    moves, _ = _spelled_out(battles, fitted, battles["clusters"], 0.5)
    # Of small clusters the adjustment is to first order, half a percent at most.
    assert np.sqrt(np.diag(fitted.joint_covariance)) == pytest.approx(np.sqrt(np.diag(moves.T @ moves)), rel=5e-3)
    assert fitted.joint_covariance == pytest.approx(moves.T @ moves, rel=0.02, abs=2e-4)
    assert fitted.covariance == pytest.approx(fitted.joint_covariance[:5, :5])


def test_the_covariance_of_independent_battles_counts_a_weight_as_so_many():
    battles = drawn(5)
    del battles["clusters"]
    fitted = fit(**battles, anchor=0)
    counts = battles["weights"].astype(int)
    spread = {name: np.repeat(array, counts, axis=0) for name, array in battles.items()}
    spread["weights"] = np.ones(counts.sum())
    one_by_one = fit(**spread, anchor=0)
    moves, _ = _spelled_out(spread, one_by_one, np.arange(counts.sum()), 0.0)
    n = counts.sum()
    assert fitted.joint_covariance == pytest.approx(moves.T @ moves * n / (n - 1), rel=1e-6, abs=1e-12)
    assert one_by_one.joint_covariance == pytest.approx(fitted.joint_covariance, rel=1e-9, abs=1e-12)
    every_battle_a_cluster = fit(**spread, clusters=np.arange(n), anchor=0)
    assert every_battle_a_cluster.joint_covariance == pytest.approx(fitted.joint_covariance, rel=1e-9, abs=1e-12)


def test_many_clusters_are_summed_in_parts(monkeypatch):
    battles = drawn(6)
    whole, left_out = fit(**battles), jackknife_fit(**battles)
    monkeypatch.setattr("harness.stats._pulls._HELD", 64)
    assert fit(**battles).joint_covariance == pytest.approx(whole.joint_covariance, rel=1e-9, abs=1e-15)
    assert jackknife_fit(**battles).values == pytest.approx(left_out.values, rel=1e-9)


@pytest.mark.parametrize("clusters", [40, 6])
def test_the_jackknife_is_nearly_that_of_refits(clusters):
    battles = drawn(7, clusters=clusters)
    found = jackknife_fit(**battles, anchor=0)
    labels = battles["clusters"]
    refits = []
    for label in np.unique(labels):
        rest = {name: array[labels != label] for name, array in battles.items()}
        refits.append(parameters(fit(**rest, anchor=0, n_players=5)))
    whole = parameters(fit(**battles, anchor=0))
    moved = np.array(refits) - whole
    # One step is the better the less a cluster moves.
    assert found.values - whole == pytest.approx(moved, abs=(0.015 if clusters == 40 else 0.08) * np.abs(moved).max())
    moves, _ = _spelled_out(battles, fit(**battles, anchor=0), labels, 1.0)
    assert found.values == pytest.approx(whole - moves, abs=1e-9)
    around = np.array(refits) - np.mean(refits, axis=0)
    g = len(refits)
    brute = np.sqrt(np.diag((g - 1) / g * around.T @ around))
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(brute, rel=0.03)
    assert (found.labels == np.unique(labels, return_inverse=True)[1]).all()


def test_a_cluster_that_cannot_be_left_out_has_no_values():
    found = jackknife_fit([1, 1, 1, 2, 2], [0, 0, 0, 0, 0], [1, 0, 1, 1, 0], clusters=[0, 0, 1, 2, 2], anchor=0)
    assert np.isnan(found.values).any(axis=1).tolist() == [False, False, True]
    assert np.isnan(found.covariance).all()


def test_the_bootstrap_draws_clusters_with_a_seed_and_agrees_with_the_sandwich():
    battles = drawn(8, n=600, clusters=120)
    options = {"replicates": 200, "anchor": 0}
    found = bootstrap_fit(**battles, **options, rng=np.random.default_rng(0))
    assert (found == bootstrap_fit(**battles, **options, rng=np.random.default_rng(0))).all()
    error = np.sqrt(np.diag(fit(**battles, anchor=0).joint_covariance))
    assert found.shape == (200, 8)
    assert (found[:, 0] == 0).all()
    assert found.std(axis=0)[1:] == pytest.approx(error[1:], rel=0.25)
    plain = {name: battles[name] for name in ("first", "second", "outcome", "clusters")}
    tables = bootstrap_fit(**plain, **options, rng=np.random.default_rng(0))
    spread = np.sqrt(np.diag(fit(**plain, anchor=0).covariance))
    assert tables.std(axis=0)[1:] == pytest.approx(spread[1:], rel=0.25)


def test_a_replicate_is_the_fit_with_multiplicities_as_weights():
    battles = drawn(9, clusters=30)
    drawn_once = np.random.default_rng(5).integers(0, 30, 30)
    times = np.bincount(drawn_once, minlength=30)[battles["clusters"]]
    found = bootstrap_fit(**battles, rng=np.random.default_rng(5), replicates=1)[0]
    again = fit(**{**battles, "weights": battles["weights"] * times})
    assert found == pytest.approx(parameters(again), abs=1e-7)


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_changing_places_changes_nothing(seed):
    battles = drawn(seed, n=250)
    swap = np.random.default_rng(seed).random(250) < 0.5
    turned = {
        **battles,
        "first": np.where(swap, battles["second"], battles["first"]),
        "second": np.where(swap, battles["first"], battles["second"]),
        "outcome": np.where(swap, 1 - battles["outcome"], battles["outcome"]),
        "covariates": np.where(swap[:, None], -battles["covariates"], battles["covariates"]),
        "position": np.where(swap, -battles["position"], battles["position"]),
    }
    a, b = (fit(**rows, anchor=1, standardise=True) for rows in (battles, turned))
    assert parameters(a) == pytest.approx(parameters(b), abs=1e-10)
    assert a.joint_covariance == pytest.approx(b.joint_covariance, abs=1e-10)


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_the_order_of_battles_and_how_weights_are_split_change_nothing(seed):
    battles = drawn(seed, n=250)
    rng = np.random.default_rng(seed)
    order = rng.permutation(250)
    rows = rng.permutation(500)
    split = {name: np.concatenate([array, array])[rows] for name, array in battles.items()}
    split["weights"] = split["weights"] / 2
    a = fit(**battles)
    for other in ({name: array[order] for name, array in battles.items()}, split):
        b = fit(**other)
        assert parameters(a) == pytest.approx(parameters(b), abs=1e-9)
        assert a.joint_covariance == pytest.approx(b.joint_covariance, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=seeds, factor=st.floats(0.01, 100.0))
def test_standardised_covariates_have_no_unit(seed, factor):
    battles = drawn(seed, n=250)
    a = fit(**battles, standardise=True)
    b = fit(**{**battles, "covariates": battles["covariates"] * factor}, standardise=True)
    assert parameters(a) == pytest.approx(parameters(b), abs=1e-9)
    assert b.scales == pytest.approx(a.scales * factor)
    mean_square = np.average(battles["covariates"] ** 2, axis=0, weights=battles["weights"])
    assert a.scales == pytest.approx(np.sqrt(mean_square))
    assert a.coefficients == pytest.approx(fit(**battles).coefficients * a.scales, abs=1e-8)


@settings(max_examples=25, deadline=None)
@given(seed=seeds, better=st.integers(1, 4))
def test_a_separated_field_is_named(seed, better):
    battles = drawn(seed, n=300)
    names = [f"model {i}" for i in range(5)]
    ahead = (battles["first"] < better).astype(float) - (battles["second"] < better)
    battles["outcome"] = np.where(ahead == 0, battles["outcome"], ahead > 0)
    with pytest.raises(NoFiniteMaximum, match="model 0") as caught:
        fit(**battles, names=names)
    sides = [set(group) for group in caught.value.groups]
    assert not any(0 in side and 4 in side for side in sides)
    assert fit(**battles, names=names, prior=0.1).converged


@pytest.mark.parametrize("which", ["covariates", "position"])
def test_covariates_that_tell_every_winner_are_refused(which):
    battles = drawn(10)
    side = np.where(battles["position"] == 0, 1.0, battles["position"])
    battles["outcome"] = (side > 0).astype(float)
    battles["position"] = side if which == "position" else np.roll(side, 1)
    if which == "covariates":
        battles["covariates"][:, 0] = side
    with pytest.raises(SeparatedByCovariates):
        fit(**battles)
    assert fit(**battles, covariate_prior=0.5).converged


def test_covariates_without_a_coefficient_of_their_own_are_named():
    battles = drawn(11)
    nought, doubled, of_players = (battles["covariates"].copy() for _ in range(3))
    nought[:, 1] = 0.0
    doubled[:, 1] = 2 * doubled[:, 0]
    of_players[:, 1] = np.arange(5.0)[battles["first"]] - np.arange(5.0)[battles["second"]]
    for covariates, columns in ((nought, (1,)), (doubled, (0, 1)), (of_players, (1,))):
        with pytest.raises(NotIdentified) as caught:
            fit(**{**battles, "covariates": covariates})
        assert caught.value.columns == columns
        assert fit(**{**battles, "covariates": covariates}, covariate_prior=0.1).converged


def test_a_baseline_that_is_always_shown_first_leaves_no_position_to_fit():
    with pytest.raises(NotIdentified) as caught:
        fit([1, 1, 2, 2], [0, 0, 0, 0], [1, 0, 0.5, 0], position=[-1, -1, -1, -1], anchor=0)
    assert caught.value.columns == (-1,)


def test_two_groups_that_never_met_are_named():
    with pytest.raises(NoFiniteMaximum) as caught:
        fit([0, 1, 2, 3], [1, 0, 3, 2], [1, 1, 1, 1], names="abcd")
    assert caught.value.groups == ((0, 1), (2, 3))
    assert "{a, b}, {c, d}" in str(caught.value)


def test_failed_battles_are_left_out_and_counted():
    battles = drawn(12)
    holes = {name: array.copy() for name, array in battles.items()}
    holes["outcome"][:3] = np.nan
    holes["covariates"][3, 0] = np.nan
    holes["position"][4] = np.nan
    holes["weights"][5:8] = 0.0
    found, kept = fit(**holes), fit(**{name: array[8:] for name, array in battles.items()})
    assert found.n_failed == 5
    assert parameters(found) == pytest.approx(parameters(kept), abs=1e-9)
    assert found.joint_covariance == pytest.approx(kept.joint_covariance, abs=1e-9)


def test_one_cluster_has_no_error():
    battles = {**drawn(13), "clusters": np.zeros(400)}
    found = fit(**battles)
    assert np.isnan(found.joint_covariance).all()
    assert math.isnan(found.degrees_of_freedom)
    assert np.isfinite(parameters(found)).all()


def test_input_that_cannot_be_meant_is_refused():
    battles = drawn(14)
    wrong = [
        ({"anchor": 5}, OutOfRange),
        ({"anchor": -1}, OutOfRange),
        ({"covariate_prior": -1.0}, OutOfRange),
        ({"covariates": battles["covariates"][:5]}, ShapeMismatch),
        ({"covariates": battles["covariates"][:, 0]}, ShapeMismatch),
        ({"covariates": battles["covariates"] * np.inf}, OutOfRange),
        ({"position": battles["position"] * 2}, OutOfRange),
        ({"position": battles["position"][:5]}, ShapeMismatch),
        ({"second": battles["first"]}, OutOfRange),
        ({"names": ["a"]}, ShapeMismatch),
        ({"clusters": np.zeros(3)}, ShapeMismatch),
        ({"weights": np.zeros(400)}, NoFiniteMaximum),
    ]
    for change, error in wrong:
        with pytest.raises(error), np.errstate(invalid="ignore"):
            fit(**{**battles, **change})


def test_choix_finds_the_same_strengths():
    choix = pytest.importorskip("choix")
    battles = drawn(15, ties=0.0)
    first, second, won = battles["first"], battles["second"], battles["outcome"] == 1
    pairs = list(zip(np.where(won, first, second).tolist(), np.where(won, second, first).tolist(), strict=True))
    assert fit(first, second, won.astype(float)).strengths == pytest.approx(choix.ilsr_pairwise(5, pairs), abs=1e-6)
    expected = choix.opt_pairwise(5, pairs, alpha=0.5)
    # That prior is on squares without the half.
    assert fit(first, second, won.astype(float), prior=1.0).strengths == pytest.approx(
        expected - expected.mean(), abs=1e-4
    )
