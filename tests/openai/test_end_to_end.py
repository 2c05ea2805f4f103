"""Models behind a server through the command line: killed, out of budget, with a key that must not show anywhere."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from openai_server import Server

from ..messages import saying

KEY = "sk-recognisable-0123456789abcdef"
GENERATE = "curation/boxed-sums"
JUDGED = "quickstart/preferences"


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TINY_KEY", KEY)
    return KEY


def served(server: Server, more: str = "", concurrency: int = 4) -> str:
    place = f"base_url={server.url},api_key_variable=TINY_KEY,served_as=tiny"
    return f"tiny=openai:model=tiny,{place},concurrency={concurrency}{more}"


def judge(server: Server) -> str:
    base = f"openai:model=tiny,base_url={server.url},api_key_variable=TINY_KEY,concurrency=4"
    return f"judge:base=[{base}],prompt=arena-hard"


def verdict(number: int, path: str, body: Any) -> Any:
    """The longer a prompt, the more often A."""
    label = "[[A>B]]" if len(body["messages"][-1]["content"]) % 3 else "[[B>A]]"
    message = {"role": "assistant", "content": f"My final verdict is: {label}"}
    choices = [{"index": 0, "finish_reason": "stop", "message": message}]
    return "json", {"id": "1", "object": "chat.completion", "created": 1, "model": "tiny", "choices": choices}


def files_holding(folder: Path, secret: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def values(ran: Any) -> dict[str, float]:
    return {f"{r['task']} {r['metric']}": r["value"] for r in ran.document["results"] if r["domain"] == "overall"}


def test_generation_is_asked_once_and_the_key_shows_nowhere(shell: Any, project: Path, key: str) -> None:
    with Server(key=KEY) as server:
        command = ("eval", "-m", served(server), "-t", GENERATE, "--json", "--limit", 40)
        first = shell(*command)
        assert first.code == 0, first.err
        asked = len(server.seen)
        assert 0 < asked <= 40
        assert set(server.answered.values()) == {1}
        again = shell(*command)
        assert values(again) == values(first)
        assert len(server.seen) == asked
        assert {headers["authorization"] for _, _, headers in server.seen} == {f"Bearer {KEY}"}
        shown = [shell("show", "openai"), shell("doctor"), first, again]
    for ran in shown:
        assert KEY not in ran.out + ran.err
    assert files_holding(project, KEY) == []
    assert files_holding(project, "curation/boxed-sums")  # the search finds what is there


def test_a_wrong_key_is_named_by_its_variable_alone(shell: Any, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = "sk-wrong-but-still-secret-987654"
    monkeypatch.setenv("TINY_KEY", wrong)
    with Server(key=KEY) as server:
        ran = shell("eval", "-m", served(server), "-t", GENERATE, "--limit", 5)
    assert ran.code == 1
    assert "refuses the key in TINY_KEY (401)" in ran.err
    assert wrong not in ran.out + ran.err
    assert files_holding(project, wrong) == []


def test_a_judge_behind_a_server_is_killed_and_goes_on_without_asking_again(
    shell: Any, project: Path, key: str
) -> None:
    with Server(verdict, latency=0.1, key=KEY) as server:
        command = ["eval", "-m", judge(server), "-t", JUDGED, "--limit", "100", "--json"]
        process = subprocess.Popen(
            [sys.executable, "-m", "harness.cli.main", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        deadline = time.monotonic() + 60
        while stored(project) < 20:
            assert time.monotonic() < deadline, "nothing was filed"
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kept = stored(project)
        assert kept < 200
        before = len(server.seen)
        ran = shell(*command)
        assert ran.code == 0, ran.err
        assert len(server.seen) - before == 200 - kept  # what was under way when it was killed is asked again
        assert stored(project) == 200
        whole = shell(*command, "--store", project / "whole.sqlite")
        assert values(ran) == values(whole)


def stored(project: Path) -> int:
    """Answers of the server that are in the store."""
    path = project / ".harness" / "store.sqlite"
    if not path.is_file():
        return 0
    query = (
        "SELECT count(*) FROM responses JOIN capabilities ON capabilities.id = responses.capability "
        "WHERE capabilities.name = 'generate' AND error IS NULL"
    )
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        try:
            return int(connection.execute(query).fetchone()[0])
        except sqlite3.OperationalError:  # the tables are being made
            return 0


def test_a_budget_ends_the_run_and_a_larger_one_finishes_it(shell: Any, project: Path, key: str) -> None:
    with Server(key=KEY) as server:
        ran = shell("eval", "-m", served(server, ",token_budget=900"), "-t", GENERATE, "--limit", 40)
        assert ran.code == 1
        assert ran.err == saying("raise", "budget", "command")
        asked = len(server.seen)
        assert 0 < asked < 40
        assert stored(project) == asked
        ran = shell("eval", "-m", served(server, ",token_budget=1000000"), "-t", GENERATE, "--limit", 40, "--json")
        assert ran.code == 0, ran.err
        assert set(server.answered.values()) == {1}
        assert len(server.seen) == stored(project)


@pytest.mark.slow
def test_a_real_server_answers_and_its_missing_log_probabilities_are_named(
    shell: Any, project: Path, tmp_path: Path
) -> None:
    pytest.importorskip("fastapi", reason="transformers serve needs fastapi")
    pytest.importorskip("uvicorn", reason="transformers serve needs uvicorn")
    import importlib.util

    place = Path(__file__).parents[1] / "hf" / "tiny.py"
    spec = importlib.util.spec_from_file_location("tiny", place)
    assert spec is not None
    assert spec.loader is not None
    tiny = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tiny)
    folder = tiny.causal(tmp_path / "model", context=4096)
    port = 8000 + os.getpid() % 2000
    log = (tmp_path / "serve.log").open("w")
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(folder)]
    process = subprocess.Popen([*command, "--port", str(port), "--device", "cpu"], stdout=log, stderr=log)
    try:
        wait_for(port, process, tmp_path / "serve.log")
        url = f"http://127.0.0.1:{port}/v1"
        named = f"openai:model={folder},base_url={url},concurrency=2,timeout=60"
        ran = shell("eval", "-m", f"tiny={named}", "-t", GENERATE, "--limit", 3, "--json")
        assert ran.code == 0, ran.err
        assert ran.document["results"][0]["n"] == 3
        ran = shell(
            "eval", "-m", f"judge:base=[{named}],prompt=arena-hard,verdict=log-probability", "-t", JUDGED, "--limit", 2
        )
        assert ran.code == 1
        assert "log-probabilities" in ran.err
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def wait_for(port: int, process: Any, log: Path) -> None:
    import socket

    for _ in range(600):
        assert process.poll() is None, log.read_text()[-2000:]
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError(f"no server: {log.read_text()[-2000:]}")


def said(text: str) -> Any:
    message = {"role": "assistant", "content": text}
    choices = [{"index": 0, "finish_reason": "stop", "message": message}]
    return "json", {"choices": choices, "system_fingerprint": "fp \ud83d", "usage": {"prompt_tokens": -5}}


@pytest.mark.parametrize("task", [GENERATE, JUDGED])
def test_answers_that_end_in_half_a_character_are_paid_for_once(
    harness: Any, project: Path, key: str, task: str
) -> None:
    with Server(lambda number, *_: said(f"My verdict is [[A>B]]. {number % 3} \ud83d"), key=KEY) as server:
        model = judge(server) if task == JUDGED else served(server)
        command = ("eval", "-m", model, "-t", task, "--json", "--limit", 20)
        first = harness(*command)
        assert first.code == 0, first.err
        asked = len(server.seen)
        assert stored(project) == asked
        again = harness(*command)
        assert (again.code, len(server.seen)) == (0, asked)
        assert values(again) == values(first)
        assert first.document["failures"] == []


def test_blocked_prompts_are_failures_and_the_same_command_asks_for_them_alone(
    harness: Any, project: Path, key: str
) -> None:
    def act(number: int, path: str, body: Any) -> Any:
        return said("[[A]]") if hash_of(body) % 2 else ("json", {"choices": []})

    with Server(act, key=KEY) as server:
        command = ("eval", "-m", served(server, concurrency=1), "-t", GENERATE, "--json", "--limit", 30)
        ran = harness(*command)
        blocked = {failure["item"] for failure in ran.document["failures"]}
        assert 0 < len(blocked) < 30
        assert len(server.seen) == 30
        harness(*command)
        assert len(server.seen) == 30 + len(blocked)
        assert KEY not in ran.out + ran.err


def hash_of(body: Any) -> int:
    return sum(len(message["content"]) for message in body["messages"])


def test_fields_are_left_out_on_the_command_line(harness: Any, project: Path, key: str) -> None:
    def act(number: int, path: str, body: Any) -> Any:
        unknown = [name for name in ("seed", "temperature", "max_tokens") if name in body]
        return ("status", (422, {}, f"not permitted: {unknown}")) if unknown else said("[[A>B]]")

    with Server(act, key=KEY) as server:
        base = f"openai:model=tiny,base_url={server.url},api_key_variable=TINY_KEY"
        fields = 'extra_body={"seed":null,"temperature":null,"max_tokens":null}'
        ran = harness("eval", "-m", f"judge:base=[{base},{fields}],prompt=arena-hard", "-t", JUDGED, "--limit", 4)
        assert ran.code == 0, ran.err
        ran = harness("eval", "-m", f"judge:base=[{base}],prompt=arena-hard", "-t", JUDGED, "--limit", 4)
        assert ran.code == 1
        assert "a field is left out with" in ran.err


def test_what_a_server_calls_itself_and_its_models_ends_no_run_with_an_internal_error(
    harness: Any, project: Path, key: str
) -> None:
    def act(number: int, path: str, body: Any) -> Any:
        kind, reply = said("[[A>B]]")
        return kind, {**reply, "system_fingerprint": f"fp {number} \ud83d"}

    with Server(act, key=KEY) as server:
        server.models, server.serves = ["else \ud83d"], ["tiny"]
        missing = f"gone=openai:model=gone,base_url={server.url},api_key_variable=TINY_KEY"
        ran = harness("eval", "-m", missing, "-m", served(server), "-t", GENERATE, "--limit", 5, "--json")
        assert ran.code == 1, ran.err
        assert {result["model"] for result in ran.document["results"]} == {"tiny"}
        assert "it serves: else \\\\ud83d" in ran.out
        assert any("\\ud83d" in remark["text"] for remark in ran.document["remarks"])


@pytest.mark.slow
def test_a_wait_that_the_server_asks_for_is_said_while_it_lasts(shell: Any, project: Path, key: str) -> None:
    busy = ("status", (429, {"retry-after": "5"}, "slow down"))
    with Server(lambda number, *_: busy if number == 0 else said("[[A]]"), key=KEY) as server:
        ran = shell("eval", "-m", served(server), "-t", GENERATE, "--limit", 2)
        assert ran.code == 0, ran.err
        assert ran.err.count("all requests wait 5 s") == 1


def test_log_probabilities_that_are_none_fail_their_items_and_are_asked_for_again(
    harness: Any, project: Path, key: str
) -> None:
    spoiled = True

    def act(number: int, path: str, body: Any) -> Any:
        none = spoiled and hash_of(body) % 3 == 0
        top = [{"token": t, "logprob": math.nan if none else v, "bytes": None} for t, v in (("A", -0.1), ("B", -2.5))]
        kind, reply = said("A")
        reply["choices"][0]["logprobs"] = {"content": [{**top[0], "top_logprobs": top}]}
        return kind, reply

    with Server(act, key=KEY) as server:
        base = f"openai:model=tiny,base_url={server.url},api_key_variable=TINY_KEY"
        judge = f"judge:base=[{base}],prompt=rewardbench,verdict=log-probability"
        command = ("eval", "-m", judge, "-t", JUDGED, "--limit", 40, "--json")
        first = harness(*command)
        failed = {failure["item"] for failure in first.document["failures"]}
        assert 0 < len(failed) < 40
        assert first.document["results"][0]["n_failed"] == len(failed)
        asked, spoiled = len(server.seen), False
        second = harness(*command)
        assert second.document["failures"] == []
        assert len(failed) <= len(server.seen) - asked <= 2 * len(failed)
