"""Where weights come from, what they are filed under, and how the scheduler takes what goes wrong."""

import numpy as np
import pytest
import tiny
from harness_plugins.hf import loading
from harness_plugins.hf.loading import ModelSource, commit_of, device_of
from harness_plugins.hf.reward_model import RewardModel
from harness_plugins.hf.schedule import EngineRequest, stream
from harness_plugins.hf.tokens import context_length
from harness_plugins.hf.tree import SequenceJob

from harness import Failure
from harness.errors import CellError, UsageError

from ..messages import saying


class Flat:
    """Stands for an engine: a read's value is the token there."""

    def run(self, jobs, head):
        for job in jobs:
            yield job.slots, head(job.tokens[job.positions], None, job.slots)
            yield job.slots[:1], head(job.tokens[job.positions[:1]], None, job.slots[:1])  # repeats do no harm


def job(tokens, *positions):
    return SequenceJob(np.array(tokens), np.array(positions, dtype=np.int64), np.empty(0, dtype=np.int64))


def test_every_request_is_answered_once_over_any_windows():
    def ask(number):
        if number % 5 == 3:
            return Failure(f"no {number}")
        if number % 5 == 4:
            return EngineRequest([], lambda values: len(values))
        return EngineRequest([job([number, 7], 0), job([number, number, 1], 1, 2)], lambda values: values.tolist())

    for window in (1, 10, 10_000):
        head = lambda targets: lambda hidden, which, slots: hidden  # noqa: E731
        got = list(stream(Flat(), list(range(40)), ask, head, window_tokens=window))
        assert sorted(i for i, _ in got) == list(range(40))
        for i, answer in got:
            if i % 5 == 3:
                assert answer.reason == f"no {i}"
            else:
                assert answer == (0 if i % 5 == 4 else [i, i, 1])


def test_an_error_while_tokenising_is_raised_in_its_place_and_a_reader_that_leaves_stops_it():
    asked = []

    def ask(number):
        asked.append(number)
        if number == 500:
            raise CellError("no template")
        return EngineRequest([job([number], 0)], lambda values: values[0])

    head = lambda targets: lambda hidden, which, slots: hidden  # noqa: E731
    got = []

    def run():
        for one in stream(Flat(), range(1000), ask, head, window_tokens=10):
            got.append(one)

    with pytest.raises(CellError, match="no template"):
        run()
    assert len(got) == 500
    asked.clear()
    answers = stream(Flat(), range(400), ask, head, window_tokens=10)
    next(answers)
    answers.close()
    assert len(asked) <= 30


def test_a_commit_is_the_one_given_or_the_local_copys(tmp_path, monkeypatch):
    commit = "0123456789abcdef0123456789abcdef01234567"
    assert commit_of("owner/name", commit) == commit
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(loading, "_COMMITS", {})
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert commit_of("owner/name", "") == ""
    place = tmp_path / "models--owner--name" / "refs"
    place.mkdir(parents=True)
    (place / "main").write_text(commit)
    loading._COMMITS.clear()
    assert ModelSource("owner/name").identity() == {"hub": "owner/name", "commit": commit, "device": device_of("")}


def test_a_device_that_is_hidden_is_not_taken(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert device_of("") == "cpu"
    assert device_of("cuda:1") == "cuda:1"


def test_a_device_that_is_not_there_is_named(tmp_path):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is an accelerator here")
    model = RewardModel(str(tiny.classifier(tmp_path / "m")), device="cuda")
    with pytest.raises(CellError, match=saying("torch", "accelerator", "device").pattern):
        model.load()


def test_the_context_is_the_smaller_of_what_is_stated(tmp_path):
    path = tiny.causal(tmp_path / "m", context=128)
    config, tokenizer = ModelSource(str(path)).config(), ModelSource(str(path)).tokenizer()
    assert context_length(config, tokenizer) == 128
    assert context_length(config, tokenizer, 100) == 100
    tokenizer.model_max_length = 64
    assert context_length(config, tokenizer) == 64
    with pytest.raises(UsageError, match=saying("max_length=100", "64", "tokens").pattern):
        context_length(config, tokenizer, 100)


def test_code_beside_the_weights_does_not_run_unasked(tmp_path):
    import json

    path = tiny.causal(tmp_path / "m")
    config = json.loads((path / "config.json").read_text())
    config["model_type"] = "unheard_of"
    config["auto_map"] = {
        "AutoConfig": "code.Configuration",
        "AutoModelForSequenceClassification": "code.Network",
    }
    (path / "config.json").write_text(json.dumps(config))
    (path / "code.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    model = RewardModel(str(path))
    assert "code.py" in model.identity()
    with pytest.raises(CellError, match="trust_remote_code"):
        model.load()
    assert not (tmp_path / "ran").exists()


def test_a_hub_that_does_not_answer_is_said_at_once_unless_there_is_a_local_copy(tmp_path, monkeypatch):
    def unreachable(*_, **__):
        raise OSError("Name or service not known")

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", unreachable)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(loading, "_COMMITS", {})
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)
    with pytest.raises(CellError, match=saying("local copy", "folder", "Name or service not known").pattern):
        ModelSource("owner/name").identity()
    place = tmp_path / "models--owner--name" / "refs"
    place.mkdir(parents=True)
    (place / "v1").write_text("f" * 40)
    assert ModelSource("owner/name", "v1").identity()["commit"] == "f" * 40


@pytest.mark.parametrize(
    ("device", "hint"),
    [("gpu", "'cuda'"), ("GPU:0", "'cuda'"), ("cuda:x", "cuda"), ("cuda:", "cuda"), ("cdua", "'cuda'")],
)
def test_a_device_that_is_none_is_refused_at_once(device, hint):
    with pytest.raises(UsageError, match=saying(f"device='{device}'", "cpu", hint).pattern):
        ModelSource("somewhere", device=device)


@pytest.mark.parametrize("device", ["", "cpu", "cuda", "cuda:1", "mps"])
def test_devices_of_torch_are_taken(device):
    assert ModelSource("somewhere", device=device).device == device
