"""MT-Bench by pairs: two orders, two turns, and a win that both orders have to agree on."""

import json

import numpy as np
import pytest
from harness_plugins.mt_bench.pairwise import WinRateAdjusted

from harness import Columns
from harness.tasks import MIRROR_VARIABLE

MODELS = '''
from harness import Completion, Failure, Model, hookimpl


class Writer(Model):
    """Writes what the question says behind WRITE."""

    def generate(self, requests):
        return [self.answer(request.prompt.messages[-1].content) for request in requests]

    def answer(self, text):
        return Failure("gone") if "FAIL" in text else (Completion(text.partition("WRITE ")[2]),)


class Language(Model):
    """A judge that prefers good to anything, the first of two answers to the second else, and may name both."""

    seen = []

    def generate(self, requests):
        return [(Completion(self.judged(request.prompt.messages[-1].content)),) for request in requests]

    def judged(self, text):
        self.seen.append(text)
        shown = text.partition("Start of Assistant A")[2]
        one, other = shown.partition("Start of Assistant B")[::2]
        one, other = (part.partition("[The End")[0].strip().splitlines()[-1] for part in (one, other))
        if "both" in one + other:
            return "[[A]] or [[B]]"
        if ("good" in one) != ("good" in other):
            return "[[A]]" if "good" in one else "[[B]]"
        return "[[C]]" if "tied" in one + other else "[[A]]"


@hookimpl
def register_models(register):
    register("writer", "plugin_pairs:Writer", offers=("generate",), description="writes")
    register("language", "plugin_pairs:Language", offers=("generate",), description="judges")
'''
GENERATOR = "harness_plugins.mt_bench.loading:questions"
TASK = {
    "kind": "mt-bench-pairs",
    "data": {"test": {"generator": GENERATOR, "settings": {"path": "q.jsonl", "baseline": "b.jsonl"}}},
    "slices": ["which"],
    "cluster": "question",
    "roles": {"judge": "language"},
}


def adjusted(*games):
    return WinRateAdjusted().compute(Columns({"candidate_better": np.array(games, dtype=float)}))


def test_a_win_needs_both_orders():
    assert adjusted((1, 1)).value == 1
    assert adjusted((0, 0)).value == 0
    for games in ((1, 0), (0, 1), (0.5, 0.5), (1, 0.5), (0, 0.5)):
        assert adjusted(games).value == 0.5
    assert (adjusted((1, 1), (1, np.nan)).n, adjusted((1, 1), (1, np.nan)).n_failed) == (1, 1)


def test_two_turns_against_a_baseline(harness, project, monkeypatch, add_plugin, write_task):
    import sys

    turns = {
        1: ("good", "poor"), 2: ("poor", "good"), 3: ("same", "same"), 4: ("both", "tied"), 5: ("bad", "FAIL"),
    }  # fmt: skip
    baseline = {1: ("so", "good"), 2: ("so", "so"), 3: ("same", "same"), 4: ("so", "so"), 5: ("so", "so")}
    questions = [
        {"question_id": id_, "category": "writing", "turns": [f"WRITE {one}", f"WRITE {other}"]}
        for id_, (one, other) in turns.items()
    ]
    answers = [{"question_id": id_, "choices": [{"turns": list(texts)}]} for id_, texts in baseline.items()]
    for name, rows in (("q", questions), ("b", answers)):
        (project / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_task("mine/pairs", **TASK)
    monkeypatch.setenv(MIRROR_VARIABLE, str(project / "data"))
    add_plugin("pairs", MODELS)
    ran = harness("eval", "-m", "writer", "-t", "mine/pairs", "--json")
    assert ran.code == 0, ran.err
    found = {(r["metric"], r["domain"]): r for r in ran.document["results"]}
    # Turn 1: won, a preference for the first place, the same text, unread, a preference for the first place.
    first = found["mt_bench_win_rate_adjusted", "turn 1"]
    assert (first["value"], first["n"], first["n_failed"]) == (pytest.approx((1 + 0.5 + 0.5 + 0.5) / 4), 4, 1)
    # Turn 2: lost, won, the same texts, a tie, and an answer that failed.
    second = found["mt_bench_win_rate_adjusted", "turn 2"]
    assert (second["value"], second["n"], second["n_failed"]) == (pytest.approx((0 + 1 + 0.5 + 0.5) / 4), 4, 1)
    assert found["duel_unread_rate", "turn 1"]["value"] == pytest.approx(2 / 10)
    assert found["duel_coverage", "turn 2"]["value"] == pytest.approx(8 / 10)
    shown = sys.modules["plugin_pairs"].Language.seen
    assert len(shown) == 8 + 6
    assert not any("same" in text for text in shown)
