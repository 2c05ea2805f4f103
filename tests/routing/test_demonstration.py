"""The demonstration: what routers gain on generated data is what is known of them."""

import os
from pathlib import Path

import numpy as np
import pytest
from harness_plugins.routing.demonstration import MODELS, main, questions, truth

REAL = Path(os.environ.get("HARNESS_DATA", "")) / "routing"
BASELINES = ["constant", "category", "length", "neighbours", "random", "best-on-test", "oracle"]


def test_what_is_drawn_has_the_truth_that_is_said():
    rows, outcomes, costs = questions(30_000, 1)
    subjects = np.array([row["subject"] for row in rows])
    assert outcomes.mean(axis=0).max() == pytest.approx(truth()["best constant"], abs=0.01)
    best = np.mean([outcomes[subjects == subject].mean(axis=0).max() for subject in set(subjects)])
    assert best == pytest.approx(truth()["best of the subject"], abs=0.01)
    assert costs.shape == outcomes.shape == (len(rows), len(MODELS))


def test_reading_gains_over_the_subject_and_the_subject_over_a_constant(project, harness, monkeypatch, capsys):
    main(["demo"])
    assert "80.8" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["demo"])  # nothing of a user's is written over
    monkeypatch.chdir("demo")
    ran = harness("eval", "routers", "--json")  # without a model: every baseline, trained on first use
    assert ran.code == 0, ran.err
    gains = {
        row["model"]: (row["low"], row["high"])
        for row in ran.document["results"]
        if row["metric"] == "route_gain" and row["domain"] == "overall"
    }
    assert list(gains) == BASELINES
    true = truth()
    assert gains["constant"] == (0, 0)
    low, high = gains["neighbours"]
    assert 0 < low < true["best of the kind"] - true["best constant"] < high
    low, high = gains["category"]
    assert low < true["best of the subject"] - true["best constant"] < high
    assert gains["oracle"][0] > gains["neighbours"][1]
    shown = harness("eval", "routers").out
    verdict, board = shown.index("shown to beat the best constant"), shown.index("rank ")
    assert verdict < board < min(shown.index(f" {name} ", board) for name in BASELINES)
    assert "without rank, since" not in shown  # bounds have none for a reason of their own


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="HARNESS_DATA names no folder with routing/")
def test_the_benchmark_of_real_models_has_every_baseline_and_the_verdict_first(project, harness, monkeypatch):
    monkeypatch.setenv("HARNESS_DATA", str(REAL.parent))
    ran = harness("eval", "routing")
    assert ran.code == 0, ran.err
    assert ran.out.index("None of the five models is shown to beat the best constant") < ran.out.index("rank ")
    assert all(f" {name} " in ran.out for name in BASELINES)
