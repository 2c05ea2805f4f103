"""Agreement of ratings at its edges."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from harness_plugins.ppe.agreement import brier


def test_models_that_are_rated_alike_without_error_are_even_odds_and_no_warning():
    rating = np.array([0.0, 0.0, 1.0])
    first, second = np.triu_indices(3, 1)
    gaps = rating[first] - rating[second]
    prediction = SimpleNamespace(rating=rating, mean=rating, gaps=gaps, covariance=np.zeros((3, 3)))
    truth = SimpleNamespace(gaps=np.array([-1.0, -1.0, -1.0]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert brier(truth, prediction) == pytest.approx(0.25 / 3)
