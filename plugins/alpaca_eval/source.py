"""AlpacaEval's instructions with what its length control needs: a generator, for task files.

Texts are CC BY-NC and are no part of this package: they are read below ``$HARNESS_DATA``, or from the hub. So are the
difficulty of instructions and the rows of the verbose and the concise model that hold the weights.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from harness import DataError
from harness.tasks import MIRROR_VARIABLE

FOLDER = "alignment/alpaca_eval"
TEXTS, NUMBERS, GAMED = "model_outputs.jsonl.gz", "instructions_recovered.csv.gz", "df_gamed_surrogate.csv.gz"
ANNOTATIONS = "annotations_compact.csv.gz"
HUB = "tatsu-lab/alpaca_eval"
BASELINE = "gpt4_1106_preview"
DIFFICULTY_BY_TEXT = "instruction_sha1"
"""The column of the numbers that says of which instruction they are: the first 16 digits of its SHA-1."""


def instructions(split: str, baseline: str = BASELINE) -> Iterator[Mapping[str, Any]]:
    """Yield the 805 instructions, each with the baseline's answer and what length control needs.

    Args:
        split: ``test``; there is but one.
        baseline: Whose answers are the baseline's, among those that the texts hold.

    Raises:
        DataError: the texts are neither below ``$HARNESS_DATA`` nor on the hub.
    """
    numbers = _numbers()
    for index, (instruction, output, dataset) in enumerate(_texts(baseline)):
        known = numbers.get(text_key(instruction), {})
        yield {
            "id": str(index),
            "row_number": index,
            "prompt": instruction,
            "baseline": output,
            "dataset": dataset,
            **known,
        }


def text_key(instruction: str) -> str:
    """Return what tells instructions apart: the first 16 digits of the SHA-1 of the text.

    >>> text_key("How do I boil an egg?")
    '1bce30e849e1504e'
    """
    return hashlib.sha1(instruction.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:16]


def mirrored(name: str) -> Path | None:
    """Return a file of the copy below ``$HARNESS_DATA``; None where there is none."""
    root = os.environ.get(MIRROR_VARIABLE, "")
    path = Path(root) / FOLDER / name
    return path if root and path.is_file() else None


def in_mirror(name: str) -> Path:
    """Return a file of the copy below ``$HARNESS_DATA``.

    Raises:
        DataError: it is not there; says where it is looked for.
    """
    path = mirrored(name)
    if path is None:
        raise DataError(f"set {MIRROR_VARIABLE} to a folder that holds {FOLDER}/{name}")
    return path


def read_csv(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a CSV file, plain or gzip, each with its line.

    Raises:
        DataError: it cannot be read, or lacks a column.
    """
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.name.endswith(".gz") else content).decode("utf-8")
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    reader = csv.DictReader(io.StringIO(text))
    lacking = [name for name in columns if name not in (reader.fieldnames or ())]
    if lacking:
        raise DataError(f"{path}: the column {lacking[0]!r} is missing; it has {', '.join(reader.fieldnames or ())}")
    for row in reader:
        yield reader.line_num, row


def _texts(baseline: str) -> Iterator[tuple[str, str, str]]:
    path = mirrored(TEXTS)
    if path is None:
        yield from _texts_of_hub(baseline)
        return
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            row = json.loads(line)
            if baseline not in row["outputs"]:
                raise DataError(f"{path}:{number}: no output of {baseline!r}; there are {', '.join(row['outputs'])}")
            yield row["instruction"], row["outputs"][baseline], row["dataset"]


def _texts_of_hub(baseline: str) -> Iterator[tuple[str, str, str]]:
    if baseline != BASELINE:
        raise DataError(f"the hub holds the outputs of {BASELINE} alone; {baseline!r} has to be below HARNESS_DATA")
    rows = json.loads(_of_hub("alpaca_eval_gpt4_baseline.json").read_text(encoding="utf-8"))
    for row in rows:
        yield row["instruction"], row["output"], row["dataset"]


def _of_hub(name: str) -> Path:
    """Download a file of the hub's data set.

    Raises:
        DataError: it cannot be had; says what to do.
    """
    found = _asked_once(name)
    if isinstance(found, str):
        raise DataError(found)
    return found


@cache
def _asked_once(name: str) -> Path | str:
    """Return a file of the hub, or why it cannot be had: else each model would wait for a hub that does not answer."""
    try:
        from huggingface_hub import hf_hub_download

        return Path(hf_hub_download(HUB, name, repo_type="dataset"))
    except Exception as error:  # the library raises many kinds, from three packages
        first = (str(error).splitlines() or [""])[0]
        return (
            f"{name} of {HUB} cannot be had: connect to the network, or set {MIRROR_VARIABLE} to a folder that holds "
            f"{FOLDER} ({type(error).__name__}: {first})"
        )


def _numbers() -> dict[str, dict[str, float]]:
    """Return difficulty and regulariser by instruction; nothing where they cannot be had, as figures then say."""
    numbers, gamed = mirrored(NUMBERS), mirrored(GAMED)
    if numbers is None or gamed is None:
        return _numbers_of_hub()
    targets: dict[str, list[float]] = {}
    for _, row in read_csv(gamed, ("model", "index", "preference_surrogate")):
        targets.setdefault(row["index"], []).append(float(row["preference_surrogate"]))
    names = (DIFFICULTY_BY_TEXT, "index", "instruction_difficulty", "tanh_std_delta_len_verbose")
    return {
        row[DIFFICULTY_BY_TEXT]: {
            "difficulty": float(row["instruction_difficulty"]),
            "gamed_verbose": float(row["tanh_std_delta_len_verbose"]),
            "gamed_concise": float(row["tanh_std_delta_len_concise"]),
            "gamed_verbose_target": targets[row["index"]][0],
            "gamed_concise_target": targets[row["index"]][1],
        }
        for _, row in read_csv(numbers, names)
    }


def _numbers_of_hub() -> dict[str, dict[str, float]]:
    import math

    try:
        path = _of_hub("df_gamed.csv")
        instructions = [text for text, _, _ in _texts_of_hub(BASELINE)]
    except DataError:
        return {}
    rows: dict[int, list[dict[str, str]]] = {}
    for _, row in read_csv(path, ("index", "preference", "std_delta_len", "instruction_difficulty")):
        rows.setdefault(int(row["index"]), []).append(row)
    return {
        text_key(instructions[index]): {
            "difficulty": float(two[0]["instruction_difficulty"]),
            "gamed_verbose": math.tanh(float(two[0]["std_delta_len"])),
            "gamed_concise": math.tanh(float(two[1]["std_delta_len"])),
            "gamed_verbose_target": float(two[0]["preference"]),
            "gamed_concise_target": float(two[1]["preference"]),
        }
        for index, two in rows.items()
        if len(two) == 2 and index < len(instructions)
    }
