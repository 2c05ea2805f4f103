"""Logistic regression on sparse features, by L-BFGS with checkpoints; shared by the linear models here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.npz import read_npz
from harness.trainer import Progress

WEIGHTS = "weights.npz"
CHECKPOINT = "checkpoint.npz"
CHECKPOINT_EVERY = 10


def fit_logistic(
    features: Any, labels: NDArray[np.float64], penalty: float, workdir: Path, progress: Progress
) -> tuple[Any, float]:
    """Weights that minimise the mean logistic loss plus ``penalty / 2 * |w|^2``.

    Args:
        features: Sparse matrix of shape (n, d).
        labels: (n,) of 0 and 1.
        penalty: Strength of the L2 penalty, at least 0.
        workdir: Where the checkpoint of an interrupted fit lies, and is written.
        progress: Told the loss after every iteration.

    Returns:
        Weights of shape (d,) and the loss in nats.
    """
    from scipy.optimize import minimize

    signs = 2.0 * labels - 1.0
    transposed = features.T.tocsr()

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margins = signs * (features @ weights)
        slopes = -signs * _sigmoid(-margins) / len(signs)
        value = float(np.logaddexp(0.0, -margins).mean() + 0.5 * penalty * weights @ weights)
        return value, transposed @ slopes + penalty * weights

    start, step = _resume(workdir / CHECKPOINT, features.shape[1])
    current = {"step": step}

    def report(intermediate_result: Any) -> None:
        current["step"] += 1
        progress(current["step"], loss=float(intermediate_result.fun))
        if current["step"] % CHECKPOINT_EVERY == 0:
            _save(workdir / CHECKPOINT, weights=intermediate_result.x, step=np.array(current["step"]))

    result = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        callback=report,
        options={"maxiter": 2000, "gtol": 1e-7, "ftol": 1e-13},
    )
    if not result.success:
        raise ValueError(f"the fit did not converge in {result.nit} iterations: {result.message}")
    (workdir / CHECKPOINT).unlink(missing_ok=True)
    return result.x, float(result.fun)


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.exp(-np.logaddexp(0.0, -x))


def _resume(path: Path, size: int) -> tuple[NDArray[np.float64], int]:
    if path.is_file():
        try:
            arrays = read_npz(path)
            if arrays["weights"].shape == (size,):
                return arrays["weights"], int(arrays["step"])
        except (OSError, ValueError, KeyError):
            pass  # a damaged checkpoint is no reason not to train
    return np.zeros(size), 0


def _save(path: Path, **arrays: NDArray[Any]) -> None:
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as stream:
        np.savez(stream, **arrays)
    partial.replace(path)


def save_model(
    workdir: Path, weights: NDArray[np.float64], settings: Mapping[str, Any], **arrays: NDArray[Any]
) -> None:
    """Write the non-zero weights, and what the features were made with."""
    kept = np.flatnonzero(weights)
    _save(workdir / WEIGHTS, index=kept, weight=weights[kept], size=np.array(len(weights)), **arrays)
    (workdir / "features.json").write_text(json.dumps(settings, sort_keys=True), encoding="utf-8")


def load_model(directory: Path) -> tuple[NDArray[np.float64], dict[str, Any], dict[str, NDArray[Any]]]:
    """(weights, settings, further arrays) as `save_model` wrote them.

    Raises:
        ValueError: the directory holds no such model.
    """
    try:
        arrays = read_npz(directory / WEIGHTS)
        settings: dict[str, Any] = json.loads((directory / "features.json").read_text("utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"{directory} holds no trained model: {error.filename} is missing") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"{directory} holds a damaged model: {error}; train it again") from error
    weights = np.zeros(int(arrays.pop("size")))
    weights[arrays.pop("index")] = arrays.pop("weight")
    return weights, settings, arrays
