import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats import ShapeMismatch, battle_win_rates, mean_estimate, win_rate, win_rates

NAN = math.nan
tables = st.integers(2, 4).flatmap(
    lambda m: st.lists(
        st.tuples(*[st.one_of(st.integers(-2, 2).map(float), st.just(NAN))] * m), min_size=1, max_size=12
    ).map(lambda rows: np.array(rows).T)
)


def counted(one, other, *, lower=False):
    """Wins and half the ties over the items that both have, one by one."""
    shares = []
    for a, b in zip(one, other, strict=True):
        if not math.isnan(a) and not math.isnan(b):
            shares.append(0.5 if a == b else float((a < b) == lower))
    return shares


@given(tables, st.booleans())
def test_rates_are_those_counted_item_by_item(figures, lower):
    found = win_rates(figures, higher_is_better=not lower)
    for i, one in enumerate(figures):
        for j, other in enumerate(figures):
            shares = counted(one, other, lower=lower) if i != j else []
            assert found.games[i, j] == len(shares)
            if not shares:
                assert math.isnan(found.rate[i, j])
                continue
            assert found.rate[i, j] == pytest.approx(np.mean(shares), abs=1e-12)
            assert found.low[i, j] - 1e-12 <= found.rate[i, j] <= found.high[i, j] + 1e-12


@given(tables)
def test_both_sides_of_a_pair_add_up_to_one(figures):
    found = win_rates(figures)
    known = np.isfinite(found.rate)
    assert (known == known.T).all()
    assert np.allclose((found.rate + found.rate.T)[known], 1.0)
    assert np.allclose((found.low + found.high.T)[known], 1.0)


def adjusted(won, lost, n):
    """Bonett and Price's interval, carried from the difference of proportions to the rate."""
    p, q = (won + 1) / (n + 2), (lost + 1) / (n + 2)
    reach = 1.959963984540054 * math.sqrt((p + q - (p - q) ** 2) / (n + 2))
    return max(0.0, 0.5 + 0.5 * (p - q - reach)), min(1.0, 0.5 + 0.5 * (p - q + reach))


@pytest.mark.parametrize(("won", "lost", "tied"), [(6, 3, 51), (0, 0, 40), (20, 0, 0), (1, 0, 19), (300, 280, 4)])
def test_the_interval_of_independent_items_is_bonett_and_prices(won, lost, tied):
    one = np.array([1.0] * won + [0.0] * (lost + tied))
    other = np.array([0.0] * won + [1.0] * lost + [0.0] * tied)
    for better in (True, False):
        e = win_rate(one, other, higher_is_better=better)
        wanted = adjusted(*((won, lost) if better else (lost, won)), won + lost + tied)
        assert (e.low, e.high) == pytest.approx(wanted)
        assert e.low <= e.value <= e.high
        assert e.low < e.high


def test_the_interval_of_clustered_items_is_that_of_their_mean_credit():
    rng = np.random.default_rng(3)
    figures = rng.normal(size=(2, 60)).round(0)
    clusters = np.arange(60) // 4
    found = win_rates(figures, clusters=clusters)
    expected = mean_estimate(counted(*figures), clusters=clusters, bounds=(0, 1))
    assert (found.rate[0, 1], found.low[0, 1], found.high[0, 1]) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    even = win_rate(figures[0], figures[0], clusters=clusters)
    assert (even.low, even.high) == pytest.approx(adjusted(0, 0, 15))


@pytest.mark.parametrize(("n", "wins", "losses"), [(20, 0.1, 0.05), (60, 0.1, 0.0), (60, 0.3, 0.3), (300, 0.02, 0.01)])
def test_intervals_cover_the_true_rate_about_as_often_as_they_say_or_more_where_nearly_all_are_ties(n, wins, losses):
    rng = np.random.default_rng(0)
    true = 0.5 + 0.5 * (wins - losses)
    covered = []
    for _ in range(600):
        drawn = rng.random(n)
        e = win_rate(np.where(drawn < wins, 1.0, np.where(drawn < wins + losses, -1.0, 0.0)), np.zeros(n))
        covered.append(e.low <= true <= e.high)
    assert np.mean(covered) >= 0.92
    if n * (wins + losses) > 20:
        assert np.mean(covered) <= 0.98


def test_rounding_makes_no_winner():
    found = win_rates([[0.1 + 0.2, math.inf], [0.3, math.inf]])
    assert found.rate[0, 1] == 0.5
    assert found.games[0, 1] == 2
    assert win_rate([0.1 + 0.2 - 0.3, 1.0], [0.0, 1.0]).value == 0.5
    assert win_rate([math.inf, 1.0], [1.0, math.inf]).value == 0.5
    assert win_rate([math.inf] * 3, [1.0, 2.0, 3.0]).value == 1.0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from([0.0, 0.5, 1.0, NAN])), max_size=30))
def test_battles_are_counted_whoever_is_named_first(battles):
    first, second, credit = (np.array([b[k] for b in battles]) for k in range(3))
    found = battle_win_rates(first, second, credit, n_players=4)
    for i in range(4):
        for j in range(4):
            won = [c if a == i else 1 - c for a, b, c in battles if {a, b} == {i, j} and i != j and not math.isnan(c)]
            assert found.games[i, j] == len(won)
            assert found.rate[i, j] == pytest.approx(np.mean(won) if won else NAN, nan_ok=True)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ShapeMismatch, match=r"\(models, items\)"):
        win_rates([1.0, 2.0])
    with pytest.raises(ShapeMismatch, match="first and credit"):
        battle_win_rates([0], [1], [1.0, 0.0], n_players=2)
