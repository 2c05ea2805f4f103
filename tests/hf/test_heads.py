"""Rewards of described heads equal those of modules written out by hand."""

import re

import pytest
import tiny
import torch
from harness_plugins.hf.heads import NAMED, load_head, read_spec
from safetensors.torch import save_file
from torch import nn
from transformers import AutoModel

from harness.errors import CellError, DataError, UsageError

WIDTH = 64


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    """A tiny backbone, its hidden states at the end of each prompt and of the whole, and its configuration."""
    folder = tiny.causal(tmp_path_factory.mktemp("m") / "m")
    model = AutoModel.from_pretrained(folder).eval()
    tokens = torch.randint(300, (5, 12), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        hidden = model(tokens).last_hidden_state
    return hidden[:, 6].clone(), hidden[:, -1].clone(), model.config


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed + sum(shape)))


@pytest.mark.parametrize("name", ["internlm2-reward", "starling", "trl-value-head"])
def test_linear_heads(tmp_path, states, name):
    _, last, config = states
    spec = read_spec(name)
    layer = nn.Linear(WIDTH, 1, bias="bias" in spec)
    tensors = {spec["weight"]: layer.weight.data}
    if "bias" in spec:
        tensors[spec["bias"]] = layer.bias.data
    save_file(tensors, tmp_path / "model.safetensors")
    head = load_head(tmp_path, config, spec)
    torch.testing.assert_close(head.rewards(last), layer(last)[:, 0], atol=1e-5, rtol=1e-5)
    assert not head.needs_prompt
    assert head.append == ("<|reward|>" if name == "internlm2-reward" else "")


def test_weights_from_a_bin_file_are_tensors_only(tmp_path, states):
    _, last, config = states
    weight = random(1, WIDTH)
    torch.save({"v_head.weight": weight}, tmp_path / "pytorch_model.bin")
    found = load_head(tmp_path, config, read_spec("starling")).rewards(last)
    torch.testing.assert_close(found, (last @ weight.T)[:, 0], atol=1e-4, rtol=1e-5)


class Gated(nn.Module):
    """ArmoRM's head, sample by sample."""

    def __init__(self):
        super().__init__()
        self.regression = nn.Linear(WIDTH, 19, bias=False)
        self.transform = nn.Parameter(random(19, 19))
        self.layers = nn.ModuleList([nn.Linear(WIDTH, 32), nn.Linear(32, 32), nn.Linear(32, 32), nn.Linear(32, 19)])
        self.scale = nn.Parameter(torch.tensor([1.5]))

    def forward(self, prompt, last):
        scores = []
        for p, h in zip(prompt, last, strict=True):
            for layer in self.layers[:-1]:
                p = torch.relu(layer(p))
            e = torch.exp(self.layers[-1](p) / 10.0)
            gates = self.scale * e / e.sum()
            objectives = self.regression(h)
            adjusted = [sum(objectives[i] * self.transform[i, j] for i in range(19)) for j in range(19)]
            scores.append(sum(g * a for g, a in zip(gates, adjusted, strict=True)))
        return torch.stack(scores)


def test_gated_head_of_armorm(tmp_path, states):
    prompt, last, config = states
    module = Gated()
    tensors = {
        "regression_layer.weight": module.regression.weight.data,
        "reward_transform_matrix": module.transform.data,
        "gating.logit_scale": module.scale.data,
    }
    for i, layer in enumerate(module.layers):
        tensors[f"gating.layers.{i}.weight"] = layer.weight.data
        tensors[f"gating.layers.{i}.bias"] = layer.bias.data
    save_file(tensors, tmp_path / "model.safetensors")
    head = load_head(tmp_path, config, read_spec("armorm"))
    assert head.needs_prompt
    with torch.no_grad():
        expected = module(prompt, last)
    torch.testing.assert_close(head.rewards(last, prompt), expected, atol=1e-4, rtol=1e-4)
    one = torch.cat([head.rewards(last[i : i + 1], prompt[i : i + 1]) for i in range(5)])
    torch.testing.assert_close(one, expected, atol=1e-4, rtol=1e-4)
    with pytest.raises(ValueError, match="end of the prompts"):
        head.rewards(last)


def test_attributes_are_weighted_and_summed(tmp_path, states):
    _, last, config = states
    weight, bias = random(3, WIDTH), random(3)
    save_file({"score.weight": weight, "score.bias": bias}, tmp_path / "model.safetensors")
    file = tmp_path / "head.yaml"
    file.write_text("kind: attributes\nweight: score.weight\nbias: score.bias\nweights: [0.5, 0, -2]\n")
    expected = 0.5 * (last @ weight[0] + bias[0]) - 2 * (last @ weight[2] + bias[2])
    found = load_head(tmp_path, config, read_spec(str(file))).rewards(last)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    with pytest.raises(CellError, match="list of 3 numbers"):
        load_head(tmp_path, config, {**read_spec(str(file)), "weights": [1]})


def test_bfloat16_states_are_scored_in_float32(tmp_path, states):
    _, last, config = states
    save_file({"v_head.weight": random(1, WIDTH)}, tmp_path / "model.safetensors")
    head = load_head(tmp_path, config, read_spec("starling"))
    found = head.rewards(last.bfloat16())
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, head.rewards(last.bfloat16().float()))


def test_one_of_several_outputs_has_to_be_picked(tmp_path, states):
    _, last, config = states
    weight = random(2, WIDTH)
    save_file({"v_head.weight": weight}, tmp_path / "model.safetensors")
    spec = read_spec("starling")
    with pytest.raises(CellError, match="has 2 outputs: give label="):
        load_head(tmp_path, config, spec)
    found = load_head(tmp_path, config, {**spec, "label": 1}).rewards(last)
    torch.testing.assert_close(found, last @ weight[1], atol=1e-4, rtol=1e-4)


def test_tensors_that_do_not_fit_are_named(tmp_path, states):
    config = states[2]
    save_file({"v_head.weights": random(1, WIDTH)}, tmp_path / "model.safetensors")
    with pytest.raises(CellError, match=re.escape("no tensor 'v_head.weight'")):
        load_head(tmp_path, config, read_spec("starling"))
    save_file({"v_head.weight": random(1, 8)}, tmp_path / "model.safetensors")
    with pytest.raises(CellError, match=re.escape("shape (1, 8); expected (outputs, 64)")):
        load_head(tmp_path, config, read_spec("starling"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: linar", "kind: one of"),
        ("kind: linear", "needs weight"),
        ("kind: linear\nweight: a\nbais: b", "bais is no key of linear"),
        ("[", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_description_is_refused(tmp_path, text, said):
    file = tmp_path / "head.yaml"
    file.write_text(text)
    with pytest.raises(DataError, match=said):
        read_spec(str(file))


def test_an_unknown_name_is_refused():
    with pytest.raises(UsageError, match="armorm"):
        read_spec("armorn")
    assert all(read_spec(name) == spec for name, spec in NAMED.items())
