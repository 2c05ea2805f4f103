"""What a setting may be, declared with its parameter: a range of numbers, or the words that it can be.

A constructor says it in its annotations; `harness.names.arguments` holds every value to it before anything is made::

    def __init__(self, penalty: Annotated[float, Range(least=0)] = 1e-3, unit: Literal["word", "letter"] = "word"):
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """The finite numbers that a setting may be; a bound that is not given is none.

    >>> rate = Range(above=0, most=1)
    >>> rate.holds(1), rate.holds(0), str(rate)
    (True, False, 'above 0 and of at most 1')
    >>> rate.outside(whole=False)
    [0, 1.000001]
    """

    least: float | None = None
    """The lowest, which it may be."""
    above: float | None = None
    """It must be greater than that."""
    most: float | None = None
    """The highest, which it may be."""
    below: float | None = None
    """It must be less than that."""

    def holds(self, value: float) -> bool:
        """Tell whether a number lies within the bounds."""
        return (
            (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        bounds = (("of at least", self.least), ("above", self.above), ("of at most", self.most), ("below", self.below))
        return " and ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)

    def outside(self, *, whole: bool) -> list[float]:
        """List a number just outside of each bound; ``whole`` steps by 1."""
        step = 1 if whole else 1e-6
        numbers = [bound - step for bound in (self.least,) if bound is not None]
        numbers += [bound for bound in (self.above, self.below) if bound is not None]
        return numbers + [bound + step for bound in (self.most,) if bound is not None]


@dataclass(frozen=True, slots=True, init=False)
class OneOf:
    """The only values that a setting may be, where they are kept in a constant; else ``Literal`` says it.

    >>> OneOf("word", "letter").values
    ('word', 'letter')
    >>> one_of(["word", "letter", 3])
    "'word' or 'letter' or 3"
    """

    values: tuple[object, ...]

    def __init__(self, *values: object) -> None:
        object.__setattr__(self, "values", values)


ANY = Range()
"""Any finite number, where that was thought about."""
COUNT = Range(least=1, most=1e9)
"""A number of things, of which there must be one."""
COUNT_OR_NONE = Range(least=0, most=1e9)
"""A number of things, where 0 says that there is none, or that another part decides."""
SEED = Range(least=0, most=2**63 - 1)
SHARE = Range(least=0, most=1)
"""A probability, or a part of a whole."""

INSIDE = Range(above=0, below=1)
"""A share that is neither nothing nor all: a confidence level, a rate."""


def one_of(values: Sequence[object]) -> str:
    """Join the values to words for a message, with ``or`` between them."""
    return " or ".join(repr(value) if isinstance(value, str) else str(value) for value in values)
