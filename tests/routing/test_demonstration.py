"""The demonstration: what routers gain on generated data is what is known of them."""

import numpy as np
import pytest
from harness_plugins.routing.demonstration import MODELS, main, questions, truth


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
    models = []
    for trainer, *base in (("constant-router",), ("category-router",), ("neighbour-router", "--base", "tfidf")):
        assert harness("train", trainer, "-t", "routers/questions", "-o", trainer, *base).code == 0
        models += ["-m", f"{trainer}={trainer}:path={trainer}"]
    ran = harness("eval", *models, "-m", "oracle-router", "-t", "routers", "--json")
    assert ran.code == 0, ran.err
    gains = {
        row["model"]: (row["low"], row["high"])
        for row in ran.document["results"]
        if row["metric"] == "route_gain" and row["domain"] == "overall"
    }
    true = truth()
    assert gains["constant-router"] == (0, 0)
    low, high = gains["neighbour-router"]
    assert 0 < low < true["best of the kind"] - true["best constant"] < high
    low, high = gains["category-router"]
    assert low < true["best of the subject"] - true["best constant"] < high
    assert gains["oracle-router"][0] > gains["neighbour-router"][1]
