"""A candidate and a judge that are both behind a server: killed in the middle, resumed, nothing asked twice."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from harness_plugins.arena_hard.loading import HUB

PROMPTS = 100
_SPEC = importlib.util.spec_from_file_location("openai_server", Path(__file__).parents[1] / "openai" / "server.py")
assert _SPEC is not None
assert _SPEC.loader is not None
if "openai_server" not in sys.modules:
    sys.modules["openai_server"] = importlib.util.module_from_spec(_SPEC)
    _SPEC.loader.exec_module(sys.modules["openai_server"])
Server = sys.modules["openai_server"].Server


def reply(number, path, body):
    """The candidate counts words; the judge has one of four labels for each request, or none, by its length."""
    asked = body["messages"][-1]["content"]
    labels = ("[[A>>B]]", "[[B>A]]", "[[A=B]]", "[[B>>A]]", "I cannot tell.")
    judged = "Start of Assistant" in asked
    text = labels[len(asked) % 5] if judged else "word " * (1 + len(asked) % 7)
    message = {"role": "assistant", "content": text}
    choices = [{"index": 0, "finish_reason": "stop", "message": message}]
    return "json", {"id": "1", "object": "chat.completion", "created": 1, "model": "tiny", "choices": choices}


@pytest.fixture
def prompts(project, monkeypatch):
    folder = project / "data" / HUB / "data" / "arena-hard-v0.1"
    (folder / "model_answer").mkdir(parents=True)
    ids = [f"p{number:02}" for number in range(PROMPTS)]
    rows = [{"uid": id_, "category": "arena-hard-v0.1", "prompt": f"Say {'much ' * n}."} for n, id_ in enumerate(ids)]
    answers = [{"question_id": id_, "choices": [{"turns": [{"content": "x" * (n + 3)}]}]} for n, id_ in enumerate(ids)]
    (folder / "question.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "model_answer" / "gpt-4-0314.jsonl").write_text("".join(json.dumps(row) + "\n" for row in answers))
    monkeypatch.setenv("HARNESS_DATA", str(project / "data"))
    return ids


def stored(project):
    path = project / ".harness" / "store.sqlite"
    query = (
        "SELECT count(*) FROM responses JOIN capabilities ON capabilities.id = responses.capability "
        "WHERE capabilities.name = 'generate' AND error IS NULL"
    )
    if not path.is_file():
        return 0
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        try:
            return int(connection.execute(query).fetchone()[0])
        except sqlite3.OperationalError:  # the tables are being made
            return 0


def values(ran):
    return {r["metric"]: r["value"] for r in ran.document["results"] if r["domain"] == "overall"}


@pytest.mark.slow
@pytest.mark.parametrize("least", [PROMPTS // 2, PROMPTS + 20], ids=["while answering", "while judging"])
def test_a_run_that_is_killed_goes_on_and_asks_nothing_that_is_on_file(shell, project, prompts, least):
    with Server(reply, latency=0.1) as server:
        model = f"openai:model=tiny,base_url={server.url},concurrency=4"
        role = f"judge=judge:base=[{model}],prompt=arena-hard"
        command = ["eval", "-m", f"tiny={model}", "-t", "arena-hard/prompts", "--role", role, "--json"]
        process = subprocess.Popen(
            [sys.executable, "-m", "harness.cli.main", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        deadline = time.monotonic() + 90
        while stored(project) < least:
            assert time.monotonic() < deadline, "nothing was filed"
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kept, before = stored(project), len(server.seen)
        assert kept < 3 * PROMPTS
        ran = shell(*command)
        assert ran.code == 0, ran.err
        assert len(server.seen) - before == 3 * PROMPTS - kept  # two verdicts an answer
        assert before - kept <= 8  # under way when it was killed, or answered and not yet filed
        whole = shell(*command, "--store", project / "whole.sqlite")
        assert values(ran) == values(whole)
        assert 0 < values(ran)["duel_unread_rate"] < 1
        assert values(ran)["arena_hard_score"] is not None
