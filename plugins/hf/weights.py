"""Checks that a model takes what the weight files of its folder hold.

transformers fills missing weights with random numbers and leaves out unknown ones, and reports both. A model without a
layer, a bias or an adapter gives another model's scores, so the report is read here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from harness import CellError

HEADS_OF_PRETRAINING = {
    *("lm_head", "cls", "embed_out", "predictions", "sop_classifier", "lm_predictions", "mask_predictions"),
    *("generator_predictions", "generator_lm_head", "discriminator_predictions", "pred_layer", "qa_outputs"),
    *("vocab_transform", "vocab_layer_norm", "vocab_projector", "mtp", "final_logits_bias"),
}
"""First parts of the names of weights that only serve pretraining. A pooler is not among them: the hidden state that a
classifier reads may go through the pooler."""

NO_WEIGHTS = re.compile(r"rotary_emb\.inv_freq$|(^|\.)position_ids$|\bmasked_bias$|(^|\.)(encoder|decoder)\.version$")
"""Constants that earlier versions of transformers wrote into weight files; they follow from the configuration."""

UNMERGED = re.compile(
    r"(^|\.)(lora_\w+|base_layer|modules_to_save|ia3_l|hada_w\w+|lokr_w\w+|oft_\w+|vera_lambda_\w+|prompt_encoder)(\.|$)"
)
"""Names that an adapter of peft gives its tensors while it is not merged into the weights."""

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLED, PICKLED_INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"

OF_NO_MODEL = re.compile(r"training_args\.bin|(optimizer|scheduler|scaler)\.bin|consolidated.*|adapter_model\.\w+")
"""Files with the suffix of weights that transformers does not read as the model's."""

Strangers = Literal["refuse", "say"]


def check_taken(
    path: str,
    model: Any,
    report: Mapping[str, Any],
    *,
    strangers: Strangers = "refuse",
    elsewhere: Collection[str] = (),
    unread: str = "",
) -> list[str]:
    """Check by transformers' report of a loading that every weight that scores depend on was taken.

    Args:
        path: Folder or hub id, for messages.
        model: The loaded model.
        report: The report: ``missing_keys`` and ``unexpected_keys``.
        strangers: Fate of a head that is not the model's own: ``refuse``, or ``say`` where the answers do not go
            through any head.
        elsewhere: Tensors that are read, or supplied, from elsewhere.
        unread: First part of the names of weights that nothing reads, which may be missing.

    Returns:
        Remarks for the user.

    Raises:
        CellError: weights are missing, or left over that belong to the model.
    """
    taken = {name.removeprefix("base_model.model.") for name in elsewhere}
    left = sorted(key for key in report["unexpected_keys"] if key not in taken and not NO_WEIGHTS.search(key))
    missing = sorted(
        key for key in report["missing_keys"] if key not in taken and not (unread and key.split(".")[0] == unread)
    )
    # In this order: an unmerged adapter or a wrong class explains whatever else is missing or left over.
    _refuse_unmerged(path, model, left)
    _refuse_missing(path, model, missing, left)
    _refuse_unplaced(path, model, left)
    return _heads_left(path, model, left, strangers)


def _refuse_unmerged(path: str, model: Any, left: Sequence[str]) -> None:
    unmerged = [key for key in left if UNMERGED.search(key)]
    if unmerged:
        raise CellError(
            f"{path!r} holds {_listed(unmerged)} of an adapter that is not merged into the weights, which "
            f"{type(model).__name__} does not take: its answers would be those of the model before training. Merge it "
            "(merge_and_unload of peft) and save that, or give the folder of the adapter itself"
        )


def _refuse_missing(path: str, model: Any, missing: Sequence[str], left: Sequence[str]) -> None:
    if missing:
        stated = ", ".join(getattr(model.config, "architectures", None) or ["not stated"])
        extra = f". It holds {_listed(left)}, which are not taken" if left else ""
        raise CellError(
            f"{path!r} holds no values for {', '.join(missing[:3])}{' ...' if len(missing) > 3 else ''} "
            f"of {type(model).__name__}: these would be random. Its architectures are {stated}{extra}"
        )


def _refuse_unplaced(path: str, model: Any, left: Sequence[str]) -> None:
    """Refuse tensors of the model's own modules that its configuration has no place for."""
    unplaced = [key for key in left if _first(model, key) in _children(model)]
    if unplaced:
        raise CellError(
            f"{path!r} holds {_listed(unplaced)} that {type(model).__name__} has no place for by its config.json: its "
            "answers would be another model's. Mend config.json (biases and the number of layers are stated there), or "
            "save the weights again with the configuration that they were trained with"
        )


def _heads_left(path: str, model: Any, left: Sequence[str], strangers: Strangers) -> list[str]:
    """Refuse a head that is not the model's own, or remark on it."""
    heads = [key for key in left if not _is_left_over(model, key)]
    kind = type(model).__name__
    if heads and strangers == "refuse":
        raise CellError(
            f"{path!r} holds {_listed(heads)} that {kind} does not take, and that are no head of pretraining: its "
            "answers would be without them. Describe a head of that name (adapter= of hf-reward), or take the tensors "
            "out of the file"
        )
    if not heads:
        return []
    return [f"{path!r} holds {_listed(heads)} that {kind} does not take; what is asked here does not need them"]


def check_files(folder: Path) -> list[str]:
    """Check which of a folder's weight files are read.

    Returns:
        Remarks on the weight files that are not read.

    Raises:
        CellError: the folder holds two sets of weights, and nothing says which is meant.
    """
    files = {file.name for file in folder.iterdir() if file.is_file()}
    for single, index in ((SINGLE, INDEX), (PICKLED, PICKLED_INDEX)):
        if {single, index} <= files:
            raise CellError(
                f"{str(folder)!r} holds weights twice: {single}, and the parts that {index} names. Which are meant "
                "cannot be known; move one of the two away"
            )
    read = next((name for name in (SINGLE, INDEX, PICKLED, PICKLED_INDEX) if name in files), "")
    parts = {read} if read in (SINGLE, PICKLED) else _parts(folder / read) if read else set()
    weights = {name for name in files if Path(name).suffix in (".safetensors", ".bin", ".gguf")}
    others = sorted(name for name in weights - parts if not OF_NO_MODEL.fullmatch(name))
    if not read or not others:
        return []
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return [f"the weights of {str(folder)!r} are read from {read}; {', '.join(others[:3])}{more} beside it is not read"]


def _parts(index: Path) -> set[str]:
    import json

    try:
        return set(json.loads(index.read_text("utf-8"))["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # transformers says what is wrong with it
        return set()


def _is_left_over(model: Any, key: str) -> bool:
    """Tell whether a tensor belongs to the head of another class than the model's."""
    first = _first(model, key)
    if first in HEADS_OF_PRETRAINING or first == "pooler":
        return True
    # A bare backbone is asked for hidden states: the head of whatever class the folder says it is may stay aside.
    return getattr(model, "base_model", model) is model and first in _children_of_declared(model)


def _children_of_declared(model: Any) -> set[str]:
    import torch
    import transformers

    names: set[str] = set()
    for declared in getattr(model.config, "architectures", None) or ():
        kind = getattr(transformers, declared, None)
        if kind is None or not hasattr(kind, "base_model_prefix"):
            continue
        try:
            with torch.device("meta"):
                names |= _children(kind(model.config))
        except Exception:  # a class that this configuration does not make: nothing is known of its head
            continue
    return names


def _first(model: Any, key: str) -> str:
    """Return the first part of a tensor's name, behind the backbone's own."""
    prefix = getattr(model, "base_model_prefix", "")
    return (key.removeprefix(f"{prefix}.") if prefix else key).split(".")[0]


def _children(model: Any) -> set[str]:
    parts: Iterable[tuple[str, Any]] = (*model.named_children(), *model.named_parameters(recurse=False))
    names = {name for name, _ in parts}
    backbone = getattr(model, "base_model", model)
    if backbone is not model:  # files of a bare backbone name its parts without its own name before them
        names |= _children(backbone)
    return names


def _listed(keys: Collection[str]) -> str:
    """List tensors as ``3 tensors (a, b, c)``."""
    some = ", ".join(list(keys)[:3])
    return f"{len(keys)} tensor{'s' if len(keys) > 1 else ''} ({some}{', ...' if len(keys) > 3 else ''})"
