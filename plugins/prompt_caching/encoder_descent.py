"""End-to-end training of a sentence encoder on pairs, run by transformers' own Trainer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .pair_losses import BCE
from .training_pairs import TextPairs

CHECKPOINTS = "checkpoints"
_AT_ONCE = 64


class Tuning(NamedTuple):
    """How an encoder is trained."""

    encoder: str
    loss: str
    temperature: float
    offset: float | None
    learn: bool
    epochs: int
    batch: int
    rate: float
    epsilon: float
    max_length: int
    seed: int


class Tuned(NamedTuple):
    """A trained encoder."""

    encoder: Any
    tokenizer: Any
    temperature: float
    offset: float
    steps: int

    @property
    def width(self) -> int:
        """Length of its vectors."""
        return int(self.encoder.config.hidden_size)

    def save(self, place: Path) -> None:
        """Write weights and tokenizer in the form that transformers loads."""
        self.encoder.save_pretrained(place)
        self.tokenizer.save_pretrained(place)


def tune(
    pairs: TextPairs, tuning: Tuning, workdir: Path, *, told: Callable[[int, float], None] = lambda step, loss: None
) -> Tuned:
    """Train an encoder on pairs; checkpoints of an epoch each lie in ``workdir``.

    Args:
        pairs: What is learned from.
        tuning: How.
        workdir: The folder of the checkpoints.
        told: Called with the step and its loss.
    """
    import torch
    from transformers import AutoModel, AutoTokenizer, Trainer, TrainerCallback, TrainingArguments
    from transformers.trainer_utils import get_last_checkpoint
    from transformers.utils import logging

    logging.disable_progress_bar()  # the harness shows the curve
    torch.manual_seed(tuning.seed % 2**32)
    tokenizer, encoder = AutoTokenizer.from_pretrained(tuning.encoder), AutoModel.from_pretrained(tuning.encoder)
    offset = tuning.offset
    if offset is None:
        begun = Tuned(encoder, tokenizer, tuning.temperature, 0.0, 0)
        some = np.random.default_rng(tuning.seed).permutation(len(pairs.targets))[:512]
        ends = [encode(begun, [pairs.texts[i] for i in end[some]], tuning.max_length) for end in pairs[2:4]]
        offset = float(np.median(np.einsum("ij,ij->i", *ends))) / tuning.temperature
    module = _module(torch, encoder, tuning, offset)

    class Losses(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            logs = kwargs.get("logs") or {}
            if "loss" in logs:
                told(state.global_step, float(logs["loss"]))

    def collated(rows: Sequence[tuple[str, str, float]]) -> dict[str, Any]:
        texts = [row[0] for row in rows] + [row[1] for row in rows]
        batch = tokenizer(texts, padding=True, truncation=True, max_length=tuning.max_length, return_tensors="pt")
        return {**batch, "labels": torch.tensor([row[2] for row in rows])}

    rows = [
        (pairs.texts[i], pairs.texts[j], float(target))
        for i, j, target in zip(pairs.first.tolist(), pairs.second.tolist(), pairs.targets.tolist(), strict=True)
    ]
    place = workdir / CHECKPOINTS
    trainer = Trainer(
        model=module,
        args=TrainingArguments(
            output_dir=str(place),
            num_train_epochs=tuning.epochs,
            per_device_train_batch_size=tuning.batch,
            learning_rate=tuning.rate,
            seed=tuning.seed % 2**32,
            logging_steps=10,
            save_strategy="epoch",
            save_total_limit=1,
            report_to=[],
            disable_tqdm=True,
            remove_unused_columns=False,
            dataloader_pin_memory=False,
        ),
        train_dataset=rows,
        data_collator=collated,
        callbacks=[Losses()],
    )
    _quiet(trainer)
    last = get_last_checkpoint(str(place)) if place.is_dir() else None
    trainer.train(resume_from_checkpoint=last)
    two = [float(value.detach()) for value in (module.log_temperature, module.offset)]
    return Tuned(encoder.eval().cpu(), tokenizer, float(np.exp(two[0])), two[1], int(trainer.state.global_step))


def _quiet(trainer: Any) -> None:
    """Keep the Trainer from printing each log as a dictionary: the harness shows the curve."""
    from transformers.trainer_callback import PrinterCallback

    trainer.remove_callback(PrinterCallback)


def _module(torch: Any, encoder: Any, tuning: Tuning, offset: float) -> Any:
    class Pairs(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder
            self.log_temperature = torch.nn.Parameter(torch.tensor(float(np.log(tuning.temperature))))
            self.offset = torch.nn.Parameter(torch.tensor(offset))
            for parameter in (self.log_temperature, self.offset):
                parameter.requires_grad_(tuning.learn)

        def forward(self, labels: Any = None, **batch: Any) -> dict[str, Any]:
            vectors = pooled(torch, self.encoder, batch)
            half = len(vectors) // 2
            cosine = (vectors[:half] * vectors[half:]).sum(dim=1)
            odds = cosine / self.log_temperature.exp() - self.offset
            if tuning.loss == BCE:
                loss = torch.nn.functional.binary_cross_entropy_with_logits(odds, labels)
            else:
                kept = labels.clamp(tuning.epsilon, 1 - tuning.epsilon)
                loss = ((torch.nn.functional.logsigmoid(odds) - kept.log()) ** 2).mean()
            return {"loss": loss}

    return Pairs()


def pooled(torch: Any, encoder: Any, batch: Any) -> Any:
    """Return the means of token vectors at unit length, (n, d)."""
    states = encoder(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1).to(states.dtype)
    return torch.nn.functional.normalize((states * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1e-9), dim=1)


def encode(tuned: Tuned, texts: Sequence[str], max_length: int) -> NDArray[np.float32]:
    """Return the vectors of texts, (n, d), at unit length."""
    import torch

    tuned.encoder.eval()
    found = []
    with torch.no_grad():
        for start in range(0, len(texts), _AT_ONCE):
            batch = tuned.tokenizer(
                list(texts[start : start + _AT_ONCE]),
                padding=True,
                truncation=True,
                max_length=max_length,
                return_tensors="pt",
            )
            found.append(pooled(torch, tuned.encoder, batch).numpy())
    return np.concatenate(found)
