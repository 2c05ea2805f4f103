"""Linear functions of the next token's log-odds, evaluated where the logits are.

They are worked out from the log-probabilities as ``next_token`` gives them, and by the same function as from those on
file, so that a score does not depend on whether the whole distribution had been asked for before. Only a number a
prompt leaves the pass.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import LinearReadout, read_out

from .forward import Head
from .output import OutputHead


class Readouts:
    """The functions that requests name, each known by a number.

    Args:
        output: The model's output layer.
    """

    def __init__(self, output: OutputHead) -> None:
        self._output = output
        self._functions: list[LinearReadout] = []
        self._numbers: dict[str, int] = {}

    def number(self, function: LinearReadout) -> int:
        """The number of a function.

        Raises:
            ValueError: it names a token that the model does not have, or weights and tokens are of different number.
        """
        known = self._numbers.get(function.digest)
        if known is None:
            tokens, weights = function.arrays
            size = self._output.vocabulary
            if len(tokens) != len(weights):
                raise ValueError(f"{len(weights)} weights for {len(tokens)} tokens")
            if len(tokens) and not 0 <= tokens.min() <= tokens.max() < size:
                raise ValueError(f"the readout names token {tokens.max()}, and the vocabulary has {size}")
            self._functions.append(function)
            known = self._numbers[function.digest] = len(self._functions) - 1
        return known

    def head(self, numbers: NDArray[np.int64]) -> Head:
        """A head that gives what is read, shape (r,), float64.

        Args:
            numbers: By slot, the number of the function that is read there.
        """

        def values(hidden: Any, which: Any, slots: Any) -> NDArray[np.float64]:
            found = np.empty(len(which))
            order = np.argsort(which, kind="stable")
            bounds = which[order]
            for first, rows in self._output.distributions(hidden):
                for read in order[slice(*np.searchsorted(bounds, [first, first + len(rows)]))]:
                    found[read] = read_out(self._functions[numbers[slots[read]]], rows[which[read] - first])
            return found

        return values
