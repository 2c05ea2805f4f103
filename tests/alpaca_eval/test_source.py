"""Where instructions, difficulty and regulariser come from: below HARNESS_DATA, or from the hub."""

import csv
import gzip
import io
import json
import math

import pytest
from harness_plugins.alpaca_eval import source

from harness import DataError

TEXTS = ["How do I boil an egg?", "Name a river."]


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    folder = tmp_path / source.FOLDER
    folder.mkdir(parents=True)
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    return folder


def write_texts(folder, *instructions):
    with gzip.open(folder / source.TEXTS, "wt") as file:
        for instruction in instructions:
            outputs = {source.BASELINE: f"About {instruction}", "other": "?"}
            file.write(json.dumps({"instruction": instruction, "outputs": outputs, "dataset": "made"}) + "\n")


def write_table(path, *rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    content = text.getvalue().encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def number(index, text, difficulty):
    return {
        "index": index,
        "instruction_sha1": source.text_key(text),
        "instruction_difficulty": difficulty,
        "tanh_std_delta_len_verbose": -0.5,
        "tanh_std_delta_len_concise": 0.5,
    }


def no_hub(name):
    raise DataError(f"{name} cannot be had")


def test_difficulty_belongs_to_the_text_whatever_its_row(mirror):
    write_texts(mirror, *TEXTS)
    write_table(mirror / source.NUMBERS, number(0, TEXTS[1], 0.7), number(1, TEXTS[0], -0.2))  # in another order
    gamed = [{"model": m, "index": i, "preference_surrogate": p} for m, p in (("v", 0.6), ("c", 0.4)) for i in (0, 1)]
    write_table(mirror / source.GAMED, *gamed)
    rows = list(source.instructions("test"))
    assert [(row["id"], row["difficulty"], row["gamed_verbose_target"]) for row in rows] == [
        ("0", -0.2, 0.6),
        ("1", 0.7, 0.6),
    ]
    assert rows[1]["baseline"] == "About Name a river."


def test_without_the_numbers_the_texts_stand_alone(mirror, monkeypatch):
    monkeypatch.setattr(source, "_of_hub", no_hub)
    write_texts(mirror, *TEXTS)
    assert ["difficulty" in row for row in source.instructions("test")] == [False, False]


def test_another_baseline_is_one_of_the_copy(mirror):
    write_texts(mirror, *TEXTS)
    assert next(source.instructions("test", baseline="other"))["baseline"] == "?"
    with pytest.raises(DataError, match=rf"{source.TEXTS}:1: no output of 'nobody'"):
        list(source.instructions("test", baseline="nobody"))


def test_without_any_data_the_message_says_what_to_do(monkeypatch):
    monkeypatch.delenv("HARNESS_DATA", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(DataError, match="HARNESS_DATA"):
        list(source.instructions("test"))
    with pytest.raises(DataError, match=source.ANNOTATIONS):
        source.in_mirror(source.ANNOTATIONS)


def test_the_hub_has_both_texts_and_numbers(tmp_path, monkeypatch):
    monkeypatch.delenv("HARNESS_DATA", raising=False)
    texts = tmp_path / "alpaca_eval_gpt4_baseline.json"
    texts.write_text(json.dumps([{"instruction": t, "output": "base", "dataset": "made"} for t in TEXTS]))
    gamed = [
        {"index": i, "preference": p, "std_delta_len": length, "instruction_difficulty": 0.1 * i}
        for p, length in ((0.6, -1.0), (0.4, 2.0))
        for i in (0, 1)
    ]
    write_table(tmp_path / "df_gamed.csv", *gamed)
    monkeypatch.setattr(source, "_of_hub", lambda name: tmp_path / name)
    first, second = source.instructions("test")
    assert first["gamed_verbose"] == math.tanh(-1.0)
    assert (second["gamed_concise_target"], second["difficulty"]) == (0.4, 0.1)


def test_a_column_that_is_missing_is_named(mirror):
    write_texts(mirror, *TEXTS)
    write_table(mirror / source.NUMBERS, {"index": 0})
    write_table(mirror / source.GAMED, {"index": 0, "model": "v", "preference_surrogate": 0.5})
    with pytest.raises(DataError, match="instruction_sha1"):
        list(source.instructions("test"))
