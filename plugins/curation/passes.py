"""Metrics of sampled and checked completions: the pass rate, and pass@k without bias."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np

from harness import COUNT, Columns, FloatArray, MeanMetric


def pass_at_k(correct: FloatArray, k: int) -> FloatArray:
    """Compute the probability that at least one of k samples, drawn without replacement, is correct.

    ``1 - C(n - c, k) / C(n, k)`` for n samples of which c are correct, unbiased for k independent samples
    (Chen et al., "Evaluating Large Language Models Trained on Code", arXiv 2107.03374, equation 1).

    Args:
        correct: (items, n) of 0 and 1.
        k: Samples that may be tried, 1 to n.

    Returns:
        (items,) probabilities.

    Raises:
        ValueError: k is not from 1 to n.
    """
    n = correct.shape[1]
    if not 1 <= k <= n:
        raise ValueError(f"pass@{k} needs at least {max(k, 1)} samples of every prompt, and there are {n}")
    wrong = n - correct.sum(axis=1)
    # C(w, k) / C(n, k) as a product of k ratios, each at most 1: no overflow, and 0 as soon as w < k.
    steps = np.arange(k)
    ratios = np.clip(wrong[:, None] - steps, 0, None) / (n - steps)
    return np.asarray(1.0 - ratios.prod(axis=1))


class PassAtK(MeanMetric):
    """Share of prompts solved by at least one of k samples, unbiased.

    Args:
        k: Number of samples that may be tried.
    """

    description: ClassVar[str] = "share of prompts solved by at least one of k samples"
    needs: ClassVar[tuple[str, ...]] = ("correct",)

    def __init__(self, k: Annotated[int, COUNT] = 1) -> None:
        self.k = int(k)

    def per_item(self, columns: Columns) -> FloatArray:
        """Return each prompt's probability that one of k samples is correct."""
        return pass_at_k(columns.values["correct"], self.k)


class PassRate(PassAtK):
    """Share of samples that are correct: pass@1."""

    def __init__(self) -> None:
        super().__init__(1)


class AnsweredRate(MeanMetric):
    """Share of samples in which an answer was found."""

    needs: ClassVar[tuple[str, ...]] = ("answered",)

    def per_item(self, columns: Columns) -> FloatArray:
        """Return each prompt's share of samples with an answer."""
        return np.asarray(columns.values["answered"].mean(axis=1))


class TruncatedRate(MeanMetric):
    """Share of samples that reached the limit of tokens."""

    higher_is_better: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = ("truncated",)

    def per_item(self, columns: Columns) -> FloatArray:
        """Return each prompt's share of samples that reached the limit."""
        return np.asarray(columns.values["truncated"].mean(axis=1))
