"""One process at a time, and no waiting for oneself."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from harness.errors import UsageError
from harness.files import alone, try_alone

COUNT = """
import sys, time
from pathlib import Path
from harness.files import alone
folder = Path(sys.argv[1])
for _ in range(20):
    with alone(folder / "lock"):
        number = int((folder / "count").read_text())
        time.sleep(0.001)
        (folder / "count").write_text(str(number + 1))
"""


def test_processes_take_turns_and_leave_nothing(tmp_path):
    (tmp_path / "count").write_text("0")
    processes = [subprocess.Popen([sys.executable, "-c", COUNT, str(tmp_path)]) for _ in range(3)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    assert (tmp_path / "count").read_text() == "60"
    assert [path.name for path in tmp_path.iterdir()] == ["count"]


def test_who_has_to_wait_is_told_and_gets_its_turn(tmp_path):
    told, entered = [], threading.Event()

    def first():
        with alone(tmp_path / "lock") as waited:
            told.append(waited)
            entered.set()
            time.sleep(0.2)

    thread = threading.Thread(target=first)
    thread.start()
    entered.wait()
    with alone(tmp_path / "lock", waiting=lambda: told.append("waiting")) as waited:
        told.append(waited)
    thread.join()
    assert told == [False, "waiting", True]
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_hinders_nobody(tmp_path):
    (tmp_path / "lock").touch()
    with alone(tmp_path / "lock") as waited:
        assert not waited
    assert list(tmp_path.iterdir()) == []


def test_waiting_for_oneself_is_an_error(tmp_path):
    with alone(tmp_path / "lock"):
        with pytest.raises(UsageError, match="for ever"), alone(tmp_path / "lock"):
            pass
        with alone(tmp_path / "another"):
            pass
    with alone(tmp_path / "lock"):
        pass


def test_a_planted_link_is_not_followed(tmp_path):
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "lock").symlink_to(tmp_path / "victim")
    with pytest.raises(UsageError, match="is a link"), alone(tmp_path / "lock"):
        pass
    assert (tmp_path / "victim").read_text() == "precious"


def test_who_does_not_want_to_wait_is_told(tmp_path):
    with try_alone(tmp_path / "lock") as mine:
        assert mine
        with try_alone(tmp_path / "lock") as second:
            assert not second
    with try_alone(tmp_path / "lock") as mine:
        assert mine
