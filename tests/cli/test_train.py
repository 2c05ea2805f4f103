from __future__ import annotations

import json
import sqlite3

import pytest

from ..messages import saying


@pytest.fixture
def splits(toys, write_task, rows):
    write_task("demo/plain", rows(5), data={name: {"file": "plain.jsonl"} for name in ("test", "train")})
    return toys


@pytest.mark.parametrize(
    ("trainer", "task", "metric", "least"),
    [
        ("bt-linear", "quickstart/preferences", "accuracy", 0.6),
        ("linear-detector", "quickstart/detection", "auroc", 0.9),
    ],
)
def test_a_trained_model_has_a_manifest_and_is_evaluated_by_its_path(project, harness, trainer, task, metric, least):
    ran = harness("train", trainer, "-t", task, "-o", "out/model", "--json")
    assert ran.code == 0
    manifest = json.loads((project / "out/model/manifest.json").read_text())
    assert ran.document == {"directory": "out/model", **manifest}
    expected = {"model": trainer, "trainer": trainer, "task": task, "split": "train", "limit": None, "settings": {}}
    assert {key: manifest[key] for key in expected} == expected
    assert manifest["figures"]["loss"] > 0
    assert {path.name for path in (project / "out").iterdir()} == {"model"}
    ran = harness("eval", "-m", f"mine={trainer}:path=out/model", "-t", task, "--json")
    assert ran.code == 0
    assert "warning" not in ran.err
    assert ran.document["results"][0]["metric"] == metric
    assert ran.document["results"][0]["value"] > least


def test_training_says_how_to_use_the_product(project, harness):
    ran = harness("train", "bt-linear", "-t", "quickstart/preferences", "-o", "m", "--limit", 50)
    assert ran.code == 0
    assert ran.out.splitlines()[-1] == "use it as: -m m=bt-linear:path=m"


@pytest.mark.parametrize("name", ["name-with-=", "a b", "a,b", "a:b", "a]", "-x", "ü"])
def test_what_training_says_works_as_it_stands(project, harness, name):
    import shlex

    ran = harness("train", "bt-linear", "-t", "quickstart/preferences", f"--output={name}", "--limit", 50)
    assert ran.code == 0, ran.err
    said = shlex.split(ran.out.splitlines()[-1].removeprefix("use it as: "))
    ran = harness("eval", *said, "-t", "quickstart/preferences", "--limit", 2, "--json")
    assert ran.code == 0, ran.err


@pytest.mark.parametrize("name", ["a[b", "[x]"])
def test_a_place_that_could_not_be_named_is_refused_before_training(project, harness, name):
    ran = harness("train", "bt-linear", "-t", "quickstart/preferences", f"--output={name}")
    assert ran.code == 2
    assert ran.err == saying(f"{name}", "specification")
    assert not list(project.iterdir())


def test_training_again_gives_the_same_weights(project, harness):
    from harness import file_identity

    for name in ("one", "two"):
        assert harness("train", "bt-linear", "-t", "quickstart/preferences", "-o", name).code == 0
    assert file_identity(project / "one/weights.npz") == file_identity(project / "two/weights.npz")


def test_evaluating_on_its_own_training_data_warns(project, harness):
    assert harness("train", "bt-linear", "-t", "quickstart/preferences", "-o", "m").code == 0
    command = ("eval", "-m", "mine=bt-linear:path=m", "-t", "quickstart/preferences", "--split", "train")
    ran = harness(*command, "--json")
    assert ran.code == 0
    warning = "mine was trained on quickstart/preferences [train], which it is evaluated on"
    assert f"warning: {warning}" in ran.err
    assert ran.document["run"]["warnings"] == [warning]


def test_an_existing_output_directory_is_refused(splits, harness):
    (splits / "model").mkdir()
    ran = harness("train", "toy-trainer", "-t", "demo/plain", "-o", "model")
    assert (ran.code, ran.err) == (
        2,
        saying("exists", "already", "delete"),
    )


def test_an_output_below_a_file_is_one_message(splits, harness):
    ran = harness("train", "toy-trainer", "-t", "demo/plain", "-o", "registry.yaml/model")
    assert ran.code == 2
    assert ran.err == saying("error", "registry.yaml/model")


def test_the_learning_curve_is_in_the_store(splits, harness):
    assert harness("train", "toy-trainer", "-t", "demo/plain", "-o", "model", "--set", "steps=3").code == 0
    with sqlite3.connect(".harness/store.sqlite") as connection:
        curve = connection.execute("SELECT model, step, name, value FROM curves ORDER BY step").fetchall()
    connection.close()
    assert curve == [(str(splits / "model"), step, "loss", 1 / step) for step in (1, 2, 3)]


def test_an_interrupted_training_goes_on_where_it_was(splits, harness):
    (splits / "stop-training").touch()
    command = ("train", "toy-trainer", "-t", "demo/plain", "-o", "model", "--set", "steps=9,stop_at=4", "--json")
    assert harness(*command).code == 130
    assert not (splits / "model").exists()
    (splits / "stop-training").unlink()
    assert harness(*command).document["figures"] == {"items": 5, "started_at": 4}


def test_an_interrupted_training_of_other_settings_starts_anew(splits, harness):
    (splits / "stop-training").touch()
    command = ("train", "toy-trainer", "-t", "demo/plain", "-o", "model", "--json", "--set")
    assert harness(*command, "steps=9,stop_at=4").code == 130
    (splits / "stop-training").unlink()
    assert harness(*command, "steps=8,stop_at=4").document["figures"] == {"items": 5, "started_at": 0}


def test_a_bad_row_ends_a_training_with_its_place(splits, harness, write_task, rows):
    path = write_task("demo/plain", rows(3), data={name: {"file": "plain.jsonl"} for name in ("test", "train")})
    with path.with_suffix(".jsonl").open("a") as stream:
        stream.write("{\n")
    ran = harness("train", "toy-trainer", "-t", "demo/plain", "-o", "model")
    assert ran.code == 1
    assert f"error: {path.with_suffix('.jsonl')}:4: not valid JSON: " in ran.err
    assert "mend the row before training on it" in ran.err


def test_a_task_without_a_train_split_is_refused(toys, harness, write_task, rows):
    write_task("demo/plain", rows(3))
    ran = harness("train", "toy-trainer", "-t", "demo/plain", "-o", "model")
    assert (ran.code, ran.err) == (
        2,
        saying("demo/plain", "'train'"),
    )


def test_a_split_that_cannot_be_learned_from_says_why(project, harness, write_task):
    rows = [{"text": "one", "label": 1}, {"text": "two", "label": 1}]
    write_task("demo/plain", rows, kind="detection", data={n: {"file": "plain.jsonl"} for n in ("test", "train")})
    ran = harness("train", "linear-detector", "-t", "demo/plain", "-o", "model")
    assert (ran.code, ran.err) == (
        1,
        saying("'linear-detector'", "demo/plain", "[train]", "texts", "2", "positive"),
    )


def test_a_declared_model_is_trained_on_first_use_and_once(splits, harness):
    (splits / "registry.yaml").write_text(
        "task_folders: [tasks]\nmodels:\n  made: {trainer: toy-trainer, task: demo/plain, settings: {steps: 5}}\n"
    )
    command = ("eval", "-m", "made", "-t", "demo/plain", "--metric", "toy_first_score", "--json")
    first = harness(*command)
    assert first.code == 0
    assert "training made on demo/plain (first use)" in first.err
    second = harness(*command)
    assert "training" not in second.err
    assert first.document["results"] == second.document["results"]


def test_other_settings_of_a_declared_model_train_another(splits, harness):
    values = []
    for steps in (5, 7):
        (splits / "registry.yaml").write_text(
            "task_folders: [tasks]\n"
            f"models:\n  made: {{trainer: toy-trainer, task: demo/plain, settings: {{steps: {steps}}}}}\n"
        )
        ran = harness("eval", "-m", "made", "-t", "demo/plain", "--metric", "toy_first_score", "--json")
        values += [r["value"] for r in ran.document["results"] if r["metric"] == "toy_first_score"]
    assert values[1] == values[0] + 2


def test_a_model_directory_without_a_model_is_one_message(project, harness):
    (project / "empty").mkdir()
    for model in ("bt-linear", "linear-detector"):
        ran = harness("eval", "-m", f"m={model}:path=empty", "-t", "quickstart/preferences")
        assert ran.code in (1, 2)
        assert "empty holds no trained model" in ran.err
        assert "internal error" not in ran.err


def test_a_damaged_manifest_is_one_message(project, harness):
    assert harness("train", "bt-linear", "-t", "quickstart/preferences", "-o", "m", "--limit", 20).code == 0
    (project / "m/manifest.json").write_text("{")
    ran = harness("eval", "-m", "m=bt-linear:path=m", "-t", "quickstart/preferences")
    assert ran.code in (1, 2)
    assert "internal error" not in ran.err
    assert "error: m/manifest.json: damaged" in ran.err


def test_a_folder_without_a_name_of_its_own_is_refused(project, harness):
    for place in (".", "/", ""):
        ran = harness("train", "bt-linear", "-t", "quickstart/preferences", "-o", place, "--limit", 20)
        assert ran.code == 2, ran.err
        assert "internal error" not in ran.err
