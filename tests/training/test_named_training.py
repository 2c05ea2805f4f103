"""Models named by their training, ``train:TRAINER:task=...``, and arguments of what a trainer makes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from harness.store import StoreReader, list_cells

from ..messages import saying

SPEC = "train:tiny-iterated:task=demo/plain,base=[tiny-writer:path=start],set.iterations=2"
DECLARED = """\
task_folders: [tasks]
models:
  top:
    trainer: tiny-iterated
    task: demo/plain
    base: tiny-writer:path=start
    settings: {iterations: 2}
"""


def folders(place):
    return sorted(path.name for path in place.glob(".harness/*/models/*") if path.is_dir())


def test_it_is_trained_on_first_use(iterating, harness):
    first = harness("eval", "-m", f"mine={SPEC}", "-t", "demo/plain", "--json")
    assert first.code == 0, first.err
    assert "training mine on demo/plain (first use)" in first.err
    again = harness("eval", "-m", f"mine={SPEC}", "-t", "demo/plain", "--json")
    assert "training" not in again.err
    assert again.document["results"] == first.document["results"]
    assert [name.rsplit("-", 1)[0] for name in folders(iterating)] == ["tiny-iterated"]


def test_other_settings_base_and_parts_are_other_models(iterating, harness):
    others = (
        SPEC,
        SPEC.replace("iterations=2", "iterations=1"),
        SPEC.replace("path=start", "path=other"),
        SPEC + ",set.referee=[tiny-critic:base=[tiny-writer:path=other]]",
        SPEC + ",set.referee=[tiny-critic:base=[tiny-writer:path=other],times=1]",
    )
    for spec in others:
        ran = harness("eval", "-m", spec, "-t", "demo/plain", "--limit", 3)
        assert ran.code == 0, ran.err
    assert len(folders(iterating)) == len(others)
    np.save(iterating / "other" / "weights.npy", np.arange(6.0)[::-1])
    assert "training" in harness("eval", "-m", others[3], "-t", "demo/plain", "--limit", 3).err


def test_it_may_be_a_part_an_entry_of_the_registry_and_in_a_run_file(iterating, harness):
    (iterating / "registry.yaml").write_text(f"task_folders: [tasks]\nmodels:\n  mine: '{SPEC}'\n")
    ran = harness("eval", "-m", "mine", "-m", f"judged=tiny-critic:base=[{SPEC}]", "-t", "demo/plain", "--json")
    assert ran.code == 0, ran.err
    assert len(folders(iterating)) == 1
    (iterating / "run.yaml").write_text(f"models: ['again={SPEC}']\ntasks: [demo/plain]\n")
    ran = harness("run", "run.yaml")
    assert ran.code == 0, ran.err
    compared = harness("compare", "mine", "again", "-t", "demo/plain")
    assert compared.code == 0, compared.err


def test_a_dry_run_says_what_will_be_trained(iterating, harness):
    ran = harness("eval", "-m", f"mine={SPEC}", "-t", "demo/plain", "--dry-run")
    assert ran.code == 0, ran.err
    assert "will be trained first: mine: tiny-iterated on demo/plain over tiny-writer:path=start" in ran.out
    assert not (iterating / ".harness").exists()
    described = harness("eval", "-m", f"mine={SPEC}", "-t", "demo/plain", "--dry-run", "--json").document
    assert described["trainings"][0]["settings"] == {"iterations": 2}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("train:tiny-iterated", "task=TASK"),
        ("train:tiny-iterate:task=demo/plain", "tiny-iterated"),
        (SPEC.replace("plain", "plane"), "demo/plain"),
        ("train:tiny-iterated:task=demo/plain", "needs a base"),
        ("train:tiny-peeking:task=demo/plain,base=[tiny-writer:path=start]", "not trained over a base"),
        (SPEC.replace("set.iterations", "iterations"), "set.iterations="),
        (SPEC.replace("set.iterations", "set.iteration"), "iterations"),
        (SPEC + ",dtpe=float32", "dtype"),
        (SPEC + ",path=here", "given by the training"),
        (SPEC + ",set.=1", "set.KEY=VALUE"),
        (SPEC + ",set.rate=fast", "a number"),
        (SPEC + ",set.referee=[tiny-peek:path=start]", "tiny-peek"),
        (SPEC + ",set.referee=[tiny-critic:base=[nobody]]", "nobody"),
    ],
)
def test_what_cannot_be_trained_is_refused_by_the_plan(spec, said, iterating, harness):
    if "tiny-peek:path" in spec:
        (iterating / "start" / "seen.txt").write_text("")
        said, spec = "generate", spec.replace("[tiny-writer:path=start]", "[tiny-peek:path=start]", 1)
    ran = harness("eval", "-m", spec, "-t", "demo/plain", "--dry-run")
    assert ran.code == 2
    assert said in ran.err


def test_a_declared_model_takes_arguments_of_what_is_made(iterating, harness):
    (iterating / "registry.yaml").write_text(DECLARED)
    ran = harness("eval", "-m", "a=top", "-m", "b=top:dtype=float32", "-t", "demo/plain", "--json")
    assert ran.code == 0, ran.err
    assert len(folders(iterating)) == 1
    (iterating / "registry.yaml").write_text(DECLARED + "    arguments: {dtype: float16}\n")
    again = harness("eval", "-m", "c=top", "-t", "demo/plain", "--json")
    assert again.code == 0, again.err
    assert "training" not in again.err
    with StoreReader(iterating / ".harness" / "store.sqlite") as store:
        assert len({cell.fingerprint for cell in list_cells(store)}) == 3
    refused = harness("eval", "-m", "top:iterations=3", "-t", "demo/plain", "--dry-run")
    assert refused.code == 2
    assert "iterations is a setting of the trainer" in refused.err


# base


def test_a_base_may_be_optional(iterating, harness):
    ran = harness("train", "tiny-free", "-t", "demo/plain", "-o", "without", "--json")
    assert ran.document["figures"] == {"over": "nothing"}
    ran = harness("train", "tiny-free", "-t", "demo/plain", "--base", "tiny-writer:path=start", "-o", "with", "--json")
    assert ran.document["figures"] == {"over": f"tiny-writer:path={iterating / 'start'}"}


def test_a_trainer_that_does_not_say_whether_it_needs_a_base_is_a_mistake_of_the_plugin():
    from harness import Trainer
    from harness.errors import PluginError
    from harness.names.trainings import base_rule

    class Wrong(Trainer):
        needs_base = "perhaps"

    with pytest.raises(PluginError, match="perhaps"):
        base_rule(Wrong)


# what a trainer opens and leaves


def test_a_product_may_not_name_its_work_directory(iterating, harness):
    inner = ("--set", "inner=[tiny-writer:path=WORKDIR/inner]")
    ran = harness("train", "tiny-free", "-t", "demo/plain", *inner, "-o", "product")
    assert ran.code != 0
    assert "work directory" in ran.err
    assert not (iterating / "product").exists()
    inner = ("--set", "inner=[tiny-writer:path=HERE/inner]")
    ran = harness("train", "tiny-free", "-t", "demo/plain", *inner, "-o", "product")
    assert ran.code == 0, ran.err
    ran = harness("eval", "-m", "p=tiny-over:path=product", "-t", "demo/plain")
    assert ran.code == 0, ran.err


OVERWRITES = """
import numpy as np
from harness import Conversation, Generation, Trainer, hookimpl


class Overwrites(Trainer):
    model = "tiny-writer"
    trains_on = ("best-of-k",)

    def __init__(self, again: bool = True) -> None:
        self.again = again

    def fit(self, task, items, workdir, *, ask, progress):
        requests, prints = [Generation(Conversation.user("hello"), n=8)], []
        for number in range(2):
            np.save(workdir / "weights.npy", np.arange(6.0) * 9 * (1 - 2 * number))
            if self.again or not number:
                current = self.open("tiny-writer:path=.")
            prints.append(current.fingerprint)
            texts = [[c.text for c in given] for given in current("generate", requests)]
        return {"differ": prints[0] != prints[1], "last": texts[0][0]}


@hookimpl
def register_trainers(register):
    register("tiny-overwrites", f"{__name__}:Overwrites", model="tiny-writer", description="writes twice")
"""


def test_what_is_written_anew_is_opened_anew(iterating, harness, add_plugin):
    add_plugin("overwrites", OVERWRITES)
    ran = harness("train", "tiny-overwrites", "-t", "demo/plain", "-o", "a", "--json")
    assert ran.code == 0, ran.err
    assert ran.document["figures"] == {"differ": True, "last": "one"}
    ran = harness("train", "tiny-overwrites", "-t", "demo/plain", "--set", "again=no", "-o", "b")
    assert ran.code == 2
    assert "open it again" in ran.err


def test_the_manifest_of_a_training_without_parts_is_what_it_was(iterating, harness):
    assert harness("train", "tiny-free", "-t", "demo/plain", "-o", "p").code == 0
    manifest = json.loads((iterating / "p" / "manifest.json").read_text())
    assert not {"parts", "data", "specifications"} & set(manifest)


OWN_NAMES = """
from dataclasses import dataclass

from harness import Trainer, hookimpl


@dataclass(frozen=True)
class OwnNames(Trainer):
    data: str = "mine"
    parts: int = 2

    model = "tiny-peek"

    def open(self):
        return "own"

    def fit(self, task, items, workdir, *, ask, progress):
        (workdir / "seen.txt").write_text("")
        return {"data": self.data, "parts": self.parts, "open": self.open()}


@hookimpl
def register_trainers(register):
    register("tiny-own", f"{__name__}:OwnNames", model="tiny-peek", description="has settings of these names")
"""


def test_a_trainer_keeps_what_it_calls_so_itself(iterating, harness, add_plugin):
    add_plugin("own", OWN_NAMES)
    ran = harness("train", "tiny-own", "-t", "demo/plain", "--set", "data=there", "-o", "p", "--json")
    assert ran.code == 0, ran.err
    assert ran.document["figures"] == {"data": "there", "parts": 2, "open": "own"}


OPENS = """
from harness import Trainer, hookimpl


class Opens(Trainer):
    model = "tiny-peek"

    def fit(self, task, items, workdir, *, ask, progress):
        inner = self.open("train:tiny-peeking:task=demo/plain")
        (workdir / "seen.txt").write_text("")
        return {"offers": " ".join(inner.offers)}


@hookimpl
def register_trainers(register):
    register("tiny-opens", f"{__name__}:Opens", model="tiny-peek", description="opens a trained model")
"""


def test_a_trained_model_may_be_opened_and_is_warned_of(iterating, harness, add_plugin):
    add_plugin("opens", OPENS)
    ran = harness("train", "tiny-opens", "-t", "demo/plain", "-o", "p", "--json")
    assert ran.code == 0, ran.err
    assert ran.document["figures"] == {"offers": "score"}
    assert "was trained on demo/plain [train] itself" in ran.err


@pytest.mark.parametrize("how", [("-m", "length", "-m"), ("-m", "length", "--role", "judge=")])
def test_a_trainer_that_cannot_learn_from_its_task_is_refused_before_anything_is_computed(toys, harness, how):
    text = "train:bt-linear:task=quickstart/detection"
    arguments = (*how[:-1], f"{how[-1]}{text}") if how[-1].endswith("=") else (*how, text)
    ran = harness("eval", *arguments, "-t", "quickstart/detection", "--dry-run")
    assert ran.code == 2
    assert ran.err == saying("'bt-linear'", "preference", "quickstart/detection")


@pytest.mark.parametrize("text", ["train:", "train:task=quickstart/preferences"])
def test_a_training_without_a_trainer_says_how_one_is_written(toys, harness, text):
    ran = harness("eval", "-m", text, "-t", "quickstart/preferences")
    assert ran.code == 2
    assert ran.err == saying(text, "train:TRAINER:task=TASK")


TWICE = ("--set", "penalty=1", "--set", "penalty=2")


@pytest.mark.parametrize(
    ("command", "key"),
    [
        (
            (
                "train",
                "bt-linear",
                "-t",
                "quickstart/preferences",
                "-o",
                "m",
                "--set",
                "penalty=1",
                "--set",
                "penalty=2",
            ),
            "penalty",
        ),
        (("check", "bt-linear", "-t", "quickstart/preferences", *TWICE), "penalty"),
        (
            ("cross-validate", "bt-linear", "-t", "quickstart/preferences", *TWICE),
            "penalty",
        ),
        (("eval", "-m", "random", "-t", "quickstart/preferences", "--role", "judge=a", "--role", "judge=b"), "judge"),
    ],
)
def test_an_option_that_gives_a_key_twice_is_refused_and_does_not_let_the_last_win(toys, harness, command, key):
    ran = harness(*command)
    assert ran.code == 2
    assert ran.err == saying(key, "once")
    assert not (toys / "m").exists()
