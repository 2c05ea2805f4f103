"""The tools' own files, unpacked."""

import gzip
from pathlib import Path

import pytest

FILES = Path(__file__).parent / "files"


@pytest.fixture
def log(tmp_path):
    """A function from the name of a tool's file to the file, unpacked in a folder of the test."""

    def unpack(name):
        packed = (FILES / name).read_bytes()
        path = tmp_path / name.removesuffix(".gz")
        path.write_bytes(gzip.decompress(packed) if name.endswith(".gz") else packed)
        return path

    return unpack


@pytest.fixture
def split():
    """A function from what an importer yields to its rows and its notes."""

    def apart(found):
        found = list(found)
        rows = [row for row in found if "note" not in row]
        assert found[: len(rows)] == rows, "notes come last"
        return rows, [row["note"] for row in found[len(rows) :]]

    return apart
