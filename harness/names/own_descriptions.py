"""What a class says of itself, read from its source, so that lists need not import what they name.

Importing the modules of the shipped metrics takes numpy, scipy and twice as long as the whole of ``harness list
metrics``. Parsing their source costs a few milliseconds a module, and runs none of it.
"""

from __future__ import annotations

import ast
import importlib.machinery
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

SELF_DESCRIBING = frozenset({"metric"})
"""Kinds of name whose classes have a ``description`` for lists."""


def own_description(reference: str) -> str:
    """Return the ``description`` of what ```"module:attribute"``` names; empty where it has none or cannot be read.

    A module that is loaded is asked; of another the source is read, without running it. There the description has to
    be a plain string: in the body of the class or of its base in the same module, or an argument of the decorator.
    """
    module, _, attribute = reference.partition(":")
    if module in sys.modules:
        description = getattr(getattr(sys.modules[module], attribute, None), "description", "")
        return description if isinstance(description, str) else ""
    return _descriptions(module).get(attribute, "")


@cache
def _descriptions(module: str) -> Mapping[str, str]:
    """Read the descriptions of all classes and decorated functions of a module, by name."""
    try:
        tree = ast.parse(source_of(module))
    except (SyntaxError, ValueError):  # a list goes on; whoever uses the name is told
        return {}
    descriptions: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            bases = [
                descriptions[base.id] for base in node.bases if isinstance(base, ast.Name) and base.id in descriptions
            ]
            descriptions[node.name] = next(iter([*_assigned(node), *bases]), "")
        elif isinstance(node, ast.FunctionDef):
            descriptions[node.name] = next(iter(_of_decorators(node)), "")
    return descriptions


def _assigned(node: ast.ClassDef) -> list[str]:
    """Return the strings that the body of a class assigns to ``description``, the last first."""
    values: list[str] = []
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "description" for target in targets):
            values.insert(0, _text(getattr(statement, "value", None)))
    return values


def _of_decorators(node: ast.FunctionDef) -> list[str]:
    """Return the strings given as ``description=`` to the decorators of a function."""
    calls = [decorator for decorator in node.decorator_list if isinstance(decorator, ast.Call)]
    return [_text(keyword.value) for call in calls for keyword in call.keywords if keyword.arg == "description"]


def _text(value: object) -> str:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def source_of(module: str) -> str:
    """Return the source of a module, found without importing it or the packages that hold it; empty without one."""
    path: Sequence[str] | None = None
    loader: Any = None
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        specification = _specification(".".join(parts[:end]), path)
        if specification is None:
            return ""
        path, loader = specification.submodule_search_locations, specification.loader
    try:
        return (loader.get_source(module) or "") if hasattr(loader, "get_source") else ""
    except (ImportError, OSError):  # no source, or not in an encoding that Python reads
        return ""


def _specification(name: str, path: Sequence[str] | None) -> importlib.machinery.ModuleSpec | None:
    """Find a module as Python would; `importlib.util.find_spec` imports the packages that hold it."""
    for finder in sys.meta_path:
        specification = finder.find_spec(name, path) if hasattr(finder, "find_spec") else None
        if specification is not None:
            return specification
    return None
