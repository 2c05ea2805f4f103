"""The data of quickstart: made again byte for byte, labelled by their rules, without an easy way out."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quickstart import make_data, measure, preferences
from quickstart.checks import check
from quickstart.draw import Draw

from harness.files import MARKER

TEXTS = {
    "best_of_16": ("prompt",),
    "preferences": ("prompt", "chosen", "rejected"),
    "detection": ("text",),
    "duplicates": ("first", "second"),
}
SIZES = {
    "best_of_16": {"train": 60, "test": 120},
    "preferences": {"train": 498, "test": 300},
    "detection": {"train": 670, "test": 500},
    "duplicates": {"train": 300, "test": 400},
}


@pytest.fixture(scope="module")
def data():
    return {task: measure.load(task) for task in TEXTS}


def every_row(data, task):
    return data[task]["train"] + data[task]["test"]


def test_a_fresh_run_writes_the_committed_bytes(tmp_path):
    fresh = make_data.make(tmp_path)
    assert sorted(path.name for path in fresh) == sorted(path.name for path in make_data.DATA.glob("*.jsonl"))
    for path in [*fresh, tmp_path / MARKER]:
        assert path.read_bytes() == (make_data.DATA / path.name).read_bytes(), path.name


def test_the_folder_is_small_and_holds_nothing_else(tmp_path):
    files = [path for path in make_data.DATA.iterdir() if path.suffix != ".py" and path.is_file()]
    files.remove(make_data.DATA / MARKER)
    assert {path.suffix for path in files} == {".jsonl"}
    assert sum(path.stat().st_size for path in files) < 1_200_000


def test_rows_are_compact_json_with_sorted_keys():
    for path in make_data.DATA.glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            assert line == json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_ids_name_their_task_split_and_place(data):
    for task, splits in data.items():
        for split, rows in splits.items():
            name = task.replace("_", "-")
            assert [row["id"] for row in rows] == [f"{name}/{split}/{i:04d}" for i in range(SIZES[task][split])]


@pytest.mark.parametrize("task", sorted(TEXTS))
def test_no_text_occurs_twice_within_or_across_splits(data, task):
    texts = [row[field] for row in every_row(data, task) for field in TEXTS[task]]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize("split", ["train", "test"])
def test_correct_is_what_the_checker_says(data, split):
    for row in data["best_of_16"][split]:
        assert [check(row["check"], text) for text in row["responses"]] == row["correct"], row["id"]


def test_sixteen_distinct_responses_of_which_2_to_13_are_correct(data):
    for row in every_row(data, "best_of_16"):
        assert len(set(row["responses"])) == 16
        assert 2 <= sum(row["correct"]) <= 13


def test_every_family_is_in_both_splits(data):
    families = {split: {row["family"] for row in rows} for split, rows in data["best_of_16"].items()}
    assert families["train"] == families["test"]
    assert len(families["test"]) == 7


@pytest.mark.parametrize(
    ("rule", "right", "wrong"),
    [
        ({"kind": "number", "value": 1042}, "50 - 8, so 1,042.", "It is 1042, or perhaps 1043"),
        ({"kind": "number", "value": 42}, "**42 euros**", "I cannot say."),
        ({"kind": "clock", "value": "09:05"}, "From 8:00 on: 9:05", "09:05? No, 09:15."),
        (
            {"kind": "choice", "value": "Ana", "options": ["Ana", "Nils"]},
            "Not Nils but Ana",
            "Ana, then Nils; Anabel",
        ),
        ({"kind": "string", "value": "tac"}, 'Backwards it is "tac". Good luck!', "tac is it"),
        (
            {"kind": "order", "value": ["ant", "bee"]},
            "bee, ant: sorted it is ant, bee",
            "ant before bee, or bee, ant",
        ),
        ({"kind": "word_count", "value": 3, "mention": "rain"}, "Light rain's fine.", "Rain falls."),
        ({"kind": "word_count", "value": 2, "mention": "rain"}, "Rain falls.", "Snow falls."),
        ({"kind": "without_letter", "value": "e", "mention": "rain"}, "Rain falls.", "Rain feeds."),
        ({"kind": "bullets", "value": 2, "mention": "rain"}, "- Rain.\n- Sun.", "Here:\n- Rain.\n- Sun."),
        ({"kind": "json", "value": {"a": 1}}, ' {"a": 1}\n', "```\n{}\n```"),
    ],
)
def test_the_checker_tells_right_from_wrong(rule, right, wrong):
    assert check(rule, right)
    assert not check(rule, wrong)


def test_an_unknown_check_names_the_known_ones():
    with pytest.raises(ValueError, match=r"unknown kind of check 'nmber'; known: bullets, choice"):
        check({"kind": "nmber", "value": 1}, "1")


def test_length_does_not_give_correctness_away(data):
    found = measure.best_of_16(data["best_of_16"])
    assert 0.40 <= found["random response (base rate)"] <= 0.50
    assert found["longest response"] <= found["random response (base rate)"] + 0.05
    assert found["shortest response"] <= found["random response (base rate)"] + 0.05
    assert found["TF-IDF logistic regression"] < 0.75


def test_preferences_are_learnable_in_part_and_not_by_length(data):
    found = measure.preferences(data["preferences"])
    assert 0.45 <= found["longer response"] <= 0.58
    assert 0.66 <= found["TF-IDF logistic regression"] <= 0.85


def test_one_preference_in_ten_is_turned_round(data, monkeypatch):
    monkeypatch.setattr(preferences, "NOISE", 10**9)
    for split, clean in zip(("train", "test"), _clean_preferences(), strict=True):
        turned = [row["chosen"] != kept["chosen"] for row, kept in zip(data["preferences"][split], clean, strict=True)]
        assert sum(turned) == len(turned) // 10


def _clean_preferences():
    taken = set()
    return [preferences.rows(split, taken) for split in ("train", "test")]


def test_unseen_subjects_are_in_test_and_never_in_train(data):
    asks = [ask for subject in preferences.SUBJECTS if subject.unseen for ask in subject.asks]
    share = {
        split: sum(any(ask in row["prompt"] for ask in asks) for row in rows) / len(rows)
        for split, rows in data["preferences"].items()
    }
    assert share["train"] == 0
    assert 0.4 <= share["test"] <= 0.6


def test_detection_is_hard_for_words_and_blind_to_length(data):
    found = measure.detection(data["detection"])
    assert found["base rate"] == pytest.approx(0.3)
    assert 0.4 <= found["length"] <= 0.6
    assert 0.4 <= found["names a credential"] <= 0.6
    assert 0.90 <= found["TF-IDF logistic regression"] <= 0.97


def test_every_kind_of_detection_message_has_ten_or_more_test_rows(data):
    kinds = [row["kind"] for row in data["detection"]["test"]]
    assert len(set(kinds)) == 10
    assert min(kinds.count(kind) for kind in set(kinds)) >= 10


def test_duplicates_are_half_and_half_and_fool_shared_words(data):
    found = measure.duplicates(data["duplicates"])
    assert found["base rate"] == 0.5
    assert 0.65 <= found["TF-IDF cosine"] <= 0.85


def test_no_template_slot_is_left_unfilled(data):
    for task, fields in TEXTS.items():
        if task != "best_of_16":
            assert not [row["id"] for row in every_row(data, task) for field in fields if "{" in row[field]]


def test_run_as_a_plain_script_it_says_how_to_run_it():
    script = Path(make_data.__file__)
    ended = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "python -m tools.quickstart.make_data" in ended.stderr


@given(name=st.text(max_size=8), items=st.lists(st.integers(), min_size=1, max_size=12), data=st.data())
def test_draws_repeat_for_a_name_and_keep_the_items(name, items, data):
    count = data.draw(st.integers(min_value=0, max_value=len(items)))
    first, second = Draw(name), Draw(name)
    assert first.shuffled(items) == second.shuffled(items)
    assert sorted(first.shuffled(items)) == sorted(items)
    places = first.in_order(range(len(items)), count)
    assert len(places) == count
    assert all(a < b for a, b in itertools.pairwise(places))
    assert first.pick(items) in items
