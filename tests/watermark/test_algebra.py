"""Green lists against transformers', and z, p-values and windows against values known by other ways."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from harness_plugins.watermark.evidence import (
    best_window,
    binomial_p,
    evidence_of,
    expected_share,
    expected_z,
    flags_of,
    least_share,
    window_p,
    z_score,
)
from harness_plugins.watermark.mark import Mark

VOCABULARY = 2000


def processor(scheme, gamma=0.25, context=1, key=15485863, vocabulary=VOCABULARY):
    pytest.importorskip("torch")
    from transformers import WatermarkingConfig

    settings = WatermarkingConfig(
        greenlist_ratio=gamma, bias=2.0, hashing_key=key, seeding_scheme=scheme, context_width=context
    )
    return settings.construct_processor(vocabulary, "cpu")


@pytest.mark.parametrize(
    ("scheme", "context", "key"),
    [("lefthash", 1, 15485863), ("lefthash", 3, 7), ("selfhash", 1, 15485863), ("selfhash", 4, 99)],
)
def test_green_lists_are_those_of_transformers(scheme, context, key):
    import torch

    theirs = processor(scheme, 0.3, context, key)
    mark = Mark(scheme, key, 0.3, 2.0, context, VOCABULARY)
    ngrams = np.random.default_rng(1).integers(0, VOCABULARY, (60, mark.width))
    expected = []
    for ngram in ngrams:
        prefix = torch.tensor(ngram if scheme == "selfhash" else ngram[:-1])
        expected.append(int(ngram[-1]) in theirs._get_greenlist_ids(prefix).tolist())
    assert mark.greenery.green(ngrams).tolist() == expected
    assert 0 < sum(expected) < len(expected)
    after = [mark.greenery.green_after(list(ngram[:-1]), ngram[-1:])[0] for ngram in ngrams if mark.width > 1]
    assert after == (expected if mark.width > 1 else [])


@pytest.mark.parametrize("repeats", [True, False])
@pytest.mark.parametrize(("scheme", "context"), [("lefthash", 1), ("lefthash", 2), ("selfhash", 3)])
def test_z_is_that_of_the_detector_of_transformers(scheme, context, repeats):
    import torch
    from transformers import GPT2Config, WatermarkDetector, WatermarkingConfig

    settings = WatermarkingConfig(seeding_scheme=scheme, context_width=context)
    config = GPT2Config(vocab_size=VOCABULARY, bos_token_id=1999)
    detector = WatermarkDetector(config, "cpu", settings, ignore_repeated_ngrams=not repeats)
    tokens = np.random.default_rng(2).zipf(1.3, (4, 120)) % 1999
    found = detector(torch.tensor(tokens), return_dict=True)
    mark = Mark(scheme, context=context, vocabulary=VOCABULARY)
    for row, z, green, scored in zip(
        tokens, found.z_score, found.num_green_tokens, found.num_tokens_scored, strict=True
    ):
        own = evidence_of(flags_of(row, mark, repeats=repeats), mark)
        assert (own.green, own.scored, own.z) == (green, scored, z)


def test_a_counter_mark_is_green_at_the_rate_of_gamma_and_depends_on_key_context_and_token():
    ngrams = np.random.default_rng(3).integers(0, 50_000, (200_000, 3))
    for gamma in (0.1, 0.25, 0.5):
        mark = Mark("counter", 5, gamma, context=2, vocabulary=50_000)
        share = mark.greenery.green(ngrams).mean()
        assert share == pytest.approx(gamma, abs=5 * math.sqrt(gamma * (1 - gamma) / 200_000))
    one = Mark("counter", 5, 0.5, context=2).greenery.green(ngrams)
    others = [Mark("counter", 6, 0.5, context=2).greenery.green(ngrams)]
    others += [Mark("counter", 5, 0.5, context=2).greenery.green(ngrams[:, order]) for order in ([1, 0, 2], [0, 2, 1])]
    others.append(Mark("counter", 5, 0.5, context=2).greenery.green(ngrams + np.array([0, 0, 1])))
    for other in others:  # two fair coins agree half the time
        assert (one == other).mean() == pytest.approx(0.5, abs=0.006)
    assert np.array_equal(one, Mark("counter", 5, 0.5, context=2).greenery.green(ngrams))


def test_a_counter_mark_says_the_same_of_candidates_and_of_ngrams():
    mark = Mark("counter", 5, 0.25, context=2)
    candidates = np.arange(500)
    ngrams = np.column_stack([np.full(500, 17), np.full(500, 4), candidates])
    assert np.array_equal(mark.greenery.green_after([9, 17, 4], candidates), mark.greenery.green(ngrams))


def test_a_text_shorter_than_the_context_says_nothing():
    mark = Mark("counter", context=3)
    found = evidence_of(flags_of([1, 2, 3], mark), mark)
    assert (found.scored, found.z, found.p, found.window_p) == (0, 0.0, 1.0, 1.0)


def test_repeats_are_scored_once_unless_they_are_asked_for():
    mark = Mark("counter", 1, 0.5, vocabulary=10)
    tokens = [1, 2] * 100
    assert len(flags_of(tokens, mark)) == 2
    assert len(flags_of(tokens, mark, repeats=True)) == 199


def test_the_exact_p_value_is_the_sum_of_binomial_chances():
    exact = sum(math.comb(20, k) * 0.25**k * 0.75 ** (20 - k) for k in range(9, 21))
    assert binomial_p(9, 20, 0.25) == pytest.approx(exact, rel=1e-12)
    assert binomial_p(0, 20, 0.25) == pytest.approx(1.0)


def test_the_best_window_is_the_best_of_all_runs():
    random = np.random.default_rng(4)
    for gamma in (0.25, 0.5):
        flags = random.random(40) < 0.4
        every = (
            z_score(int(flags[i:j].sum()), j - i, gamma) for i, j in itertools.combinations(range(len(flags) + 1), 2)
        )
        assert best_window(flags, gamma) == pytest.approx(max(every), abs=1e-12)


def test_p_values_of_windows_are_no_smaller_than_they_should_be():
    random = np.random.default_rng(5)
    values = [best_window(random.random(60) < 0.25, 0.25) for _ in range(1500)]
    p = np.array([window_p(value, 60, 0.25, 0.25) for value in values])
    for level in (0.01, 0.05, 0.2):
        assert (p <= level).mean() <= level + 3 * math.sqrt(level * (1 - level) / len(p)) + 0.02 * math.sqrt(level)
    assert (p <= 0.2).mean() > 0.1
    marked = best_window(np.ones(60, dtype=bool), 0.25)
    assert window_p(marked, 60, 0.25, 0.25) < 1e-20


def test_the_green_share_to_expect():
    assert expected_share(0.25, 2.0) == pytest.approx(0.7112, abs=5e-5)
    assert expected_z(0.7112, 199, 0.25) == pytest.approx(15.03, abs=0.01)
    flat, peaked = np.full(1000, 1e-3), np.array([0.99, *np.full(999, 1e-2 / 999)])
    assert least_share(flat, 0.25, 2.0) == pytest.approx(expected_share(0.25, 2.0), abs=2e-3)
    assert least_share(peaked, 0.25, 2.0) < 0.5


def test_lists_are_the_same_without_torch(monkeypatch):
    pytest.importorskip("torch")
    from harness_plugins.watermark import shuffles

    seeds = [15485863 * 5, 15485863 * 31999, 2**64 - 2, 0]
    drawn = [shuffles.first_of(seed, 500, 125).tolist() for seed in seeds]
    monkeypatch.setattr(shuffles, "torch_agrees", lambda: False)
    assert [shuffles.first_of(seed, 500, 125).tolist() for seed in seeds] == drawn
    for seed, numbers in zip(seeds, drawn, strict=True):
        swaps = shuffles.moves(seed, 500, 125)
        assert [number for number in range(500) if shuffles.is_first(number, swaps)] == sorted(numbers)
