"""Takes the pictures that the README shows, from the embedded benchmark: python -m tools.pictures [FOLDER].

A board and a sample of the viewer, each in light and dark, as WebP of at most 60 kB. Needs Chromium and the package
playwright; takes half a minute.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "pictures"
MOST_BYTES = 60_000
SCHEMES = ("light", "dark")
MODELS = ("quickstart-reward-model", "quickstart-detector", "tfidf", "random", "length")
TASK, MODEL = "quickstart/preferences", "quickstart-reward-model"
"""Whose sample is shown."""
WIDE, HIGH = 1120, 780
CHROMIUM = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")
_WEBP = """async ([source, quality]) => {
  const picture = new Image();
  picture.src = source;
  await picture.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.getContext("2d").drawImage(picture, 0, 0);
  return canvas.toDataURL("image/webp", quality);
}"""

_RENAME = """(names) => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode())
    for (const [from, to] of names) texts.currentNode.data = texts.currentNode.data.replaceAll(from, to);
}"""


def main(folder: Path = FOLDER) -> None:
    """Take all pictures and write them into a folder."""
    from playwright.sync_api import sync_playwright

    chromium = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if chromium is None:
        sys.exit("there is no Chromium to take pictures with")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        evaluate(Path(place))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        with viewer(Path(place)) as address:
            pages = {
                "board": (Path(place) / "site" / "quickstart" / "index.html").as_uri(),
                "viewer": f"{address}{sample(Path(place))}",
            }
            for name, page in pages.items():
                for scheme in SCHEMES:
                    path = folder / f"{name}-{scheme}.webp"
                    path.write_bytes(small(browser, photograph(browser, page, scheme, Path(place))))
                    print(f"{path}: {path.stat().st_size:,} bytes")  # noqa: T201
        browser.close()


def evaluate(place: Path) -> None:
    """Evaluate the embedded benchmark, and write its site."""
    models = [word for model in MODELS for word in ("-m", model)]
    for words in (["eval", "quickstart", *models], ["leaderboard", "quickstart", "-o", "site/"]):
        subprocess.run([*_harness(), *words], cwd=place, check=True, capture_output=True, env=_variables(place))


def sample(place: Path) -> str:
    """Return the address, below the viewer's, of the first item that the model gets wrong."""
    from harness import figures
    from harness.store import StoreReader, list_cells

    store = place / ".harness" / "store.sqlite"
    found = figures(TASK, store=store)
    row = next(row for row, value in enumerate(found.values[:, found.models.index(MODEL)]) if value == 0)
    with StoreReader(store) as reader:
        (cell,) = list_cells(reader, model=MODEL, task=TASK, newest=True)
    return f"/cells/{cell.id}/samples/{row}"


@contextmanager
def viewer(place: Path) -> Iterator[str]:
    """Serve the store to the browser of this process, and yield the address."""
    command = [*_harness(), "view", "--no-open", "--port", "0"]
    serving = subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, text=True, env=_variables(place))
    try:
        assert serving.stdout is not None
        address = next((found[0] for line in serving.stdout if (found := re.search(r"http://[\d.]+:\d+", line))), None)
        if address is None:
            sys.exit("the viewer did not start")
        yield address
    finally:
        serving.terminate()
        serving.wait(timeout=20)


def photograph(browser: Any, address: str, scheme: str, place: Path) -> bytes:
    """Return the top of a page as PNG; the folders of this machine have other names there."""
    page = browser.new_page(viewport={"width": WIDE, "height": HIGH}, color_scheme=scheme, reduced_motion="reduce")
    page.goto(address, wait_until="networkidle")
    page.wait_for_timeout(1500)  # the viewer reads the texts again once, in the background
    page.reload(wait_until="networkidle")
    page.evaluate(_RENAME, [[str(place), "~/project"], [str(ROOT), "~/harness"]])
    picture: bytes = page.screenshot()
    page.close()
    return picture


def small(browser: Any, picture: bytes) -> bytes:
    """Return a PNG as WebP, in the best quality that is small enough; the browser itself encodes it."""
    source = "data:image/png;base64," + base64.b64encode(picture).decode()
    page = browser.new_page()
    try:
        for quality in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3):
            made = base64.b64decode(page.evaluate(_WEBP, [source, quality]).partition(",")[2])
            if len(made) <= MOST_BYTES:
                return made
    finally:
        page.close()
    sys.exit(f"a picture stays above {MOST_BYTES} bytes")


def _harness() -> list[str]:
    return [sys.executable, "-m", "harness.cli.main"]


def _variables(place: Path) -> dict[str, str]:
    # No folder of real data, and no trace of whoever takes the pictures.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HARNESS_")}
    return {**kept, "XDG_CACHE_HOME": str(place / "cache"), "HF_HUB_OFFLINE": "1"}


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
