"""The stream that is made, the cache of identical prompts, and the benchmark that runs without data."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from harness_plugins.prompt_caching.made_stream import DAILY, EXPIRES, LIVE, OUT_OF_SCOPE, TENANTS, stream
from harness_plugins.prompt_caching.plain_embedders import EqualLength, IdenticalPrompts
from harness_plugins.prompt_caching.repeats import identical
from harness_plugins.prompt_caching.stream import of_classes

from harness import Text


def test_the_stream_has_what_it_says():
    rows = list(stream("test"))
    assert rows == list(stream("test"))
    assert rows != list(stream("test", seed=1))
    assert {row["id"] for row in rows}.isdisjoint(row["id"] for row in stream("train"))
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    for row in rows:
        assert row.get("expires") == EXPIRES[row["expiry"]]
        assert row["cost"] > 0
        assert row["tokens"] > len(row["prompt"].split())
    outside = [row for row in rows if row["answer"] == row["prompt"]]
    assert len(outside) / len(rows) == pytest.approx(OUT_OF_SCOPE, abs=0.03)
    shares = Counter(row["tenant"] for row in rows)
    assert {name: shares[name] / len(rows) for name in TENANTS} == pytest.approx(TENANTS, abs=0.04)
    assert Counter(row["expiry"] for row in rows)[LIVE] > 100
    assert Counter(row["expiry"] for row in rows)[DAILY] > 100


def test_identical_prompts_are_served_within_their_scope_while_they_hold():
    texts = np.array([1.0, 1.0, 1.0, 2.0, 1.0, 1.0])
    made = of_classes(
        np.eye(6),
        [7, 7, 7, 7, 8, 7],
        scopes=[0, 0, 1, 0, 0, 0],
        times=np.array([0.0, 1.0, 2.0, 3.0, 4.0, 60.0]),
        lifetimes=np.full(6, 50.0),
    )
    hit, right = identical(made, texts)
    assert hit.tolist() == [False, True, False, False, True, False]  # another scope; another text; the last: expired
    assert right.tolist() == [False, True, False, False, False, False]  # the same words, and another answer


def test_plain_embedders_know_nothing_but_words_or_length():
    signs = np.array(IdenticalPrompts().embed([Text(f"prompt {i}") for i in range(50)] + [Text("prompt 0"), Text("")]))
    assert np.linalg.norm(signs, axis=1) == pytest.approx(np.ones(52), abs=1e-5)
    cosines = signs @ signs.T
    assert cosines[0, 50] == pytest.approx(1, abs=1e-6)
    assert np.abs(cosines[:50, :50] - np.eye(50)).max() < 0.25
    short, same, longer, endless = EqualLength().embed([Text("ab"), Text("cd"), Text("abc"), Text("a" * 10_000)])
    assert (short @ same, short @ longer, endless @ endless) == (1, 0, 1)


def test_gain_and_tokens_are_those_of_the_rows(project, harness, write_task):
    given = [
        {"id": str(i), "prompt": prompt, "answer": answer, "tokens": tokens}
        for i, (prompt, answer, tokens) in enumerate(
            [("ab", 1, 10), ("ab", 1, 20), ("cd", 1, 30), ("ef", 2, 40), ("abc", 3, 100)]
        )
    ]
    write_task(
        "my/stream",
        given,
        kind="cache-stream",
        options={"policies": ["static:threshold=1"]},
        metrics=["cache_gain_over_identical:price=3", "cache_gain_over_identical", "cache_tokens_saved"],
    )
    ran = harness("eval", "-t", "my/stream", "-m", "equal-length", "-m", "identical-prompts", "--json")
    assert ran.code == 0, ran.err
    found = {(row["model"], row["metric"]): row["value"] for row in ran.document["results"]}
    # lengths serve ab (right), cd (right), ef (wrong); identical prompts ab alone
    assert found["equal-length", "cache_gain_over_identical:price=3"] == pytest.approx((2 - 3 - 1) / 5)
    assert found["equal-length", "cache_gain_over_identical"] == pytest.approx((2 - 10 - 1) / 5)
    assert found["equal-length", "cache_tokens_saved"] == pytest.approx(90 / 200)
    assert found["identical-prompts", "cache_gain_over_identical"] == 0
    write_task("my/plain", [{k: row[k] for k in ("id", "prompt", "answer")} for row in given], kind="cache-stream")
    ran = harness("eval", "-t", "my/plain", "-m", "equal-length", "--metric", "cache_tokens_saved", "--json")
    assert "nothing of tokens" in ran.out + ran.err


def test_a_board_has_a_verdict_for_each_policy(project, harness, write_task):
    rows = [{"prompt": f"{word} {i:02}", "answer": word} for i in range(60) for word in ("a", "bb", "ccc")]
    given = [{"id": str(i), **row} for i, row in enumerate(rows)]
    policies = ["near=static:threshold=0.9", "all=static:threshold=-1"]  # its one entry is served to all
    metrics = [f"cache_gain_over_identical:policy={name}" for name in ("near", "all")]
    write_task("my/stream", given, kind="cache-stream", options={"policies": policies}, metrics=metrics)
    registry = project / "registry.yaml"
    own = "benchmarks: {caches: {tasks: [my/stream], metrics: {my/stream: %s}}}\n"
    registry.write_text(registry.read_text() + own % json.dumps(metrics))
    ran = harness("eval", "caches", "-m", "equal-length")
    assert ran.code == 0, ran.err
    assert "equal-length is shown to beat a cache of identical prompts, by the policy near" in ran.out
    assert "equal-length is not shown to beat a cache of identical prompts, by the policy all" in ran.out


@pytest.mark.slow
def test_the_benchmark_runs_without_data_and_says_first_who_beats_a_cache_of_identical_prompts(
    project, harness, monkeypatch
):
    monkeypatch.delenv("HARNESS_DATA", raising=False)
    ran = harness("eval", "prompt-caching")
    assert ran.code == 0, ran.err
    start = ran.out.index("shown to beat a cache of identical prompts, by the policy pooled")
    assert start < ran.out.index("rank ")
    verdict = ran.out[: ran.out.index("rank ")]
    assert "One of the four models is shown to beat a cache of identical prompts, by the policy pooled" in verdict
    assert "one of the four models is shown to beat a cache of identical prompts, by the policy static: head" in verdict
    assert "none of the four models is shown to beat a cache of identical prompts, by the policy nearest" in verdict
    assert "head is best of four" in verdict
