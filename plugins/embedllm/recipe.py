"""The authors' recipe: the factorised form, descended by Adam with noise on the questions for some epochs.

It stops short of the minimum, and with as many dimensions as models it has the same functions to choose from as the
exact fit. This form exists to reproduce published figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import FloatArray
from harness.files import read_npz, write_npz

CHECKPOINT = "descent.npz"
_NAMES = ("models", "projection", "projection_bias", "classifier", "classifier_bias")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of the descent; the defaults are those of the authors' repository."""

    dimensions: int = 232
    noise: float = 0.05
    """Standard deviation of what is added to each entry of a question's vector, in training only."""
    epochs: int = 50
    batch: int = 2048
    """Pairs of question and model a step."""
    rate: float = 1e-4
    decay: float = 1e-5
    """Added to the gradient, times the weights, as Adam's own L2 penalty."""
    shuffle: bool = False
    """False: pairs in the order of the data, all models of a question one after the other."""
    seed: int = 42


@dataclass(frozen=True, slots=True)
class Factors:
    """The factorised form: logits (r, 2) are ``((projection x + projection_bias) * P_m) classifier^T + bias``."""

    models: FloatArray
    """P, (m, d)."""
    projection: FloatArray
    """W, (d, D)."""
    projection_bias: FloatArray
    """c, (d,)."""
    classifier: FloatArray
    """(2, d)."""
    classifier_bias: FloatArray
    """(2,)."""

    def odds(self, vectors: FloatArray) -> FloatArray:
        """Return log-odds of a right answer by the factorised form, (n, m)."""
        projected = vectors @ self.projection.T + self.projection_bias
        wrong, right = (projected @ (self.models * self.classifier[i]).T + self.classifier_bias[i] for i in range(2))
        return np.asarray(right - wrong)

    def dense(self) -> tuple[FloatArray, FloatArray]:
        """Return the weights A, (m, D), and intercepts beta, (m,), that give the same log-odds."""
        scaled = self.models * (self.classifier[1] - self.classifier[0])
        constant = self.classifier_bias[1] - self.classifier_bias[0]
        return scaled @ self.projection, scaled @ self.projection_bias + constant


def descend(
    vectors: FloatArray,
    outcomes: FloatArray,
    recipe: Recipe,
    workdir: Path | None = None,
    *,
    told: Callable[[int, float], None] = lambda epoch, loss: None,
) -> tuple[Factors, float]:
    """Return the factors after the last epoch, and the mean loss in it; an interrupted descent goes on where it was.

    Order and noise of an epoch follow from its number, so that it makes no difference where it was interrupted. One
    thread is used, since sums of several would differ from run to run.

    Args:
        vectors: (n, D).
        outcomes: (n, m); NaN where unknown, which is left out. Fractions are probabilities.
        recipe: The settings.
        workdir: The folder of the checkpoint; None: without.
        told: Called after every epoch with its number and mean loss in nats.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _descend(torch, vectors, outcomes, recipe, workdir, told)
    finally:
        torch.set_num_threads(threads)


def _descend(
    torch: Any,
    vectors: FloatArray,
    outcomes: FloatArray,
    recipe: Recipe,
    workdir: Path | None,
    told: Callable[[int, float], None],
) -> tuple[Factors, float]:
    places = np.argwhere(np.isfinite(outcomes))
    questions, models = torch.from_numpy(places[:, 0].copy()), torch.from_numpy(places[:, 1].copy())
    right = torch.from_numpy(outcomes[places[:, 0], places[:, 1]].astype(np.float32))
    truth = torch.stack([1 - right, right], dim=1)
    table = torch.from_numpy(vectors.astype(np.float32))
    parameters = _start(torch, outcomes.shape[1], vectors.shape[1], recipe)
    descent = torch.optim.Adam(parameters, lr=recipe.rate, weight_decay=recipe.decay)
    checkpoint = None if workdir is None else workdir / CHECKPOINT
    done, loss = _resume(torch, checkpoint, parameters, descent)
    own, projection, projection_bias, classifier, classifier_bias = parameters
    for epoch in range(done, recipe.epochs):
        draw = torch.Generator().manual_seed((recipe.seed * 1_000_003 + epoch + 1) % 2**63)
        order = torch.randperm(len(right), generator=draw) if recipe.shuffle else torch.arange(len(right))
        total = 0.0
        for start in range(0, len(order), recipe.batch):
            rows = order[start : start + recipe.batch]
            asked = table[questions[rows]]
            asked = asked + recipe.noise * torch.randn(asked.shape, generator=draw)
            joined = (asked @ projection.T + projection_bias) * own[models[rows]]
            logits = joined @ classifier.T + classifier_bias
            value = torch.nn.functional.cross_entropy(logits, truth[rows])
            descent.zero_grad()
            value.backward()
            descent.step()
            total += float(value.detach()) * len(rows)
        loss = total / len(order)
        told(epoch + 1, loss)
        if checkpoint is not None and epoch + 1 < recipe.epochs:
            _keep(checkpoint, parameters, descent, epoch + 1, loss)
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return Factors(*(parameter.detach().numpy().astype(np.float64) for parameter in parameters)), loss


def _start(torch: Any, models: int, width: int, recipe: Recipe) -> list[Any]:
    """Draw the parameters as PyTorch's own layers begin: an embedding, two linear layers."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        own = torch.nn.Embedding(models, recipe.dimensions)
        projection = torch.nn.Linear(width, recipe.dimensions)
        classifier = torch.nn.Linear(recipe.dimensions, 2)
    return [own.weight, projection.weight, projection.bias, classifier.weight, classifier.bias]


def _keep(path: Path, parameters: list[Any], descent: Any, epoch: int, loss: float) -> None:
    arrays: dict[str, NDArray[Any]] = {"epoch": np.asarray(epoch), "loss": np.asarray(loss)}
    for name, parameter in zip(_NAMES, parameters, strict=True):
        state = descent.state[parameter]
        arrays[name] = parameter.detach().numpy()
        arrays[f"{name}_mean"], arrays[f"{name}_square"] = state["exp_avg"].numpy(), state["exp_avg_sq"].numpy()
        arrays["steps"] = np.asarray(float(state["step"]))
    write_npz(path, arrays)


def _resume(torch: Any, path: Path | None, parameters: list[Any], descent: Any) -> tuple[int, float]:
    """Put the parameters and Adam's moments back; return how many epochs were done, and the loss of the last."""
    if path is None or not path.is_file():
        return 0, float("nan")
    try:
        kept = read_npz(path)
        if any(kept[name].shape != tuple(own.shape) for name, own in zip(_NAMES, parameters, strict=True)):
            return 0, float("nan")
        states = {
            index: {
                "step": torch.tensor(float(kept["steps"])),
                "exp_avg": torch.from_numpy(kept[f"{name}_mean"]),
                "exp_avg_sq": torch.from_numpy(kept[f"{name}_square"]),
            }
            for index, name in enumerate(_NAMES)
        }
        epoch, loss = int(kept["epoch"]), float(kept["loss"])
    except (OSError, ValueError, KeyError):
        return 0, float("nan")  # a damaged checkpoint is no reason not to train
    with torch.no_grad():
        for name, parameter in zip(_NAMES, parameters, strict=True):
            parameter.copy_(torch.from_numpy(kept[name]))
    descent.load_state_dict({"state": states, "param_groups": descent.state_dict()["param_groups"]})
    return epoch, loss
