"""Public names of a package that are imported when they are first used: one list a package, a line a name."""

from __future__ import annotations

import functools
import importlib
import re
import sys
from collections.abc import Callable
from typing import Any


def import_on_use(package: str) -> Callable[[str], Any]:
    """Make the ``__getattr__`` of a package that lists its public names under ``if TYPE_CHECKING:``.

    The list is a line a name, ``from module import Name as Name``, indented by four blanks: type checkers read it as it
    stands, and here it is read and not run, so that nothing is imported which nobody asks for.

    Args:
        package: The package's ``__name__``.
    """

    @functools.cache
    def homes() -> dict[str, str]:
        # By a pattern: a syntax tree of the file would cost every command some milliseconds.
        source = sys.modules[package].__spec__.loader.get_source(package)  # type: ignore[union-attr]
        lines = re.findall(r"^    from ([\w.]+) import (\w+) as \2$", source, re.MULTILINE)
        return {name: module for module, name in lines}

    def get(name: str) -> Any:
        """Import a public name when it is first used; ``__all__`` are all of them."""
        if name == "__all__":
            return sorted(homes())
        # Python and its tools ask every module for names such as __path__; the list is not read for those.
        if name.startswith("__") or name not in homes():
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(homes()[name]), name)

    return get
