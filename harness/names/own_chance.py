"""The chance level that a metric declares, read from its source, so that lists need not import what they name."""

from __future__ import annotations

import ast
import sys
from functools import cache
from typing import Literal

from harness.names.own_descriptions import source_of

Declared = float | Literal["computed"] | None
"""A number; that it follows from the columns; or none that is known."""
_DEEP = 20
"""Most steps from a class to its bases: a class that is its own base, by mistake, ends the search."""


def own_chance(reference: str) -> Declared:
    """Return the ``chance`` of the metric that ``"module:attribute"`` names: a number, ``computed``, or None.

    A module that is loaded is asked; of another the source is read, without running it, and so are those of its bases.
    """
    module, _, attribute = reference.partition(":")
    if module in sys.modules:
        return _of_value(getattr(getattr(sys.modules[module], attribute, None), "chance", None))
    return _of_class(module, attribute, _DEEP)


def _of_value(value: object) -> Declared:
    if callable(value):
        return "computed"
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


@cache
def _module(module: str) -> tuple[dict[str, ast.stmt], dict[str, tuple[str, str]]]:
    """Return the classes and functions of a module by name, and what it imports: (module, name) by the name here."""
    try:
        tree = ast.parse(source_of(module))
    except (SyntaxError, ValueError):  # a list goes on; whoever uses the name is told
        return {}, {}
    defined: dict[str, ast.stmt] = {}
    imported: dict[str, tuple[str, str]] = {}
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            defined[node.name] = node
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(module.split(".")[: -node.level]) if node.level else ""
            origin = ".".join(filter(None, (package, node.module)))
            imported |= {alias.asname or alias.name: (origin, alias.name) for alias in node.names}
    return defined, imported


def _of_class(module: str, name: str, deep: int) -> Declared:
    defined, imported = _module(module)
    node = defined.get(name)
    if deep == 0:
        return None
    if isinstance(node, ast.FunctionDef):
        calls = [decorator for decorator in node.decorator_list if isinstance(decorator, ast.Call)]
        given = [keyword.value for call in calls for keyword in call.keywords if keyword.arg == "chance"]
        return _of_expression(given[0]) if given else None
    if not isinstance(node, ast.ClassDef):  # a package hands on what one of its modules defines
        return _of_class(*imported[name], deep - 1) if name in imported else None
    for statement in reversed(node.body):
        if isinstance(statement, ast.FunctionDef) and statement.name == "chance":
            return "computed"
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "chance" for target in targets):
            return _of_expression(getattr(statement, "value", None))
    for base in node.bases:
        found: Declared = None
        if isinstance(base, ast.Name):
            found = _of_class(module, base.id, deep - 1)
        elif isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name) and base.value.id in imported:
            found = _of_class(".".join(imported[base.value.id]), base.attr, deep - 1)
        if found is not None:
            return found
    return None


def _of_expression(value: ast.expr | None) -> Declared:
    try:
        return _of_value(ast.literal_eval(value)) if value is not None else None
    except ValueError:  # a name or a call: what it gives is known when the module runs
        return "computed"
