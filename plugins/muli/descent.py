"""The authors' own fit: subgradient descent in a fixed order, stopped after a fixed number of epochs.

The descent stops far from the minimum of its objective, with every weight different from zero; `sparse_logistic`
reaches the minimum. This form exists to reproduce published figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.files import read_npz, write_npz

from .features import Scale

CHECKPOINT = "descent.npz"
CHECKPOINT_EVERY = 20


@dataclass(frozen=True, slots=True)
class DescentSettings:
    """The settings of the descent; the defaults are those of the authors' main script.

    Attributes:
        epochs: Passes over the train set.
        batch: Texts a step, in the order of the data.
        rate: Step size.
        penalty: Penalty of the absolute value of every weight and of the bias.
        seed: Seed of the initial weights; the authors fix none.
    """

    epochs: int = 500
    batch: int = 128
    rate: float = 5e-4
    penalty: float = 1e-3
    seed: int = 0


@dataclass(slots=True)
class DescentState:
    """The weights, the bias and the progress of the descent."""

    weights: NDArray[np.float32]
    bias: np.float32
    epoch: int = 0
    loss: float = np.nan
    """Mean loss over the texts of the last epoch, in nats, before each step."""


def descend(
    matrix: NDArray[Any],
    scale: Scale,
    labels: NDArray[Any],
    recipe: DescentSettings,
    workdir: Path,
    *,
    told: Callable[[int, float], None] = lambda epoch, loss: None,
) -> DescentState:
    """Return the weights after the last epoch; an interrupted descent goes on from its checkpoint.

    The loss of a batch is the mean of -c y ln s(z) - (1 - y) ln(1 - s(z)), with s the logistic function and c the
    negatives over the positives of the whole train set, plus penalty * (|w|_1 + |b|).

    Args:
        matrix: Features, (n, V), float32, in memory or mapped from disk.
        scale: Means and deviations of the features.
        labels: (n,) of 0 and 1.
        recipe: The settings.
        workdir: The folder of the checkpoint.
        told: Called after every epoch with its number and mean loss.
    """
    state = _resume(workdir / CHECKPOINT, matrix.shape[1], recipe.seed)
    truth = labels.astype(np.float32)
    heavier = np.float32((len(truth) - truth.sum()) / truth.sum())
    mean, factor = scale.mean.astype(np.float32), scale.factor.astype(np.float32)
    out = factor == 0
    for epoch in range(state.epoch, recipe.epochs):
        losses = 0.0
        for start in range(0, len(truth), recipe.batch):
            rows = (np.asarray(matrix[start : start + recipe.batch], dtype=np.float32) - mean) * factor
            rows[:, out] = 0.0
            losses += _step(state, rows, truth[start : start + recipe.batch], heavier, recipe) * len(rows)
        state.epoch, state.loss = epoch + 1, losses / len(truth)
        told(state.epoch, state.loss)
        if state.epoch % CHECKPOINT_EVERY == 0:
            _keep(workdir / CHECKPOINT, state)
    (workdir / CHECKPOINT).unlink(missing_ok=True)
    return state


def _step(
    state: DescentState,
    rows: NDArray[np.float32],
    truth: NDArray[np.float32],
    heavier: np.float32,
    recipe: DescentSettings,
) -> float:
    """Take one subgradient step, and return the loss before it, in nats."""
    scores = rows @ state.weights + state.bias
    chance = np.exp(-np.logaddexp(np.float32(0), -scores))
    counts = np.where(truth == 1, heavier, np.float32(1))
    slopes = counts * (chance - truth) / np.float32(len(truth))
    losses = counts * np.logaddexp(np.float32(0), np.where(truth == 1, -scores, scores))
    loss = float(losses.mean()) + recipe.penalty * float(np.abs(state.weights).sum() + abs(state.bias))
    rate, penalty = np.float32(recipe.rate), np.float32(recipe.penalty)
    state.weights -= rate * (slopes @ rows + penalty * np.sign(state.weights))
    state.bias = np.float32(state.bias - rate * (slopes.sum() + penalty * np.sign(state.bias)))
    return loss


def _start(size: int, seed: int) -> DescentState:
    """Draw initial weights uniformly within 1 / sqrt(number of features), as a linear layer of PyTorch begins."""
    draw = np.random.default_rng(seed)
    reach = 1 / np.sqrt(size)
    return DescentState(draw.uniform(-reach, reach, size).astype(np.float32), np.float32(draw.uniform(-reach, reach)))


def _resume(path: Path, size: int, seed: int) -> DescentState:
    if path.is_file():
        try:
            kept = read_npz(path)
            state = DescentState(kept["weights"], np.float32(kept["bias"]), int(kept["epoch"]), float(kept["loss"]))
            if state.weights.shape == (size,):
                return state
        except (OSError, ValueError, KeyError):
            pass  # a damaged checkpoint is no reason not to train
    return _start(size, seed)


def _keep(path: Path, state: DescentState) -> None:
    kept = {"weights": state.weights, "bias": state.bias, "epoch": state.epoch, "loss": state.loss}
    write_npz(path, {name: np.asarray(value) for name, value in kept.items()})
