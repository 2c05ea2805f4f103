"""Style control with every set of features; what goes wrong in the published code is tried here."""

import itertools
import math

import numpy as np
import pytest
from harness_plugins.arena_hard.features import differences, expanded
from harness_plugins.arena_hard.style_control import style_controlled

from harness import FieldColumns, NotDefined, stats
from harness.kinds import style
from harness.kinds.duel import STYLE_COLUMNS
from harness.metric import Columns

N = 300
SINGLE = ("length", "headers", "lists", "bold")
SETS = [subset for size in range(5) for subset in itertools.combinations(SINGLE, size)]


def field_of(models, units=None):
    n = np.arange(len(next(iter(models.values()))))
    codes = n if units is None else units
    present = np.ones(len(n), dtype=bool)
    return {
        label: FieldColumns(n.astype("S"), None, True, present, 0 * n, codes, lambda rows=rows: rows)
        for label, rows in models.items()
    }


def drawn(strength, counts, seed, effect=(2.0, 0.0, 0.0, 0.0)):
    """Games of a model of this strength, whose answers have so many characters, headers, ... on the mean."""
    rng = np.random.default_rng(seed)
    candidate = np.column_stack([rng.poisson(mean, N) for mean in counts]).astype(float)
    baseline = np.column_stack([rng.poisson(mean, N) for mean in (500, 1, 5, 2)]).astype(float)
    values = dict(zip(STYLE_COLUMNS, np.hstack([candidate, baseline]).T, strict=True))
    rows = Columns({**values, "candidate_better": np.zeros((N, 2)), "degree": np.ones((N, 2))}, facts={"order": "both"})
    odds = strength + differences(rows, style.FEATURES) @ np.array(effect)
    games = (rng.random((N, 2)) < 1 / (1 + np.exp(-odds))[:, None]).astype(float)
    return Columns({**rows.values, "candidate_better": games}, facts=rows.facts)


def three():
    return field_of(
        {
            "long": drawn(0.0, (1500, 4, 9, 6), 1),
            "short": drawn(0.0, (300, 1, 4, 2), 2),
            "strong": drawn(1.0, (500, 1, 5, 2), 3),
        }
    )


@pytest.mark.parametrize("features", SETS, ids=lambda subset: "+".join(subset) or "none")
@pytest.mark.parametrize("form", ["v0.1", "v2.0"])
@pytest.mark.parametrize("as_published", [False, True])
def test_every_set_of_features_keeps_its_models_and_has_a_coefficient_each(features, form, as_published):
    models = three()
    made = style_controlled(models, features=features, form=form, as_published=as_published)
    assert list(made.estimates) == list(models)
    assert all(0 < estimate.low < estimate.value < estimate.high < 1 for estimate in made.estimates.values())
    told = [note for note in made.notes if "coefficient" in note]
    assert [note.split()[2] for note in told] == list(expanded(features))
    assert made.covariance.shape == (3, 3)


def test_every_set_of_features_is_the_fit_with_just_those_columns():
    models = three()
    for features in SETS[1:]:
        made = style_controlled(models, features=features)
        names = expanded(features)
        games = np.concatenate([rows.columns.values["candidate_better"].ravel() for rows in models.values()])
        z = np.concatenate([differences(rows.columns, names).repeat(2, axis=0) for rows in models.values()])
        fit = stats.fit(np.arange(1, 4).repeat(2 * N), np.zeros(6 * N, int), games, covariates=z, anchor=0)
        expected = 1 / (1 + np.exp(-fit.strengths[1:]))
        found = [estimate.value for estimate in made.estimates.values()]
        np.testing.assert_allclose(found, expected, atol=1e-7)


def test_the_order_of_features_and_names_for_several_do_not_matter():
    models = three()
    one = style_controlled(models, features=["markdown", "length"]).estimates
    other = style_controlled(models, features=["bold", "characters", "lists", "headers", "length"]).estimates
    assert {label: estimate.value for label, estimate in one.items()} == {k: e.value for k, e in other.items()}


def test_a_verbose_model_comes_down_to_its_strength_and_a_terse_one_up():
    models = three()
    plain, right = style_controlled(models, features=[]).estimates, style_controlled(models).estimates
    assert plain["long"].value > 0.65
    assert plain["short"].value < 0.4
    for label, truth in (("long", 0.5), ("short", 0.5), ("strong", 1 / (1 + math.exp(-1)))):
        assert right[label].low < truth < right[label].high
    assert right["long"].stderr > plain["long"].stderr  # what is not known of length is part of the error


@pytest.mark.slow
def test_the_interval_of_a_controlled_score_covers():
    covered, rounds = 0, 400
    for seed in range(rounds):
        models = field_of(
            {"long": drawn(0.0, (1500, 4, 9, 6), 3 * seed), "short": drawn(0.2, (300, 1, 4, 2), 3 * seed + 1)}
        )
        found = style_controlled(models).estimates["long"]
        covered += found.low <= 0.5 <= found.high
    assert 92 <= 100 * covered / rounds <= 98


def test_as_published_a_score_is_that_at_the_mean_difference_of_style():
    models = field_of({"a": drawn(0.0, (1500, 4, 9, 6), 1), "b": drawn(0.0, (1500, 4, 9, 6), 2)})
    published = style_controlled(models, features=["length"], as_published=True)
    plain = style_controlled(models, features=[]).estimates
    # Nobody in this field differs in length from the others, so that nothing is controlled away.
    assert published.estimates["a"].value == pytest.approx(plain["a"].value, abs=0.03)
    assert style_controlled(models, features=["length"]).estimates["a"].value < published.estimates["a"].value
    assert any("mean difference of style" in note for note in published.notes)


def test_being_shown_first_may_have_a_coefficient():
    models = three()
    rows = models["strong"].columns
    games = rows.values["candidate_better"].copy()
    games[:120, 1] = 1.0  # the model shown first
    changed = Columns({**rows.values, "candidate_better": games}, facts=rows.facts)
    models = {**models, **field_of({"strong": changed})}
    made = style_controlled(models, position=True)
    assert any(note.startswith("being shown first adds") for note in made.notes)


def test_games_of_one_prompt_and_prompts_of_one_cluster_are_one_unit():
    base = {"a": drawn(0.0, (500, 1, 5, 2), 1)}
    twice = {
        "a": Columns({name: np.repeat(v, 2, axis=0) for name, v in base["a"].values.items()}, facts={"order": "both"})
    }
    single = style_controlled(field_of(base), features=["length"]).estimates["a"]
    doubled = style_controlled(field_of(twice, np.arange(N).repeat(2)), features=["length"]).estimates["a"]
    assert doubled.value == pytest.approx(single.value)
    assert doubled.stderr == pytest.approx(single.stderr)


@pytest.mark.parametrize(
    ("features", "said"), [(["length", "hedaers"], "headers"), (["tokens"], "characters"), ("length", "list")]
)
def test_a_feature_that_does_not_exist_is_an_error(features, said):
    with pytest.raises(NotDefined, match=said):
        style_controlled(three(), features=features)


def test_a_feature_that_never_differs_is_an_error_with_its_name():
    rows = drawn(0.0, (500, 1, 5, 2), 1)
    flat = {**rows.values, "candidate_headers": np.zeros(N), "baseline_headers": np.zeros(N)}
    for as_published in (False, True):
        with pytest.raises(NotDefined, match="headers: the same in every game"):
            style_controlled(field_of({"a": Columns(flat, facts=rows.facts)}), as_published=as_published)


def test_a_model_that_lost_every_game_says_so_and_leaves_the_others_their_figures():
    models = three()
    rows = models["long"].columns
    lost = Columns({**rows.values, "candidate_better": np.zeros((N, 2))}, facts=rows.facts)
    made = style_controlled({**models, **field_of({"none": lost})})
    assert "lost every game" in made.estimates["none"].detail["reason"]
    assert made.estimates["long"].value == pytest.approx(style_controlled(models).estimates["long"].value)
    bounded = style_controlled({**models, **field_of({"none": lost})}, prior=0.25).estimates["none"]
    assert 0 < bounded.value < 0.05


def test_a_field_says_how_many_pairs_it_tells_apart_and_whether_as_others_do():
    models = three()
    notes = style_controlled(models, features=[]).notes
    assert notes == ["separability with confidence: 0.667 of 3 pairs have intervals that do not overlap"]
    believed = {"short": [900, 950], "long": [1000, 1050], "strong": [1100, 1150], "elsewhere": [0, 1]}
    told = style_controlled(models, features=[], believed=believed).notes[-1]
    assert told == "agreement with confidence over 3 models: 0.667"
    other = {**believed, "short": [1200, 1250]}
    assert style_controlled(models, features=[], believed=other).notes[-1].endswith("-0.667")


@pytest.mark.parametrize(
    ("believed", "said"),
    [({"long": [2, 1], "short": [0, 1]}, "long"), ({"long": 3, "short": [0, 1]}, "long"), ({"long": [0, 1]}, "two")],
)
def test_what_is_believed_has_to_be_intervals_of_two_models(believed, said):
    with pytest.raises(NotDefined, match=said):
        style_controlled(three(), believed=believed)


def test_ties_alone_equal_answers_and_unknown_counts():
    rows = drawn(0.0, (500, 1, 5, 2), 1)
    same = {f"candidate_{name}": rows.values[f"baseline_{name}"] for name in style.FEATURES}
    tied = Columns({**rows.values, **same, "candidate_better": np.full((N, 2), 0.5), "degree": np.zeros((N, 2))})
    unknown = Columns({**rows.values, "candidate_characters": np.full(N, np.nan)})
    some = rows.values["candidate_characters"].copy()
    some[:10] = np.nan
    partly = Columns({**rows.values, "candidate_characters": some}, facts=rows.facts)
    made = style_controlled({**three(), **field_of({"copy": tied, "unknown": unknown, "partly": partly})})
    assert made.estimates["copy"].value == pytest.approx(0.5)
    assert "counts" in made.estimates["unknown"].detail["reason"]
    assert (made.estimates["partly"].n, made.estimates["partly"].n_failed) == (N - 10, 10)
    assert "20 games without counts of both answers are left out" in made.notes


def test_verdicts_without_degrees_have_no_weighted_fit():
    rows = drawn(0.0, (500, 1, 5, 2), 1)
    untold = field_of({"a": Columns({**rows.values, "degree": np.full((N, 2), np.nan)}, facts=rows.facts)})
    assert "weight=1" in style_controlled(untold).estimates["a"].detail["reason"]
    assert math.isfinite(style_controlled(untold, weight=1).estimates["a"].value)


@pytest.mark.parametrize("form", ["v0.1", "v2.0"])
def test_differences_are_opposite_when_answers_change_places_and_zero_of_nothing(form):
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 9, (40, 8)).astype(float)
    counts[0] = 0
    made = [
        differences(Columns(dict(zip(STYLE_COLUMNS, each.T, strict=True))), style.FEATURES, form)
        for each in (counts, counts[:, [4, 5, 6, 7, 0, 1, 2, 3]])
    ]
    np.testing.assert_allclose(made[0], -made[1])
    assert (np.abs(made[0]) <= 1).all()
    assert (made[0][0] == 0).all()


def test_differences_of_either_form():
    values = dict(
        zip(STYLE_COLUMNS, np.array([[300.0], [3.0], [0.0], [5.0], [99.0], [1.0], [4.0], [5.0]]), strict=True)
    )
    rows = Columns(values)
    assert differences(rows, ["characters", "headers"])[0].tolist() == [201 / 399, 2 / 5]
    a, b = 3 / 301, 1 / 100
    assert differences(rows, ["headers"], "v2.0")[0, 0] == pytest.approx((a - b) / (a + b + 1))
