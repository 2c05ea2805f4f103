"""A task for evaluation only: nothing is trained or cross-validated on it, and a model that was is refused."""

import json

import pytest

TRAIN = ("train", "tiny-iterated", "-t", "demo/kept", "--base", "tiny-writer:path=start", "-o", "p")
SPEC = "train:tiny-iterated:task=demo/{},base=[tiny-writer:path=start],set.iterations=1"


@pytest.fixture
def kept(iterating, write_task, rows):
    """The task ``demo/kept``, of the same rows as ``demo/plain``, for evaluation only."""
    data = {name: {"file": "kept.jsonl"} for name in ("test", "train")}
    write_task("demo/kept", rows(9), data=data, evaluation_only=True)
    return iterating


@pytest.mark.parametrize(
    "command",
    [
        TRAIN,
        (*TRAIN, "--split", "test"),
        ("cross-validate", "tiny-iterated", "-t", "demo/kept", "--base", "tiny-writer:path=start"),
        ("eval", "-m", SPEC.format("kept"), "-t", "demo/plain"),
        ("eval", "-m", SPEC.format("kept"), "-t", "demo/plain", "--dry-run"),
        ("train", "linear-detector", "-t", "demo/kept", "-o", "p"),  # whatever the kind
    ],
)
def test_nothing_learns_from_it(kept, harness, command):
    ran = harness(*command)
    assert ran.code == 2
    assert "demo/kept" in ran.err
    assert "evaluation only" in ran.err
    assert "Traceback" not in ran.err
    assert not list(kept.glob(".harness/*/models/*"))
    assert not (kept / "p").exists()


def test_it_is_evaluated_as_any_other(kept, harness):
    ran = harness("eval", "-m", f"mine={SPEC.format('plain')}", "-t", "demo/kept")
    assert ran.code == 0, ran.err


@pytest.mark.parametrize("split", ["train", "test", "validation"])
@pytest.mark.parametrize("further", [False, True])
def test_a_model_whose_manifest_names_it_is_refused_wherever_it_is_evaluated(kept, harness, split, further):
    own = {"task": "demo/kept", "split": split}
    manifest = {"task": "demo/plain", "split": "train", "data": {"pool": [own]}} if further else own
    (kept / "start" / "manifest.json").write_text(json.dumps(manifest))
    for model in ("tiny-writer:path=start", "tiny-critic:base=[tiny-writer:path=start]"):
        for task in ("demo/plain", "demo/kept"):
            ran = harness("eval", "-m", model, "-t", task, "--dry-run")
            assert ran.code == 2
            assert "evaluation only" in ran.err


def test_whether_it_is_for_evaluation_only_changes_no_result(kept, harness):
    assert harness("eval", "-m", f"mine={SPEC.format('plain')}", "-t", "demo/kept").code == 0
    path = kept / "tasks" / "demo" / "kept.yaml"
    path.write_text(path.read_text().replace("evaluation_only: true", "evaluation_only: false"))
    ran = harness("figures", "demo/kept")
    assert ran.code == 0, ran.err
    assert harness("train", "tiny-iterated", "-t", "demo/kept", "--base", "tiny-writer:path=start", "-o", "p").code == 0
