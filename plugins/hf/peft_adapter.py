"""Adapters of peft (LoRA and the like) in a folder: applied to their base and merged, or refused."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness import CellError, UsageError

CONFIG = "adapter_config.json"
WRAPPED = "base_model.model."
"""The prefix that peft gives the name of every tensor of an adapter."""
HEAD = re.compile(r"(^|\.)(score|classifier|out_proj|classifier\.out_proj)\.weight$")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json", "vocab.txt", "spiece.model")


@dataclass(frozen=True)
class PeftAdapter:
    """An adapter of peft in a folder."""

    folder: Path
    base: str
    """Folder or hub id of the model that the adapter was trained over; the folder itself if its weights lie there."""
    revision: str
    """Revision of a base on the hub."""
    kind: str
    """The adapter's kind by peft's name, such as ``LORA``."""
    beside: bool
    """Whether the weights of the base lie in the same folder."""

    @property
    def has_tokenizer(self) -> bool:
        """Tell whether the adapter brings a tokenizer of its own."""
        return any((self.folder / name).is_file() for name in TOKENIZERS)

    def require_peft(self) -> str:
        """Return the version of the installed peft.

        Raises:
            UsageError: peft is not installed.
        """
        try:
            return version("peft")
        except PackageNotFoundError:
            raise UsageError(
                f"path={str(self.folder)!r} holds an adapter ({self.kind}) over "
                f"{'the weights beside it' if self.beside else repr(self.base)}, and peft, which applies it, is not "
                f"installed: pip install peft{_or_take_away(self)}"
            ) from None

    def remark(self) -> str:
        """Tell the user how the adapter was applied."""
        if not self.beside:
            return f"the adapter in {str(self.folder)!r} ({self.kind}) was merged into {self.base!r}"
        return (
            f"the adapter in {str(self.folder)!r} ({self.kind}) was applied to the weights beside it; if they hold it "
            f"already, take {CONFIG} away"
        )

    @contextlib.contextmanager
    def base_folder(self) -> Iterator[str]:
        """Give the folder or hub id that the base's weights are loaded from, for the duration of the block."""
        if not self.beside:
            yield self.base
            return
        # transformers applies an adapter that it finds beside the weights by itself, unmerged, and reports only on it.
        with tempfile.TemporaryDirectory() as place:
            for file in self.folder.iterdir():
                if not file.name.startswith("adapter_"):
                    (Path(place) / file.name).symlink_to(file.absolute())
            yield place

    def supplied(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the adapter's tensors, by their names in the base."""
        from peft import load_peft_weights

        weights = load_peft_weights(str(self.folder), device="cpu")
        return {name.removeprefix(WRAPPED): tuple(tensor.shape) for name, tensor in weights.items()}

    def configured(self, config: Any) -> Any:
        """Give the base's configuration as many labels as the adapter's own head has."""
        for name, shape in self.supplied().items():
            if HEAD.search(name) and len(shape) == 2:
                config.num_labels = shape[0]
        return config

    def merged_into(self, model: Any) -> Any:
        """Merge the adapter into the weights of the base.

        Raises:
            CellError: the adapter cannot be merged, or its tensors do not fit the base.
        """
        from peft import PeftModel, get_peft_model_state_dict

        name = str(self.folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of transformers, about names that peft still uses
            wrapped = PeftModel.from_pretrained(model, name)
        room = {key.removeprefix(WRAPPED) for key in get_peft_model_state_dict(wrapped)}
        held = set(self.supplied())
        if room != held:
            wrong = sorted(held - room) or sorted(room - held)
            what = "that the base has no place for" if held - room else "fewer than the adapter has"
            raise CellError(
                f"the adapter in {name!r} does not fit {type(model).__name__}: {len(wrong)} tensors {what} "
                f"({', '.join(wrong[:3])}{', ...' if len(wrong) > 3 else ''}); it was made for another class or model"
            )
        if not hasattr(wrapped.base_model, "merge_and_unload"):
            raise CellError(
                f"the adapter in {name!r} is of kind {self.kind}, which cannot be merged into weights, and other kinds "
                "are not run here"
            )
        return wrapped.merge_and_unload(safe_merge=True)


def adapter_of(folder: Path) -> PeftAdapter | None:
    """Find the adapter in a folder; None if there is none.

    Raises:
        UsageError: the adapter's configuration is missing, cannot be read, or names no base.
    """
    file = folder / CONFIG
    if not file.is_file():
        if any(folder.glob("adapter_model.*")):
            raise UsageError(
                f"path={str(folder)!r} holds the weights of an adapter and no {CONFIG}, which says how they are "
                "applied; bring it, or take the adapter's file away"
            )
        return None
    try:
        stated = json.loads(file.read_text("utf-8"))
        base, revision = (str(stated.get(key) or "") for key in ("base_model_name_or_path", "revision"))
        kind = str(stated.get("peft_type") or "of no stated kind")
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError(f"{file}: cannot be read as the configuration of an adapter: {error}") from error
    names = {entry.name for entry in folder.iterdir()}
    if "config.json" in names and any(
        Path(name).suffix in (".safetensors", ".bin") and name.startswith(("model", "pytorch_model")) for name in names
    ):
        return PeftAdapter(folder, str(folder), "", kind, True)
    if not base:
        raise UsageError(f"{file}: base_model_name_or_path is missing: say which model the adapter was trained over")
    if not Path(base).is_dir() and (folder / base).is_dir():
        base = str(folder / base)
    return PeftAdapter(folder, base, revision, kind, False)


def refuse_adapter_of_hub(hub_id: str, revision: str | None) -> None:
    """Refuse a hub model that is an adapter: its base would not be part of what answers are filed under.

    Raises:
        CellError: the hub model is an adapter.
    """
    from transformers.utils.peft_utils import find_adapter_config_file

    if find_adapter_config_file(hub_id, revision=revision) is not None:
        raise CellError(
            f"{hub_id!r} holds an adapter: download it (hf download {hub_id} --local-dir FOLDER) and give path=FOLDER, "
            "so that its base is known before it is loaded"
        )


def _or_take_away(adapter: PeftAdapter) -> str:
    return f"; or take {CONFIG} away, if the weights hold it already" if adapter.beside else ""
