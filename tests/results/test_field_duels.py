"""Strengths of models that met one baseline, from the columns of duels."""

import math

import numpy as np
import pytest

from harness import FieldColumns
from harness.results.field import NotDefined
from harness.results.field_duels import STYLES, duel_strength
from harness.stats import fit, mean_estimate


def drawn(seed=0, m=3, n=300, *, shown_first=0.8, longer=1.0):
    """Models "a", "b", ... of strengths -0.5, 0, 0.5, in both orders; answers win more if longer or shown first."""
    rng = np.random.default_rng(seed)
    field = {}
    base = {f"baseline_{name}": rng.poisson(5, n).astype(float) for name in STYLES}
    for i in range(m):
        own = {f"candidate_{name}": rng.poisson(5 + 3 * i, n).astype(float) for name in STYLES}
        ratio = (own["candidate_characters"] - base["baseline_characters"]) / np.maximum(
            own["candidate_characters"] + base["baseline_characters"], 1
        )
        gap = 0.5 * (i - 1) + longer * ratio[:, None] + shown_first * np.array([-1, 1])
        games = (rng.random((n, 2)) < 1 / (1 + np.exp(-gap))).astype(float)
        field["abcdef"[i]] = {"candidate_better": games, "degree": rng.integers(1, 3, (n, 2)) * 1.0, **own, **base}
    return field


def columns(field, **more):
    return {
        name: FieldColumns.of(np.nan_to_num(own["candidate_better"]).mean(axis=1), columns=own, **more)
        for name, own in field.items()
    }


def test_without_position_and_style_it_is_the_mean_win_rate():
    field = drawn()
    made = duel_strength(columns(field), position=False)
    for name, own in field.items():
        of_items = mean_estimate(own["candidate_better"].mean(axis=1), bounds=(0, 1))
        found = made.estimates[name]
        assert found.value == pytest.approx(of_items.value, abs=1e-9)
        assert found.stderr == pytest.approx(of_items.stderr, rel=0.01)
        assert (found.low, found.high) == pytest.approx((of_items.low, of_items.high), abs=1e-3)
        assert (found.n, found.n_failed) == (300, 0)


def test_it_is_the_fit_of_all_games_with_position_and_style():
    field = drawn()
    made = duel_strength(columns(field), scale="log-odds", style=["characters", "bold"])
    rows = []
    for i, own in enumerate(field.values()):
        for item in range(300):
            for game in range(2):
                z = []
                for name, more in (("characters", 0), ("bold", 1)):
                    a, b = own[f"candidate_{name}"][item], own[f"baseline_{name}"][item]
                    z.append((a - b) / (a + b + more) if a + b + more else 0.0)
                rows.append((i + 1, own["candidate_better"][item, game], *z, 2 * game - 1, item))
    player, won, length, bold, shown, item = np.array(rows).T
    whole = fit(
        player.astype(int),
        np.zeros(len(rows), int),
        won,
        covariates=np.column_stack([length, bold]),
        position=shown,
        clusters=item.astype(int),
        anchor=0,
    )
    values = [e.value for e in made.estimates.values()]
    assert values == pytest.approx(whole.strengths[1:], abs=1e-8)
    assert made.covariance == pytest.approx(whole.covariance[1:, 1:], abs=1e-8)
    assert values == pytest.approx([-0.5, 0, 0.5], abs=0.3)
    assert whole.position == pytest.approx(0.8, abs=0.15)
    first, length = made.notes[:2]
    assert f"odds x {math.exp(whole.position):.3g}" in first
    assert "characters" in length


def test_scales_tell_the_same():
    field = columns(drawn())
    chances, nats, points = (duel_strength(field, scale=name) for name in ("probability", "log-odds", "elo"))
    for name in field:
        p, theta, elo = (made.estimates[name] for made in (chances, nats, points))
        for end in ("value", "low", "high"):
            assert getattr(p, end) == pytest.approx(1 / (1 + math.exp(-getattr(theta, end))))
            assert getattr(elo, end) == pytest.approx(1000 + 400 / math.log(10) * getattr(theta, end))
        assert p.stderr == pytest.approx(p.value * (1 - p.value) * theta.stderr)
    assert (chances.unit, nats.unit, points.unit) == ("fraction", "log-odds", "Elo")


def test_strong_verdicts_weigh_as_asked_and_need_degrees():
    field = drawn()
    made = duel_strength(columns(field), position=False, strong=3)
    for name, own in field.items():
        weights = np.where(own["degree"] == 2, 3.0, 1.0)
        assert made.estimates[name].value == pytest.approx(np.average(own["candidate_better"], weights=weights))
    field["b"]["degree"][5, 0] = np.nan
    with pytest.raises(NotDefined, match="degrees"):
        duel_strength(columns(field), strong=3)
    assert duel_strength(columns(field)).estimates["b"].n == 300


def test_failed_games_are_counted_and_half_of_an_item_only_counts_where_its_order_is_known():
    field = drawn()
    field["a"]["candidate_better"][0] = np.nan
    field["a"]["candidate_better"][1, 0] = np.nan
    counted = duel_strength(columns(field)).estimates["a"]
    assert (counted.n, counted.n_failed) == (299, 1)
    counted = duel_strength(columns(field), position=False).estimates["a"]
    both = np.isfinite(field["a"]["candidate_better"]).all(axis=1)
    assert counted.value == pytest.approx(field["a"]["candidate_better"][both].mean())
    assert (counted.n, counted.n_failed) == (298, 2)


def test_items_of_a_unit_are_not_independent():
    field = drawn()
    doubled = {name: {key: np.repeat(v, 2, axis=0) for key, v in own.items()} for name, own in field.items()}
    once = duel_strength(columns(field)).estimates["a"]
    twice = duel_strength(columns(doubled, units=np.repeat(np.arange(300), 2))).estimates["a"]
    assert (twice.value, twice.stderr) == pytest.approx((once.value, once.stderr))


def test_what_cannot_be_fitted_is_said():
    field = drawn()
    shut_out = {**field, "z": {**field["a"], "candidate_better": np.zeros((300, 2))}}
    with pytest.raises(NotDefined, match="z") as caught:
        duel_strength(columns(shut_out))
    assert "a" not in str(caught.value).split("against them: ")[1].split(". Give")[0]
    assert 0 < duel_strength(columns(shut_out), prior=0.25).estimates["z"].value < 0.05
    one_order = {
        name: {**own, "candidate_better": np.where([True, False], own["candidate_better"], np.nan)}
        for name, own in field.items()
    }
    with pytest.raises(NotDefined, match="position: false"):
        duel_strength(columns(one_order))
    assert duel_strength(columns(one_order), position=False).estimates["a"].n == 300
    for wrong, said in (({"style": "bold"}, "list"), ({"style": ["blod"]}, "bold")):
        with pytest.raises(NotDefined, match=said):
            duel_strength(columns(field), **wrong)
    without = {name: {"candidate_better": own["candidate_better"]} for name, own in field.items()}
    with pytest.raises(NotDefined, match="candidate_bold"):
        duel_strength(columns(without), style=["bold"])
    with pytest.raises(NotDefined, match="duel"):
        duel_strength({"a": FieldColumns.of([1.0]), "b": FieldColumns.of([0.0])})


def test_ties_alone_are_even_and_no_certainty():
    ties = {"candidate_better": np.full((40, 2), 0.5)}
    made = duel_strength(columns({"a": ties, "b": ties}), position=False)
    assert made.estimates["a"].value == pytest.approx(0.5)
    assert made.estimates["a"].stderr == pytest.approx(0.5 / math.sqrt(40))
