"""The core's aggregates of the field, and the interface that they are made of."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import Field, FieldColumns
from harness.results.field import NotDefined, figures_of, means_of
from harness.results.field_aggregates import ELO, bradley_terry, less_field_mean, win_rate_over_field
from harness.stats import mean_estimate, win_rates


def field(rows, **more):
    return {name: FieldColumns.of(row, **more) for name, row in zip("abcd", rows, strict=False)}


def random_field(seed=0, m=4, n=50, missing=0.0):
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 3, size=(m, n)).astype(float)
    rows[rng.random((m, n)) < missing] = np.nan
    return rows


def difference(made, a, b):
    names, c = list(made.estimates), made.covariance
    i, j = names.index(a), names.index(b)
    gap = made.estimates[a].value - made.estimates[b].value
    return gap, c[i, i] + c[j, j] - 2 * c[i, j]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), names=st.permutations("abcd"))
def test_anchor_scale_and_labels_leave_differences_and_their_errors_as_they_are(seed, names):
    rows = random_field(seed)
    made = bradley_terry(field(rows))
    assert sum(e.value for e in made.estimates.values()) == pytest.approx(0, abs=1e-9)
    renamed = {name: FieldColumns.of(row) for name, row in zip(names, rows, strict=True)}
    others = [
        (bradley_terry(field(rows), anchor="c"), 1.0, "abcd"),
        (bradley_terry(field(rows), scale="elo"), ELO, "abcd"),
        (bradley_terry(renamed), 1.0, names),
    ]
    for other, points, labels in others:
        gap, variance = difference(made, "a", "b")
        again, theirs = difference(other, labels[0], labels[1])
        assert again == pytest.approx(points * gap, abs=1e-9)
        assert theirs == pytest.approx(points**2 * variance)
    anchored = others[0][0]
    assert (anchored.estimates["c"].value, anchored.estimates["c"].stderr) == (0.0, 0.0)
    for name, e in anchored.estimates.items():
        assert e.stderr**2 == pytest.approx(difference(anchored, name, "c")[1])


def test_lower_figures_win_where_lower_is_better():
    rows = random_field(1)
    up, down = bradley_terry(field(rows)), bradley_terry(field(-rows, higher_is_better=False))
    for name, e in up.estimates.items():
        assert down.estimates[name].value == pytest.approx(e.value)
    assert down.higher_is_better is True
    shares = win_rate_over_field(field(-rows, higher_is_better=False))
    for name, e in win_rate_over_field(field(rows)).estimates.items():
        assert shares.estimates[name].value == pytest.approx(e.value)


def test_a_win_rate_over_the_field_is_the_mean_of_its_win_rates():
    rows = random_field(2)
    made = win_rate_over_field(field(rows))
    rates = win_rates(rows).rate
    for i, e in enumerate(made.estimates.values()):
        assert e.value == pytest.approx(np.nanmean(rates[i]))
    # The wins of the one are the losses of the others.
    assert made.covariance.sum(axis=0) == pytest.approx(0, abs=1e-9)
    assert sum(e.value for e in made.estimates.values()) == pytest.approx(2.0)


def test_items_that_a_model_lacks_are_of_its_pairs_or_of_nobody():
    rows = random_field(3, missing=0.2)
    pairs, common = (win_rate_over_field(field(rows), items=items) for items in ("pairs", "common"))
    kept = ~np.isnan(rows).any(axis=0)
    assert {e.n for e in common.estimates.values()} == {int(kept.sum())}
    for i, e in enumerate(pairs.estimates.values()):
        assert (e.n, e.n_failed) == (int((~np.isnan(rows[i])).sum()), int(np.isnan(rows[i]).sum()))
    again = win_rate_over_field(field(rows[:, kept]))
    for name, e in common.estimates.items():
        assert e.value == pytest.approx(again.estimates[name].value)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(-50, 50), min_size=50, max_size=50))
def test_what_an_item_adds_to_all_models_is_taken_out(seed, hardness):
    rows = random_field(seed)
    made, moved = less_field_mean(field(rows)), less_field_mean(field(rows + np.array(hardness, dtype=float)))
    for name, e in made.estimates.items():
        assert moved.estimates[name].value == pytest.approx(e.value, abs=1e-9)
        assert moved.estimates[name].stderr == pytest.approx(e.stderr, abs=1e-9)


def test_a_difference_of_means_less_the_fields_is_the_paired_difference():
    rows = random_field(4)
    made = less_field_mean(field(rows))
    gap, variance = difference(made, "a", "b")
    paired = mean_estimate(rows[0] - rows[1])
    assert gap == pytest.approx(paired.value)
    assert math.sqrt(variance) == pytest.approx(paired.stderr)


def test_units_of_several_items_are_the_clusters_of_the_means():
    rows, units = random_field(5, n=40), np.repeat(np.arange(10), 4)
    models = {name: FieldColumns.of(row, units=units) for name, row in zip("abcd", rows, strict=True)}
    made = means_of(models, rows)
    for i, e in enumerate(made.estimates.values()):
        assert e.stderr == pytest.approx(mean_estimate(rows[i], clusters=units).stderr)
    assert np.diag(made.covariance) == pytest.approx([e.stderr**2 for e in made.estimates.values()])


def test_a_model_without_a_single_item_says_so():
    rows = random_field(6)
    rows[1] = np.nan
    made = win_rate_over_field(field(rows))
    assert math.isnan(made.estimates["b"].value)
    assert made.estimates["b"].detail["reason"] == "no item counts for it"
    assert made.estimates["a"].n == 50


def test_covariates_are_columns_by_name():
    rng = np.random.default_rng(7)
    rows = random_field(7)
    lengths = rng.gamma(2.0, 100.0, size=rows.shape)
    lengths[0, 0] = np.nan
    models = {
        name: FieldColumns.of(row, columns={"length": own, "codes": [[1.0, 2.0]] * 50})
        for name, row, own in zip("abcd", rows, lengths, strict=True)
    }
    made = bradley_terry(models, covariates=["length"])
    assert made.estimates["a"].n == 49
    assert made.estimates["a"].n_failed == 1
    assert len(made.notes) == 1
    assert "'length'" in made.notes[0]
    with pytest.raises(NotDefined, match="did you mean 'length'"):
        bradley_terry(models, covariates=["lenght"])
    with pytest.raises(NotDefined, match="arrays"):
        bradley_terry(models, covariates=["codes"])
    with pytest.raises(NotDefined, match="a list of names"):
        bradley_terry(models, covariates="length")


def test_a_metric_without_figures_of_items_is_not_defined():
    import dataclasses

    models = {name: dataclasses.replace(own, figures=None) for name, own in field(random_field()).items()}
    for aggregate in (figures_of, bradley_terry, win_rate_over_field, less_field_mean):
        with pytest.raises(NotDefined):
            aggregate(models)


def test_a_field_takes_further_facts_by_name_only():
    with pytest.raises(TypeError):
        Field({}, None, None)
