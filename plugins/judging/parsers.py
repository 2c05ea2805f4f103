"""The verdict parsers by name, each with the version that is part of a judge's fingerprint.

Raise a parser's version with every change of its reading: the judge's verdicts are then read again from the texts on
file, and the language model is not asked again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from . import labels, numbers
from .thoughts import without_thoughts


@dataclass(frozen=True, slots=True)
class Parser:
    """A way to read a verdict, with its name and version."""

    name: str
    version: str
    reads: Literal["label", "number"]
    label: Callable[[str, Sequence[str]], str | None] = lambda text, labels: None
    number: Callable[[str, float, float], float | None] = lambda text, lowest, highest: None

    @property
    def identity(self) -> str:
        """Return name and version."""
        return f"{self.name} {self.version}"

    def read_label(self, text: str, names: Sequence[str]) -> str | None:
        """Read the label that a judge's text names after its thoughts; None if it cannot be told."""
        return self.label(_spoken(text), names)

    def read_number(self, text: str, lowest: float, highest: float) -> float | None:
        """Read the grade that a judge's text gives after its thoughts; None if it cannot be told."""
        return self.number(_spoken(text), lowest, highest)


_GAP = " " * 100
_LONG_GAP = re.compile(r"[^\S\n]{101,}")


def _spoken(text: str) -> str:
    """Return a text without thoughts, and without gaps that are longer than in any layout.

    Readers look for labels across blanks, in time that grows with the square of the number of blanks: six minutes for a
    text that ends in 100,000 blanks.
    """
    return _LONG_GAP.sub(_GAP, without_thoughts(text))


PARSERS: dict[str, Parser] = {
    parser.name: parser
    for parser in (
        Parser("bracketed", "1", "label", label=labels.bracketed),
        Parser("bracketed-unanimous", "1", "label", label=labels.bracketed_unanimous),
        Parser("bracketed-last@compat", "1", "label", label=labels.bracketed_last),
        Parser("bracketed-listed@compat", "1", "label", label=labels.bracketed_listed),
        Parser("label", "1", "label", label=labels.bare),
        Parser("result", "1", "label", label=labels.result),
        Parser("json", "1", "label", label=labels.in_json),
        Parser("rating", "2", "number", number=numbers.rating),
        Parser("rating-first@compat", "1", "number", number=numbers.rating_first),
        Parser("number", "2", "number", number=numbers.number),
        Parser("result-number", "2", "number", number=numbers.result_number),
        Parser("json-number", "2", "number", number=numbers.json_number),
    )
}
"""The parsers by name; those whose name ends in ``@compat`` follow published code to the letter."""
