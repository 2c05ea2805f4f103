"""Pairs on which an embedder's cosine says nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
from harness_plugins.prompt_caching import demonstration
from harness_plugins.prompt_caching.hard_options import parse_hard_request
from harness_plugins.prompt_caching.hard_pairs import Pairs, alternating, area, chosen, histogram_matched

from harness.errors import DataError, UsageError
from harness.names.registry import Registry
from harness.tasks import build_task


def made(n=4000, seed=0, share=0.3):
    rng = np.random.default_rng(seed)
    same = rng.random(n) < share
    cosine = np.clip(rng.normal(0.5 + 0.15 * same, 0.15, n), -1, 1)
    rows = np.arange(n)
    return Pairs(rows, rows + 1, cosine, same)


def test_alternating_labels_have_exactly_the_area_that_follows_from_their_number():
    found = alternating(made())
    n = len(found) // 2
    assert n > 100
    assert found.same.sum() == n
    assert area(found) == pytest.approx((n + 1) / (2 * n), abs=1e-12)


def test_labels_at_one_cosine_do_not_alternate():
    cosine = np.array([0.9, 0.9, 0.8, 0.8, 0.7])
    pairs = Pairs(np.arange(5), np.arange(5), cosine, np.array([True, False, True, False, False]))
    found = alternating(pairs)
    assert found.cosine.tolist() == [0.9, 0.8]
    assert area(found) == 1.0  # (1 + 1) / 2


def test_a_matched_histogram_says_nothing_and_is_the_same_again():
    pairs = made(20_000)
    found = histogram_matched(pairs, 40, 3)
    assert area(pairs) > 0.7
    assert area(found) == pytest.approx(0.5, abs=0.01)
    assert found.same.mean() == 0.5
    assert found.digest("x") == histogram_matched(pairs, 40, 3).digest("x")
    assert found.digest("x") != histogram_matched(pairs, 40, 4).digest("x")


@pytest.mark.parametrize("how", ["histogram", "alternating", "all"])
def test_at_most_so_many_are_chosen(how):
    found = chosen(made(), how, bins=20, most=300, seed=0)
    assert len(found) == 300
    if how != "all":
        assert found.same.sum() == 150
        assert area(found) == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("how", ["histogram", "alternating"])
def test_pairs_of_one_label_leave_none(how):
    pairs = made()
    assert len(chosen(pairs.take(pairs.same), how, bins=20, most=0, seed=0)) == 0


def test_the_hard_set_of_clinc_is_at_chance(clinc):
    pairs = clinc["test"].pairs(0.3)
    assert len(pairs) == pytest.approx(361_917, rel=1e-3)
    assert pairs.same.mean() == pytest.approx(0.155, abs=0.001)
    assert area(pairs) == pytest.approx(0.860, abs=0.002)
    assert area(histogram_matched(pairs, 40, 0)) == pytest.approx(0.5, abs=0.01)


def test_pairs_of_natural_questions_are_those_of_the_reference(nq):
    pairs = nq.pairs(0.6)
    assert len(nq.texts) == 7179
    assert abs(len(pairs) - 6286) <= 2
    assert pairs.same.sum() == 752
    assert area(pairs) == pytest.approx(0.785, abs=0.002)


def test_gptcaches_paraphrases_are_found(caching_data):
    with np.load(caching_data / "gptcache_mock_minilm_f16.npz") as arrays:
        cosines = arrays["similar"].astype(np.float32) @ arrays["origin"].astype(np.float32).T
    assert (cosines.argmax(axis=1) == np.arange(999)).sum() == 914


# the library


@pytest.fixture
def intents(project):
    demonstration.write(project)
    return Registry()


def test_a_task_of_prompts_has_hard_pairs(intents):
    name = "hard:caching/intents:embedder=words,how=alternating"
    task = build_task(intents, name)
    items = list(task.items("test"))
    again = list(build_task(Registry(), name).items("test"))  # from the file beside the store
    assert [(i.id, i.fields) for i in items] == [(i.id, i.fields) for i in again]
    assert sum(i.fields["label"] for i in items) == len(items) / 2
    [said] = task.remarks("test")
    n = len(items) // 2
    assert f"{len(items)} pairs" in said
    assert f"{(n + 1) / (2 * n):.4f}" in said
    assert set(task.splits) == {"train", "test"}


def test_pairs_of_data_are_matched_too(project, intents):
    rows = list(build_task(intents, "caching/intents").items("test"))
    folder = project / "tasks" / "given"
    folder.mkdir()
    with (folder / "pairs.jsonl").open("w") as stream:
        for row in rows:
            stream.write(json.dumps({k: row.fields[k] for k in ("first", "second", "label")}) + "\n")
    (folder / "pairs.yaml").write_text("kind: same-answer\ndata: {test: {file: pairs.jsonl}}\n")
    task = build_task(Registry(), "hard:given/pairs:embedder=words,least=0.05,bins=10")
    items = list(task.items("test"))
    given = {(row.fields["first"], row.fields["second"]): row.fields["label"] for row in rows}
    assert 20 < len(items) < len(rows)
    assert all(given[i.fields["first"], i.fields["second"]] == i.fields["label"] for i in items)
    assert sum(i.fields["label"] for i in items) == len(items) / 2


def test_the_hash_of_a_task_follows_embedder_and_options(intents):
    names = [
        "hard:caching/intents:embedder=words",
        "hard:caching/intents:embedder=words,seed=1",
        "hard:caching/intents:embedder=words,how=alternating",
        "hard:caching/intents:embedder=[tfidf:dimensions=64]",
    ]
    digests = [build_task(intents, name).definition.digest for name in names]
    assert len(set(digests)) == len(names)
    # another name of the same embedder
    assert build_task(intents, "hard:caching/intents:embedder=[tfidf:dimensions=256]").definition.digest == digests[0]


@pytest.mark.parametrize(
    "options",
    [
        "",
        ":how=histogram",
        ":embedder=words,how=other",
        ":embedder=words,least=2",
        ":embedder=words,bins=0",
        ":embedder=words,x=1",
    ],
)
def test_wrong_options_are_refused(intents, options):
    with pytest.raises(UsageError):
        build_task(intents, f"hard:caching/intents{options}")


def test_what_has_no_prompts_is_refused(intents):
    with pytest.raises(UsageError):
        intents.tasks().find("hard:quickstart/preferences:embedder=words")


def test_a_model_that_does_not_embed_is_refused(intents):
    with pytest.raises(UsageError):
        build_task(intents, "hard:caching/intents:embedder=length")


def test_no_pair_above_the_cosine_is_said(intents):
    task = build_task(intents, "hard:caching/intents:embedder=words,least=0.9999")
    with pytest.raises(DataError):
        list(task.items("test"))


def test_a_request_is_taken_apart():
    request = parse_hard_request("a/b:embedder=[minilm:max_length=64],most=10")
    assert request.name == "a/b"
    assert request.options.embedder == "minilm:max_length=64"
    assert request.options.most == 10


def test_pairs_of_similarity_are_matched(project):
    items = list(
        build_task(Registry(), "hard:quickstart/duplicates:embedder=[tfidf:dimensions=64],bins=5").items("test")
    )
    assert items
    assert sum(i.fields["label"] for i in items) == len(items) / 2
