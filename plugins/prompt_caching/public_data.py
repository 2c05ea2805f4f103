"""Rows of public sets of prompts: generators, for task files.

Data lie below ``$HARNESS_DATA``, as ``caching/``; none of them are part of this package.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import DataError
from harness.files import read_text
from harness.tasks import MIRROR_VARIABLE

OUT_OF_SCOPE = "out of scope"


def file_of(name: str) -> Path:
    """Return the place of a file of caching data below ``$HARNESS_DATA``, where it need not be.

    Raises:
        DataError: the variable names no folder.
    """
    root = os.environ.get(MIRROR_VARIABLE)
    if not root:
        raise DataError(f"caching/{name} is read from the folder that HARNESS_DATA names, and it names none")
    return Path(root) / "caching" / name


def _json(name: str) -> Any:
    path = file_of(name)
    try:
        return json.loads(read_text(path))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error


def clinc150(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield the prompts of CLINC150, those out of scope as an intent each: no response serves two of them.

    Args:
        split: ``train``, which is the set's own ``val`` (``train`` itself is five times as large), or ``test``.

    Raises:
        DataError: the file is not there, or is not of the form.
    """
    whole = _json("clinc150_data_full.json")
    own = "val" if split == "train" else split
    for part in (own, f"oos_{own}"):
        if part not in whole:
            raise DataError(f"clinc150_data_full.json has no part {part!r}")
        for i, (text, intent) in enumerate(whole[part]):
            alone = part.startswith("oos")
            yield {
                "id": f"{part}/{i}",
                "prompt": text,
                "intent": f"{part} {i}" if alone else intent,
                "scope": OUT_OF_SCOPE if alone else "in scope",
            }


def gptcache(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield GPTCache's 999 questions and their paraphrases, as single prompts of a group each.

    Args:
        split: ``test``.

    Raises:
        DataError: the file is not there, or is not of the form.
    """
    for i, row in enumerate(_json("gptcache_mock_data.json")):
        for end in ("origin", "similar"):
            yield {"id": f"{i}/{end}", "prompt": row[end], "group": str(i)}
