"""A training that is killed and taken up ends at the model that an undisturbed one gives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from harness import file_identity
from harness.check import check_trainer
from harness.check.training import _chosen
from harness.names.registry import Registry

BASES = '''
import hashlib

import numpy as np

from harness import Failure, Model
from harness.hooks import hookimpl


class Tokens(Model):
    """Twelve tokens, whose chances hang on the words; long texts fail."""

    batch_size = 16

    def next_token(self, requests):
        return [self._row(request.text) for request in requests]

    def tokens(self):
        return [f"t{i}" for i in range(12)]

    @staticmethod
    def _row(text):
        if len(text) > 260:
            return Failure(f"{len(text)} characters are too many")
        logits = np.zeros(12)
        for word in text.lower().split():
            draw = np.random.default_rng(int(hashlib.sha256(word.encode()).hexdigest()[:8], 16))
            logits += draw.standard_normal(12)
        return logits - np.logaddexp.reduce(logits)


@hookimpl
def register_models(register):
    register("twelve-tokens", "plugin_bases:Tokens", offers=("next_token",), description="toy")
'''

TASK = "quickstart/detection"
ROUTING = "made-up/generated"
PROMPTS = "prompt_caching/intents-pairs"
ENSEMBLE = "detector-ensemble:part1=keyword-list,part2=[keyword-list:slope=2.0]"
SHIPPED = {
    "bt-linear": ("quickstart/preferences", None, {"dimensions": 256}),
    "linear-detector": (TASK, None, {"dimensions": 256}),
    "tfidf-detector": (TASK, None, {"units": "word"}),
    "embedding-probe": (TASK, "tfidf:dimensions=32", {"folds": 2}),
    "detector-stack": (TASK, ENSEMBLE, {"strength": 1.0}),
    "operating-point": (TASK, "keyword-list", {"rule": "f1"}),
    "calibrated-detector": (TASK, "keyword-list", {}),
    "muli": (TASK, "twelve-tokens", {"prompt": "plain", "penalties": 4, "folds": 2}),
    "muli-compat": (TASK, "twelve-tokens", {"prompt": "plain", "epochs": 60}),
    "constant-router": (ROUTING, None, {}),
    "category-router": (ROUTING, None, {}),
    "length-router": (ROUTING, None, {}),
    "neighbour-router": (ROUTING, "tfidf:dimensions=32", {}),
    "logistic-router": (ROUTING, "tfidf:dimensions=32", {}),
    "cluster-router": (ROUTING, "tfidf:dimensions=32", {"clusters": 8}),
    "duel-router": (ROUTING, "tfidf:dimensions=32", {"dimensions": 8, "steps": 20}),
    "budgeted-router": ("routers/questions", "random-router", {"loss": 0.9}),
    "cache-head": (PROMPTS, "tfidf:dimensions=32", {"epochs": 4, "validation": 0.0}),
    "cache-gates": (PROMPTS, "gated-reuse:base=[tfidf:dimensions=32],gates=[number]", {}),
    "cache-encoder": (
        PROMPTS,
        None,
        {"encoder": "tiny-encoder", "max_length": 16, "epochs": 2, "batch": 50, "validation": 0.0},
    ),
    "sft": ("chat/shown", "hf:path=untaught", {"steps": 4, "batch": 4, "checkpoint": 2}),
    "safety-tune": (
        "chat/requests",
        "hf:path=untaught",
        {"steps": 4, "batch": 4, "checkpoint": 2, "lora": 2, "max_tokens": 4, "kl": 0.5},
    ),
    "embedllm": (ROUTING, "tfidf:dimensions=32", {"ridge": 1.0}),
    "embedllm-compat": (ROUTING, "tfidf:dimensions=32", {"dimensions": 8, "epochs": 4}),
}


def write_tiny_encoder(folder):
    """A sentence encoder of random weights and thirty words."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = [
        "[PAD]",
        "[UNK]",
        "how",
        "do",
        "i",
        "what",
        "the",
        "my",
        "a",
        "to",
        "please",
        "tell",
        "me",
        "can",
        "want",
        "is",
        "there",
        "form",
        "help",
        "lost",
        "renew",
        "cancel",
        "card",
    ]
    tokenizer = Tokenizer(models.WordLevel({word: k for k, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    BertModel(BertConfig(vocab_size=len(words), max_position_embeddings=32, **sizes)).save_pretrained(folder)


@pytest.fixture
def bases(add_plugin, monkeypatch, project, request):
    from harness_plugins.embedllm.generated import generate, write
    from harness_plugins.muli import gathering
    from harness_plugins.routing import demonstration

    monkeypatch.setattr(gathering, "ASKED_AT_ONCE", 64)
    add_plugin("bases", BASES)
    write(generate(200, 4, vocabulary=60, categories=3), project / "tasks" / "made-up")
    demonstration.write(project, n=400)  # with costs
    name = request.node.callspec.params.get("name")
    if name in ("sft", "safety-tune"):
        from harness_plugins.hf import tuning_demonstration

        tuning_demonstration.write(project)
    if name == "cache-encoder":
        write_tiny_encoder(project / "tiny-encoder")


def broken(findings):
    return [(f.check, f.text) for f in findings if not f.ok]


def test_every_trainer_that_ships_is_tried():
    own = {entry.name for entry in Registry().entries("trainer") if entry.reference.startswith("harness_plugins.")}
    assert own == set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_killed_training_goes_on_to_the_same_model(name, bases):
    task, base, settings = SHIPPED[name]
    found = list(check_trainer(Registry(), name, task, base=base, settings=settings, limit=150, moments=3))
    assert len(found) == 4
    assert broken(found) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_a_training_killed_at_any_moment_goes_on_to_the_same_model(name, bases):
    task, base, settings = SHIPPED[name]
    found = list(check_trainer(Registry(), name, task, base=base, settings=settings, limit=150, moments=10**6))
    assert len(found) > 3
    assert broken(found) == []


FORGETFUL = """
from pathlib import Path

import numpy as np

from harness import Model, Trainer, write_atomically
from harness.hooks import hookimpl


class Number(Model):
    places = ("path",)

    def __init__(self, path):
        self.path = path

    def identity(self):
        return {"number": (Path(self.path) / "number.txt").read_text()}

    def score(self, requests):
        return [[0.0 for _ in request.responses] for request in requests]


class Momentum(Trainer):
    '''Heavy ball from a checkpoint that lacks the velocity, unless it is whole.'''

    model = "forgetful"

    def __init__(self, whole=False):
        self.whole = whole

    def fit(self, task, items, workdir, *, ask, progress):
        checkpoint = workdir / "checkpoint.txt"
        state = checkpoint.read_text().split() if checkpoint.is_file() else ["0", "4.0", "0.0"]
        step, x, velocity = int(state[0]), float(state[1]), float(state[2]) if self.whole else 0.0
        while step < 9:
            velocity = 0.9 * velocity - 0.1 * x
            x, step = x + velocity, step + 1
            write_atomically(checkpoint, f"{step} {x!r} {velocity!r}")
        checkpoint.unlink()
        write_atomically(workdir / "number.txt", repr(x))
        return {"steps": step}


@hookimpl
def register_models(register):
    register("forgetful", "plugin_forgetful:Number", offers=("score",), description="toy")


@hookimpl
def register_trainers(register):
    register("forgetful", "plugin_forgetful:Momentum", model="forgetful", description="toy")
"""


def test_a_trainer_that_forgets_half_of_its_state_is_found_out(add_plugin, harness):
    add_plugin("forgetful", FORGETFUL)
    ran = harness("check", "forgetful", "-t", "quickstart/best-of-16", "--json")
    assert ran.code == 1
    wrong = [finding for finding in ran.document if not finding["ok"]]
    assert {finding["subject"] for finding in wrong} == {"forgetful"}
    assert all("the files differ: number.txt" in finding["text"] for finding in wrong)
    assert 0 < len(wrong) < len(ran.document)
    ran = harness("check", "forgetful", "-t", "quickstart/best-of-16", "--set", "whole=true")
    assert (ran.code, "FAIL" in ran.out) == (0, False)


@pytest.mark.parametrize("option", [("--base", "length"), ("--set", "a=1"), ("--limit", "3"), ("--split", "train")])
def test_options_of_trainers_need_a_task(harness, option):
    ran = harness("check", "length", *option)
    assert ran.code == 2
    assert "--task" in ran.err


def test_moments_are_spread_evenly():
    assert list(_chosen(3, 8)) == [1, 2, 3]
    assert list(_chosen(0, 8)) == []
    assert list(_chosen(100, 5)) == [1, 26, 51, 75, 100]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bt-linear", "linear-detector"])
def test_real_kills_change_no_weights(name, project):
    command = [sys.executable, "-m", "harness.cli.main", "train", name, "-t", SHIPPED[name][0], "-o"]
    assert subprocess.run([*command, "whole"], capture_output=True, check=False).returncode == 0
    killed = 0
    for i in range(4):
        process = subprocess.Popen([*command, f"m{i}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not os.path.exists(f"m{i}.partial/settings.json"):
            time.sleep(0.01)
        time.sleep(0.1 * i)
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        if not os.path.isdir(f"m{i}"):
            assert subprocess.run([*command, f"m{i}"], capture_output=True, check=False).returncode == 0
        for file in ("weights.npz", "features.json"):
            assert file_identity(project / f"m{i}" / file) == file_identity(project / "whole" / file)
    assert killed >= 2
