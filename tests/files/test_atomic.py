"""Files are there whole or not at all, under names that nobody else uses."""

from __future__ import annotations

import errno
import os
import stat
import threading

import numpy as np
import pytest

from harness import write_atomically
from harness.files import is_full, private_name, remove_leftovers, replacing
from harness.files.npz import read_npz, write_npz


def test_many_writers_of_one_file_do_not_meet(tmp_path):
    failed = []

    def work(number):
        try:
            for _ in range(30):
                write_atomically(tmp_path / "a", f"{number}" * 10_000, durable=False)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(set((tmp_path / "a").read_text())) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_planted_links_are_not_followed(tmp_path, monkeypatch):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "a.partial").symlink_to(victim)  # a name that could be guessed
    (tmp_path / "a").symlink_to(victim)
    write_atomically(tmp_path / "a", "new")
    assert victim.read_text() == "precious"
    assert not (tmp_path / "a").is_symlink()
    assert (tmp_path / "a").read_text() == "new"
    guessed = private_name(tmp_path / "b")
    guessed.symlink_to(victim)
    monkeypatch.setattr("harness.files.atomic.private_name", lambda target: guessed)
    with pytest.raises(OSError, match="exists") as caught:
        write_atomically(tmp_path / "b", "new")
    assert caught.value.errno == errno.EEXIST
    assert victim.read_text() == "precious"


def test_errors_name_the_file_that_was_to_be_written(tmp_path):
    with pytest.raises(OSError, match="No such file") as caught:
        write_atomically(tmp_path / "nowhere" / "a", "")
    assert caught.value.filename == str(tmp_path / "nowhere" / "a")


def test_what_breaks_off_leaves_what_was_there(tmp_path):
    write_atomically(tmp_path / "a", "old")

    def break_off():
        with replacing(tmp_path / "a") as stream:
            stream.write(b"ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert (tmp_path / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_files_have_the_rights_of_any_other_new_file(tmp_path):
    (tmp_path / "usual").touch()
    write_atomically(tmp_path / "a", "")
    rights = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("usual", "a")]
    assert rights[0] == rights[1]


def test_only_our_own_leftovers_are_deleted(tmp_path):
    (tmp_path / "inner").mkdir()
    ours = [private_name(tmp_path / "a"), private_name(tmp_path / "inner" / "a")]
    others = [tmp_path / name for name in ("a.partial", ".harness-mine.partial", ".harness-0.partial")]
    for path in (*ours, *others):
        path.touch()
    remove_leftovers(tmp_path)
    assert [path.exists() for path in (*ours, *others)] == [False, False, True, True, True]


@pytest.mark.parametrize("compressed", [False, True])
def test_arrays_are_written_whole_and_alike_every_time(tmp_path, compressed):
    for name in ("a", "b"):
        write_npz(tmp_path / f"{name}.npz", {"x": np.arange(3), "y": np.eye(2)}, compressed=compressed)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert read_npz(tmp_path / "a.npz")["x"].tolist() == [0, 1, 2]


def test_a_full_disk_is_known_by_its_number_not_its_words():
    assert is_full(OSError(errno.ENOSPC, "kein Platz"))
    assert is_full(OSError(errno.EFBIG, ""))
    assert not is_full(OSError(errno.EACCES, "No space left on device"))
    assert not is_full(ValueError("No space left on device"))
    assert os.strerror(errno.ENOSPC)
