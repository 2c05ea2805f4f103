"""Linear functions of the next token's log-odds, evaluated where the logits are.

They are computed from log-probabilities by the same function as from the answers of ``next_token`` on file, so that a
score does not depend on whether the whole distribution was asked for before. Only a number a prompt leaves the pass.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import LinearReadout, read_out

from .forward import Head
from .output import OutputHead


class Readouts:
    """Numbers the functions that requests name.

    Args:
        output: The model's output layer.
    """

    def __init__(self, output: OutputHead) -> None:
        self._output = output
        self._functions: list[LinearReadout] = []
        self._numbers: dict[str, int] = {}

    def number(self, function: LinearReadout) -> int:
        """Return the number of a function.

        Raises:
            ValueError: the function names a token that the model lacks, or has not one weight for every token.
        """
        number = self._numbers.get(function.digest)
        if number is None:
            tokens, weights = function.arrays
            size = self._output.vocabulary
            if len(tokens) != len(weights):
                raise ValueError(f"{len(weights)} weights for {len(tokens)} tokens")
            if len(tokens) and not 0 <= tokens.min() <= tokens.max() < size:
                raise ValueError(f"the readout names token {tokens.max()}, and the vocabulary has {size}")
            self._functions.append(function)
            number = self._numbers[function.digest] = len(self._functions) - 1
        return number

    def head(self, numbers: NDArray[np.int64]) -> Head:
        """Return a head that gives each read's value of its function, shape (r,), float64.

        Args:
            numbers: For each slot, the number of the function to evaluate.
        """

        def values(hidden: Any, which: Any, slots: Any) -> NDArray[np.float64]:
            results = np.empty(len(which))
            order = np.argsort(which, kind="stable")
            bounds = which[order]
            for first, rows in self._output.distributions(hidden):
                for read in order[slice(*np.searchsorted(bounds, [first, first + len(rows)]))]:
                    results[read] = read_out(self._functions[numbers[slots[read]]], rows[which[read] - first])
            return results

        return values
