"""The commands, as a user gives them: train, onboard, map; and what they refuse."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from harness_plugins.embedllm.generated import generate, write
from harness_plugins.embedllm.saved import load

SMALL = "tfidf:dimensions=64"


@pytest.fixture
def made(project):
    """A made-up task in the project."""
    made = generate(360, 6, vocabulary=60, categories=3, seed=2)
    write(made, project / "tasks" / "made-up", train=0.8)
    (project / "registry.yaml").write_text("task_folders: [tasks]\n")
    return made


@pytest.fixture
def trained(made, harness):
    """A router of five of the six models."""
    text = Path("tasks/made-up/generated.yaml").read_text()
    Path("tasks/made-up/pool.yaml").write_text(text.replace(f", {made.models[-1]}]", "]"))
    done = harness(
        *("train", "embedllm", "--base", SMALL, "-t", "made-up/pool", "-o", "mine", "--set", "ridge=1"),
    )
    assert done.code == 0, done.err
    return made


def answers(made, count, path="answers.csv", **changed):
    ids = train_ids()[:count]
    with open(path, "w", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["id", "outcome"])
        out.writerows([i, changed.get("value", made.outcomes[int(i), -1])] for i in ids)
    return path


def train_ids():
    from harness.names.registry import Registry

    return [item.id for item in Registry().task("made-up/pool").items("train")]


def test_a_router_is_trained_evaluated_and_given_a_model_more(trained, harness):
    new = trained.models[-1]
    asked = harness("onboard", "mine", "-t", "made-up/pool", "--model", new, "--ask", 5, "--json")
    assert asked.code == 0, asked.err
    assert len(asked.document["ask"]) == 5
    assert asked.document["categories"] == []
    done = harness(
        *("onboard", "mine", "-t", "made-up/pool", "--model", new),
        *("--answers", answers(trained, 40), "-o", "more", "--json"),
    )
    assert done.code == 0, done.err
    assert done.document["answers"] == 40
    assert done.document["categories"][0]["category"] == "overall"
    assert sum(one["answered"] for one in done.document["categories"][1:]) == 40
    assert all(one["low"] <= one["accuracy"] <= one["high"] for one in done.document["categories"])
    answered = set(train_ids()[:40])
    assert not answered & {one["id"] for one in done.document["ask"]}
    evaluated = harness("eval", "-m", "more=embedllm:path=more", "-t", "made-up/generated")
    assert evaluated.code == 0, evaluated.err
    assert "learned some models from few answers" in evaluated.err
    unknown = harness("eval", "-m", "mine=embedllm:path=mine", "-t", "made-up/generated")
    assert new in unknown.err + unknown.out  # the model that it does not know
    manifest = json.loads(Path("more/manifest.json").read_text())
    assert manifest["data"]["onboarded"] == [{"task": "made-up/pool", "split": "train"}]


def test_answers_are_taken_from_the_task_where_the_model_is_in_it(trained, harness):
    done = harness("onboard", "mine", "-t", "made-up/generated", "--model", trained.models[-1])
    assert done.code == 0, done.err
    assert f"{trained.models[-1]}: {len(train_ids())} answers" in done.out
    assert "Next questions" not in done.out  # there is none that was not answered


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("id,outcome\nnowhere,1\n", "'nowhere'"),
        ("id,outcome\nFIRST,1.5\n", "row 2"),
        ("id,outcome\nFIRST,yes\n", "'yes'"),
        ("id,outcome\nFIRST,1\nFIRST,0\n", "row 3"),
        ("id,outcome\nFIRST,\n", "no answer"),
        ("question,outcome\nFIRST,1\n", "id and outcome"),
    ],
)
def test_answers_that_are_none_are_refused_by_row(trained, harness, content, says):
    Path("bad.csv").write_text(content.replace("FIRST", train_ids()[0]))
    done = harness("onboard", "mine", "-t", "made-up/pool", "--model", "new", "--answers", "bad.csv")
    assert done.code == 2
    assert says in done.err


def test_what_cannot_be_onboarded_is_refused(trained, harness):
    path = answers(trained, 30)
    given = ("-t", "made-up/pool", "--answers", path)
    for arguments, says in (
        (("mine", *given, "--model", trained.models[0]), "already"),
        (("nowhere", *given, "--model", "new"), "harness train embedllm"),
        (("mine", *given, "--model", "new", "--base", "tfidf:dimensions=32"), "length 64"),
        (("mine", *given, "--model", "new", "-o", "mine"), "exists already"),
        (("mine", "-t", "quickstart/preferences", "--answers", path, "--model", "new"), "'routing'"),
    ):
        done = harness("onboard", *arguments)
        assert done.code == 2, arguments
        assert says in done.err


def test_the_map_shows_families_as_neighbours(trained, harness):
    done = harness("model-map", "mine", "--json")
    assert done.code == 0
    models = {one["model"]: one for one in done.document["models"]}
    assert done.document["replicates"] > 0
    assert sum(done.document["shares"]) == pytest.approx(1)
    assert all(
        one["nearest"].split("-")[0] == name.split("-")[0] for name, one in models.items() if "family2" not in name
    )
    for path in ("map.html", "map.csv", "map.json"):
        assert harness("model-map", "mine", "-o", path).code == 0
    rows = list(csv.DictReader(Path("map.csv").read_text().splitlines()))
    assert [row["model"] for row in rows] == list(load("mine").models)
    assert float(rows[0]["coordinate_1"]) == pytest.approx(load("mine").canonical.coordinates[0, 0])
    assert "95 % ellipses" in Path("map.html").read_text()
    assert harness("model-map", "mine", "-o", "map.png").code == 2


def test_a_made_up_matrix_is_what_its_weights_say():
    made = generate(3000, 6, seed=3)
    assert (made.outcomes - made.chances).mean(axis=0) == pytest.approx(np.zeros(6), abs=0.04)
    assert made.outcomes.shape == made.chances.shape == (3000, 6)
    one, two = generate(50, 4, seed=1), generate(50, 4, seed=1)
    assert one.questions == two.questions
    assert (one.outcomes == two.outcomes).all()


def test_categories_are_left_out_one_after_the_other(made, harness):
    done = harness("leave-out", "-t", "made-up/generated", "--base", SMALL, "--json")
    assert done.code == 0, done.err
    assert [one["category"] for one in done.document["categories"]] == ["category0", "category1", "category2"]
    assert all(len(one["foretold"]) == 6 for one in done.document["categories"])
    shown = harness("leave-out", "-t", "made-up/generated", "--base", SMALL)
    assert "of 3" in shown.out
    assert harness("leave-out", "-t", "quickstart/preferences", "--base", SMALL).code == 2
    few = harness("leave-out", "-t", "made-up/generated", "--base", SMALL, "--contributions")
    assert few.code == 2
    assert "30 models" in few.err


def test_labels_of_models_are_tested(trained, harness):
    rows = [f"{model},{'odd' if i % 2 else 'even'}" for i, model in enumerate(trained.models[:5])]
    Path("labels.csv").write_text("\n".join(["model,label", *rows]))
    done = harness("model-map", "mine", "--labels", "labels.csv", "--json")
    assert done.code == 0, done.err
    assert [one["name"] for one in done.document["labels"]] == ["even", "odd"]
    assert "distance inside" in harness("model-map", "mine", "--labels", "labels.csv").out
    Path("labels.csv").write_text("\n".join(["model,label", *rows[1:]]))
    missing = harness("model-map", "mine", "--labels", "labels.csv")
    assert missing.code == 2
    assert trained.models[0] in missing.err
