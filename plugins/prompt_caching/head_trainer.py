"""The trainer ``cache-head``: a linear map over any embedder, with the temperature and offset of its probability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np

from harness import ANY, COUNT, COUNT_OR_NONE, SEED, Ask, Item, OneOf, Progress, Range, Task, Trainer

from .calibration_card import card, reliability_of
from .head_files import write_head
from .head_fitting import HeadSettings, PairData, fit_head, unit_rows
from .pair_losses import BCE, LOSSES
from .training_pairs import TextPairs, part
from .vectors import ask_for_vectors


class CacheHeadTrainer(Trainer):
    """Learns a linear map of an embedder's vectors, so that sigma(cosine / temperature - offset) is the probability.

    This is the method of arXiv 2402.01173 with a head in place of the whole encoder; data and recipe are ours. Labels
    may be probabilities.

    Args:
        rank: Length of the mapped vectors; 0: as the embedder's.
        loss: ``bce``, ``sld`` (squared difference of log probabilities), ``online_contrastive``, ``cosent`` or ``mnrl``
            (multiple negatives). The last three see neither temperature nor offset, which are fitted afterwards.
        temperature: Where the temperature (lambda) begins, or stays.
        offset: Where the offset (c) begins, or stays; default: P is one half at the median cosine.
        learn: Whether both are learned; ``no`` keeps them, as the paper is reported to do.
        epochs: Passes over all pairs.
        batch: Pairs a step.
        rate: Of Adam; temperature and offset move ten times as fast.
        penalty: Of the squared distance of the map from where it began.
        epsilon: Of ``sld``: labels are kept this far from 0 and 1, so that a pair that differs is drawn to P = epsilon.
        margin: Of ``online_contrastive``: cosine distance from which pairs that differ cost nothing.
        scale: Of ``cosent`` and ``mnrl``: what cosines are multiplied by.
        validation: Share of the groups that is held out where the task has no validation split; 0: none, and all epochs
            are done.
        patience: Epochs without a better ROC area on held-out pairs, after which it stops.
        seed: Of the order of pairs, and of what is held out.
    """

    name: ClassVar[str] = "cache-head"
    model: ClassVar[str] = "cache-head"
    trains_on: ClassVar[tuple[str, ...]] = ("same-answer",)
    needs_base: ClassVar[bool] = True
    asks: ClassVar[tuple[str, ...]] = ("embed",)

    def __init__(
        self,
        rank: Annotated[int, COUNT_OR_NONE] = 0,
        loss: Annotated[str, OneOf(*LOSSES)] = BCE,
        temperature: Annotated[float, Range(above=0)] = 0.05,
        offset: Annotated[float | None, ANY] = None,
        learn: bool = True,
        epochs: Annotated[int, COUNT] = 3,
        batch: Annotated[int, Range(least=2, most=1e9)] = 256,
        rate: Annotated[float, Range(above=0, most=1)] = 1e-3,
        penalty: Annotated[float, Range(least=0)] = 0.0,
        epsilon: Annotated[float, Range(above=0, below=0.5)] = 0.05,
        margin: Annotated[float, Range(above=0, most=2)] = 0.5,
        scale: Annotated[float, Range(above=0)] = 20.0,
        validation: Annotated[float, Range(least=0, below=1)] = 0.2,
        patience: Annotated[int, COUNT] = 2,
        seed: Annotated[int, SEED] = 0,
    ) -> None:
        self.settings = HeadSettings(
            rank, loss, temperature, offset, learn, epochs, batch, rate, penalty, epsilon, margin, scale, patience, seed
        )
        self.validation = validation

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Embed the prompts, descend, and write the embedder with its calibration card.

        Raises:
            ValueError: the pairs cannot be learned from, or a prompt could not be embedded.
        """
        assert ask is not None
        parted = part(task, items, self.validation, self.settings.seed)
        learned = vectors_of(ask, parted.learned)
        held = None if parted.held is None else vectors_of(ask, parted.held)

        def told(epoch: int, loss: float, area: float) -> None:
            progress(epoch, loss=loss, **({} if np.isnan(area) else {"held_out_auroc": area}))

        fitted = fit_head(learned, held, self.settings, workdir, told=told)
        head, judged = fitted.head, learned if held is None else held
        reliability = reliability_of(head.log_odds(head.cosines(judged)), judged.targets.astype(np.float64))
        reliability["of"] = "pairs learned from" if held is None else "pairs of other groups"
        facts: dict[str, Any] = {
            "pairs": len(learned.targets),
            "held_out_pairs": 0 if held is None else len(held.targets),
            "pairs_of_neither": parted.left_out,
            "epochs": fitted.epochs,
            "loss": self.settings.loss,
            "train_losses": fitted.losses,
            "temperature": head.temperature,
            "offset": head.offset,
        }
        if fitted.areas:
            facts["held_out_aurocs"] = fitted.areas
        words = {"base": ask.specification, "base_fingerprint": ask.fingerprint, "facts": facts}
        write_head(workdir, head, {**words, "card": card(head.temperature, head.offset, reliability)})
        return {**facts, "calibration_error": reliability["calibration_error"]}


def vectors_of(ask: Ask, pairs: TextPairs) -> PairData:
    """Embed the prompts of pairs through the client, which keeps the vectors.

    Raises:
        ValueError: a prompt could not be embedded.
    """
    used = np.unique(np.concatenate([pairs.first, pairs.second]))
    vectors = unit_rows(ask_for_vectors(ask, [pairs.texts[i] for i in used]))
    place = np.zeros(len(pairs.texts), dtype=np.int64)
    place[used] = np.arange(len(used))
    codes = {group: code for code, group in enumerate(dict.fromkeys(pairs.groups))}
    groups = np.array([codes[pairs.groups[i]] for i in used], dtype=np.int64)
    return PairData(vectors, place[pairs.first], place[pairs.second], pairs.targets, groups)
