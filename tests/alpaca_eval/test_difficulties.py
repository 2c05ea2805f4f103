"""Difficulties of a field, and win rates of models over each other."""

import numpy as np
import pytest
from harness_plugins.alpaca_eval.cross_baseline import against_each_other
from harness_plugins.alpaca_eval.difficulties import fit_difficulties, joined
from harness_plugins.alpaca_eval.length_control import design, length_controlled, scaled

from harness import DataError


def field(n=60, m=5, seed=0):
    rng = np.random.default_rng(seed)
    difficulty, longer = rng.normal(0, 1.5, n), rng.normal(100, 500, (n, m))
    share = 1 / (1 + np.exp(-(difficulty[:, None] + rng.normal(-0.5, 1, m) + 1.2 * np.tanh(longer / 500))))
    return difficulty, rng.beta(0.5 * share, 0.5 * (1 - share)), longer


def test_the_fit_minimises_the_joint_loss():
    minimize = pytest.importorskip("scipy.optimize").minimize
    _, better, longer = field()
    better[3, 2] = np.nan
    known = np.isfinite(better)
    lengths = np.zeros(longer.shape)
    for j in range(5):
        lengths[known[:, j], j] = scaled(-longer[known[:, j], j])

    def loss(x):
        z = lengths * x[:5] + x[5:10] + x[10:, None]
        each = np.where(known, np.logaddexp(0, z) - np.nan_to_num(better) * z, 0.0)
        return each.sum() + 0.5e-3 * (x[:10] ** 2).sum() + 0.5 * (x[10:] ** 2).sum() / 1.5**2

    found = minimize(loss, np.zeros(70), method="L-BFGS-B", options={"maxiter": 5000, "ftol": 1e-15, "gtol": 1e-9})
    np.testing.assert_allclose(fit_difficulties(better, longer), found.x[10:] - found.x[10:].mean(), atol=1e-4)


def test_difficulties_are_found_again():
    difficulty, better, longer = field(300, 12, seed=1)
    assert np.corrcoef(fit_difficulties(better, longer), difficulty)[0, 1] > 0.85


def test_an_instruction_without_verdicts_has_none_and_one_model_is_too_few():
    _, better, longer = field()
    better[7] = np.nan
    fitted = fit_difficulties(better, longer)
    assert np.flatnonzero(np.isnan(fitted)).tolist() == [7]
    with pytest.raises(DataError, match="there are 1"):
        fit_difficulties(better[:, :1], longer[:, :1])


def test_separated_models_still_have_difficulties():
    better, longer = np.ones((20, 3)), np.random.default_rng(0).normal(0, 100, (20, 3))
    assert np.isfinite(fit_difficulties(better, longer)).all()


def test_rows_are_joined_with_difficulties(tmp_path):
    rows, fitted = tmp_path / "rows.jsonl", tmp_path / "d.csv"
    rows.write_text('{"id": "a", "prompt": "?", "baseline": "b"}\n\n{"id": "b", "prompt": "?", "baseline": "b"}\n')
    fitted.write_text("id,difficulty\na,0.5\nb,\n")
    first, second = joined("test", str(rows), str(fitted))
    assert first["difficulty"] == 0.5
    assert "difficulty" not in second
    rows.write_text("[1]\n")
    with pytest.raises(DataError, match=r"rows.jsonl:1"):
        list(joined("test", str(rows), str(fitted)))
    with pytest.raises(DataError, match="cannot be read"):
        list(joined("test", str(tmp_path / "none"), str(fitted)))


def test_models_over_each_other_are_antisymmetric_with_an_interval(rows):
    fits = []
    for own in (-0.5, 1.0):
        better, differences, difficulty, gamed = rows(300, seed=3, own=own)
        made = design(better, differences, difficulty, gamed)
        fits.append((length_controlled(made, 21.5), made, np.ones(300, dtype=bool)))
    rate, low, high = against_each_other(fits)
    assert rate[0][1] + rate[1][0] == pytest.approx(1)
    assert low[0][1] < rate[0][1] < high[0][1] < 0.5
    assert rate[0][0] == 0.5
