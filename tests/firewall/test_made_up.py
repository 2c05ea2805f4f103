"""Benchmarks of made-up traffic, which run in an empty folder without any data."""

import json

import pytest


def board(harness, name, *models):
    assert harness("eval", name, *models).code == 0
    document = json.loads(harness("leaderboard", name, "--format", "json").out)
    return {entry["model"]: entry for entry in document["entries"]}


@pytest.fixture(autouse=True)
def without_data(monkeypatch):
    monkeypatch.delenv("HARNESS_DATA", raising=False)


def test_firewalls_on_made_up_traffic(harness):
    assert harness("train", "tfidf-detector", "-t", "firewall-made-up/traffic", "-o", "guard").code == 0
    entries = board(harness, "firewall-made-up")
    assert {name: entry["rank"] for name, entry in entries.items()} == dict.fromkeys(
        ("never-block", "always-block", "random-block", "length")
    )
    entries = board(harness, "firewall-made-up", "-m", "guard=firewall:input=[[tfidf-detector:path=guard]]")
    assert entries["guard"]["rank"] == 1


def test_refusals_of_made_up_requests(harness, project, add_plugin):
    entries = board(harness, "over-refusal-made-up")
    assert {entry["rank"] for entry in entries.values()} == {None}
    (project / "terms.txt").write_text("secret\nmay know\n")
    guarded = "guarded=firewall:base=[complying-target],input=[keyword-list:path=terms.txt]"
    assert board(harness, "over-refusal-made-up", "-m", guarded)["guarded"]["rank"] == 1
