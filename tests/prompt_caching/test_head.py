"""Losses with their gradients, the fit of a head, and its figures on real vectors."""

from __future__ import annotations

import json

import numpy as np
import pytest
from harness_plugins.prompt_caching.hard_pairs import histogram_matched
from harness_plugins.prompt_caching.head import CacheHead
from harness_plugins.prompt_caching.head_fitting import (
    Head,
    HeadSettings,
    PairData,
    area_of,
    fit_head,
    fit_sigmoid,
    unit_rows,
)
from harness_plugins.prompt_caching.head_trainer import CacheHeadTrainer
from harness_plugins.prompt_caching.pair_losses import LOSSES, OF_PROBABILITY, Settings, bce, log_sigmoid, sld, slope
from harness_plugins.prompt_caching.reuse import Reuse
from harness_plugins.prompt_caching.same_answer import SameAnswer

from harness import Definition, Failure, Item, Text, UsageError, stats

RNG = np.random.default_rng(0)


def batch(n=24, r=6, seed=1):
    rng = np.random.default_rng(seed)
    first = unit_rows(rng.normal(size=(n, r)))
    second = unit_rows(first + 0.9 * rng.normal(size=(n, r)))
    targets = np.round(rng.random(n), 1)
    targets[:4] = 0, 1, 0, 1
    return first, second, targets, np.arange(n) % 7


def test_cross_entropy_is_scikit_learns():
    from sklearn.metrics import log_loss

    odds = RNG.normal(scale=3, size=200)
    labels = (RNG.random(200) < 0.4).astype(float)
    assert bce(odds, labels)[0] == pytest.approx(log_loss(labels, 1 / (1 + np.exp(-odds))), abs=1e-6)


def test_squared_log_difference_is_nothing_at_the_truth_and_draws_a_zero_to_epsilon():
    odds = RNG.normal(size=50)
    p = np.exp(log_sigmoid(odds))
    inside = (p > 0.05) & (p < 0.95)
    value, gradient = sld(odds[inside], p[inside], 0.05)
    assert value == pytest.approx(0, abs=1e-20)
    assert np.abs(gradient).max() < 1e-12
    at = np.log(0.05 / 0.95)
    for odd, sign in ((at - 1, -1), (at, 0), (at + 1, 1)):  # a pair that differs costs below epsilon, too
        gradient = sld(np.array([odd]), np.array([0.0]), 0.05)[1][0]
        assert np.sign(round(gradient, 12)) == sign


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_differences(name):
    first, second, targets, groups = batch()
    settings = Settings(temperature=0.2, offset=2.0)
    found = slope(name, first, second, targets, settings, groups)

    def value(f=first, s=second, **changed):
        return slope(name, f, s, targets, settings._replace(**changed), groups).value

    h = 1e-6
    for end, gradient in ((0, found.first), (1, found.second)):
        for row, column in ((0, 0), (1, 3), (7, 2), (20, 5)):
            moved = [first.copy(), second.copy()]
            moved[end][row, column] += h
            low = [first.copy(), second.copy()]
            low[end][row, column] -= h
            difference = (value(*moved) - value(*low)) / (2 * h)
            assert gradient[row, column] == pytest.approx(difference, abs=1e-6)
    if name in OF_PROBABILITY:
        by_log = (value(temperature=0.2 * np.exp(h)) - value(temperature=0.2 * np.exp(-h))) / (2 * h)
        assert found.log_temperature == pytest.approx(by_log, abs=1e-6)
        by_offset = (value(offset=2 + h) - value(offset=2 - h)) / (2 * h)
        assert found.offset == pytest.approx(by_offset, abs=1e-6)


def test_a_sigmoid_is_found_again():
    cosine = RNG.uniform(-0.2, 1, 4000)
    truth = 1 / (1 + np.exp(-(cosine / 0.08 - 7)))
    temperature, offset = fit_sigmoid(cosine, truth)
    assert (temperature, offset) == (pytest.approx(0.08, rel=0.01), pytest.approx(7, rel=0.01))
    assert fit_sigmoid(cosine, 1 - truth)[0] > 0
    assert np.isfinite(fit_sigmoid(np.array([0.1, 0.9]), np.array([0.0, 1.0]))).all()


def made(n=120, groups=20, d=12, noise=0.4, seed=0):
    """Prompts whose first entries say their group and whose others, which are larger, say nothing."""
    rng = np.random.default_rng(seed)
    codes = np.arange(n) % groups
    centres = rng.normal(size=(groups, d // 2))
    vectors = np.hstack([centres[codes] + noise * rng.normal(size=(n, d // 2)), 2 * rng.normal(size=(n, d // 2))])
    i, j = np.triu_indices(n, 1)
    same = codes[i] == codes[j]
    keep = same | (rng.random(len(i)) < 0.1)
    return PairData(unit_rows(vectors.astype(np.float32)), i[keep], j[keep], same[keep].astype(np.float32), codes)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_learns(loss):
    learned, held = made(seed=0), made(seed=0, noise=0.5)
    settings = HeadSettings(loss=loss, epochs=15, rate=0.01, batch=64)
    fitted = fit_head(learned, None, settings)
    before = Head(np.eye(12, dtype=np.float32), 1.0, 0.0)
    assert area_of(fitted.head, held) > area_of(before, held) + 0.1
    assert fitted.head.temperature > 0


def test_area_does_not_depend_on_temperature_and_offset():
    pairs = made()
    head = Head(np.eye(12, dtype=np.float32), 0.05, 9.0)
    same = (pairs.targets >= 0.5).astype(float)
    cosine = head.cosines(pairs)
    areas = {round(stats.auroc(cosine / t - c, same).value, 9) for t, c in ((0.05, 9.0), (1.0, -3.0), (0.3, 0.0))}
    assert len(areas) == 1
    assert (np.diff(head.log_odds(np.linspace(-1, 1, 50))) > 0).all()


def test_temperature_and_offset_stay_where_they_are_told_to():
    fitted = fit_head(made(), None, HeadSettings(learn=False, temperature=0.07, offset=3.0))
    assert (fitted.head.temperature, fitted.head.offset) == (pytest.approx(0.07), 3.0)


def test_a_rank_shortens_the_vectors():
    fitted = fit_head(made(), None, HeadSettings(rank=5))
    assert fitted.head.weights.shape == (5, 12)


def test_a_fit_that_was_killed_ends_like_an_undisturbed_one(tmp_path):
    pairs, settings = made(), HeadSettings(epochs=4)
    whole = fit_head(pairs, pairs, settings, tmp_path)

    class Killed(Exception):
        pass

    def stop(epoch, loss, area):
        if epoch == 3:
            raise Killed

    with pytest.raises(Killed):
        fit_head(pairs, pairs, settings, tmp_path, told=stop)
    again = fit_head(pairs, pairs, settings, tmp_path)
    assert (again.head.weights == whole.head.weights).all()
    assert again.losses == whole.losses
    assert list(tmp_path.iterdir()) == []


def test_it_stops_where_held_out_pairs_get_no_better():
    pairs = made()
    held = pairs._replace(targets=1 - pairs.targets)  # gets worse all the time
    fitted = fit_head(pairs, held, HeadSettings(epochs=20, patience=2))
    assert fitted.epochs == 1
    assert len(fitted.losses) == 3


def test_pairs_of_one_label_are_refused():
    pairs = made()
    with pytest.raises(ValueError, match="the same"):
        fit_head(pairs.take(pairs.targets > 0.5), None, HeadSettings())


# the headline in miniature


def test_a_head_takes_the_hard_set_from_chance_to_87(clinc):
    val, test = clinc["val"], clinc["test"]
    learned = histogram_matched(val.pairs(0.3), 40, 0)
    every = test.pairs(0.3)
    fitted = fit_head(val.data(learned), None, HeadSettings())
    assert area_of(fitted.head, test.data(histogram_matched(every, 40, 0))) >= 0.84
    assert area_of(fitted.head, test.data(every)) >= 0.94
    assert fitted.head.temperature == pytest.approx(0.04, abs=0.01)
    assert fitted.head.offset == pytest.approx(9.8, abs=1)


def test_a_head_is_better_on_intents_that_it_never_saw(clinc):
    names = sorted(set(clinc["val"].groups))
    known = set(np.random.default_rng(0).permutation(names)[:100])
    val = clinc["val"].take([g in known for g in clinc["val"].groups])
    test = clinc["test"].take([g not in known for g in clinc["test"].groups])
    fitted = fit_head(val.data(histogram_matched(val.pairs(0.3), 40, 0)), None, HeadSettings())
    every = test.pairs(0.3)
    assert area_of(fitted.head, test.data(histogram_matched(every, 40, 0))) >= 0.66
    assert area_of(fitted.head, test.data(every)) > area_of(Head(np.eye(384, dtype=np.float32), 1, 0), test.data(every))


@pytest.mark.slow
def test_squared_log_difference_is_behind_cross_entropy(clinc):
    val, test = clinc["val"], clinc["test"]
    learned = val.data(histogram_matched(val.pairs(0.3), 40, 0))
    hard = test.data(histogram_matched(test.pairs(0.3), 40, 0))
    found = {loss: area_of(fit_head(learned, None, HeadSettings(loss=loss)).head, hard) for loss in OF_PROBABILITY}
    assert 0.80 <= found["sld"] < found["bce"]


# the product


@pytest.fixture
def task():
    return SameAnswer(Definition("mine"))


def items_of(pairs, soft=False):
    rows = zip(pairs.first.tolist(), pairs.second.tolist(), pairs.targets.tolist(), strict=True)
    return [
        Item(
            str(k),
            {
                "first": f"p{i}",
                "second": f"p{j}",
                "label": 0.1 + 0.8 * target if soft else target,
                "first_group": str(pairs.groups[i]),
                "second_group": str(pairs.groups[j]),
            },
        )
        for k, (i, j, target) in enumerate(rows)
    ]


@pytest.mark.parametrize("soft", [False, True])
def test_a_trained_head_embeds_and_knows_its_probability(tmp_path, task, embedder, soft):
    pairs = made()
    vectors = {f"p{i}": vector for i, vector in enumerate(pairs.vectors)}
    part = embedder(vectors)
    trainer = CacheHeadTrainer(epochs=10, rate=0.01, batch=64, validation=0.3)
    facts = trainer.fit(task, items_of(pairs, soft), tmp_path, ask=part, progress=lambda step, **values: None)
    assert facts["held_out_pairs"] > 0
    assert facts["pairs"] + facts["held_out_pairs"] + facts["pairs_of_neither"] == len(pairs.targets)
    card = json.loads((tmp_path / "head.json").read_text())["card"]
    assert card["reliability"]["of"] == "pairs of other groups"
    assert sum(row["pairs"] for row in card["reliability"]["bins"]) == facts["held_out_pairs"]
    model = CacheHead(path=str(tmp_path))
    model.parts = {"base": part}
    model.load()
    first, second = (np.asarray(v, dtype=float) for v in model.embed([Text("p0"), Text("p20")]))
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-6)
    [probability] = model.reuse([Reuse("p20", "p0")])
    expected = 1 / (1 + np.exp(-(first @ second / card["temperature"] - card["offset"])))
    assert probability == pytest.approx(expected, rel=1e-5)
    at_half = next(row for row in card["thresholds"] if row["probability"] == 0.5)
    assert at_half["cosine"] == pytest.approx(card["temperature"] * card["offset"])


def test_zero_vectors_and_failures_of_the_base_are_borne(tmp_path, task, embedder):
    pairs = made()
    vectors = {f"p{i}": vector for i, vector in enumerate(pairs.vectors)}
    part = embedder({**vectors, "zero": np.zeros(12), "broken": Failure("gone")})
    CacheHeadTrainer(validation=0).fit(task, items_of(pairs), tmp_path, ask=part, progress=lambda s, **v: None)
    model = CacheHead(path=str(tmp_path))
    model.parts = {"base": part}
    model.load()
    same, zero, broken = model.reuse([Reuse("p0", "p0"), Reuse("zero", "p0"), Reuse("broken", "p0")])
    assert same > 0.5
    assert zero == pytest.approx(1 / (1 + np.exp(model.head.offset)))
    assert isinstance(broken, Failure)


def test_a_folder_without_a_head_is_refused(tmp_path):
    with pytest.raises(UsageError):
        CacheHead(path=str(tmp_path)).identity()
    (tmp_path / "head.json").write_text("[]")
    with pytest.raises(UsageError):
        CacheHead(path=str(tmp_path)).identity()
