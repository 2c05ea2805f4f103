"""How the documentation becomes a site: which pages, in which groups, and what differs from a forge.

Read by Sphinx, which ``docs/build.py`` calls with the repository's top as the folder of sources.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "docs"))

project = "harness"
author = "the authors of harness"
root_doc = "README"
extensions = ["myst_parser"]
include_patterns = [
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md", "docs/how-to/*.md", "docs/decisions/*.md"),
    *("plugins/README.md", "plugins/*/README.md", "examples/*/README.md", "benchmarks/README.md"),
    *("tests/third_party/package/README.md", "tools/quickstart/README.md"),
]
exclude_patterns = ["build/**"]

GROUPS: dict[str, list[str]] = {
    "Start": ["docs/index", "docs/how-to/README", "docs/view", "docs/glossary"],
    "Do": [
        *("docs/models", "docs/tasks", "docs/data-and-mirror", "docs/adapters", "docs/run-files"),
        *("docs/benchmarks-and-leaderboards", "docs/site", "docs/published-results", "docs/recorded-results"),
        *(
            "docs/store-and-resume",
            "docs/trainers",
            "docs/toxicity",
            "docs/ppe",
            "docs/curation",
            "docs/prompt-caching",
        ),
        *("docs/predicting-outcomes", "plugins/README", "docs/cli"),
    ],
    "Know": [
        *("docs/metrics", "docs/statistics", "docs/dependence", "docs/errors-and-exit-status", "docs/security"),
        *("benchmarks/README", "docs/decisions/README", "CHANGELOG"),
    ],
    "Extend": [
        *("docs/tutorial-plugin", "docs/tutorial-methods", "docs/plugins-and-hooks", "docs/api"),
        *("examples/passage-ranking/README", "tests/third_party/package/README", "docs/modules", "CONTRIBUTING"),
        "tools/quickstart/README",
    ],
}
"""The sidebar: pages by group, without their endings. A page that is in none, or below none, ends the build."""

BELOW = {
    "docs/how-to/README": "docs/how-to/*.md",
    "docs/decisions/README": "docs/decisions/*.md",
    "plugins/README": "plugins/*/README.md",
}
"""Pages that hold others, which the sidebar shows folded."""

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
highlight_language = "none"
html_theme = "furo"
html_title = "harness"
html_static_path = ["assets"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_show_copyright = False
html_show_search_summary = False  # they are fetched, which a browser forbids pages that are opened from a file
smartquotes = False  # what is quoted is often typed
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"top_of_page_buttons": [], "navigation_with_keys": True}
python_use_unqualified_type_names = True
add_module_names = False
toc_object_entries_show_parents = "hide"

_LINK = re.compile(r"(?<!\!)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")
_PICTURE = re.compile(r"<picture>.*?</picture>", re.DOTALL)
_INDEX = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>harness</title>'
    '<meta http-equiv="refresh" content="0; url={page}"><a href="{page}">harness</a></html>\n'
)


def setup(app: Any) -> None:
    """Connect what differs from a forge."""
    app.connect("source-read", _read)
    app.connect("build-finished", _finish)


def _read(app: Any, name: str, source: list[str]) -> None:
    """Give a page what only the site has: its group, pictures for the chosen scheme, the reference from docstrings."""
    text = source[0]
    folder = Path(name).parent
    text = _PICTURE.sub(lambda found: _both_schemes(found[0]), text)
    text = _outside_code(text, lambda part: _LINK.sub(lambda found: _link(found, folder), part))
    if name == "docs/api":
        from api_reference import reference

        text += "\n" + reference(ROOT)
    if name == root_doc:
        text += "".join(_group(caption, pages) for caption, pages in GROUPS.items())
    if name in BELOW:
        pages = [_name(path) for path in sorted(ROOT.glob(BELOW[name]))]
        text += _group("", [page for page in pages if page != name], folder)
    source[0] = text


def _group(caption: str, pages: list[str], folder: Path = Path()) -> str:
    options = "\n".join([":hidden:", *([f":caption: {caption}"] if caption else [])])
    listed = "\n".join(f"/{page}" for page in pages)
    return f"\n\n```{{toctree}}\n{options}\n\n{listed}\n```\n"


def _name(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").as_posix()


def _outside_code(text: str, change: Any) -> str:
    parts = re.split(r"(^(?P<fence>`{3,}).*?^(?P=fence)`*$)", text, flags=re.DOTALL | re.MULTILINE)
    # Every third part is a fence's marks, which belong to the block before them.
    return "".join(change(part) if number % 3 == 0 else part for number, part in enumerate(parts) if number % 3 != 2)


def _link(found: re.Match[str], folder: Path) -> str:
    """A folder has no page: its README stands for it, else the link's text alone, as for a file of code."""
    text, target = found[1], found[2]
    if target.startswith(("http://", "https://", "#", "mailto:")):
        return found[0]
    place = target.partition("#")[0]
    path = Path(os.path.normpath(ROOT / folder / place))
    if path.is_dir():
        readme = path / "README.md"
        return f"[{text}]({os.path.relpath(readme, ROOT / folder)})" if readme.is_file() else text
    return found[0] if path.suffix == ".md" else text


def _both_schemes(picture: str) -> str:
    """A picture for light and dark, as the theme's own switch chooses; a forge goes by the system's setting."""
    image = re.search(r"<img[^>]*>", picture)
    dark = re.search(r'srcset="([^"]+)"', picture)
    if image is None or dark is None:
        return picture
    light = image[0].replace("<img", '<img class="only-light"', 1)
    return light + re.sub(r'src="[^"]+"', f'src="{dark[1]}"', image[0]).replace("<img", '<img class="only-dark"', 1)


def _finish(app: Any, error: Exception | None) -> None:
    if error is None:
        folder = Path(app.outdir)
        (folder / "index.html").write_text(_INDEX.format(page=f"{root_doc}.html"), encoding="utf-8")
        shutil.copytree(ROOT / "docs" / "pictures", folder / "docs" / "pictures", dirs_exist_ok=True)
