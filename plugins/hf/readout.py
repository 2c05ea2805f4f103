"""Linear functions of the next token's log-odds, evaluated where the logits are.

With logits l = W h, log-odds g_i = l_i - L - ln(1 - p_i), L the log of the sum of all exp(l_j). So

    sum_i a_i g_i = h . (W^T a) - (sum_i a_i) L - sum_i a_i ln(1 - p_i)

and the first term takes d multiplications, however many tokens have a weight, once W^T a is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from harness_plugins.hf.forward import Head
from harness_plugins.hf.output import OutputHead
from numpy.typing import NDArray

from harness import LinearReadout


@dataclass(slots=True)
class _Folded:
    """One function, made ready."""

    tokens: Any
    """(k,) on the device."""
    weights: Any
    """(k,) float64."""
    constant: float
    direction: Any
    """W^T a, shape (d,) float64; None where logits do not follow linearly from hidden states."""


class Readouts:
    """The functions that requests name, each made ready once.

    Args:
        output: The model's output layer.
        device: Where the logits are.
    """

    def __init__(self, output: OutputHead, device: Any) -> None:
        self._output, self._device = output, device
        self._folded: list[_Folded] = []
        self._numbers: dict[str, int] = {}

    def number(self, function: LinearReadout) -> int:
        """Which column of the values is this function's.

        Raises:
            ValueError: it names a token that the model does not have, or weights and tokens are of different number.
        """
        known = self._numbers.get(function.digest)
        if known is None:
            self._folded.append(self._fold(function))
            known = self._numbers[function.digest] = len(self._folded) - 1
        return known

    def _fold(self, function: LinearReadout) -> _Folded:
        import torch

        size = self._output.vocabulary
        if len(function.tokens) != len(function.weights):
            raise ValueError(f"{len(function.weights)} weights for {len(function.tokens)} tokens")
        if function.tokens and not 0 <= min(function.tokens) <= max(function.tokens) < size:
            raise ValueError(f"the readout names token {max(function.tokens)}, and the vocabulary has {size}")
        tokens = torch.tensor(function.tokens, dtype=torch.int64, device=self._device)
        weights = torch.tensor(function.weights, dtype=torch.float64, device=self._device)
        direction, constant = None, function.constant
        if self._output.linear:
            rows = self._output.layer.weight.detach()[tokens].double()
            direction = self._output.scale * (weights @ rows)
            bias = getattr(self._output.layer, "bias", None)
            if bias is not None:
                constant += self._output.scale * float(weights @ bias.detach()[tokens].double())
        return _Folded(tokens, weights, constant, direction)

    def head(self) -> Head:
        """Values of shape (r, number of functions known now), float64."""
        folded = list(self._folded)

        def values(hidden: Any, which: Any, slots: Any) -> NDArray[np.float64]:
            parts = [
                _values(folded, hidden[first : first + len(logits)], logits)
                for first, logits in self._output.chunks(hidden)
            ]
            return np.concatenate(parts)[which]

        return values


def _values(folded: Sequence[_Folded], hidden: Any, logits: Any) -> NDArray[np.float64]:
    """(r, functions), for r rows of hidden states and of their logits."""
    import torch

    total = torch.logsumexp(logits, dim=-1).double()
    columns = []
    for one in folded:
        read = logits[:, one.tokens].double()
        linear = read @ one.weights if one.direction is None else hidden.double() @ one.direction
        left = _log_of_the_others(logits, one.tokens, read - total[:, None], total)
        columns.append(one.constant + linear - one.weights.sum() * total - left @ one.weights)
    return np.asarray(torch.stack(columns, dim=1).cpu().numpy())


def _log_of_the_others(logits: Any, tokens: Any, logs: Any, total: Any) -> Any:
    """ln(1 - p) of each token read, shape (r, k); from the sum of all others where a token has over half of it all."""
    import torch

    found = torch.log1p(-logs.exp().clamp(max=0.5))
    rows, places = torch.nonzero(logs > -np.log(2.0), as_tuple=True)
    if len(rows):
        others = logits[rows].double()
        others[torch.arange(len(rows), device=rows.device), tokens[places]] = -torch.inf
        found[rows, places] = torch.logsumexp(others, dim=-1) - total[rows]
    return found
