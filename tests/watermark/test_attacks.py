"""Attacks on a mark: what they change, by how much, and that they are the same every time."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from harness_plugins.watermark.attacks import HOW, MarkAttack
from harness_plugins.watermark.synonyms import SYNONYMS

TEXT = " ".join(f"word{n}" for n in range(400))
HOST = " ".join(f"host{n}" for n in range(1000))


def test_copy_paste_keeps_length_share_order_and_number_of_pieces():
    for share, pieces in ((0.1, 1), (0.25, 3), (1.0, 2)):
        words = MarkAttack("copy-paste", share, pieces)(TEXT, HOST).split()
        own = [int(word[4:]) for word in words if word.startswith("word")]
        assert len(words) == 400
        assert len(own) == round(share * 400)
        assert own == sorted(own)
        if share == 1:
            continue
        marked = [word.startswith("word") for word in words]
        runs = sum(now and not before for before, now in itertools.pairwise([False, *marked]))
        assert 1 <= runs <= pieces


def test_copy_paste_uses_sentences_of_its_own_where_there_is_no_host():
    words = MarkAttack("copy-paste", 0.2)(TEXT).split()
    assert len(words) == 400
    assert sum(word.startswith("word") for word in words) == 80


@pytest.mark.parametrize(("how", "low", "high"), [("substitute", 0.62, 0.78), ("delete", 0.62, 0.78), ("insert", 1, 1)])
def test_a_share_of_the_words_is_changed(how, low, high):
    words = MarkAttack(how, 0.3)(TEXT).split()
    assert low <= sum(word.startswith("word") for word in words) / 400 <= high
    if how == "insert":
        assert 0.22 < len(words) / 400 - 1 < 0.38


def test_swapping_keeps_all_words():
    words = MarkAttack("swap", 0.3)(TEXT).split()
    assert sorted(words) == sorted(TEXT.split())
    assert 0.15 < sum(a != b for a, b in zip(words, TEXT.split(), strict=True)) / 400 < 0.45


def test_a_paraphrase_keeps_capitals_punctuation_and_words_without_synonyms():
    said = MarkAttack("paraphrase", 1.0)("Big dogs, however, begin to run.\n\nThey bark quickly!")
    assert said == "Large dogs, but, start to run.\n\nThey bark rapidly!"
    assert all(SYNONYMS[other] for others in SYNONYMS.values() for other in others)


def test_attacks_depend_on_text_and_seed_alone():
    for how in HOW:
        attack = MarkAttack(how, 0.4)
        assert attack(TEXT, HOST) == attack(TEXT, HOST)
        if how != "paraphrase":  # none of the words has a synonym
            assert attack(TEXT, HOST) != dataclasses.replace(attack, seed=1)(TEXT, HOST)
        assert attack("") == ""
