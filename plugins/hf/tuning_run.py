"""One run of transformers' own Trainer over rows, with checkpoints that are whole or not there."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import UsageError, write_atomically

from .tuning_losses import Loss

CHECKPOINTS = "checkpoints"
WHOLE = "whole"
"""File in a checkpoint that is written last: without it the checkpoint was being written when the run was killed."""
SCHEDULES = ("linear", "cosine", "constant")
_LOGGED_EVERY = 10


@dataclass(frozen=True, slots=True)
class Descent:
    """How weights are changed: AdamW, with gradients cut to length 1."""

    epochs: int = 1
    steps: int = 0
    """How many steps are taken in all; 0: as many as the epochs have."""
    batch: int = 8
    """Rows a step."""
    rate: float = 2e-4
    schedule: str = "linear"
    """How the rate falls: to 0 as a line or as a cosine, or not at all."""
    warmup: float = 0.0
    """Share of the steps in which the rate rises to its height."""
    decay: float = 0.0
    """Weight decay."""
    seed: int = 0
    """Of the order of the rows."""
    checkpoint: int = 0
    """Steps between checkpoints; 0: an epoch."""

    def total(self, rows: int) -> int:
        """Return how many steps are taken over a number of rows."""
        return self.steps or self.epochs * -(-rows // self.batch)


def require_trainer() -> None:
    """Make sure that transformers' Trainer can run.

    Raises:
        UsageError: accelerate, which it needs, is not installed.
    """
    if importlib.util.find_spec("accelerate") is None:
        raise UsageError("transformers' Trainer needs accelerate, which is not installed: pip install accelerate")


def descend(
    model: Any,
    rows: Sequence[Any],
    descent: Descent,
    workdir: Path,
    *,
    collate: Callable[[list[Any]], dict[str, Any]],
    loss: Loss,
    told: Callable[[int, float], None] = lambda step, loss: None,
) -> int:
    """Change a model's weights by a loss over rows; a run that was killed goes on at its last whole checkpoint.

    Args:
        model: A model of transformers, or one that peft wrapped; what does not require a gradient stays.
        rows: What is learned from; the order in which they are drawn follows from the seed.
        descent: The settings.
        workdir: The folder in which checkpoints lie; `drop_checkpoints` takes them away.
        collate: Puts rows into a batch.
        loss: The loss of a batch.
        told: Called with the step and the mean loss since it was last called.

    Returns:
        The number of steps that were taken in all.
    """
    from transformers import Trainer, TrainerCallback, TrainingArguments
    from transformers.trainer_callback import PrinterCallback

    class Losses(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            logs = kwargs.get("logs") or {}
            if "loss" in logs:
                told(state.global_step, float(logs["loss"]))

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            # The Trainer writes a checkpoint file by file, and would go on at one of which some are missing.
            write_atomically(Path(args.output_dir) / f"checkpoint-{state.global_step}" / WHOLE, "")

    class Run(Trainer):
        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            return loss(model, inputs)

    place, total = workdir / CHECKPOINTS, descent.total(len(rows))
    last = _last_whole(place)
    arguments = TrainingArguments(
        output_dir=str(place),
        max_steps=total,
        per_device_train_batch_size=descent.batch,
        learning_rate=descent.rate,
        lr_scheduler_type=descent.schedule if descent.schedule != "constant" else "constant_with_warmup",
        warmup_steps=int(descent.warmup * total),
        weight_decay=descent.decay,
        seed=descent.seed % 2**32,
        use_cpu=next(model.parameters()).device.type == "cpu",
        logging_steps=max(1, min(_LOGGED_EVERY, total // 10)),
        save_strategy="steps" if descent.checkpoint else "epoch",
        save_steps=descent.checkpoint or total,
        # Of two one is whole at any moment.
        save_total_limit=2,
        report_to=[],
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
    )
    arguments._n_gpu = min(1, arguments.n_gpu)  # else a batch is parted over all accelerators of the machine
    trainer = Run(model=model, args=arguments, train_dataset=list(rows), data_collator=collate, callbacks=[Losses()])
    trainer.remove_callback(PrinterCallback)  # it prints each point of the curve, which the harness shows
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    return int(trainer.state.global_step)


def drop_checkpoints(workdir: Path) -> None:
    """Take the checkpoints away, which are no part of the product."""
    shutil.rmtree(workdir / CHECKPOINTS, ignore_errors=True)


def _last_whole(place: Path) -> Path | None:
    """Return the last checkpoint that was written to its end; those that were not are deleted."""
    found = []
    for folder in place.glob("checkpoint-*") if place.is_dir() else ():
        if (folder / WHOLE).is_file():
            with contextlib.suppress(ValueError):
                found.append((int(folder.name.rpartition("-")[2]), folder))
        else:
            shutil.rmtree(folder)
    return max(found)[1] if found else None
