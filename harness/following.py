"""Answers that follow from other answers of the same model: read from what is on file, not asked for again.

A capability may say that its answer is a function of the answer of another one (`Capability.follows_from`). Where that
one is on file, the model is not asked. Both roads have to give the same digits, so a model that offers both works out
the second from the first as it would be filed, through the same function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.requests import LinearReadout


@dataclass(frozen=True)
class Following:
    """How an answer follows from another one of the same model; both functions are pure.

    Attributes:
        base: The other capability.
        request: From a request to that of the base.
        response: From a request and the base's response, as it is filed, to the response, or to a `Failure`.
    """

    base: str
    request: Callable[[Any], Any]
    response: Callable[[Any, Any], Any]


def read_out(function: LinearReadout, log_probabilities: Any) -> float:
    """Compute a linear function of next-token log-odds.

    In double precision from single-precision log-probabilities, and with sums whose order does not depend on how many
    threads or rows there are: the same distribution gives the same digits, wherever this is called.

    Args:
        function: Tokens, weights and constant.
        log_probabilities: Natural, shape (V,).

    Raises:
        ValueError: the function names a token outside the vocabulary, or has not as many weights as tokens.
    """
    import numpy as np

    logs = np.asarray(log_probabilities, dtype=np.float32)
    tokens, weights = function.arrays
    if len(tokens) != len(weights):
        raise ValueError(f"{len(weights)} weights for {len(tokens)} tokens")
    if len(tokens) and not 0 <= tokens.min() <= tokens.max() < len(logs):
        raise ValueError(f"the readout names token {tokens.max()}, and the vocabulary has {len(logs)}")
    read = logs[tokens].astype(np.float64)
    # ln(1 - p). Where a token has over half of it all, 1 - p is the sum of all others: by subtraction, digits are lost.
    left = np.log1p(-np.minimum(np.exp(read), 0.5))
    for place in np.flatnonzero(read > -np.log(2.0)):
        others = logs.astype(np.float64)
        others[tokens[place]] = -np.inf
        most = others.max()
        left[place] = most + np.log(np.exp(others - most).sum()) if np.isfinite(most) else -np.inf
    with np.errstate(invalid="ignore"):  # a weight of 0 times infinity: what is not finite is a failure in any case
        return float(function.constant + np.add.reduce(weights * (read - left)))
