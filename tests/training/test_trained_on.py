"""What a model was trained on is read from the manifest in its directory, and evaluating on that warns."""

import json

import pytest

from harness import Model
from harness.errors import UsageError

from ..messages import saying


class Product(Model):
    def __init__(self, path=""):
        self.path = path


def manifest(folder, **said):
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"made": "2026-01-01", **said}))
    return str(folder)


def test_the_manifest_beside_a_product_says_what_it_was_trained_on(tmp_path):
    path = manifest(tmp_path / "m", task="quickstart/preferences", split="train")
    (found,) = Product(path).trained_on()
    assert (found["task"], found["split"]) == ("quickstart/preferences", "train")


@pytest.mark.parametrize("content", ["{", "\udcff"])
def test_a_damaged_manifest_is_named(tmp_path, content):
    (tmp_path / "manifest.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError, match=r"manifest\.json: damaged"):
        Product(str(tmp_path)).trained_on()


@pytest.mark.parametrize("content", [None, "[1]", '{"name": "an app"}'])
def test_a_directory_without_a_manifest_of_ours_says_nothing(tmp_path, content):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    assert list(Product(str(tmp_path)).trained_on()) == []


def test_a_model_of_no_path_says_nothing():
    assert list(Model().trained_on()) == []
    assert list(Product().trained_on()) == []


def test_a_folder_of_weights_that_was_trained_warns_alone_and_inside_another_model(tmp_path, harness):
    path = manifest(tmp_path / "m", task="quickstart/detection", split="train")
    (tmp_path / "m" / "config.json").write_text("{}")
    inside = f"normalised:base=[hf-classifier:path={path}]"
    for model, said in ((f"hf-classifier:path={path}", "was trained on"), (inside, "inside")):
        ran = harness("eval", "-m", model, "-t", "quickstart/detection", "--split", "train", "--dry-run")
        assert ran.err + ran.out == saying("quickstart/detection", "[train]")
        assert said in ran.err + ran.out
        ran = harness("eval", "-m", model, "-t", "quickstart/detection", "--dry-run")
        assert "which it is evaluated on" not in ran.err + ran.out


@pytest.mark.parametrize(
    ("train", "test", "warned"),
    [
        ({}, {}, True),
        ({"where": {"part": "a"}}, {}, True),
        ({"where": {"part": "a"}}, {"where": {"part": ["b", "a"]}}, True),
        ({"where": {"part": "a"}}, {"where": {"part": "b"}}, False),
        ({"rows": [0, 3]}, {"rows": [3, 8]}, False),
        ({"rows": [0, 4]}, {"rows": [3, 8]}, True),
        ({"where": {"part": "a"}, "rows": [0, 3]}, {"rows": [3, 8]}, True),
    ],
)
def test_another_task_over_the_same_rows_warns_and_one_over_others_does_not(
    project, harness, write_task, train, test, warned
):
    rows = [{"text": f"text {i}", "label": i % 2, "part": "ab"[i % 2]} for i in range(8)]
    for name, selection in (("my/one", train), ("my/other", test)):
        file = {"file": f"{project}/tasks/my/one.jsonl", **selection}
        write_task(name, rows, data={"train": file, "test": file}, kind="detection")
    path = manifest(project / "m", task="my/one", split="train")
    (project / "m" / "config.json").write_text("{}")
    ran = harness("eval", "-m", f"hf-classifier:path={path}", "-t", "my/other", "--dry-run")
    said = "my/one [train], which reads the same data as my/other [test]" in ran.err + ran.out
    assert said == warned, ran.err + ran.out
