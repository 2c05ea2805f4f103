"""Writes modules.md from the first sentences of all modules: python docs/generate_modules.py."""

from __future__ import annotations

import ast
import re
from pathlib import Path

PAGE = Path(__file__).with_name("modules.md")
ROOT = PAGE.parents[1]
HEAD = """\
# Every module in a line

This page is generated from the modules themselves by `python docs/generate_modules.py`. Search it for a word to find
the file where something happens; [the map](index.md#where-things-are) says how the folders follow each other.
"""


def page() -> str:
    """Return the whole page: a table a folder of the core, then one a plugin."""
    folders = sorted({path.parent for path in (ROOT / "harness").rglob("*.py")})
    plugins = sorted({path.parent for path in (ROOT / "plugins").rglob("*.py")} - {ROOT / "plugins"})
    return HEAD + "".join(map(_table, [*folders, *plugins]))


def _table(folder: Path) -> str:
    """Return the table of one folder's modules."""
    rows = [f"| `{path.name}` | {_first_sentence(path)} |\n" for path in sorted(folder.glob("*.py"))]
    return f"\n## {folder.relative_to(ROOT).as_posix()}/\n\n| file | what happens there |\n|---|---|\n{''.join(rows)}"


def _first_sentence(path: Path) -> str:
    """Return the first paragraph of a module's docstring in one line, fit for a table."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    line = " ".join(text.partition("\n\n")[0].split())
    line = re.sub(r"``(.+?)``", r"`\1`", line)
    # A path in a sentence is one of the code's; what looks like a link or a tag is none here.
    return line.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
