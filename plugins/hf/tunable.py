"""A language model of transformers that is tuned: loaded from what the base is, adapted, and saved as a folder."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from harness import Ask, UsageError

from .gguf_file import GgufSource
from .language_model import LanguageModel, end_tokens
from .smollm2 import SmolLM2
from .tokens import Encoder, context_length
from .tuning_rows import TuningRow, collate

CLASSES: dict[str, type[LanguageModel]] = {"hf": LanguageModel, "smollm2": SmolLM2}
"""Language models whose weights are at hand, by registered name."""
TARGETS = "all-linear"
"""Which layers LoRA adapts: all linear ones but the output layer."""


def language_model_of(base: Ask | None) -> LanguageModel:
    """Return the language model that a base is, not yet loaded.

    Raises:
        UsageError: the base is no language model of transformers, or one that cannot be tuned as it is asked.
    """
    name = base.specification.partition(":")[0] if base is not None else ""
    if base is None or name not in CLASSES:
        raise UsageError(
            f"the base {name!r} is no language model of transformers whose weights can be tuned; give "
            "--base hf:path=FOLDER, or --base smollm2"
        )
    model = CLASSES[name](**base.arguments)
    if model.chat_template == "text":
        raise UsageError(
            "chat_template=text cannot be tuned: the product could not say that it is to be asked so; give the base "
            "chat_template=FILE (Jinja), which the product then brings"
        )
    if model.source.dtype == "float16":
        raise UsageError("dtype=float16 loses small steps; tune the base in dtype=bfloat16 or float32")
    if model.source.trust_remote_code and model.source.brings_code:
        raise UsageError(f"{model.path!r} runs code of its own, which a product would not bring; it is not tuned here")
    return model


class Tunable:
    """The weights of a language model while they are tuned.

    Args:
        language_model: Which.
        rank: Rank of LoRA's matrices; 0: all weights are tuned.
        alpha: LoRA's update counts alpha / rank; 0: twice the rank, so that it counts 2.
        seed: Of LoRA's first weights.
        max_length: Tokens of prompt and reply together; 0: as many as the model takes.

    Raises:
        UsageError: LoRA is asked for and peft is not installed; or ``max_length`` is more than the model has.
        CellError: the weights cannot be loaded.
    """

    def __init__(
        self, language_model: LanguageModel, *, rank: int = 0, alpha: int = 0, seed: int = 0, max_length: int = 0
    ) -> None:
        if rank and importlib.util.find_spec("peft") is None:
            raise UsageError("lora= needs peft, which is not installed: pip install peft; lora=0 tunes all weights")
        source = language_model.source
        self.source, self.rank, self.tokenizer = source, rank, source.tokenizer()
        context = context_length(source.config(), self.tokenizer, language_model.max_length)
        if max_length > context:
            raise UsageError(f"max_length={max_length} is more than the {context} tokens that the base takes")
        self.encoder = Encoder(
            self.tokenizer,
            chat_template=language_model.chat_template,
            context=max_length or context,
            truncate="refuse",
            path=source.path,
        )
        self.model = source.model("AutoModelForCausalLM", strangers="say")
        self.ends = end_tokens(self.model, self.tokenizer)
        self.model.requires_grad_(not rank)
        if rank:
            self._adapt(alpha or 2 * rank, seed)

    def _adapt(self, alpha: int, seed: int) -> None:
        import torch
        from peft import LoraConfig, get_peft_model

        torch.manual_seed(seed % 2**32)
        config = LoraConfig(r=self.rank, lora_alpha=alpha, target_modules=TARGETS, task_type="CAUSAL_LM")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of transformers, about names that peft still uses
            self.model = get_peft_model(self.model, config)

    @property
    def trained(self) -> int:
        """How many weights are tuned."""
        return sum(weights.numel() for weights in self.model.parameters() if weights.requires_grad)

    def collate(self, rows: Any) -> Any:
        """Put rows into a batch, padded by the tokenizer's own token, which nothing attends to."""
        taken: list[TuningRow] = list(rows)
        return collate(taken, self.tokenizer.pad_token_id or 0)

    def reference(self) -> tuple[Any, Callable[[], AbstractContextManager[Any]]]:
        """Return a model that answers as the base does, and a context in which it does so.

        With LoRA it is the tuned model with its adapters off; else a copy of the weights.
        """
        if self.rank:
            return self.model, self.model.disable_adapter
        import copy
        from contextlib import nullcontext

        return copy.deepcopy(self.model).requires_grad_(False).eval(), nullcontext

    def save(self, folder: Path, *, merge: bool = True) -> None:
        """Write a folder that ``hf:path=FOLDER`` loads.

        Args:
            folder: It is there already.
            merge: Whether LoRA's matrices are merged into the weights; else they alone are written, over the base.
        """
        model = self.model
        if self.rank and merge:
            model = model.merge_and_unload(safe_merge=True)
        if self.encoder.template is not None:
            self.tokenizer.chat_template = self.encoder.template
        model.save_pretrained(folder)
        if self.rank and not merge:
            (folder / "README.md").unlink(missing_ok=True)  # a form that peft leaves to be filled in
        self.tokenizer.save_pretrained(folder)


def refuse_unmerged(language_model: LanguageModel) -> None:
    """Refuse to keep an adapter apart from a base that it could not name.

    Raises:
        UsageError: the base is read from a GGUF file, or is an adapter itself.
    """
    source = language_model.source
    if isinstance(source, GgufSource) or source.adapter() is not None:
        raise UsageError(
            "merge=false keeps LoRA's matrices alone, over a base in a folder of its own; this base is "
            f"{'a GGUF file' if isinstance(source, GgufSource) else 'an adapter itself'}: leave merge=true"
        )
