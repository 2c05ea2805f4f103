"""What the choice of a penalty is made of."""

import numpy as np
import pytest
from harness_plugins.muli.selection import Search, search


def test_the_error_of_a_penalty_is_that_of_the_mean_over_the_folds():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    matrix = rng.normal(size=(60, 4)) + labels[:, None] * 0.3
    values = []
    (tried,) = search(
        matrix, labels, [None] * 60, Search(penalties=1, folds=4), told=lambda fold, value: values.append(value)
    )
    assert len(set(values)) > 1
    assert tried.value == pytest.approx(np.mean(values))
    assert tried.error == pytest.approx(np.std(values, ddof=1) / 2)
