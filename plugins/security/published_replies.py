"""Published replies and their labels: as data of tasks that judge graders, and as rows of recorded models."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import DataError

XSTEST_CLASSES: Mapping[str, str] = {
    "1_full_compliance": "success",
    "2_full_refusal": "refusal",
    "3_partial_refusal": "partial refusal",
}
"""The classes of XSTest's annotators, by the outcome that each is."""
NO_GPT4 = "mistralinstruct"
"""The model of XSTest whose GPT-4 labels have nothing to do with the replies, and are left out."""
METHODS: Mapping[str, str] = {
    "PAIR": "pair",
    "GCG": "gcg",
    "JBC": "jailbreakchat",
    "prompt_with_random_search": "random-search",
    "DSN": "dsn",
}
"""Tasks of the suite ``jailbreak`` by the method of JailbreakBench's artifacts."""


def mirror(path: str) -> Path:
    """Return a file of the copies of data.

    Raises:
        DataError: there is none; says where it is looked for.
    """
    from harness.tasks import MIRROR_VARIABLE

    folder = os.environ.get(MIRROR_VARIABLE, "")
    file = Path(folder) / path
    if not folder or not file.is_file():
        raise DataError(f"these data are not on the hub: set {MIRROR_VARIABLE} to a folder that holds {path}")
    return file


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a JSONL file, plain or gzip."""
    for line in _text(path).splitlines():
        if line.strip():
            yield json.loads(line)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file, plain or gzip."""
    return list(csv.DictReader(io.StringIO(_text(path))))


def _text(path: Path) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.name.endswith(".gz") else content).decode("utf-8")


# data of tasks


def attacks(split: str, method: str) -> Iterator[dict[str, Any]]:
    """Yield the attacks of a method of JailbreakBench's artifacts; those without a prompt were never submitted.

    Args:
        split: There is but one.
        method: One of `METHODS`.
    """
    if method not in METHODS:
        raise DataError(f"the method {method!r}; known are {', '.join(METHODS)}")
    for row in read_jsonl(mirror("safety/jailbreakbench/artifacts.jsonl.gz")):
        if row["method"] == method:
            yield {**row, "id": item_id(row)}


def jailbreakbench(split: str) -> Iterator[dict[str, Any]]:
    """Yield the replies of JailbreakBench's artifacts, without the attacks that were never submitted."""
    for row in read_jsonl(mirror("safety/jailbreakbench/artifacts.jsonl.gz")):
        if row["response"] is not None:
            yield {**row, "id": f"{row['method']}/{item_id(row)}"}


def xstest(split: str) -> Iterator[dict[str, Any]]:
    """Yield XSTest's replies of five models, with the class that its annotators agreed on."""
    completions = read_csv(mirror("safety/xstest/xstest_v2_completions.csv.gz"))
    labels = {(row["model"], row["id"]): row for row in read_csv(mirror("safety/xstest/xstest_v2_labels.csv"))}
    kinds = {row["id"]: row for row in read_csv(mirror("safety/xstest/xstest_prompts.csv"))}
    for row in completions:
        label, kind = labels[row["model"], row["id"]], kinds[_prompt_id(row)]
        yield {
            "id": f"{row['model']}/{row['id']}",
            "model": row["model"],
            "prompt": label["prompt"],
            "reply": row["completion"],
            "label_class": XSTEST_CLASSES[label["final_label"]],
            "compliance": XSTEST_CLASSES[label["final_label"]] == "success",
            "kind": kind["label"],
            "focus": kind["focus"],
        }


def item_id(row: Mapping[str, Any]) -> str:
    """Return the id of an artifact among those of its method: whose it is, and of which goal."""
    return f"{row['model']}/{row['index']}"


# rows of recorded models


def jailbreakbench_replies(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the recorded replies of JailbreakBench's artifacts, null where an attack was not submitted."""
    for row in read_jsonl(path):
        yield {"task": _task(row, path), "id": item_id(row), "text": row["response"]}


def jailbreakbench_labels(path: Path, of: str = "replies", judge: str = "jailbroken") -> Iterator[dict[str, Any]]:
    """Yield what JailbreakBench says of the replies, for the model ``recorded-grades``.

    Args:
        path: The artifacts, flattened to a row each.
        of: Label of the recorded model whose replies are graded.
        judge: ``jailbroken``, the published verdicts, or ``jailbroken_llama_guard1``.
    """
    for row in read_jsonl(path):
        if row["response"] is None or row.get(judge) is None:
            continue
        # Nobody says whether what is no jailbreak is a refusal or off the point.
        outcome = "success" if row[judge] else "benign failure"
        yield {"task": _task(row, path), "id": item_id(row), "outcome": outcome, "of": of}


def _prompt_id(row: Mapping[str, str]) -> str:
    """Return the id of a prompt of XSTest, which later files write with the version of the suite before it."""
    return row["id"].removeprefix("v2-")


def _task(row: Mapping[str, Any], path: Path) -> str:
    if row["method"] not in METHODS:
        raise DataError(f"{path}: the method {row['method']!r}; known are {', '.join(METHODS)}")
    return f"jailbreak/{METHODS[row['method']]}"


def xstest_replies(path: Path, model: str) -> Iterator[dict[str, Any]]:
    """Yield the recorded replies of a model to XSTest's prompts.

    Args:
        path: The completions: model, id, completion.
        model: Whose.
    """
    for row in _of_model(read_csv(path), model, path):
        yield {"task": "over-refusal/xstest", "id": _prompt_id(row), "text": row["completion"]}


def xstest_labels(path: Path, model: str, by: str = "final_label", of: str = "") -> Iterator[dict[str, Any]]:
    """Yield what XSTest says of a model's replies, for the model ``recorded-grades``.

    Args:
        path: The labels: model, id, annotation_1, ..., final_label, strmatch_label, gpt4_label.
        model: Whose replies.
        by: Column of the labels: ``final_label`` of the annotators, ``strmatch_label`` or ``gpt4_label``.
        of: Label of the recorded model whose replies are graded; default: the model's name.
    """
    if by == "gpt4_label" and model == NO_GPT4:
        raise DataError(
            f"{path}: the GPT-4 labels of {NO_GPT4} are broken (they do not follow the replies), and are left out"
        )
    rows = _of_model(read_csv(path), model, path)
    if by not in rows[0]:
        raise DataError(f"{path}: no column {by!r}; there are {', '.join(rows[0])}")
    for row in rows:
        outcome = XSTEST_CLASSES.get(row[by], "unscorable")  # free text of a judge is no verdict
        yield {"task": "over-refusal/xstest", "id": _prompt_id(row), "outcome": outcome, "of": of or model}


def _of_model(rows: Sequence[dict[str, str]], model: str, path: Path) -> list[dict[str, str]]:
    found = [row for row in rows if row.get("model") == model]
    if not found:
        known = ", ".join(dict.fromkeys(row.get("model", "") for row in rows))
        raise DataError(f"{path}: no row of the model {model!r}; there are {known}")
    return found
