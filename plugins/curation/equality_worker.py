"""The process that compares answers by algebra: one JSON line with two trees in, one with the verdict out."""

from __future__ import annotations

import contextlib
import json
import sys
from importlib import import_module
from typing import Any

MEMORY = 2 << 30
"""Bytes of address space: nothing else stops the evaluation of some expressions."""


def main() -> None:
    """Answer questions until the input ends."""
    import_module("sympy")  # before the first question, whose time is measured

    _limit()
    answers = sys.stdout
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        first, second = json.loads(line)
        try:
            answer: dict[str, Any] = {"same": same(first, second)}
        except MemoryError:
            answer = {"error": "the algebra needs more memory than it may have"}
        except Exception as error:  # sympy raises many kinds on strange input; that decides nothing
            answer = {"error": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps(answer), file=answers, flush=True)


def _limit() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with contextlib.suppress(AttributeError, OSError):
        import ctypes
        import signal

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # end with the parent, however that ends


def same(first: list[Any], second: list[Any]) -> bool:
    """Tell whether two trees are equal as mathematics."""
    kinds = {first[0], second[0]}
    ordered = {"tuple", "and"}
    if first[0] in ("set", "list", "union") or second[0] in ("set", "list", "union") or "pm" in str((first, second)):
        return _same_members(_members(first), _members(second))
    if kinds & ordered or kinds & {"interval", "matrix", "rel"}:
        return first[0] == second[0] and _same_parts(first, second)
    return _same_number(_expression(first), _expression(second))


def _same_parts(first: list[Any], second: list[Any]) -> bool:
    """Compare entry by entry; entries that are no trees (signs, open ends) have to be identical."""
    if first[0] == "rel":
        first, second = _rightwards(first), _rightwards(second)
    if len(first) != len(second):
        return False
    for a, b in zip(first[1:], second[1:], strict=True):
        if isinstance(a, list) and isinstance(b, list):
            row = bool(a) and isinstance(a[0], list)
            if row and not (len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))):
                return False
            if not row and not same(a, b):
                return False
        elif a != b:
            return False
    return True


def _rightwards(relation: list[Any]) -> list[Any]:
    """Turn ``a > b`` into ``b < a``, and ``a >= b`` into ``b <= a``."""
    _, sign, left, right = relation
    turned = {">": "<", ">=": "<="}
    return ["rel", turned[sign], right, left] if sign in turned else relation


def _members(tree: list[Any]) -> list[list[Any]]:
    """List the members of a set or list, the parts of a union, or both values of a plus-minus."""
    if tree[0] in ("set", "list", "union"):
        return [member for part in tree[1:] for member in _members(part)]
    plus, minus = _choose(tree, True), _choose(tree, False)
    return [plus] if plus == minus else [plus, minus]


def _choose(tree: Any, plus: bool) -> Any:
    if not isinstance(tree, list):
        return tree
    if tree and tree[0] == "pm":
        inside = _choose(tree[1], plus)
        return inside if plus else ["mul", ["num", "-1", "1"], inside]
    return [_choose(part, plus) for part in tree]


def _same_members(first: list[list[Any]], second: list[list[Any]]) -> bool:
    """Tell whether two lists hold the same members in any order."""
    if len(first) != len(second):
        return False
    rest = list(second)
    for member in first:
        at = next((i for i, other in enumerate(rest) if same(member, other)), None)
        if at is None:
            return False
        rest.pop(at)
    return True


def _same_number(a: Any, b: Any) -> bool:
    import sympy

    if any(side.has(sympy.zoo, sympy.nan) for side in (a, b)):  # a division by zero equals nothing
        return False
    if a == b:
        return True
    difference = a - b
    if difference is sympy.S.NaN or difference.has(sympy.oo, sympy.zoo, sympy.nan):
        return False
    if _differs_somewhere(difference):
        return False
    return bool(sympy.simplify(difference) == 0)


def _differs_somewhere(difference: Any) -> bool:
    """Tell whether the difference is clearly not 0 at one point: most wrong answers then need no algebra."""
    import sympy

    symbols = sorted(difference.free_symbols, key=str)
    point = {s: sympy.Rational(7 * i + 13, 5 * i + 11) for i, s in enumerate(symbols)}
    try:
        value = complex(sympy.N(difference.subs(point), 30))
    except (TypeError, ValueError, OverflowError):
        return False
    return abs(value) > 1e-12


def _expression(tree: list[Any]) -> Any:
    """Turn a tree into a sympy expression.

    Raises:
        ValueError: the tree is no number (a set inside a sum, say).
    """
    import sympy

    kind = tree[0]
    if kind == "num":
        return sympy.Rational(int(tree[1]), int(tree[2]))
    if kind == "sym":
        return sympy.Symbol(tree[1])
    if kind == "const":
        return {"pi": sympy.pi, "e": sympy.E, "i": sympy.I, "oo": sympy.oo}[tree[1]]
    if kind == "func":
        functions = {"ln": sympy.log, "arcsin": sympy.asin, "arccos": sympy.acos, "arctan": sympy.atan}
        # \log without a base is natural here, as sympy and mathematicians have it.
        make = functions.get(tree[1]) or getattr(sympy, tree[1])
        return make(_expression(tree[2]))
    if kind == "abs":
        return sympy.Abs(_expression(tree[1]))
    if kind in ("add", "mul", "pow"):
        join = {"add": sympy.Add, "mul": sympy.Mul, "pow": sympy.Pow}[kind]
        return join(*(_expression(part) for part in tree[1:]))
    raise ValueError(f"a {kind} stands where a number was expected")


if __name__ == "__main__":
    main()
