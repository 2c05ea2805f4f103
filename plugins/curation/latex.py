"""A small reader of final answers in LaTeX: text to an expression tree, by recursive descent; nothing is evaluated.

A tree is a list whose first entry is its kind, so that it travels as JSON::

    ["num", "3", "4"]            the rational 3/4            ["tuple", a, b, ...]     ["list", a, b, ...]
    ["sym", "x"] ["const", "pi"] letters, constants          ["set", a, b, ...]       ["matrix", [a, b], [c, d]]
    ["add", a, b] ["mul", a, b]  ["pow", a, b]               ["interval", a, b, left_open, right_open]
    ["func", "sin", a]           ["abs", a]                  ["union", a, b]  ["rel", "<", a, b]  ["pm", a]
"""

from __future__ import annotations

import re

from .latex_symbols import CLOSING, CONSTANTS, FUNCTIONS, GREEK, NUMBER, OVER, RELATIONS, SIGNS, TIMES, Symbols, Tree
from .latex_tokens import Unreadable, tokens

__all__ = ["Tree", "Unreadable", "read"]


def read(text: str) -> Tree:
    """Parse an answer into a tree.

    Raises:
        Unreadable: the answer is outside the supported grammar; the message says where reading stopped.
    """
    reader = _LatexReader(tokens(text))
    tree = reader.listed()
    reader.expect("")
    return tree


def rational(digits: str) -> Tree:
    """Turn a decimal numeral into an exact fraction."""
    whole, _, fraction = digits.partition(".")
    return ["num", str(int((whole + fraction) or "0")), str(10 ** len(fraction))]


class _LatexReader(Symbols):
    # lists, relations, unions

    def listed(self) -> Tree:
        """Read relations that are separated by commas or semicolons."""
        parts = [self.related()]
        while self.takes(",", ";"):
            parts.append(self.related())
        return parts[0] if len(parts) == 1 else ["list", *parts]

    def related(self) -> Tree:
        left = self.united()
        chain: list[Tree] = []
        while self.next in RELATIONS:
            sign = RELATIONS[self.take()]
            right = self.united()
            chain.append(["rel", sign, left, right])
            left = right
        if not chain:
            return left
        return chain[0] if len(chain) == 1 else ["and", *chain]

    def united(self) -> Tree:
        tree = self.summed()
        while self.takes("\\cup"):
            tree = ["union", tree, self.summed()]
        return tree

    # arithmetic

    def summed(self) -> Tree:
        with self.deeper():
            tree = self.signed()
            while self.next in SIGNS:
                sign = self.take()
                tree = ["add", tree, self._signed(sign, self.multiplied())]
        return tree

    def signed(self) -> Tree:
        signs = []
        while self.next in SIGNS:
            signs.append(self.take())
        tree = self.multiplied()
        for sign in reversed(signs):
            tree = self._signed(sign, tree)
        return tree

    @staticmethod
    def _signed(sign: str, tree: Tree) -> Tree:
        if sign == "+":
            return tree
        negative = ["mul", ["num", "-1", "1"], tree]
        return negative if sign == "-" else ["pm", tree] if sign == "\\pm" else ["pm", negative]

    def multiplied(self) -> Tree:
        tree = self.raised()
        while True:
            if self.takes(*TIMES):
                tree = ["mul", tree, self._factor()]
            elif self.takes(*OVER):
                tree = ["mul", tree, ["pow", self._factor(), ["num", "-1", "1"]]]
            elif self.next not in CLOSING:
                tree = self._beside(tree)
            else:
                return tree

    def _factor(self) -> Tree:
        if self.takes("-"):
            return ["mul", ["num", "-1", "1"], self._factor()]
        return self.raised()

    def _beside(self, tree: Tree) -> Tree:
        """Multiply two factors side by side; a whole number before a fraction of whole numbers is a mixed number."""
        whole = tree[0] == "num" and tree[2] == "1" and self._words[self._at - 1].isdigit()
        fraction = self.next == "\\frac"
        if NUMBER.fullmatch(self.next) and tree[0] == "num":
            raise Unreadable(f"two numbers side by side: {self._words[self._at - 1]!r} and {self.next!r}")
        right = self.raised()
        # \frac is read as num * num^-1 where both are whole.
        if whole and fraction and right[0] == "mul" and right[1][0] == "num" and right[2][1][0] == "num":
            return ["add", tree, right]
        return ["mul", tree, right]

    def raised(self) -> Tree:
        with self.deeper():
            tree = self.atom()
            while self.takes("!"):
                tree = ["func", "factorial", tree]
            if self.takes("^", "**"):
                tree = ["pow", tree, self.signed_group()]
        return tree

    def signed_group(self) -> Tree:
        """Read the exponent after ^: a group, or one signed factor with its own exponent (powers bind to the right)."""
        if self.takes("-"):
            return ["mul", ["num", "-1", "1"], self.signed_group()]
        return self.group() if self.next == "{" else self.raised()

    def group(self) -> Tree:
        """Read ``{...}`` or a single symbol; ``\\frac12`` takes one digit each."""
        if self.takes("{"):
            tree = self.summed()
            self.expect("}")
            return tree
        word = self.next
        if word.isdigit() and len(word) > 1:
            self._words[self._at : self._at + 1] = [word[0], word[1:]]
        return self.atom()

    # atoms

    def atom(self) -> Tree:
        word = self.take()
        if NUMBER.fullmatch(word):
            return rational(word)
        if word in CONSTANTS:
            return ["const", CONSTANTS[word]]
        if word == "\\frac":
            top = self.group()
            return ["mul", top, ["pow", self.group(), ["num", "-1", "1"]]]
        if word in ("\\sqrt", "√"):
            return self._root()
        if word == "|":
            inside = self.summed()
            self.expect("|")
            return ["abs", inside]
        if word in ("(", "[", "{", "\\{"):
            return self._bracketed(word)
        if word == "\\begin":
            return self._matrix()
        if word in ("\\emptyset", "\\varnothing"):
            return ["set"]
        name = word.removeprefix("\\")
        if name in FUNCTIONS:
            return self._function(name)
        if re.fullmatch(r"[^\W\d_](_\w+)?", word) or word.split("_")[0] in GREEK:
            return ["sym", word]
        raise Unreadable(f"{word or 'the end'!r} where a number or letter was expected")

    def _root(self) -> Tree:
        degree: Tree = ["num", "2", "1"]
        if self.takes("["):
            degree = self.summed()
            self.expect("]")
        return ["pow", self.group(), ["pow", degree, ["num", "-1", "1"]]]

    def _function(self, name: str) -> Tree:
        base: Tree | None = None
        power: Tree | None = None
        if name == "log" and self.takes("_"):
            base = self.group()
        if self.takes("^"):
            power = self.signed_group()
        argument = self.group() if self.next in ("{", "(", "[", "|") else self._bare_argument()
        tree: Tree = ["func", name, argument]
        if base is not None:
            tree = ["mul", ["func", "ln", argument], ["pow", ["func", "ln", base], ["num", "-1", "1"]]]
        return tree if power is None else ["pow", tree, power]

    def _bare_argument(self) -> Tree:
        """Read ``\\sin 2x`` as the sine of 2x; the next function or bracket is a factor of its own."""
        tree = self.raised()
        while self.next not in (*CLOSING, *TIMES, *OVER, "(", "[") and self.next.removeprefix("\\") not in FUNCTIONS:
            tree = ["mul", tree, self.raised()]
        return tree

    def _bracketed(self, opening: str) -> Tree:
        if opening == "\\{" and self.takes("\\}"):
            return ["set"]
        inside = self.listed()
        parts = inside[1:] if inside[0] == "list" else [inside]
        closing = self.take()
        if opening == "\\{" and closing == "\\}":
            return ["set", *parts]
        if opening == "{" and closing == "}":
            return inside
        if opening not in "([" or closing not in (")", "]"):
            raise Unreadable(f"{opening!r} is closed by {closing or 'the end'!r}")
        if len(parts) == 2 and (opening, closing) != ("(", ")"):
            return ["interval", *parts, opening == "(", closing == ")"]
        if opening + closing not in ("()", "[]"):
            raise Unreadable(f"{opening!r} is closed by {closing!r}")
        return parts[0] if len(parts) == 1 else ["tuple", *parts]

    def _matrix(self) -> Tree:
        rows: list[list[Tree]] = [[]]
        while True:
            rows[-1].append(self.summed())
            if self.takes("&"):
                continue
            if self.takes("\\\\") and self.next != "\\end":
                rows.append([])
                continue
            self.expect("\\end")
            return ["matrix", *rows]
