"""What a reader of LaTeX knows before it reads: the words it looks for, and its place among the symbols."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from .latex_tokens import Unreadable

Tree = list[Any]

LONGEST = 400
"""Tokens of an answer that is read."""
DEEPEST = 40
"""Nesting of an answer that is read."""

FUNCTIONS = ("sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "log", "ln", "exp")
CONSTANTS = {"\\pi": "pi", "π": "pi", "\\infty": "oo", "∞": "oo", "e": "e", "i": "i"}
RELATIONS = {"=": "=", "<": "<", ">": ">", "\\le": "<=", "\\leq": "<=", "\\ge": ">=", "\\geq": ">=", "\\ne": "!="}
SIGNS = ("+", "-", "\\pm", "\\mp")
TIMES = ("*", "\\cdot", "\\times", "×", "·")
OVER = ("/", "\\div", "÷")
CLOSING = {*")]},;|&", "\\}", "\\\\", "\\end", "\\cup", "", *SIGNS, *RELATIONS}
"""What ends a product without a sign of multiplication."""
NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+")
GREEK = frozenset((
    "\\alpha", "\\beta", "\\gamma", "\\delta", "\\epsilon", "\\varepsilon", "\\zeta", "\\eta", "\\theta", "\\iota",
    "\\kappa", "\\lambda", "\\mu", "\\nu", "\\xi", "\\rho", "\\sigma", "\\tau", "\\phi", "\\varphi", "\\chi",
    "\\psi", "\\omega", "\\Gamma", "\\Delta", "\\Theta", "\\Lambda", "\\Sigma", "\\Phi", "\\Psi", "\\Omega",
    "\\ell",
))  # fmt: skip


class Symbols:
    """A list of symbols, and how far they are read."""

    def __init__(self, words: list[str]) -> None:
        if len(words) > LONGEST:
            raise Unreadable(f"longer than {LONGEST} symbols")
        self._words, self._at, self._depth = words, 0, 0

    @property
    def next(self) -> str:
        """The symbol that comes; empty at the end."""
        return self._words[self._at] if self._at < len(self._words) else ""

    def take(self) -> str:
        """The symbol that comes, read."""
        word = self.next
        self._at += 1
        return word

    def takes(self, *words: str) -> bool:
        """Whether one of these comes; then it is read."""
        if self.next and self.next in words:
            self._at += 1
            return True
        return False

    def expect(self, word: str) -> None:
        """Read this symbol.

        Raises:
            Unreadable: another one comes.
        """
        if self.take() != word:
            found = self._words[self._at - 1] if self._at <= len(self._words) else "the end"
            raise Unreadable(f"expected {word or 'the end'!r}, found {found!r}")

    @contextlib.contextmanager
    def deeper(self) -> Iterator[None]:
        """One level further in.

        Raises:
            Unreadable: that is too deep.
        """
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unreadable(f"nested deeper than {DEEPEST}")
        yield
        self._depth -= 1
