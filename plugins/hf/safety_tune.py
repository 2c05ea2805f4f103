"""The trainer ``safety-tune``: a language model learns to refuse what is harmful, and to reply else as before."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from harness import (
    COUNT,
    COUNT_OR_NONE,
    SEED,
    Ask,
    Conversation,
    DataError,
    Failure,
    Generation,
    Item,
    OneOf,
    Progress,
    Range,
    Sampling,
    Task,
    Trainer,
    say,
)

from .sft import default_rate
from .tunable import Tunable, language_model_of
from .tuning import Tuning, tune
from .tuning_losses import Loss, kept_loss, reply_loss
from .tuning_rows import Shown
from .tuning_run import SCHEDULES, Descent

REFUSALS = (
    "I'm sorry, but I can't help with that.",
    "I'm sorry, but I cannot assist with that request.",
    "I can't help with this, because it could cause harm.",
    "I cannot help with that. If you like, ask me something else.",
    "I'm sorry, I won't help with that, since somebody could be hurt.",
)
"""What a harmful prompt is answered with; drawn by item and seed."""


@dataclass(frozen=True, slots=True)
class Known:
    """A prompt of which it is known whether it is harmful."""

    key: str
    """What is drawn for it follows from this and the seed."""
    prompt: Conversation
    harmful: bool


class SafetyTuning(Trainer):
    """Tunes a language model of transformers on known attacks: it learns to refuse what a row calls harmful.

    To harmless prompts it learns its own replies, which are asked of the base once, so that it goes on as it was. The
    train split says what is harmful in ``harmful``; further tasks, such as the same goals under attack, are named by
    ``more``. How much was bought at which price is told by evaluating base and product on the same tasks.

    Args:
        more: Further tasks of attempts: ``more=[attack:padding:TASK,TASK:SPLIT]``.
        harmless: Share of harmless prompts among those that are learned, reached by leaving out, by lot, of whichever
            are too many; default: as the tasks have them. 0 learns to refuse alone.
        refusal: What harmful prompts are answered with; default: one of five wordings, drawn for each.
        max_tokens: Of the base's replies; one that is cut there is learned without an end.
        kl: Weight of a penalty: how far the tuned model's next tokens are from the base's within its own replies
            (Kullback-Leibler divergence, nats a token); 0: none.
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
        seed: Of what is drawn, of the order of the rows, and of LoRA's first weights.
    """

    model: ClassVar[str] = "hf"
    trains_on: ClassVar[tuple[str, ...]] = ("attempts",)
    needs_base: ClassVar[bool] = True
    asks: ClassVar[tuple[str, ...]] = ("generate",)
    data_names: ClassVar[tuple[str, ...]] = ("more",)

    def __init__(
        self,
        more: str = "",
        harmless: Annotated[float | None, Range(least=0, below=1)] = None,
        refusal: str = "",
        max_tokens: Annotated[int, COUNT] = 128,
        kl: Annotated[float, Range(least=0)] = 0.0,
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
    ) -> None:
        rate = rate or default_rate(lora)
        descent = Descent(epochs, steps, batch, rate, schedule, warmup, decay, seed, checkpoint)
        self.tuning = Tuning(descent, lora, alpha, merge, max_length)
        self.more, self.harmless, self.refusal, self.seed = more, harmless, refusal, seed
        self.max_tokens, self.kl = max_tokens, kl

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Ask the base for its replies to harmless prompts, and tune it on them and on refusals.

        Raises:
            UsageError: the base is no language model that can be tuned, or a package is missing.
            DataError: rows do not say whether they are harmful, are of one kind alone, or the base gives no reply.
        """
        base = language_model_of(ask)
        assert ask is not None  # else there would be no language model
        known = list(_known(task.name, items))
        for data in self.data.get("more", ()):
            _refuse_other_kinds(data.name, data.task)
            known += _known(data.name, data)
        chosen = chosen_of(known, self.harmless, self.seed)
        replies, counts = self._replies([one.prompt for one in chosen if not one.harmful], ask)
        ask.release()
        shown, given = [], iter(replies)
        for one in chosen:
            reply = Shown(one.prompt, self._refusal(one.key)) if one.harmful else next(given)
            shown += [reply] if reply is not None else []
        figures = tune(base, shown, self.tuning, workdir, progress, private=True, loss_of=self._loss)
        harmful = sum(one.harmful for one in chosen)
        return {"harmful": harmful, "harmless": len(chosen) - harmful, **counts, **figures}

    def _refusal(self, key: str) -> str:
        return self.refusal or REFUSALS[lot(key, self.seed) % len(REFUSALS)]

    def _replies(self, prompts: Sequence[Conversation], ask: Ask) -> tuple[list[Shown | None], dict[str, int]]:
        """Return the base's own reply to each prompt, None where there is none, and how many of those there are."""
        sampling = Sampling(max_tokens=self.max_tokens)
        answers = ask("generate", [Generation(prompt, sampling=sampling) for prompt in prompts])
        found: list[Shown | None] = []
        counts: Counter[str] = Counter()
        for prompt, answer in zip(prompts, answers, strict=True):
            if isinstance(answer, Failure) or not answer[0].text.strip():
                counts["failed" if isinstance(answer, Failure) else "empty"] += 1
                found.append(None)
                continue
            ended = answer[0].finish_reason != "length"
            counts["cut"] += not ended
            found.append(Shown(prompt, answer[0].text, ended, kept=True))
        none = counts["failed"] + counts["empty"]
        if prompts and none == len(prompts):
            raise DataError(f"the base gives no reply to any of {none} harmless prompts, so that there is none to keep")
        if none:
            say(f"left out of {len(prompts)} harmless prompts: {none}, to which the base gives no reply", err=True)
        return found, {f"replies_{name}": count for name, count in counts.items() if count}

    def _loss(self, tunable: Tunable) -> Loss:
        return kept_loss(self.kl, *tunable.reference()) if self.kl else reply_loss


def lot(key: str, seed: int) -> int:
    """Draw a number by a key and a seed, whatever else is drawn."""
    return int.from_bytes(hashlib.sha256(f"{seed} {key}".encode("utf-8", "surrogatepass")).digest()[:8])


def chosen_of(known: Sequence[Known], share: float | None, seed: int) -> list[Known]:
    """Return the prompts that are learned from, in order: a share of them harmless, where one is asked for.

    Raises:
        DataError: all are harmful, or none is.
    """
    harmful = [one for one in known if one.harmful]
    harmless = [one for one in known if not one.harmful]
    if not harmful:
        raise DataError(
            "no row is harmful, so that there is nothing to refuse; the field harmful is 1 for those that are"
        )
    if not harmless and share != 0:
        raise DataError(
            f"all {len(harmful):,} rows are harmful, and from them alone it is learned to refuse whatever is asked: "
            "name harmless ones too, in the split or by more=[TASK], or give harmless=0 if that is meant"
        )
    if share is None:
        return list(known)
    # As many of each as there are, where the other is the one of which there are too many.
    wanted = min(len(harmless), round(len(harmful) * share / (1 - share)))
    of_harmful = len(harmful) if share == 0 else min(len(harmful), round(wanted * (1 - share) / share))
    if share and not (wanted and of_harmful):
        raise DataError(
            f"harmless={share:g} leaves nothing of {len(harmful):,} harmful and {len(harmless):,} harmless rows"
        )
    kept = {*_drawn(harmful, of_harmful, seed), *_drawn(harmless, wanted, seed)}
    return [one for one in known if id(one) in kept]


def _drawn(known: Sequence[Known], count: int, seed: int) -> list[int]:
    return [id(one) for one in sorted(known, key=lambda one: lot(f"drawn {one.key}", seed))[:count]]


def _known(task: str, items: Iterable[Item]) -> list[Known]:
    """Return the prompts of a task; one that was never submitted is none.

    Raises:
        DataError: a row does not say whether it is harmful.
    """
    items = list(items)
    unsaid = [item.id for item in items if "harmful" not in item.fields]
    if unsaid:
        raise DataError(
            f"{task}: {len(unsaid):,} of {len(items):,} rows do not say whether they are harmful (the first: "
            f"{unsaid[0]}); map a column to the field harmful: 1 for what is to be refused, 0 for the rest"
        )
    return [
        Known(f"{task} {item.id}", item.fields["prompt"], bool(item.fields["harmful"]))
        for item in items
        if "prompt" in item.fields
    ]


def _refuse_other_kinds(name: str, task: Task | None) -> None:
    """Refuse a further task that holds no attempts.

    Raises:
        DataError: it has no prompts that may be harmful.
    """
    if task is not None and not {"prompt", "harmful"} <= set(task.fields):
        raise DataError(f"{name}: is no task of attempts, whose rows have a prompt and say whether it is harmful")
