"""Recorded traffic out of the mirror: JailbreakBench's artifacts, and the harmless exchanges of XSTest."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import DataError

DATES = {
    "GCG": "2023-07-01",  # arXiv 2307.15043
    "PAIR": "2023-10-01",  # arXiv 2310.08419
    "prompt_with_random_search": "2024-04-01",  # arXiv 2404.02151
    "DSN": "2024-04-01",  # arXiv 2404.16369
}
"""The first of the month in which the paper of a method appeared; of JBC, which has none, nothing is said."""
SPLITS = ("train", "calibration", "test")


def jbb_and_xstest(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield the exchanges of a split: harmless ones by thirds of XSTest's prompts, all attacks in ``test``.

    The thirds follow from a hash of the prompt, so that no prompt is in two of them, whichever model answered.

    Raises:
        DataError: the data are not in the mirror.
    """
    yield from _harmless(split)
    if split == "test":
        yield from _attacks()


def _attacks() -> Iterator[Mapping[str, Any]]:
    for line in _text("safety/jailbreakbench/artifacts.jsonl.gz").splitlines():
        row = json.loads(line)
        if row["response"] is None or row["prompt"] is None:
            continue  # an attack that was never submitted is no traffic
        method, model, index = row["method"], row["model"], row["index"]
        yield {
            "id": f"jbb/{method}/{model}/{index}",
            "prompt": row["prompt"],
            "reply": row["response"],
            "label": int(bool(row["jailbroken"])),
            "attack": 1,
            "useful": 0,
            "source": "jailbreakbench",
            "method": method,
            "date": DATES.get(method, ""),
            "model": model,
            "cluster": f"goal {index}",
        }


def _harmless(split: str) -> Iterator[Mapping[str, Any]]:
    replies = {
        (row["model"], row["id"]): row["completion"] for row in _table("safety/xstest/xstest_v2_completions.csv.gz")
    }
    for row in _table("safety/xstest/xstest_v2_labels.csv"):
        unsafe = row["type"].startswith("contrast")
        if unsafe or row["final_label"] != "1_full_compliance" or third_of(row["prompt"]) != split:
            continue
        yield {
            "id": f"xstest/{row['model']}/{row['id']}",
            "prompt": row["prompt"],
            "reply": replies[row["model"], row["id"]],
            "label": 0,
            "attack": 0,
            "useful": 1,
            "source": "xstest",
            "method": "",
            "date": "",
            "model": row["model"],
            "cluster": f"prompt {row['id']}",
        }


def third_of(prompt: str) -> str:
    """Return the split that a harmless prompt is in.

    >>> sorted({third_of(f"prompt {n}") for n in range(20)})
    ['calibration', 'test', 'train']
    """
    return SPLITS[hashlib.blake2b(prompt.encode(), digest_size=4).digest()[0] % len(SPLITS)]


def _table(place: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(io.StringIO(_text(place), newline=""))


def _text(place: str) -> str:
    """Read a file of the mirror.

    Raises:
        DataError: it is not there, or is no text.
    """
    mirror = os.environ.get("HARNESS_DATA", "")
    path = Path(mirror) / place
    try:
        content = path.read_bytes() if mirror else b""
        if mirror:
            return (gzip.decompress(content) if place.endswith(".gz") else content).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path}: cannot be read: {error}; set HARNESS_DATA to the folder that holds {place}"
        ) from error
    raise DataError(f"{place} is not at hand: set HARNESS_DATA to the folder that holds it")
