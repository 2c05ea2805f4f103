"""Where the documents are: beside the code in a checkout, inside the package where it was installed from a wheel."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

from harness.errors import UsageError

PACKAGE = Path(__file__).resolve().parents[1]
IN_WHEEL = PACKAGE / "documents"
"""A copy of the documents, with the folders of the checkout; setup.py makes it."""
PLUGINS = "harness.plugins"
PARTS = ("README.md", "docs/*.md", "docs/how-to/*.md", "docs/decisions/*.md", "examples/*/README.md")
"""Documents for people, as globs below the checkout; setup.py copies the same ones."""


def documents_folder() -> Path:
    """Return the folder that holds README.md and docs/.

    Raises:
        UsageError: this install has no documents.
    """
    for folder in (IN_WHEEL, PACKAGE.parent):
        if (folder / "docs" / "index.md").is_file():
            return folder
    raise UsageError(f"this install of harness has no documents: neither {IN_WHEEL} nor {PACKAGE.parent / 'docs'}")


def documents() -> dict[str, Path]:
    """Return every document by its name, such as ``docs/metrics.md`` or ``plugins/hf/README.md``."""
    folder = documents_folder()
    found: dict[str, Path] = {}
    for part in PARTS:
        found |= {path.relative_to(folder).as_posix(): path for path in sorted(folder.glob(part))}
    return found | dict(_of_plugins())


def built_page(name: str) -> Path | None:
    """Return the page of a document in the built site; None where the site was not built.

    Args:
        name: The document's name.
    """
    page = PACKAGE.parent / "build" / "docs" / Path(name).with_suffix(".html")
    return page if page.is_file() else None


def _of_plugins() -> Iterator[tuple[str, Path]]:
    """Every installed plugin's README, a third party's too; no plugin is imported."""
    for point in sorted(entry_points(group=PLUGINS), key=lambda point: point.name):
        try:
            spec = importlib.util.find_spec(point.module)
        except (ImportError, ValueError):  # a plugin that is broken or gone has no README either
            continue
        # A plugin of one module lies among everything that is installed: a README there is not its own.
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            path = Path(folder) / "README.md"
            if path.is_file():
                yield f"plugins/{point.name}/README.md", path
                break
