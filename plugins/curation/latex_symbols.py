"""The vocabulary of the reader of LaTeX, and its position among the symbols of an answer."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from .latex_tokens import Unreadable

Tree = list[Any]

LONGEST = 400
"""Most symbols of an answer that is read."""
DEEPEST = 40
"""Deepest nesting of an answer that is read."""

FUNCTIONS = ("sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "log", "ln", "exp")
CONSTANTS = {"\\pi": "pi", "π": "pi", "\\infty": "oo", "∞": "oo", "e": "e", "i": "i"}
RELATIONS = {"=": "=", "<": "<", ">": ">", "\\le": "<=", "\\leq": "<=", "\\ge": ">=", "\\geq": ">=", "\\ne": "!="}
SIGNS = ("+", "-", "\\pm", "\\mp")
TIMES = ("*", "\\cdot", "\\times", "×", "·")
OVER = ("/", "\\div", "÷")
CLOSING = {*")]},;|&", "\\}", "\\\\", "\\end", "\\cup", "", *SIGNS, *RELATIONS}
"""The symbols that end a product without a sign of multiplication."""
NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+")
GREEK = frozenset((
    "\\alpha", "\\beta", "\\gamma", "\\delta", "\\epsilon", "\\varepsilon", "\\zeta", "\\eta", "\\theta", "\\iota",
    "\\kappa", "\\lambda", "\\mu", "\\nu", "\\xi", "\\rho", "\\sigma", "\\tau", "\\phi", "\\varphi", "\\chi",
    "\\psi", "\\omega", "\\Gamma", "\\Delta", "\\Theta", "\\Lambda", "\\Sigma", "\\Phi", "\\Psi", "\\Omega",
    "\\ell",
))  # fmt: skip


class Symbols:
    """A list of symbols, with a position: symbols before it are read."""

    def __init__(self, words: list[str]) -> None:
        if len(words) > LONGEST:
            raise Unreadable(f"longer than {LONGEST} symbols")
        self._words, self._at, self._depth = words, 0, 0

    @property
    def next(self) -> str:
        """Return the next symbol without reading it; empty at the end."""
        return self._words[self._at] if self._at < len(self._words) else ""

    def take(self) -> str:
        """Read and return the next symbol."""
        word = self.next
        self._at += 1
        return word

    def takes(self, *words: str) -> bool:
        """Read the next symbol if it is one of these, and tell whether it was."""
        if self.next and self.next in words:
            self._at += 1
            return True
        return False

    def expect(self, word: str) -> None:
        """Read the next symbol, which has to be this one.

        Raises:
            Unreadable: the next symbol is another one.
        """
        if self.take() != word:
            symbol = self._words[self._at - 1] if self._at <= len(self._words) else "the end"
            raise Unreadable(f"expected {word or 'the end'!r}, found {symbol!r}")

    @contextlib.contextmanager
    def deeper(self) -> Iterator[None]:
        """Count one level of nesting for the duration of the block.

        Raises:
            Unreadable: the nesting is deeper than DEEPEST.
        """
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unreadable(f"nested deeper than {DEEPEST}")
        yield
        self._depth -= 1
