"""The marker of generated data: found beside a file and above it, up to the folder of all copies; damaged ones too."""

import json

import pytest

from harness.files import MARKER, GeneratedData, find_generated, mark_generated


def test_a_marker_says_who_made_the_data_beside_it_and_with_what(tmp_path):
    mark_generated(tmp_path, "python -m maker", {"rows": 20, "seed": 3})
    assert find_generated(tmp_path / "rows.jsonl") == GeneratedData("python -m maker (rows 20, seed 3)")
    assert json.loads((tmp_path / MARKER).read_text())["generated"] is True


def test_markers_above_count_up_to_the_root_and_no_further(tmp_path):
    file = tmp_path / "copies" / "owner" / "set" / "test.jsonl"
    file.parent.mkdir(parents=True)
    mark_generated(tmp_path, "above the root", {})
    assert find_generated(file, tmp_path / "copies") is None
    mark_generated(tmp_path / "copies", "maker", {})
    assert find_generated(file, tmp_path / "copies") == GeneratedData("maker")
    assert find_generated(file) is None


@pytest.mark.parametrize("content", ["", "[]", "{", '{"made_by": 7, "settings": 3}', "\udcff"])
def test_a_damaged_marker_marks_all_the_same(tmp_path, content):
    (tmp_path / MARKER).write_bytes(content.encode("utf-8", "surrogateescape"))
    assert find_generated(tmp_path / "rows.jsonl") is not None


def test_a_mark_survives_its_cell():
    mark = GeneratedData("maker", "owner/set")
    assert GeneratedData.from_json(mark.as_json()) == mark
    assert GeneratedData.from_json(None) is None
    assert GeneratedData.from_json(True) == GeneratedData()
