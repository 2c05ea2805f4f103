"""Lines of text, and what a source of a task file may choose: rows, columns, a mirror alone."""

import gzip
import json

import pytest
from pydantic import ValidationError

from harness.errors import ConfigurationError, DataError
from harness.names.registry import Registry
from harness.tasks.build import build_task
from harness.tasks.data.rows import RangeSource
from harness.tasks.data.sources import FileSource
from harness.tasks.schema import SourceFile

from ...messages import saying


@pytest.fixture
def detection(write_task, tmp_path, monkeypatch):
    """The texts and labels of a detection task of these sources."""
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))

    def read(*sources, **keys):
        keys.setdefault("columns", {})
        write_task("demo/plain", kind="detection", data={"test": list(sources)}, **keys)
        return [
            (item.id, item.fields["text"].text, item.fields["label"])
            for item in build_task(Registry(), "demo/plain").items()
        ]

    return read


def write_rows(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


ROWS = [{"text": letter, "label": number % 2, "part": letter} for number, letter in enumerate("abcdef")]


# lines of text


@pytest.mark.parametrize("name", ["lines.txt", "lines.txt.gz"])
def test_a_text_file_has_a_row_a_line(tmp_path, name):
    path = tmp_path / name
    with (gzip.open if name.endswith(".gz") else open)(path, "wt", encoding="utf-8", newline="") as stream:
        stream.write("\ufefffirst, of two\r\n\n  second é 東 \n")
    rows = list(FileSource(path).rows())
    assert [row.values for row in rows] == [{"text": "first, of two"}, {"text": "second é 東"}]
    assert [row.number for row in rows] == [0, 1]
    assert [row.where.rpartition(":")[2] for row in rows] == ["1", "3"]


def test_a_line_that_is_no_text_is_bad_and_the_rest_goes_on(tmp_path):
    (tmp_path / "lines.txt").write_bytes(b"one\n\xff\xfe\ntwo\n")
    assert [row.problem for row in FileSource(tmp_path / "lines.txt").rows()] == [
        "",
        "not valid UTF-8: invalid start byte",
        "",
    ]


def test_an_empty_text_file_has_no_rows(tmp_path):
    (tmp_path / "lines.txt").write_text("\n \n")
    assert list(FileSource(tmp_path / "lines.txt").rows()) == []


def test_a_truncated_text_file_is_a_data_error(tmp_path):
    path = tmp_path / "lines.txt.gz"
    path.write_bytes(gzip.compress(b"some line\n" * 5000)[:-9])
    with pytest.raises(DataError, match=str(path)):
        list(FileSource(path).rows())


# runs of rows


def test_a_run_of_rows_keeps_their_numbers_and_reads_no_further(tmp_path):
    read = []

    class Watched:
        description = "watched"

        def rows(self):
            for row in FileSource(tmp_path / "rows.jsonl").rows():
                read.append(row.number)
                yield row

    write_rows(tmp_path / "rows.jsonl", ROWS)
    run = RangeSource(Watched(), 1, 3)
    assert [row.number for row in run.rows()] == [1, 2]
    assert read == [0, 1, 2]
    assert run.description == "watched, rows 1 to 2"


@pytest.mark.parametrize(("rows", "texts"), [([0, 2], "ab"), ([4, 99], "ef"), ([9, 10], "")])
def test_a_source_may_be_a_run_of_its_rows(detection, tmp_path, rows, texts):
    write_rows(tmp_path / "who/what/test.jsonl", ROWS)
    found = detection({"hub": "who/what", "split": "test", "rows": rows})
    assert [text for _, text, _ in found] == list(texts)


def test_a_run_is_one_of_the_rows_that_were_selected(detection, tmp_path):
    write_rows(tmp_path / "who/what/test.jsonl", ROWS)
    found = detection({"hub": "who/what", "split": "test", "where": {"label": 1}, "rows": [1, 3]})
    assert [text for _, text, _ in found] == ["d", "f"]


@pytest.mark.parametrize("rows", [[2, 2], [3, 1], [-1, 4]])
def test_a_run_without_rows_is_refused(rows):
    with pytest.raises(ValidationError, match=saying("[first, end]", "0 <= first < end").pattern):
        SourceFile.model_validate({"hub": "who/what", "split": "test", "rows": rows})


# mirrors


def test_the_rows_of_a_mirror_are_chosen_by_its_own_columns(detection, tmp_path):
    write_rows(tmp_path / "mine.jsonl", ROWS)
    source = {"hub": "who/what", "split": "test", "where": {"x": 1}, "mirror": "mine.jsonl"}
    assert len(detection(source)) == 6
    assert [text for _, text, _ in detection({**source, "mirror_where": {"part": ["b", "c"]}})] == ["b", "c"]


def test_a_value_that_is_not_known_is_not_chosen(detection, tmp_path):
    write_rows(
        tmp_path / "mine.jsonl", [{"text": "a", "S": 1}, {"text": "b"}, {"text": "c", "S": None}, {"text": "d", "S": 0}]
    )
    source = {"mirror": "mine.jsonl", "mirror_where": {"S": [0, 1]}}
    assert [row[1:] for row in detection(source, columns={"label": "S"})] == [("a", 1), ("d", 0)]


def test_data_without_a_hub_are_read_from_their_mirror(detection, tmp_path):
    write_rows(tmp_path / "mine.jsonl", ROWS)
    assert len(detection({"mirror": "mine.jsonl"})) == 6


def test_data_without_a_hub_and_without_a_mirror_say_where_they_were_looked_for(detection):
    with pytest.raises(DataError, match=saying("demo/plain", "/mine.jsonl").pattern):
        detection({"mirror": "mine.jsonl"})


@pytest.mark.parametrize("source", [{}, {"split": "test"}, {"hub": "a/b", "split": "test", "file": "x.jsonl"}])
def test_a_source_is_one_thing(source):
    with pytest.raises(ValidationError, match=saying("'hub'", "'file'", "'generator'", "'store'", "'mirror'").pattern):
        SourceFile.model_validate(source)


# columns of a source


def test_sources_of_a_split_may_name_their_columns_differently(detection, tmp_path):
    write_rows(tmp_path / "who/what/test.jsonl", [{"goal": "a"}])
    write_rows(tmp_path / "mine.jsonl", [{"prompt": "b", "unsafe": 0}])
    found = detection(
        {"hub": "who/what", "split": "test", "columns": {"id": "bad/{index}", "text": "goal", "label": {"value": 1}}},
        {"mirror": "mine.jsonl", "columns": {"id": "good/{index}"}},
        columns={"text": "prompt", "label": "unsafe"},
    )
    assert found == [("bad/0", "a", 1), ("good/0", "b", 0)]


def test_the_columns_of_a_mirror_win_over_those_of_its_source(detection, tmp_path):
    write_rows(tmp_path / "mine.jsonl", [{"theirs": "hub", "ours": "mirror", "label": 1}])
    source = {"hub": "who/what", "split": "test", "columns": {"text": "theirs"}, "mirror": "mine.jsonl"}
    assert detection({**source, "mirror_columns": {"text": "ours"}}) == [("0", "mirror", 1)]


def test_a_column_of_a_source_that_the_kind_lacks_is_refused(detection):
    with pytest.raises(ConfigurationError, match=saying("data.columns.prompt", "'detection'").pattern):
        detection({"mirror": "mine.jsonl", "columns": {"prompt": "q"}})
