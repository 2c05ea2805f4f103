"""A snapshot of a hub's data set below HARNESS_DATA is read as the hub lays it out."""

from __future__ import annotations

import pytest

from harness.errors import DataError
from harness.names.registry import Registry
from harness.tasks.build import build_task

from ...messages import saying

ROWS = [{"text": letter, "label": number % 2, "part": letter} for number, letter in enumerate("abcde")]


@pytest.fixture
def read(toys, write_task, tmp_path, monkeypatch):
    """The texts and ids of a detection task over the data set owner/set."""
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path / "copy"))

    def call(**keys):
        source = {"hub": "owner/set", "split": "test", **keys}
        write_task("demo/plain", kind="detection", data={"test": source}, columns={"id": "{part}/{index}"})
        task = build_task(Registry(), "demo/plain")
        return [(item.fields["text"].text, item.id) for item in task.items()]

    return call


@pytest.fixture
def write(tmp_path):
    """Write rows as Parquet below the data set's folder."""
    import pyarrow
    import pyarrow.parquet

    def call(place, rows):
        path = tmp_path / "copy/owner/set" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)

    return call


LAYOUTS = {
    "as it is uploaded": ("data/test-00000-of-00002.parquet", "data/test-00001-of-00002.parquet"),
    "with a hash": (
        "data/test-00000-of-00002-0123456789abcdef.parquet",
        "data/test-00001-of-00002-0123456789abcdef.parquet",
    ),
    "as the hub converts it": ("default/test/0000.parquet", "default/test/0001.parquet"),
    "without a folder": ("test-00000-of-00002.parquet", "test-00001-of-00002.parquet"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_shards_of_a_split_are_its_rows_numbered_through(read, write, layout):
    first, second = LAYOUTS[layout]
    write(second, ROWS[3:])
    write(first, ROWS[:3])
    write(first.replace("test", "train"), ROWS[:1])
    write(first.replace("test", "test-more"), ROWS[:1])
    assert read() == [(letter, f"{letter}/{number}") for number, letter in enumerate("abcde")]
    assert read(where={"label": 1}, rows=[1, 2]) == [("d", "d/3")]


def test_the_files_of_a_configuration_never_stand_for_another_one(read, write):
    write("data/test-00000-of-00001.parquet", ROWS[:1])
    write("english/test-00000-of-00001.parquet", ROWS[1:2])
    assert read(config="english") == [("b", "b/0")]
    assert read(config="default") == [("a", "a/0")]
    assert read() == [("a", "a/0")]


@pytest.mark.slow
def test_a_configuration_that_is_not_there_is_looked_for_by_its_layout(read, write):
    write("data/test-00000-of-00001.parquet", ROWS[:1])
    with pytest.raises(DataError, match=saying("german/test.jsonl", "german/test-*.parquet").pattern):
        read(config="german")


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_shard_that_was_not_downloaded_is_named(read, write, lost):
    for number in range(3):
        if number != lost:
            write(f"data/test-0000{number}-of-00003.parquet", ROWS[number : number + 1])
    with pytest.raises(DataError, match=saying(f"test-0000{lost}-of-00003.parquet", "no such file").pattern):
        read()


def test_a_single_file_of_the_split_is_read_before_shards(read, write):
    write("data/test-00000-of-00001.parquet", ROWS[:1])
    write("test.parquet", ROWS[1:2])
    assert read() == [("b", "b/0")]
