"""The Python code in a reply."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings

_FENCE = re.compile(r"^[ \t]*```[ \t]*([\w+.-]*)[^\n]*\n(.*?)(?:^[ \t]*```[ \t]*$|\Z)", re.S | re.M)
_PYTHON = ("", "python", "python3", "py", "py3")


def python_in(reply: str) -> str:
    """Return the Python in a reply: its fenced blocks, one after the other, or all of it where it is nothing but code.

    Blocks of other languages are left out. The text is empty where there is no Python.

    >>> python_in("Here it is:\\n```python\\nx = 1\\n```\\nDone.")
    'x = 1\\n'
    >>> python_in("x = 1"), python_in("Sure, here you are.")
    ('x = 1', '')
    """
    fenced = _FENCE.findall(reply)
    if fenced:
        blocks = [textwrap.dedent(block) for language, block in fenced if language.lower() in _PYTHON]
        return "\n".join(block for block in blocks if block.strip())
    return reply if _does_something(reply) else ""


def parses(code: str) -> bool:
    """Tell whether a text is Python; nothing of it is run."""
    return _tree(code) is not None


def _tree(code: str) -> ast.Module | None:
    with warnings.catch_warnings():  # of odd escapes in what a model wrote
        warnings.simplefilter("ignore")
        try:
            return ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _does_something(text: str) -> bool:
    """Tell whether a text is Python that is more than a word or a number, which any short answer would be."""
    tree = _tree(text)
    statements = [] if tree is None else tree.body
    return any(
        not (isinstance(one, ast.Expr) and not isinstance(one.value, ast.Call)) and not isinstance(one, ast.AnnAssign)
        for one in statements
    )
