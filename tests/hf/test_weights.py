"""Weights that the files hold and the model does not take are refused, or said, never left out without a word."""

import json
import os
import pickle
import shutil

import numpy as np
import pytest
import tiny
from harness_plugins.hf.encoder import Embedder
from harness_plugins.hf.language_model import LanguageModel
from harness_plugins.hf.loading import ModelSource
from harness_plugins.hf.reward_model import RewardModel
from safetensors.torch import load_file, save_file

from harness import Candidates, Conversation, Generation, Sampling, Text
from harness.errors import CellError

ASKED = Candidates(Conversation.user("Which of these is a mammal?"), ("The whale is a mammal.", "No."))


@pytest.fixture(scope="module")
def reward(tmp_path_factory):
    return tiny.classifier(tmp_path_factory.mktemp("reward") / "m", hidden=16)


@pytest.fixture(scope="module")
def causal(tmp_path_factory):
    return tiny.causal(tmp_path_factory.mktemp("causal") / "m", hidden=16)


def with_tensors(source, target, **tensors):
    """A copy of a folder whose weight file holds tensors more, by name and shape; ``__`` stands for a dot."""
    import torch

    shutil.copytree(source, target)
    held = load_file(target / "model.safetensors")
    held.update({name.replace("__", "."): torch.ones(shape) for name, shape in tensors.items()})
    save_file(held, target / "model.safetensors", metadata={"format": "pt"})
    return target


def restated(source, target, **settings):
    """A copy of a folder whose config.json says otherwise."""
    shutil.copytree(source, target)
    file = target / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **settings}))
    return target


def loaded(kind, path, **arguments):
    model = kind(str(path), **arguments)
    model.load()
    return model


@pytest.mark.parametrize(
    ("name", "shape", "mend"),
    [
        ("model.layers.0.self_attn.q_proj.bias", (16,), "config.json"),
        ("model.layers.0.self_attn.q_proj.lora_A.default.weight", (4, 16), "[Mm]erge"),
        ("model.layers.2.mlp.up_proj.weight", (32, 16), "config.json"),
        ("score.bias", (1,), "config.json"),
        ("v_head.summary.weight", (1, 16), "adapter="),
    ],
)
def test_weights_that_a_reward_model_does_not_take_are_refused(reward, tmp_path, name, shape, mend):
    path = with_tensors(reward, tmp_path / "m", **{name.replace(".", "__"): shape})
    with pytest.raises(CellError, match=rf"1 tensor \({name.replace('.', '[.]')}\).*{mend}"):
        loaded(RewardModel, path)


def test_a_configuration_of_fewer_layers_than_the_file_holds_is_refused(reward, tmp_path):
    with pytest.raises(CellError, match=r"9 tensors \(model\.layers\.1\."):
        loaded(RewardModel, restated(reward, tmp_path / "m", num_hidden_layers=1))


def test_stated_biases_are_taken(reward, tmp_path):
    names = [f"model.layers.{i}.self_attn.{k}_proj.bias" for i in range(2) for k in "qkvo"]
    shapes = {name.replace(".", "__"): (8,) if name[-11] in "kv" else (16,) for name in names}
    path = restated(with_tensors(reward, tmp_path / "a", **shapes), tmp_path / "b", attention_bias=True)
    assert not np.allclose(*(loaded(RewardModel, p).score([ASKED])[0] for p in (reward, path)))


@pytest.mark.parametrize("name", ["lm_head.weight", "model.layers.0.self_attn.rotary_emb.inv_freq"])
def test_what_is_left_of_pretraining_changes_nothing_and_is_not_said(reward, tmp_path, name):
    path = with_tensors(reward, tmp_path / "m", **{name.replace(".", "__"): (8,)})
    model, before = loaded(RewardModel, path), loaded(RewardModel, reward)
    assert np.array_equal(model.score([ASKED])[0], before.score([ASKED])[0])
    assert model.remarks() == before.remarks()


def test_a_value_head_beside_a_language_model_is_said(causal, tmp_path):
    model = loaded(LanguageModel, with_tensors(causal, tmp_path / "m", v_head__weight=(1, 16)))
    assert any("v_head.weight" in remark for remark in model.remarks())
    assert not any("v_head.weight" in remark for remark in model.remarks())
    with pytest.raises(CellError, match=r"lm_head\.bias"):
        loaded(LanguageModel, with_tensors(causal, tmp_path / "bias", lm_head__bias=(300,)))


@pytest.mark.parametrize("architecture", ["bert", "modernbert"])
def test_a_pretrained_encoder_embeds_whatever_its_head_was_for(tmp_path, architecture):
    config = tiny._config(architecture, 16, 1, 300, 64)
    path = tiny.save(tmp_path / "m", "AutoModelForMaskedLM", config, tiny.tokenizer(chat=False))
    model = loaded(Embedder, path)
    assert np.isfinite(model.embed([Text("Paris")])[0]).all()
    assert model.remarks() == []
    with pytest.raises(CellError, match=r"projection\.weight.*would be without it|projection\.weight.*without them"):
        loaded(Embedder, with_tensors(path, tmp_path / "late", projection__weight=(4, 16)))


def test_a_described_head_takes_its_tensors(causal, tmp_path):
    path = with_tensors(causal, tmp_path / "m", v_head__summary__weight=(1, 16), v_head__summary__bias=(1,))
    model = loaded(RewardModel, path, adapter="trl-value-head")
    assert np.isfinite(model.score([ASKED])[0]).all()
    assert not any("v_head" in remark for remark in model.remarks())
    with pytest.raises(CellError, match=r"lora_B"):
        loaded(
            RewardModel,
            with_tensors(path, tmp_path / "lora", model__layers__0__self_attn__q_proj__lora_B__weight=(16, 4)),
            adapter="trl-value-head",
        )


def test_weights_that_lie_there_twice_are_refused_and_others_beside_them_said(reward, tmp_path):
    twice = shutil.copytree(reward, tmp_path / "twice")
    (twice / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "model-1.safetensors"}}))
    with pytest.raises(CellError, match=r"model\.safetensors, and the parts"):
        loaded(RewardModel, twice)
    beside = shutil.copytree(reward, tmp_path / "beside")
    (beside / "pytorch_model.bin").write_bytes(b"other weights")
    (beside / "training_args.bin").write_bytes(b"no weights")
    said = " ".join(loaded(RewardModel, beside).remarks())
    assert "pytorch_model.bin beside it is not read" in said
    assert "training_args" not in said


class Command:
    def __reduce__(self):
        return (os.system, ("exit 0",))


@pytest.mark.parametrize("content", [b"no pickle", pickle.dumps(Command())])
def test_pickled_weights_that_are_more_than_tensors_are_refused_without_torchs_advice(reward, tmp_path, content):
    import torch

    path = shutil.copytree(reward, tmp_path / "m")
    (path / "model.safetensors").unlink()
    torch.save({"a": Command()}, path / "pytorch_model.bin")
    if content.startswith(b"no"):
        (path / "pytorch_model.bin").write_bytes(content)
    for arguments in ({}, {"adapter": "starling"}):
        with pytest.raises(CellError, match="safetensors") as refused:
            loaded(RewardModel, path, **arguments)
        assert "weights_only" not in str(refused.value)


def test_a_damaged_weight_file_is_named(reward, tmp_path):
    path = shutil.copytree(reward, tmp_path / "m")
    (path / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(CellError, match=f"weights can be loaded from '{path}'"):
        loaded(RewardModel, path)


def test_what_a_training_leaves_beside_the_weights_is_no_part_of_them(reward, tmp_path):
    path = shutil.copytree(reward, tmp_path / "m")
    before = ModelSource(str(path)).identity()
    for name in ("manifest.json", "trainer_state.json", "training_args.bin"):
        (path / name).write_text("a date")
    assert ModelSource(str(path)).identity() == before


def test_what_generation_config_asks_for_in_vain_is_said_once(causal, tmp_path):
    path = shutil.copytree(causal, tmp_path / "m")
    stated = {"eos_token_id": 1, "do_sample": True, "repetition_penalty": 1.3, "num_beams": 1, "top_k": 20}
    (path / "generation_config.json").write_text(json.dumps(stated))
    model = loaded(LanguageModel, path)
    prompt = Conversation.user("Yes.")
    model.generate([Generation(prompt, 1, Sampling(max_tokens=2))])
    assert any("repetition_penalty=1.3, which is not applied" in remark for remark in model.remarks())
    model.generate([Generation(prompt, 1, Sampling(max_tokens=2))])
    assert not any("generation_config" in remark for remark in model.remarks())
    model = loaded(LanguageModel, path)
    model.generate([Generation(prompt, 1, Sampling(max_tokens=2, temperature=1.0))])
    assert any("top_k=20" in remark for remark in model.remarks())
