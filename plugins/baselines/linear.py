"""Logistic regression on sparse features, by L-BFGS; shared by the linear models here."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import Progress, write_atomically
from harness.files import read_npz, write_npz

WEIGHTS = "weights.npz"


def fit_logistic(
    features: Any, labels: NDArray[np.float64], penalty: float, progress: Progress
) -> tuple[NDArray[np.float64], float]:
    """Find the weights that minimise the mean logistic loss plus ``penalty / 2 * |w|^2``.

    The fit keeps no checkpoint. L-BFGS that is resumed without its history takes another path and ends at other digits,
    and a whole fit takes seconds: a killed fit begins anew, and ends at the same weights.

    Args:
        features: Sparse matrix of shape (n, d).
        labels: (n,) of 0 and 1.
        penalty: Strength of the L2 penalty, at least 0.
        progress: Called with the loss after every iteration.

    Returns:
        Weights of shape (d,) and the loss in nats.

    Raises:
        ValueError: the fit does not converge.
    """
    from scipy.optimize import minimize

    signs = 2.0 * labels - 1.0
    transposed = features.T.tocsr()

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margins = signs * (features @ weights)
        slopes = -signs * _sigmoid(-margins) / len(signs)
        value = float(np.logaddexp(0.0, -margins).mean() + 0.5 * penalty * weights @ weights)
        return value, transposed @ slopes + penalty * weights

    steps = itertools.count(1)

    def report(intermediate_result: Any) -> None:
        progress(next(steps), loss=float(intermediate_result.fun))

    result = minimize(
        loss,
        np.zeros(features.shape[1]),
        jac=True,
        method="L-BFGS-B",
        callback=report,
        options={"maxiter": 2000, "gtol": 1e-7, "ftol": 1e-13},
    )
    if not result.success:
        raise ValueError(f"the fit did not converge in {result.nit} iterations: {result.message}")
    return result.x, float(result.fun)


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.exp(-np.logaddexp(0.0, -x))


def save_model(
    workdir: Path, weights: NDArray[np.float64], settings: Mapping[str, Any], **arrays: NDArray[Any]
) -> None:
    """Write the non-zero weights, and the settings that the features were made with."""
    kept = np.flatnonzero(weights)
    numbers = {"index": kept, "weight": weights[kept], "size": np.array(len(weights)), **arrays}
    write_npz(workdir / WEIGHTS, numbers)
    write_atomically(workdir / "features.json", json.dumps(settings, sort_keys=True))


def load_model(directory: Path) -> tuple[NDArray[np.float64], dict[str, Any], dict[str, NDArray[Any]]]:
    """Read (weights, settings, further arrays) as `save_model` wrote them.

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
