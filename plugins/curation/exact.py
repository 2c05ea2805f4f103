"""Rational answers, exactly and without sympy: most answers are numbers, or tuples of numbers."""

from __future__ import annotations

from fractions import Fraction

from .latex import Tree

MOST_BITS = 4096
"""Most bits of a numerator or denominator, also of the numbers that an exponent makes."""


class TooLarge(ValueError):
    """A number that would need more memory than any answer is worth."""


def values(tree: Tree) -> list[Fraction] | None:
    """Evaluate a tree exactly, as a list of one number; None if the tree is no rational number.

    Raises:
        TooLarge: a number, power or factorial of the tree is out of all bounds.
    """
    value = _value(tree)
    return None if value is None else [value]


def _value(tree: Tree) -> Fraction | None:
    kind = tree[0]
    if kind == "num":
        return Fraction(int(tree[1]), int(tree[2]))
    parts = [
        _value(part) if isinstance(part, list) and part and isinstance(part[0], str) else None for part in tree[1:]
    ]
    if kind == "func" and tree[1] == "factorial":
        return _bounded_factorial(parts[-1])
    if kind == "pow":
        return _power(parts[0], parts[1])
    if kind not in ("add", "mul") or any(part is None for part in parts):
        return None
    left, right = parts
    assert left is not None
    assert right is not None
    return _bounded(left + right if kind == "add" else left * right)


def _power(base: Fraction | None, exponent: Fraction | None) -> Fraction | None:
    if exponent is not None and abs(exponent) > MOST_BITS:
        raise TooLarge("a power is too large to be computed")
    if base is None or exponent is None:
        return None
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits * abs(exponent) > MOST_BITS:
        raise TooLarge("a power is too large to be computed")
    if exponent.denominator != 1 or (base == 0 and exponent < 0):
        return None
    return Fraction(base ** int(exponent))


def _bounded_factorial(value: Fraction | None) -> Fraction | None:
    if value is None or value.denominator != 1 or value < 0:
        return None
    if value > 300:
        raise TooLarge("a factorial is too large to be computed")
    result = 1
    for factor in range(2, int(value) + 1):
        result *= factor
    return Fraction(result)


def _bounded(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS:
        raise TooLarge("a number is too large to be compared")
    return value
