"""Heads of reward models that are no classifiers of transformers, described rather than programmed.

A description names the tensors of the weight files that make the head, and how they are put together::

    kind: linear                 # linear, attributes or gated
    weight: v_head.summary.weight
    bias: v_head.summary.bias    # optional

Kinds, for a hidden state h of shape (d,) at the token that is read:

- ``linear``: ``w h + b``; with several rows, ``label`` picks one.
- ``attributes``: the rows of ``W h + b`` weighted by ``weights`` and summed.
- ``gated``: ``sum(g * (T' W h))``, where T is ``transform`` and g the softmax of a network (``gate``, its layers in
  order, ReLU between them) over the hidden state at the end of the prompt, divided by ``temperature``, times
  ``gate_scale`` (ArmoRM, Wang et al. 2024, arXiv:2406.12845, section 3).
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import CellError, ConfigurationError, DataError, UsageError
from harness.errors import did_you_mean
from harness.files import load_yaml

NAMED: Mapping[str, Mapping[str, Any]] = {
    # Structures as published with the models; names of tensors and rewards not held against the real weights.
    "armorm": {
        "kind": "gated",
        "weight": "regression_layer.weight",
        "transform": "reward_transform_matrix",
        "gate": ["gating.layers.0", "gating.layers.1", "gating.layers.2", "gating.layers.3"],
        "temperature": 10.0,
        "gate_scale": "gating.logit_scale",
    },
    "internlm2-reward": {"kind": "linear", "weight": "v_head.weight", "append": "<|reward|>"},
    "starling": {"kind": "linear", "weight": "v_head.weight"},
    "trl-value-head": {"kind": "linear", "weight": "v_head.summary.weight", "bias": "v_head.summary.bias"},
}
"""The descriptions that have a name. Attribute heads differ in their weights, and need a file."""

KEYS = {
    "linear": ({"weight"}, {"bias", "label", "append"}),
    "attributes": ({"weight", "weights"}, {"bias", "append"}),
    "gated": ({"weight", "transform", "gate"}, {"temperature", "gate_scale", "append"}),
}
"""The required and the optional keys of a description, by its kind."""


@dataclass(frozen=True)
class RewardHead:
    """A reward head, which turns hidden states into rewards.

    Attributes:
        needs_prompt: Whether the head also reads the hidden state at the end of the prompt.
        append: Special token to put behind the conversation, at which the reward is then read; "" for none.
    """

    kind: str
    weight: Any
    bias: Any = None
    weights: Any = None
    transform: Any = None
    gate: Sequence[tuple[Any, Any]] = field(default=())
    temperature: float = 1.0
    gate_scale: float = 1.0
    append: str = ""
    positions: str = "last"

    @property
    def needs_prompt(self) -> bool:
        """Tell whether rewards depend on the hidden state at the end of the prompt."""
        return self.kind == "gated"

    def rewards(self, hidden: Any, prompt_hidden: Any = None) -> Any:
        """Compute rewards of shape (n,), float32, for hidden states of shape (n, d).

        Args:
            hidden: Hidden states at the token that is read.
            prompt_hidden: Hidden states at the end of the prompt, shape (n, d); for a head that needs them.

        Raises:
            ValueError: the head needs ``prompt_hidden``, which is missing.
        """
        import torch

        linear = torch.nn.functional.linear
        outputs = linear(hidden.float(), _at(self.weight, hidden), _at(self.bias, hidden))
        if self.kind == "linear":
            return outputs[:, 0]
        if self.kind == "attributes":
            return outputs @ _at(self.weights, hidden)
        if prompt_hidden is None:
            raise ValueError("a gated head needs the hidden states at the end of the prompts")
        x = prompt_hidden.float()
        for i, (weight, bias) in enumerate(self.gate):
            x = linear(x.relu() if i else x, _at(weight, hidden), _at(bias, hidden))
        gates = (x / self.temperature).softmax(dim=1) * self.gate_scale
        return (gates * (outputs @ _at(self.transform, hidden))).sum(dim=1)


def read_spec(adapter: str) -> dict[str, Any]:
    """Return a description by its name, or read it from a YAML or JSON file and check its keys.

    Raises:
        UsageError: ``adapter`` is neither a name nor a file.
        DataError: the file is no description of a head.
    """
    if adapter in NAMED:
        return dict(NAMED[adapter])
    if not Path(adapter).is_file():
        hint = did_you_mean(adapter, NAMED)
        raise UsageError(f"adapter={adapter!r} is neither a file nor one of {', '.join(NAMED)}{hint}")
    try:
        spec = load_yaml(Path(adapter))
    except ConfigurationError as error:
        raise DataError(f"{error}; expected YAML or JSON that describes a head") from error
    if not isinstance(spec, dict) or spec.get("kind") not in KEYS:
        raise DataError(f"{adapter}: expected keys with values, and kind: one of {', '.join(KEYS)}")
    needed, optional = KEYS[spec["kind"]]
    if needed - set(spec):
        raise DataError(f"{adapter}: kind {spec['kind']} needs {', '.join(sorted(needed - set(spec)))}")
    for key in sorted(map(str, set(spec) - needed - optional - {"kind"})):
        keys = sorted(needed | optional)
        raise DataError(f"{adapter}: {key} is no key of {spec['kind']}{did_you_mean(key, keys)}")
    return spec


def tensors_of(spec: Mapping[str, Any]) -> list[str]:
    """List the names of the tensors that a description reads from the weight files."""
    named = [spec[key] for key in ("weight", "bias", "transform", "gate_scale") if isinstance(spec.get(key), str)]
    return named + [f"{name}.{part}" for name in spec.get("gate", ()) for part in ("weight", "bias")]


def load_head(folder: Path, config: Any, spec: Mapping[str, Any]) -> RewardHead:
    """Load the described head from the weight files of a folder.

    Args:
        folder: The model's folder; only ``.safetensors`` and, as plain tensors, ``.bin`` files are read.
        config: The backbone's configuration; the tensors have to fit its ``hidden_size``.
        spec: A description from `read_spec`.

    Raises:
        CellError: a tensor is missing or of another shape, or it is open which of several outputs is the reward.
    """
    tensors = _Tensors(folder)
    weight = tensors[spec["weight"]]
    width = config.get_text_config().hidden_size
    if weight.ndim != 2 or weight.shape[1] != width:
        raise CellError(f"{spec['weight']} is of shape {tuple(weight.shape)}; expected (outputs, {width})")
    bias = tensors[spec["bias"]] if spec.get("bias") else None
    append, kind = str(spec.get("append", "")), str(spec["kind"])
    if kind == "linear":
        row = _row(len(weight), spec.get("label"), str(spec["weight"]))
        bias = None if bias is None else bias[row : row + 1]
        return RewardHead(kind, weight[row : row + 1], bias, append=append)
    if kind == "attributes":
        return RewardHead(kind, weight, bias, weights=_weights(spec["weights"], len(weight)), append=append)
    transform = tensors[spec["transform"]]
    gate = [(tensors[f"{name}.weight"], tensors.get(f"{name}.bias")) for name in spec["gate"]]
    outputs = len(gate[-1][0])
    if tuple(transform.shape) != (len(weight), outputs):
        raise CellError(
            f"{spec['transform']} is of shape {tuple(transform.shape)}; expected ({len(weight)}, {outputs})"
        )
    scale = spec.get("gate_scale", 1.0)
    scale = float(tensors[scale].reshape(-1)[0]) if isinstance(scale, str) else float(scale)
    temperature = float(spec.get("temperature", 1.0))
    return RewardHead(
        kind, weight, transform=transform, gate=gate, temperature=temperature, gate_scale=scale, append=append
    )


class _Tensors:
    """Reads the tensors of a folder's weight files by name, in float32, one at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.places = folder, dict[str, Path]()
        self._pickled: dict[str, Any] = {}
        import torch
        from safetensors import safe_open

        for file in sorted(folder.glob("*.safetensors")):
            with safe_open(file, framework="pt") as weights:
                self.places.update(dict.fromkeys(weights.keys(), file))
        if not self.places:
            for file in sorted(folder.glob("*.bin")):
                try:
                    tensors = torch.load(file, map_location="cpu", weights_only=True)  # tensors only, no code
                except (pickle.PickleError, EOFError, RuntimeError) as error:
                    # torch's own words advise to load such a file as code.
                    raise CellError(
                        f"{file}: holds more than tensors, or is damaged, and is not read, since reading it could run "
                        "code; save the weights as safetensors"
                    ) from error
                if not isinstance(tensors, dict):
                    raise CellError(f"{file}: holds no tensors by name; save the weights as safetensors")
                self._pickled.update({k: v for k, v in tensors.items() if isinstance(v, torch.Tensor)})

    def get(self, name: str) -> Any:
        if name in self._pickled:
            return self._pickled[name].float()
        if name not in self.places:
            return None
        from safetensors import safe_open

        with safe_open(self.places[name], framework="pt") as weights:
            return weights.get_tensor(name).float()

    def __getitem__(self, name: str) -> Any:
        tensor = self.get(name)
        if tensor is None:
            names = [*self.places, *self._pickled]
            raise CellError(f"{self.folder} holds no tensor {name!r}{did_you_mean(name, names)}")
        return tensor


def _row(outputs: int, label: object, name: str) -> int:
    if label is None and outputs == 1:
        return 0
    if not isinstance(label, int) or not 0 <= label < outputs:
        raise CellError(f"{name} has {outputs} outputs: give label=, the number of one from 0 to {outputs - 1}")
    return label


def _weights(weights: Any, outputs: int) -> Any:
    import torch

    if not isinstance(weights, list) or len(weights) != outputs:
        raise CellError(f"weights: expected a list of {outputs} numbers, one an attribute; got {json.dumps(weights)}")
    return torch.tensor([float(w) for w in weights])


def _at(tensor: Any, hidden: Any) -> Any:
    return None if tensor is None else tensor.to(hidden.device)
