"""Held-out items are answered by models that have not seen them; the rest is an ordinary evaluation."""

import json

import numpy as np
import pytest
from harness_plugins.baselines import detector as linear

from harness.errors import DataError, UsageError
from harness.task import Item
from harness.training.cross_fit import FOLDS, CrossFitted, assign

from ..messages import saying

TASK = "quickstart/detection"


def items(labels, clusters=None):
    clusters = clusters or [None] * len(labels)
    return [Item(f"i{n}", {"label": y}, cluster=c) for n, (y, c) in enumerate(zip(labels, clusters, strict=True))]


def test_parts_are_stratified_and_as_scikit_learns():
    from sklearn.model_selection import StratifiedKFold

    labels = [1] * 20 + [0] * 80
    fold_of = assign(items(labels), 5, 0)
    for fold, (_, held) in enumerate(StratifiedKFold(5, shuffle=True, random_state=0).split(labels, labels)):
        assert {f"i{n}" for n in held} == {id_ for id_, own in fold_of.items() if own == fold}
        assert sum(labels[n] for n in held) == 4


def test_items_of_a_cluster_stay_together():
    clusters = [f"c{n // 2}" for n in range(60)]
    fold_of = assign(items([n % 4 // 2 for n in range(60)], clusters), 3, 1)
    assert all(fold_of[f"i{n}"] == fold_of[f"i{n + 1}"] for n in range(0, 60, 2))
    assert sorted(np.bincount(list(fold_of.values()))) == [20, 20, 20]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (items([0] * 9 + [1]), saying("label 1", "there are 1", "--folds")),
        (items([0.5, 0.25]), saying("3 parts", "independent items", "there are 2")),
        (items([0, 1] * 5, ["a"] * 10), saying("independent items", "label 0", "there are 1")),
        ([*items([0, 1]), *items([0, 1])], saying("ids occur more than once")),
    ],
)
def test_what_cannot_be_parted_is_said(found, message):
    with pytest.raises(DataError, match=message.pattern):
        assign(found, 3, 0)


def test_no_item_is_answered_by_a_model_that_saw_it(harness, project, monkeypatch):
    """A model that knows its train texts by heart would give itself away."""
    seen = {}
    learn, answer = linear.LinearDetectorTrainer.fit, linear.LinearDetector.detect

    def fit(self, task, own, workdir, **more):
        own = list(own)
        seen[workdir.name.removesuffix(".partial")] = {item.fields["text"].text for item in own}
        return learn(self, task, own, workdir, **more)

    asked = []

    def detect(self, requests):
        fold = self.path.rsplit("/", 1)[-1]
        asked.extend(request.text for request in requests)
        assert not seen[fold] & {request.text for request in requests}
        return answer(self, requests)

    monkeypatch.setattr(linear.LinearDetectorTrainer, "fit", fit)
    monkeypatch.setattr(linear.LinearDetector, "detect", detect)
    ran = harness("cross-validate", "linear-detector", "-t", TASK, "--folds", 3, "--json")
    assert ran.code == 0, ran.err
    assert {r["n"] for r in ran.document["results"] if r["domain"] == "overall"} == {500}
    assert len(set(asked)) == len(set().union(*seen.values()))
    assert sorted(seen) == ["fold-0", "fold-1", "fold-2"]
    assert "was trained on" not in ran.err


def test_it_resumes_and_is_compared_like_any_model(harness, project, monkeypatch):
    learn = linear.LinearDetectorTrainer.fit
    fitted = []

    def fit(self, *arguments, **more):
        if len(fitted) == 1:
            fitted.append("killed")
            raise KeyboardInterrupt
        fitted.append("whole")
        return learn(self, *arguments, **more)

    monkeypatch.setattr(linear.LinearDetectorTrainer, "fit", fit)
    command = (
        "cross-validate",
        "linear-detector",
        "-t",
        TASK,
        "--folds",
        3,
        "--label",
        "mine",
        "--set",
        "penalty=1e-3",
    )
    assert harness(*command).code == 130
    assert harness(*command, "--json").code == 0
    assert fitted == ["whole", "killed", "whole", "whole"]
    again = harness(*command, "--json")
    assert again.code == 0
    assert len(fitted) == 4
    assert harness("eval", "-m", "random", "-t", TASK).code == 0
    assert harness("compare", "mine", "random", "-t", TASK).code == 0


def test_other_tasks_and_unfinished_directories_are_refused(harness, project):
    assert harness("cross-validate", "linear-detector", "-t", TASK, "--folds", 2).code == 0
    (place,) = project.glob(".harness/*.files/models/cross-fitted/*")
    ran = harness("eval", "-m", f"cross-fitted:path={place}", "-t", TASK, "--split", "train", "--limit", 3)
    assert ran.code == 1
    assert "cross-fitted for the items of" in ran.err
    (place / FOLDS).write_text(json.dumps({})[:-1])
    with pytest.raises(UsageError, match="damaged"):
        CrossFitted(str(place)).offers(())
    (place / FOLDS).unlink()
    ran = harness("eval", "-m", f"cross-fitted:path={place}", "-t", TASK)
    assert ran.code == 2
    assert "not finished by harness cross-validate" in ran.err


def test_a_wrong_request_is_said_before_anything_is_trained(harness):
    for arguments, message in (
        (("nothing", "-t", TASK), "nothing"),
        (("linear-detector", "-t", "quickstart/preferences"), "learns from tasks of kind"),
        (("linear-detector", "-t", TASK, "--folds", 1), "--folds 1"),
        (("linear-detector", "-t", TASK, "--set", "penalties=1"), "penalty"),
    ):
        ran = harness("cross-validate", *arguments)
        assert ran.code == 2
        assert message in ran.err


@pytest.mark.parametrize("option", [("--label", "lab=el"), ("--label", "a b"), ("--store", "a[b.sqlite")])
def test_names_that_cannot_be_used_are_refused_before_anything_is_trained(harness, project, option):
    ran = harness("cross-validate", "linear-detector", "-t", TASK, *option)
    assert ran.code == 2
    assert "is no label of a model" in ran.err or "no specification can name a model there" in ran.err
    assert "training" not in ran.err
    assert not list(project.rglob("cross-fitted"))


def test_a_base_trained_on_the_same_data_is_warned_of_once(harness, project):
    assert harness("train", "tfidf-detector", "-t", TASK, "-o", "words", "--split", "test").code == 0
    base = "tfidf-detector:path=words"
    ran = harness("cross-validate", "calibrated-detector", "--base", base, "-t", TASK, "--folds", "3")
    assert ran.code == 0, ran.err
    assert ran.err.count("its answers there flatter it") == 1
