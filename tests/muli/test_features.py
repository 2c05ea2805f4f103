"""Log-odds, exact and as published; standardising what lies on disk."""

import math

import numpy as np
import pytest
from harness_plugins.muli.features import (
    Standardised,
    TokenFeature,
    extract,
    log_odds,
    log_odds_as_published,
    measure,
)
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp


def log_softmax(logits):
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def exactly(logits):
    """With a hundred digits."""
    import mpmath

    with mpmath.workdps(100):
        powers = [mpmath.exp(mpmath.mpf(float(x))) for x in logits]
        total = sum(powers)
        return [float(mpmath.log(p) - mpmath.log(total - p)) for p in powers]


@given(hnp.arrays(np.float64, st.integers(2, 12), elements=st.floats(-60, 60)))
def test_log_odds_equal_a_computation_with_a_hundred_digits(logits):
    found = log_odds(log_softmax(logits))
    assert found == pytest.approx(exactly(logits), rel=1e-9, abs=1e-9)


def test_a_token_that_is_all_but_certain_and_tokens_that_are_all_but_impossible():
    logits = np.zeros(1000)
    logits[0], logits[1] = 40.0, -100.0
    found = log_odds(log_softmax(logits))
    assert found[0] == pytest.approx(40 - math.log(998 + math.exp(-100)), rel=1e-12)
    assert found[1] == pytest.approx(-100 - logits.max(), abs=1e-9)
    with np.errstate(over="ignore"):
        published = log_odds_as_published(log_softmax(logits))
    assert published[0] == np.inf
    assert published[1] == -np.inf
    clipped = log_odds_as_published(log_softmax(logits), clip=1e-16)
    assert clipped[0] == pytest.approx(36.84, abs=0.01)
    assert clipped[1] == pytest.approx(-36.84, abs=0.01)


def test_the_published_form_differs_little_where_no_token_is_extreme():
    rows = log_softmax(np.random.default_rng(0).standard_normal((20, 500)))
    assert np.abs(log_odds_as_published(rows) - log_odds(rows)).max() < 5e-6


def test_features_by_name():
    rows = log_softmax(np.random.default_rng(0).standard_normal((3, 50)))
    assert TokenFeature().of(rows) == pytest.approx(log_odds(rows))
    assert TokenFeature("log-probability").of(rows) == pytest.approx(rows)
    assert TokenFeature("probability").of(rows) == pytest.approx(np.exp(rows))
    assert TokenFeature().read_out
    assert not TokenFeature("probability").read_out
    assert not TokenFeature(published=True, clip=1e-16).read_out


@pytest.mark.parametrize("wrong", [[np.nan, -1.0], [0.5, -1.0], [-1.0, -1.0]])
def test_what_is_no_distribution_is_refused(wrong):
    with pytest.raises(ValueError, match=r"sum to|at most 0"):
        log_odds(np.array(wrong))


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_a_standardised_matrix_equals_the_one_written_out(seed, some):
    draw = np.random.default_rng(seed)
    matrix = draw.normal(3, 2, (40, 17)).astype(np.float32)
    matrix[:, 4] = 1.25  # constant
    matrix[3, 7] = -np.inf  # an impossible token
    rows = np.sort(draw.choice(40, 25, replace=False)) if some else None
    kept = matrix if rows is None else matrix[rows]
    scale = measure(matrix, rows)
    with np.errstate(invalid="ignore"):
        whole = (kept.astype(np.float64) - kept.mean(0, dtype=np.float64)) / (
            kept.std(0, ddof=1, dtype=np.float64) + 1e-10
        )
    whole[:, 4] = 0
    if not np.isfinite(kept[:, 7]).all():
        whole[:, 7] = 0
    found = Standardised(matrix, scale, rows)
    assert found.columns(np.arange(17)) == pytest.approx(whole, abs=1e-9)
    vector = draw.standard_normal(len(kept))
    assert found.transposed_times(vector) == pytest.approx(whole.T @ vector, abs=1e-8)
    assert set(np.flatnonzero(~scale.varies)) <= {4, 7}


def test_noise_of_rounding_is_no_feature():
    draw = np.random.default_rng(0)
    matrix = np.float32(-11.5) + (draw.integers(-1, 2, (50, 3)) * 9.5e-7).astype(np.float32)
    assert not measure(matrix).varies.any()


def test_extraction_goes_on_where_it_was_killed(tmp_path):
    asked = []

    def rows(start, end):
        asked.append((start, end))
        if start >= 6 and len(asked) < 5:
            raise KeyboardInterrupt
        return [f"no {i}" if i in (1, 7) else np.full(4, float(i)) for i in range(start, end)]

    with pytest.raises(KeyboardInterrupt):
        extract(tmp_path / "m", 9, 4, rows, step=3)
    asked += [None, None]
    found = extract(tmp_path / "m", 9, 4, rows, step=3)
    assert asked == [(0, 3), (3, 6), (6, 9), None, None, (6, 9)]
    assert dict(found.failed) == {1: "no 1", 7: "no 7"}
    assert found.matrix[:, 0].tolist() == [0, 2, 3, 4, 5, 6, 8]
    assert (tmp_path / "m").stat().st_size == 9 * 4 * 4
