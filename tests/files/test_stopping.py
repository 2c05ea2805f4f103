"""Requests to stop: each kind is a Ctrl-C, and many at once are one."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from harness.cli.main import cli, run
from harness.files.stopping import PATIENCE, STOPPING, Requests, Stopped, stoppable
from harness.store.interrupts import held_interrupts


@pytest.mark.parametrize("number", STOPPING)
def test_every_request_to_stop_is_an_interrupt(number):
    before = [signal.getsignal(each) for each in STOPPING]
    with pytest.raises(KeyboardInterrupt), stoppable() as requests:
        signal.raise_signal(number)
    assert requests.exit_code == 128 + number
    assert [signal.getsignal(each) for each in STOPPING] == before


def test_five_at_once_are_one():
    cleaned = []

    def work():
        with stoppable():
            try:
                signal.raise_signal(signal.SIGINT)
            finally:
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT, signal.SIGINT):
                    signal.raise_signal(number)
                cleaned.append("up")

    with pytest.raises(Stopped):
        work()
    assert cleaned == ["up"]


def test_who_waits_and_asks_again_is_heard_and_at_last_obeyed(monkeypatch):
    clock = [100.0]
    left = []
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    monkeypatch.setattr(os, "_exit", left.append)
    monkeypatch.setattr(os, "write", lambda number, text: None)
    requests = Requests()
    for _ in range(2):
        with pytest.raises(Stopped):
            requests.take(signal.SIGTERM, None)
        requests.take(signal.SIGINT, None)
        clock[0] += PATIENCE
    assert left == []
    with pytest.raises(Stopped):  # here alone, for the process has not ended
        requests.take(signal.SIGINT, None)
    assert left == [143]


def test_what_is_ignored_stays_ignored_and_other_threads_are_left_alone():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stoppable():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    seen = []

    def work():
        with stoppable() as requests:
            seen.append(requests.first)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [None]


def test_a_process_that_ends_heeds_nothing_more():
    before = {number: signal.getsignal(number) for number in STOPPING}
    try:
        with pytest.raises(Stopped), stoppable(for_good=True):
            signal.raise_signal(signal.SIGINT)
        assert all(signal.getsignal(number) is signal.SIG_IGN for number in STOPPING)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize("number", STOPPING)
def test_a_transaction_is_finished_first(number):
    reached = []

    def work():
        with stoppable(), held_interrupts():
            signal.raise_signal(number)
            reached.append("the end")

    with pytest.raises(Stopped):
        work()
    assert reached == ["the end"]


@pytest.mark.parametrize("number", STOPPING)
def test_the_command_line_says_what_is_kept_and_leaves_with_128_and_the_signal(number, project, monkeypatch, capsys):
    monkeypatch.setattr(type(cli), "invoke", lambda self, context: signal.raise_signal(number))
    assert run(["list", "models"]) == 128 + number
    assert "stopped; what was computed is kept" in capsys.readouterr().err
