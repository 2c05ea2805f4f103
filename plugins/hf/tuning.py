"""From prompts with replies to the folder of a tuned language model: what trainers of language models share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import DataError, Progress, say

from .language_model import LanguageModel
from .tunable import Tunable, refuse_unmerged
from .tuning_losses import Loss, reply_loss
from .tuning_rows import Shown, TuningRows, tuning_rows
from .tuning_run import Descent, descend, drop_checkpoints, require_trainer


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a base is tuned, whatever it learns."""

    descent: Descent
    rank: int = 0
    """Rank of LoRA's matrices; 0: all weights are tuned."""
    alpha: int = 0
    merge: bool = True
    max_length: int = 0


def tune(
    base: LanguageModel,
    shown: Sequence[Shown],
    tuning: Tuning,
    workdir: Path,
    progress: Progress,
    *,
    private: bool = False,
    loss_of: Callable[[Tunable], Loss] = lambda tunable: reply_loss,
) -> dict[str, Any]:
    """Tune a base on replies, and leave the folder that ``hf:path=`` loads.

    Args:
        base: The language model, which is loaded here.
        shown: What is learned.
        tuning: The settings.
        workdir: The trainer's work directory.
        progress: Where the learning curve goes.
        private: Whether no text of a row may be quoted in a message.
        loss_of: Makes the loss.

    Returns:
        Figures for the manifest.

    Raises:
        DataError: no row is left to learn from.
        UsageError: a package is missing, or the base cannot be tuned so.
        CellError: the weights cannot be loaded.
    """
    from transformers.utils import logging

    from .loading import prepare

    require_trainer()
    if tuning.rank and not tuning.merge:
        refuse_unmerged(base)
    prepare()
    logging.disable_progress_bar()  # the harness shows the curve
    descent = tuning.descent
    tunable = Tunable(base, rank=tuning.rank, alpha=tuning.alpha, seed=descent.seed, max_length=tuning.max_length)
    made = tuning_rows(tunable.encoder, tunable.ends, shown)
    _say_left_out(made, tunable.encoder.context, private)
    loss, trained = loss_of(tunable), tunable.trained
    steps = descend(
        tunable.model,
        made.rows,
        descent,
        workdir,
        collate=tunable.collate,
        loss=loss,
        told=lambda step, value: progress(step, loss=value),
    )
    tunable.save(workdir, merge=tuning.merge)
    drop_checkpoints(workdir)
    facts = {"rows": len(made.rows), "reply_tokens": made.reply_tokens, "steps": steps, "weights_tuned": trained}
    left_out = {"left_out_too_long": made.too_long, "left_out_refused": made.refused}
    return {**facts, **{key: count for key, count in left_out.items() if count}}


def _say_left_out(made: TuningRows, context: int, private: bool) -> None:
    """Say how many rows are not learned from, and why.

    Raises:
        DataError: none is left.
    """
    reason = "" if private else f" ({made.reason})"
    left_out = [
        *([f"{made.too_long} longer than the {context} tokens of the context"] if made.too_long else []),
        *([f"{made.refused} that chat template or tokenizer refuse{reason}"] if made.refused else []),
    ]
    if not made.rows:
        raise DataError(f"there is nothing to learn from: all rows were left out: {', '.join(left_out) or 'none'}")
    if left_out:
        say(f"left out of {len(made.rows) + made.too_long + made.refused} rows: {', '.join(left_out)}", err=True)
