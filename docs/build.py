"""Builds the documentation as a site that opens from a file: python docs/build.py [FOLDER].

The pages are the Markdown files as they lie in the repository, so every link works on a forge, too. Whatever is wrong
with one, such as a link that leads nowhere or a page that is in no group, ends the build. Needs the extra ``docs``.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = ROOT / "build" / "docs"
"""Where ``harness docs --open`` looks."""


def build(folder: Path) -> int:
    """Build the site into a folder, which is replaced if an earlier build made it, and return an exit status."""
    try:
        from sphinx.cmd.build import main
    except ImportError:
        print("the generator is not installed: pip install -c constraints.txt -e '.[docs]'", file=sys.stderr)  # noqa: T201
        return 2
    if folder.exists() and any(folder.iterdir()) and not (folder / "searchindex.js").is_file():
        print(f"{folder} holds something else than an earlier build", file=sys.stderr)  # noqa: T201
        return 2
    shutil.rmtree(folder, ignore_errors=True)
    begun = time.perf_counter()
    # The parsed pages are of no use to a reader, and everything is read anew, so that nothing stale stays.
    parsed = ["-d", str(ROOT / "build" / "docs-parsed"), "--fresh-env"]
    strict = ["--fail-on-warning", "--keep-going", "--quiet"]
    status = main(["-b", "html", "-c", str(ROOT / "docs"), *parsed, *strict, str(ROOT), str(folder)])
    if status == 0:
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        pages = len(list(folder.rglob("*.html")))
        seconds = time.perf_counter() - begun
        print(f"{folder / 'index.html'}: {pages} pages, {size / 1e6:.1f} MB, in {seconds:.0f} s")  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT))
