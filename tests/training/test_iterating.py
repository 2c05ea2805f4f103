"""A trainer that iterates over models it writes: killed, resumed, and never two copies in memory."""

from __future__ import annotations

import contextlib
import json
import signal

import pytest

from harness import train
from harness.progress import SilentProgress

TRAIN = ("train", "tiny-iterated", "-t", "demo/plain", "--base", "tiny-writer:path=start", "--set", "iterations=3")
REFEREE = ("--set", "referee=[tiny-critic:base=[tiny-writer:path=other]]")


def lines(place, name):
    file = place / name
    return file.read_text().splitlines() if file.is_file() else []


def most_copies(place):
    """The most copies of the model that were loaded at once."""
    now = most = 0
    for line in lines(place, "loads.txt"):
        now += 1 if line.startswith("load") else -1
        most = max(most, now)
    return most


SLOW = [pytest.param(number, marks=pytest.mark.slow) for number in (5, 34)]


@pytest.mark.parametrize("killed_at", [19, *SLOW])
def test_a_killed_iteration_goes_on_without_asking_anything_again(killed_at, iterating, shell):
    whole = shell(*TRAIN, *REFEREE, "-o", "whole", "--store", "whole.sqlite")
    assert whole.code == 0, whole.err
    undisturbed, asked = lines(iterating, "batches.txt"), lines(iterating, "asked.txt")
    for name in ("batches.txt", "asked.txt", "loads.txt"):
        (iterating / name).unlink()
    (iterating / "kill-at").write_text(str(killed_at))
    assert shell(*TRAIN, *REFEREE, "-o", "killed", "--store", "killed.sqlite").code == -signal.SIGKILL
    assert len(lines(iterating, "batches.txt")) == killed_at
    (iterating / "kill-at").unlink()
    again = shell(*TRAIN, *REFEREE, "-o", "killed", "--store", "killed.sqlite")
    assert again.code == 0, again.err
    count = sum(int(line.split()[1]) for line in lines(iterating, "batches.txt"))
    assert count == sum(int(line.split()[1]) for line in undisturbed)
    assert sorted(lines(iterating, "asked.txt")) == sorted(asked)
    for number in (1, 2, 3):
        inner = f"iteration-{number}/weights.npy"
        assert (iterating / "killed" / inner).read_bytes() == (iterating / "whole" / inner).read_bytes()
    assert (iterating / "killed" / "weights.npy").read_bytes() == (iterating / "whole" / "weights.npy").read_bytes()


def test_at_most_one_copy_is_loaded_while_training(iterating, harness):
    ran = harness(*TRAIN, "-o", "product")
    assert ran.code == 0, ran.err
    assert most_copies(iterating) == 1
    balance = [line.split()[0] for line in lines(iterating, "loads.txt")]
    assert balance.count("load") == balance.count("close") == 3


def test_at_most_one_copy_is_loaded_in_an_evaluation_that_trains(iterating, harness):
    (iterating / "registry.yaml").write_text(
        "task_folders: [tasks]\n"
        "models:\n"
        "  top:\n"
        "    {trainer: tiny-iterated, task: demo/plain, base: 'tiny-writer:path=start', settings: {iterations: 2}}\n"
    )
    ran = harness("eval", "-m", "top", "-t", "demo/plain", "--json")
    assert ran.code == 0, ran.err
    assert most_copies(iterating) == 1


def test_parts_are_in_the_manifest_and_a_changed_judge_begins_anew(iterating, harness, shell):
    (iterating / "kill-at").write_text("12")
    assert shell(*TRAIN, *REFEREE, "-o", "product").code == -signal.SIGKILL
    (iterating / "kill-at").unlink()
    other = ("--set", "referee=[tiny-critic:base=[tiny-writer:path=other],times=3]")
    ran = harness(*TRAIN, *other, "-o", "product", "--json")
    assert ran.code == 0, ran.err
    assert "parts.referee" in ran.err
    assert "begins anew" in ran.err
    manifest = json.loads((iterating / "product" / "manifest.json").read_text())
    assert list(manifest["parts"]) == ["referee"]
    assert str(iterating / "other") in manifest["specifications"]["referee"]
    assert "referee" not in manifest["settings"]


def test_what_a_training_cost_is_said_and_filed(iterating, harness):
    from harness.store import StoreReader, list_runs

    ran = harness(*TRAIN, "-o", "product", "--store", "s.sqlite")
    assert "was paid for" in ran.err
    with StoreReader(iterating / "s.sqlite") as store:
        (run,) = list_runs(store)
    assert run.status == "done"
    assert run.description["kind"] == "training"
    assert run.description["trainer"] == "tiny-iterated"
    assert run.description["requests"]["computed"] > 0
    assert any("was paid for" in remark for remark in run.description["remarks"])
    assert run.description["asks"]["base"].startswith("tiny-writer:path=")


@pytest.mark.slow
def test_the_conformance_check_kills_and_resumes_it(iterating, harness):
    base = ("--base", "tiny-writer:path=start", "--set", "iterations=2", *REFEREE)
    ran = harness("check", "tiny-iterated", "-t", "demo/plain", *base)
    assert ran.code == 0, ran.out + ran.err


class Bars(SilentProgress):
    """Counts what bars were told."""

    def __init__(self):
        self.bars = []

    @contextlib.contextmanager
    def cell(self, model, task, total):
        bar = [model, task, total, 0]
        self.bars.append(bar)

        def tick(count):
            bar[3] += count

        yield tick


def test_bars_show_what_a_training_asks(iterating):
    bars = Bars()
    train("tiny-iterated", "demo/plain", "p", base="tiny-writer:path=start", settings={"iterations": 1}, progress=bars)
    assert [(bar[1], bar[2]) for bar in bars.bars] == [
        ("demo/plain, training tiny-iterated (generate)", 9),
        ("demo/plain, training tiny-iterated (score)", 9),
    ]
    assert all(done == total for _, _, total, done in bars.bars)


def test_show_says_what_a_trainer_asks(iterating, harness):
    ran = harness("show", "tiny-iterated", "--json")
    (facts,) = ran.document
    assert facts["base"] == "required; asked for generate"
    assert facts["parts"] == {"referee": "score"}
    assert facts["further data"] == ["pool"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            ("--set", "referee=[tiny-writer:path=start]", "--base", "tiny-critic:base=[tiny-writer:path=start]"),
            "generate",
        ),
        (("--base", "tiny-writer:path=start", "--set", "referee=[toy-nothing]"), "toy-nothing"),
        (("--base", "tiny-writer:path=start", "--set", "referee=[embed:x]"), "referee"),
        ((), "needs a base"),
    ],
)
def test_models_that_do_not_fit_are_refused(settings, said, iterating, harness):
    ran = harness("train", "tiny-iterated", "-t", "demo/plain", "-o", "p", *settings)
    assert ran.code == 2
    assert said in ran.err
    assert not (iterating / "p.partial").exists()
