"""The trainer ``sft``: supervised fine-tuning of a language model on replies that are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from harness import COUNT, COUNT_OR_NONE, SEED, Ask, Item, OneOf, Progress, Range, Task, Trainer

from .tunable import language_model_of
from .tuning import Tuning, tune
from .tuning_rows import Shown
from .tuning_run import SCHEDULES, Descent


class SupervisedFineTuning(Trainer):
    """Tunes a language model of transformers on the replies that a task shows; only the replies' tokens are learned.

    Prompts are rendered by the base's own chat template, as when it is asked. What is longer than the context is left
    out, and counted. Run by transformers' own Trainer, with AdamW. The product is a folder for ``hf:path=``.

    Args:
        epochs: Passes over all rows.
        steps: Steps in all; 0: as many as the epochs have.
        batch: Rows a step.
        rate: Learning rate; default: 2e-4 with LoRA, 2e-5 without.
        lora: Rank of LoRA's matrices (needs peft); 0 tunes all weights.
        alpha: LoRA's update counts alpha / rank; 0: twice the rank.
        merge: Merge LoRA's matrices into the weights; false keeps them alone, and needs the base where it lies now.
        schedule: How the rate falls: ``linear`` or ``cosine`` to 0, or ``constant``.
        warmup: Share of the steps in which the rate rises.
        decay: Weight decay.
        max_length: Tokens of prompt and reply together; 0: the base's context.
        checkpoint: Steps between checkpoints, at which a killed training goes on; 0: an epoch.
        seed: Of the order of the rows, and of LoRA's first weights.
        more: Further tasks of demonstrations: ``more=[TASK,TASK:SPLIT]``.
    """

    model: ClassVar[str] = "hf"
    trains_on: ClassVar[tuple[str, ...]] = ("demonstrations",)
    needs_base: ClassVar[bool] = True
    data_names: ClassVar[tuple[str, ...]] = ("more",)

    def __init__(
        self,
        epochs: Annotated[int, COUNT] = 1,
        steps: Annotated[int, COUNT_OR_NONE] = 0,
        batch: Annotated[int, COUNT] = 8,
        rate: Annotated[float | None, Range(above=0, most=1)] = None,
        lora: Annotated[int, COUNT_OR_NONE] = 0,
        alpha: Annotated[int, COUNT_OR_NONE] = 0,
        merge: bool = True,
        schedule: Annotated[str, OneOf(*SCHEDULES)] = "linear",
        warmup: Annotated[float, Range(least=0, below=1)] = 0.0,
        decay: Annotated[float, Range(least=0)] = 0.0,
        max_length: Annotated[int, COUNT_OR_NONE] = 0,
        checkpoint: Annotated[int, COUNT_OR_NONE] = 0,
        seed: Annotated[int, SEED] = 0,
        more: str = "",
    ) -> None:
        rate = rate or default_rate(lora)
        descent = Descent(epochs, steps, batch, rate, schedule, warmup, decay, seed, checkpoint)
        self.tuning = Tuning(descent, lora, alpha, merge, max_length)
        self.more = more

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Tune the base on the split and on ``more``; an interrupted training goes on at its last checkpoint.

        Raises:
            UsageError: the base is no language model that can be tuned, or a package is missing.
            DataError: no row is left to learn from.
        """
        base = language_model_of(ask)
        shown = [_shown(item) for item in items]
        shown += [_shown(item) for data in self.data.get("more", ()) for item in data]
        return tune(base, shown, self.tuning, workdir, progress, private=is_private(self, task))


def default_rate(lora: int) -> float:
    """Return the learning rate where none is given: LoRA's few weights take larger steps."""
    return 2e-4 if lora else 2e-5


def is_private(trainer: Trainer, task: Task) -> bool:
    """Tell whether a task that is learned from is sensitive, so that no message may quote a text."""
    tasks = [task, *(data.task for several in trainer.data.values() for data in several)]
    return any(one is not None and one.definition.sensitive for one in tasks)


def _shown(item: Item) -> Shown:
    return Shown(item.fields["prompt"], item.fields["response"])
