"""Killed, interrupted and shared stores: nothing computed is lost, and the estimates are those of a whole run."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

ITEMS = 60
KILLS = 20


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "harness.cli.main", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stored(path):
    """(responses, different responses, failed ones) in a store."""
    with sqlite3.connect(path) as connection:
        counts = [
            connection.execute(query).fetchone()[0]
            for query in (
                "SELECT count(*) FROM responses",
                "SELECT count(*) FROM (SELECT DISTINCT model, capability, key FROM responses)",
                "SELECT count(*) FROM responses WHERE error IS NOT NULL",
            )
        ]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    return tuple(counts)


def run_states(path):
    with sqlite3.connect(path) as connection:
        states = [state for (state,) in connection.execute("SELECT status FROM runs ORDER BY id")]
    connection.close()
    return states


@pytest.fixture
def slow(toys, write_task, rows):
    write_task("demo/plain", rows(ITEMS))
    return toys


def wait_for_batches(process, log, count):
    """Until that many further batches were answered, or the process has ended."""

    def answered():
        return len(log.read_text().splitlines()) if log.exists() else 0

    wanted = answered() + count
    while answered() < wanted and process.poll() is None:
        time.sleep(0.005)


def test_a_run_killed_at_twenty_random_moments_resumes_to_the_same_estimates(slow, shell):
    command = ("eval", "-m", "slow=toy-slow:seconds=0.05,log=log", "-t", "demo/plain", "--json", "--store")
    whole = shell(*command, "whole.sqlite")
    assert whole.code == 0
    (slow / "log").unlink()
    # Half of the kills come while harness starts, half in one of the first batches that are new: never all are done.
    draw = random.Random(20)
    killed = 0
    for number in range(KILLS):
        process = start(*command, "killed.sqlite")
        if number % 2:
            wait_for_batches(process, slow / "log", 1)
        time.sleep(draw.uniform(0, 0.12))
        process.kill()
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
    assert killed >= KILLS // 2
    resumed = shell(*command, "killed.sqlite")
    assert resumed.code == 0
    assert resumed.document["results"] == whole.document["results"]
    assert resumed.document["failures"] == []
    assert stored("killed.sqlite") == stored("whole.sqlite") == (2 * ITEMS, 2 * ITEMS, 0)
    # At most the batch in flight is lost by each kill.
    asked = sum(int(line.split()[1]) for line in (slow / "log").read_text().splitlines())
    assert ITEMS <= asked <= ITEMS + 2 * killed
    again = shell(*command, "killed.sqlite")
    assert again.document["results"] == whole.document["results"]
    assert "(all from the store)" in again.err


def test_array_responses_survive_kills(toys, write_task, shell):
    rows = [{"id": str(i), "first": f"{i} a text", "second": f"a text {i}", "label": i % 2} for i in range(40)]
    write_task("demo/pairs", rows, kind="similarity")
    command = ("eval", "-m", "v=toy-vectors:seconds=0.04", "-t", "demo/pairs", "--json", "--store")
    whole = shell(*command, "whole.sqlite")
    draw = random.Random(3)
    for _ in range(5):
        process = start(*command, "killed.sqlite")
        time.sleep(draw.uniform(0.3, 1.0))
        process.kill()
        process.communicate()
    resumed = shell(*command, "killed.sqlite")
    assert resumed.code == 0
    assert resumed.document["results"] == whole.document["results"]
    assert stored("killed.sqlite") == stored("whole.sqlite") == (80, 80, 0)


def test_two_processes_share_a_store(slow, shell):
    command = ("eval", "-m", "slow=toy-slow:seconds=0.03", "-t", "demo/plain", "--json", "--store", "s.sqlite")
    processes = [start(*command) for _ in range(2)]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], [error for _, error in outputs]
    first, second = (json.loads(out)["results"] for out, _ in outputs)
    assert first == second
    assert stored("s.sqlite") == (2 * ITEMS, 2 * ITEMS, 0)
    assert run_states("s.sqlite") == ["done", "done"]


def test_two_processes_with_two_models_share_a_store(slow, shell):
    commands = [
        (
            "eval",
            "-m",
            f"m{i}=toy-slow:seconds=0.02,batch_size={i}",
            "-t",
            "demo/plain",
            "--json",
            "--store",
            "s.sqlite",
        )
        for i in (2, 3)
    ]
    processes = [start(*command) for command in commands]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], [error for _, error in outputs]
    assert stored("s.sqlite") == (4 * ITEMS, 4 * ITEMS, 0)


def test_an_interrupt_exits_130_with_a_message_and_the_run_resumes(slow, shell):
    command = ("eval", "-m", "slow=toy-slow:seconds=0.1,log=log", "-t", "demo/plain", "--json", "--store", "s.sqlite")
    process = start(*command)
    wait_for(slow / "log")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    # A shell says 130 of both; Python dies of the signal itself where it came while a module was being imported.
    assert process.returncode in (130, -signal.SIGINT)
    assert out == ""
    assert err == "\nstopped; what was computed is kept, and the same command goes on from here\n"
    assert run_states("s.sqlite") == ["interrupted"]
    before = stored("s.sqlite")[0]
    resumed = shell(*command)
    assert resumed.code == 0
    assert before < 2 * ITEMS
    assert stored("s.sqlite") == (2 * ITEMS, 2 * ITEMS, 0)
    assert run_states("s.sqlite") == ["interrupted", "done"]


def test_an_interrupt_inside_a_model_is_no_failed_request(toys, write_task, rows, harness):
    write_task("demo/plain", [*rows(6), {"id": "x", "prompt": "p", "responses": ["1", "interrupt"], "correct": [1, 0]}])
    ran = harness("eval", "-m", "toy-reader", "-t", "demo/plain")
    assert (ran.code, ran.out) == (130, "")
    assert run_states(".harness/store.sqlite") == ["interrupted"]
    assert stored(".harness/store.sqlite") == (8, 8, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_terminated_run_is_filed_as_interrupted_and_goes_on(slow, shell, number):
    command = ("eval", "-m", "slow=toy-slow:seconds=0.1,log=log", "-t", "demo/plain", "--json", "--store", "s.sqlite")
    process = start(*command)
    wait_for(slow / "log")
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert out == ""
    assert err == "\nstopped; what was computed is kept, and the same command goes on from here\n"
    assert run_states("s.sqlite") == ["interrupted"]
    assert shell(*command).code == 0
    assert stored("s.sqlite") == (2 * ITEMS, 2 * ITEMS, 0)


def test_many_interrupts_at_once_are_one(slow, shell):
    command = ("eval", "-m", "slow=toy-slow:seconds=0.1,log=log", "-t", "demo/plain", "--json", "--store", "s.sqlite")
    process = start(*command)
    wait_for(slow / "log")
    for _ in range(8):
        process.send_signal(signal.SIGINT)
        time.sleep(0.03)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == "\nstopped; what was computed is kept, and the same command goes on from here\n"
    assert run_states("s.sqlite") == ["interrupted"]


def test_answers_of_a_stream_are_filed_when_it_is_terminated(toys, write_task, shell, add_plugin):
    """What a server has answered is paid for, though it is filed only every few seconds."""
    add_plugin("drip", DRIP)
    rows = [{"id": str(i), "prompt": "p", "responses": [f"{i}", "0"], "correct": [1, 0]} for i in range(50)]
    write_task("demo/plain", rows)
    process = start("eval", "-m", "drip", "-t", "demo/plain", "--store", "s.sqlite")
    wait_for(toys / "drip.log")
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert run_states("s.sqlite") == ["interrupted"]
    answered = len((toys / "drip.log").read_text().splitlines())
    assert 0 < answered < 50
    assert stored("s.sqlite")[0] >= answered


DRIP = """
import time
from pathlib import Path

from harness import Model
from harness.hooks import hookimpl


class Drip(Model):
    streamed = ("score",)
    batch_size = 1000

    def score(self, requests):
        return [[0.0 for _ in request.responses] for request in requests]

    def stream(self, capability, requests):
        for i, answer in enumerate(self.score(requests)):
            time.sleep(0.1)
            with Path("drip.log").open("a") as log:
                log.write("answered\\n")
            yield i, answer


@hookimpl
def register_models(register):
    register("drip", "plugin_drip:Drip", offers=("score",), description="toy")
"""


def test_a_full_disk_is_one_message(slow, tmp_path):
    # A limit on the size of files stands in for a full disk.
    command = "-m slow=toy-slow:seconds=0 -t demo/plain --store s.sqlite"
    script = f"ulimit -f 60; trap '' XFSZ; exec {sys.executable} -m harness.cli.main eval {command}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert "error: s.sqlite: " in done.stderr


def test_a_killed_training_goes_on_from_its_checkpoint(toys, write_task, rows, shell):
    write_task("demo/plain", rows(3), data={name: {"file": "plain.jsonl"} for name in ("test", "train")})
    command = ("train", "toy-trainer", "-t", "demo/plain", "-o", "model", "--set", "steps=40", "--set", "seconds=0.05")
    process = start(*command)
    wait_for(toys / "model.partial" / "step.txt")
    time.sleep(0.3)
    process.kill()
    process.communicate()
    assert not (toys / "model").exists()
    resumed = shell(*command, "--json")
    assert resumed.code == 0
    assert resumed.document["figures"]["started_at"] > 1
    assert not (toys / "model.partial").exists()
    with sqlite3.connect(".harness/store.sqlite") as connection:
        curve = connection.execute("SELECT step, name, value FROM curves ORDER BY step").fetchall()
    connection.close()
    assert curve == [(step, "loss", 1 / step) for step in range(1, 41)]


def wait_for(path):
    for _ in range(300):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} did not appear")
