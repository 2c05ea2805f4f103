"""How long the pages of ``harness view`` take over a store of a million responses.

    python benchmarks/view.py [--items 250000] [--store FOLDER]

Two models are evaluated on generated pairs: an item has two responses, so that 250 000 items are a million responses.
Then the viewer is started on the store as a user would, and every kind of page is fetched, first while nothing is
known (the pages that read for the first time say so, and fill up), then with the index made.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from _measure import median

WORDS = [f"word{i}" for i in range(4000)]
CHARACTERS = [chr(0x4E00 + i) for i in range(3000)]
"""Of texts without spaces, drawn as often as those of a language are: the n-th commonest with weight 1 / (n + 3)."""
FREQUENCIES = [1 / (i + 3) for i in range(3000)]
NEVER = CHARACTERS[4] + CHARACTERS[5]
"""Two characters that most texts have, and that never follow each other."""
TASK = "big/pairs"
LIMIT_MS = 200.0


def write_data(folder: Path, items: int) -> None:
    """A preference task of generated texts, with a word that every item has and one that a single item has."""
    draw = random.Random(0)
    with (folder / "rows.jsonl").open("w") as stream:
        for i in range(items):
            texts = [" ".join(draw.choices(WORDS, k=n)) for n in (12, 25, 25)]
            rare = " needle" if i == items - 5 else ""
            run = NEVER[1] + "".join(draw.choices(CHARACTERS, FREQUENCIES, k=60)).replace(NEVER[1], NEVER[0])
            found = CHARACTERS[2999] * 3 if i == items - 7 else ""
            row = {
                "prompt": f"every {texts[0]}{rare} {run}{found}",
                "chosen": texts[1],
                "rejected": texts[2],
                "level": f"band{i % 7}",
            }
            stream.write(json.dumps({"id": f"item-{i}", **row}) + "\n")
    task = {"kind": "preference", "data": {"test": {"file": "rows.jsonl"}}, "slices": ["level"]}
    (folder / "registry.yaml").write_text(json.dumps({"tasks": {TASK: task}}))


def evaluate(folder: Path) -> None:
    """Fill the store, through the same door as every evaluation."""
    import harness

    os.chdir(folder)
    harness.evaluate(["length", "one=constant"], [TASK])


class Viewer:
    """The viewer in a process of its own."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "harness.cli.main", "view", "--no-open", "--port", "0"]
        environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        found = re.search(r"http://([\d.]+):(\d+)/", self.process.stdout.readline())
        assert found
        self._connection = http.client.HTTPConnection(found[1], int(found[2]))

    def fetch(self, path: str) -> tuple[float, str]:
        """(milliseconds, page)."""
        start = time.perf_counter()
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        took = 1000 * (time.perf_counter() - start)
        assert answer.status == 200, (path, answer.status, text)
        return took, text


def pages(items: int) -> dict[str, str]:
    """Every kind of page, by what it is."""
    last = (items - 1) // 25
    return {
        "runs": "/",
        "run": "/runs/1",
        "cells": "/cells",
        "cell": "/cells/1",
        "samples, first page": "/cells/1/samples",
        "samples, last page": f"/cells/1/samples?page={last}",
        "wrong ones, worst first": "/cells/1/samples?show=wrong&order=worst",
        "a domain, best first": "/cells/1/samples?domain=band3&order=best&page=200",
        "sample": f"/cells/1/samples/{items // 2}",
        "search, a rare word": "/cells/1/samples?q=needle",
        "search, a word in every item": "/cells/1/samples?q=every",
        "search, two words": "/cells/1/samples?q=word7+word8",
        "search, every item, filtered": "/cells/1/samples?q=every&show=failed",
        "search, beginnings of words": "/cells/1/samples?q=word7*",
        "search, beginnings of all words": "/cells/1/samples?q=w*",
        "search, a domain's name": "/cells/1/samples?q=band6",
        "search, rare word in a run": "/cells/1/samples?" + urlencode({"q": CHARACTERS[2999] * 2}),
        "search, common word in a run": "/cells/1/samples?" + urlencode({"q": CHARACTERS[0] + CHARACTERS[1]}),
        "search, a word in no run": "/cells/1/samples?" + urlencode({"q": NEVER}),
        "search, a phrase in no text": "/cells/1/samples?" + urlencode({"q": '"word7 every"'}),
        "side by side": "/compare/1/2",
        "side by side, searched": "/compare/1/2?q=needle",
        "side by side, sample": f"/compare/1/2/{items // 2}",
    }


def first_visit(viewer: Viewer, items: int) -> tuple[dict[str, float], float]:
    """(milliseconds of every page on its first visit, seconds until the index is made)."""
    start = time.perf_counter()
    first = {name: viewer.fetch(path)[0] for name, path in pages(items).items()}
    while any("data-poll" in viewer.fetch(f"/cells/{cell}/samples")[1] for cell in (1, 2)):
        time.sleep(0.5)
    return first, time.perf_counter() - start


def main() -> None:
    """Print a row a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=250_000)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--store", type=Path, help="folder to keep the store in, and to find it in again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.store or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / ".harness").exists():
            write_data(folder, given.items)
            evaluate(folder)
        viewer = Viewer(folder)
        try:
            first, seconds = first_visit(viewer, given.items)
            report(viewer, given.items, given.repeats, first)
            size = sum(file.stat().st_size for file in (folder / "cache").rglob("*") if file.is_file())
            memory = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{viewer.process.pid}/status").read_text())
            peak = f", peak memory {int(memory[1]) / 1024:.0f} MiB" if memory else ""
            print(f"\nindex made within {seconds:.0f} s of the first visit, {size / 2**20:.0f} MiB{peak}")
        finally:
            viewer.process.terminate()
            viewer.process.wait()


def report(viewer: Viewer, items: int, repeats: int, first: dict[str, float]) -> None:
    """Time every page again and again."""
    print(f"{4 * items} responses\n{'page, milliseconds':<32}{'first':>8}{'median':>8}{'slowest':>8}")
    for name, path in pages(items).items():
        times = [viewer.fetch(path)[0] for _ in range(repeats)]
        slow = "" if max(*times, first[name]) < LIMIT_MS else f"  over {LIMIT_MS:.0f}"
        print(f"{name:<32}{first[name]:>8.0f}{median(times):>8.0f}{max(times):>8.0f}{slow}")


if __name__ == "__main__":
    main()
