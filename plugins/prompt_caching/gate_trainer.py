"""The trainer ``cache-gates``: how much each gate, and the words in common, say beside a verifier's probability."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np

from harness import Ask, Failure, Item, Progress, Range, Task, Trainer, write_atomically

from .gated import FEATURES, WORDS, features
from .reuse import Reuse


class CacheGatesTrainer(Trainer):
    """Fits logistic regression on a verifier's log-odds, the gates, and the share of content words in common.

    Args:
        strength: C, the inverse of the L2 penalty.
    """

    model: ClassVar[str] = "cache-gates"
    trains_on: ClassVar[tuple[str, ...]] = ("same-answer",)
    needs_base: ClassVar[bool] = True
    asks: ClassVar[tuple[str, ...]] = ("reuse",)

    def __init__(self, strength: Annotated[float, Range(above=0)] = 1.0) -> None:
        self.strength = strength

    def fit(
        self, task: Task, items: Iterable[Item], workdir: Path, *, ask: Ask | None, progress: Progress
    ) -> Mapping[str, Any]:
        """Ask the verifier about all pairs, fit, and write the weights.

        Raises:
            ValueError: there are no pairs of either label, or the verifier failed.
        """
        from sklearn.linear_model import LogisticRegression

        assert ask is not None
        read = list(items)
        asked = [Reuse(i.fields["second"], i.fields["first"], i.fields.get("first_answer", "")) for i in read]
        given = ask("reuse", asked)
        failed = [answer.reason for answer in given if isinstance(answer, Failure)]
        if failed:
            raise ValueError(f"{len(failed)} of {len(given)} pairs were not judged, the first: {failed[0]}")
        rows = np.array(
            [features(float(p), i.fields["first"], i.fields["second"]) for p, i in zip(given, read, strict=True)]
        )
        labels = np.array([item.fields["label"] for item in read], dtype=np.float64)
        # a label that is a probability counts as a pair of either kind, weighed by it
        twice, weights = np.r_[rows, rows], np.r_[labels, 1 - labels]
        kinds, used = np.r_[np.ones(len(rows)), np.zeros(len(rows))], weights > 0
        if len(set(kinds[used])) < 2:
            raise ValueError(f"{task.name}: all pairs have one label; there is nothing to learn")
        fitted = LogisticRegression(C=self.strength, max_iter=5000).fit(twice[used], kinds[used], weights[used])
        words = {
            "features": list(FEATURES),
            "weights": fitted.coef_[0].tolist(),
            "constant": float(fitted.intercept_[0]),
            "base": ask.specification,
        }
        write_atomically(workdir / WORDS, json.dumps(words, indent=1, sort_keys=True) + "\n")
        return {"pairs": len(read), **{f"weight of {n}": w for n, w in zip(FEATURES, words["weights"], strict=True)}}
