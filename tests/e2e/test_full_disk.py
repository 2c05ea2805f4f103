"""A disk that fills up is one sentence and status 2; with room again the same command goes on to the same figures."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from harness.cli.main import cli
from harness.errors import StoreError
from harness.store import Store
from harness.store.arrays import ArrayFiles

ARRAYS = ("eval", "-m", "v=toy-vectors:dimensions=20000", "-t", "demo/pairs", "--json", "--store", "s.sqlite")


@pytest.fixture
def pairs(toys, write_task):
    rows = [{"id": str(i), "first": f"{i} a text", "second": f"a text {i}", "label": i % 2} for i in range(60)]
    write_task("demo/pairs", rows, kind="similarity")
    return toys


def limited(kibibytes, *command):
    """Run a command that may make no file larger than that, which stands in for a full disk."""
    script = f"ulimit -f {kibibytes}; trap '' XFSZ; exec {sys.executable} -m harness.cli.main \"$@\""
    return subprocess.run(
        ["bash", "-c", script, "harness", *map(str, command)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HARNESS_DEBUG": ""},
    )


def is_one_sentence(done):
    lines = [line for line in done.stderr.splitlines() if line.startswith(("error:", "internal error", "Traceback"))]
    return done.returncode == 2 and len(lines) == 1 and lines[0].startswith("error: ")


def test_a_disk_that_fills_up_with_arrays_loses_nothing(pairs, shell):
    done = limited(1000, *ARRAYS)  # the database fits, the arrays do not
    assert is_one_sentence(done), done.stderr
    assert "the disk is full; what was filed before is safe" in done.stderr
    resumed = shell(*ARRAYS)
    assert resumed.code == 0
    whole = shell(*ARRAYS[:-1], "whole.sqlite")
    assert resumed.document["results"] == whole.document["results"]
    cell = resumed.err.splitlines()[-1]
    assert "all from the store" not in cell


@pytest.mark.slow
@pytest.mark.parametrize("kibibytes", [700])
@pytest.mark.parametrize(
    "command",
    [
        ("train", "linear-detector", "-t", "quickstart/detection", "-o", "m"),
        ("cross-validate", "linear-detector", "-t", "quickstart/detection", "--folds", "2"),
    ],
)
def test_a_disk_that_fills_up_with_weights_is_one_sentence(project, shell, command, kibibytes):
    command = (*command, "--set", "dimensions=100000,penalty=0.1")
    done = limited(kibibytes, *command)
    assert done.returncode == 0 or is_one_sentence(done), done.stderr
    if done.returncode:
        assert shell(*command).code == 0


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount a small disk")
@pytest.mark.parametrize("kilobytes", range(250, 10250, 2000))
def test_small_disks_of_many_sizes(pairs, shell, tmp_path, kilobytes):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(small)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        command = (*ARRAYS[:-1], small / "s.sqlite")
        first = shell(*command)
        assert "internal error" not in first.err
        assert first.code in (0, 2)
        if first.code:
            assert first.err.count("error: ") == 1
        subprocess.run(["mount", "-o", "remount,size=100m", str(small)], check=True)
        resumed = shell(*command)
        assert resumed.code == 0
        assert resumed.document["results"] == shell(*ARRAYS[:-1], "whole.sqlite").document["results"]
    finally:
        subprocess.run(["umount", str(small)], check=True)


# within this process


def test_a_trainer_that_finds_the_disk_full_is_one_sentence_and_goes_on(toys, write_task, rows, harness, monkeypatch):
    write_task("demo/plain", rows(5), data={name: {"file": "plain.jsonl"} for name in ("test", "train")})
    command = ("train", "toy-trainer", "-t", "demo/plain", "-o", "model", "--set", "steps=4", "--json")
    for place in ("harness.files.atomic.os.fsync", "harness_toys.training.Steps.fit"):
        with monkeypatch.context() as patch:
            patch.setattr(place, full)
            ran = harness(*command)
        assert ran.code == 2
        assert ran.err.count("the disk is full") == 1
        assert ran.err.startswith("error: model")
    assert harness(*command).code == 0


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_arrays_before_a_full_disk_are_read_and_those_after_it_written(tmp_path, monkeypatch):
    files = ArrayFiles(tmp_path / "arrays")
    first = files.append(np.arange(5.0))
    files.flush()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        files.append(np.arange(6.0))
        with pytest.raises(StoreError, match="the disk is full"):
            files.flush()
    second = files.append(np.arange(7.0))
    files.flush()
    assert files.read(first).tolist() == np.arange(5.0).tolist()
    assert files.read(second).tolist() == np.arange(7.0).tolist()
    files.close()


def test_a_part_whose_answers_cannot_be_filed_ends_the_run_and_makes_no_failures(toys, write_task, rows, harness):
    """The whole's answers would else be filed as failed, one by one, with the words of a full disk."""
    write_task("demo/plain", rows(6))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "file", lambda *_: (_ for _ in ()).throw(StoreError("s.sqlite: the disk is full")))
        ran = harness("eval", "-m", "toy-over:inner=toy-reader", "-t", "demo/plain", "--json")
    assert ran.code == 2
    assert ran.err.count("the disk is full") == 1
    ran = harness("eval", "-m", "toy-over:inner=toy-reader", "-t", "demo/plain", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["failures"] == []


def test_whatever_else_meets_a_full_disk_is_one_sentence(project, harness, monkeypatch):
    monkeypatch.setattr(type(cli), "invoke", lambda self, context: full())
    ran = harness("list", "models")
    assert (ran.code, ran.err.count("the disk is full")) == (2, 1)
