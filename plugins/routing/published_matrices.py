"""Rows of published matrices of outcomes: generators, for task files.

Each is read as it was published: pickles without executing anything, scores with their partial credit, nulls as gaps.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import DataError, FloatArray
from harness.files import read_text
from harness.tasks import MIRROR_VARIABLE

from .downloads import hub_file, hub_folder
from .pickle_frames import read_frame
from .pickles import Note, array_of, read_notes, texts_of

EMBEDLLM = "RZ412/EmbedLLM"
ROUTER_BENCH = "withmartian/routerbench"
ROUTER_EVAL = "linggm/RouterEval"
LLM_ROUTER_BENCH = "NPULH/LLMRouterBench"
_COST = "|total_cost"
_PAIR = np.dtype([("question", np.int64), ("model", np.int64), ("label", np.float64)])


def embedllm(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield EmbedLLM's long rows as wide ones, a hundred times fewer: what a pair repeats stands in further rows.

    Args:
        split: ``train``, ``validation`` or ``test``.

    Raises:
        DataError: the file is not there, or is not of the form.
    """
    path = hub_file(EMBEDLLM, ("val" if split == "validation" else split) + ".csv")
    texts, models, pairs = _read_embedllm(path)
    # By question and model; the rows of one pair as they are in the file.
    pairs = pairs[np.lexsort((np.arange(len(pairs)), pairs["model"], pairs["question"]))]
    begins: Any = np.flatnonzero(np.r_[True, np.diff(pairs["question"]) != 0, True]) if len(pairs) else []
    for start, end in pairwise(begins):
        own = pairs[start:end]
        time = np.zeros(len(own), dtype=np.int64)  # which time the pair occurs
        for i in np.flatnonzero(own["model"][1:] == own["model"][:-1]) + 1:
            time[i] = time[i - 1] + 1
        id_, prompt, category = texts[own["question"][0]]
        for now in range(int(time.max()) + 1):
            outcomes: list[float | None] = [None] * len(models)
            for model, label in own[["model", "label"]][time == now].tolist():
                outcomes[model] = None if label != label else label
            yield {"id": id_, "prompt": prompt, "category": category, "models": models, "outcomes": outcomes}


def _read_embedllm(path: Path) -> tuple[list[tuple[str, str, str]], list[str], NDArray[Any]]:
    """Read questions (id, text, category), models, and (question, model, label) of each row, a block at a time.

    Raises:
        DataError: the file cannot be read, or lacks a column.
    """
    import pyarrow
    from pyarrow import csv

    kinds = {"prompt_id": pyarrow.string(), "model_name": pyarrow.string(), "label": pyarrow.float64()}
    wanted = [*kinds, "category", "prompt"]
    questions: dict[str, int] = {}
    models: dict[str, int] = {}
    texts: list[tuple[str, str, str]] = []
    parts = [np.empty(0, dtype=_PAIR)]
    try:
        reader = csv.open_csv(
            path,
            read_options=csv.ReadOptions(block_size=1 << 24),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                include_columns=wanted, column_types={**kinds, "category": pyarrow.string(), "prompt": pyarrow.string()}
            ),
        )
        for block in reader:
            ids, names = block["prompt_id"].dictionary_encode(), block["model_name"].dictionary_encode()
            codes = ids.indices.to_numpy()
            known = ids.dictionary.to_pylist()
            for id_, row in zip(known, np.unique(codes, return_index=True)[1].tolist(), strict=True):
                if id_ not in questions:
                    questions[id_] = len(texts)
                    texts.append((id_, block["prompt"][row].as_py(), block["category"][row].as_py()))
            part = np.empty(len(codes), dtype=_PAIR)
            part["question"] = np.array([questions[id_] for id_ in known])[codes]
            labels = [models.setdefault(name, len(models)) for name in names.dictionary.to_pylist()]
            part["model"] = np.array(labels)[names.indices.to_numpy()]
            part["label"] = block["label"].to_numpy(zero_copy_only=False)
            parts.append(part)
    except (OSError, pyarrow.ArrowInvalid, pyarrow.ArrowKeyError) as error:
        raise DataError(f"{path}: not of EmbedLLM's form, with columns {', '.join(wanted)}: {error}") from error
    return texts, list(models), np.concatenate(parts)


def router_bench(split: str, file: str = "routerbench_0shot.pkl") -> Iterator[Mapping[str, Any]]:
    """Yield the wide rows of RouterBench: a score and a cost (USD) a model, null where the file has none.

    Columns of scores are of type object, and hold partial credit. All rows belong to every split: the task file parts
    them.

    Args:
        split: The split's name.
        file: Of the data set, such as ``routerbench_5shot.pkl``.

    Raises:
        DataError: the file is not there, or is not of the form.
    """
    path = hub_file(ROUTER_BENCH, file)
    table = read_frame(path)
    models = [name.removesuffix(_COST) for name in table if name.endswith(_COST)]
    for name in ("sample_id", "prompt", "eval_name", *models):
        if name not in table:
            raise DataError(f"{path}: no column {name!r} in it; it has {', '.join(sorted(table)[:12])}")
    if not models:
        raise DataError(f"{path}: no column ends in {_COST!r}, as those of RouterBench do")
    for i, id_ in enumerate(table["sample_id"]):
        yield {
            "id": str(id_),
            "prompt": table["prompt"][i],
            "category": table["eval_name"][i],
            "models": models,
            "outcomes": [_number(table[name][i], path, name, i) for name in models],
            "costs": [_number(table[name + _COST][i], path, name + _COST, i) for name in models],
        }


def _number(value: Any, path: Path, column: str, row: int) -> float | None:
    """Return a cell of a column of type object as a number; None where it is missing.

    Raises:
        DataError: it is something else.
    """
    if value is None or (isinstance(value, float) and value != value):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise DataError(f"{path} row {row}: the column {column!r} holds {value!r}; expected a number") from None


def router_eval(split: str, name: str, pool: str) -> Iterator[Mapping[str, Any]]:
    """Yield the wide rows of one pool of RouterEval: ``router_dataset/NAME_router_dataset.pkl``, or so in a zip.

    Args:
        split: ``train``, ``validation`` or ``test``.
        name: Of the set, such as ``mmlu``.
        pool: Keys that lead to the pool, as ``hard/10/all_strong``.

    Raises:
        DataError: the file is not there, has no such pool, or no texts of questions.
    """
    file = f"router_dataset/{name}_router_dataset.pkl"
    unpacked = Path(os.environ.get(MIRROR_VARIABLE, "")) / ROUTER_EVAL / file
    if unpacked.is_file():
        path, whole = unpacked, read_notes(unpacked)
    else:
        path = hub_file(ROUTER_EVAL, "router_dataset.zip")
        whole = read_notes(path, file)
    found = whole
    for key in pool.split("/"):
        names = {str(one): one for one in found} if isinstance(found, dict) else {}
        if key not in names:
            raise DataError(f"{path}: {pool!r}: no {key!r} there; there are: {', '.join(sorted(names)) or 'none'}")
        found = found[names[key]]
    part = {"validation": "val"}.get(split, split)
    # Texts stand once for all pools, or, in files that others made, beside the scores of the pool.
    prompts = {**_mapping(whole, "prompt"), **_mapping(found, "prompt")}
    scores = _mapping(found, "data").get(f"{part}_score")
    texts = prompts.get(f"{part}_prompt")
    if scores is None or texts is None:
        lacks = f"data: {part}_score" if scores is None else f"prompt: {part}_prompt"
        raise DataError(f"{path}: {pool}: no {lacks} in it, which every pool of RouterEval has")
    try:
        yield from _pool(split, _floats(scores), texts_of(texts), texts_of(found.get("model")))
    except DataError as error:
        raise DataError(f"{path}: {pool}: {error}") from None


def _mapping(value: Any, key: str) -> Mapping[str, Any]:
    held = value.get(key) if isinstance(value, dict) else None
    return held if isinstance(held, dict) else {}


def _pool(split: str, scores: FloatArray, texts: list[str], models: list[str]) -> Iterator[Mapping[str, Any]]:
    if scores.shape != (len(texts), len(models)):
        raise DataError(f"scores of shape {scores.shape} for {len(texts)} questions and {len(models)} models")
    for i, (text, row) in enumerate(zip(texts, scores.tolist(), strict=True)):
        outcomes = [None if value != value else value for value in row]
        yield {"id": f"{split}/{i}", "prompt": text, "models": models, "outcomes": outcomes}


def _floats(value: Any) -> FloatArray:
    array = array_of(value) if isinstance(value, Note) else np.asarray(value)
    if array.ndim != 2:
        raise DataError("expected an array of questions by models")
    return array.astype(np.float64)


def llm_router_bench(split: str, folder: str = "results/bench") -> Iterator[Mapping[str, Any]]:
    """Yield the long rows of LLMRouterBench's records: ``FOLDER/DATASET/SPLIT/MODEL/TIME.json``, newest file a model.

    Args:
        split: The split's name; all records belong to every split: the task file parts them.
        folder: Below the data set's folder in ``$HARNESS_DATA``.

    Raises:
        DataError: the folder is not there, or a file is not of the form.
    """
    root = hub_folder(LLM_ROUTER_BENCH, folder)
    newest: dict[Path, Path] = {}
    for path in sorted(root.glob("*/*/*/*.json")):  # the names are times, so that the last is the newest
        newest[path.parent] = path
    if not newest:
        raise DataError(f"{root}: no file DATASET/SPLIT/MODEL/TIME.json in it")
    for path in newest.values():
        data_set, of_split, model = path.parts[-4:-1]
        for record in _records(path):
            try:
                yield {
                    "id": f"{data_set}/{of_split}/{record['index']}",
                    "prompt": record["prompt"],
                    "category": data_set,
                    "model": model,
                    "outcome": record["score"],
                    "cost": record.get("cost"),
                    "token_count": _sum(record.get("prompt_tokens"), record.get("completion_tokens")),
                }
            except (KeyError, TypeError):
                raise DataError(f"{path}: a record without 'index', 'prompt' or 'score'") from None


def _records(path: Path) -> list[Any]:
    try:
        content = json.loads(read_text(path))
    except ValueError as error:
        raise DataError(f"{path}: not valid JSON: {error}") from None
    records = content.get("records") if isinstance(content, dict) else None
    if not isinstance(records, list):
        raise DataError(f"{path}: no list 'records' in it, as LLMRouterBench's files have")
    return records


def _sum(one: Any, other: Any) -> float | None:
    known = [value for value in (one, other) if isinstance(value, (int, float))]
    return float(sum(known)) if len(known) == 2 else None
