"""As a user has it: a task of the kind, an embedder, ``harness eval`` and ``harness cache``; and bad input."""

from __future__ import annotations

import json

import numpy as np
import pytest

PLUGIN = '''
import numpy as np

from harness import Failure, Model, hookimpl


class Letters(Model):
    """A text's vector: how often it has each letter."""

    def __init__(self, fails: str = ""):
        self.fails = fails

    def identity(self):
        return {}

    def embed(self, requests):
        return [
            Failure("no letters") if self.fails and self.fails in r.text else
            np.array([r.text.count(letter) for letter in "abcdefgh"], dtype=np.float32)
            for r in requests
        ]


class Verifier(Model):
    """Accepts where both prompts begin alike; fails on z."""

    def identity(self):
        return {}

    def reuse(self, requests):
        return [
            Failure("z") if "z" in r.prompt else float(r.prompt[0] == r.cached[0]) for r in requests
        ]


@hookimpl
def register_models(register):
    register("letters", "plugin_letters:Letters", offers=("embed",), description="letters")
    register("first-letter", "plugin_letters:Verifier", offers=("reuse",), description="first letter")
'''


def rows(n=240, seed=0, **more):
    draw = np.random.default_rng(seed)
    found = []
    for i in range(n):
        kind = int(draw.integers(8))
        letters = "abcdefgh"[kind] * 5 + "".join(draw.choice(list("abcdefgh"), size=3))
        found.append({"id": f"p{i}", "prompt": letters, "answer": f"class {kind}", "cost": 0.5, "latency": 2.0})
        found[-1] |= {name: value(i) for name, value in more.items()}
    return found


@pytest.fixture
def stream(project, add_plugin, write_task):
    add_plugin("letters", PLUGIN)

    def write(given=None, **keys):
        write_task("my/stream", rows() if given is None else given, kind="cache-stream", **keys)

    return write


def results(ran):
    assert ran.code == 0, ran.err
    return {row["metric"]: row["value"] for row in ran.document["results"] if row["domain"] == "overall"}


def test_an_embedder_is_evaluated_on_a_stream(stream, harness):
    stream(
        options={"policies": ["static:threshold=0.9", "mine=static:threshold=0.9,insertion=all", "pooled:delta=0.1"]},
        metrics=[
            *("match_auroc", "precision_hit_area", "cache_hit_rate", "cache_hit_rate:policy=mine"),
            *("cache_error_rate:policy=[pooled:delta=0.1,insertion=on-miss]", "cache_money_saved"),
            *("cache_seconds_saved", "cache_gain_over_static:policy=2", "cache_efficiency"),
        ],
    )
    ran = harness("eval", "-m", "letters", "-t", "my/stream", "--json")
    found = results(ran)
    assert 0.5 < found["match_auroc"] <= 1
    assert 0 < found["cache_hit_rate"] < found["cache_hit_rate:policy=mine"]  # all are cached: more to be near
    assert found["cache_money_saved"] == pytest.approx(0.5 * found["cache_hit_rate"])
    assert found["cache_seconds_saved"] == pytest.approx(2 * found["cache_hit_rate"])
    notes = [row["detail"].get("note", "") for row in ran.document["results"] if row["metric"] == "cache_hit_rate"]
    assert notes
    assert all("insertion=on-miss" in note for note in notes)
    assert "guarantees: expected false hits" in ran.err
    shown = harness("show", "my/stream")
    assert shown.code == 0, shown.err


def test_each_policy_has_its_columns_without_a_word(stream, harness):
    stream()
    found = results(harness("eval", "-m", "letters", "-t", "my/stream", "--json"))
    assert {"hit_rate_at_error", "cache_hit_rate:policy=0", "cache_error_rate:policy=1"} <= found.keys()


def test_the_command_chooses_thresholds_early_and_judges_them_later(stream, harness):
    stream()
    ran = harness("cache", "my/stream", "-m", "letters", "-p", "pooled:delta=0.05,alpha=0.1", "--json")
    assert ran.code == 0, ran.err
    found = ran.document
    assert found["prompts"] == 240
    assert found["calibration_prompts"] == 120
    assert [one["budget"] for one in found["thresholds"]] == [0.01, 0.02, 0.05, 0.1]
    hits = [one["hit_rate"]["value"] for one in found["thresholds"] if one["threshold"] is not None]
    assert hits == sorted(hits)
    assert found["policies"][0]["usd_saved"] == pytest.approx(0.5 * 240 * found["policies"][0]["hit_rate"]["value"])
    said = harness("cache", "my/stream", "-m", "letters", "--budget", 0.05)
    assert said.code == 0, said.err
    assert "chosen on the first 120 prompts" in said.out
    assert "guarantees, on any stream" in said.out
    same = harness("cache", "my/stream", "-m", "letters", "-p", "static:threshold=0.9", "--json").document
    filed = harness("eval", "-m", "letters", "-t", "my/stream:0", "--json")
    assert filed.code != 0  # no such task
    stream(options={"policies": ["static:threshold=0.9"]}, metrics=["cache_hit_rate"])
    evaluated = results(harness("eval", "-m", "letters", "-t", "my/stream", "--json"))
    assert evaluated["cache_hit_rate"] == same["policies"][0]["hit_rate"]["value"]


def test_a_verifier_decides_in_the_grey_zone(stream, harness):
    given = [
        {"id": f"p{i}", "prompt": prompt, "answer": answer}
        for i, (prompt, answer) in enumerate(
            [("aab", 1), ("aabb", 1), ("baaab", 2), ("zaabb", 1), ("zaaab", 1), ("ccc", 3), ("ccc", 3)]
        )
    ]
    keys = {
        "options": {
            "policies": ["grey-zone:low=0.5,high=0.999,insertion=all"],
            "verify": [0.5, 0.999],
            "verify_neighbours": 3,
        },
        "metrics": ["cache_hit_rate", "cache_error_rate"],
    }
    stream(given, **keys)
    found = results(harness("eval", "-m", "letters", "-t", "my/stream", "--role", "verifier=first-letter", "--json"))
    # aabb is accepted; baaab begins otherwise; of zaaab the verifier fails; zaabb and ccc are near enough without it.
    assert found["cache_hit_rate"] == pytest.approx(3 / 7)
    assert found["cache_error_rate"] == 0
    refused = harness("cache", "my/stream", "-m", "letters")
    assert refused.code == 2
    assert "--role verifier" in refused.err


def test_a_prompt_that_is_not_embedded_is_a_failed_row(stream, harness):
    given = rows(60)
    given[5]["prompt"] = "zzz"
    stream(given, options={"policies": ["static:threshold=0.9"]}, metrics=["cache_hit_rate", "match_auroc"])
    ran = harness("eval", "-m", "letters:fails=z", "-t", "my/stream", "--json")
    failed = [row["n_failed"] for row in ran.document["results"] if row["metric"] == "cache_hit_rate"]
    assert failed[0] == 1
    said = harness("cache", "my/stream", "-m", "letters:fails=z")
    assert said.code == 0
    assert "1 prompts could not be embedded" in said.err


def test_two_tenants_with_one_prompt_share_nothing(stream, harness):
    given = [
        {"id": f"p{i}", "prompt": "aab", "answer": 1, "tenant": "t" + "ab"[i % 2], "model": {"name": "m"}}
        for i in range(6)
    ]
    stream(given, options={"policies": ["static:threshold=0.5"]}, metrics=["cache_hit_rate"])
    found = results(harness("eval", "-m", "letters", "-t", "my/stream", "--json"))
    assert found["cache_hit_rate"] == pytest.approx(4 / 6)  # one miss a tenant


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"time": lambda i: 100 - i}, "in the order of time"),
        ({"cost": lambda i: -1}, "'cost'"),
        ({"latency": lambda i: -0.5}, "'latency'"),
        ({"expires": lambda i: -3}, "'expires'"),
        ({"answer": lambda i: {"a": 1}}, "an answer's text"),
    ],
)
def test_a_bad_row_is_named_in_a_sentence(stream, harness, changed, says):
    stream(rows(12, **changed))
    ran = harness("cache", "my/stream", "-m", "letters")
    assert ran.code == 2
    assert says in ran.err
    assert "stream.jsonl" in ran.err
    assert "Traceback" not in ran.err
    assert harness("eval", "-m", "letters", "-t", "my/stream").code != 0


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ("static:threshold=1.3", "cosine"),
        ("static:treshold=0.3", "threshold"),
        ("staic:threshold=0.3", "static"),
        ("static:threshold=0.9,capacity=0", "capacity"),
        ("static:threshold=0.9,eviction=lru", "capacity"),
        ("static:threshold=0.9,eviction=lrx,capacity=3", "lru"),
        ("static:threshold=0.9,insertion=never", "on-miss"),
        ("pooled:delta=2", "delta"),
        ("pooled:start=100", "alpha"),
        ("probability:threshold=7", "threshold"),
        ("grey-zone:low=0.9,high=0.5", "low"),
        ("os:path", "os:path"),
        ("collections:Counter", "Policy"),
        ("nowhere.to.be:Found", "nowhere"),
        ("", "policy"),
    ],
)
def test_a_policy_that_is_none_is_refused(stream, harness, policy, says):
    stream()
    ran = harness("cache", "my/stream", "-m", "letters", "-p", policy)
    assert ran.code == 2, ran.err
    assert says in ran.err
    stream(options={"policies": [policy]})
    ran = harness("eval", "-m", "letters", "-t", "my/stream")
    assert ran.code != 0
    assert says in ran.err
    assert "Traceback" not in ran.err


def test_a_policy_of_a_third_party_is_named_by_module_and_class(stream, harness, add_plugin):
    add_plugin(
        "theirs",
        "from harness_plugins.prompt_caching.policy import Policy\n"
        "class Every(Policy):\n"
        "    def __init__(self, nth: int = 2):\n"
        "        self.nth = nth\n"
        "    def decide(self, look):\n"
        "        return look.number % self.nth == 0\n",
    )
    stream()
    ran = harness("cache", "my/stream", "-m", "letters", "-p", "plugin_theirs:Every:nth=4,insertion=all", "--json")
    assert ran.code == 0, ran.err
    (found,) = ran.document["policies"]
    assert found["policy"] == "plugin_theirs:Every:nth=4,insertion=all"
    assert found["hit_rate"]["value"] == pytest.approx(59 / 240)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"policies": []}, "policies"),
        ({"policies": ["static", "static"]}, "two policies"),
        ({"verify": [0.9, 0.1]}, "verify"),
        ({"verify": [0.9]}, "verify"),
        ({"policies": ["grey-zone"]}, "verifier"),
        ({"answers": "loosely"}, "exact"),
    ],
)
def test_options_that_do_not_fit_are_refused(stream, harness, options, says):
    stream(options=options)
    ran = harness("eval", "-m", "letters", "-t", "my/stream")
    assert ran.code != 0
    assert says in ran.err
    assert "Traceback" not in ran.err


def test_other_kinds_and_other_models_are_refused(stream, harness, write_task):
    stream()
    write_task("my/pairs", [{"first": "a", "second": "b", "label": 1}], kind="similarity")
    for arguments, says in (
        (("my/pairs", "-m", "letters"), "cache-stream"),
        (("my/stream", "-m", "first-letter"), "does not embed"),
        (("my/stream", "-m", "letters", "--split", "dev"), "dev"),
        (("my/stream", "-m", "letters:fails=e"), ""),
    ):
        ran = harness("cache", *arguments)
        assert says in ran.err
        assert ran.code == (0 if not says else 2)


def test_one_class_and_identical_prompts(stream, harness):
    stream([{"id": str(i), "prompt": "abc", "answer": 1} for i in range(30)])
    ran = harness("cache", "my/stream", "-m", "letters", "-p", "static:threshold=1", "--json")
    assert ran.code == 0, ran.err
    assert ran.document["policies"][0]["hit_rate"]["value"] == pytest.approx(29 / 30)
    assert ran.document["policies"][0]["most_entries"] == 1
    assert json.dumps(ran.document["match_auroc"])
    evaluated = harness("eval", "-m", "letters", "-t", "my/stream")
    assert evaluated.code == 0, evaluated.err


def test_answers_may_differ_in_form_where_the_task_says_so(stream, harness):
    given = [
        {"id": str(i), "prompt": "aab", "answer": answer} for i, answer in enumerate(["The  Cat", ["cat!", "dog"], "x"])
    ]
    for answers, error in (("normalised", 1 / 3), ("exact", 2 / 3)):
        options = {"answers": answers, "policies": ["static:threshold=0.5,insertion=all"]}
        stream(given, options=options, metrics=["cache_error_rate"])
        found = results(harness("eval", "-m", "letters", "-t", "my/stream", "--json"))
        assert found["cache_error_rate"] == pytest.approx(error)
