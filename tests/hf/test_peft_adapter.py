"""Adapters of peft are applied to their base where peft is installed, and refused with the command where it is not."""

import importlib.util
import json
import shutil
import warnings

import numpy as np
import pytest
import tiny
from harness_plugins.hf import peft_adapter
from harness_plugins.hf.language_model import LanguageModel
from harness_plugins.hf.reward_model import RewardModel

from harness import Candidates, Continuation, Conversation, Likelihood
from harness.errors import CellError, UsageError

ASKED = Candidates(Conversation.user("Which of these is a mammal?"), ("The whale is a mammal.", "No."))

needs_peft = pytest.mark.skipif(importlib.util.find_spec("peft") is None, reason="peft is not installed")


@pytest.fixture(scope="module")
def causal(tmp_path_factory):
    return tiny.causal(tmp_path_factory.mktemp("causal") / "m", hidden=16, layers=1)


def stated(folder, base, kind="LORA"):
    """A folder with what an adapter says of itself."""
    folder.mkdir(exist_ok=True)
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(base), "peft_type": kind}))
    (folder / "adapter_model.safetensors").write_bytes(b"")
    return folder


def trained(base, folder, task="CAUSAL_LM", auto="AutoModelForCausalLM", **more):
    """An adapter over a base, with weights that are not nothing."""
    import peft
    import torch
    import transformers

    torch.manual_seed(1)
    model = getattr(transformers, auto).from_pretrained(base, **more)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of transformers, about names that peft still uses
        made = peft.get_peft_model(model, peft.LoraConfig(task_type=task, r=2, target_modules=["q_proj", "v_proj"]))
    with torch.no_grad():
        for name, weights in made.named_parameters():
            if "lora_" in name or "modules_to_save" in name:
                weights.normal_(std=0.5)
    made.save_pretrained(folder)
    return made.eval()


def loaded(kind, path, **arguments):
    model = kind(str(path), device="cpu", **arguments)
    model.load()
    return model


@pytest.mark.parametrize("beside", [True, False])
def test_without_peft_the_command_to_install_it_is_said_while_planning(causal, tmp_path, monkeypatch, beside):
    def absent(_):
        raise peft_adapter.PackageNotFoundError

    monkeypatch.setattr(peft_adapter, "version", absent)
    folder = shutil.copytree(causal, tmp_path / "a") if beside else tmp_path / "a"
    stated(folder, causal)
    with pytest.raises(UsageError, match=r"adapter \(LORA\).*pip install peft"):
        LanguageModel(str(folder)).identity()
    with pytest.raises(UsageError, match="pip install peft"):
        loaded(LanguageModel, folder)


def test_an_adapter_without_its_configuration_or_base_is_refused(causal, tmp_path):
    alone = shutil.copytree(causal, tmp_path / "alone")
    (alone / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(UsageError, match=r"adapter_config\.json"):
        LanguageModel(str(alone)).identity()
    with pytest.raises(UsageError, match="base_model_name_or_path is missing"):
        LanguageModel(str(stated(tmp_path / "a", ""))).identity()


def test_what_an_adapter_is_filed_under_changes_with_its_base_and_with_peft(causal, tmp_path, monkeypatch):
    base = shutil.copytree(causal, tmp_path / "base")
    folder = stated(tmp_path / "a", base)
    monkeypatch.setattr(peft_adapter, "version", lambda _: "1.0")
    first = LanguageModel(str(folder)).identity()
    monkeypatch.setattr(peft_adapter, "version", lambda _: "2.0")
    second = LanguageModel(str(folder)).identity()
    (base / "config.json").write_text((base / "config.json").read_text() + "\n")
    assert first != second != LanguageModel(str(folder)).identity()


@needs_peft
def test_an_adapter_is_applied_to_its_base(causal, tmp_path):
    import torch

    adapter = tmp_path / "a"
    unmerged = trained(causal, adapter)
    model, before = loaded(LanguageModel, adapter), loaded(LanguageModel, causal)
    prompt = Conversation.user("What is the capital of France?")
    found = model.next_token([prompt])[0]
    with torch.inference_mode():
        logits = unmerged(input_ids=torch.tensor([model.encoder.prompts([prompt])[0]])).logits[0, -1]
    np.testing.assert_allclose(found, torch.log_softmax(logits, -1).numpy(), atol=1e-4)
    assert np.abs(found - before.next_token([prompt])[0]).max() > 0.01
    assert any("merged into" in remark for remark in model.remarks())
    beside = shutil.copytree(causal, tmp_path / "beside")
    for file in adapter.glob("adapter_*"):
        shutil.copy(file, beside)
    near = loaded(LanguageModel, beside)
    np.testing.assert_array_equal(near.next_token([prompt])[0], found)
    assert any("weights beside it" in remark for remark in near.remarks())
    assert isinstance(near.loglikelihood([Continuation(prompt, " Paris")])[0], Likelihood)


@needs_peft
def test_a_reward_model_that_was_saved_as_an_adapter_has_its_own_head(causal, tmp_path):
    import torch

    unmerged = trained(causal, tmp_path / "a", "SEQ_CLS", "AutoModelForSequenceClassification", num_labels=1)
    unmerged.config.pad_token_id = 5
    model = loaded(RewardModel, tmp_path / "a")
    (found,) = model.score([ASKED])
    texts = [model.encoder.render(ASKED.prompt.reply(response)) for response in ASKED.responses]
    with torch.inference_mode():
        wanted = [float(unmerged(input_ids=torch.tensor([ids])).logits) for ids in model.encoder.alike(texts)]
    np.testing.assert_allclose(found, wanted, atol=1e-4)


@needs_peft
def test_an_adapter_for_another_class_is_refused(causal, tmp_path):
    trained(causal, tmp_path / "a")
    with pytest.raises(CellError, match=r"does not fit|holds no values"):
        loaded(RewardModel, tmp_path / "a")
