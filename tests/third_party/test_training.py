"""An iterative training with a judge as part and further data: killed, resumed, and named in a specification."""

from __future__ import annotations

import json
import signal

import pytest

TRAIN = (
    "train", "tasting", "-t", "workshop/options", "--base", "babbler:journal=asked.txt", "--set", "iterations=3",
    "--set", "pool=[workshop/loud]",
)  # fmt: skip
JUDGE = ("--set", "judge=[panel:members=[[critic:base=[babbler:seed=7,journal=asked.txt]],[length]]]")
NAMED = "tuned=train:tasting:task=workshop/options,base=[babbler],set.iterations=2,set.judge=[overlap]"
REPLY = ("-t", "workshop/reply", "--role", "judge=length", "--json")

LATER = [pytest.param(number, marks=pytest.mark.slow) for number in (2, 9, 15, 40)]


@pytest.mark.parametrize("killed_at", [22, *LATER])
def test_a_killed_training_ends_at_the_same_weights_and_asks_nothing_twice(
    workshop, harness, shell, journal, kill, killed_at
):
    whole = harness(*TRAIN, *JUDGE, "-o", "whole", "--store", "whole.sqlite")
    assert whole.code == 0, whole.err
    undisturbed = journal()
    kill(killed_at)
    assert shell(*TRAIN, *JUDGE, "-o", "killed", "--store", "killed.sqlite").code == -signal.SIGKILL
    kill(0)
    assert not (workshop / "killed").exists()
    before = journal()
    again = harness(*TRAIN, *JUDGE, "-o", "killed", "--store", "killed.sqlite")
    assert again.code == 0, again.err
    assert sorted([*before, *journal()]) == sorted(undisturbed)
    for name in ("weights.json", *(f"iteration-{number}/weights.json" for number in (1, 2, 3))):
        assert (workshop / "killed" / name).read_bytes() == (workshop / "whole" / name).read_bytes()
    shown = [json.loads((workshop / name / "manifest.json").read_text()) for name in ("killed", "whole")]
    assert shown[0]["figures"] == shown[1]["figures"]
    assert shown[0]["data"]["pool"][0]["task"] == "workshop/loud"


def test_the_product_works_over_what_it_was_trained_over_and_over_another(workshop, harness):
    assert harness(*TRAIN, "--set", "judge=overlap", "-o", "product").code == 0
    over = {}
    for label, model in {
        "own": "tuned-babbler:path=product",
        "other": "tuned-babbler:path=product,base=babbler",
    }.items():
        ran = harness("eval", "-m", f"{label}={model}", *REPLY)
        assert ran.code == 0, ran.err
        over[label] = ran.document["results"][0]["value"]
    assert over["own"] == over["other"]
    shown = harness("show", "product").out
    assert "judge" in shown
    assert "workshop/loud" in shown


def test_a_training_is_named_by_a_specification_and_happens_once(workshop, harness):
    planned = harness("eval", "-m", NAMED, *REPLY, "--dry-run")
    assert planned.code == 0, planned.err
    first = harness("eval", "-m", NAMED, *REPLY)
    assert first.code == 0, first.err
    assert first.err.count("training tuned") == 1
    second = harness("eval", "-m", NAMED, *REPLY)
    assert "training" not in second.err
    assert second.document["results"] == first.document["results"]
    other = harness("eval", "-m", NAMED.replace("iterations=2", "iterations=1"), *REPLY)
    assert "training tuned" in other.err


def test_a_judge_that_cannot_be_one_is_refused_before_anything_is_asked(workshop, harness, journal):
    ran = harness(*TRAIN, "--set", "judge=analyser", "-o", "product")
    assert ran.code == 2
    assert "fitness" in ran.err
    assert journal() == []


def test_a_task_that_the_models_could_not_be_evaluated_on_is_not_trained_for(workshop, harness, journal):
    command = (
        "cross-validate",
        "tasting",
        "-t",
        "workshop/options",
        "--base",
        "babbler:journal=asked.txt",
        "--folds",
        2,
    )
    ran = harness(*command)
    assert ran.code == 2
    assert "tuned-babbler cannot be evaluated on workshop/options" in ran.err
    assert journal() == []


def test_a_task_that_asks_others_too_is_not_cross_validated(workshop, harness, journal, monkeypatch):
    from workshop.training import Tasting

    monkeypatch.setattr(Tasting, "trains_on", ("workshop-reply",))
    ran = harness("cross-validate", "tasting", "-t", "workshop/reply", "--base", "babbler:journal=asked.txt")
    assert ran.code == 2
    assert "the role 'judge'" in ran.err
    assert journal() == []


DECLARED = """
models:
  liked:
    trainer: tasting
    task: workshop/options
    base: babbler
    settings: {iterations: 1, judge: "panel:members=[[overlap],[length]]", pool: workshop/loud}
  over: {model: critic, arguments: {base: liked}}
"""


def test_a_declared_model_in_two_places_is_trained_once_and_told_of_once(workshop, harness):
    (workshop / "registry.yaml").write_text(DECLARED)
    command = ("eval", "-m", "liked", "-t", "workshop/siege", "--role", "attacker=babbler", "--role", "judge=over")
    planned = harness(*command, "--dry-run")
    assert planned.code == 0, planned.err
    assert planned.out.count("will be trained first: liked: ") == 1
    ran = harness(*command, "--limit", 1)
    assert ran.code == 0, ran.err
    assert ran.err.count("training liked") == 1
    assert "will be trained first" not in harness(*command, "--dry-run").out
