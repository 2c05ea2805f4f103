"""Digests of files are right, and those of large files are remembered until the file changes."""

import hashlib
import json
import os

import pytest

from harness import file_identity
from harness.files import digests


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(digests, "LARGE", 100)
    monkeypatch.setattr(digests, "_KNOWN", {})
    return tmp_path / "cache"


def reads(monkeypatch):
    seen = []
    real = digests._read
    monkeypatch.setattr(digests, "_read", lambda file: seen.append(file.name) or real(file))
    return seen


def test_a_large_file_is_read_once_until_it_changes(cache, tmp_path, monkeypatch):
    seen = reads(monkeypatch)
    file = tmp_path / "weights"
    file.write_bytes(b"a" * 1000)
    first = file_identity(file)
    assert first == hashlib.sha256(b"\0" + hashlib.sha256(b"a" * 1000).digest()).hexdigest()
    digests._KNOWN.clear()  # another process
    assert file_identity(file) == first
    assert seen == ["weights"]
    file.write_bytes(b"b" * 1000)
    digests._KNOWN.clear()
    assert file_identity(file) != first
    assert len(seen) == 2


def test_a_small_file_leaves_nothing_behind(cache, tmp_path):
    file = tmp_path / "small"
    file.write_bytes(b"a")
    file_identity(file)
    assert not cache.exists()


def test_rubbish_in_the_cache_and_a_cache_that_cannot_be_written_do_no_harm(cache, tmp_path, monkeypatch):
    file = tmp_path / "weights"
    file.write_bytes(b"a" * 1000)
    first = file_identity(file)
    (kept,) = (cache / "harness" / "digests").iterdir()
    assert json.loads(kept.read_text())["path"] == str(file)
    for rubbish in ("", "[]", '{"stamp": 1}'):
        kept.write_text(rubbish)
        digests._KNOWN.clear()
        assert file_identity(file) == first
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)
    digests._KNOWN.clear()
    assert file_identity(file) == first
