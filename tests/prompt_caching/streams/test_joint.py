"""Streams beside the rest: a router's costs, verifiers of several kinds, and caches that know no expiry."""

from __future__ import annotations

import pytest

PLUGIN = '''
import numpy as np

from harness import Failure, Model, hookimpl


class Cheap(Model):
    """A router: the first model answers what has no "hard" in it; it knows nothing of "odd"."""

    def identity(self):
        return {}

    def route(self, requests):
        return [
            Failure("odd") if "odd" in r.prompt.text else [0.1 if "hard" in r.prompt.text else 0.9, 0.95]
            for r in requests
        ]


class Reward(Model):
    """Scores a reply by whether it names the prompt's last word."""

    def identity(self):
        return {}

    def score(self, requests):
        return [[8.0 if r.prompt.text.split()[-1] in reply else -8.0 for reply in r.responses] for r in requests]


@hookimpl
def register_models(register):
    register("cheap-router", "plugin_joint:Cheap", offers=("route",), description="a router")
    register("names-it", "plugin_joint:Reward", offers=("score",), description="a reward model")
'''


@pytest.fixture
def joint(project, add_plugin, write_task):
    add_plugin("joint", PLUGIN)

    def write(given, **keys):
        write_task("my/stream", given, kind="cache-stream", **keys)

    return write


def overall(ran):
    assert ran.code == 0, ran.err
    return {row["metric"]: row for row in ran.document["results"] if row["domain"] == "overall"}


def rows(*prompts, **columns):
    return [
        {"id": str(i), "prompt": prompt, "answer": prompt.split()[-1], **{k: v[i] for k, v in columns.items()}}
        for i, prompt in enumerate(prompts)
    ]


def test_a_router_says_what_asking_costs_and_the_cache_keeps_what_is_dear(joint, harness):
    given = rows(*("hard one", "easy two", "easy three", "hard one", "easy two", "easy three"), *["hard one"] * 2)
    options = {
        "policies": [
            "lec=static:threshold=1,capacity=1,eviction=lec",
            "fifo=static:threshold=1,capacity=1,eviction=fifo",
        ],
        "prices": {"small": 0.1, "large": 1.0},
    }
    metrics = [
        f"{name}:policy={policy}" for policy in ("lec", "fifo") for name in ("cache_money_saved", "cache_cost_saved")
    ]
    joint(given, options=options, metrics=metrics)
    asked = ("eval", "-m", "identical-prompts", "-t", "my/stream", "--json")
    refused = harness(*asked)
    assert refused.code != 0
    assert "router" in refused.err
    found = overall(harness(*asked, "--role", "router=cheap-router"))
    # Costs are 1, .1, .1, 1, .1, .1, 1, 1 (4.4 in all); one entry at most, and the new one is never what goes.
    assert found["cache_money_saved:policy=fifo"]["value"] == pytest.approx(1 / 8)
    assert found["cache_cost_saved:policy=fifo"]["value"] == pytest.approx(1 / 4.4)
    alone = harness("cache", "my/stream", "-m", "identical-prompts", "--json")
    assert alone.code == 0, alone.err
    assert "--role router" in alone.err
    assert alone.document["policies"][0]["usd_saved"] is None
    joint([{**row, "cost": 1} for row in given], options=options, metrics=metrics)
    both = harness(*asked, "--role", "router=cheap-router")
    assert both.code != 0
    assert "'prices'" in both.out  # among the bad rows


def test_least_expected_cost_keeps_what_the_router_calls_dear(joint, harness):
    prompts = ["hard a", "easy b", *(f"easy {i}" for i in range(20)), "hard a", "easy b"]
    options = {
        "policies": [f"{rule}=static:threshold=1,capacity=3,eviction={rule}" for rule in ("lec", "lru", "fifo")],
        "prices": {"small": 0.1, "large": 1.0},
    }
    joint(rows(*prompts), options=options, metrics=[f"cache_money_saved:policy={r}" for r in ("lec", "lru", "fifo")])
    ran = harness("eval", "-m", "identical-prompts", "-t", "my/stream", "--role", "router=cheap-router", "--json")
    found = {name: row["value"] for name, row in overall(ran).items()}
    assert found["cache_money_saved:policy=lec"] == pytest.approx(1 / 24)  # "hard a" was kept through twenty cheap ones
    assert found["cache_money_saved:policy=lru"] == found["cache_money_saved:policy=fifo"] == 0


def test_a_router_that_fails_leaves_the_cost_unknown_and_counted(joint, harness):
    joint(
        rows("odd a", "easy b", "easy b"),
        options={"policies": ["static:threshold=1"], "prices": {"small": 0.1, "large": 1.0}},
        metrics=["cache_money_saved", "cache_hit_rate"],
    )
    ran = harness("eval", "-m", "identical-prompts", "-t", "my/stream", "--role", "router=cheap-router", "--json")
    found = {row["metric"]: row for row in ran.document["results"] if row["domain"] == "overall"}
    assert found["cache_money_saved"]["n_failed"] == 1
    assert found["cache_money_saved"]["value"] == pytest.approx(0.05)


@pytest.mark.parametrize(
    "verifier",
    ["names-it", "gated-reuse:base=[names-it]", "calibrated-embedder:base=[tfidf],temperature=0.05,offset=10"],
)
def test_reward_models_and_calibrated_embedders_verify_with_a_latency_of_their_own(joint, harness, verifier):
    prompts = ["what is ab", "what is cd", "tell me ab", "tell me cd"]
    given = [
        {"id": str(i), "prompt": p, "answer": p[-2:], "response": f"it is {p[-2:]}", "latency": 2.0}
        for i, p in enumerate(prompts)
    ]
    options = {
        "policies": ["grey=grey-zone:low=-1,high=1,insertion=all"],
        "verify": [-1, 1],
        "verify_neighbours": 3,
        "verifier_latency": 0.25,
        "lookup_latency": 0.125,
    }
    joint(given, options=options, metrics=["cache_hit_rate", "cache_error_rate", "cache_seconds_saved"])
    ran = harness("eval", "-m", "tfidf", "-t", "my/stream", "--role", f"verifier={verifier}", "--json")
    found = {name: row["value"] for name, row in overall(ran).items()}
    # the second asks about the first, and is refused; the others about the one that ends like them
    assert found["cache_hit_rate"] == pytest.approx(2 / 4)
    assert found["cache_error_rate"] == 0
    assert found["cache_seconds_saved"] == pytest.approx((2 * 2 - 3 * 0.25 - 4 * 0.125) / 4)


def test_entries_of_which_a_verifier_was_not_asked_are_said(joint, harness):
    # the second is not cached, since it is served from the first; the third is nearest to the second, which alone is
    # verified, and in the cache to the first
    given = rows("ab cd", "ab cd ef", "ab cd ef gh")
    given = [{**row, "answer": 1, "response": "gh ef cd"} for row in given]
    options = {"policies": ["grey=grey-zone:low=0.1,high=0.99"], "verify": [0.1, 0.99]}
    joint(given, options=options)
    assert harness("cache", "my/stream", "-m", "tfidf", "-p", "static:threshold=0.5").code == 0
    for neighbours, hits in ((1, 1), (2, 2)):
        joint(given, options={**options, "verify_neighbours": neighbours}, metrics=["cache_hit_rate"])
        ran = harness("eval", "-m", "tfidf", "-t", "my/stream", "--role", "verifier=names-it", "--json")
        assert overall(ran)["cache_hit_rate"]["value"] == pytest.approx(hits / 3)
        assert ("grey: of 2 entries that a verifier was to be asked about it has no answer on 1" in ran.err) == (
            hits == 1
        )


def test_a_cache_that_knows_no_expiry_serves_stale_responses_which_are_wrong(joint, harness):
    given = rows(*["ab"] * 4, time=[0, 5, 20, 25], expires=[10, 10, 10, 10])
    policies = [
        "known=static:threshold=1",
        "unknown=static:threshold=1,expiry=unknown",
        "bounded=static:threshold=1,expiry=unknown,ttl=10",
        "all=static:threshold=1,expiry=unknown,insertion=all",
    ]
    metrics = [
        f"{name}:policy={p.partition('=')[0]}" for p in policies for name in ("cache_hit_rate", "cache_error_rate")
    ]
    joint(given, options={"policies": policies}, metrics=metrics)
    ran = harness("eval", "-m", "identical-prompts", "-t", "my/stream", "--json")
    found = {name: row["value"] for name, row in overall(ran).items()}
    of = {
        p.partition("=")[0]: tuple(
            found[f"{m}:policy={p.partition('=')[0]}"] for m in ("cache_hit_rate", "cache_error_rate")
        )
        for p in policies
    }
    assert of["known"] == of["bounded"] == (0.5, 0)
    assert of["unknown"] == (0.75, 0.5)
    assert of["all"] == (0.75, 0.5)  # of equally near entries the earliest counts, stale or not
