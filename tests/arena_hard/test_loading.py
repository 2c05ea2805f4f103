"""Prompts and baselines' answers in every form that the hub and the repository have."""

import gzip
import json
import os
from pathlib import Path

import pytest
from harness_plugins.arena_hard.loading import HUB, answers_of, prompts

from harness.errors import DataError
from harness.tasks import FileSource


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """Below $HARNESS_DATA, write files: name to rows."""
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def write(name, rows):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (path.write_bytes(gzip.compress(text.encode())) if name.endswith(".gz") else path.write_text(text))
        return path

    return write


def of_v1(id_, text):
    return {
        "question_id": id_,
        "model_id": "m",
        "choices": [{"index": 0, "turns": [{"content": text, "token_len": 1}]}],
    }


def of_v2(id_, answer):
    return {
        "uid": id_,
        "model": "m",
        "messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": answer}],
    }


@pytest.mark.parametrize(
    "row",
    [
        of_v1("q", "text"),
        of_v2("q", "text"),
        of_v2("q", {"answer": "text", "thinking": "hm"}),
        {"question_id": "q", "answers": {"m": "text", "n": "other"}},
    ],
)
def test_an_answer_is_read_from_any_form(mirror, row):
    assert answers_of(mirror("a.jsonl", [row]), "m") == {"q": "text"}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"question_id": "q"}], "a.jsonl:1: no answer"),
        ([of_v1("", "t")], "a.jsonl:1: no answer"),
        ([of_v2("q", ["t"])], "a.jsonl:1: no answer"),
        ([{"uid": "q", "messages": []}], "a.jsonl:1: no answer"),
        ([of_v1("q", "t"), of_v1("q", "u")], "a.jsonl:2: the prompt q"),
        ([{"question_id": "q", "answers": {"n": "t"}}], "no answer of 'm'"),
    ],
)
def test_a_row_that_is_no_answer_is_an_error_with_its_line(mirror, rows, said):
    with pytest.raises(DataError, match=said):
        answers_of(mirror("a.jsonl", rows), "m")


def test_prompts_of_v1_meet_the_baseline_of_the_hub_and_keep_their_cluster(mirror):
    folder = f"{HUB}/data/arena-hard-v0.1/"
    new = {"uid": "q", "category": "arena-hard-v0.1", "cluster": "Songs", "prompt": "Sing."}
    old = {"question_id": "r", "category": "arena-hard-v0.1", "cluster": "Songs", "turns": [{"content": "Hum."}]}
    mirror(folder + "question.jsonl", [new, old])
    mirror(folder + "model_answer/gpt-4-0314.jsonl", [of_v1("q", "La.")])
    first, second = prompts("test")
    assert (first["id"], first["prompt"], first["baseline"], first["topic"]) == ("q", "Sing.", "La.", "Songs")
    assert (second["prompt"], second["baseline"]) == ("Hum.", None)


def test_prompts_of_v2_meet_the_baseline_of_their_category(mirror):
    folder = f"{HUB}/data/arena-hard-v2.0/"
    hard = {"uid": "h", "category": "hard_prompt", "subcategory": "math", "prompt": "2?"}
    mirror(
        folder + "question.jsonl",
        [hard, {"uid": "c", "category": "creative_writing", "subcategory": "creative_writing", "prompt": "Ode."}],
    )
    mirror(folder + "model_answer/o3-mini-2025-01-31.jsonl", [of_v2("h", {"answer": "two"})])
    mirror(folder + "model_answer/gemini-2.0-flash-001.jsonl", [of_v2("c", "O!")])
    rows = list(prompts("test", version="v2.0"))
    assert [(row["id"], row["baseline"], row["subcategory"]) for row in rows] == [
        ("h", "two", "math"),
        ("c", "O!", "creative_writing"),
    ]
    assert [row["id"] for row in prompts("test", version="v2.0", category="creative_writing")] == ["c"]


@pytest.mark.parametrize("row", [{"uid": "q"}, {"prompt": "p"}, {"uid": "q", "prompt": ["p"]}])
def test_a_prompt_that_is_none_is_an_error(mirror, row):
    mirror(f"{HUB}/data/arena-hard-v0.1/question.jsonl", [row])
    with pytest.raises(DataError, match=r"question.jsonl:1"):
        list(prompts("test"))


def test_a_category_without_a_baseline_is_an_error(mirror):
    mirror(f"{HUB}/data/arena-hard-v2.0/question.jsonl", [{"uid": "q", "category": "songs", "prompt": "p"}])
    with pytest.raises(DataError, match="songs"):
        list(prompts("test", version="v2.0"))


def test_what_is_not_at_hand_is_said_with_how_to_get_it(mirror):
    with pytest.raises(DataError, match=r"hf download lmarena-ai/arena-hard-auto data/arena-hard-v2.0/question.jsonl"):
        list(prompts("test", version="v2.0"))


def test_the_real_files_are_500_prompts_of_250_clusters_and_750_of_three_kinds():
    root = Path(os.environ.get("HARNESS_DATA", ""))
    if not os.environ.get("HARNESS_DATA") or not (root / "alignment" / "arena_hard").is_dir():
        pytest.skip("Arena-Hard's files are not here: set HARNESS_DATA to a folder that holds alignment/arena_hard")
    rows = list(prompts("test"))
    assert len(rows) == 500
    assert len({row["topic"] for row in rows}) == 250
    assert all(row["baseline"] for row in rows)
    assert next(prompts("test", baseline="gpt-4-0613"))["baseline"] != rows[0]["baseline"]
    kinds = [
        row.values["subcategory"] for row in FileSource(root / "alignment/arena_hard/question_v2.0.jsonl.gz").rows()
    ]
    assert [kinds.count(kind) for kind in ("coding", "math", "creative_writing")] == [253, 247, 250]
