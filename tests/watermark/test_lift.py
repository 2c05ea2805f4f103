"""What a detector finds beyond rules that know nothing of a mark."""

import numpy as np
import pytest
from harness_plugins.watermark.demonstration import texts
from harness_plugins.watermark.lift import MarkLift

from harness import Columns


def columns(log_odds, *, words=None, repeats=None, texts=400):
    rng = np.random.default_rng(0)
    label = np.repeat([1.0, 0.0], texts // 2)
    values = {"log_odds": log_odds(label, rng), "label": label}
    values["words"] = np.full(texts, 200.0) if words is None else words(label, rng)
    values["repeats"] = np.full(texts, 0.1) if repeats is None else repeats(label, rng)
    return Columns(values)


def separating(label, rng):
    return 3 * label + rng.normal(size=len(label)) / 10


def knowing_nothing(label, rng):
    return rng.normal(size=len(label))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "chance"),
        ({"words": separating}, "long texts"),
        ({"words": lambda label, rng: -separating(label, rng)}, "short texts"),
        ({"repeats": separating}, "texts that repeat themselves"),
    ],
)
def test_a_rule_that_finds_as_much_leaves_no_lift(rule, words):
    found = MarkLift(rate=0.1).compute(columns(separating, **rule))
    assert found.detail["shortcut"] == words
    assert found.value == pytest.approx(0.9 if words == "chance" else 0.0)
    assert (found.low > 0) == (words == "chance")


def test_who_knows_nothing_is_not_shown_to_have_a_lift():
    found = MarkLift(rate=0.1).compute(columns(knowing_nothing))
    assert found.low <= 0 <= found.high


@pytest.mark.parametrize(("attack", "share"), [("delete", 0.3), ("substitute", 0.5)])
def test_length_does_not_tell_which_texts_of_the_shipped_sets_are_marked(attack, share):
    rows = list(texts("test", attack=attack, share=share))
    lengths = {label: np.mean([len(row["text"].split()) for row in rows if row["label"] == label]) for label in (0, 1)}
    assert lengths[0] == pytest.approx(lengths[1], rel=0.02)


def test_texts_of_one_class_have_no_lift():
    one = columns(separating)
    assert "one class" in MarkLift().compute(one.take(one.values["label"] == 1)).detail["reason"]


def test_the_influence_of_a_text_is_what_it_changes():
    given = columns(lambda label, rng: label + rng.normal(size=len(label)), words=knowing_nothing, texts=4000)
    found = MarkLift(rate=0.1).linearise(given)
    assert found.influence.mean() == pytest.approx(0, abs=1e-9)


@pytest.mark.slow
def test_the_interval_holds_about_as_often_as_it_says():
    def draw(rng, texts):
        label = np.repeat([1.0, 0.0], texts // 2)
        shown = {"log_odds": 2 * label, "words": 0.7 * label, "repeats": 0 * label}
        return Columns({"label": label, **{k: v + rng.normal(size=texts) for k, v in shown.items()}})

    truth = MarkLift(rate=0.05).linearise(draw(np.random.default_rng(1), 400_000)).value
    rng, held = np.random.default_rng(2), []
    for _ in range(400):
        found = MarkLift(rate=0.05).compute(draw(rng, 1000))
        held.append(found.low <= truth <= found.high)
    assert np.mean(held) >= 0.89  # somewhat short where 25 unmarked texts set the threshold
