"""pass@k against the enumeration of all choices of k samples."""

from itertools import combinations

import numpy as np
import pytest
from harness_plugins.curation.passes import AnsweredRate, PassAtK, PassRate, TruncatedRate, pass_at_k
from hypothesis import given
from hypothesis import strategies as st

from harness.metric import Columns

labels = st.integers(1, 8).flatmap(
    lambda n: st.tuples(
        st.lists(st.lists(st.integers(0, 1), min_size=n, max_size=n), min_size=1, max_size=4), st.integers(1, n)
    )
)


@given(labels)
def test_pass_at_k_is_the_mean_over_all_choices(drawn):
    rows, k = drawn
    expected = [np.mean([max(choice) for choice in combinations(row, k)]) for row in rows]
    np.testing.assert_allclose(pass_at_k(np.array(rows, dtype=float), k), expected, atol=1e-12)


def test_large_numbers_of_samples_neither_overflow_nor_lose_digits():
    correct = np.zeros((1, 5000))
    correct[0, 0] = 1
    assert pass_at_k(correct, 2500)[0] == pytest.approx(0.5, abs=1e-12)


@given(labels)
def test_pass_at_k_grows_with_k(drawn):
    correct = np.array(drawn[0], dtype=float)
    curve = np.array([pass_at_k(correct, k) for k in range(1, correct.shape[1] + 1)])
    assert (np.diff(curve, axis=0) >= -1e-12).all()
    np.testing.assert_allclose(curve[0], correct.mean(axis=1), atol=1e-12)
    np.testing.assert_array_equal(curve[-1], correct.max(axis=1))


def test_items_with_a_failed_sample_are_failed_and_not_wrong():
    nan = np.nan
    columns = Columns({"correct": np.array([[1.0, 0.0], [1.0, nan], [1.0, 1.0]])})
    estimate = PassRate().compute(columns)
    assert (estimate.value, estimate.n, estimate.n_failed) == (0.75, 2, 1)
    assert PassAtK(2).compute(columns).value == 1.0


def test_more_tries_than_samples_is_said_and_not_computed():
    estimate = PassAtK(3).compute(Columns({"correct": np.ones((2, 2))}))
    assert np.isnan(estimate.value)
    assert "pass@3 needs at least 3 samples of every prompt, and there are 2" in estimate.detail["reason"]


def test_rates():
    columns = Columns({"answered": np.array([[1.0, 0.0], [1.0, 1.0]]), "truncated": np.array([[0.0, 1.0], [0.0, 0.0]])})
    assert AnsweredRate().compute(columns).value == 0.75
    assert TruncatedRate().compute(columns).value == 0.25
