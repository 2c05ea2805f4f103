"""Reward models with described heads score as their structure written out by hand, from template to number."""

import json

import numpy as np
import pytest
import tiny
import torch
from harness_plugins.hf.reward_model import RewardModel
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoTokenizer

from harness import Candidates, Conversation
from harness.errors import CellError, UsageError

WIDTH = 64
REQUESTS = [
    Candidates(Conversation.user("What is the capital of France?"), ("Paris.", "Lyon, I think.", "")),
    Candidates(Conversation.user("Name a mammal, and say why it is one."), ("The whale.",)),
]


def with_tensors(folder, **tensors):
    """A tiny language model with a head's tensors among its weights, as such models are published."""
    tiny.causal(folder, "llama", tie_word_embeddings=True)
    weights = load_file(folder / "model.safetensors")
    save_file({**weights, **tensors}, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def states(folder, append=()):
    """By request and response, hidden states at the end of the prompt and at the end, from plain passes."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).eval()
    found = []
    for request in REQUESTS:
        row = []
        messages = [{"role": m.role, "content": m.content} for m in request.prompt.messages]
        at = len(tokenizer.apply_chat_template(messages, return_dict=True)["input_ids"]) - 1
        for response in request.responses:
            whole = [*messages, {"role": "assistant", "content": response}]
            ids = [*tokenizer.apply_chat_template(whole, return_dict=True)["input_ids"], *append]
            with torch.inference_mode():
                hidden = model(torch.tensor([ids])).last_hidden_state[0]
            row.append((hidden[at], hidden[-1]))
        found.append(row)
    return found


def random(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape))) / WIDTH**0.5


def scores(folder, adapter, **arguments):
    model = RewardModel(str(folder), adapter=adapter, **arguments)
    model.load()
    assert model.engine.flat or arguments
    return model.score(REQUESTS)


@pytest.mark.parametrize("shared", [True, False])
def test_a_value_head_reads_the_last_token(tmp_path, shared):
    weight, bias = random(1, WIDTH), random(1)
    folder = with_tensors(tmp_path / "m", **{"v_head.summary.weight": weight, "v_head.summary.bias": bias})
    arguments = {} if shared else {"share_prefixes": False}
    for row, wanted in zip(scores(folder, "trl-value-head", **arguments), states(folder), strict=True):
        np.testing.assert_allclose(row, [float(weight[0] @ last + bias[0]) for _, last in wanted], atol=1e-4)


def test_a_token_that_is_appended_is_the_one_read(tmp_path):
    weight = random(1, WIDTH)
    folder = with_tensors(tmp_path / "m", **{"v_head.weight": weight})
    (tmp_path / "head.yaml").write_text("kind: linear\nweight: v_head.weight\nappend: <|end|>\n")
    found = scores(folder, str(tmp_path / "head.yaml"))
    for row, wanted in zip(found, states(folder, append=[3]), strict=True):
        np.testing.assert_allclose(row, [float(weight[0] @ last) for _, last in wanted], atol=1e-4)
    with pytest.raises(CellError, match=r"has no token '<\|reward\|>'"):
        scores(folder, "internlm2-reward")


def test_gates_are_read_at_the_end_of_the_prompt(tmp_path):
    objectives, transform, layers = random(19, WIDTH), random(19, 19), [random(32, WIDTH), random(19, 32)]
    tensors = {"regression_layer.weight": objectives, "reward_transform_matrix": transform}
    tensors |= {f"gating.layers.{i}.weight": layer for i, layer in enumerate(layers)}
    folder = with_tensors(tmp_path / "m", **tensors)
    head = {
        "kind": "gated",
        "weight": "regression_layer.weight",
        "transform": "reward_transform_matrix",
        "gate": ["gating.layers.0", "gating.layers.1"],
        "temperature": 10,
    }
    (tmp_path / "head.json").write_text(json.dumps(head))
    for row, wanted in zip(scores(folder, str(tmp_path / "head.json")), states(folder), strict=True):
        expected = []
        for prompt, last in wanted:
            gate = torch.softmax(layers[1] @ torch.relu(layers[0] @ prompt) / 10, dim=0)
            expected.append(float((gate * (transform.T @ (objectives @ last))).sum()))
        np.testing.assert_allclose(row, expected, atol=1e-4)


def test_another_description_is_another_identity(tmp_path):
    folder = with_tensors(tmp_path / "m", **{"v_head.weight": random(2, WIDTH)})
    for label in (0, 1):
        (tmp_path / f"{label}.yaml").write_text(f"kind: linear\nweight: v_head.weight\nlabel: {label}\n")
    one, two = (RewardModel(str(folder), adapter=str(tmp_path / f"{i}.yaml")).identity() for i in (0, 1))
    assert one != two
    with pytest.raises(UsageError, match="did you mean 'armorm'"):
        RewardModel(str(folder), adapter="armorn").identity()
    with pytest.raises(UsageError, match="adapter= goes neither"):
        RewardModel(str(folder), adapter="armorm", label="x")
