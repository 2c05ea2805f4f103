"""Ctrl-C during a transaction takes effect after it."""

from __future__ import annotations

import signal
import threading

import pytest
import sqlalchemy as sa

from harness.store import Store
from harness.store import schema as s
from harness.store.interrupts import held_interrupts


@pytest.fixture(autouse=True)
def interrupts_raise():
    """What a job in the background of a shell inherits ignores them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_comes_at_the_end_and_only_once():
    before = signal.getsignal(signal.SIGINT)
    reached = []

    def work():
        with held_interrupts(), held_interrupts():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            reached.append("the end")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == ["the end"]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_store_can_be_written_after_an_interrupt_inside_a_transaction(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        add = sa.insert(s.about)

        def interrupted():
            with store.transaction() as connection:
                connection.execute(add.values(key="first", value="1"))
                signal.raise_signal(signal.SIGINT)
                connection.execute(add.values(key="second", value="2"))

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        with store.transaction() as connection:
            connection.execute(add.values(key="third", value="3"))
        with store.reading() as connection:
            keys = set(connection.execute(sa.select(s.about.c.key)).scalars())
    assert {"first", "second", "third"} <= keys


def test_an_error_inside_is_raised_where_no_interrupt_came():
    with pytest.raises(ValueError, match="inside"), held_interrupts():
        raise ValueError("inside")


def test_other_threads_and_ignored_interrupts_are_left_alone():
    seen = []

    def work():
        with held_interrupts():
            seen.append("thread")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with held_interrupts():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == ["thread"]
