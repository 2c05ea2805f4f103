"""What a trainer reads besides its items: other splits and tasks, of which held-out items are kept from it."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def pools(iterating, write_task, rows):
    """A second task that shares ids with ``demo/plain``, and one that shares clusters."""
    write_task("demo/same", rows(12), data={"train": {"file": "same.jsonl"}, "test": {"file": "same.jsonl"}})
    kept = [{**row, "id": f"other-{row['id']}", "group": f"g{i % 4}"} for i, row in enumerate(rows(12))]
    write_task("demo/kin", kept, data={n: {"file": "kin.jsonl"} for n in ("train", "test")}, cluster="group")
    return iterating


def seen_of(ran):
    """By part, the ids that the trainer saw, and those that were held out from it."""
    (folder,) = [path.parent for path in ran.glob(".harness/**/folds.json")]
    folds = json.loads((folder / "folds.json").read_text())
    for number in range(folds["count"]):
        seen = (folder / f"fold-{number}" / "seen.txt").read_text().split()
        yield set(seen), {id_ for id_, part in folds["assignment"].items() if part == number}


def test_held_out_items_are_kept_from_a_trainer_that_reads_the_task_itself(pools, harness):
    ran = harness("cross-validate", "tiny-peeking", "-t", "demo/plain", "--folds", 3)
    assert ran.code == 0, ran.err
    for seen, held_out in seen_of(pools):
        assert len(held_out) == 3
        assert not seen & held_out
        assert len(seen) == 6


def test_held_out_items_are_kept_from_a_trainer_that_reads_a_second_task(pools, harness):
    ran = harness("cross-validate", "tiny-peeking", "-t", "demo/plain", "--folds", 3, "--set", "pool=[demo/same]")
    assert ran.code == 0, ran.err
    for seen, held_out in seen_of(pools):
        assert not seen & held_out
        assert len(seen) == 9  # six of its own, and the three that only the second task has


def test_clusters_of_held_out_items_are_kept_from_it_too(pools, harness, write_task, rows):
    whole = [{**row, "group": f"g{i % 4}"} for i, row in enumerate(rows(12))]
    write_task("demo/groups", whole, data={"test": {"file": "groups.jsonl"}}, cluster="group")
    ran = harness("cross-validate", "tiny-peeking", "-t", "demo/groups", "--folds", 2, "--set", "pool=demo/kin:test")
    assert ran.code == 0, ran.err
    group_of = {row["id"]: row["group"] for row in whole}
    for seen, held_out in seen_of(pools):
        kept_from = {group_of[id_] for id_ in held_out}
        assert any(id_.startswith("other-") for id_ in seen)
        assert not {group_of[id_.removeprefix("other-")] for id_ in seen} & kept_from


def test_further_data_is_in_the_manifest_and_in_warnings(pools, harness):
    ran = harness("train", "tiny-peeking", "-t", "demo/plain", "--set", "pool=[demo/same:test,demo/kin]", "-o", "p")
    assert ran.code == 0, ran.err
    manifest = json.loads((pools / "p" / "manifest.json").read_text())
    assert [(d["task"], d["split"]) for d in manifest["data"]["pool"]] == [("demo/same", "test"), ("demo/kin", "train")]
    assert manifest["figures"]["pooled"] == 24
    ran = harness("eval", "-m", "p=tiny-peek:path=p", "-t", "demo/same")
    assert "was trained on demo/same [test]" in ran.err
    assert "was trained on" not in harness("eval", "-m", "p=tiny-peek:path=p", "-t", "demo/kin").err


def test_other_rows_of_further_data_train_anew(pools, harness):
    (pools / "registry.yaml").write_text(
        "task_folders: [tasks]\n"
        "models: {top: {trainer: tiny-peeking, task: demo/plain, settings: {pool: [demo/same, 'demo/kin:test']}}}\n"
    )
    command = ("eval", "-m", "top", "-t", "demo/plain")
    assert "training top" in harness(*command).err
    assert "training top" not in harness(*command).err
    path = pools / "tasks" / "demo" / "kin.jsonl"
    path.write_text(path.read_text().replace("question 2", "question two"))
    assert "training top" in harness(*command).err


@pytest.mark.parametrize(
    ("pool", "said"),
    [("demo/sane", "demo/same"), ("demo/same:dev", "no split 'dev'"), ("demo/sane:test", "demo/sane")],
)
def test_further_data_that_is_not_there_is_refused(pool, said, pools, harness):
    ran = harness("train", "tiny-peeking", "-t", "demo/plain", "--set", f"pool=[{pool}]", "-o", "p")
    assert ran.code == 2
    assert said in ran.err
    assert "pool=" in ran.err
