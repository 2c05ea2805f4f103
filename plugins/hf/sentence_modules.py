"""Reads and follows the recipe by which a folder of sentence-transformers makes its vectors.

``modules.json`` lists the modules behind each other: the transformer, a pooling, and steps on the pooled vector (dense
layers, norms). Each has a folder with its settings. Modules that make vectors out of hidden states are followed; any
other module is refused by its name, since vectors without it would be another model's.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import CellError

MODULES, SETTINGS = "modules.json", "config_sentence_transformers.json"

POOLINGS = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")
"""Poolings by the names of sentence-transformers, in the order in which several are put behind each other."""

EARLIER_POOLINGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
"""Switches that were written before ``pooling_mode`` was, in the same order."""

TRANSFORMER_KEYS = {
    *("max_seq_length", "do_lower_case", "transformer_task", "modality_config", "module_output_name", "unpad_inputs"),
    *("model_args", "model_kwargs", "tokenizer_args", "processor_kwargs", "config_args", "config_kwargs"),
}
LOADING_KEYS = {"trust_remote_code", "torch_dtype", "dtype", "attn_implementation", "revision", "device_map"}
"""Settings of the transformer that concern only how weights are held; the user's own arguments say that."""

DENSE_KEYS = {
    *("in_features", "out_features", "bias", "activation_function", "use_residual"),
    *("module_input_name", "module_output_name"),
}

MOST_FILES = 64
"""Most modules that a folder may list."""


@dataclass(frozen=True)
class PoolingStep:
    """A step on the pooled vector: ``kind`` is ``Dense``, ``LayerNorm`` or ``Normalize``."""

    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EncoderRecipe:
    """A folder's recipe for making vectors."""

    poolings: tuple[str, ...] = ()
    include_prompt: bool = True
    """Whether the tokens of a prompt are pooled with those of the text."""
    steps: tuple[PoolingStep, ...] = ()
    max_length: int = 0
    """Most tokens of a text that are read; 0 if the folder does not say."""
    lower_case: bool = False
    prompts: Mapping[str, str] = field(default_factory=dict)
    default_prompt: str = ""
    """Text put before every text unless the user gives one."""
    dimensions: int = 0
    """Number of dimensions that are kept; 0 keeps all."""


def read_recipe(folder: Path) -> EncoderRecipe | None:
    """Read a folder's recipe; None if the folder has no ``modules.json``.

    Raises:
        CellError: a file cannot be read, or names a module or setting that is not followed here.
    """
    if not (folder / MODULES).is_file():
        return None
    listed = _json(folder / MODULES, list)
    if len(listed) > MOST_FILES:
        raise CellError(f"{folder / MODULES}: lists {len(listed)} modules; at most {MOST_FILES} are read")
    kinds: list[tuple[str, Path]] = []
    for number, module in enumerate(listed):
        if not isinstance(module, dict) or not {"type", "path"} <= set(module):
            raise CellError(f"{folder / MODULES}: entry {number} has no type and path")
        kinds.append((_kind(str(module["type"]), folder), _inside(folder, str(module["path"]))))
    names = [kind for kind, _ in kinds]
    if names[:2] != ["Transformer", "Pooling"] or {"Transformer", "Pooling"} & set(names[2:]):
        raise CellError(
            f"{folder / MODULES}: lists {', '.join(names)}; vectors are made here by Transformer, Pooling and then "
            "Dense, LayerNorm, Normalize or Dropout, in this order"
        )
    if kinds[0][1] != folder:
        raise CellError(
            f"{folder / MODULES}: its transformer lies in {kinds[0][1].name}; load it with sentence-transformers and "
            "save it again, so that it lies beside modules.json"
        )
    length, lower = _transformer(folder)
    poolings, with_prompt = _pooling(kinds[1][1])
    steps = tuple(_step(kind, place) for kind, place in kinds[2:] if kind != "Dropout")
    settings = _json(folder / SETTINGS, dict) if (folder / SETTINGS).is_file() else {}
    prompts = {str(name): str(text) for name, text in (settings.get("prompts") or {}).items() if text}
    default = settings.get("default_prompt_name")
    return EncoderRecipe(
        poolings,
        with_prompt,
        steps,
        length,
        lower,
        prompts,
        prompts.get(str(default), "") if default else "",
        int(settings.get("truncate_dim") or 0),
    )


def module_folders(folder: Path) -> list[Path]:
    """List the modules' folders, which vectors depend on as on the weights; [] if nothing can be read."""
    try:
        listed = json.loads((folder / MODULES).read_text("utf-8"))
        places = [_inside(folder, str(module["path"])) for module in listed[:MOST_FILES]]
    except (OSError, ValueError, KeyError, TypeError, CellError):  # said when the model is loaded
        return []
    return [place for place in places if place != folder and place.is_dir()]


def module_of(step: PoolingStep) -> Any:
    """Build a step as a module of torch, in float32.

    Raises:
        CellError: the step's weights do not fit its settings.
    """
    import torch

    if step.kind == "Normalize":
        return _Unit()
    if step.kind == "LayerNorm":
        made: Any = torch.nn.Sequential()
        made.norm = torch.nn.LayerNorm(int(step.settings["dimension"]))
        _fill(made, step)
        return made.norm
    return _dense(step)


def _dense(step: PoolingStep) -> Any:
    import torch

    settings = step.settings
    inside, outside = int(settings["in_features"]), int(settings["out_features"])
    residual = bool(settings.get("use_residual"))

    class Dense(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(inside, outside, bias=bool(settings.get("bias", True)))
            if residual and inside != outside:
                self.residual = torch.nn.Linear(inside, outside, bias=False)
            self.activation = _activation(str(settings.get("activation_function", "torch.nn.modules.activation.Tanh")))

        def forward(self, vectors: Any) -> Any:
            out = self.activation(self.linear(vectors))
            if residual:
                out = out + (vectors if inside == outside else self.residual(vectors))
            return out

    made = Dense()
    _fill(made, step)
    return made


def _fill(module: Any, step: PoolingStep) -> None:
    expected = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    held = {name: tuple(value.shape) for name, value in step.weights.items()}
    if expected != held:
        wrong = sorted({name for name in {*expected, *held} if expected.get(name) != held.get(name)})
        raise CellError(
            f"a {step.kind} of modules.json: its settings want {_shapes(expected)}, and its file holds "
            f"{_shapes(held)}; they differ in {', '.join(wrong[:3])}"
        )
    module.load_state_dict({name: value.float() for name, value in step.weights.items()})


def _shapes(tensors: Mapping[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in sorted(tensors.items())[:4]) or "nothing"


def _activation(name: str) -> Any:
    """Find an activation of torch by its full name; no other code is imported.

    Raises:
        CellError: the name is no activation of torch.
    """
    import torch

    kind = getattr(torch.nn, name.rpartition(".")[2], None)
    if (
        isinstance(kind, type)
        and issubclass(kind, torch.nn.Module)
        and name in (f"{kind.__module__}.{kind.__name__}", f"torch.nn.{kind.__name__}")
    ):
        try:
            return kind()
        except TypeError:  # a layer with sizes is no activation
            pass
    raise CellError(f"a Dense of modules.json: {name!r} is no activation of torch.nn")


class _Unit:
    """Makes vectors as long as 1."""

    def __call__(self, vectors: Any) -> Any:
        import torch

        return torch.nn.functional.normalize(vectors, p=2.0, dim=-1)

    def to(self, device: Any) -> _Unit:
        """Return itself: the step has no weights."""
        return self


def _kind(name: str, folder: Path) -> str:
    kind = name.rpartition(".")[2]
    if name.startswith("sentence_transformers.") and kind in (
        *("Transformer", "Pooling", "Dense", "LayerNorm", "Normalize", "Dropout"),
    ):
        return kind
    raise CellError(
        f"{folder / MODULES}: the module {name!r} is not followed here, and vectors without it would be another "
        "model's; give pooling= to have the hidden states pooled without any of the folder's modules"
    )


def _transformer(folder: Path) -> tuple[int, bool]:
    """Read the transformer's most tokens, 0 if not stated; and whether texts are lowered."""
    files = sorted(folder.glob("sentence_*_config.json"))
    if not files:
        return 0, False
    settings = _json(files[0], dict)
    for key in sorted(set(settings) - TRANSFORMER_KEYS):
        if settings[key] not in (None, False, {}, [], ""):
            raise CellError(f"{files[0]}: {key}={settings[key]!r} is not followed here")
    for key in ("model_args", "model_kwargs", "tokenizer_args", "processor_kwargs", "config_args", "config_kwargs"):
        more = set(settings.get(key) or {}) - LOADING_KEYS
        if more:
            raise CellError(f"{files[0]}: {key}: {', '.join(sorted(more))} is not followed here")
    task = settings.get("transformer_task", "feature-extraction")
    text = (settings.get("modality_config") or {}).get("text", {"method_output_name": "last_hidden_state"})
    if task != "feature-extraction" or text.get("method_output_name") != "last_hidden_state":
        raise CellError(f"{files[0]}: vectors are made here of the last hidden states, and it asks for {task}: {text}")
    return int(settings.get("max_seq_length") or 0), bool(settings.get("do_lower_case"))


def _pooling(place: Path) -> tuple[tuple[str, ...], bool]:
    settings = _json(place / "config.json", dict)
    sizes = {"word_embedding_dimension", "embedding_dimension"}
    followed = {*sizes, "pooling_mode", "include_prompt", *EARLIER_POOLINGS}
    for key in sorted(set(settings) - followed):
        if settings[key]:
            raise CellError(f"{place / 'config.json'}: {key}={settings[key]!r} is not followed here")
    mode = settings.get("pooling_mode")
    if mode is None:
        mode = [name for key, name in EARLIER_POOLINGS.items() if settings.get(key)] or ["mean"]
    modes = tuple([mode] if isinstance(mode, str) else mode)
    for name in modes:
        if name not in POOLINGS:
            raise CellError(f"{place / 'config.json'}: pooling_mode={name!r} is none of {', '.join(POOLINGS)}")
    return modes, bool(settings.get("include_prompt", True))


def _step(kind: str, place: Path) -> PoolingStep:
    file = place / "config.json"
    settings = _json(file, dict) if file.is_file() or kind != "Normalize" else {}
    for key in ("module_input_name", "module_output_name"):
        if settings.get(key) not in (None, "sentence_embedding"):
            raise CellError(f"{file}: {key}={settings[key]!r}: only whole vectors (sentence_embedding) are made here")
    if kind == "Normalize":
        return PoolingStep(kind)
    needed = {"Dense": ("in_features", "out_features"), "LayerNorm": ("dimension",)}[kind]
    for key in needed:
        if not isinstance(settings.get(key), int):
            raise CellError(f"{file}: {key} is missing")
    if kind == "Dense" and (more := sorted(set(settings) - DENSE_KEYS)):
        raise CellError(f"{file}: {', '.join(more)} is not followed here")
    return PoolingStep(kind, settings, _weights(place))


def _weights(place: Path) -> dict[str, Any]:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    plain, pickled = place / "model.safetensors", place / "pytorch_model.bin"
    try:
        if plain.is_file():
            return dict(load_file(plain))
        return dict(torch.load(pickled, map_location="cpu", weights_only=True))
    except pickle.PickleError as error:  # torch's own words advise to load such a file as code
        raise CellError(f"{pickled}: holds more than tensors, or is damaged, and is not read") from error
    except (OSError, SafetensorError, EOFError, RuntimeError, ValueError, TypeError) as error:
        raise CellError(f"{place}: no weights can be read: {error}") from error


def _inside(folder: Path, path: str) -> Path:
    """Return a module's folder, which has to lie in the model's own.

    Raises:
        CellError: the folder lies elsewhere.
    """
    if not path:
        return folder
    place = folder / path
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise CellError(f"{folder / MODULES}: the path {path!r} leads out of the folder")
    return place


def _json(file: Path, kind: type) -> Any:
    try:
        content = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CellError(f"{file}: cannot be read: {error}") from error
    if not isinstance(content, kind):
        raise CellError(f"{file}: expected a JSON {'list' if kind is list else 'object'}")
    return content


def pooled(name: str, hidden: Any, mask: Any, weights: Any) -> Any:
    """Pool hidden states of shape (texts, tokens, d) into one vector a text, shape (texts, d).

    Args:
        name: One of POOLINGS.
        hidden: Hidden states of the last layer.
        mask: (texts, tokens), 1 where a token is pooled.
        weights: (texts, tokens): the place of each token in its text, from 1; for ``weightedmean``.
    """
    import torch

    rows = torch.arange(len(hidden), device=hidden.device)
    if name == "cls":
        return hidden[rows, mask.int().argmax(dim=1)]
    if name == "lasttoken":
        last = mask.shape[1] - 1 - mask.int().flip(1).argmax(dim=1)
        return hidden[rows, last]
    if name == "max":
        return hidden.masked_fill(mask[:, :, None] == 0, float("-inf")).amax(dim=1)
    kept = mask[:, :, None].to(hidden.dtype)
    if name == "weightedmean":
        kept = kept * weights[:, :, None].to(hidden.dtype)
    total, count = (hidden * kept).sum(dim=1), kept.sum(dim=1)
    return total / (count.sqrt() if name == "mean_sqrt_len_tokens" else count)


def described(recipe: EncoderRecipe) -> Sequence[str]:
    """List the names of the poolings and steps that are followed, for messages."""
    return [*recipe.poolings, *(step.kind for step in recipe.steps)]
