import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.results.aggregate import maximum, mean, minimum
from harness.stats import Estimate, mean_estimate

NAN = float("nan")


def part(value, stderr, n=100, n_failed=0, *, reach=1.96):
    return Estimate(value, stderr, value - reach * stderr, value + reach * stderr, n, n_failed)


def numbers(e):
    return [e.value, e.stderr, e.low, e.high, e.n, e.n_failed]


@pytest.mark.parametrize("aggregate", [mean, minimum, maximum])
def test_one_part_keeps_its_value_and_interval(aggregate):
    only = Estimate(0.9, 0.03, 0.82, 0.95, 100, 3)
    made = aggregate([only])
    assert [made.value, made.low, made.high, made.n, made.n_failed] == pytest.approx([0.9, 0.82, 0.95, 100, 3])
    assert made.stderr == pytest.approx(0.03, rel=0.02)


def test_the_errors_of_a_mean_add_in_squares():
    made = mean([part(0.5, 0.03, 10, 1), part(0.7, 0.04, 20, 2)])
    assert numbers(made) == pytest.approx([0.6, 0.025, 0.6 - 1.96 * 0.025, 0.6 + 1.96 * 0.025, 30, 3])


def test_a_mean_of_perfect_parts_is_not_certain_to_be_perfect():
    perfect = mean_estimate(np.ones(10), bounds=(0, 1))
    made = mean([perfect, perfect])
    assert (made.value, made.stderr, made.high) == (1.0, 0.0, 1.0)
    assert made.low == pytest.approx(1 - (1 - perfect.low) / math.sqrt(2))


def test_chance_of_a_mean_is_that_of_its_parts_with_the_same_weights_where_all_have_one():
    parts = [dataclasses.replace(part(0.5, 0.03), chance=0.25), dataclasses.replace(part(0.7, 0.04), chance=0.5)]
    assert mean(parts, weights=[3, 1]).chance == 0.3125
    assert mean([*parts, part(0.6, 0.05)]).chance is None
    assert minimum(parts).chance is None


def test_a_mean_stays_within_the_bounds_of_its_parts():
    made = mean([Estimate(0.98, 0.02, 0.9, 0.999, 50), Estimate(0.99, 0.01, 0.95, 1.0, 50)])
    assert made.low < made.value < made.high <= 1


@pytest.mark.parametrize("aggregate", [mean, minimum, maximum])
def test_a_part_without_an_error_leaves_the_aggregate_without_one(aggregate):
    made = aggregate([part(0.5, 0.03), Estimate(0.4, NAN, NAN, NAN, 1)])
    assert math.isnan(made.stderr)
    assert math.isnan(made.low)
    assert math.isnan(made.high)
    assert made.value == {mean: pytest.approx(0.45), minimum: 0.4, maximum: 0.5}[aggregate]


def test_the_minimum_is_the_lowest_and_its_interval_holds_it():
    made = minimum([part(0.7, 0.02, 10), part(0.5, 0.02, 20, 1), part(0.9, 0.02, 30)])
    assert (made.value, made.n, made.n_failed) == (0.5, 60, 1)
    assert made.low == pytest.approx(0.5 - 1.96 * 0.02)
    assert 0.5 + 1.96 * 0.02 < made.high < 0.5 + 2.5 * 0.02
    assert made.stderr == pytest.approx(0.02, rel=0.02)


def test_a_minimum_of_fractions_stays_a_fraction():
    assert minimum([Estimate(0.99, 0.01, 0.9, 1.0, 9)] * 3).high == 1.0


def test_the_maximum_is_the_minimum_from_the_other_side():
    parts = [part(0.7, 0.02, 10), part(0.5, 0.02, 20, 1), part(0.9, 0.02, 30)]
    made = maximum(parts)
    lowest = minimum([part(-0.7, 0.02, 10), part(-0.5, 0.02, 20, 1), part(-0.9, 0.02, 30)])
    assert numbers(made) == [0.9, lowest.stderr, -lowest.high, -lowest.low, 60, 1]
    assert made.low < made.value < made.high
    assert maximum([Estimate(0.01, 0.01, 0.0, 0.1, 9)] * 3).low == 0.0


def test_the_same_parts_give_the_same_minimum():
    parts = [part(0.5, 0.1), part(0.5, 0.1)]
    assert minimum(parts) == minimum(parts)


def simulated(truths, stderrs, aggregate, rounds=2000):
    """How often the interval holds the aggregate of the true figures; the spread of the values; the mean error."""
    rng = np.random.default_rng(3)
    target = {mean: np.mean, minimum: np.min, maximum: np.max}[aggregate](truths)
    made = [
        aggregate([part(x, s) for x, s in zip(rng.normal(truths, stderrs), stderrs, strict=True)])
        for _ in range(rounds)
    ]
    covered = np.mean([e.low <= target <= e.high for e in made])
    return covered, np.std([e.value for e in made]), np.mean([e.stderr for e in made])


def test_the_interval_of_a_mean_holds_the_true_mean_and_its_error_is_the_spread():
    covered, spread, stderr = simulated([0.4, 0.5, 0.7], [0.02, 0.04, 0.01], mean)
    assert covered == pytest.approx(0.95, abs=0.015)
    assert stderr == pytest.approx(spread, rel=0.05)


@pytest.mark.parametrize("truths", [[0.5] * 5, [0.4, 0.5, 0.6], [0.45, 0.5, 0.5, 0.9]])
def test_the_interval_of_a_minimum_holds_the_true_minimum_at_least_as_often_as_it_says(truths):
    covered, spread, stderr = simulated(truths, [0.03] * len(truths), minimum, rounds=500)
    assert covered >= 0.93
    assert stderr == pytest.approx(spread, rel=0.15)


parts_and_weights = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0, 0.2), st.floats(0.01, 100)), min_size=2, max_size=6
).map(lambda drawn: ([part(v, s) for v, s, _ in drawn], [w for *_, w in drawn]))


@given(parts_and_weights, st.floats(0.01, 100))
def test_only_the_ratio_of_the_weights_matters(drawn, factor):
    parts, weights = drawn
    scaled = mean(parts, weights=[factor * w for w in weights])
    assert numbers(mean(parts, weights=weights)) == pytest.approx(numbers(scaled), abs=1e-9)


@given(parts_and_weights, parts_and_weights, st.floats(0.01, 100))
def test_a_mean_of_means_is_the_mean_at_the_products_of_the_weights(one, other, ratio):
    nested = mean([mean(one[0], weights=one[1]), mean(other[0], weights=other[1])], weights=[ratio, 1])
    shares = [ratio * w / sum(one[1]) for w in one[1]] + [w / sum(other[1]) for w in other[1]]
    assert numbers(nested) == pytest.approx(numbers(mean([*one[0], *other[0]], weights=shares)), abs=1e-9)


def test_a_weighted_mean_by_hand():
    made = mean([part(0.5, 0.03), part(0.7, 0.04), part(0.9, 0.05)], weights=[3, 2, 1])
    stderr = math.sqrt((3 * 0.03) ** 2 + (2 * 0.04) ** 2 + 0.05**2) / 6
    assert numbers(made)[:3] == pytest.approx([3.8 / 6, stderr, 3.8 / 6 - 1.96 * stderr])


def test_counts_as_weights_pool_the_items():
    halves = [np.repeat([1.0, 0.0], [7, 3]), np.repeat([1.0, 0.0], [5, 45])]
    made = mean([mean_estimate(h, bounds=(0, 1)) for h in halves], weights=[10, 50])
    assert made.value == pytest.approx(np.concatenate(halves).mean())


def test_the_interval_of_a_nested_weighted_mean_holds_the_true_one():
    rng, truths, stderrs = np.random.default_rng(5), np.array([0.4, 0.5, 0.7, 0.9]), np.array([0.02, 0.05, 0.01, 0.04])

    def nested(values):
        first, second, third, fourth = (part(v, s) for v, s in zip(values, stderrs, strict=True))
        return mean([mean([first, second], weights=[3, 1]), mean([third, fourth], weights=[0.5, 2])], weights=[1, 4])

    target = nested(truths).value
    made = [nested(rng.normal(truths, stderrs)) for _ in range(2000)]
    assert np.mean([e.low <= target <= e.high for e in made]) == pytest.approx(0.95, abs=0.015)
    assert made[0].stderr == pytest.approx(np.std([e.value for e in made]), rel=0.05)
