"""What a trained model hangs on: anything below it that changes trains it anew, in whatever directory."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from harness import HarnessError, train
from harness.errors import UsageError
from harness.names.registry import Registry
from harness.names.resolving import resolve_model
from harness.progress import SilentProgress
from harness.task import Item
from harness.training.items import items_digest

from ..messages import saying

TASK = "quickstart/detection"
WORDS = "keyword-list:path=words.txt"


@pytest.fixture
def declare(project):
    """Write models into registry.yaml, and a list of words that one of them may be over."""
    (project / "words.txt").write_text("account\nmay\n")

    def write(**models):
        (project / "registry.yaml").write_text(yaml.safe_dump({"task_folders": ["tasks"], "models": models}))

    (project / "tasks").mkdir()
    return write


def calibrated(base):
    return {"trainer": "calibrated-detector", "task": TASK, "base": base}


CUT = {"trainer": "operating-point", "task": TASK, "settings": {"rule": "f1"}}
DEEP = {
    "directly": {"top": calibrated(WORDS)},
    "a part of the base": {"top": calibrated(f"detector-ensemble:part1=[{WORDS}],part2=keyword-list")},
    "a named model": {"named": WORDS, "top": calibrated("named")},
    "the base of a trained base": {"below": calibrated(WORDS), "top": {**CUT, "base": "below"}},
    "a part of the base of a trained base": {
        "both": f"detector-ensemble:part1=[{WORDS}],part2=prompt-length",
        "below": calibrated("both"),
        "top": {**CUT, "base": "below"},
    },
}


@pytest.mark.parametrize("where", DEEP)
def test_other_weights_below_train_anew(where, declare, harness, project):
    declare(**DEEP[where])
    command = ("eval", "-m", "top", "-t", TASK, "--limit", 40, "--json")
    first, again = harness(*command), harness(*command)
    assert first.code == 0, first.err
    assert "training top" in first.err
    assert "training" not in again.err
    before = (project / "words.txt").read_text()
    (project / "words.txt").write_text("what\ntell\n")
    changed, still = harness(*command), harness(*command)
    assert changed.code == 0, changed.err
    assert "training top" in changed.err
    assert "is not what" not in changed.err  # it is evaluated over the base that it was trained over
    assert "training" not in still.err
    assert changed.document["results"] != first.document["results"]
    (project / "words.txt").write_text(before)
    back = harness(*command)
    assert "training" not in back.err
    assert back.document["results"] == first.document["results"]


def test_other_rows_train_anew(declare, harness, write_task, project):
    rows = [{"id": str(i), "text": f"word{i % 7} and {i}", "label": i % 2} for i in range(40)]
    splits = {"test": {"file": "own.jsonl"}, "train": {"file": "own.jsonl", "rows": [0, 30]}}
    path = write_task("demo/own", rows, kind="detection", data=splits)
    declare(top={"trainer": "linear-detector", "task": "demo/own", "settings": {"dimensions": 64}})
    command = ("eval", "-m", "top", "-t", "demo/own", "--json")
    assert "training top" in harness(*command).err
    assert "training top" not in harness(*command).err
    rows[3]["text"] += " more"
    path.with_suffix(".jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = harness(*command)
    assert ran.code == 0, ran.err
    assert "training top" in ran.err


def test_an_unfinished_training_is_taken_up_only_for_the_same_rows_and_base(toys, harness, write_task, rows):
    data = {name: {"file": "plain.jsonl"} for name in ("test", "train")}
    path = write_task("demo/plain", rows(5), data=data).with_suffix(".jsonl")
    command = ("train", "toy-trainer", "-t", "demo/plain", "-o", "model", "--set", "steps=9,stop_at=4", "--json")
    (toys / "stop-training").touch()
    assert harness(*command).code == 130
    path.write_text(path.read_text().replace("question 2", "question two"))
    assert harness(*command).code == 130
    (toys / "stop-training").unlink()
    assert harness(*command).document["figures"] == {"items": 5, "started_at": 4}


def test_a_product_does_not_hang_on_where_its_base_lies(declare, harness, project):
    (project / "elsewhere").mkdir()
    (project / "elsewhere" / "words.txt").write_text((project / "words.txt").read_text())
    for name, path in (("one", "words.txt"), ("two", "elsewhere/words.txt")):
        base = f"keyword-list:path={path}"
        assert harness("train", "calibrated-detector", "--base", base, "-t", TASK, "-o", name).code == 0
    found = [
        resolve_model(Registry(), f"calibrated-detector:path={name}", models_folder=project) for name in ("one", "two")
    ]
    assert found[0].fingerprint == found[1].fingerprint


@pytest.mark.parametrize(
    "base",
    [
        WORDS,
        "keyword-list:path=./words.txt",
        f"detector-ensemble:part1=[{WORDS}],part2=prompt-length",
        f"calibrated-detector:path=inner,base=[{WORDS}]",
    ],
)
def test_products_work_in_every_directory(base, declare, harness, project, monkeypatch):
    assert harness("train", "calibrated-detector", "--base", WORDS, "-t", TASK, "-o", "inner").code == 0
    ran = harness("train", "operating-point", "--base", base, "-t", TASK, "--set", "rule=f1", "-o", "product")
    assert ran.code == 0, ran.err
    place = project / "product"
    (project / "other").mkdir()
    here = harness("eval", "-m", "p=operating-point:path=product", "-t", TASK, "--limit", 20, "--json")
    monkeypatch.chdir(project / "other")
    there = harness("eval", "-m", f"p=operating-point:path={place}", "-t", TASK, "--limit", 20, "--json")
    assert there.code == 0, there.err
    assert "is not what" not in there.err
    assert there.document["results"] == here.document["results"]


def test_a_name_that_is_also_a_folder_stays_a_name(project):
    (project / "safe-unsafe").mkdir()
    (project / "cpu").mkdir()
    (project / "own.yaml").touch()
    registry = Registry()
    handle = resolve_model(registry, "tfidf:corpus=", models_folder=project)
    assert handle.specification == "tfidf:corpus="
    (project / "docs.txt").write_text("a b\n")
    handle = resolve_model(registry, "tfidf:corpus=docs.txt", models_folder=project)
    assert handle.specification == f"tfidf:corpus={project / 'docs.txt'}"


# a trainer over itself

CIRCLES = {
    "itself": {"a": calibrated("a")},
    "each other": {"a": calibrated("b"), "b": calibrated("a")},
    "a part": {"a": calibrated("detector-ensemble:part1=a,part2=keyword-list")},
    "an alias": {"b": "a", "a": calibrated("b")},
    "the name of a registered model": {"a": "keyword-list", "keyword-list": calibrated("keyword-list")},
    "a model over itself": {"a": {"model": "detector-ensemble", "arguments": {"part1": "a", "part2": "keyword-list"}}},
}


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
@pytest.mark.parametrize("circle", CIRCLES)
def test_a_circle_in_registry_yaml_is_found_by_the_plan(circle, options, declare, harness, project):
    declare(**CIRCLES[circle])
    ran = harness("eval", "-m", "a", "-t", TASK, "--limit", 2, *options)
    assert ran.code == 2
    assert "registry.yaml" in ran.err
    assert " over " in ran.err
    assert not (project / ".harness").exists()


# several at once


class Heard(SilentProgress):
    """Keeps what was said."""

    def __init__(self):
        self.said = []

    def say(self, text):
        self.said.append(text)


def two_at_once(first, second):
    """Manifests, errors and words of two trainings into one folder, the second begun while the first trains."""
    found = {}
    heard = {name: Heard() for name in ("first", "second")}

    def work(name, settings):
        try:
            found[name] = train("toy-trainer", "demo/plain", "model", settings=settings, progress=heard[name])
        except HarnessError as error:
            found[name] = error

    threads = [threading.Thread(target=work, args=given) for given in (("first", first), ("second", second))]
    threads[0].start()
    while not Path("model.partial").exists() and threads[0].is_alive():
        time.sleep(0.005)
    threads[1].start()
    for thread in threads:
        thread.join()
    return found["first"], found["second"], [*heard["first"].said, *heard["second"].said]


@pytest.fixture
def plain(toys, write_task, rows):
    write_task("demo/plain", rows(5), data={name: {"file": "plain.jsonl"} for name in ("test", "train")})
    return toys


def test_two_trainings_into_one_folder_give_one_product_to_both(plain, harness):
    settings = {"steps": 20, "seconds": 0.05}
    one, two, said = two_at_once(settings, settings)
    assert one == two
    assert one["figures"] == {"items": 5, "started_at": 0}
    assert said == [saying("another process", "model", "waiting")]
    assert sorted(path.name for path in plain.glob("model*")) == ["model"]
    ran = harness("train", "toy-trainer", "-t", "demo/plain", "-o", "model", "--set", "steps=20,seconds=0.05")
    assert ran.code == 2  # nobody to wait for: it is there
    assert "exists already" in ran.err


def test_two_trainings_of_other_settings_do_not_mix(plain):
    one, two, _ = two_at_once({"steps": 20, "seconds": 0.05}, {"steps": 3})
    assert one["settings"] == {"steps": 20, "seconds": 0.05}
    assert isinstance(two, UsageError)
    assert "exists already" in str(two)
    assert (plain / "model" / "number.txt").read_text() == "20"


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("train", "bt-linear", "-t", "quickstart/preferences", "-o", "m", "--json"),
        ("cross-validate", "linear-detector", "-t", TASK, "--folds", 2, "--limit", 120, "--json"),
    ],
)
def test_two_processes_that_want_the_same_both_have_it(project, shell, command):
    found = []
    threads = [threading.Thread(target=lambda: found.append(shell(*command))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if command[0] == "train":  # whoever comes when all is over is told so
        assert all(ran.code == 0 or "exists already" in ran.err for ran in found), found
    else:
        assert [ran.code for ran in found] == [0, 0], found
        assert found[0].document["results"] == found[1].document["results"]
        assert "".join(ran.err for ran in found).count("without part") == 2


def test_a_folder_of_somebody_else_is_not_deleted(plain, harness):
    (plain / "model.partial").mkdir()
    (plain / "model.partial" / "thesis.txt").write_text("three years")
    ran = harness("train", "toy-trainer", "-t", "demo/plain", "-o", "model")
    assert ran.code == 2
    assert "model.partial: is in the way" in ran.err
    assert (plain / "model.partial" / "thesis.txt").read_text() == "three years"
    (plain / "model.partial" / "thesis.txt").unlink()
    (plain / "model.partial").rmdir()
    (plain / "elsewhere").mkdir()
    (plain / "model.partial").symlink_to(plain / "elsewhere")
    ran = harness("train", "toy-trainer", "-t", "demo/plain", "-o", "model")
    assert ran.code == 2
    assert "is a link" in ran.err


def test_a_product_holds_no_leftovers_of_killed_writers(plain, harness):
    command = ("train", "toy-trainer", "-t", "demo/plain", "-o", "model", "--set", "steps=9,stop_at=4")
    (plain / "stop-training").touch()
    assert harness(*command).code == 130
    (plain / "model.partial" / ".harness-0123456789abcdef.partial").write_text("half")
    (plain / "stop-training").unlink()
    assert harness(*command).code == 0
    assert sorted(path.name for path in (plain / "model").iterdir()) == ["manifest.json", "number.txt"]


# cross-validation over a declared base


def test_cross_validation_trains_its_base_first(declare, harness):
    declare(below=calibrated(WORDS))
    command = ("cross-validate", "operating-point", "--base", "below", "-t", TASK, "--folds", 2, "--limit", 100)
    command += ("--set", "rule=f1")
    first, second = harness(*command, "--json"), harness(*command, "--json")
    assert first.code == 0, first.err
    assert first.err.index("training below") < first.err.index("without part 1")
    assert second.code == 0
    assert "training" not in second.err


# learning curves


def test_curves_of_two_trainings_of_one_name_are_two(plain, harness, monkeypatch):
    store = plain / "s.sqlite"
    for folder, steps in (("one", 3), ("two", 5)):
        (plain / folder).mkdir()
        monkeypatch.chdir(plain / folder)
        more = ("--registry", plain / "registry.yaml", "--set", f"steps={steps}")
        ran = harness("train", "toy-trainer", "-t", "demo/plain", "-o", "n", "--store", store, *more)
        assert ran.code == 0, ran.err
    monkeypatch.chdir(plain)
    for folder, steps in (("one", 3), ("two", 5)):
        ran = harness("show", f"{folder}/n", "--store", store, "--json")
        assert ran.document[0]["curve"] == [{"step": step, "loss": 1 / step} for step in range(1, steps + 1)]
    (plain / "one" / "n").rename(plain / "moved")
    assert len(harness("show", "moved", "--store", store, "--json").document[0]["curve"]) == 3
    ran = harness("show", "two/n/", "--store", store)
    assert ran.out.count("0.333333") == 1


def test_a_training_anew_begins_a_new_curve(toys, write_task, rows, harness):

    write_task("demo/plain", rows(5), data={name: {"file": "plain.jsonl"} for name in ("test", "train")})
    for steps in (9, 4):
        ran = harness("train", "toy-trainer", "-t", "demo/plain", "-o", "n", "--set", f"steps={steps}")
        assert ran.code == 0, ran.err
        assert len(harness("show", "n", "--json").document[0]["curve"]) == steps
        shutil.rmtree("n")


def test_a_long_curve_is_shown_by_some_of_its_steps(plain, harness):
    assert harness("train", "toy-trainer", "-t", "demo/plain", "-o", "n", "--set", "steps=100").code == 0
    ran = harness("show", "n")
    assert "20 of 100 steps" in ran.out
    assert "\n  100   " in ran.out
    (plain / "n" / "manifest.json").write_text("{")
    ran = harness("show", "n")
    assert ran.code == 2
    assert "damaged" in ran.err


# the hash of what is learned from


def test_any_part_of_an_item_changes_the_hash():
    fields = {"text": "a", "numbers": np.arange(3.0), "flag": True}
    one = items_digest([Item("1", fields)])
    assert one == items_digest([Item("1", {**fields, "numbers": np.arange(3.0)})])
    others = [
        Item("2", fields),
        Item("1", fields, cluster="c"),
        Item("1", {**fields, "text": "b"}),
        Item("1", {**fields, "text": "\ud83d"}),
        Item("1", {**fields, "numbers": np.arange(3)}),
        Item("1", {**fields, "numbers": np.array([0.0, 1.0, 2.5])}),
    ]
    assert len({one, *(items_digest([item]) for item in others), items_digest([])}) == len(others) + 2
    assert os.path.sep
